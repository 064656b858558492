//! Number plates: every current Korean form, and free form for the rest; one text for one car however it was typed.
//!
//! Forms as in the Ministry of Land's notice on the standards of registration plates (자동차 등록번호판 등의 기준에 관한 고시).
//! Electric cars bear the same text on blue. Motorcycles have a digit, a letter, a digit and four digits since 2026-03-20, and named region
//! and district before (the Ministry's change to the same notice of 2024-11-06). Construction machines have a class that begins with 0
//! since November 2022; the form before is that of cars. Temporary plates bear 임 or 임시.

mod matching;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::PLATE_LENGTH_MAX;
pub use matching::{Closest, closest, distance};

/// What kind of plate it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PlateForm {
    /// Private cars: two or three digits, a letter, four digits.
    Private,
    /// The form before 2004 with the region's name, private letters.
    Regional,
    /// Taxis, buses and lorries for hire: 아, 바, 사, 자, with or without the region; parcel vans: 배.
    Commercial,
    /// Rental cars: 하, 허, 호.
    Rental,
    /// Armed forces: 국, 합, 육, 해, 공.
    Military,
    /// Diplomatic and consular: a word, six digits.
    Diplomatic,
    /// Motorcycles: a digit, a letter, five digits; before 2026 region, district, a letter, four digits.
    Motorcycle,
    /// Construction machines: three digits of which the first is 0, a letter, four digits.
    Construction,
    /// Temporary permits: 임 or 임시, with or without region and district, four to six digits.
    Temporary,
    /// Anything else: foreign plates, and what was before 1973.
    Free,
}

/// Why a text is no plate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlateError {
    /// Too few or too many characters.
    #[error("a plate has 2 to {PLATE_LENGTH_MAX} letters and digits, this one has {0}")]
    Length(usize),
    /// Neither letter nor digit.
    #[error("a plate has letters and digits, not {0:?}")]
    Character(char),
    /// No digit at all.
    #[error("a plate has at least one digit")]
    NoDigit,
}

/// A plate in its one normal spelling: no blanks, capital letters, whole Hangul syllables.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Plate(String);

const REGIONS: &[&str] = &[
    "서울", "부산", "대구", "인천", "광주", "대전", "울산", "세종", "경기", "강원", "충북", "충남", "전북", "전남", "경북", "경남",
    "제주",
];
const PRIVATE_LETTERS: &str = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주";
const COMMERCIAL_LETTERS: &str = "아바사자배";
const RENTAL_LETTERS: &str = "하허호";
const MILITARY_LETTERS: &str = "국합육해공";
const DIPLOMATIC_WORDS: &[&str] = &["외교", "영사", "준외", "준영", "국기", "협정", "대표"];

impl Plate {
    /// Reads a plate as somebody typed it.
    pub fn parse(text: &str) -> Result<Self, PlateError> {
        let mut normal = String::new();
        let mut count = 0;
        for c in compose(text.chars().filter_map(plain)) {
            if !(c.is_ascii_alphanumeric() || is_syllable(c)) {
                return Err(PlateError::Character(c));
            }
            normal.push(c);
            count += 1;
            if count > PLATE_LENGTH_MAX {
                return Err(PlateError::Length(count));
            }
        }
        if count < 2 {
            return Err(PlateError::Length(count));
        }
        if !normal.contains(|c: char| c.is_ascii_digit()) {
            return Err(PlateError::NoDigit);
        }
        Ok(Self(normal))
    }

    /// The normal spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Which form it has.
    pub fn form(&self) -> PlateForm {
        if let Some(digits) = after_any(&self.0, DIPLOMATIC_WORDS) {
            return if all_digits(digits, 6..=6) { PlateForm::Diplomatic } else { PlateForm::Free };
        }
        let region = after_any(&self.0, REGIONS);
        let bare = region.unwrap_or(&self.0);
        if is_temporary(bare) {
            return PlateForm::Temporary;
        }
        if region.is_some_and(is_district_motorcycle) {
            return PlateForm::Motorcycle;
        }
        let Some((class, letter, serial)) = split(bare) else { return PlateForm::Free };
        if region.is_none() && all_digits(class, 1..=1) && is_syllable(letter) && all_digits(serial, 5..=5) {
            return PlateForm::Motorcycle;
        }
        if region.is_none()
            && class.starts_with('0')
            && all_digits(class, 3..=3)
            && is_syllable(letter)
            && all_digits(serial, 4..=4)
        {
            return PlateForm::Construction;
        }
        let class_digits = if region.is_some() { 1..=3 } else { 2..=3 };
        if !all_digits(class, class_digits) || !all_digits(serial, 4..=4) {
            return PlateForm::Free;
        }
        form_of(letter, region.is_some())
    }

    /// Whether the two are one car's plate of which only one bears its region's name. Never for motorcycles, whose letters and digits
    /// repeat from district to district.
    pub fn is_same_but_for_region(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.without_region(), other.without_region());
        let one_bears_it = (mine.len() == self.0.len()) != (theirs.len() == other.0.len());
        one_bears_it && mine == theirs && mine.starts_with(|c: char| c.is_ascii_digit())
    }

    /// The plate without its region's name; cameras often miss the small print.
    pub(crate) fn without_region(&self) -> &str {
        after_any(&self.0, REGIONS).unwrap_or(&self.0)
    }

    /// What a stranger who pays may see: enough to know the car again, not enough to look it up. All but the last two digits and
    /// any letter in the middle are hidden.
    pub fn masked(&self) -> String {
        let hidden = self.0.chars().count().saturating_sub(2);
        let kept = |(place, c): (usize, char)| if place < hidden && !is_syllable(c) { '*' } else { c };
        let text = self.without_region();
        let skipped = self.0.chars().count() - text.chars().count();
        text.chars().enumerate().map(|(place, c)| kept((place + skipped, c))).collect()
    }
}

/// A word, or a place of two to four syllables and a word, and digits.
fn is_temporary(bare: &str) -> bool {
    let at = bare.find(|c: char| c.is_ascii_digit()).unwrap_or(bare.len());
    let (words, digits) = bare.split_at(at);
    let place = words.strip_suffix("임시").or_else(|| words.strip_suffix('임'));
    place.is_some_and(|place| matches!(place.chars().count(), 0 | 2..=4)) && all_digits(digits, 4..=6)
}

/// After the region: a district of two to four syllables, a letter, four digits.
fn is_district_motorcycle(after_region: &str) -> bool {
    let at = after_region.find(|c: char| c.is_ascii_digit()).unwrap_or(after_region.len());
    let (words, digits) = after_region.split_at(at);
    words.chars().all(is_syllable) && (3..=5).contains(&words.chars().count()) && all_digits(digits, 4..=4)
}

fn form_of(letter: char, with_region: bool) -> PlateForm {
    if PRIVATE_LETTERS.contains(letter) {
        return if with_region { PlateForm::Regional } else { PlateForm::Private };
    }
    if COMMERCIAL_LETTERS.contains(letter) {
        return PlateForm::Commercial;
    }
    match (RENTAL_LETTERS.contains(letter), MILITARY_LETTERS.contains(letter), with_region) {
        (true, _, _) => PlateForm::Rental,
        (_, true, false) => PlateForm::Military,
        _ => PlateForm::Free,
    }
}

fn after_any<'a>(text: &'a str, words: &[&str]) -> Option<&'a str> {
    words.iter().find_map(|word| text.strip_prefix(word))
}

/// Digits, one syllable, digits.
fn split(text: &str) -> Option<(&str, char, &str)> {
    let (at, letter) = text.char_indices().find(|(_, c)| !c.is_ascii_digit())?;
    Some((&text[..at], letter, &text[at + letter.len_utf8()..]))
}

fn all_digits(text: &str, count: std::ops::RangeInclusive<usize>) -> bool {
    count.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Folds a character: wide forms to plain ones, small letters to capitals; blanks and punctuation between groups vanish.
fn plain(c: char) -> Option<char> {
    match c {
        c if c.is_whitespace() => None,
        '-' | '.' | '·' | '‐' | '–' | '_' | '\u{200b}' => None,
        '\u{ff01}'..='\u{ff5e}' => plain(char::from_u32(u32::from(c) - 0xfee0)?),
        c => Some(c.to_ascii_uppercase()),
    }
}

fn is_syllable(c: char) -> bool {
    ('가'..='힣').contains(&c)
}

/// Puts decomposed Hangul (some telephones type it so) together, by the arithmetic of the Unicode Standard, section 3.12.
fn compose(characters: impl Iterator<Item = char>) -> Vec<char> {
    let mut composed: Vec<char> = Vec::new();
    for c in characters {
        let joined = composed.last().and_then(|last| join(*last, c));
        match joined {
            Some(syllable) => {
                composed.pop();
                composed.push(syllable);
            }
            None => composed.push(c),
        }
    }
    composed
}

fn join(first: char, second: char) -> Option<char> {
    let (first, second) = (u32::from(first), u32::from(second));
    let syllable = match (first, second) {
        (0x1100..=0x1112, 0x1161..=0x1175) => 0xac00 + ((first - 0x1100) * 21 + (second - 0x1161)) * 28,
        (0xac00..=0xd7a3, 0x11a8..=0x11c2) if (first - 0xac00).is_multiple_of(28) => first + (second - 0x11a7),
        _ => return None,
    };
    char::from_u32(syllable)
}

impl fmt::Display for Plate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Plate {
    type Error = PlateError;
    fn try_from(text: String) -> Result<Self, PlateError> {
        Self::parse(&text)
    }
}

impl From<Plate> for String {
    fn from(plate: Plate) -> String {
        plate.0
    }
}

#[cfg(test)]
mod tests;
