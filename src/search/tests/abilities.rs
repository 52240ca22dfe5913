//! What search must be able to do, one test for each ability and language: what is found, and what is not.

use super::*;
use crate::search::query::Filter;

/// An index of organisations of these names.
fn named(names: &[&str]) -> Registry {
    Registry::of((1..).zip(names).map(|(tie, name)| organisation(tie, name)).collect())
}

/// Every query finds exactly these records, in any order.
fn find(registry: &Registry, queries: &[&str], expected: &[&str]) {
    for query in queries {
        let mut found = registry.titles(query);
        found.sort();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected, "{query}");
    }
}

/// Inflected forms: definite, plural and genitive forms are the same word, other words are not.
#[test]
fn inflected_forms_are_the_same_word() {
    let registry = named(&["Rådet i Norr", "Cirkeln", "Resursen", "Föräldern", "Museet", "Radion", "Kursiv"]);
    find(&registry, &["råd", "rådets", "råden"], &["Rådet i Norr"]);
    find(&registry, &["cirklar", "cirkel", "cirklarna"], &["Cirkeln"]);
    find(&registry, &["resurs", "resurserna"], &["Resursen"]);
    find(&registry, &["föräldrar", "förälder"], &["Föräldern"]);
    find(&registry, &["museum", "museer"], &["Museet"]);
    find(&registry, &["resa", "kurser", "räldern"], &[]);
}

/// Compounds: each part and the tail find them, parts that only look so do not.
#[test]
fn compounds_are_found_by_their_parts_and_tails() {
    let registry = named(&["Länspensionärsrådet", "Stockholms konsert", "Hembygdsföreningen"]);
    find(&registry, &["pensionärsråd", "råd", "pensionär", "länsråd"], &["Länspensionärsrådet"]);
    find(&registry, &["förening", "hembygd"], &["Hembygdsföreningen"]);
    find(&registry, &["holm", "ert", "tockholm"], &[]);
    let registry = named(&["Civilförsvarsförbundet", "Byautvecklingsgruppen", "Tandvården"]);
    find(&registry, &["civilförsvar", "civilförsvarets"], &["Civilförsvarsförbundet"]);
    find(&registry, &["byautveckling"], &["Byautvecklingsgruppen"]);
    // The lexicon keeps it together, but nobody has it.
    find(&registry, &["tandläkare"], &["Tandvården"]);
}

/// Compounds written apart or joined, with and without the linking s, also those that only records know.
#[test]
fn compounds_may_be_written_apart_or_joined() {
    let registry = named(&["Hembygdsföreningen Lyktan", "Sportfiskeklubben Laxen", "Röda Korset", "Zumbafabriken"]);
    find(&registry, &["hembygds förening", "hembygd förening"], &["Hembygdsföreningen Lyktan"]);
    find(&registry, &["sportfiske klubb", "sport fiskeklubb"], &["Sportfiskeklubben Laxen"]);
    find(&registry, &["zumba fabriken"], &["Zumbafabriken"]);
    find(&registry, &["rödakorset"], &["Röda Korset"]);
}

/// Letters typed plain find every spelling; letters typed with marks are letters of their own.
#[test]
fn letters_typed_plain_find_marked_ones_and_not_the_other_way() {
    let registry = named(&["Råd för äldre", "Radhuset på höjden", "Malå skidklubb", "Rad av hus på höjden", "Målet"]);
    find(&registry, &["råd"], &["Råd för äldre"]);
    find(&registry, &["rad"], &["Råd för äldre", "Rad av hus på höjden"]);
    assert_eq!(registry.titles("rad")[0], "Rad av hus på höjden");
    find(&registry, &["malå"], &["Malå skidklubb"]);
    find(&registry, &["mål"], &["Målet"]);
    find(&registry, &["skidklubb mala"], &["Malå skidklubb"]);
}

/// Records of systems without å, ä and ö are found by the exact spelling too, after records that have it.
#[test]
fn names_that_old_systems_stored_are_found_after_exact_ones() {
    let registry = named(&["Alvsbyns hembygdsforening", "Älvsbyns hembygdsförening", "Råneå älvförening", "Ranea bat"]);
    let exact_first = ["Älvsbyns hembygdsförening", "Alvsbyns hembygdsforening"];
    for query in ["hembygdsförening älvsbyn", "Älvsbyns hembygdsförening", "hembygdsföreningar"] {
        assert_eq!(registry.titles(query), exact_first, "{query}");
    }
    find(&registry, &["hembygdsforening"], &exact_first);
    assert_eq!(registry.titles("råneå båt")[0], "Ranea bat");
    // Most marks are missing here: the nearest spelling is taken, and told.
    let answer = registry.find(&text("ålvförening i råneå"));
    assert_eq!(answer.did_you_mean.as_deref(), Some("älvförening i råneå"));
    assert_eq!(answer.hits[0].title, "Råneå älvförening");
}

/// A name of a place is no other word that only lacks its marks.
#[test]
fn a_place_is_named_by_its_own_letters() {
    let registry = Registry::of(vec![
        organisation(1, "Målgruppen"),
        organisation(2, "Idrott").about("integration").active_in("2418"),
        organisation(3, "Dans").about("integration").active_in("2580"),
    ]);
    assert_eq!(registry.titles("integration malå")[0], "Idrott");
    assert_eq!(registry.titles("integration mala")[0], "Idrott");
    assert_eq!(registry.titles("integration luleås")[0], "Dans");
    // Not the municipality: a word that must be there, or else records follow that lack it.
    find(&registry, &["mål"], &["Målgruppen"]);
}

/// Northern, Lule and Southern Sami: names of places and of the Sami Parliament, with and without their letters.
#[test]
fn sami_names_are_read_with_and_without_their_letters() {
    let registry = Registry::of(vec![
        organisation(1, "Sametinget").alias("Sámediggi").alias("Saemiedigkie"),
        organisation(2, "Váhtjer sámesiebrre"),
        organisation(3, "Gruvan").about("integration").active_in("2584"),
        organisation(4, "Dálvvadis doajmma").active_in("2510"),
    ]);
    find(&registry, &["sámediggi", "samediggi", "saemiedigkie"], &["Sametinget"]);
    find(&registry, &["vahtjer", "Váhtjer"], &["Váhtjer sámesiebrre"]);
    find(&registry, &["integration giron"], &["Gruvan"]);
    find(&registry, &["jåhkåmåhkke doajmma", "jahkamahkke doajmma"], &["Dálvvadis doajmma"]);
}

/// Finnish and Meänkieli: names of places and topics.
#[test]
fn finnish_and_meankieli_words_lead_to_places_and_topics() {
    let registry = Registry::of(vec![
        organisation(1, "Gränsen").about("integration").active_in("2583"),
        organisation(2, "Meänmaa kööri"),
        organisation(3, "Ren").about("rennaring"),
    ]);
    assert_eq!(registry.titles("integration haaparanta"), ["Gränsen"]);
    find(&registry, &["meänmaa", "meanmaa"], &["Meänmaa kööri"]);
    find(&registry, &["poronhoito", "boazodoallu", "rennäring"], &["Ren"]);
}

/// English: topics by their English labels and synonyms.
#[test]
fn english_words_lead_to_topics() {
    let registry =
        Registry::of(vec![organisation(1, "Ren").about("rennaring"), organisation(2, "Liv").about("idrott")]);
    find(&registry, &["reindeer husbandry"], &["Ren"]);
    find(&registry, &["sports"], &["Liv"]);
}

/// One typing error in words of four letters, two in long ones; none in short words and numbers.
#[test]
fn typing_errors_are_forgiven_but_not_in_short_words_and_numbers() {
    let registry = named(&["Funktionsrätt Norr", "Röda Korset", "Ren 2580", "Kör"]);
    find(&registry, &["funktonsrätt", "funktoinsrät"], &["Funktionsrätt Norr"]);
    find(&registry, &["röda korsett", "röda krset"], &["Röda Korset"]);
    find(&registry, &["rem", "2581", "kåk", "fumktumsrett"], &[]);
}

/// Abbreviations lead to what they stand for, and what is written out to its abbreviation; words that look alike do not.
#[test]
fn abbreviations_work_both_ways() {
    let registry = named(&["Bodens IF", "Kalix idrottsförening", "Piteå hembygdsförening", "Norrby HF", "Sök stöd"]);
    find(&registry, &["if", "idrottsförening"], &["Bodens IF", "Kalix idrottsförening"]);
    find(&registry, &["hembygdsförening", "HF"], &["Piteå hembygdsförening", "Norrby HF"]);
    find(&registry, &["iffig"], &[]);
}

/// Former names, other names and names in other languages find the record, after one that is called so itself.
#[test]
fn other_names_find_the_record() {
    let registry = Registry::of(vec![
        organisation(1, "Funktionsrätt Norrbotten").alias("HSO Norrbotten"),
        organisation(2, "Svenska Röda Korset").alias("Red Cross"),
        organisation(3, "HSO Norrbotten ungdom"),
    ]);
    assert_eq!(registry.titles("hso norrbotten")[0], "Funktionsrätt Norrbotten");
    find(&registry, &["red cross"], &["Svenska Röda Korset"]);
    assert_eq!(registry.titles("hso ungdom")[0], "HSO Norrbotten ungdom");
}

/// Synonyms lead to the topic, a broader topic to its narrower ones; never a narrower one to the broader.
#[test]
fn synonyms_and_broader_topics_lead_to_records() {
    let registry = Registry::of(vec![
        organisation(1, "Ett").about("funktionsnedsattning"),
        organisation(2, "Två").about("finansiering-bidrag"),
        organisation(3, "Tre").about("folkhalsa"),
        organisation(4, "Fyra").about("fysisk-aktivitet"),
    ]);
    find(&registry, &["handikapp", "rullstol"], &["Ett"]);
    find(&registry, &["pengar"], &["Två"]);
    find(&registry, &["folkhälsa"], &["Tre", "Fyra"]);
    find(&registry, &["motion"], &["Fyra"]);
}

/// A question is about its content words; words that only ask leave nothing out, and are words where they are names.
#[test]
fn questions_are_about_their_content_words() {
    let registry = Registry::of(vec![
        organisation(1, "Ledningsgruppen").says("träffas två gånger om året"),
        organisation(2, "Vi unga"),
        organisation(3, "Män för jämställdhet"),
    ]);
    find(&registry, &["hur ofta träffas ledningsgruppen?"], &["Ledningsgruppen"]);
    find(&registry, &["vi"], &["Vi unga"]);
    find(&registry, &["män"], &["Män för jämställdhet"]);
}

/// A word that is a place prefers what is there, and leaves nothing out.
#[test]
fn words_that_are_places_prefer_and_never_exclude() {
    let registry = Registry::of(vec![
        organisation(1, "Kvinnojouren Lea").active_in("2514"),
        organisation(2, "Kvinnojouren Iris").active_in("2580"),
        organisation(3, "Luleå bollklubb").active_in("2580"),
    ]);
    assert_eq!(registry.titles("kvinnojour luleå"), ["Kvinnojouren Iris", "Kvinnojouren Lea"]);
}

/// The beginning of a word finds names while someone types; the middle of one does not.
#[test]
fn beginnings_find_names_while_typing() {
    let registry = named(&["Kalix hembygdsförening", "Kalix bollklubb"]);
    find(&registry, &["hemb", "kalix hemb"], &["Kalix hembygdsförening"]);
    find(&registry, &["embyg", "ygds"], &[]);
}

/// A word for a type of record finds the records of that type, and other words say which.
#[test]
fn types_of_records_are_asked_for_by_their_words() {
    let of = |kind, tie, name| Document { kind, ..organisation(tie, name) };
    let registry = Registry::of(vec![
        of(Kind::Forum, 1, "Minoriteternas samtal"),
        of(Kind::Network, 2, "Minoriteternas ring"),
        organisation(3, "Minoriteternas förening"),
        of(Kind::Forum, 4, "Byarnas samtal"),
        of(Kind::Forum, 5, "Minoriteternas bord"),
        of(Kind::Network, 6, "Minoriteternas tråd"),
    ]);
    find(
        &registry,
        &["råd för minoriteter", "minoriteternas forum"],
        &["Minoriteternas samtal", "Minoriteternas bord"],
    );
    find(&registry, &["vilka nätverk har minoriteterna"], &["Minoriteternas ring", "Minoriteternas tråd"]);
}

/// A word that stands in a name is not taken for misspelt because no record has all words.
#[test]
fn words_of_names_are_not_corrected() {
    let registry = named(&["Save the Children", "Sago för barn i Gave", "Gave lokalavdelning"]);
    let answer = registry.find(&text("save lokalavdelning"));
    assert_eq!(answer.did_you_mean, None);
    assert!(answer.hits.iter().any(|hit| hit.title == "Save the Children"));
}

/// An organisation number in any spelling is the record itself; a wrong one is nobody's.
#[test]
fn numbers_find_their_record() {
    let mut owner = organisation(1, "Svenska Röda Korset");
    owner.keys.push("802405-3442".to_owned());
    let registry = Registry::of(vec![owner, organisation(2, "Nummer 8024")]);
    find(&registry, &["802405-3442", "8024053442", "802405 3442"], &["Svenska Röda Korset"]);
    find(&registry, &["802405-3443"], &[]);
}

/// Filters hold whatever the words are, also where words are relaxed.
#[test]
fn filters_hold_whatever_the_words_are() {
    let registry = Registry::of(vec![
        organisation(1, "Kören").marked("level", "local"),
        organisation(2, "Kören i länet").marked("level", "regional"),
    ]);
    let filters = vec![Filter { name: "level", any: vec!["regional".to_owned()] }];
    for words in ["kör", "körer och orkestrar", "kren"] {
        let titles: Vec<String> = registry
            .find(&Query { filters: filters.clone(), ..text(words) })
            .hits
            .into_iter()
            .map(|hit| hit.title)
            .collect();
        assert_eq!(titles, ["Kören i länet"], "{words}");
    }
}

/// What marked words match is marked in the answer, in any spelling.
#[test]
fn highlights_mark_the_word_in_its_own_spelling() {
    let registry = named(&["Länspensionärsrådet", "Ranea batklubb"]);
    for (words, expected) in [
        ("råd", "<em>Länspensionärsrådet</em>"),
        ("rad", "<em>Länspensionärsrådet</em>"),
        ("råneå båtklubb", "<em>Ranea</em> <em>batklubb</em>"),
    ] {
        let answer = registry.find(&Query { highlight: true, ..text(words) });
        assert_eq!(answer.hits[0].highlights, [("names", expected.to_owned())], "{words}");
    }
}
