//! Spellings: what is the same word however it was typed.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Lower case without any diacritics: å ä ö, Sami and all other letters become plain ones.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    text.nfc().for_each(|letter| fold_letter(letter, &mut folded));
    folded
}

fn fold_letter(letter: char, folded: &mut String) {
    if letter.is_ascii() {
        folded.push(letter.to_ascii_lowercase());
        return;
    }
    for letter in letter.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase) {
        match letter {
            'đ' | 'ð' => folded.push('d'),
            'ŋ' => folded.push('n'),
            'ŧ' | 'þ' => folded.push('t'),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'ı' => folded.push('i'),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ß' => folded.push_str("ss"),
            // Lower-casing may bring marks back (İ).
            mark if is_combining_mark(mark) => {}
            plain => folded.push(plain),
        }
    }
}

/// Lower case, composed: å ä ö are letters of their own.
pub fn exact(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfc().flat_map(char::to_lowercase).collect()
}

/// The folded word in which å, ä and ö stay as they were typed, letter by letter beside the folded one. Other marks go: é is
/// an e that may have its accent or not, and Sami words are often written without theirs in Swedish texts.
pub(super) fn spelled(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut spelled = String::with_capacity(text.len());
    for letter in text.nfc() {
        match letter {
            'å' | 'Å' => spelled.push('å'),
            'ä' | 'Ä' => spelled.push('ä'),
            'ö' | 'Ö' => spelled.push('ö'),
            other => fold_letter(other, &mut spelled),
        }
    }
    spelled
}

/// Whether å, ä or ö is among the letters.
pub(super) fn is_marked(spelled: &str) -> bool {
    !spelled.is_ascii() && spelled.contains(['å', 'ä', 'ö'])
}
