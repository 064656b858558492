//! A lot as surveys want it: its ground in metres, its beacons, its bays.

use beacon::code_modules;
use flight_types::{GeoPoint, Local, LocalFrame, LotId, Ring};
use site_model::Lot;
use site_model::lots::{BeaconState, LotBay, LotBeacon};
use survey_findings::Point;
use survey_sightings::{Register, RegisteredBay, RegisteredBeacon};

use crate::config::SurveysConfig;

/// A lot with the plane of its metres.
#[derive(Debug, Clone)]
pub struct SurveyedLot {
    /// Which.
    pub id: LotId,
    /// The plane of its metres.
    pub frame: LocalFrame,
    /// Its outline, metres.
    pub outline: Vec<survey_plan::Point>,
    /// What inside it is no ground of the lot, metres.
    pub holes: Vec<Vec<survey_plan::Point>>,
    /// What should be there.
    pub register: Register,
}

impl SurveyedLot {
    /// Of a lot as it is drawn; `host` is that of the addresses in its beacons' codes.
    pub fn of(lot: &Lot, settings: &SurveysConfig, host: &str) -> Self {
        let frame = lot.frame();
        let ring = |ring: &Ring| -> Vec<survey_plan::Point> {
            let local = ring.corners().iter().map(|corner| frame.to_local(*corner));
            local.map(|place| survey_plan::Point::new(place.east_m, place.north_m)).collect()
        };
        Self {
            id: lot.id.clone(),
            outline: ring(&lot.ring),
            holes: lot.holes.iter().map(ring).collect(),
            register: register(lot, &frame, settings, host),
            frame,
        }
    }

    /// A place in the lot's metres.
    pub(super) fn local(&self, place: GeoPoint) -> survey_plan::Point {
        let Local { east_m, north_m } = self.frame.to_local(place);
        survey_plan::Point::new(east_m, north_m)
    }

    /// A place in the lot's metres on the globe.
    pub(super) fn geo(&self, place: survey_plan::Point) -> GeoPoint {
        self.frame.to_geo(Local { east_m: place.x_m, north_m: place.y_m })
    }
}

/// Beacons that are up, and all bays.
fn register(lot: &Lot, frame: &LocalFrame, settings: &SurveysConfig, host: &str) -> Register {
    let mounted = lot.beacons.iter().filter(|beacon| match beacon.state {
        BeaconState::Mounted => true,
        BeaconState::Planned | BeaconState::Withdrawn => false,
    });
    Register {
        beacons: mounted.filter_map(|beacon| registered(beacon, frame, settings, host)).collect(),
        bays: lot.bays.iter().map(|bay| bay_of(bay, frame)).collect(),
    }
}

/// `None` for an area that no code can name: such a board was never printed.
fn registered(beacon: &LotBeacon, frame: &LocalFrame, settings: &SurveysConfig, host: &str) -> Option<RegisteredBeacon> {
    let modules = code_modules(host, &beacon.area)?;
    let place = frame.to_local(beacon.position);
    // A board without a size of its own is as the site's sheets are.
    let module_mm = if beacon.module_mm > 0.0 { beacon.module_mm } else { settings.module_mm };
    Some(RegisteredBeacon {
        area: beacon.area.clone(),
        place: Point { east_m: place.east_m, north_m: place.north_m },
        up_m: beacon.height_m,
        side_m: modules as f64 * module_mm / 1_000.0,
        modules,
    })
}

fn bay_of(bay: &LotBay, frame: &LocalFrame) -> RegisteredBay {
    let shape = bay.shape(frame);
    RegisteredBay {
        id: bay.id.clone(),
        area: bay.area.clone(),
        place: Point { east_m: shape.middle.east_m, north_m: shape.middle.north_m },
        heading_deg: shape.heading_deg,
        width_m: shape.width_m,
        length_m: shape.length_m,
    }
}
