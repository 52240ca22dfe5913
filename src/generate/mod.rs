//! Realistic, invented organisations, for measurements and trials. A record depends on the seed and its index only: a
//! larger file begins with the smaller one.

mod queries;
mod random;
mod words;
mod world;

pub use queries::{cases, queries};

use crate::error::Result;
use crate::identifier::ORGANISATION_NUMBER;
use crate::resources::Kind;
use crate::resources::organisation::{OrganisationInput, OrganisationStatus, Sector};
use crate::resources::values::{
    Address, Exchange, ExchangeKind, Identifier, Level, LocalizedText, Location, Name, NameKind, Source, TextLanguage,
};
use random::Random;
use serde::Serialize;
use std::io::Write;
use uuid::Uuid;
use words::Activity;
use world::{Municipality, World, world};

/// As many organisation numbers of this form exist.
const NUMBERS: u64 = 80_000_000;
const NAMESPACE: Uuid = Uuid::from_u128(0x8d0f_61a4_55b2_5a3e_9c1d_7be0_4f2a_9e01);

#[derive(Serialize)]
struct Line<'a> {
    r#type: &'static str,
    id: Uuid,
    #[serde(flatten)]
    content: &'a OrganisationInput,
}

/// Writes that many organisations as lines of the import's format.
///
/// # Errors
/// What the writer says.
pub fn write(out: &mut dyn Write, seed: u64, organisations: u64) -> Result<()> {
    for index in 0..organisations {
        let (id, content) = organisation(seed, index);
        serde_json::to_writer(&mut *out, &Line { r#type: Kind::Organisation.name(), id, content: &content })?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// The id of a generated organisation.
pub fn id(seed: u64, index: u64) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{seed}/{index}").as_bytes())
}

/// One generated organisation.
pub fn organisation(seed: u64, index: u64) -> (Uuid, OrganisationInput) {
    let id = id(seed, index);
    let world = world();
    let mut random = Random::of(seed, index);
    let drawn = (world.municipalities.draw(&mut random), world.activities.draw(&mut random));
    let (Some(municipality), Some(activity)) = drawn else {
        // Vocabularies are part of the program and never empty.
        return (id, nameless());
    };
    (id, Maker { world, municipality, activity, index }.make(&mut random))
}

fn nameless() -> OrganisationInput {
    OrganisationInput {
        sector: Sector::CivilSociety,
        kind: "association".to_owned(),
        names: vec![Name { value: "Förening".to_owned(), lang: TextLanguage::Sv, kind: NameKind::Official }],
        identifiers: Vec::new(),
        uses_number_of: None,
        legal_form: None,
        levels: Vec::new(),
        parent_id: None,
        seat_municipality: None,
        active_in: Vec::new(),
        activity_areas: Vec::new(),
        topics: Vec::new(),
        sustainability_goals: Vec::new(),
        target_groups: Vec::new(),
        languages: Vec::new(),
        description: None,
        website: None,
        address: None,
        location: None,
        address_protected: false,
        offers: Vec::new(),
        needs: Vec::new(),
        contact_preference: None,
        democratic_basis: None,
        status: OrganisationStatus::Active,
        source: None,
    }
}

struct Maker<'a> {
    world: &'static World,
    municipality: &'a Municipality,
    activity: &'static Activity,
    index: u64,
}

impl Maker<'_> {
    fn make(&self, random: &mut Random) -> OrganisationInput {
        let level = match random.below(100) {
            0..90 => Level::Local,
            90..98 => Level::Regional,
            _ => Level::National,
        };
        let place = self.place(random);
        let name = self.name(random, level, place);
        let kind = match level {
            Level::Local => self.activity.kind,
            _ if random.percent(50) => "federation",
            _ => "umbrella",
        };
        let form = match self.activity.kind {
            "foundation" => "72",
            "congregation" if random.percent(60) => "63",
            "community-hall-association" if random.percent(40) => "51",
            _ => "61",
        };
        let description = self.description(random, &name, place);
        let location = random.percent(80).then(|| self.location(random));
        OrganisationInput {
            kind: kind.to_owned(),
            identifiers: self.identifiers(random),
            legal_form: Some(form.to_owned()),
            levels: vec![level],
            seat_municipality: Some(self.municipality.code.to_owned()),
            active_in: self.active_in(random, level),
            activity_areas: vec![self.activity.area.to_owned()],
            topics: self.topics(random),
            sustainability_goals: some(random, &self.world.goals, 0, 2),
            target_groups: some(random, &self.world.targets, 1, 3),
            languages: self.languages(random),
            description: Some(swedish(description)),
            website: random.percent(60).then(|| format!("https://{}-{}.example.org/", slug(&name), self.index)),
            address: random.percent(25).then(|| self.address(random, place)),
            location,
            offers: if random.percent(8) { vec![self.exchange(random)] } else { Vec::new() },
            needs: if random.percent(5) { vec![self.exchange(random)] } else { Vec::new() },
            democratic_basis: random.percent(50).then_some(true),
            status: match random.below(100) {
                0..95 => OrganisationStatus::Active,
                95..98 => OrganisationStatus::Dormant,
                _ => OrganisationStatus::Dissolved,
            },
            source: Some(Source { name: "generated".to_owned(), ..Source::default() }),
            names: self.names(random, name),
            ..nameless()
        }
    }

    fn place(&self, random: &mut Random) -> &str {
        self.municipality.places.get(random.index(self.municipality.places.len())).map_or("", String::as_str)
    }

    fn name(&self, random: &mut Random, level: Level, place: &str) -> String {
        let a = random.pick(self.activity.names);
        let d = random.pick(&self.world.distinct);
        if level != Level::Local {
            let union = union_of(a);
            let extra = if random.percent(50) { format!(" {d}") } else { String::new() };
            let county = self.world.counties.get(self.municipality.county).copied().unwrap_or("Länets");
            return match (level, random.below(3)) {
                (Level::Regional, 0) => format!("{county} {union}{extra}"),
                (Level::Regional, 1) => format!("{a} distrikt {}{extra}", county.trim_end_matches('s')),
                (Level::Regional, _) => format!("{county} läns {union}{extra}"),
                (_, 0) => format!("Riksförbundet {a}{extra}"),
                (_, 1) => format!("Sveriges {union}{extra}"),
                _ => format!("Svenska {union}{extra}"),
            };
        }
        let genitive = if place.ends_with(['s', 'x', 'z']) { place.to_owned() } else { format!("{place}s") };
        match random.below(30) {
            0..6 => format!("{a} {place}"),
            6..12 => format!("{place} {a}"),
            12..19 => format!("{genitive} {}", uncapitalised(a)),
            19..24 => format!("{a} i {place}"),
            24..26 => format!("{place}-{} {a}", self.place(random)),
            26..28 => format!("{a} {d} {place}"),
            28 => format!("{place} {a} {d}"),
            _ => format!("{d} {place} {a}"),
        }
    }

    fn names(&self, random: &mut Random, official: String) -> Vec<Name> {
        let short: String =
            official.split([' ', '-']).filter_map(|word| word.chars().next()).flat_map(char::to_uppercase).collect();
        let mut names = vec![Name { value: official, lang: TextLanguage::Sv, kind: NameKind::Official }];
        if random.percent(12) {
            names.push(Name { value: short, lang: TextLanguage::Sv, kind: NameKind::Short });
        }
        if random.percent(6) {
            let value = format!("{} {}", random.pick(self.activity.names), self.place(random));
            names.push(Name { value, lang: TextLanguage::Sv, kind: NameKind::Former });
        }
        names
    }

    fn identifiers(&self, random: &mut Random) -> Vec<Identifier> {
        let number = random.percent(70).then(|| organisation_number(self.index)).flatten();
        let number = number.map(|value| Identifier { scheme: ORGANISATION_NUMBER.to_owned(), value });
        number.into_iter().chain([Identifier { scheme: "gen".to_owned(), value: self.index.to_string() }]).collect()
    }

    fn active_in(&self, random: &mut Random, level: Level) -> Vec<String> {
        let code = match level {
            Level::Local => self.municipality.code,
            Level::Regional => self.municipality.county,
            Level::National | Level::International => "SE",
        };
        let mut codes = vec![code.to_owned()];
        if level == Level::Local
            && random.percent(12)
            && let Some(other) = self.world.municipalities.draw(random)
            && other.code != code
        {
            codes.push(other.code.to_owned());
        }
        codes
    }

    fn topics(&self, random: &mut Random) -> Vec<String> {
        let mut topics = some(random, self.activity.topics, 1, 3);
        if random.percent(30) {
            topics.push(random.pick(&self.world.topics).to_owned());
        }
        let mut seen = Vec::new();
        topics.retain(|topic| {
            !seen.contains(topic) && {
                seen.push(topic.clone());
                true
            }
        });
        topics
    }

    fn languages(&self, random: &mut Random) -> Vec<String> {
        let mut languages = vec!["sv".to_owned()];
        if random.percent(10) {
            let other = random.pick(&self.world.languages);
            if other != "sv" {
                languages.push(other.to_owned());
            }
        }
        languages
    }

    /// An opening that says what it is about, then sentences of drawn words: some 150 to 450 characters.
    fn description(&self, random: &mut Random, name: &str, place: &str) -> String {
        let about = |random: &mut Random| random.pick(self.activity.about);
        let (a, b) = (about(random), about(random));
        let opening = random.pick(words::OPENINGS);
        let opening =
            opening.replace("{p}", place).replace("{a}", a).replace("{b}", b).replace("{m}", self.municipality.name);
        let mut text = opening.replace("{n}", name);
        let wanted = random.between(140, 300);
        let mut length = text.chars().count();
        while length < wanted {
            let from = text.len();
            let words = random.between(5, 11);
            for at in 0..words {
                let word = if random.percent(7) {
                    Some(about(random))
                } else {
                    self.world.words.draw(random).map(String::as_str)
                };
                let word = word.unwrap_or_default();
                text.push(' ');
                if at == 0 {
                    text.push_str(&capitalised(word));
                } else {
                    text.push_str(word);
                }
            }
            text.push('.');
            length += text.get(from..).map_or(0, |added| added.chars().count());
        }
        text
    }

    fn location(&self, random: &mut Random) -> Location {
        let around = self.municipality.location;
        let rounded = |value: f64| (value * 10_000.0).round() / 10_000.0;
        Location {
            lat: rounded(around.lat + random.unit() * 0.1 - 0.05),
            lon: rounded(around.lon + random.unit() * 0.2 - 0.1),
        }
    }

    fn address(&self, random: &mut Random, place: &str) -> Address {
        let street = if random.percent(20) {
            format!("Box {}", 1 + random.below(900))
        } else {
            format!("{} {}", random.pick(&self.world.streets), 1 + random.below(80))
        };
        // Codes that begin with 1 to 9, in no relation to real places.
        let code = 10_000 + random.below(89_999);
        Address {
            street: Some(street),
            postal_code: Some(format!("{:03} {:02}", code / 100, code % 100)),
            locality: Some(place.to_owned()),
            country: None,
        }
    }

    fn exchange(&self, random: &mut Random) -> Exchange {
        const KINDS: &[ExchangeKind] = &[
            ExchangeKind::Service,
            ExchangeKind::Training,
            ExchangeKind::Expertise,
            ExchangeKind::Volunteers,
            ExchangeKind::Premises,
            ExchangeKind::Equipment,
            ExchangeKind::Transport,
        ];
        Exchange {
            kind: KINDS.get(random.index(KINDS.len())).copied().unwrap_or(ExchangeKind::Other),
            topics: some(random, self.activity.topics, 1, 1),
            text: Some(swedish(capitalised(random.pick(self.activity.about)))),
            areas: vec![self.municipality.code.to_owned()],
        }
    }
}

fn swedish(text: String) -> LocalizedText {
    LocalizedText { sv: Some(text), ..LocalizedText::default() }
}

/// So many of them, none twice, in their order.
fn some(random: &mut Random, from: &[&'static str], least: usize, most: usize) -> Vec<String> {
    let mut chosen: Vec<usize> = (0..random.between(least, most)).map(|_| random.index(from.len())).collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen.into_iter().filter_map(|at| from.get(at)).map(|key| (*key).to_owned()).collect()
}

/// A number of a non-profit association (it begins with 8), its own for each index; nothing beyond all of them.
fn organisation_number(index: u64) -> Option<String> {
    if index >= NUMBERS {
        return None;
    }
    // The factor shares no divisor with the modulus, so no two indices give one number.
    let n = (index * 7_368_787 + 1_234_567) % NUMBERS;
    let body = format!("8{}{}{:06}", n / 8_000_000, 2 + n / 1_000_000 % 8, n % 1_000_000);
    let sum: u32 = body
        .bytes()
        .enumerate()
        .map(|(at, byte)| {
            let product = u32::from(byte - b'0') * if at % 2 == 0 { 2 } else { 1 };
            product / 10 + product % 10
        })
        .sum();
    let (birth, serial) = body.split_at(6);
    Some(format!("{birth}-{serial}{}", (10 - sum % 10) % 10))
}

/// What unites associations of a kind.
fn union_of(name: &str) -> String {
    for (ending, united) in [("förening", "förbund"), ("klubb", "förbund"), ("krets", "förbund"), ("kår", "kårförbund")]
    {
        if let Some(stem) = name.strip_suffix(ending).filter(|stem| !stem.ends_with([' ', '-'])) {
            return format!("{stem}{united}");
        }
    }
    format!("{name} riksorganisation")
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Without the capital, unless it is an abbreviation.
fn uncapitalised(word: &str) -> String {
    let mut chars = word.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(chars).collect(),
        _ => word.to_owned(),
    }
}

fn plain(c: char) -> char {
    match c {
        'å' | 'ä' | 'á' => 'a',
        'ö' => 'o',
        'é' => 'e',
        'Å' | 'Ä' => 'A',
        'Ö' => 'O',
        other => other,
    }
}

fn slug(name: &str) -> String {
    let lower = name.to_lowercase();
    lower.chars().map(plain).filter(char::is_ascii_alphanumeric).take(20).collect()
}

#[cfg(test)]
mod tests;
