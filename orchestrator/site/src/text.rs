//! Address text made comparable: folded letters, Hangul taken apart, words and numbers told apart, typing errors counted.

/// Characters of a query that are looked at: addresses are shorter, and what comes in is anybody's.
const TEXT_CHARACTERS_MAX: usize = 200;

/// Atoms of a query that are looked at.
pub(crate) const ATOMS_MAX: usize = 32;

/// First and last Hangul syllable.
const HANGUL: std::ops::RangeInclusive<char> = '\u{ac00}'..='\u{d7a3}';

/// A run of letters or of digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Atom {
    pub text: String,
    pub is_number: bool,
}

/// Lower case without accents; signs become spaces. "Plaça Major, 4" and "placa major 4" fold alike.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::new();
    for character in text.chars().take(TEXT_CHARACTERS_MAX).flat_map(char::to_lowercase) {
        match plain(character) {
            Some(letters) => folded.push_str(letters),
            // Full-width forms lie at a fixed distance from their ASCII ones.
            None if ('\u{ff01}'..='\u{ff5e}').contains(&character) => {
                folded.extend(char::from_u32(character as u32 - 0xfee0).map(|c| c.to_ascii_lowercase()));
            }
            // The Catalan point and combining accents join letters.
            None if character == '\u{b7}' || ('\u{300}'..='\u{36f}').contains(&character) => {}
            None if character.is_alphanumeric() || character == '-' => folded.push(character),
            None => folded.push(' '),
        }
    }
    folded
}

fn plain(character: char) -> Option<&'static str> {
    Some(match character {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => "a",
        'è' | 'é' | 'ê' | 'ë' => "e",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ŏ' | 'ō' => "o",
        'ù' | 'ú' | 'û' | 'ü' | 'ŭ' | 'ū' => "u",
        'ç' => "c",
        'ñ' => "n",
        'ý' | 'ÿ' => "y",
        'ŀ' => "l",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        _ => return None,
    })
}

/// Cuts folded text into runs of letters and runs of digits; "12-3" stays one number, "heukseok-ro" becomes two runs.
pub(crate) fn atoms(text: &str) -> Vec<Atom> {
    let folded: Vec<char> = fold(text).chars().collect();
    let mut atoms: Vec<Atom> = Vec::new();
    let mut begin_new = true;
    for (index, character) in folded.iter().enumerate() {
        let is_digit = |at: usize| folded.get(at).is_some_and(char::is_ascii_digit);
        let number_hyphen = *character == '-' && index > 0 && is_digit(index - 1) && is_digit(index + 1);
        if !character.is_alphanumeric() && !number_hyphen {
            begin_new = true;
            continue;
        }
        let is_number = character.is_ascii_digit() || number_hyphen;
        match atoms.last_mut() {
            Some(atom) if !begin_new && atom.is_number == is_number => atom.text.push(*character),
            Some(_) | None => atoms.push(Atom { text: character.to_string(), is_number }),
        }
        begin_new = false;
    }
    atoms.truncate(ATOMS_MAX);
    atoms
}

/// Letters for comparing: Hangul syllables become their two or three parts, so that one wrong key is one difference.
pub(crate) fn letters(text: &str) -> Vec<char> {
    let mut letters = Vec::new();
    for character in text.chars() {
        if !HANGUL.contains(&character) {
            letters.push(character);
            continue;
        }
        let index = character as u32 - 0xac00;
        let (first, middle, last) = (index / 588, index % 588 / 28, index % 28);
        letters.extend(char::from_u32(0x1100 + first));
        letters.extend(char::from_u32(0x1161 + middle));
        if last > 0 {
            letters.extend(char::from_u32(0x11a7 + last));
        }
    }
    letters
}

/// How many typing errors a word of so many letters may hold and still be itself.
pub(crate) fn errors_max(letter_count: usize) -> usize {
    match letter_count {
        0..=4 => 0,
        5..=9 => 1,
        10..=15 => 2,
        _ => 3,
    }
}

/// Typing errors between two words: letters added, missing, wrong or swapped; `None` when there are more than `max`, or when the
/// numbers in them differ, for a wrong number is another street.
pub(crate) fn typing_errors(a: &[char], b: &[char], max: usize) -> Option<usize> {
    if a == b {
        return Some(0);
    }
    let digits = |word: &[char]| word.iter().filter(|c| c.is_ascii_digit()).copied().collect::<Vec<char>>();
    if max == 0 || a.len().abs_diff(b.len()) > max || digits(a) != digits(b) {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(letter != other);
            let mut least = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *letter == b[j - 1] && a[i - 1] == *other {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|errors| *errors <= max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str) -> String {
        atoms(text).into_iter().map(|atom| atom.text).collect::<Vec<String>>().join("|")
    }

    #[test]
    fn text_falls_into_runs() {
        for (text, runs) in [
            ("Plaça Major, 4", "placa|major|4"),
            ("흑석로9길12-3", "흑석로|9|길|12-3"),
            ("Heukseok-ro 9-gil 84", "heukseok|ro|9|gil|84"),
            ("Avinguda d'Enclar", "avinguda|d|enclar"),
            ("Paral·lel １２", "parallel|12"),
            ("", ""),
            ("\u{0}--", ""),
        ] {
            assert_eq!(joined(text), runs, "{text}");
        }
    }

    #[test]
    fn typing_errors_are_counted_and_numbers_are_not_forgiven() {
        for (a, b, errors) in [
            ("carlemany", "carlemany", Some(0)),
            ("carlemany", "carlmany", Some(1)),
            ("carlemany", "calremany", Some(1)),
            ("carlemany", "meritxell", None),
            ("은하로", "은하루", Some(1)),
            ("은하로5길", "은하로6길", None),
            ("ab", "ac", None),
        ] {
            let (a, b) = (letters(a), letters(b));
            assert_eq!(typing_errors(&a, &b, errors_max(a.len())), errors);
        }
    }
}
