//! Other people's aircraft near ours, as its ADS-B receiver hears them (MAVLink ADSB_VEHICLE), and whether one comes too near.
//!
//! Too near is inside the volume of ASTM F3442 for small unmanned aircraft ("well clear": 2,000 ft along the ground and 250 ft in
//! height), now or within the time that it takes to give way.

use std::collections::BTreeMap;

use flight_types::{GeoPoint, Local, LocalFrame};

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
/// An aircraft not heard for so long is not known to be anywhere, milliseconds: ADS-B speaks once a second.
const SILENT_MS: u64 = 10_000;
/// Aircraft kept at once; the sky over a town has a few, a forger may send many. The one unheard longest goes first.
const KNOWN_MAX: usize = 64;

/// One aircraft as heard.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Vehicle {
    /// ICAO address.
    pub address: u32,
    pub callsign: String,
    pub place: GeoPoint,
    pub altitude_amsl_m: f64,
    pub east_m_s: f64,
    pub north_m_s: f64,
    pub up_m_s: f64,
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

    /// Whether somebody has come too near, or the one who had is gone.
    pub fn watch(&mut self, here: GeoPoint, altitude_amsl_m: f64, now_ms: u64) -> Option<Change> {
        self.known.retain(|_, (_, heard_ms)| now_ms.saturating_sub(*heard_ms) < SILENT_MS);
        let gap = |(vehicle, heard_ms): &(Vehicle, u64)| nearest(vehicle, here, altitude_amsl_m, now_ms.saturating_sub(*heard_ms));
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

/// Ours hovers or will: its own speed does not count.
fn nearest(vehicle: &Vehicle, here: GeoPoint, altitude_amsl_m: f64, age_ms: u64) -> Gap {
    let there = LocalFrame::new(here).to_local(vehicle.place);
    let at = |seconds: f64| {
        let place =
            Local { east_m: there.east_m + vehicle.east_m_s * seconds, north_m: there.north_m + vehicle.north_m_s * seconds };
        let above_m = vehicle.altitude_amsl_m + vehicle.up_m_s * seconds - altitude_amsl_m;
        (place.east_m.hypot(place.north_m), above_m)
    };
    let age_s = age_ms as f64 / 1_000.0;
    let (now_m, above_m) = at(age_s);
    let steps = (AHEAD_S / AHEAD_STEP_S) as u32;
    let share = |step: u32| {
        let (distance_m, above_m) = at(age_s + f64::from(step) * AHEAD_STEP_S);
        (distance_m / CLEAR_M).max(above_m.abs() / CLEAR_HEIGHT_M)
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
            altitude_amsl_m: 90.0 + above_m,
            east_m_s: 0.0,
            north_m_s: -50.0,
            up_m_s: 0.0,
        }
    }

    fn watched(vehicle: &Vehicle) -> bool {
        let mut traffic = Traffic::default();
        traffic.take(vehicle, 1_000);
        matches!(traffic.watch(here(), 90.0, 1_000), Some(Change::Came(_)))
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
            told.extend(traffic.watch(here(), 90.0, second * 1_000).map(|change| (second, change)));
        }
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(matches!(&told[0].1, Change::Came(intruder) if intruder.name == "ABCDEF" && intruder.above_m == 30.0));
        assert_eq!(told[1].1, Change::Gone);
    }

    #[test]
    fn silence_is_no_aircraft_and_a_flood_is_bounded() {
        let mut traffic = Traffic::default();
        traffic.take(&coming(1, 500.0, 0.0), 0);
        assert!(traffic.watch(here(), 90.0, 0).is_some());
        assert_eq!(traffic.watch(here(), 90.0, SILENT_MS), Some(Change::Gone));
        for address in 0..1_000 {
            traffic.take(&coming(address, 50_000.0, 0.0), 20_000 + u64::from(address));
        }
        assert_eq!(traffic.known.len(), KNOWN_MAX);
    }
}
