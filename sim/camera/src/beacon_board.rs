//! A beacon's printed board as a picture, with what weather and people did to it.

use crate::geometry::{scramble, share_of};
use crate::image::{Image, pack};
use crate::plan::Wear;

/// Modules of quiet zone round the code (ISO/IEC 18004 asks for four).
const QUIET: usize = 4;
/// Texels per module: fine enough for a board that fills the picture.
const TEXELS: usize = 10;
/// Modules of the largest code (version 40).
const MODULES_MAX: usize = 177;

/// A square code as modules; made by whoever prints beacons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeaconCode {
    side: usize,
    dark: Vec<bool>,
}

/// The modules are not a square of 1 to 177.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{modules} modules are not a square of {side} by {side}, or the side is not 1 to {MODULES_MAX}")]
pub struct BeaconCodeError {
    side: usize,
    modules: usize,
}

impl BeaconCode {
    /// Takes the modules row by row from the top left, dark ones true.
    pub fn new(side: usize, dark: Vec<bool>) -> Result<Self, BeaconCodeError> {
        if !(1..=MODULES_MAX).contains(&side) || dark.len() != side * side {
            return Err(BeaconCodeError { side, modules: dark.len() });
        }
        Ok(Self { side, dark })
    }

    /// Modules along one side.
    pub fn side(&self) -> usize {
        self.side
    }

    /// The whole board's side over the code's side.
    pub(crate) fn board_over_code(&self) -> f32 {
        (self.side + 2 * QUIET) as f32 / self.side as f32
    }
}

/// The board as a picture; the fourth value is 0 where it is torn away.
pub(crate) fn draw(code: &BeaconCode, wear: &Wear) -> Image {
    let side = (code.side + 2 * QUIET) * TEXELS;
    let worn = Worn::new(wear);
    Image::new(side, side, |x, y| {
        let (u, v) = ((x as f32 + 0.5) / side as f32, (y as f32 + 0.5) / side as f32);
        worn.texel(u, v, is_dark(code, x / TEXELS, y / TEXELS))
    })
}

fn is_dark(code: &BeaconCode, x: usize, y: usize) -> bool {
    let inside = |value: usize| value.checked_sub(QUIET).filter(|module| *module < code.side);
    inside(x).zip(inside(y)).is_some_and(|(x, y)| code.dark[y * code.side + x])
}

struct Worn {
    wear: Wear,
    /// A number of its own for each pattern.
    numbers: [f32; 6],
}

impl Worn {
    fn new(wear: &Wear) -> Self {
        Self { wear: *wear, numbers: std::array::from_fn(|i| share_of(scramble(wear.seed) ^ i as u64)) }
    }

    fn texel(&self, u: f32, v: f32, dark: bool) -> u32 {
        if self.is_torn(u, v) {
            return 0;
        }
        let fade = self.wear.fade.clamp(0.0, 1.0) as f32;
        let print = if dark { 26.0 + 120.0 * fade } else { 236.0 - 20.0 * fade };
        let mut colour = [print, print, print * 0.99];
        self.soil(u, v, &mut colour);
        self.cover(u, v, &mut colour);
        if self.is_shadowed(u, v) {
            // A hard shadow leaves the sky's light: about a fifth, whose root is 0.45.
            colour = colour.map(|part| part * 0.45);
        }
        self.mirror(u, v, &mut colour);
        pack(colour.map(|part| part.clamp(0.0, 255.0) as u8), 255)
    }

    fn is_torn(&self, u: f32, v: f32) -> bool {
        let tear = self.wear.tear.clamp(0.0, 1.0) as f32;
        let (u, v) = if self.numbers[0] < 0.5 { (u, v) } else { (1.0 - u, v) };
        let ragged = 0.03 * wave(u * 23.0 + self.numbers[1] * 40.0, v * 19.0);
        tear > 0.0 && u + (1.0 - v) < tear * 0.95 + ragged
    }

    fn soil(&self, u: f32, v: f32, colour: &mut [f32; 3]) {
        let dirt = self.wear.dirt.clamp(0.0, 1.0) as f32;
        if dirt <= 0.0 {
            return;
        }
        let shift = self.numbers[2] * 50.0;
        let patch = 0.5 + 0.3 * wave(u * 7.0 + shift, v * 6.0 - shift) + 0.2 * wave(u * 23.0 - shift, v * 21.0 + shift);
        let share = ((patch - (1.0 - dirt)) * 4.0).clamp(0.0, 1.0) * (0.45 + 0.5 * dirt);
        for (part, mud) in colour.iter_mut().zip([112.0, 98.0, 80.0]) {
            *part += (mud - *part) * share;
        }
    }

    fn cover(&self, u: f32, v: f32, colour: &mut [f32; 3]) {
        let cover = self.wear.cover.clamp(0.0, 1.0) as f32;
        let (x, y) = (0.15 + 0.7 * self.numbers[3], 0.15 + 0.7 * self.numbers[4]);
        let reach = cover * 0.55 * (0.85 + 0.15 * wave((u - x) * 9.0, (v - y) * 9.0));
        if cover > 0.0 && (u - x).hypot(v - y) < reach {
            let vein = 12.0 * wave(u * 60.0, v * 17.0);
            *colour = [106.0 + vein, 84.0 + vein, 46.0 + vein * 0.5];
        }
    }

    fn is_shadowed(&self, u: f32, v: f32) -> bool {
        let shadow = self.wear.shadow.clamp(0.0, 1.0) as f32;
        let slope = self.numbers[5] - 0.5;
        shadow > 0.0 && u + (v - 0.5) * slope < shadow * 1.1 - 0.05
    }

    fn mirror(&self, u: f32, v: f32, colour: &mut [f32; 3]) {
        let glare = self.wear.glare.clamp(0.0, 1.0) as f32;
        let off = (u - 0.2 - 0.6 * self.numbers[1]).hypot(v - 0.2 - 0.6 * self.numbers[2]);
        let bright = 320.0 * glare * (-(off * off) / (0.02 + 0.06 * glare)).exp();
        for part in colour {
            *part = part.hypot(bright);
        }
    }
}

/// A smooth pattern within −1..1 that does not repeat soon.
fn wave(x: f32, y: f32) -> f32 {
    0.5 * ((x * 1.3 + 1.7 * (y * 0.9).sin()).sin() + (y * 1.1 + 1.9 * (x * 0.7).cos()).sin())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> BeaconCode {
        BeaconCode::new(21, (0..441).map(|index| index % 3 == 0).collect()).expect("21 by 21")
    }

    #[test]
    fn every_kind_of_wear_changes_the_board() {
        let fresh = draw(&code(), &Wear::default());
        let worn = [
            Wear { dirt: 0.6, ..Wear::default() },
            Wear { tear: 0.4, ..Wear::default() },
            Wear { shadow: 0.5, ..Wear::default() },
            Wear { glare: 0.6, ..Wear::default() },
            Wear { cover: 0.4, ..Wear::default() },
            Wear { fade: 0.6, ..Wear::default() },
        ];
        for wear in worn {
            assert_ne!(draw(&code(), &wear), fresh, "{wear:?}");
        }
    }

    #[test]
    fn modules_that_are_no_square_are_refused() {
        assert!(BeaconCode::new(21, vec![true; 440]).is_err());
        assert!(BeaconCode::new(0, Vec::new()).is_err());
        assert!(BeaconCode::new(178, vec![false; 178 * 178]).is_err());
    }
}
