//! Swedish stems, of folded words. The steps are Snowball's for Swedish; the definite -et and -an go too, and forms that
//! change their vowel stand in a list.

/// Plurals and definite forms that no ending explains, folded, with the base form.
const IRREGULAR: &[(&str, &str)] = &[
    ("bocker", "bok"),
    ("bockerna", "bok"),
    ("stader", "stad"),
    ("staderna", "stad"),
    ("bonder", "bonde"),
    ("bonderna", "bonde"),
    ("hander", "hand"),
    ("handerna", "hand"),
    ("soner", "son"),
    ("dottrar", "dotter"),
    ("brodrar", "broder"),
    ("modrar", "moder"),
    ("fotter", "fot"),
    ("fotterna", "fot"),
    ("tander", "tand"),
    ("natter", "natt"),
    ("mannen", "man"),
    ("mans", "man"),
    ("mannens", "man"),
    ("barnens", "barn"),
    ("lan", "lan"),
    ("lans", "lan"),
    ("lanet", "lan"),
    ("lanets", "lan"),
    ("bor", "bor"),
    ("by", "by"),
    ("byar", "by"),
    ("byarna", "by"),
    ("byn", "by"),
    ("bya", "by"),
    ("museer", "museum"),
    ("museet", "museum"),
    ("museets", "museum"),
];

const ENDINGS: &[&str] = &[
    "heterna", "hetens", "anden", "heten", "heter", "arnas", "ernas", "ornas", "andes", "andet", "arens", "arna",
    "erna", "orna", "ande", "arne", "aste", "aren", "ades", "erns", "ade", "are", "ern", "ens", "het", "ast", "ets",
    "ans", "ad", "en", "ar", "er", "or", "as", "es", "at", "et", "an", "a", "e",
];
/// Letters after which a genitive s goes.
const BEFORE_S: &[u8] = b"bcdfghjklmnoprtvy";

fn is_vowel(letter: u8) -> bool {
    matches!(letter, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')
}

/// Where the part begins that endings may be taken from: after the first consonant behind a vowel, three letters in.
fn region(word: &[u8]) -> usize {
    let vowel = word.iter().position(|letter| is_vowel(*letter));
    let after = vowel.and_then(|at| word[at..].iter().position(|letter| !is_vowel(*letter)).map(|more| at + more + 1));
    after.unwrap_or(word.len()).max(3)
}

/// The stem of a folded word.
pub(crate) fn stem(word: &str) -> String {
    if let Some((_, base)) = IRREGULAR.iter().find(|(form, _)| *form == word) {
        return stem_regular(base);
    }
    stem_regular(word)
}

fn stem_regular(word: &str) -> String {
    if !word.is_ascii() || word.len() < 4 || word.bytes().any(|letter| letter.is_ascii_digit()) {
        return word.to_owned();
    }
    let start = region(word.as_bytes());
    let mut stem = word;
    let whole = WHOLE_ENDS.iter().any(|end| word.ends_with(end));
    let ending = ENDINGS.iter().filter(|_| !whole).find(|ending| {
        stem.len() >= start + ending.len()
            && stem.ends_with(**ending)
            && allowed(&stem[..stem.len() - ending.len()], ending)
    });
    if let Some(ending) = ending {
        stem = &stem[..stem.len() - ending.len()];
    } else if stem.len() > start
        && let Some(bare) = stem.strip_suffix('s')
        && bare.bytes().last().is_some_and(|letter| BEFORE_S.contains(&letter))
    {
        stem = bare;
    }
    let doubled = ["dd", "gd", "nn", "dt", "gt", "kt", "tt", "mm", "ll"];
    if stem.len() > start && doubled.iter().any(|end| stem.ends_with(end)) {
        stem = &stem[..stem.len() - 1];
    }
    for end in ["lig", "ig", "els"] {
        if stem.len() >= start + end.len() && stem.ends_with(end) {
            stem = &stem[..stem.len() - end.len()];
            break;
        }
    }
    stem.to_owned()
}

/// Ends that look like an ending once å and ä are plain letters, and belong to the word: råd, stad, båt, pensionär.
const WHOLE_ENDS: &[&str] = &["rad", "stad", "grad", "blad", "bat", "stat", "plan", "ionar", "ilitar", "erinar"];

/// Short endings are only taken where a word is left: not plan, tank, paket's first syllable.
fn allowed(rest: &str, ending: &str) -> bool {
    let enough = rest.len() >= 3 && rest.bytes().any(is_vowel);
    match ending {
        // After h it is the noun's own -het: enhet, verksamhet.
        "et" | "ets" | "an" | "ans" | "at" => {
            enough && rest.bytes().last().is_some_and(|letter| !is_vowel(letter) && letter != b'h')
        }
        "het" | "hetens" | "heten" | "heter" | "heterna" => rest.len() >= 4,
        _ => rest.bytes().any(is_vowel) && rest.len() >= 2,
    }
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn forms_of_a_word_share_their_stem() {
        for forms in [
            &["rad", "radet", "raden", "radets"][..],
            &["forening", "foreningar", "foreningen", "foreningarnas", "foreningens"],
            &["rennaring", "rennaringen", "rennaringens"],
            &["skola", "skolan", "skolor", "skolorna", "skolans"],
            &["mote", "moten", "motet"],
            &["pensionarsrad", "pensionarsradet", "pensionarsraden"],
            &["segelbat", "segelbatar"],
            &["bidrag", "bidraget", "bidragen", "bidragets"],
            &["klubb", "klubben", "klubbar", "klubbarnas"],
            &["pensionar", "pensionarer", "pensionarernas"],
            &["enhet", "enheten", "enheter", "enheterna"],
            &["bok", "bocker", "bockerna"],
            &["stad", "stader", "staden"],
            &["jour", "jouren", "jourer"],
        ] {
            let stems: Vec<String> = forms.iter().map(|form| stem(form)).collect();
            assert!(stems.windows(2).all(|pair| pair[0] == pair[1]), "{forms:?} {stems:?}");
        }
    }

    #[test]
    fn other_words_keep_apart() {
        for (one, other) in [("plan", "pl"), ("forening", "foretag"), ("samverkan", "samhalle"), ("region", "regi")] {
            assert_ne!(stem(one), stem(other));
        }
    }
}
