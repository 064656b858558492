//! What should be on a lot: its beacons and bays with all that looking at them needs, in metres from the lot's origin.

use survey_findings::{Bay, Beacon, Point, Session, World};

/// A beacon as registered.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisteredBeacon {
    /// The area it names.
    pub area: String,
    /// The middle of its code.
    pub place: Point,
    /// Height over the ground, metres; 0 when it lies.
    pub up_m: f64,
    /// Side of the code without its border, metres.
    pub side_m: f64,
    /// Modules along that side.
    pub modules: usize,
}

impl RegisteredBeacon {
    /// Side of a module, metres.
    pub fn module_m(&self) -> f64 {
        self.side_m / self.modules.max(1) as f64
    }
}

/// A bay as drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisteredBay {
    /// Which.
    pub id: String,
    /// The area it belongs to.
    pub area: String,
    /// Its middle.
    pub place: Point,
    /// Direction from the aisle into the bay, degrees clockwise from north.
    pub heading_deg: f64,
    /// Across, metres.
    pub width_m: f64,
    /// Along, metres.
    pub length_m: f64,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Register {
    /// Beacons, one for each area.
    pub beacons: Vec<RegisteredBeacon>,
    /// Bays.
    pub bays: Vec<RegisteredBay>,
}

impl Register {
    /// Whether a place lies no further than `margin_m` outside the box round all beacons and bays; any place does when there are none.
    pub(crate) fn is_within(&self, place: &Point, margin_m: f64) -> bool {
        /// A bay reaches this far from its middle, and a beacon's code is looked for as far from its place, metres.
        const REACH_M: f64 = 5.0;
        let places = || self.beacons.iter().map(|beacon| beacon.place).chain(self.bays.iter().map(|bay| bay.place));
        let near = |of: fn(&Point) -> f64| {
            let low = places().map(|place| of(&place)).fold(f64::INFINITY, f64::min);
            let high = places().map(|place| of(&place)).fold(f64::NEG_INFINITY, f64::max);
            let at = of(place);
            at >= low - REACH_M - margin_m && at <= high + REACH_M + margin_m
        };
        places().next().is_none() || (near(|place| place.east_m) && near(|place| place.north_m))
    }

    /// The register with the sessions that are open, as findings are judged by.
    pub(crate) fn world(&self, sessions: Vec<Session>) -> World {
        let beacon = |beacon: &RegisteredBeacon| Beacon { area: beacon.area.clone(), place: beacon.place };
        let bay = |bay: &RegisteredBay| Bay { id: bay.id.clone(), area: bay.area.clone(), place: bay.place };
        World { beacons: self.beacons.iter().map(beacon).collect(), bays: self.bays.iter().map(bay).collect(), sessions }
    }
}
