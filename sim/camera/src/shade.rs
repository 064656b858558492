//! Lets light fall on what the raster shows: sky, sun or lamps, the spotlight; exposes, compresses highlights, adds haze.
//!
//! Numbers: a surface keeps the root a of its reflectance, and the picture is coded as the root of exposed light (close to the
//! 2.2 of displays). So the picture is a · √L with L the exposed light on the surface: no step needs another curve than the last
//! one, which bends highlights. L at full white is 1.

use crate::daylight::{Daylight, LAMP_LUX_MAX};
use crate::exposure::{AIM, Exposure};
use crate::geometry::{Vector, vector};
use crate::image::{blend, pack};
use crate::raster::{Raster, Surface, View};
use crate::scene::Spotlight;

/// Level ground of the tiles.
pub(crate) const GROUND: Surface = 0;
/// Anything else that faces up.
pub(crate) const UP: Surface = 1;
const WALLS: Surface = 2;
const WALL_COUNT: u8 = 32;
const SLOPES: Surface = WALLS + WALL_COUNT;
const SLOPE_COUNT: u8 = 16;
const DOWN: Surface = SLOPES + SLOPE_COUNT;
/// Windows with light behind them.
pub(crate) const WINDOW: Surface = DOWN + 1;
/// Lamps seen from below or aside, head and tail lights.
pub(crate) const LAMP: Surface = WINDOW + 1;
pub(crate) const HEADLIGHT: Surface = LAMP + 1;
pub(crate) const TAIL_LIGHT: Surface = HEADLIGHT + 1;
/// No surface at all.
pub(crate) const SKY: Surface = TAIL_LIGHT + 1;
const SURFACES: usize = SKY as usize + 1;

/// Light of the street lamps and of the spotlight by colour; their sum is that of white light.
const LAMP_COLOUR: [f32; 3] = [1.22, 0.98, 0.66];
const SPOT_COLOUR: [f32; 3] = [0.97, 1.0, 1.08];
/// What shines by itself, as if white paper stood in this light, lux.
const WINDOW_LUX: f32 = 24.0;
const LAMP_GLOW_LUX: f32 = 900.0;
const HEADLIGHT_LUX: f32 = 500.0;
const TAIL_LIGHT_LUX: f32 = 60.0;
/// Share of the light on the ground that comes back from it.
const BOUNCE: f32 = 0.14;
/// Highest factor that is kept, 256 being one: beyond four times white nothing tells the difference.
const FACTOR_MAX: f32 = 1_023.0;
/// Where the picture's values begin to bend, of 255.
const SHOULDER: f32 = 176.0;
/// Haze begins and grows over these depths, metres.
const HAZE_FROM_M: f32 = 90.0;
const HAZE_GROWS_M: f32 = 2_600.0;
/// Light lost in the corners against the middle.
const VIGNETTING: f32 = 0.26;
/// What the beam falls on comes to this share of full white: bright, with the folds of a coat still to be seen.
const LIT_AIM: f32 = 0.45;

/// The surface number of something that faces this way.
pub(crate) fn facing(normal: Vector) -> Surface {
    let n = normal.unit();
    if n.z > 0.88 {
        return UP;
    }
    if n.z < -0.6 {
        return DOWN;
    }
    let turn = n.x.atan2(n.y).rem_euclid(std::f32::consts::TAU) / std::f32::consts::TAU;
    if n.z > 0.38 {
        SLOPES + (turn * f32::from(SLOPE_COUNT) + 0.5) as u8 % SLOPE_COUNT
    } else {
        WALLS + (turn * f32::from(WALL_COUNT) + 0.5) as u8 % WALL_COUNT
    }
}

fn normal_of(surface: Surface) -> Vector {
    let turned = |step: u8, count: u8| (f32::from(step) / f32::from(count) * std::f32::consts::TAU).sin_cos();
    match surface {
        DOWN => vector(0.0, 0.0, -1.0),
        WALLS..SLOPES => {
            let (sin, cos) = turned(surface - WALLS, WALL_COUNT);
            vector(sin, cos, 0.0)
        }
        SLOPES..DOWN => {
            let (sin, cos) = turned(surface - SLOPES, SLOPE_COUNT);
            vector(sin, cos, 0.8).unit()
        }
        _ => vector(0.0, 0.0, 1.0),
    }
}

/// The light on every surface, in lux, before exposure.
#[derive(Debug, Clone)]
pub(crate) struct Lighting {
    daylight: Daylight,
    /// Light that is there anyway, and light that the fourth value of a colour lets through, by surface.
    steady_lux: Vec<[f32; 3]>,
    direct_lux: Vec<[f32; 3]>,
    normals: Vec<Vector>,
}

impl Lighting {
    pub(crate) fn new(daylight: &Daylight) -> Self {
        let surfaces = 0..SURFACES as u8;
        Self {
            daylight: *daylight,
            steady_lux: surfaces.clone().map(|surface| steady_lux(daylight, surface)).collect(),
            direct_lux: surfaces.clone().map(|surface| direct_lux(daylight, surface)).collect(),
            normals: surfaces.map(normal_of).collect(),
        }
    }

    /// Light on a surface where this much of the sun or the lamps arrives (0..=255, root).
    fn lux(&self, surface: Surface, arriving: u8) -> [f32; 3] {
        let share = (f32::from(arriving) / 255.0).powi(2);
        let (steady, direct) = (self.steady_lux[usize::from(surface)], self.direct_lux[usize::from(surface)]);
        std::array::from_fn(|i| steady[i] + direct[i] * share)
    }
}

fn shines_lux(surface: Surface) -> Option<f32> {
    match surface {
        WINDOW => Some(WINDOW_LUX),
        LAMP => Some(LAMP_GLOW_LUX),
        HEADLIGHT => Some(HEADLIGHT_LUX),
        TAIL_LIGHT => Some(TAIL_LIGHT_LUX),
        _ => None,
    }
}

fn steady_lux(daylight: &Daylight, surface: Surface) -> [f32; 3] {
    if let Some(lux) = shines_lux(surface) {
        return [lux; 3];
    }
    let up = normal_of(surface).z;
    let ground_lux: [f32; 3] = std::array::from_fn(|i| daylight.sky_lux[i] + daylight.sun_lux[i] * daylight.sun[2].max(0.0) * 0.8);
    let (open, low) = ((1.0 + up) / 2.0, (1.0 - up) / 2.0);
    std::array::from_fn(|i| daylight.sky_lux[i] * open * (0.75 + 0.25 * up.max(0.0)) + BOUNCE * low * ground_lux[i])
}

fn direct_lux(daylight: &Daylight, surface: Surface) -> [f32; 3] {
    if shines_lux(surface).is_some() {
        return [0.0; 3];
    }
    let normal = normal_of(surface);
    if daylight.lamps {
        // Lamps stand all round: a wall gets about half of what the ground gets.
        let share = 0.45 + 0.55 * normal.z.max(-0.6);
        return LAMP_COLOUR.map(|part| part * LAMP_LUX_MAX * share);
    }
    let facing = normal.dot(daylight.sun.map(f64::from).into()).max(0.0);
    daylight.sun_lux.map(|part| part * facing)
}

/// The beam, as each pixel sees it: the light hangs beside the lens, so that only the pixel's direction and depth count.
#[derive(Debug, Clone, Copy)]
struct Beam {
    /// Axis in camera coordinates.
    axis: Vector,
    intensity_cd: f32,
    inner_cos: f32,
    outer_cos: f32,
}

impl Beam {
    fn new(spotlight: &Spotlight, view: &View) -> Option<Self> {
        let intensity_cd = (spotlight.intensity_cd * spotlight.brightness.clamp(0.0, 1.0)) as f32;
        if intensity_cd <= 0.0 || !intensity_cd.is_finite() {
            return None;
        }
        let axis = spotlight.heading_pitch_deg.map_or(vector(0.0, 0.0, 1.0), |[heading, pitch]| {
            let ((sin_h, cos_h), (sin_p, cos_p)) = (heading.to_radians().sin_cos(), pitch.to_radians().sin_cos());
            view.turned([sin_h * cos_p, cos_h * cos_p, sin_p].into())
        });
        let cosine = |degrees: f64| degrees.to_radians().cos() as f32;
        Some(Self { axis, intensity_cd, inner_cos: cosine(spotlight.inner_deg), outer_cos: cosine(spotlight.outer_deg) })
    }

    /// Light on a surface that faces the lens, lux; `way` points into the picture with z = 1.
    fn lux(&self, way: Vector, inverse_depth: f32) -> f32 {
        let length2 = way.dot(way);
        let cosine = self.axis.dot(way) / length2.sqrt();
        let edge = ((cosine - self.outer_cos) / (self.inner_cos - self.outer_cos)).clamp(0.0, 1.0);
        let soft = edge * edge * (3.0 - 2.0 * edge);
        self.intensity_cd * soft * inverse_depth * inverse_depth / length2
    }

    /// Columns that the beam can reach in this row: those of a circle round the cone, or all where that is not simple.
    fn columns(&self, view: &View, y: f32, width: usize) -> std::ops::Range<usize> {
        // Far from the middle of the picture the cone's cut is no circle any more.
        const SIMPLE_COS: f32 = 0.9;
        if self.axis.z < SIMPLE_COS || self.outer_cos < SIMPLE_COS {
            return 0..width;
        }
        let (x0, y0) = (self.axis.x / self.axis.z, self.axis.y / self.axis.z);
        let tangent = (1.0 - self.outer_cos * self.outer_cos).sqrt() / self.outer_cos;
        // Away from the middle the cut grows: by the square along the way out, and a little to be sure.
        let reach = tangent * (1.0 + 1.6 * (x0 * x0 + y0 * y0)) * view.focal_px + 2.0;
        let (middle_x, middle_y) = (view.centre_px[0] + x0 * view.focal_px, view.centre_px[1] + y0 * view.focal_px);
        let half2 = reach * reach - (y - middle_y).powi(2);
        if half2 <= 0.0 {
            return 0..0;
        }
        let half = half2.sqrt();
        (middle_x - half).clamp(0.0, width as f32) as usize..(middle_x + half + 1.0).clamp(0.0, width as f32) as usize
    }
}

/// Mean light that comes back from the scene, lux, over every sixteenth pixel each way: what the exposure is set by. What is
/// brighter than eight times the mean of roots counts less, as meters do that protect the subject and not the lamps. What the
/// aircraft's own light falls on is the subject: it is not let burn out, and the rest of the picture is as dark as that makes it.
pub(crate) fn measure(raster: &Raster, lighting: &Lighting, view: &View, spotlight: &Spotlight) -> f32 {
    const EACH: usize = 12;
    let beam = Beam::new(spotlight, view);
    let (mut sum, mut weight, mut lit) = (0.0, 0.0, Vec::new());
    for row in (EACH / 2..raster.height).step_by(EACH) {
        for column in (EACH / 2..raster.width).step_by(EACH) {
            let at = row * raster.width + column;
            let [_, green, _, arriving] = raster.colour[at].to_le_bytes();
            let way = way_of(view, column, row);
            let surface = raster.surface[at];
            let lux = if surface == SKY {
                sky_lux(&lighting.daylight, 0.2)[1]
            } else {
                let normal = lighting.normals[usize::from(surface)];
                let beam_lux = beam.map_or(0.0, |beam| beam.lux(way, raster.inverse_depth[at]) * cosine_to(view, normal, way));
                let reflectance = (f32::from(green) / 255.0).powi(2);
                if 0.0 < beam_lux {
                    lit.push(beam_lux * reflectance);
                }
                (lighting.lux(surface, arriving)[1] + beam_lux) * reflectance
            };
            let (x, y) = (column as f32 / raster.width as f32 - 0.5, row as f32 / raster.height as f32 - 0.5);
            // The middle counts more.
            let counts = 1.3 - (x * x + y * y);
            sum += lux.sqrt() * counts;
            weight += counts;
        }
    }
    let root: f32 = sum / weight.max(1e-6);
    (root * root).max(held_back(lit))
}

/// The mean that the meter must show so that what the beam falls on stays below full white; 0 without a beam.
fn held_back(mut lit: Vec<f32>) -> f32 {
    /// Of the measured points in the beam this share may be brighter: white lines, a plate.
    const MAY_BURN: f32 = 0.15;
    lit.sort_by(f32::total_cmp);
    let at = (lit.len() as f32 * (1.0 - MAY_BURN)) as usize;
    lit.get(at.min(lit.len().saturating_sub(1))).map_or(0.0, |lux| lux * AIM / LIT_AIM)
}

fn way_of(view: &View, column: usize, row: usize) -> Vector {
    vector((column as f32 + 0.5 - view.centre_px[0]) / view.focal_px, (row as f32 + 0.5 - view.centre_px[1]) / view.focal_px, 1.0)
}

/// How squarely light from the lens falls on a surface with this normal in the world.
fn cosine_to(view: &View, normal: Vector, way: Vector) -> f32 {
    (-view.turned(normal).dot(way) / way.length()).max(0.0)
}

/// The colour of the sky this far above the horizon (sine), lux as if white paper shone so.
fn sky_lux(daylight: &Daylight, sine: f32) -> [f32; 3] {
    let height = sine.clamp(0.0, 1.0).sqrt();
    let (low, high): ([f32; 3], [f32; 3]) = if daylight.lamps {
        // Dusk glows at the horizon; a town lights the haze above it.
        ([1.55, 1.12, 0.92], [0.30, 0.42, 0.72])
    } else {
        ([1.10, 1.14, 1.18], [0.38, 0.62, 1.05])
    };
    std::array::from_fn(|i| daylight.sky_lux[i] * (low[i] + (high[i] - low[i]) * height))
}

/// The tables of one frame.
pub(crate) struct Shading<'a> {
    lighting: &'a Lighting,
    view: &'a View,
    beam: Option<Beam>,
    exposed_per_lux: f32,
    /// By surface and arriving light: factors of red, green and blue, 256 being one.
    factors: Vec<[u16; 4]>,
    tone: Vec<u8>,
    haze: u32,
}

impl<'a> Shading<'a> {
    pub(crate) fn new(lighting: &'a Lighting, view: &'a View, spotlight: &Spotlight, exposure: &Exposure) -> Self {
        let exposed_per_lux = exposure.exposed_per_lux();
        let factors = (0..SURFACES * 256).map(|index| {
            let lux = lighting.lux((index / 256) as u8, (index % 256) as u8);
            let [red, green, blue] = lux.map(|part| factor(part * exposed_per_lux));
            [red, green, blue, 0]
        });
        let tone: Vec<u8> = (0..=1_023).map(|value| toned(value as f32)).collect();
        let haze = sky_code(&lighting.daylight, 0.0, exposed_per_lux, &tone);
        let beam = Beam::new(spotlight, view);
        Self { lighting, view, beam, exposed_per_lux, factors: factors.collect(), tone, haze }
    }

    /// Replaces every colour by what the sensor sees.
    pub(crate) fn shade(&self, raster: &mut Raster) {
        let vignette = Vignette::new(raster.width, raster.height);
        for row in 0..raster.height {
            let pixels = row * raster.width..(row + 1) * raster.width;
            let (colours, surfaces) = (&mut raster.colour[pixels.clone()], &raster.surface[pixels.clone()]);
            let depths = &raster.inverse_depth[pixels];
            let lit = self.beam.map_or(0..0, |beam| beam.columns(self.view, row as f32 + 0.5, colours.len()));
            if let Some(beam) = self.beam {
                self.shade_plain(&mut colours[..lit.start], &surfaces[..lit.start]);
                self.shade_plain(&mut colours[lit.end..], &surfaces[lit.end..]);
                self.shade_lit(&beam, row, lit, colours, surfaces, depths);
            } else {
                self.shade_plain(colours, surfaces);
            }
            self.veil(row, colours, depths);
            vignette.darken(row, colours);
        }
    }

    fn shade_plain(&self, colours: &mut [u32], surfaces: &[Surface]) {
        let tone: &[u8; 1_024] = self.tone.as_slice().try_into().expect("the tone table has 1,024 values");
        for (colour, surface) in colours.iter_mut().zip(surfaces) {
            let [red, green, blue, arriving] = colour.to_le_bytes();
            let factors = self.factors[usize::from(*surface) * 256 + usize::from(arriving)];
            let bent = |part: u8, factor: u16| tone[((u32::from(part) * u32::from(factor)) >> 8) as usize & 1_023];
            *colour = pack([bent(red, factors[0]), bent(green, factors[1]), bent(blue, factors[2])], 0);
        }
    }

    fn shade_lit(
        &self,
        beam: &Beam,
        row: usize,
        columns: std::ops::Range<usize>,
        colours: &mut [u32],
        surfaces: &[Surface],
        depths: &[f32],
    ) {
        let normals: Vec<Vector> = self.lighting.normals.iter().map(|normal| self.view.turned(*normal)).collect();
        let shines = usize::from(WINDOW);
        for column in columns {
            let [red, green, blue, arriving] = colours[column].to_le_bytes();
            let surface = usize::from(surfaces[column]);
            let factors = self.factors[surface * 256 + usize::from(arriving)];
            let way = way_of(self.view, column, row);
            let lux = if surface >= shines {
                0.0
            } else {
                beam.lux(way, depths[column]) * (-normals[surface].dot(way) / way.dot(way).sqrt()).max(0.0)
            };
            let exposed = lux * self.exposed_per_lux;
            let bent = |part: u8, channel: usize| {
                let before = f32::from(factors[channel]) / 256.0;
                let factor = (before * before + exposed * SPOT_COLOUR[channel]).sqrt();
                self.tone[((f32::from(part) * factor) as usize).min(1_023)]
            };
            colours[column] = pack([bent(red, 0), bent(green, 1), bent(blue, 2)], 0);
        }
    }

    /// Sky, and haze over what is far.
    fn veil(&self, row: usize, colours: &mut [u32], depths: &[f32]) {
        const CLEAR: f32 = 1.0 / HAZE_FROM_M;
        for (column, (colour, inverse_depth)) in colours.iter_mut().zip(depths).enumerate() {
            if *inverse_depth >= CLEAR {
                continue;
            }
            if *inverse_depth <= 0.0 {
                let way = way_of(self.view, column, row);
                let look = self.view.right * way.x + self.view.down * way.y + self.view.forward;
                *colour = sky_code(&self.lighting.daylight, look.z / look.length(), self.exposed_per_lux, &self.tone);
            } else {
                let share = ((1.0 / inverse_depth - HAZE_FROM_M) / HAZE_GROWS_M).min(1.0).sqrt() * 0.9;
                *colour = blend(*colour, self.haze, (share * share * 256.0) as u32);
            }
        }
    }
}

fn factor(exposed: f32) -> u16 {
    (exposed.sqrt() * 256.0).min(FACTOR_MAX) as u16
}

/// The bend of the highlights; 255 is reached slowly.
fn toned(value: f32) -> u8 {
    let room = 255.0 - SHOULDER;
    let bent = if value <= SHOULDER { value } else { SHOULDER + room * (1.0 - (-(value - SHOULDER) / (room * 1.25)).exp()) };
    // A little more contrast in the dark half, as cameras give for the eye.
    let share = bent / 255.0;
    (255.0 * (share + 0.22 * share * (share - 0.5) * (1.0 - share))).clamp(0.0, 255.0) as u8
}

fn sky_code(daylight: &Daylight, sine: f32, exposed_per_lux: f32, tone: &[u8]) -> u32 {
    let part = |lux: f32| tone[(((lux * exposed_per_lux).sqrt() * 255.0) as usize).min(1_023)];
    pack(sky_lux(daylight, sine).map(part), 0)
}

/// Darker corners: the loss grows with the square of the distance from the middle.
struct Vignette {
    columns: Vec<u32>,
    rows: Vec<u32>,
}

impl Vignette {
    fn new(width: usize, height: usize) -> Self {
        let corner2 = (width * width + height * height) as f32 / 4.0;
        let loss = |count: usize| {
            let off = move |at: usize| at as f32 + 0.5 - count as f32 / 2.0;
            // Half of the loss: the picture is a root of light.
            move |at: usize| (off(at) * off(at) / corner2 * VIGNETTING / 2.0 * 256.0) as u32
        };
        Self { columns: (0..width).map(loss(width)).collect(), rows: (0..height).map(loss(height)).collect() }
    }

    fn darken(&self, row: usize, colours: &mut [u32]) {
        const EVEN: u32 = 0x00FF_00FF;
        let left = 256 - self.rows[row];
        for (colour, loss) in colours.iter_mut().zip(&self.columns) {
            let keep = left - loss;
            let even = (((*colour & EVEN) * keep) >> 8) & EVEN;
            let odd = (((*colour >> 8) & 0xFF) * keep) & 0xFF00;
            *colour = even | odd;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corners_are_darker_than_the_middle_and_all_four_alike() {
        let (width, height) = (64, 36);
        let vignette = Vignette::new(width, height);
        let row = |number: usize| {
            let mut colours = vec![0x00C8_C8C8_u32; width];
            vignette.darken(number, &mut colours);
            colours.into_iter().map(|colour| colour & 0xFF).collect::<Vec<u32>>()
        };
        let (top, middle, bottom) = (row(0), row(height / 2), row(height - 1));
        assert!(middle[width / 2] >= 198, "the middle is left alone: {}", middle[width / 2]);
        let corners = [top[0], top[width - 1], bottom[0], bottom[width - 1]];
        let expected = 200.0 * (1.0 - VIGNETTING / 2.0);
        assert!(corners.iter().all(|corner| (*corner as f32 - expected).abs() < 6.0), "{corners:?}, expected {expected}");
        assert!(middle.windows(2).take(width / 2).all(|pair| pair[0] <= pair[1]), "it falls off outwards");
    }

    #[test]
    fn surfaces_face_where_they_were_made_for() {
        for turn in 0..16 {
            let (sin, cos) = (turn as f32 / 16.0 * std::f32::consts::TAU).sin_cos();
            for normal in [vector(sin, cos, 0.0), vector(sin, cos, 0.8).unit(), vector(0.0, 0.0, 1.0), vector(0.0, 0.0, -1.0)] {
                assert!(normal_of(facing(normal)).dot(normal) > 0.98, "{normal:?}");
            }
        }
    }

    #[test]
    fn highlights_bend_and_never_turn_back() {
        let tones: Vec<u8> = (0..1_024).map(|value| toned(value as f32)).collect();
        assert!(tones.is_sorted());
        assert!(tones[0] == 0 && tones[255] < 250 && tones[1_023] >= 252, "{} {}", tones[255], tones[1_023]);
    }
}
