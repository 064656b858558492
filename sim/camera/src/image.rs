//! Small pictures with their reductions by halves, for plates, codes and facades. Colours are square roots of reflectance, as
//! everywhere before the light falls on them (see `shade`).

/// Red, green, blue and a fourth value in one word, red lowest.
pub(crate) const fn pack(colour: [u8; 3], fourth: u8) -> u32 {
    u32::from_le_bytes([colour[0], colour[1], colour[2], fourth])
}

/// Weighted middle of two packed colours; `share` 0..=256 of the second.
#[inline(always)]
pub(crate) fn blend(a: u32, b: u32, share: u32) -> u32 {
    const EVEN: u32 = 0x00FF_00FF;
    let even = ((a & EVEN) * (256 - share) + (b & EVEN) * share) >> 8;
    let odd = ((a >> 8) & EVEN) * (256 - share) + ((b >> 8) & EVEN) * share;
    (even & EVEN) | (odd & !EVEN)
}

#[derive(Debug, Clone, PartialEq)]
struct Level {
    width: usize,
    height: usize,
    texels: Vec<u32>,
}

/// A picture and its halvings, down to one texel.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Image {
    levels: Vec<Level>,
}

impl Image {
    pub(crate) fn new(width: usize, height: usize, texel: impl Fn(usize, usize) -> u32) -> Self {
        let texels = (0..width * height).map(|index| texel(index % width, index / width)).collect();
        let mut levels = vec![Level { width, height, texels }];
        while let Some(last) = levels.last().filter(|level| level.width > 1 || level.height > 1) {
            levels.push(last.halved());
        }
        Self { levels }
    }

    /// The colour at u, v (0..1 each) where one pixel covers `span` of the whole picture's width.
    pub(crate) fn sample(&self, u: f32, v: f32, span: f32) -> u32 {
        let wanted = (span * self.levels[0].width as f32).max(1.0).log2() + 0.25;
        let level = &self.levels[(wanted as usize).min(self.levels.len() - 1)];
        let x = (u * level.width as f32 - 0.5).clamp(0.0, level.width as f32 - 1.0);
        let y = (v * level.height as f32 - 0.5).clamp(0.0, level.height as f32 - 1.0);
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(level.width - 1), (top + 1).min(level.height - 1));
        let (share_x, share_y) = ((x.fract() * 256.0) as u32, (y.fract() * 256.0) as u32);
        let upper = blend(level.texels[top * level.width + left], level.texels[top * level.width + right], share_x);
        let lower = blend(level.texels[bottom * level.width + left], level.texels[bottom * level.width + right], share_x);
        blend(upper, lower, share_y)
    }
}

impl Level {
    fn halved(&self) -> Self {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let at = |x: usize, y: usize| self.texels[y.min(self.height - 1) * self.width + x.min(self.width - 1)];
        let texel = |index: usize| {
            let (x, y) = (index % width * 2, index / width * 2);
            blend(blend(at(x, y), at(x + 1, y), 128), blend(at(x, y + 1), at(x + 1, y + 1), 128), 128)
        };
        Self { width, height, texels: (0..width * height).map(texel).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_picture_seen_in_one_pixel_is_its_mean() {
        let board = Image::new(8, 8, |x, y| pack(if (x + y) % 2 == 0 { [200; 3] } else { [0; 3] }, 255));
        let [red, .., fourth] = board.sample(0.5, 0.5, 1.0).to_le_bytes();
        assert!((95..=101).contains(&red), "{red}");
        assert!(fourth >= 250);
        assert_eq!(board.sample(0.0, 0.0, 0.01).to_le_bytes()[0], 200);
    }
}
