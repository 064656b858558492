//! Legal ways through the air: round no-fly zones, inside the fence, with a margin; typed reasons where there is none.
//!
//! Used by whoever plans a flight and by the link that flies it, so that a way home is legal by the same rule from wherever an
//! aircraft is (ADR 0012). Knows polygons and straight legs only: no altitudes, no energy, no aircraft.

mod plane;
mod search;

use flight_types::{GeoPoint, Local, LocalFrame, Ring, ZoneId};

use plane::{Outline, TOUCH_TOLERANCE_M};

/// The least margin, whatever is asked for, metres: with less, satellite positions do not tell inside from outside.
const MARGIN_M_MIN: f64 = 1.0;
/// How far out of a margin a flight may have to go before it is legal again, as a share of the margin; corners between two zones
/// need more than one.
const ESCAPE_MARGINS_MAX: f64 = 4.0;
/// Distances tried on the way out of a margin.
const ESCAPE_STEPS: u32 = 40;
/// Step and number of the circles on which a place outside a zone is looked for, metres: half a kilometre, more than any zone of a
/// town is deep.
const WAY_OUT_STEP_M: f64 = 5.0;
const WAY_OUT_STEPS: u32 = 100;
/// Directions tried on the way out of a margin, and stand-off points tried on a circle: every ten degrees.
const DIRECTIONS: u32 = 36;
/// How far a spotlight reaches usefully, metres across the ground: a stand-off point further away is of no use.
pub const LIGHT_REACH_M: f64 = 40.0;
/// Steps between the wanted stand-off and [`LIGHT_REACH_M`], metres.
const STAND_OFF_STEP_M: f64 = 4.0;

/// Why there is no legal way.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NoRoute {
    /// The flight would begin or end in a zone.
    #[error("{end} lies in the no-fly zone {zone}")]
    InZone {
        /// "the start" or "the end".
        end: &'static str,
        /// Which zone.
        zone: ZoneId,
    },
    /// The flight would begin or end outside the fence.
    #[error("{end} lies outside the fence")]
    OutsideFence {
        /// "the start" or "the end".
        end: &'static str,
    },
    /// The flight would begin or end so close to zones or the fence that no legal place is near.
    #[error("{end} is hemmed in by zones or the fence")]
    HemmedIn {
        /// "the start" or "the end".
        end: &'static str,
    },
    /// No legal place from which the light reaches the person.
    #[error("no legal place within {reach_m} m of the person")]
    NoStandOff {
        /// How far the light reaches, metres.
        reach_m: f64,
    },
    /// Zones or the fence part start and end.
    #[error("no-fly zones or the fence part the start from the end")]
    Parted,
}

/// A legal way.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Corners after the start; the last one is the end.
    pub corners: Vec<GeoPoint>,
    /// Lengths of the legs, metres, one for each corner.
    pub legs_m: Vec<f64>,
}

impl Route {
    /// The whole length, metres.
    pub fn length_m(&self) -> f64 {
        self.legs_m.iter().sum()
    }

    /// The same way from its end to `start`, where it began.
    pub fn reversed(&self, start: GeoPoint) -> Self {
        let mut corners: Vec<GeoPoint> = self.corners.iter().rev().skip(1).copied().collect();
        corners.push(start);
        Self { corners, legs_m: self.legs_m.iter().rev().copied().collect() }
    }
}

/// The air that one flight may use.
#[derive(Debug, Clone)]
pub struct Airspace {
    frame: LocalFrame,
    zones: Vec<ZoneId>,
    /// The zones' outlines, and the fence's as the last one.
    outlines: Vec<Outline>,
    margin_m: f64,
}

impl Airspace {
    /// The air inside `fence` and outside `zones`, with `margin_m` kept from both, metres (at least one).
    pub fn new(fence: &Ring, zones: Vec<(ZoneId, Ring)>, margin_m: f64) -> Self {
        let frame = LocalFrame::new(fence.corners()[0]);
        let rings = zones.iter().map(|(_, ring)| ring).chain([fence]);
        let outlines = rings.map(|ring| Outline::new(ring, &frame)).collect();
        Self { frame, zones: zones.into_iter().map(|(id, _)| id).collect(), outlines, margin_m: margin_m.max(MARGIN_M_MIN) }
    }

    /// The shortest legal way from one place to another, within half a per cent.
    ///
    /// An end inside a margin (a pad near a fence, an aircraft that drifted) is left by the shortest straight way; an end inside
    /// a zone or outside the fence is an error.
    pub fn route(&self, from: GeoPoint, to: GeoPoint) -> Result<Route, NoRoute> {
        let (start, goal) = (self.frame.to_local(from), self.frame.to_local(to));
        let leaving = self.legal_near(start, "the start")?;
        let arriving = self.legal_near(goal, "the end")?;
        let mut way = search::shortest(&self.outlines, self.margin_m, leaving, arriving).ok_or(NoRoute::Parted)?;
        if leaving != start {
            way.insert(0, start);
        }
        if arriving != goal {
            way.push(goal);
        }
        Ok(self.flown(&way, to))
    }

    /// A legal place to light the person at `target` from: on the circle of `stand_off_m`, as near to `side_deg` (bearing from the
    /// person) as possible; on wider circles up to [`LIGHT_REACH_M`] when there is none.
    ///
    /// Gives every legal place of the first circle that has any, best first, because the first may be in a pocket without a way.
    pub fn stand_offs(&self, target: GeoPoint, side_deg: f64, stand_off_m: f64) -> Result<Vec<GeoPoint>, NoRoute> {
        let mut radius_m = stand_off_m;
        while radius_m <= LIGHT_REACH_M.max(stand_off_m) {
            let circle = spread().map(|turn_deg| target.moved(side_deg + turn_deg, radius_m));
            let legal: Vec<GeoPoint> = circle.filter(|point| self.is_legal(*point)).collect();
            if !legal.is_empty() {
                return Ok(legal);
            }
            radius_m += STAND_OFF_STEP_M;
        }
        Err(NoRoute::NoStandOff { reach_m: LIGHT_REACH_M })
    }

    /// Whether a place keeps the margin from every zone and the fence.
    pub fn is_legal(&self, point: GeoPoint) -> bool {
        self.is_legal_local(self.frame.to_local(point))
    }

    /// The nearest place that keeps the margin, looked for in circles; for an aircraft that drifted into a zone or over the fence.
    pub fn nearest_legal(&self, from: GeoPoint) -> Option<GeoPoint> {
        let start = self.frame.to_local(from);
        let circles = (0..=WAY_OUT_STEPS).flat_map(|step| around(start, f64::from(step) * WAY_OUT_STEP_M));
        circles.into_iter().find(|place| self.is_legal_local(*place)).map(|place| self.frame.to_geo(place))
    }

    /// Whether the straight leg keeps `clearance_m` from every zone and the fence, its ends included.
    pub fn is_clear(&self, from: GeoPoint, to: GeoPoint, clearance_m: f64) -> bool {
        let (a, b) = (self.frame.to_local(from), self.frame.to_local(to));
        self.end_error(a, "").is_none() && !self.outlines.iter().any(|outline| outline.is_near(a, b, clearance_m))
    }

    fn is_legal_local(&self, point: Local) -> bool {
        let near = |outline: &Outline| outline.is_near(point, point, self.margin_m - TOUCH_TOLERANCE_M);
        self.end_error(point, "").is_none() && !self.outlines.iter().any(near)
    }

    fn end_error(&self, point: Local, end: &'static str) -> Option<NoRoute> {
        let (fence, outlines) = self.outlines.split_last().expect("the fence is the last outline");
        if !fence.contains(point) {
            return Some(NoRoute::OutsideFence { end });
        }
        let hit = outlines.iter().position(|outline| outline.contains(point))?;
        Some(NoRoute::InZone { end, zone: self.zones[hit].clone() })
    }

    /// The nearest legal place to an end that may lie in a margin.
    fn legal_near(&self, point: Local, end: &'static str) -> Result<Local, NoRoute> {
        if let Some(error) = self.end_error(point, end) {
            return Err(error);
        }
        if self.is_legal_local(point) {
            return Ok(point);
        }
        (1..=ESCAPE_STEPS)
            .flat_map(|step| around(point, f64::from(step) / f64::from(ESCAPE_STEPS) * ESCAPE_MARGINS_MAX * self.margin_m))
            .find(|out| {
                self.is_legal_local(*out) && !self.outlines.iter().any(|outline| outline.is_near(point, *out, TOUCH_TOLERANCE_M))
            })
            .ok_or(NoRoute::HemmedIn { end })
    }

    fn flown(&self, way: &[Local], to: GeoPoint) -> Route {
        let mut corners: Vec<GeoPoint> = way[1..].iter().map(|corner| self.frame.to_geo(*corner)).collect();
        // The end as it was given, free of rounding.
        *corners.last_mut().expect("a way has two ends") = to;
        let legs_m = way.windows(2).map(|leg| leg[0].distance_m(&leg[1])).collect();
        Route { corners, legs_m }
    }
}

/// The least distance between two straight legs in one plane, metres; zero when they cross. A point is a leg to itself.
pub fn legs_apart_m(a: Local, b: Local, c: Local, d: Local) -> f64 {
    plane::leg_distance_m2(a, b, c, d).sqrt()
}

/// Whether the straight leg crosses an edge of the ring; touching one is not crossing it.
pub fn crosses(ring: &Ring, from: GeoPoint, to: GeoPoint) -> bool {
    let frame = LocalFrame::new(from);
    Outline::new(ring, &frame).is_crossed_by(Local::default(), frame.to_local(to))
}

/// How far a place lies from the nearest edge of the ring, inside or outside, metres.
pub fn ring_distance_m(ring: &Ring, place: GeoPoint) -> f64 {
    leg_distance_m(ring, place, place)
}

/// How far the straight leg passes the nearest edge of the ring, inside or outside, metres; zero when it crosses one.
pub fn leg_distance_m(ring: &Ring, from: GeoPoint, to: GeoPoint) -> f64 {
    let frame = LocalFrame::new(from);
    Outline::new(ring, &frame).distance_m(Local::default(), frame.to_local(to))
}

/// Places on a circle, in every direction tried.
fn around(centre: Local, radius_m: f64) -> impl Iterator<Item = Local> {
    (0..DIRECTIONS).map(move |i| {
        let angle_rad = f64::from(i) / f64::from(DIRECTIONS) * std::f64::consts::TAU;
        Local { east_m: centre.east_m + radius_m * angle_rad.sin(), north_m: centre.north_m + radius_m * angle_rad.cos() }
    })
}

/// Turns from a wanted direction, smallest first, to both sides, degrees.
fn spread() -> impl Iterator<Item = f64> {
    let step_deg = 360.0 / f64::from(DIRECTIONS);
    (0..DIRECTIONS).map(move |i| {
        let turns = f64::from(i.div_ceil(2));
        if i % 2 == 0 { -turns * step_deg } else { turns * step_deg }
    })
}

#[cfg(test)]
mod tests;
