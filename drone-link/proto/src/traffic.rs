//! Other people's aircraft near ours, as its ADS-B receiver hears them (MAVLink ADSB_VEHICLE), and whether one comes too near.
//!
//! Too near is inside the volume of ASTM F3442 for small unmanned aircraft ("well clear": 2,000 ft along the ground and 250 ft in
//! height), now or within the time that it takes to give way. Heights are told in two ways, neither of which is ours (ADR 201).

use std::collections::BTreeMap;

use flight_types::{GeoPoint, LocalFrame};

/// Well clear along the ground, metres (2,000 ft).
const CLEAR_M: f64 = 610.0;
/// Well clear in height, metres (250 ft).
const CLEAR_HEIGHT_M: f64 = 76.0;
/// An intruder is gone when it is so much further than well clear: one that circles at the border must not make ours nod.
const GONE_FACTOR: f64 = 1.3;
/// Looked ahead so far, seconds: a descent of 40 m at 1.5 m/s, and some time to hear and decide.
const AHEAD_S: f64 = 40.0;
/// Steps of that.
const AHEAD_STEP_S: f64 = 2.0;
/// An aircraft not heard for so long is not known to be anywhere, seconds: ADS-B speaks once a second.
const SILENT_S: f64 = 10.0;
/// Aircraft kept at once; the sky over a town has a few, a forger may send many. The one unheard longest goes first.
const KNOWN_MAX: usize = 64;

/// So far mean sea level lies over the ellipsoid, anywhere on Earth, metres (EGM96: −106 to 85).
pub(crate) const GEOID_M: std::ops::RangeInclusive<f64> = -107.0..=86.0;
/// A transponder's altimeter and its encoder may be so far out, metres (125 ft: 14 CFR 91.217).
const ALTIMETER_M: f64 = 38.0;
/// So far pressure altitudes lie from those above the sea while nobody tells today's pressure, metres: 30 hPa at 8.3 m, which is a deep
/// low or a strong high.
const PRESSURE_UNKNOWN_M: f64 = 250.0;
/// Pressure at mean sea level in a standard atmosphere, hectopascals.
const STANDARD_HPA: f64 = 1_013.25;
/// Pressures of the air between the highest peaks and the deepest holes, hectopascals; others are a sensor's error.
const PRESSURE_HPA: std::ops::RangeInclusive<f64> = 300.0..=1_100.0;

/// The altitude that a standard atmosphere has this pressure at, metres (ICAO Doc 7488, up to 11 km).
pub(crate) fn pressure_altitude_m(hpa: f64) -> Option<f64> {
    PRESSURE_HPA.contains(&hpa).then(|| 44_330.77 * (1.0 - (hpa / STANDARD_HPA).powf(0.190_263)))
}

/// Our aircraft, as it is compared with others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ours {
    pub place: GeoPoint,
    pub altitude_amsl_m: f64,
    /// How far mean sea level lies over the ellipsoid here, metres; `None` until it is known.
    pub geoid_m: Option<f64>,
    /// How far the altitude of a standard atmosphere lies over that above the sea, metres; `None` until it is known.
    pub pressure_over_amsl_m: Option<f64>,
}

/// How high an aircraft says that it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Altitude {
    /// By its altimeter. MAVLink says over the sea by today's pressure; what transponders send, and receivers pass on, is over 1013.25 hPa.
    Pressure { altitude_m: f64 },
    /// By satellites. MAVLink says over the sea; what transponders send (DO-260B) is over the ellipsoid.
    Geometric { altitude_m: f64 },
}

impl Altitude {
    /// How far it may be over ours, metres, and how far out each of these may be: whichever way the receiver meant it.
    fn over(self, ours: &Ours) -> [(f64, f64); 2] {
        match self {
            Self::Pressure { altitude_m } => {
                let as_told_m = altitude_m - ours.altitude_amsl_m;
                let standard = match ours.pressure_over_amsl_m {
                    Some(over_m) => (as_told_m - over_m, ALTIMETER_M),
                    None => (as_told_m, ALTIMETER_M + PRESSURE_UNKNOWN_M),
                };
                [(as_told_m, ALTIMETER_M), standard]
            }
            Self::Geometric { altitude_m } => {
                let as_told_m = altitude_m - ours.altitude_amsl_m;
                let (low_m, high_m) = (GEOID_M.start(), GEOID_M.end());
                let over_ellipsoid = match ours.geoid_m {
                    Some(geoid_m) => (as_told_m - geoid_m, 0.0),
                    None => (as_told_m - (low_m + high_m) / 2.0, (high_m - low_m) / 2.0),
                };
                [(as_told_m, 0.0), over_ellipsoid]
            }
        }
    }
}

/// One aircraft as heard.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Vehicle {
    /// ICAO address.
    pub address: u32,
    pub callsign: String,
    pub place: GeoPoint,
    pub altitude: Altitude,
    pub east_m_s: f64,
    pub north_m_s: f64,
    pub up_m_s: f64,
    /// Since it told this, seconds.
    pub age_s: f64,
}

/// An aircraft that is, or will be, too near.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Intruder {
    pub name: String,
    /// Along the ground, metres.
    pub distance_m: f64,
    /// Over ours, metres.
    pub above_m: f64,
}

/// All aircraft heard lately.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    known: BTreeMap<u32, (Vehicle, u64)>,
    /// The one that was told of last, while it is near.
    told: Option<u32>,
}

/// What changed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    Came(Intruder),
    Gone,
}

impl Traffic {
    /// An aircraft was heard.
    pub fn take(&mut self, vehicle: &Vehicle, now_ms: u64) {
        if !self.known.contains_key(&vehicle.address) && self.known.len() >= KNOWN_MAX {
            let oldest = self.known.iter().min_by_key(|(_, (_, heard_ms))| *heard_ms).map(|(address, _)| *address);
            oldest.map(|address| self.known.remove(&address));
        }
        self.known.insert(vehicle.address, (vehicle.clone(), now_ms));
    }

    /// A new flight is told of who is near already.
    pub fn tell_anew(&mut self) {
        self.told = None;
    }

    /// Whether somebody was told of and is near yet.
    pub fn is_near(&self) -> bool {
        self.told.is_some()
    }

    /// Whether somebody has come too near, or the one who had is gone. `back_m`: so much higher ours will go again when nobody is near, metres:
    /// one who passes clear of where it has sunk to must not have it rise and sink again and again.
    pub fn watch(&mut self, ours: &Ours, back_m: f64, now_ms: u64) -> Option<Change> {
        self.known.retain(|_, known| age_s(known, now_ms) < SILENT_S);
        let again = Ours { altitude_amsl_m: ours.altitude_amsl_m + back_m, ..*ours };
        let gap = |known: &(Vehicle, u64)| {
            let [here, back] = [ours, &again].map(|ours| nearest(&known.0, ours, age_s(known, now_ms)));
            Gap { least: here.least.min(back.least), ..here }
        };
        if let Some(told) = self.told {
            let near = self.known.get(&told).map(gap).is_some_and(|gap| gap.within(GONE_FACTOR));
            if near {
                return None;
            }
        }
        let mut near =
            self.known.iter().map(|(address, known)| (*address, known, gap(known))).filter(|(_, _, gap)| gap.within(1.0));
        match (near.next(), self.told.take()) {
            (Some((address, (vehicle, _), gap)), _) => {
                self.told = Some(address);
                let name = if vehicle.callsign.is_empty() { format!("{address:06X}") } else { vehicle.callsign.clone() };
                Some(Change::Came(Intruder { name, distance_m: gap.now_m, above_m: gap.above_m }))
            }
            (None, Some(_)) => Some(Change::Gone),
            (None, None) => None,
        }
    }
}

/// How near an aircraft is and will come.
#[derive(Debug, Clone, Copy)]
struct Gap {
    now_m: f64,
    above_m: f64,
    /// The least of the greater of both distances, each over what is well clear.
    least: f64,
}

impl Gap {
    fn within(&self, factor: f64) -> bool {
        self.least < factor
    }
}

/// How old what is known of an aircraft is, seconds.
fn age_s((vehicle, heard_ms): &(Vehicle, u64), now_ms: u64) -> f64 {
    vehicle.age_s + now_ms.saturating_sub(*heard_ms) as f64 / 1_000.0
}

/// Ours hovers or will: its own speed does not count.
fn nearest(vehicle: &Vehicle, ours: &Ours, age_s: f64) -> Gap {
    let there = LocalFrame::new(ours.place).to_local(vehicle.place);
    let over = vehicle.altitude.over(ours);
    let at = |seconds: f64| {
        let east_m = there.east_m + vehicle.east_m_s * seconds;
        let north_m = there.north_m + vehicle.north_m_s * seconds;
        // The nearer of what its height may mean, and how near that may be.
        let apart = over.map(|(above_m, out_m)| {
            let above_m = above_m + vehicle.up_m_s * seconds;
            (above_m, (above_m.abs() - out_m).max(0.0))
        });
        let (above_m, apart_m) = if apart[1].1 < apart[0].1 { apart[1] } else { apart[0] };
        (east_m.hypot(north_m), above_m, apart_m)
    };
    let (now_m, above_m, _) = at(age_s);
    let steps = (AHEAD_S / AHEAD_STEP_S) as u32;
    let share = |step: u32| {
        let (distance_m, _, apart_m) = at(age_s + f64::from(step) * AHEAD_STEP_S);
        (distance_m / CLEAR_M).max(apart_m / CLEAR_HEIGHT_M)
    };
    Gap { now_m, above_m, least: (0..=steps).map(share).fold(f64::INFINITY, f64::min) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> GeoPoint {
        GeoPoint::new(37.5, 127.0).expect("a place")
    }

    /// From the north at 50 m/s, so far away, so high over ours.
    fn coming(address: u32, distance_m: f64, above_m: f64) -> Vehicle {
        let place = here().moved(0.0, distance_m);
        Vehicle {
            address,
            callsign: String::new(),
            place,
            altitude: Altitude::Geometric { altitude_m: 90.0 + above_m },
            east_m_s: 0.0,
            north_m_s: -50.0,
            up_m_s: 0.0,
            age_s: 0.0,
        }
    }

    /// Where sea level and ellipsoid are one, on a day as the standard has it.
    fn ours() -> Ours {
        Ours { place: here(), altitude_amsl_m: 90.0, geoid_m: Some(0.0), pressure_over_amsl_m: Some(0.0) }
    }

    fn near(altitude: Altitude, ours: &Ours) -> bool {
        let mut traffic = Traffic::default();
        traffic.take(&Vehicle { altitude, ..coming(1, 500.0, 0.0) }, 1_000);
        matches!(traffic.watch(ours, 0.0, 1_000), Some(Change::Came(_)))
    }

    #[test]
    fn satellites_tell_the_height_over_the_sea_or_the_ellipsoid() {
        let korea = Ours { geoid_m: Some(25.0), ..ours() };
        let unknown = Ours { geoid_m: None, ..ours() };
        for (above_m, here, expected) in [
            (100.0, ours(), false),
            // Over the ellipsoid that is 75 m over ours.
            (100.0, korea, true),
            (102.0, korea, false),
            (-75.0, korea, true),
            (-77.0, korea, false),
            (160.0, unknown, true),
            (163.0, unknown, false),
            (-180.0, unknown, true),
            (-184.0, unknown, false),
        ] {
            assert_eq!(
                near(Altitude::Geometric { altitude_m: 90.0 + above_m }, &here),
                expected,
                "{above_m} m, {:?}",
                here.geoid_m
            );
        }
    }

    #[test]
    fn altimeters_tell_the_height_by_todays_pressure_or_the_standards() {
        // 1030 hPa at sea level: over the standard everything is 138 m lower than it is.
        let high = Ours { pressure_over_amsl_m: Some(-138.0), ..ours() };
        let unknown = Ours { pressure_over_amsl_m: None, ..ours() };
        for (above_m, here, expected) in [
            (113.0, ours(), true),
            (115.0, ours(), false),
            (-138.0, high, true),
            (-138.0 - 113.0, high, true),
            (-138.0 - 115.0, high, false),
            // As MAVLink words it.
            (113.0, high, true),
            (115.0, high, false),
            (360.0, unknown, true),
            (366.0, unknown, false),
        ] {
            let altitude = Altitude::Pressure { altitude_m: 90.0 + above_m };
            assert_eq!(near(altitude, &here), expected, "{above_m} m, {:?}", here.pressure_over_amsl_m);
        }
    }

    #[test]
    fn a_standard_atmosphere_has_its_pressures() {
        for (hpa, expected_m) in [(1_013.25, 0.0), (954.61, 500.0), (898.75, 1_000.0), (1_030.0, -138.3)] {
            let altitude_m = pressure_altitude_m(hpa).expect("a pressure");
            assert!((altitude_m - expected_m).abs() < 1.0, "{hpa} hPa: {altitude_m} m");
        }
        assert!([0.0, f64::NAN, -5.0, 5_000.0].into_iter().all(|hpa| pressure_altitude_m(hpa).is_none()));
    }

    #[test]
    fn what_was_told_long_ago_counts_as_old() {
        let stale = Vehicle { age_s: 10.0, ..coming(1, 500.0, 0.0) };
        assert!(!watched(&stale));
        // 50 m/s for 8 s: it has passed from 900 m to 500 m.
        let later = Vehicle { age_s: 8.0, north_m_s: 50.0, ..coming(1, 500.0, 0.0) };
        assert!(!watched(&later), "it has left");
    }

    fn watched(vehicle: &Vehicle) -> bool {
        let mut traffic = Traffic::default();
        traffic.take(vehicle, 1_000);
        matches!(traffic.watch(&ours(), 0.0, 1_000), Some(Change::Came(_)))
    }

    #[test]
    fn near_is_well_clear_now_or_soon() {
        for (distance_m, above_m, expected) in
            [(500.0, 50.0, true), (2_500.0, 50.0, true), (2_500.0, -50.0, true), (2_800.0, 50.0, false), (500.0, 100.0, false)]
        {
            assert_eq!(watched(&coming(1, distance_m, above_m)), expected, "{distance_m} m, {above_m} m above");
        }
        let leaving = Vehicle { north_m_s: 50.0, ..coming(1, 700.0, 0.0) };
        assert!(!watched(&leaving));
        let sinking = Vehicle { up_m_s: -5.0, ..coming(1, 1_500.0, 200.0) };
        assert!(watched(&sinking));
    }

    #[test]
    fn one_intruder_is_told_once_and_its_going_too() {
        let mut traffic = Traffic::default();
        let mut told = Vec::new();
        for second in 0..120_u64 {
            let vehicle = coming(0xABCDEF, 3_000.0 - 50.0 * second as f64, 30.0);
            traffic.take(&vehicle, second * 1_000);
            told.extend(traffic.watch(&ours(), 0.0, second * 1_000).map(|change| (second, change)));
        }
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(matches!(&told[0].1, Change::Came(intruder) if intruder.name == "ABCDEF" && intruder.above_m == 30.0));
        assert_eq!(told[1].1, Change::Gone);
    }

    #[test]
    fn one_that_passes_over_where_ours_has_sunk_to_is_gone_when_ours_may_rise() {
        let hovering = Vehicle { north_m_s: 0.0, ..coming(1, 300.0, 70.0) };
        let low = Ours { altitude_amsl_m: 50.0, ..ours() };
        let watched = |back_m: f64| {
            let mut traffic = Traffic::default();
            traffic.take(&hovering, 0);
            assert!(matches!(traffic.watch(&ours(), 0.0, 0), Some(Change::Came(_))));
            traffic.watch(&low, back_m, 1_000)
        };
        assert_eq!((watched(0.0), watched(40.0)), (Some(Change::Gone), None));
    }

    #[test]
    fn silence_is_no_aircraft_and_a_flood_is_bounded() {
        let mut traffic = Traffic::default();
        traffic.take(&coming(1, 500.0, 0.0), 0);
        assert!(traffic.watch(&ours(), 0.0, 0).is_some());
        assert_eq!(traffic.watch(&ours(), 0.0, 10_000), Some(Change::Gone));
        for address in 0..1_000 {
            traffic.take(&coming(address, 50_000.0, 0.0), 20_000 + u64::from(address));
        }
        assert_eq!(traffic.known.len(), KNOWN_MAX);
    }
}
