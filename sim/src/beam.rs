//! The lit circle: how far somebody is off the middle of an aircraft's light, by what is really so.

/// Half opening of the lit circle, degrees: where the aircraft's light has fallen to half (even to 5°, nothing at 8.5°).
pub(crate) const BEAM_DEG: f64 = 6.75;
/// The middle of a person over the ground, metres.
pub(crate) const PERSON_M: f64 = 1.0;
/// A light below this share of full is none.
pub(crate) const LIT_MIN: f64 = 0.5;

/// The angle between a look (over the horizon, and clockwise from north) and a way east, north, up, degrees.
pub(crate) fn off_beam_deg(pitch_deg: f64, heading_deg: f64, way_m: [f64; 3]) -> f64 {
    let (sin_heading, cos_heading) = heading_deg.to_radians().sin_cos();
    let (sin_pitch, cos_pitch) = pitch_deg.to_radians().sin_cos();
    let look = [cos_pitch * sin_heading, cos_pitch * cos_heading, sin_pitch];
    let dot: f64 = look.iter().zip(way_m).map(|(a, b)| a * b).sum();
    (dot / length_m(way_m)).clamp(-1.0, 1.0).acos().to_degrees()
}

/// The length of a way, metres.
pub(crate) fn length_m(way_m: [f64; 3]) -> f64 {
    way_m.iter().map(|part| part * part).sum::<f64>().sqrt()
}
