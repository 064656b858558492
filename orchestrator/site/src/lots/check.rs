//! What must hold for a lot, whoever drew it: a file, an import, a page. The one judge of all of them.

use std::collections::{BTreeMap, BTreeSet};

use flight_types::{GeoPoint, Local, LocalFrame, Ring};
use serde::Serialize;

use super::model::{BeaconState, Lot, LotBay, LotBeacon};
use super::plane::{area_m2, border_m, bounds, contains, is_convex, outside_m, overlap_m2, self_crossing};

/// How far something may reach over a border, metres: places are kept to a centimetre, hands draw to a few.
pub const TOLERANCE_M: f64 = 0.1;
/// Corners of one ring: an outline followed bush by bush has some hundreds; checking all pairs stays within milliseconds.
pub const CORNERS_MAX: usize = 1_000;
/// Areas of one lot.
pub const AREAS_MAX: usize = 500;
/// Bays of one lot: the largest open lots of airports have some ten thousand in several lots.
pub const BAYS_MAX: usize = 5_000;
/// Beacons of one lot: one for each area, and those taken down.
pub const BEACONS_MAX: usize = 1_000;
/// An area's id goes into its beacon's code, where every character makes the modules smaller.
pub const AREA_ID_LENGTH_MAX: usize = 32;
/// The longest extent of a lot, metres: beyond it the drawing is wrong. Surveys are planned to the same bound.
const SIDE_M_MAX: f64 = 5_000.0;
/// The smallest bay is one for a motorcycle, 1.0 m by 2.3 m; with what rounding takes.
const BAY_M2_MIN: f64 = 2.0;
/// The largest is one for a long lorry.
const BAY_M2_MAX: f64 = 150.0;
/// The smallest lot or area that anything can stand on.
const GROUND_M2_MIN: f64 = 2.0;
/// Bays may share so much: the tolerance along a bay's length.
const OVERLAP_M2_MAX: f64 = 0.5;

/// What is wrong with a lot, and with which of its features.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{id}: {problem}")]
pub struct LotFault {
    /// The feature's id.
    pub id: String,
    /// What is wrong with it.
    pub problem: LotProblem,
}

/// What can be wrong with a feature of a lot. Serialises as a code with its figures, for pages that say it in the reader's language.
#[derive(Debug, Clone, PartialEq, Serialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum LotProblem {
    /// Sides that cross each other.
    #[error("its outline crosses itself near {:.6}, {:.6}", .near.lat_deg(), .near.lon_deg())]
    SelfCrossing {
        /// Where.
        near: GeoPoint,
    },
    /// Too many corners.
    #[error("its outline has {corners} corners; at most {CORNERS_MAX} are taken")]
    Corners {
        /// How many.
        corners: usize,
    },
    /// Smaller or larger than such a thing can be.
    #[error("it has {area_m2:.1} square metres; between {min_m2} and {max_m2} are possible")]
    Size {
        /// Its area, square metres.
        area_m2: f64,
        /// At least, square metres.
        min_m2: f64,
        /// At most, square metres.
        max_m2: f64,
    },
    /// Longer than a lot can be.
    #[error("it is {side_m:.0} m long; at most {SIDE_M_MAX} m are taken")]
    Length {
        /// Its longer side, metres.
        side_m: f64,
    },
    /// Not inside the lot.
    #[error("it reaches {by_m:.2} m out of its lot")]
    OutsideLot {
        /// How far, metres.
        by_m: f64,
    },
    /// A bay not inside its area.
    #[error("it reaches {by_m:.2} m out of its area {area}")]
    OutsideArea {
        /// Which area.
        area: String,
        /// How far, metres.
        by_m: f64,
    },
    /// A bay on what is no ground.
    #[error("it reaches into a hole of the lot")]
    InHole,
    /// Two bays on the same ground.
    #[error("it overlaps {other} by {shared_m2:.1} square metres")]
    Overlap {
        /// The other bay.
        other: String,
        /// How much, square metres.
        shared_m2: f64,
    },
    /// A bay with a corner that turns inwards.
    #[error("a bay has no corner that turns inwards")]
    Inward,
    /// An area that is not there.
    #[error("it belongs to area {area:?}, which is not in this lot")]
    AreaMissing {
        /// Which.
        area: String,
    },
    /// An area's id that no code can carry.
    #[error(
        "an area's id goes into its beacon's code: letters, digits, '-' and '_', at most {AREA_ID_LENGTH_MAX} of them, not {area:?}"
    )]
    AreaId {
        /// The id.
        area: String,
    },
    /// Two beacons for one area.
    #[error("area {area} has a beacon already: {other}; withdraw one of them")]
    BeaconTwice {
        /// Which area.
        area: String,
        /// The other beacon.
        other: String,
    },
    /// Too many of a kind.
    #[error("a lot has at most {max} {what}, this one has {count}")]
    TooMany {
        /// "areas", "bays", "beacons".
        what: &'static str,
        /// How many.
        count: usize,
        /// The bound.
        max: usize,
    },
    /// An id that something else of the site has.
    #[error("the id {id:?} is used twice")]
    Twice {
        /// Which.
        id: String,
    },
}

/// Checks lots that stand beside each other: each by itself, and that no id is used twice.
pub fn check_lots(lots: &[Lot]) -> Result<(), LotFault> {
    lots.iter().try_for_each(check_lot)?;
    let mut seen = BTreeSet::new();
    for id in lots.iter().flat_map(ids) {
        if !seen.insert(id) {
            return Err(fault(id, LotProblem::Twice { id: id.to_owned() }));
        }
    }
    Ok(())
}

fn ids(lot: &Lot) -> impl Iterator<Item = &str> {
    let areas = lot.areas.iter().map(|area| area.id.as_str());
    let bays = lot.bays.iter().map(|bay| bay.id.as_str());
    let beacons = lot.beacons.iter().map(|beacon| beacon.id.as_str());
    std::iter::once(lot.id.as_str()).chain(areas).chain(bays).chain(beacons)
}

/// Checks one lot; the fault names the feature.
pub fn check_lot(lot: &Lot) -> Result<(), LotFault> {
    count(lot, "areas", lot.areas.len(), AREAS_MAX)?;
    count(lot, "bays", lot.bays.len(), BAYS_MAX)?;
    count(lot, "beacons", lot.beacons.len(), BEACONS_MAX)?;
    let plan = Plan::of(lot)?;
    lot.beacons.iter().try_for_each(|beacon| plan.beacon(beacon))?;
    one_beacon_each(&lot.beacons)?;
    let bays = lot.bays.iter().map(|bay| Ok((bay.id.as_str(), plan.bay(bay)?))).collect::<Result<Vec<_>, LotFault>>()?;
    no_overlap(&bays)
}

fn count(lot: &Lot, what: &'static str, count: usize, max: usize) -> Result<(), LotFault> {
    if count <= max { Ok(()) } else { Err(fault(lot.id.as_str(), LotProblem::TooMany { what, count, max })) }
}

/// A lot's rings in its flat frame.
struct Plan<'a> {
    frame: LocalFrame,
    outline: Vec<Local>,
    holes: Vec<Vec<Local>>,
    areas: BTreeMap<&'a str, Vec<Local>>,
}

impl<'a> Plan<'a> {
    fn of(lot: &'a Lot) -> Result<Self, LotFault> {
        let frame = lot.frame();
        let mut plan = Self { frame, outline: Vec::new(), holes: Vec::new(), areas: BTreeMap::new() };
        let of_lot = |problem| fault(lot.id.as_str(), problem);
        plan.outline = plan.ring(&lot.ring).map_err(of_lot)?;
        for hole in &lot.holes {
            let hole = plan.ring(hole).map_err(of_lot)?;
            plan.is_inside(&hole).map_err(of_lot)?;
            plan.holes.push(hole);
        }
        for area in &lot.areas {
            let of_area = |problem| fault(&area.id, problem);
            area_id(&area.id).map_err(of_area)?;
            let ring = plan.ring(&area.ring).map_err(of_area)?;
            plan.is_inside(&ring).map_err(of_area)?;
            plan.areas.insert(&area.id, ring);
        }
        Ok(plan)
    }

    /// A ring that is simple and has a size, flat.
    fn ring(&self, ring: &Ring) -> Result<Vec<Local>, LotProblem> {
        let corners = ring.corners().len();
        if CORNERS_MAX < corners {
            return Err(LotProblem::Corners { corners });
        }
        let flat: Vec<Local> = ring.corners().iter().map(|corner| self.frame.to_local(*corner)).collect();
        let (low, high) = bounds(&flat);
        let side_m = (high.east_m - low.east_m).max(high.north_m - low.north_m);
        if SIDE_M_MAX < side_m {
            return Err(LotProblem::Length { side_m });
        }
        if let Some(near) = self_crossing(&flat) {
            return Err(LotProblem::SelfCrossing { near: self.frame.to_geo(near) });
        }
        sized(&flat, GROUND_M2_MIN, SIDE_M_MAX * SIDE_M_MAX)?;
        Ok(flat)
    }

    fn is_inside(&self, ring: &[Local]) -> Result<(), LotProblem> {
        let by_m = outside_m(ring, &self.outline);
        if by_m <= TOLERANCE_M { Ok(()) } else { Err(LotProblem::OutsideLot { by_m }) }
    }

    fn area(&self, area: &str) -> Result<&Vec<Local>, LotProblem> {
        self.areas.get(area).ok_or_else(|| LotProblem::AreaMissing { area: area.to_owned() })
    }

    fn bay(&self, bay: &LotBay) -> Result<Vec<Local>, LotFault> {
        let checked = || {
            let ring = self.ring(&bay.ring)?;
            sized(&ring, BAY_M2_MIN, BAY_M2_MAX)?;
            if !is_convex(&ring) {
                return Err(LotProblem::Inward);
            }
            let by_m = outside_m(&ring, self.area(&bay.area)?);
            if by_m > TOLERANCE_M {
                return Err(LotProblem::OutsideArea { area: bay.area.clone(), by_m });
            }
            self.is_inside(&ring)?;
            if self.holes.iter().any(|hole| overlap_m2(&ring, hole) > OVERLAP_M2_MAX) {
                return Err(LotProblem::InHole);
            }
            Ok(ring)
        };
        checked().map_err(|problem| fault(&bay.id, problem))
    }

    /// A board may stand on an island, so holes do not matter to it.
    fn beacon(&self, beacon: &LotBeacon) -> Result<(), LotFault> {
        let place = self.frame.to_local(beacon.position);
        let checked = || {
            self.area(&beacon.area)?;
            let by_m = if contains(&self.outline, place) { 0.0 } else { border_m(&self.outline, place) };
            if by_m <= TOLERANCE_M { Ok(()) } else { Err(LotProblem::OutsideLot { by_m }) }
        };
        checked().map_err(|problem| fault(&beacon.id, problem))
    }
}

fn sized(ring: &[Local], min_m2: f64, max_m2: f64) -> Result<(), LotProblem> {
    let area_m2 = area_m2(ring);
    if (min_m2..=max_m2).contains(&area_m2) { Ok(()) } else { Err(LotProblem::Size { area_m2, min_m2, max_m2 }) }
}

fn area_id(area: &str) -> Result<(), LotProblem> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let good = !area.is_empty() && area.len() <= AREA_ID_LENGTH_MAX && area.bytes().all(fits);
    if good { Ok(()) } else { Err(LotProblem::AreaId { area: area.to_owned() }) }
}

/// A code names its area: two boards with one code could not be told apart from the air.
fn one_beacon_each(beacons: &[LotBeacon]) -> Result<(), LotFault> {
    let mut of_area: BTreeMap<&str, &str> = BTreeMap::new();
    for beacon in beacons.iter().filter(|beacon| beacon.state != BeaconState::Withdrawn) {
        if let Some(other) = of_area.insert(&beacon.area, &beacon.id) {
            let problem = LotProblem::BeaconTwice { area: beacon.area.clone(), other: other.to_owned() };
            return Err(fault(&beacon.id, problem));
        }
    }
    Ok(())
}

fn no_overlap(bays: &[(&str, Vec<Local>)]) -> Result<(), LotFault> {
    let boxes: Vec<(Local, Local)> = bays.iter().map(|(_, ring)| bounds(ring)).collect();
    // From west to east: whatever begins east of where a bay ends cannot overlap it.
    let mut order: Vec<usize> = (0..bays.len()).collect();
    order.sort_by(|a, b| boxes[*a].0.east_m.total_cmp(&boxes[*b].0.east_m));
    for (place, at) in order.iter().enumerate() {
        let reach = order[place + 1..].iter().take_while(|next| boxes[**next].0.east_m < boxes[*at].1.east_m);
        let beside =
            |next: &&usize| boxes[**next].0.north_m < boxes[*at].1.north_m && boxes[*at].0.north_m < boxes[**next].1.north_m;
        for next in reach.filter(beside) {
            let shared_m2 = overlap_m2(&bays[*at].1, &bays[*next].1);
            if shared_m2 > OVERLAP_M2_MAX {
                let (first, later) = (*at.min(next), *at.max(next));
                return Err(fault(bays[later].0, LotProblem::Overlap { other: bays[first].0.to_owned(), shared_m2 }));
            }
        }
    }
    Ok(())
}

fn fault(id: &str, problem: LotProblem) -> LotFault {
    LotFault { id: id.to_owned(), problem }
}
