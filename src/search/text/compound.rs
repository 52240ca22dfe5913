//! Compounds: the parts that a Swedish word is joined from.
//!
//! After Koehn and Knight, "Empirical Methods for Compound Splitting" (2003): of all ways to take a word apart into words that
//! the lexicon knows, the one whose parts have the highest geometric mean of frequencies is taken. Unlike there, the whole
//! word's own frequency is no rival: a compound is found by its parts however common it is, and what must not come apart
//! stands in the lexicon. Every part more needs parts that are clearly commoner, or else short words would split long ones.

use super::lexicon::{Lexicon, lexicon};
use super::stem::stem;
use std::ops::Range;

/// No part is shorter.
pub(super) const SHORTEST: usize = 3;
/// But this one: villages are what much of the registry is about.
const VILLAGE: &str = "by";
const MOST_PARTS: usize = 4;
/// Longer words are no words: nobody waits for their splits.
const LONGEST: usize = 60;
/// What each part after the second costs, as a logarithm of frequency.
const PART_COST: f64 = 1.0;
/// The same for a part of three letters: most of them end other words by chance.
const SHORT_COST: f64 = 1.5;

/// A part of a compound, or a tail that is a compound itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Its stem.
    pub stem: String,
    /// Where it stands in the folded word, which has plain letters only.
    pub range: Range<usize>,
}

/// A folded word's parts, the head last; empty when it is no compound that the lexicon knows.
pub(super) fn parts(word: &str) -> Vec<Part> {
    if lexicon().is_whole(word) { Vec::new() } else { parts_at_least(word, 1) }
}

/// The same of a word that the lexicon keeps together: what is left of its meaning where nobody has the whole.
pub(super) fn parts_of_any(word: &str) -> Vec<Part> {
    parts_at_least(word, 2)
}

fn parts_at_least(word: &str, least: usize) -> Vec<Part> {
    if word.len() < 2 * SHORTEST || word.len() > LONGEST || !word.is_ascii() {
        return Vec::new();
    }
    let splits = splits(lexicon(), word, 0, MOST_PARTS);
    let best = splits.into_iter().skip(least - 1).flatten().max_by(|one, other| one.worth().total_cmp(&other.worth()));
    best.map(|split| split.parts).unwrap_or_default()
}

struct Split {
    parts: Vec<Part>,
    /// Sum of the logarithms of the parts' frequencies.
    sum: f64,
}

impl Split {
    fn worth(&self) -> f64 {
        let count = self.parts.len() as f64;
        self.sum / count - PART_COST * (count - 2.0).max(0.0)
    }
}

/// The best split of what follows into one part, two, three …, where there is one.
fn splits(lexicon: &Lexicon, word: &str, from: usize, most: usize) -> [Option<Split>; MOST_PARTS] {
    let mut found: [Option<Split>; MOST_PARTS] = Default::default();
    let rest = word.get(from..).unwrap_or_default();
    if most == 0 || rest.len() < SHORTEST {
        return found;
    }
    let own = stem(rest);
    if let Some(frequency) = lexicon.heads.get(&own) {
        let part = Part { stem: own, range: from..word.len() };
        found[0] = Some(Split { parts: vec![part], sum: worth(*frequency, rest.len()) });
    }
    for cut in SHORTEST - 1..=rest.len().saturating_sub(SHORTEST) {
        let Some(front) = rest.get(..cut).filter(|front| cut >= SHORTEST || *front == VILLAGE) else { continue };
        let Some(first) = lexicon.before.get(front) else { continue };
        for (count, split) in splits(lexicon, word, from + cut, most - 1).into_iter().enumerate() {
            let (Some(split), Some(place)) = (split, found.get_mut(count + 1)) else { continue };
            let sum = split.sum + worth(first.frequency, cut);
            if place.as_ref().is_none_or(|held| sum > held.sum) {
                let mut parts = vec![Part { stem: first.stem.clone(), range: from..from + cut }];
                parts.extend(split.parts);
                *place = Some(Split { parts, sum });
            }
        }
    }
    found
}

fn worth(frequency: u32, letters: usize) -> f64 {
    let frequency = f64::from(frequency.saturating_add(1)).ln();
    if letters <= SHORTEST { frequency - SHORT_COST } else { frequency }
}

/// The tails of a compound's parts that are compounds themselves: `länspensionärsråd` ends in `pensionärsråd`.
pub(super) fn tails(word: &str, parts: &[Part]) -> Vec<Part> {
    let inner = parts.iter().skip(1).take(parts.len().saturating_sub(2));
    inner
        .filter_map(|part| {
            let range = part.range.start..word.len();
            Some(Part { stem: stem(word.get(range.clone())?), range })
        })
        .collect()
}

/// The fronts of a compound that are compounds themselves: `civilförsvarsförbund` begins with `civilförsvar`.
pub(super) fn fronts(word: &str, parts: &[Part]) -> Vec<Part> {
    let inner = parts.iter().skip(1).take(parts.len().saturating_sub(2));
    inner
        .filter_map(|part| {
            let before = word.get(..part.range.start)?;
            Some(Part { stem: format!("{before}{}", part.stem), range: 0..part.range.end })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::fold::fold;
    use super::*;

    /// Compounds with their right splits.
    const COMPOUNDS: &str = "\
        pensionärs|råd hembygds|förening kvinno|jour läns|pensionärs|råd resurs|grupper bygde|råd byggnads|vård bygg|bolag \
        idrotts|förening idrotts|klubb boll|klubb fotbolls|klubb skid|klubb sport|klubb rid|klubb segel|sällskap sim|sällskap \
        skytte|förening jakt|klubb jakt|vård fiske|klubb sport|fiske|klubb bruks|hund|klubb motor|klubb motorcykel|klubb \
        snö|skoter|klubb tennis|klubb golf|klubb bandy|klubb bågskytte|klubb schack|klubb bowling|klubb dans|sport|klubb \
        båt|klubb kanot|klubb flyg|klubb radio|klubb orienterings|klubb gymnastik|förening fri|idrotts|klubb häst|sport|klubb \
        pistol|skytte|klubb ishockey|klubb konståknings|klubb cykel|klubb skate|park ungdoms|gård ungdoms|råd elev|kår student|kår \
        kultur|förening konst|förening teater|förening musik|förening dans|förening kör|förbund sång|kör kyrko|kör bok|klubb \
        film|klubb film|studio slöjd|förening hantverks|förening väv|stuge|förening bygde|gård bygde|gårds|förening folkets|hus \
        hembygds|gård släkt|forskar|förening spelmans|lag folk|dans|lag folk|musik|förening jazz|klubb musik|kår blås|orkester \
        patient|förening patient|råd anhörig|förening diabetes|förening hjärt|förening cancer|förening reumatiker|förening \
        hörsel|förening syn|skadade astma|förening allergi|förening demens|förening autism|förening njur|förening psoriasis|förening \
        handikapp|råd handikapp|förbund funktions|rätt brotts|offer|jour brotts|offer|stöd tjej|jour mans|jour barn|hem \
        äldre|boende äldre|vård hälso|vård sjuk|vård tand|vård folk|tand|vård vård|nämnd social|nämnd kultur|nämnd barn|nämnd \
        byggnads|nämnd miljö|nämnd utvecklings|nämnd krim|jour natt|vandring natt|härbärge sopp|köks|förening nykterhets|förening \
        fiske|vårds|område vilt|vård skogs|vård natur|vård miljö|vård vatten|vård natur|skydd miljö|skydd djur|skydd \
        djur|sjukhus hund|klubb katt|klubb häst|avel biodlar|förening koloni|förening trädgårds|förening odlings|förening \
        ren|skötsel rennärings|delegation same|förening väg|förening väg|samfällighets|förening samfällighets|förening \
        bostads|rätts|förening hyresgäst|förening villa|ägare|förening fastighets|ägar|förening bya|förening by|förening by|grupp by|förenings|råd \
        intresse|förening samhälls|förening företags|förening företagar|förening köpmanna|förening \
        försvars|förening försvars|förbund försvars|utbildning flyg|vapen|förening civil|försvar hemvärns|bataljon \
        kris|beredskap kris|stöd kris|grupp brand|kår brand|värn räddnings|tjänst räddnings|kår sjö|räddnings|sällskap \
        fjäll|räddnings|kår radio|amatör lotta|kår bil|kår skydds|rum trafik|säkerhet trafik|säkerhets|förening \
        integrations|förening invandrar|förening flykting|hjälp språk|kafé språk|café läx|hjälp kvinno|förening \
        finsk|förening sverige|finsk vänskaps|förening vän|förening bistånds|arbetare freds|förening nödhjälps|insamling \
        missions|församling missions|hus fri|kyrko|råd kyrko|råd kyrko|nämnd söndags|skola pingst|församling diakoni|central \
        studie|cirkel studie|förbund bildnings|förbund folk|bildnings|råd musik|skola kultur|skola yrkes|skola \
        arbets|grupp lednings|grupp styr|grupp beredning|grupp samordnings|grupp nätverks|träff läns|partnerskap \
        landsbygds|råd landsbygds|utveckling samordnings|förbund kommunal|förbund region|råd \
        service|plan service|punkt turist|byrå turist|förening vandrings|led cykel|led skid|spår \
        kvinno|hus kvinno|klubb pensionärs|förening pensionärs|organisation senior|klubb barn|rätt barn|grupp";

    /// Words that must stay whole, or that are no Swedish compounds at all.
    const WHOLE: &str = "\
        förening folkhögskola landsbygd samverkan organisation administration kommunikation integration information station \
        konstant konsert kontakt kontrakt kongress kandidat kalender kafeteria kanslist kristen kristendom personal \
        partner parterna regional nationell kommunal central centralt kanalen material military musikal radikal \
        litteratur temperatur kalkylator barnett hallon salong ballong balkong pensionat postulat resultat restaurang \
        universitet aktivitet kvalitet identitet solidaritet minoritet sekretariat notariat proletariat \
        ordförande ledare lärare föräldrar handläggare ledamöter vandrare bokare rektorat doktorat \
        stockholm göteborg jönköping linköping karlstad halmstad kristianstad skellefteå örnsköldsvik malmberget arvidsjaur \
        norrbotten västerbotten jokkmokk gällivare pajala haparanda överkalix övertorneå älvsbyn \
        rennäring näringsliv fullmäktige likabehandling ensamhet verksamhet tillgänglighet delaktighet";

    #[test]
    fn compounds_come_apart_with_their_links_and_others_stay_whole() {
        let mut wrong = Vec::new();
        let (compounds, whole) = (COMPOUNDS.split_whitespace(), WHOLE.split_whitespace());
        for word in compounds.clone().chain(whole.clone()) {
            let folded = fold(&word.replace('|', ""));
            let found = parts(&folded);
            let found: Vec<&str> = found.iter().map(|part| &folded[part.range.clone()]).collect();
            let plain = fold(word);
            let expected: Vec<&str> = if plain.contains('|') { plain.split('|').collect() } else { Vec::new() };
            if found != expected {
                wrong.push(format!("{word}: {found:?}"));
            }
        }
        let (compounds, whole) = (compounds.count(), whole.count());
        assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), compounds + whole);
        assert!(compounds >= 150 && whole >= 60, "{compounds} {whole}");
    }

    #[test]
    fn a_front_of_a_longer_compound_is_found() {
        for (word, front) in [
            ("civilforsvarsforbundet", "civilforsvar"),
            ("byautvecklingsgrupper", "byautveckling"),
            ("brottsofferjouren", "brottsoffer"),
        ] {
            let stems: Vec<String> = fronts(word, &parts(word)).into_iter().map(|part| part.stem).collect();
            assert_eq!(stems, [stem(front)], "{word}");
        }
    }

    #[test]
    fn a_word_that_is_kept_together_has_parts_when_it_is_asked_for_them() {
        let stems = |parts: Vec<Part>| parts.into_iter().map(|part| part.stem).collect::<Vec<_>>();
        assert!(parts("tandlakare").is_empty());
        assert_eq!(stems(parts_of_any("tandlakare")), [stem("tand"), stem("lakare")]);
        assert!(parts_of_any("lakare").is_empty());
    }

    #[test]
    fn a_tail_of_a_longer_compound_is_found() {
        let word = "lanspensionarsradet";
        let stems: Vec<String> = tails(word, &parts(word)).into_iter().map(|part| part.stem).collect();
        assert_eq!(stems, [stem("pensionarsrad")]);
    }
}
