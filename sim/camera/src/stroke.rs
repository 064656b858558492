//! Digits and Korean syllables as strokes, drawn by us: for number plates. Not a font: only the signs those need.

/// A stroke: points joined by straight lines, in a box of 0..1 each way, y down.
type Stroke = Vec<[f32; 2]>;

/// Corners of a drawn circle; round enough at the sizes of a plate.
const ROUND: usize = 20;
/// First and last Korean syllable of Unicode, and how many share an initial and a vowel (Unicode standard, chapter 3.12).
const SYLLABLES: std::ops::RangeInclusive<u32> = 0xAC00..=0xD7A3;
const PER_INITIAL: u32 = 588;
const PER_VOWEL: u32 = 28;
/// Which initial each simple final sounds and looks like; the doubled ones are not drawn.
const FINALS: [(u32, u32); 14] = [
    (1, 0),
    (4, 2),
    (7, 3),
    (8, 5),
    (16, 6),
    (17, 7),
    (19, 9),
    (21, 11),
    (22, 12),
    (23, 14),
    (24, 15),
    (25, 16),
    (26, 17),
    (27, 18),
];

/// A box within the sign's box: left, top, width, height.
type Frame = [f32; 4];

/// The strokes of a sign; none for a space and for signs not known.
pub(crate) fn strokes(sign: char) -> Vec<Stroke> {
    if SYLLABLES.contains(&u32::from(sign)) {
        return syllable(u32::from(sign) - SYLLABLES.start());
    }
    digit(sign)
}

fn digit(sign: char) -> Vec<Stroke> {
    match sign {
        '0' => vec![ellipse(0.5, 0.5, 0.40, 0.46)],
        '1' => vec![vec![[0.22, 0.22], [0.55, 0.04], [0.55, 0.96]]],
        '2' => vec![joined(arc(0.5, 0.32, 0.40, 0.28, 190.0, 395.0), &[[0.10, 0.96], [0.92, 0.96]])],
        '3' => vec![joined(vec![[0.10, 0.05], [0.88, 0.05], [0.46, 0.42]], &arc(0.46, 0.69, 0.42, 0.27, 270.0, 500.0))],
        '4' => vec![vec![[0.70, 0.97], [0.70, 0.04], [0.06, 0.70], [0.96, 0.70]]],
        '5' => vec![joined(vec![[0.86, 0.05], [0.20, 0.05], [0.15, 0.46]], &arc(0.46, 0.66, 0.42, 0.30, 230.0, 505.0))],
        '6' => vec![ellipse(0.5, 0.67, 0.40, 0.29), vec![[0.74, 0.04], [0.32, 0.38], [0.11, 0.62]]],
        '7' => vec![vec![[0.08, 0.05], [0.92, 0.05], [0.38, 0.97]]],
        '8' => vec![ellipse(0.5, 0.27, 0.34, 0.23), ellipse(0.5, 0.73, 0.41, 0.24)],
        '9' => vec![ellipse(0.5, 0.33, 0.40, 0.29), vec![[0.26, 0.96], [0.68, 0.62], [0.89, 0.38]]],
        '-' => vec![vec![[0.2, 0.5], [0.8, 0.5]]],
        _ => Vec::new(),
    }
}

fn arc(x: f32, y: f32, across: f32, down: f32, from_deg: f32, to_deg: f32) -> Stroke {
    let point = |step: usize| {
        let angle = (from_deg + (to_deg - from_deg) * step as f32 / ROUND as f32).to_radians();
        [x + across * angle.cos(), y + down * angle.sin()]
    };
    (0..=ROUND).map(point).collect()
}

fn ellipse(x: f32, y: f32, across: f32, down: f32) -> Stroke {
    arc(x, y, across, down, 0.0, 360.0)
}

fn joined(mut first: Stroke, then: &[[f32; 2]]) -> Stroke {
    first.extend_from_slice(then);
    first
}

fn syllable(index: u32) -> Vec<Stroke> {
    let (initial, vowel, last) = (index / PER_INITIAL, index % PER_INITIAL / PER_VOWEL, index % PER_VOWEL);
    let last = FINALS.iter().find(|(number, _)| *number == last).map(|(_, looks_like)| *looks_like);
    let upper = if last.is_some() { 0.60 } else { 1.0 };
    let stands = matches!(vowel, 0..=7 | 20);
    let mut all = if stands {
        let mut part = consonant(initial, [0.02, 0.08 * upper, 0.50, 0.84 * upper]);
        part.extend(standing_vowel(vowel, [0.58, 0.0, 0.40, upper]));
        part
    } else {
        let mut part = consonant(initial, [0.18, 0.02, 0.64, 0.48 * upper]);
        part.extend(lying_vowel(vowel, [0.0, 0.54 * upper, 1.0, 0.42 * upper]));
        part
    };
    if let Some(looks_like) = last {
        all.extend(consonant(looks_like, [0.16, 0.66, 0.68, 0.32]));
    }
    all
}

fn placed(strokes: &[&[[f32; 2]]], [left, top, width, height]: Frame) -> Vec<Stroke> {
    strokes.iter().map(|stroke| stroke.iter().map(|[x, y]| [left + x * width, top + y * height]).collect()).collect()
}

fn consonant(number: u32, frame: Frame) -> Vec<Stroke> {
    const BOX: &[[f32; 2]] = &[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]];
    let circle = |x: f32, y: f32, across: f32, down: f32| placed(&[&ellipse(x, y, across, down)], frame);
    match number {
        0 | 1 => placed(&[&[[0.0, 0.05], [0.95, 0.05], [0.80, 0.55], [0.55, 1.0]]], frame),
        2 => placed(&[&[[0.05, 0.0], [0.05, 0.95], [1.0, 0.90]]], frame),
        3 | 4 => placed(&[&[[1.0, 0.05], [0.05, 0.05], [0.05, 0.95], [1.0, 0.90]]], frame),
        5 => placed(&[&[[0.0, 0.0], [1.0, 0.0], [1.0, 0.5], [0.0, 0.5], [0.0, 1.0], [1.0, 0.98]]], frame),
        6 => placed(&[BOX], frame),
        7 | 8 => placed(&[&[[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]], &[[0.0, 0.5], [1.0, 0.5]]], frame),
        9 | 10 => placed(&[&[[0.5, 0.0], [0.45, 0.4], [0.0, 1.0]], &[[0.47, 0.35], [1.0, 1.0]]], frame),
        11 => circle(0.5, 0.5, 0.5, 0.5),
        12 | 13 => {
            placed(&[&[[0.0, 0.05], [1.0, 0.05]], &[[0.5, 0.05], [0.45, 0.45], [0.0, 1.0]], &[[0.47, 0.4], [1.0, 1.0]]], frame)
        }
        14 => placed(
            &[&[[0.35, 0.0], [0.65, 0.0]], &[[0.0, 0.22], [1.0, 0.22]], &[[0.5, 0.22], [0.0, 1.0]], &[[0.47, 0.45], [1.0, 1.0]]],
            frame,
        ),
        15 => placed(&[&[[0.0, 0.05], [0.95, 0.05], [0.8, 0.6], [0.55, 1.0]], &[[0.0, 0.45], [0.88, 0.45]]], frame),
        16 => placed(&[&[[1.0, 0.0], [0.05, 0.0], [0.05, 1.0], [1.0, 0.98]], &[[0.05, 0.5], [0.95, 0.5]]], frame),
        17 => placed(
            &[&[[0.0, 0.0], [1.0, 0.0]], &[[0.3, 0.0], [0.3, 1.0]], &[[0.7, 0.0], [0.7, 1.0]], &[[0.0, 1.0], [1.0, 1.0]]],
            frame,
        ),
        _ => {
            let mut hat = placed(&[&[[0.35, 0.0], [0.65, 0.0]], &[[0.0, 0.2], [1.0, 0.2]]], frame);
            hat.extend(circle(0.5, 0.68, 0.36, 0.32));
            hat
        }
    }
}

fn standing_vowel(number: u32, frame: Frame) -> Vec<Stroke> {
    let post: &[[f32; 2]] = &[[0.3, 0.0], [0.3, 1.0]];
    let right: &[[f32; 2]] = &[[0.75, 0.0], [0.75, 1.0]];
    match number {
        0 => placed(&[post, &[[0.3, 0.45], [0.95, 0.45]]], frame),
        1 => placed(&[post, right, &[[0.3, 0.45], [0.75, 0.45]]], frame),
        2 => placed(&[post, &[[0.3, 0.35], [0.95, 0.35]], &[[0.3, 0.6], [0.95, 0.6]]], frame),
        3 => placed(&[post, right, &[[0.3, 0.35], [0.75, 0.35]], &[[0.3, 0.6], [0.75, 0.6]]], frame),
        4 => placed(&[right, &[[0.05, 0.45], [0.75, 0.45]]], frame),
        5 => placed(&[post, right, &[[-0.1, 0.45], [0.3, 0.45]]], frame),
        6 => placed(&[right, &[[0.05, 0.35], [0.75, 0.35]], &[[0.05, 0.6], [0.75, 0.6]]], frame),
        7 => placed(&[post, right, &[[-0.1, 0.35], [0.3, 0.35]], &[[-0.1, 0.6], [0.3, 0.6]]], frame),
        _ => placed(&[right], frame),
    }
}

fn lying_vowel(number: u32, frame: Frame) -> Vec<Stroke> {
    let beam: &[[f32; 2]] = &[[0.0, 0.75], [1.0, 0.75]];
    let high: &[[f32; 2]] = &[[0.0, 0.3], [1.0, 0.3]];
    match number {
        8 => placed(&[beam, &[[0.5, 0.1], [0.5, 0.75]]], frame),
        12 => placed(&[beam, &[[0.35, 0.1], [0.35, 0.75]], &[[0.65, 0.1], [0.65, 0.75]]], frame),
        13 => placed(&[high, &[[0.5, 0.3], [0.5, 1.0]]], frame),
        17 => placed(&[high, &[[0.35, 0.3], [0.35, 1.0]], &[[0.65, 0.3], [0.65, 1.0]]], frame),
        _ => placed(&[beam], frame),
    }
}

/// Distance from a point to a stroke.
pub(crate) fn distance(strokes: &[Stroke], point: [f32; 2], aspect: f32) -> f32 {
    let mut nearest = f32::INFINITY;
    for pair in strokes.iter().flat_map(|stroke| stroke.windows(2)) {
        let (ax, ay) = (pair[0][0] * aspect, pair[0][1]);
        let (bx, by) = (pair[1][0] * aspect - ax, pair[1][1] - ay);
        let (px, py) = (point[0] * aspect - ax, point[1] - ay);
        let along = ((px * bx + py * by) / (bx * bx + by * by).max(1e-9)).clamp(0.0, 1.0);
        nearest = nearest.min((px - bx * along).hypot(py - by * along));
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_of_a_plate_has_strokes_within_its_box() {
        let signs =
            "0123456789가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자배하허호서울부산대구인천광주전기"
                .chars();
        for sign in signs {
            let drawn = strokes(sign);
            assert!(!drawn.is_empty(), "{sign}");
            assert!(drawn.iter().flatten().all(|[x, y]| (-0.1..=1.1).contains(x) && (-0.1..=1.1).contains(y)), "{sign}");
        }
        assert!(strokes(' ').is_empty() && strokes('\u{1F697}').is_empty());
    }

    #[test]
    fn signs_differ() {
        let signs: Vec<char> = "0123456789가나다라마거너더러머고노구누바배하허호".chars().collect();
        for (at, a) in signs.iter().enumerate() {
            for b in &signs[at + 1..] {
                assert_ne!(strokes(*a), strokes(*b), "{a} {b}");
            }
        }
    }
}
