//! Words that say little: those that only ask or join, and those that any organisation is called by.

use super::fold::{fold, is_marked, spelled};
use foldhash::HashSet;
use std::sync::OnceLock;

/// Words that ask or join.
const FILLERS: &str = "\
a är att av blir bli blivit bor bra då de dem den denna deras dess det detta dig din du där eller en er ett få får fått finns för från fråga \
gå går ger gör ha hade han har hela henne här hitta hittar hjälp hjälper hon hos hur i ifrån in inom inte ja jag jobbar jobba just kan kunna ke kring \
kontakta lite man med mellan mig min mot mycket när nära någon något några ni nu och ofta om oss på sa så sig sin sina som sker ska skall \
skulle söker söka sökes tar till träffas träffar möts mötas under upp ut utan vad var vara varit vart vem vems vet vi vid vilka vilken vilket vill vilja \
varför o samt arbetar arbeta hand händer hålls anordnar driver driva gäller handlar ansvarar ansvar ansvarig frågor mina mitt behöver vänder åt \
ringa ringer mejla mejlar nå når nås prata pratar sköter sköta svarar svara erbjuder erbjuda ordnar ordna finner stöttar stötta hjälpa \
handlägger veta vår våra vårt er ert deras håller sitter deltar ingår vända kommer behövs behöva bör måste heter kallas handla \
bland slags olika någonstans bäst gärna också dit hit genom varje snabbt idag \
about an and any are as at be by can do does for from have help helps how is it me my of on or our that the their there they this to us we \
what when where which who whom why with work works working need needs find \
mikä missä kuka miten ovat kanssa";
/// Words for any organisation: they say little where a query says more.
const GENERIC: &str = "\
förening föreningar föreningen föreningarna organisation organisationer organisationen organisationerna aktör aktörer grupper \
association associations organization organizations organisations group groups society ngo ngos yhdistys järjestö";

/// The words of a list as they are spelled, and folded for who types them without å, ä and ö.
fn spellings(text: &'static str) -> HashSet<String> {
    text.split_whitespace().flat_map(|word| [spelled(word), fold(word)]).collect()
}

/// Whether a word stands in a list, by its letters with å, ä and ö and without: män is no man.
fn is_among([letters, folded]: [&str; 2], list: &HashSet<String>) -> bool {
    list.contains(if is_marked(letters) { letters } else { folded })
}

/// Whether a word only asks or joins.
pub(super) fn is_filler(word: [&str; 2]) -> bool {
    static SET: OnceLock<HashSet<String>> = OnceLock::new();
    is_among(word, SET.get_or_init(|| spellings(FILLERS)))
}

/// Whether it is a word for any organisation.
pub(super) fn is_generic(word: [&str; 2]) -> bool {
    static SET: OnceLock<HashSet<String>> = OnceLock::new();
    is_among(word, SET.get_or_init(|| spellings(GENERIC)))
}
