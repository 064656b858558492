//! Korean number plates as pictures: sizes and colours as the Ministry of Land's notice on plates gives them, signs drawn by us.

use crate::image::{Image, pack};
use crate::stroke::{distance, strokes};

/// A long plate: 520 × 110 mm.
pub(crate) const PLATE_WIDTH_M: f32 = 0.52;
pub(crate) const PLATE_HEIGHT_M: f32 = 0.11;
/// Texels across: 1 mm each, less than any camera above a car resolves.
const WIDTH: usize = 520;
const HEIGHT: usize = 110;
/// Signs that are drawn at most; a plate has eight and room for a region's name.
const SIGNS_MAX: usize = 12;

/// What a plate is painted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum PlateStyle {
    /// Black on white: private cars.
    #[default]
    Private,
    /// Black on yellow: taxis, buses, delivery.
    Commercial,
    /// Black on light blue: electric and hydrogen cars.
    Electric,
    /// White on green: as issued until 2006.
    OldGreen,
}

/// A number plate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Plate {
    /// Its number, for example `12가 3456` or `123가 4567`. Digits, Korean syllables and spaces are drawn, other signs leave a gap.
    pub text: String,
    /// Its colours.
    pub style: PlateStyle,
}

impl PlateStyle {
    fn colours(self) -> ([u8; 3], [u8; 3]) {
        match self {
            Self::Private => ([236, 236, 232], [22, 22, 26]),
            Self::Commercial => ([240, 196, 44], [26, 24, 20]),
            Self::Electric => ([140, 196, 226], [22, 24, 40]),
            Self::OldGreen => ([30, 104, 66], [236, 236, 230]),
        }
    }
}

struct Sign {
    strokes: Vec<Vec<[f32; 2]>>,
    left_px: f32,
    width_px: f32,
}

/// The plate as a picture.
pub(crate) fn draw(plate: &Plate) -> Image {
    let (ground, ink) = plate.style.colours();
    let signs = laid_out(&plate.text);
    const TOP_PX: f32 = 18.0;
    const TALL_PX: f32 = 74.0;
    const HALF_STROKE_PX: f32 = 5.6;
    Image::new(WIDTH, HEIGHT, |x, y| {
        let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
        let edge = px.min(WIDTH as f32 - px).min(py).min(HEIGHT as f32 - py);
        if (2.0..4.5).contains(&edge) {
            return pack(ink, 255);
        }
        let under = signs.iter().find(|sign| (sign.left_px - 6.0..sign.left_px + sign.width_px + 6.0).contains(&px));
        let off_px = under.map_or(f32::INFINITY, |sign| {
            let point = [(px - sign.left_px) / sign.width_px, (py - TOP_PX) / TALL_PX];
            distance(&sign.strokes, point, sign.width_px / TALL_PX) * TALL_PX
        });
        let share = (HALF_STROKE_PX + 0.5 - off_px).clamp(0.0, 1.0);
        pack(std::array::from_fn(|i| (f32::from(ground[i]) * (1.0 - share) + f32::from(ink[i]) * share) as u8), 255)
    })
}

fn laid_out(text: &str) -> Vec<Sign> {
    let signs: Vec<char> = text.chars().take(SIGNS_MAX).collect();
    let width = |sign: char| match sign {
        ' ' => 0.45,
        '0'..='9' | '-' => 1.0,
        _ => 1.25,
    };
    let whole: f32 = signs.iter().map(|sign| width(*sign)).sum();
    let unit_px = (470.0 / whole.max(1.0)).min(62.0);
    let mut left_px = (WIDTH as f32 - unit_px * whole) / 2.0;
    let mut laid = Vec::new();
    for sign in signs {
        let room_px = unit_px * width(sign);
        laid.push(Sign { strokes: strokes(sign), left_px: left_px + room_px * 0.13, width_px: room_px * 0.74 });
        left_px += room_px;
    }
    laid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plates_of_different_numbers_differ() {
        let of = |text: &str| draw(&Plate { text: text.to_owned(), style: PlateStyle::Private });
        assert_ne!(of("12가 3456"), of("12가 3457"));
        assert_ne!(of("123가 4567"), of("123나 4567"));
    }

    #[test]
    fn a_plate_that_is_no_number_still_draws() {
        for text in ["", "한글만가득한아주길고긴번호판", "\u{0}\u{1F697}"] {
            draw(&Plate { text: text.to_owned(), style: PlateStyle::Commercial });
        }
    }
}
