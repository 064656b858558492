//! From a square to the four-sided figure that it looks like from somewhere.

use crate::reading::Corner;

/// Below this the four corners lie on a line, square pixels.
const AREA_MIN: f64 = 1e-9;

/// The projective map that takes the unit square to four corners.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Homography {
    rows: [[f64; 3]; 3],
}

impl Homography {
    /// Corners in the order (0, 0), (1, 0), (1, 1), (0, 1); `None` when they lie on a line.
    pub(crate) fn of_square(corners: &[Corner; 4]) -> Option<Self> {
        let [a, b, c, d] = corners;
        // The two unknowns of the lowest row follow from where opposite sides meet.
        let (dx1, dy1, dx2, dy2) = (b.x - c.x, b.y - c.y, d.x - c.x, d.y - c.y);
        let (sx, sy) = (a.x - b.x + c.x - d.x, a.y - b.y + c.y - d.y);
        let area = dx1 * dy2 - dx2 * dy1;
        if area.is_nan() || area.abs() <= AREA_MIN {
            return None;
        }
        let (g, h) = ((sx * dy2 - dx2 * sy) / area, (dx1 * sy - sx * dy1) / area);
        let row = |a: f64, b: f64, d: f64| [b - a + g * b, d - a + h * d, a];
        Some(Self { rows: [row(a.x, b.x, d.x), row(a.y, b.y, d.y), [g, h, 1.0]] })
    }

    /// Where a point of the square falls.
    pub(crate) fn at(&self, u: f64, v: f64) -> Corner {
        let [x, y, w] = self.rows.map(|row| row[0] * u + row[1] * v + row[2]);
        Corner { x: x / w, y: y / w }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_fall_on_corners_and_the_middle_on_the_crossing_of_the_diagonals() {
        let corner = |x: f64, y: f64| Corner { x, y };
        let corners = [corner(10.0, 20.0), corner(90.0, 30.0), corner(70.0, 80.0), corner(20.0, 95.0)];
        let map = Homography::of_square(&corners).expect("a figure");
        for (at, corner) in [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].into_iter().zip(corners) {
            let found = map.at(at.0, at.1);
            assert!((found.x - corner.x).hypot(found.y - corner.y) < 1e-9, "{found:?} {corner:?}");
        }
        let middle = map.at(0.5, 0.5);
        let side = |a: Corner, b: Corner| (b.x - a.x) * (middle.y - a.y) - (b.y - a.y) * (middle.x - a.x);
        assert!(side(corners[0], corners[2]).abs() < 1e-6 && side(corners[1], corners[3]).abs() < 1e-6);
    }

    #[test]
    fn a_line_has_no_map() {
        let corners = [0.0, 1.0, 2.0, 3.0].map(|x| Corner { x, y: x });
        assert_eq!(Homography::of_square(&corners), None);
    }
}
