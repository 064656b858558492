//! Identification codes: short, speakable, with a check character that catches every slip of one character or of two swapped.
//!
//! The alphabet has 23 symbols, a prime number, so that a weighted sum modulo 23 with different weights at every place finds
//! every single substitution and every exchange of two symbols, wherever they stand.

use std::fmt;

use super::AccessError;
use super::secrets::random_below;

/// Digits and letters that are mistaken for none of the others in handwriting, on a screen or over the telephone: no 0/O/Q/D,
/// 1/I/L, 2/Z, 5/S, 6/G, 8/B, U/V.
pub const ALPHABET: &[u8; 23] = b"23456789ACEFHJKMNPRTWXY";
/// Symbols of a code, the check character included. 23^7 codes before the check character: 3.4 thousand million.
pub const CODE_LENGTH: usize = 8;
const MODULUS: usize = ALPHABET.len();

/// A well-formed identification code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdentificationCode([u8; CODE_LENGTH]);

/// Why a text is not an identification code: a slip of the tongue or the finger, not an unknown code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Too short or too long.
    #[error("an identification code has {CODE_LENGTH} characters, this one has {0}")]
    Length(usize),
    /// A character that no code contains.
    #[error("no identification code contains {0:?}")]
    Character(char),
    /// The check character does not fit: one character is wrong, or two are swapped.
    #[error("the check character does not fit: one character is mistyped or two are swapped")]
    Check,
}

impl IdentificationCode {
    /// A new code from the operating system's randomness.
    pub fn random() -> Result<Self, AccessError> {
        let mut payload = [0; CODE_LENGTH - 1];
        for symbol in &mut payload {
            *symbol = random_below(MODULUS as u32)? as usize;
        }
        Ok(Self::from_payload(payload))
    }

    /// The code with this payload (symbol numbers, taken modulo the alphabet) and its check character.
    pub fn from_payload(payload: [usize; CODE_LENGTH - 1]) -> Self {
        let sum: usize = payload.iter().enumerate().map(|(place, symbol)| weight(place) * (symbol % MODULUS)).sum();
        let check = (0..MODULUS).find(|check| (sum + weight(CODE_LENGTH - 1) * check).is_multiple_of(MODULUS));
        let mut symbols = [0; CODE_LENGTH];
        for (place, symbol) in payload.iter().enumerate() {
            symbols[place] = ALPHABET[symbol % MODULUS];
        }
        symbols[CODE_LENGTH - 1] = ALPHABET[check.expect("a weight has an inverse modulo a prime")];
        Self(symbols)
    }

    /// Reads a code as people write it: any case, blanks and hyphens ignored.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let mut symbols = Vec::with_capacity(CODE_LENGTH);
        let mut sum = 0;
        for character in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let upper = character.to_ascii_uppercase();
            let number = ALPHABET.iter().position(|symbol| char::from(*symbol) == upper).ok_or(CodeError::Character(character))?;
            sum += weight(symbols.len() % CODE_LENGTH) * number;
            symbols.push(ALPHABET[number]);
        }
        let symbols: [u8; CODE_LENGTH] = symbols.try_into().map_err(|all: Vec<u8>| CodeError::Length(all.len()))?;
        if sum.is_multiple_of(MODULUS) { Ok(Self(symbols)) } else { Err(CodeError::Check) }
    }
}

/// Weights 1..=8: all different and none zero modulo 23, on which the two guarantees rest.
fn weight(place: usize) -> usize {
    place + 1
}

impl fmt::Display for IdentificationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, symbol) in self.0.iter().enumerate() {
            if place == CODE_LENGTH / 2 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*symbol))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn symbols(code: &IdentificationCode) -> Vec<char> {
        code.to_string().chars().filter(|c| *c != '-').collect()
    }

    proptest! {
        #[test]
        fn a_code_reads_back_however_it_is_written(payload: [usize; 7]) {
            let code = IdentificationCode::from_payload(payload);
            prop_assert_eq!(IdentificationCode::parse(&code.to_string()), Ok(code.clone()));
            let spoken = code.to_string().to_lowercase().replace('-', "  ");
            prop_assert_eq!(IdentificationCode::parse(&spoken), Ok(code));
        }

        #[test]
        fn every_single_substitution_is_caught(payload: [usize; 7]) {
            let right = symbols(&IdentificationCode::from_payload(payload));
            for place in 0..CODE_LENGTH {
                for symbol in ALPHABET.iter().map(|symbol| char::from(*symbol)).filter(|symbol| *symbol != right[place]) {
                    let mut wrong = right.clone();
                    wrong[place] = symbol;
                    prop_assert_eq!(IdentificationCode::parse(&wrong.iter().collect::<String>()), Err(CodeError::Check));
                }
            }
        }

        #[test]
        fn every_swap_of_two_different_symbols_is_caught(payload: [usize; 7]) {
            let right = symbols(&IdentificationCode::from_payload(payload));
            for first in 0..CODE_LENGTH {
                for second in (first + 1..CODE_LENGTH).filter(|second| right[*second] != right[first]) {
                    let mut wrong = right.clone();
                    wrong.swap(first, second);
                    prop_assert_eq!(IdentificationCode::parse(&wrong.iter().collect::<String>()), Err(CodeError::Check));
                }
            }
        }

        #[test]
        fn any_text_is_answered_without_panic(text: String) {
            let _ = IdentificationCode::parse(&text);
        }
    }

    #[test]
    fn slips_are_named() {
        let cases = [
            ("", CodeError::Length(0)),
            ("23", CodeError::Length(2)),
            ("2222-2222-2", CodeError::Length(9)),
            ("O", CodeError::Character('O')),
        ];
        for (text, error) in cases {
            assert_eq!(IdentificationCode::parse(text), Err(error), "{text:?}");
        }
    }
}
