//! What must always be true (`faults.md`), watched during every run.

use std::collections::{BTreeMap, BTreeSet};

use dispatch_core::Core;
use dispatch_core::choice::{SEPARATION_HORIZONTAL_M, SEPARATION_VERTICAL_M};
use dispatch_core::config::{NoFlyZone, SiteConfig};
use dispatch_core::event::{CodeVerdict, Entry, Event};
use dispatch_core::model::{Authority, IncidentState, Mission, OfferState};
use flight_types::{CallerId, DroneId, FlightPhase, GeoPoint, IncidentId, LocalFrame};

use super::expect::Verdict;
use super::intruder::NearestIntruder;
use super::run::Flyer;
use crate::Truth;

/// How far outside a fence or inside a zone counts, metres: under this it is the noise of the aircraft's own navigation.
const BORDER_TOLERANCE_M: f64 = 3.0;
/// So near to its pad an aircraft may be low, metres: there it climbs and lands, and gusts carry it.
const PAD_M: f64 = 15.0;
/// A flight may be so much lower over its ground than its lowest height on scene, and higher than the ceiling, metres: barometers and gusts.
const HEIGHT_TOLERANCE_M: f64 = 2.0;
/// A recalled aircraft is on the ground after so long, milliseconds, wherever it was.
const RECALL_LIMIT_MS: i64 = 600_000;
/// The same complaint is written once.
const COMPLAINTS_MAX: usize = 20;

/// The watch over one run.
pub(crate) struct Invariants {
    site: SiteConfig,
    allowed: BTreeSet<String>,
    acknowledged: BTreeSet<(CallerId, String)>,
    confirmed: BTreeSet<IncidentId>,
    last_seq: u64,
    complaints: BTreeMap<(&'static str, String), u64>,
    primaries: BTreeMap<IncidentId, usize>,
}

impl Invariants {
    pub fn new(site: SiteConfig, allowed: &[String]) -> Self {
        Self {
            site,
            allowed: allowed.iter().cloned().collect(),
            acknowledged: BTreeSet::new(),
            confirmed: BTreeSet::new(),
            last_seq: 0,
            complaints: BTreeMap::new(),
            primaries: BTreeMap::new(),
        }
    }

    fn complain(&mut self, name: &'static str, about: impl Into<String>, now_ms: u64) {
        if !self.allowed.contains(name) && self.complaints.len() < COMPLAINTS_MAX {
            self.complaints.entry((name, about.into())).or_insert(now_ms);
        }
    }

    pub fn acknowledged(&mut self, caller: &CallerId, key: &str) {
        self.acknowledged.insert((caller.clone(), key.to_owned()));
    }

    /// An entry is durable, whether or not the process lives on.
    pub fn see_logged(&mut self, entry: &Entry, now_ms: u64) {
        if entry.seq != self.last_seq + 1 {
            self.complain("log_without_gaps", format!("entry {} after {}", entry.seq, self.last_seq), now_ms);
        }
        self.last_seq = entry.seq;
        if let Event::ConfirmationGiven { incident, verdict: CodeVerdict::Safe } = &entry.event {
            self.confirmed.insert(incident.clone());
        }
    }

    /// The state after an entry.
    pub fn see_state(&mut self, event: &Event, core: &Core, now_ms: u64) {
        // High-rate entries cannot change what is watched here.
        if matches!(event, Event::CallerMoved { .. } | Event::EffectDone { .. }) {
            return;
        }
        self.check_incidents(core, now_ms);
        self.check_missions(core, now_ms);
    }

    fn check_incidents(&mut self, core: &Core, now_ms: u64) {
        for incident in core.incidents() {
            let offers = incident.offers.iter().filter_map(|offer| core.offer(offer));
            let primaries = offers.filter(|offer| offer.state == OfferState::Primary).count();
            if primaries > 1 {
                self.complain("one_primary", format!("{} has {primaries}", incident.id), now_ms);
            }
            self.primaries.insert(incident.id.clone(), primaries);
            if incident.state == IncidentState::Closed && !self.confirmed.contains(&incident.id) {
                self.complain("closed_only_by_the_caller", incident.id.to_string(), now_ms);
            }
        }
    }

    fn check_missions(&mut self, core: &Core, now_ms: u64) {
        let mut busy: BTreeSet<&DroneId> = BTreeSet::new();
        let open: Vec<&Mission> = core.missions().filter(|mission| !mission.ended).collect();
        for mission in &open {
            if mission.phase.is_some() && !busy.insert(&mission.drone) {
                self.complain("one_mission_on_an_aircraft", mission.drone.to_string(), now_ms);
            }
            let allowed = matches!(mission.authority, Authority::Policy | Authority::Operator { .. } | Authority::Silence);
            if mission.phase.is_some() && !allowed {
                self.complain("launched_with_authority", mission.id.to_string(), now_ms);
            }
            if mission.phase >= Some(FlightPhase::Armed) && !mission.reached_at_ms.contains_key(&FlightPhase::PreflightPassed) {
                self.complain("preflight_before_arming", mission.id.to_string(), now_ms);
            }
        }
    }

    pub fn see_aircraft(&mut self, drone: &DroneId, truth: &Truth, now_ms: u64) {
        if truth.on_ground {
            return;
        }
        if !self.site.fence.contains(truth.position)
            && distance_to_ring_m(truth.position, self.site.fence.corners()) > BORDER_TOLERANCE_M
        {
            self.complain("inside_the_fence", drone.to_string(), now_ms);
        }
        let at_ms = super::server::START_WALL_MS + now_ms as i64;
        let closed = |zone: &&NoFlyZone| zone.hours.as_ref().is_none_or(|hours| hours.cover(at_ms));
        let zones = self.site.no_fly_zones.iter().filter(|zone| zone.ring.contains(truth.position)).filter(closed);
        let inside = zones.filter(|zone| {
            zone.floor_amsl_m.is_none_or(|floor_m| floor_m < truth.altitude_amsl_m)
                && zone.ceiling_amsl_m.is_none_or(|ceiling_m| truth.altitude_amsl_m < ceiling_m)
                && distance_to_ring_m(truth.position, zone.ring.corners()) > BORDER_TOLERANCE_M
        });
        let names: Vec<String> = inside.map(|zone| format!("{drone} in {}", zone.name)).collect();
        names.into_iter().for_each(|name| self.complain("outside_no_fly_zones", name, now_ms));
        let hit = self
            .site
            .obstacles
            .iter()
            .find(|obstacle| truth.altitude_amsl_m < obstacle.top_amsl_m && obstacle.ring.contains(truth.position));
        if let Some(about) = hit.map(|obstacle| format!("{drone} in {}", obstacle.id)) {
            self.complain("clear_of_buildings", about, now_ms);
        }
    }

    /// Over hills: away from the pads never lower over the true ground than on scene, and nowhere higher than the ceiling.
    pub fn see_over_ground(&mut self, drone: &DroneId, truth: &Truth, over_ground_m: f64, now_ms: u64) {
        let mut pads = self.site.stations.iter().flat_map(|station| &station.drones).map(|drone| drone.pad);
        if truth.on_ground || pads.any(|pad| pad.distance_m(&truth.position) < PAD_M) {
            return;
        }
        if over_ground_m < self.site.policy.scene_height_m - HEIGHT_TOLERANCE_M {
            self.complain("clear_of_the_ground", format!("{drone}: {over_ground_m:.1} m over it"), now_ms);
        }
        if over_ground_m > self.site.fence_height_max_m + HEIGHT_TOLERANCE_M {
            self.complain("under_the_ceiling", format!("{drone}: {over_ground_m:.1} m over the ground"), now_ms);
        }
    }

    /// Two of ours in the air are never both near each other along the ground and near in height.
    pub fn see_fleet(&mut self, fleet: &[(&DroneId, Truth)], now_ms: u64) {
        for (index, (one, a)) in fleet.iter().enumerate() {
            for (other, b) in &fleet[index + 1..] {
                let height_m = (a.altitude_amsl_m - b.altitude_amsl_m).abs();
                if a.on_ground || b.on_ground || height_m >= SEPARATION_VERTICAL_M {
                    continue;
                }
                let apart_m = a.position.distance_m(&b.position);
                if apart_m < SEPARATION_HORIZONTAL_M {
                    self.complain("apart_from_our_own", format!("{one} and {other}"), now_ms);
                }
            }
        }
    }

    /// The height of a scene without doubt, metres.
    pub fn scene_height_m(&self) -> f64 {
        self.site.policy.scene_height_m
    }

    /// Who gives way in time is never both near somebody else's aircraft along the ground and near in height.
    pub fn see_intruder(&mut self, near: &NearestIntruder) {
        if near.share < 1.0 {
            let about = format!("{}: {:.0} m off, {:.0} m above", near.drone, near.distance_m, near.above_m);
            self.complain("clear_of_intruders", about, near.at_ms);
        }
    }

    pub fn end(&mut self, replayed: &Core, running: Option<&Core>, flyers: &BTreeMap<DroneId, Flyer>, now_ms: u64) {
        for (caller, key) in self.acknowledged.clone() {
            if replayed.incident_by_key(&caller, &key).is_none() {
                self.complain("no_acknowledged_call_lost", format!("{caller} {key}"), now_ms);
            }
        }
        if running.is_some_and(|running| running.state_hash() != replayed.state_hash()) {
            self.complain("replay_gives_the_same_state", "hash differs", now_ms);
        }
        let late = replayed.missions().filter(|mission| overdue(mission, replayed.now_ms())).map(|mission| mission.id.to_string());
        let late: Vec<String> = late.collect();
        late.into_iter().for_each(|mission| self.complain("recall_brings_home", mission, now_ms));
        for (drone, flyer) in flyers {
            let truth = flyer.aircraft.truth();
            if truth.on_ground && truth.battery_pct < self.site.policy.battery_reserve_pct / 2.0 {
                self.complain("lands_with_reserve", format!("{drone} has {:.0} % left", truth.battery_pct), now_ms);
            }
        }
    }

    pub fn verdicts(&self) -> Vec<Verdict> {
        let wrong = |at_ms: &u64, about: &str| Some(format!("{about} at {:.1} s", *at_ms as f64 / 1_000.0));
        self.complaints
            .iter()
            .map(|((name, about), at_ms)| Verdict { expected: format!("always: {name}"), wrong: wrong(at_ms, about) })
            .collect()
    }
}

fn overdue(mission: &Mission, now_ms: i64) -> bool {
    let started_home = mission.reached_at_ms.get(&FlightPhase::Returning);
    mission.recalled && !mission.ended && !mission.link_lost && started_home.is_some_and(|at_ms| at_ms + RECALL_LIMIT_MS < now_ms)
}

fn distance_to_ring_m(point: GeoPoint, corners: &[GeoPoint]) -> f64 {
    let frame = LocalFrame::new(point);
    let local: Vec<_> = corners.iter().map(|corner| frame.to_local(*corner)).collect();
    let edges = local.iter().zip(local.iter().cycle().skip(1));
    let distances = edges.map(|(a, b)| {
        let (east, north) = (b.east_m - a.east_m, b.north_m - a.north_m);
        let length2 = (east * east + north * north).max(f64::MIN_POSITIVE);
        let share = (-(a.east_m * east + a.north_m * north) / length2).clamp(0.0, 1.0);
        (a.east_m + share * east).hypot(a.north_m + share * north)
    });
    distances.fold(f64::INFINITY, f64::min)
}
