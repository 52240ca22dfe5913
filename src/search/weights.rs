//! Everything that a hit's order is made of, in one place. Each figure says why it stands where it does: what is meant is
//! the order between figures, the distances only leave room for what stands between.
//!
//! A score is a sum of whole points. A word of the query gives its share of `FULL` by how rare it is, times what the place
//! where it stands is worth, times how good a way to match it is; signals add to that, and never decide what matches.

/// A full hit of a whole query in a name; shown as 100.
pub(crate) const FULL: u32 = 10_000;

// Where a word stands, of 1000.

/// The official or short name: what people know an organisation by.
pub(crate) const NAME: u32 = 1000;
/// Another name in use, or a former one: the same record, but a namesake's own name comes first.
pub(crate) const ALIAS: u32 = 950;
/// Part of a compound in a name: `råd` in Länspensionärsrådet, after records that are called just so.
pub(crate) const PART: u32 = 850;
/// Label or synonym of a topic: chosen by the record's keeper, so well before running text.
pub(crate) const TOPIC: u32 = 600;
/// Label or synonym of a kind, activity area, target group or purpose: broader than a topic.
pub(crate) const KIND: u32 = 520;
/// Running text: may only mention the word.
pub(crate) const TEXT: u32 = 350;
/// Name of a related record: its parent or what it belongs to is seldom what is looked for.
pub(crate) const RELATED: u32 = 260;
/// Name of an area: half of all records have it.
pub(crate) const PLACE: u32 = 240;
/// What each further place adds, in percent of what it is worth: who says it twice means it, but never as much as a better place.
pub(crate) const FURTHER: u32 = 8;
/// The same for running text: its own words make it certain that a record means what the synonyms of its topics only allow.
pub(crate) const FURTHER_TEXT: u32 = 20;
/// What is left of a name's worth, in percent, where the name has at most two, four, seven or more words: of two names with
/// the word, the shorter says it more plainly.
pub(crate) const LENGTH: [u32; 4] = [100, 98, 96, 94];

/// A vocabulary term that a query's word is a label or synonym of, of 1000: a narrower term's record states the broader only
/// by meaning, so stated comes before implied, topics before the rest. In this order: implied, implied topic, stated,
/// stated topic.
pub(crate) const TERM: [u32; 4] = [420, 480, 540, 640];

// How good a way to match is, of 1000.

/// The word as it was typed, in any of its forms.
pub(crate) const TYPED: u32 = 1000;
/// The same word without å, ä and ö, in a text that has none at all, where it was typed with them: most likely the same,
/// but the exact spelling is certain.
pub(crate) const PLAIN: u32 = 930;
/// The word that it makes with its neighbour, where records have that: Swedish compounds are often written apart.
pub(crate) const JOINED: u32 = 950;
/// The named area: what lies there, after what is called so.
pub(crate) const AREA: u32 = 900;
/// The beginning of a word: what is typed so far.
pub(crate) const BEGINNING: u32 = 800;
/// A word written apart, by its parts: they may stand far from each other.
pub(crate) const APART: u32 = 800;
/// A vocabulary term by its label.
pub(crate) const LABEL: u32 = 800;
/// A vocabulary term by a synonym: means nearly the same.
pub(crate) const SYNONYM: u32 = 700;
/// What an abbreviation stands for, or the abbreviation of what was written: often one of several meanings.
pub(crate) const ABBREVIATION: u32 = 700;
/// The vocabulary term of what an abbreviation stands for: two steps away.
pub(crate) const ABBREVIATED_TERM: u32 = 600;
/// All parts of a compound, or its tail: related, hardly the same.
pub(crate) const COMPOUND: u32 = 600;

// Signals beyond the words.

/// The query is a whole name: that record first, whatever else matches.
pub(crate) const WHOLE_NAME: u32 = 3_000;
/// The same of another or former name, of 1000 of that.
pub(crate) const WHOLE_ALIAS: u32 = 850;
/// A record that has the query as its key: more than all words can give.
pub(crate) const KEY: u32 = 60_000;
/// A place of the query that stands in a name: more than lying there.
pub(crate) const PLACE_WORD: u32 = 2_000;
/// The word that neighbours make, in a name: more of the query than one of them is.
pub(crate) const JOINED_WORD: u32 = 1_000;
/// Words that carry little meaning, in a name: they only part equals.
pub(crate) const FILLER_WORD: u32 = 300;
/// The very spelling in a name, in percent of the word's share: å, ä and ö are letters of their own.
pub(crate) const EXACT: u32 = 12;
/// The same letters without their marks in a name: before other forms of the word.
pub(crate) const FOLDED: u32 = 7;
/// Every word of the query, where some would do.
pub(crate) const EVERYTHING: u32 = 15_000;

/// Active in the very area that is asked for: less than what a place in the name and the words give, so that the topic leads.
pub(crate) const AREA_NAMED: u16 = 1600;
/// Active in the county that covers it.
pub(crate) const AREA_COUNTY: u16 = 1000;
/// Active in the country.
pub(crate) const AREA_COUNTRY: u16 = 400;

/// What a record loses for its rest: active nothing; wanted or with nothing but a name a little, so that of two alike the one comes
/// first that can be used; dormant some; dissolved most. Less than a word in another place makes, since who asks for a name may
/// want its history.
pub(crate) const REST: [u32; 4] = [0, 60, 300, 600];

// Suggestions.

/// Filters of records that many know, so that they are suggested before others that begin alike.
pub(crate) const PROMINENT: [(&str, &str); 3] =
    [("level", "national"), ("level", "international"), ("kind", "umbrella")];

// How much of a query must match.

/// So many records with every word are enough, for two words and for more: then those that lack some stay away.
pub(crate) const ENOUGH_OF_TWO: usize = 2;
/// The same for three words or more, and for what has only most of the meaning: of two words the rarer alone is no more likely
/// meant than the other.
pub(crate) const ENOUGH: usize = 5;
/// Else records with so much of the meaning follow, of `FULL`: tried in this order.
pub(crate) const RELAXED: [u32; 3] = [6_000, 3_400, 2_000];
/// The least that a word tells: one that every record has still counts something.
pub(crate) const LEAST_RARITY: f64 = 0.3;
