//! Where a flight comes down: on its pad, or at a rally point of its site when it was ordered there or its charge does not reach the pad
//! (ADR 270).

use flight_types::{FlightEvent, GeoPoint, RallyPoint, RallyPointId, Shortfall};

use super::{Flight, Stage};
use crate::craft::Craft;
use crate::{items, route};

/// At this charge autopilots act by themselves, and no longer follow the way that they were given (PX4: BAT_CRIT_THR), per cent: a way home must
/// leave as much.
const ACTS_ALONE_PCT: f64 = 7.0;
/// A rally point is worth it when it saves this much of the charge, per cent: less is within the error of what is reckoned.
const WORTH_PCT: f64 = 2.0;
/// Between two reckonings on the way home, milliseconds: in that time an aircraft flies some thirty metres.
const RECKONED_MS: u64 = 2_000;
/// One of ours that stands, or is to come down, so near to a rally point has taken it, metres: a landing by satellites is off by some metres, and
/// rotors blow.
const TAKEN_M: f64 = 15.0;

/// Where a flight comes down.
#[derive(Debug, Default)]
pub(super) struct Landing {
    /// Instead of the pad.
    point: Option<RallyPoint>,
    /// Where a person had it recalled to; by itself it may have to land elsewhere.
    ordered: Option<RallyPointId>,
    /// What was reported, so that it is told once.
    told: Option<RallyPointId>,
    reckoned_ms: u64,
}

impl Flight {
    /// Where it is to come down.
    pub(super) fn landing_place(&self) -> GeoPoint {
        self.landing.point.as_ref().map_or(self.plan.home, |point| point.place)
    }

    /// The same as the end of a way home.
    pub(super) fn landing_item(&self) -> items::Landing {
        let ground_m = self.landing.point.as_ref().map_or(0.0, |point| point.ground_m);
        items::Landing { place: self.landing_place(), ground_m }
    }

    /// The rally point that it makes for.
    pub fn makes_for_rally(&self) -> Option<GeoPoint> {
        self.landing.point.as_ref().map(|point| point.place)
    }

    /// Takes where a recall has it land. Returns whether that is elsewhere than it is about to: a recall to the pad does not turn back who makes for
    /// a rally point because of its charge, but takes back an order to go to one.
    pub(super) fn takes_landing(&mut self, rally: Option<&RallyPointId>) -> bool {
        let before = std::mem::replace(&mut self.landing.ordered, rally.cloned());
        match rally {
            Some(id) => self.landing.point.as_ref().is_none_or(|point| point.id != *id),
            None => before.is_some(),
        }
    }

    /// The recall is carried out: from here on it lands where it was ordered to.
    pub(super) fn begin_landing_as_ordered(&mut self) {
        let ordered = self.landing.ordered.as_ref();
        self.landing.point = ordered.and_then(|id| self.plan.rally_point(id)).cloned();
        self.landing.told = None;
    }

    /// It was found on a way that ends here.
    pub(super) fn adopt_landing(&mut self, place: GeoPoint, within_m: f64) {
        self.landing.point = self.plan.rally_point_near(place, within_m).cloned();
        self.tell_diverted(None);
    }

    /// On its way home with a charge that does not reach: turns it to a rally point.
    pub(super) fn look_for_landing(&mut self, craft: &Craft, now_ms: u64) {
        if now_ms.saturating_sub(self.landing.reckoned_ms) < RECKONED_MS {
            return;
        }
        self.landing.reckoned_ms = now_ms;
        if craft.telemetry.position.is_some_and(|here| self.divert_if_short(here, craft)) {
            self.go(Stage::HomeLoad, now_ms);
        }
    }

    /// The corners from here to where it comes down: those home, unless it was ordered to a rally point or its charge does not reach the pad.
    pub(super) fn way_to_landing(&mut self, here: GeoPoint, homeward: Vec<GeoPoint>, craft: &Craft) -> Vec<GeoPoint> {
        self.divert_if_short(here, craft);
        let Some(point) = &self.landing.point else { return homeward };
        if let Some(way) = route::way_to(&self.plan, here, point.place) {
            self.tell_diverted(None);
            return way;
        }
        let text = format!("no legal way to the rally point {}: it comes home to its pad", point.id);
        self.landing.point = None;
        self.report(FlightEvent::Warning { text });
        homeward
    }

    /// Reckons whether the charge reaches the pad; if not, and another landing takes clearly less, it is that one. Returns whether it is another now.
    fn divert_if_short(&mut self, here: GeoPoint, craft: &Craft) -> bool {
        if self.landing.point.is_some() || self.yielded {
            return false;
        }
        let Some(shortfall) = self.shortfall(here, craft) else { return false };
        let Some((point, needed_pct)) = self.cheapest_landing(here, craft) else { return false };
        if needed_pct + WORTH_PCT > shortfall.needed_pct {
            return false;
        }
        self.landing.point = Some(point);
        self.tell_diverted(Some(shortfall));
        true
    }

    /// By how much the charge does not reach the pad; `None` while it does.
    fn shortfall(&self, here: GeoPoint, craft: &Craft) -> Option<Shortfall> {
        let remaining_pct = craft.telemetry.battery_pct?;
        let way = route::way_to(&self.plan, here, self.plan.home)?;
        let needed_pct = self.needed_pct(here, &way, craft)?;
        (remaining_pct < needed_pct).then_some(Shortfall { needed_pct, remaining_pct })
    }

    fn needed_pct(&self, here: GeoPoint, way: &[GeoPoint], craft: &Craft) -> Option<f64> {
        Some(ACTS_ALONE_PCT + self.plan.landing_charge_pct(here, way, craft.telemetry.wind())?)
    }

    /// The rally point, free and with a legal way, that takes the least. When none is within reach either, it is still the best that can be done.
    fn cheapest_landing(&self, here: GeoPoint, craft: &Craft) -> Option<(RallyPoint, f64)> {
        let is_free = |point: &&RallyPoint| craft.taken.iter().all(|taken| taken.distance_m(&point.place) > TAKEN_M);
        let points = self.plan.rally.iter().flat_map(|rally| &rally.points).filter(is_free);
        let needed = points.filter_map(|point| {
            let way = route::way_to(&self.plan, here, point.place)?;
            Some((point.clone(), self.needed_pct(here, &way, craft)?))
        });
        needed.min_by(|(_, one_pct), (_, other_pct)| one_pct.total_cmp(other_pct))
    }

    fn tell_diverted(&mut self, shortfall: Option<Shortfall>) {
        let Some(rally) = self.landing.point.as_ref().map(|point| point.id.clone()) else { return };
        if self.landing.told.replace(rally.clone()).as_ref() != Some(&rally) {
            self.report(FlightEvent::Diverted { rally, shortfall });
        }
    }

    /// Whether it stands where it may: on its pad, or at a rally point, which is told when nobody knows of it.
    pub(super) fn stands_at_landing(&mut self, craft: &Craft) -> bool {
        let Some(here) = craft.telemetry.position else { return false };
        let within_m = craft.limits.pad_distance_max_m;
        if here.distance_m(&self.plan.home) <= within_m {
            return true;
        }
        self.adopt_landing(here, within_m);
        self.landing.point.is_some()
    }
}
