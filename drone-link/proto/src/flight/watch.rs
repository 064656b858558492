//! What is watched all through a flight: charge, fix, modes that nobody ordered, and the trail flown.

use flight_types::{FlightEvent, GeoPoint};

use super::{Flight, Stage};
use crate::craft::Craft;
use crate::profile::Mode;
use crate::traffic::{Change, Intruder};

/// Distance between two points of the trail, metres.
const TRAIL_STEP_M: f64 = 15.0;
/// Points kept; then every second one is dropped. With the mission items it stays far below what autopilots hold.
const TRAIL_MAX: usize = 96;

/// What was noticed so far.
#[derive(Debug, Default)]
pub(super) struct Watch {
    battery_low: Since,
    battery_reported: bool,
    no_fix: Since,
    pub(super) no_spare: Since,
    gps_lost: bool,
    mode: Option<Mode>,
    pub(super) motors_off_ms: Option<u64>,
    pub(super) landed_ms: Option<u64>,
}

/// Since when something has been true.
#[derive(Debug, Default)]
pub(super) struct Since(Option<u64>);

impl Since {
    /// Whether it has been true for so long.
    pub(super) fn lasted(&mut self, now: bool, for_ms: u64, now_ms: u64) -> bool {
        if !now {
            self.0 = None;
            return false;
        }
        now_ms.saturating_sub(*self.0.get_or_insert(now_ms)) >= for_ms
    }
}

impl Flight {
    /// Looks at what may go wrong at any time in the air.
    pub(super) fn watch_over(&mut self, craft: &mut Craft, now_ms: u64) {
        if !self.stage.is_airborne() {
            return;
        }
        self.watch_battery(craft, now_ms);
        self.watch_fix(craft, now_ms);
        self.watch_drift(craft, now_ms);
        self.watch_traffic(craft, now_ms);
        if let Some(here) = craft.telemetry.position {
            self.leave_trail(here);
        }
    }

    fn watch_traffic(&mut self, craft: &mut Craft, now_ms: u64) {
        let Some(ours) = craft.telemetry.for_traffic(now_ms) else { return };
        match craft.traffic.watch(&ours, self.sunk_m(craft), now_ms) {
            Some(Change::Came(Intruder { name, distance_m, above_m })) => {
                let waits = self.may_wait(craft);
                self.report(FlightEvent::Intruder { name, distance_m, above_m, waits });
            }
            Some(Change::Gone) => self.report(FlightEvent::IntruderGone),
            None => {}
        }
    }

    fn watch_battery(&mut self, craft: &Craft, now_ms: u64) {
        let Some(remaining_pct) = craft.telemetry.battery_pct else { return };
        // Whichever comes first: the charge at which every flight ends, or what the way home from here takes.
        let home_pct = self.plan.home_charge_pct(craft.telemetry.position, craft.telemetry.wind());
        let low = remaining_pct <= craft.limits.battery_low_pct.max(home_pct);
        if self.watch.battery_low.lasted(low, craft.limits.settle_ms, now_ms) && !self.watch.battery_reported {
            self.watch.battery_reported = true;
            self.report(FlightEvent::BatteryLow { remaining_pct });
        }
    }

    fn watch_fix(&mut self, craft: &Craft, now_ms: u64) {
        let Some(fix) = craft.telemetry.gps_ok() else { return };
        let changed = fix == self.watch.gps_lost;
        if !self.watch.no_fix.lasted(changed, craft.limits.settle_ms, now_ms) {
            return;
        }
        self.watch.gps_lost = !fix;
        self.report(if fix { FlightEvent::GpsRegained } else { FlightEvent::GpsLost });
    }

    /// While adrift, every further change of mode is told; with a pilot in control changes are the pilot's own.
    fn watch_drift(&mut self, craft: &Craft, now_ms: u64) {
        if self.stage != Stage::Adrift || self.yielded {
            return;
        }
        let Some(mode) = craft.telemetry.mode() else { return };
        let known = self.watch.mode.replace(mode);
        if known.is_some_and(|before| before != mode) {
            let reason = craft.reason(now_ms);
            self.report(FlightEvent::ModeChanged { mode: mode.word().to_owned(), reason });
        }
    }

    /// This mode has been reported.
    pub(super) fn watch_mode(&mut self, mode: Mode) {
        self.watch.mode = Some(mode);
    }

    fn leave_trail(&mut self, here: GeoPoint) {
        if self.trail.last().is_some_and(|last| last.distance_m(&here) < TRAIL_STEP_M) {
            return;
        }
        if self.trail.len() == TRAIL_MAX {
            let mut index = 0;
            self.trail.retain(|_| {
                index += 1;
                index % 2 == 1
            });
        }
        self.trail.push(here);
    }
}
