//! The way home of an aircraft that hears nobody any more, from wherever it has followed its caller to: what lies on board, and where its autopilot
//! would fly by that. Against a scripted aircraft in virtual time.

mod support;

use flight_types::{FlightCommand, FlightEvent, FlightFailure, FlightPhase, FlightPlan, Local, LocalFrame, Obstacle};
use mavlink::dialects::ardupilotmega::{MavCmd, MavMissionType};
use support::vehicle::{self, HOLD, Word};
use support::*;

/// Where the caller goes: round two corners of the zone, and round a house that the transit passes over and the scene does not.
const WALK: [(f64, f64); 5] = [(198.0, 0.0), (198.0, -80.0), (60.0, -80.0), (60.0, -150.0), (0.0, -150.0)];
const WALK_M_S: f64 = 2.0;
/// Longer than the walk takes, seconds.
const WALK_S: u64 = 180;
const HOUSE: (f64, f64, f64) = (25.0, -110.0, 15.0);
const HOUSE_TOP_M: f64 = 16.0;
/// So far it may be led at the height of the scene: the walk until a new list is drawn, the step aside, and what is walked while the list is put on board.
const LOW_M: f64 = 45.0;
/// Under the transit.
const LOW_HEIGHT_M: f64 = 38.0;

fn walked_plan() -> FlightPlan {
    let house = Obstacle { ring: square(HOUSE.0, HOUSE.1, HOUSE.2), top_m: HOUSE_TOP_M };
    FlightPlan { obstacles: vec![house], ..plan("m") }
}

/// Where the caller is after so many seconds of their walk, and which way they go, east and north.
fn caller(at_s: f64) -> (Local, f64, f64) {
    let mut left_m = at_s * WALK_M_S;
    for leg in WALK.windows(2) {
        let (east_m, north_m) = (leg[1].0 - leg[0].0, leg[1].1 - leg[0].1);
        let leg_m = east_m.hypot(north_m);
        if left_m < leg_m {
            let (east, north) = (east_m / leg_m, north_m / leg_m);
            let place = Local { east_m: leg[0].0 + east * left_m, north_m: leg[0].1 + north * left_m };
            return (place, east * WALK_M_S, north * WALK_M_S);
        }
        left_m -= leg_m;
    }
    let (east_m, north_m) = WALK[WALK.len() - 1];
    (Local { east_m, north_m }, 0.0, 0.0)
}

fn on_scene(ardupilot: bool, weather: Weather, seed: u64) -> World {
    let mut world = World::new(seed, weather);
    if ardupilot {
        world.vehicle.become_arducopter();
    }
    world.command("m", fly(walked_plan(), FlightPhase::Ordered));
    world.run_until_phase(240_000, FlightPhase::OnScene);
    world.run(10_000);
    world
}

/// The caller is told each second of their walk, until it has lasted so long.
struct Walk {
    world: World,
    begun_ms: u64,
}

impl Walk {
    fn begin(world: World) -> Self {
        let begun_ms = world.now_ms;
        Self { world, begun_ms }
    }

    fn tell(&mut self) {
        let (place, east_m_s, north_m_s) = caller((self.world.now_ms - self.begun_ms) as f64 / 1_000.0);
        let target = LocalFrame::new(home()).to_geo(place);
        let (velocity_east_m_s, velocity_north_m_s) = (east_m_s, north_m_s);
        let escort = FlightCommand::Escort { target, velocity_east_m_s, velocity_north_m_s, post: None, direct: false };
        self.world.command("m", escort);
    }

    fn tick(&mut self) {
        if (self.world.now_ms - self.begun_ms).is_multiple_of(1_000) {
            self.tell();
        }
        self.world.tick();
    }

    fn until_ms(&mut self, after_ms: u64) {
        while self.world.now_ms < self.begun_ms + after_ms {
            self.tick();
        }
    }

    /// Missions that were offered since.
    fn offers(&self) -> usize {
        let is_offer = |(word, kind, _): &&(Word, MavMissionType, u16)| {
            *word == Word::Count && *kind == MavMissionType::MAV_MISSION_TYPE_MISSION
        };
        self.world.vehicle.transfers.iter().filter(is_offer).count()
    }
}

/// What is wrong with the way that the autopilot would fly by itself: through the zone, through the house, or further at the height of the scene than
/// so far.
fn wrong_alone(world: &World, low_max_m: f64) -> Option<String> {
    let way = world.vehicle.way_alone();
    let plan = walked_plan();
    let frame = LocalFrame::new(home());
    let Some((end, _)) = way.last() else { return Some("it would return straight".to_owned()) };
    if end.distance_m(&Local::default()) > 1.0 {
        return Some(format!("it would end at {end:?}"));
    }
    let mut low_m = 0.0;
    for leg in way.windows(2) {
        let ((from, from_m), (to, to_m)) = (leg[0], leg[1]);
        // It may be at the lower of both heights all along.
        let (leg_m, height_m) = (from.distance_m(&to), from_m.min(to_m));
        low_m += if height_m < LOW_HEIGHT_M { leg_m } else { 0.0 };
        for step in 0..=leg_m.ceil() as usize {
            let share = step as f64 / leg_m.ceil().max(1.0);
            let along = |from: f64, to: f64| from + share * (to - from);
            let place = frame.to_geo(Local { east_m: along(from.east_m, to.east_m), north_m: along(from.north_m, to.north_m) });
            if plan.exclusions.iter().any(|zone| zone.contains(place)) {
                return Some(format!("through the zone: {from:?} to {to:?}"));
            }
            if plan.obstacles.iter().any(|house| house.reaches(height_m) && house.ring.contains(place)) {
                return Some(format!("through the house {height_m} m high: {from:?} to {to:?}"));
            }
        }
    }
    (low_m > low_max_m).then(|| format!("{low_m:.0} m far at the height of the scene: {way:?}"))
}

fn returning(report: &FlightEvent) -> bool {
    *report == reached(FlightPhase::Returning)
}

fn failed(report: &FlightEvent) -> bool {
    matches!(report, FlightEvent::Failed { .. })
}

#[test]
fn from_every_place_of_a_walk_the_list_on_board_leads_home_legally() {
    for ardupilot in [false, true] {
        let mut walk = Walk::begin(on_scene(ardupilot, CLEAR, 71));
        let before = walk.offers();
        while walk.world.now_ms < walk.begun_ms + WALK_S * 1_000 {
            walk.tick();
            // An ArduCopter's list is changed in place: while it is, it is neither the old nor the new one.
            if ardupilot && walk.world.vehicle.is_receiving() {
                continue;
            }
            let after_s = (walk.world.now_ms - walk.begun_ms) as f64 / 1_000.0;
            assert_eq!(wrong_alone(&walk.world, LOW_M), None, "ArduCopter {ardupilot}, after {after_s} s");
            assert_eq!(walk.world.vehicle.mode, HOLD, "what is flown is not touched");
        }
        let offers = walk.offers() - before;
        assert!((8..=24).contains(&offers), "{offers} lists over 350 m");
        assert!(!walk.world.has(failed) && !walk.world.has(returning), "{:?}", walk.world.reports);
        walk.world.command("m", recall());
        walk.world.run_until_phase(240_000, FlightPhase::Landed);
    }
}

/// A transfer takes longer there; whoever walks is further from where it was drawn when it is on board.
#[test]
fn over_a_bad_line_it_leads_home_legally_too() {
    const LOW_IN_STORM_M: f64 = 130.0;
    for ardupilot in [false, true] {
        for seed in 0..8 {
            let mut walk = Walk::begin(on_scene(ardupilot, STORM, seed));
            while walk.world.now_ms < walk.begun_ms + WALK_S * 1_000 {
                walk.tick();
                if !(ardupilot && walk.world.vehicle.is_receiving()) {
                    assert_eq!(wrong_alone(&walk.world, LOW_IN_STORM_M), None, "ArduCopter {ardupilot}, seed {seed}");
                }
            }
            assert!(!walk.world.has(returning), "{:?}", walk.world.reports);
            walk.world.command("m", recall());
            walk.world.run_until_phase(240_000, FlightPhase::Landed);
        }
    }
}

/// Since the walk began: when the first list was offered, milliseconds.
fn first_offer_ms(ardupilot: bool) -> u64 {
    let mut walk = Walk::begin(on_scene(ardupilot, CLEAR, 72));
    let before = walk.offers();
    while walk.offers() == before {
        walk.tick();
        assert!(walk.world.now_ms < walk.begun_ms + WALK_S * 1_000, "none was");
    }
    walk.world.now_ms - walk.begun_ms
}

#[test]
fn a_recall_in_the_middle_of_a_transfer_has_its_own_list_and_disturbs_nothing() {
    for ardupilot in [false, true] {
        let offered_ms = first_offer_ms(ardupilot);
        for later_ms in (0..1_200).step_by(40) {
            let mut walk = Walk::begin(on_scene(ardupilot, CLEAR, 72));
            walk.until_ms(offered_ms + later_ms);
            walk.world.command("m", recall());
            walk.world.run_until_phase(30_000, FlightPhase::Returning);
            let list = &walk.world.vehicle.mission[usize::from(ardupilot)..];
            assert_eq!(list[1].command, MavCmd::MAV_CMD_DO_CHANGE_SPEED, "the ordered one is flown, {later_ms} ms later");
            let zone = walked_plan().exclusions[0].clone();
            while !walk.world.has(|report| *report == reached(FlightPhase::Landed)) {
                walk.world.tick();
                assert!(!zone.contains(walk.world.vehicle.position()), "{later_ms} ms later");
            }
            assert!(!walk.world.has(failed), "{later_ms} ms later: {:?}", walk.world.reports);
            assert_eq!(walk.world.vehicle.refused_offers, 0, "{later_ms} ms later");
        }
    }
}

#[test]
fn a_restarted_program_follows_on_by_whatever_way_home_it_finds_on_board() {
    for ardupilot in [false, true] {
        let offered_ms = first_offer_ms(ardupilot);
        let in_the_first = (0..1_200).step_by(60).map(|later_ms| offered_ms + later_ms);
        for after_ms in in_the_first.chain((0..WALK_S * 1_000).step_by(7_300)) {
            let what = format!("ArduCopter {ardupilot}, after {after_ms} ms");
            let mut walk = Walk::begin(on_scene(ardupilot, CLEAR, 72));
            walk.until_ms(after_ms);
            walk.world.restart_link();
            walk.world.command("m", fly(walked_plan(), FlightPhase::OnScene));
            for _ in 0..1_500 {
                walk.tick();
                assert_eq!(walk.world.vehicle.mode, HOLD, "{what}");
            }
            assert!(!walk.world.has(failed) && !walk.world.has(returning), "{what}: {:?}", walk.world.reports);
            while ardupilot && walk.world.vehicle.is_receiving() {
                walk.tick();
            }
            assert_eq!(wrong_alone(&walk.world, LOW_M), None, "{what}");
            let (place, ..) = caller((walk.world.now_ms - walk.begun_ms) as f64 / 1_000.0);
            let away_m = walk.world.vehicle.place.distance_m(&place);
            assert!(away_m < 30.0, "{what}: {away_m} m from the caller");
            walk.world.command("m", recall());
            walk.world.run_until_phase(240_000, FlightPhase::Landed);
            assert_eq!((walk.world.vehicle.launches, walk.world.has(failed)), (1, false), "{what}");
        }
    }
}

/// One that was called home and restarted at any moment of that is on its way home, and lands.
#[test]
fn a_recall_and_a_restart_lead_home() {
    for ardupilot in [false, true] {
        for later_ms in (0..3_000).step_by(150) {
            let what = format!("ArduCopter {ardupilot}, {later_ms} ms later");
            let mut walk = Walk::begin(on_scene(ardupilot, CLEAR, 73));
            walk.until_ms(60_000);
            walk.world.command("m", recall());
            walk.world.run(later_ms);
            let told = if walk.world.has(returning) { FlightPhase::Returning } else { FlightPhase::OnScene };
            walk.world.restart_link();
            walk.world.command("m", fly(walked_plan(), told));
            // Whoever ordered it says so again.
            walk.world.run(2_000);
            walk.world.command("m", recall());
            walk.world.run_until_phase(240_000, FlightPhase::Landed);
            assert!(!walk.world.has(failed), "{what}: {:?}", walk.world.reports);
        }
    }
}

#[test]
fn one_that_takes_no_more_lists_is_told_of_once_and_follows_on() {
    let mut walk = Walk::begin(on_scene(false, CLEAR, 74));
    let before = walk.offers();
    walk.world.vehicle.is_full = true;
    walk.until_ms(WALK_S * 1_000);
    let told = |report: &FlightEvent| matches!(report, FlightEvent::Warning { text } if text.starts_with("without a link it would not come home by a legal way from where"));
    assert_eq!(walk.world.reports.iter().filter(|(_, report)| told(report)).count(), 1, "{:?}", walk.world.reports);
    assert!(!walk.world.has(failed) && walk.world.vehicle.mode == HOLD);
    assert!(walk.world.vehicle.place.distance_m(&caller(WALK_S as f64).0) < 30.0, "it follows");
    let offers = walk.offers() - before;
    assert!(offers < 400, "{offers} offers");
    // When it has room again, the next one lies on board.
    walk.world.vehicle.is_full = false;
    walk.world.command("m", recall());
    walk.world.run_until_phase(240_000, FlightPhase::Landed);
}

#[test]
fn a_hold_that_is_lost_while_a_list_is_put_on_board_is_lost_as_ever() {
    let offered_ms = first_offer_ms(false);
    for later_ms in (0..600).step_by(100) {
        let mut walk = Walk::begin(on_scene(false, CLEAR, 72));
        walk.until_ms(offered_ms + later_ms);
        // It insists, whatever it was ordered meanwhile.
        let told = |report: &FlightEvent| matches!(report, FlightEvent::ModeChanged { mode, .. } if mode == "land");
        let lost_ms = walk.world.now_ms;
        while !walk.world.has(told) {
            walk.world.vehicle.set_mode(vehicle::LAND);
            walk.world.tick();
            assert!(walk.world.now_ms < lost_ms + 3_000, "{:?}", walk.world.reports);
        }
        walk.world.command("m", FlightCommand::Continue);
        walk.world.run(10_000);
        assert_eq!((walk.world.vehicle.mode, walk.world.vehicle.landed), (HOLD, false));
        assert_eq!(wrong_alone(&walk.world, LOW_M), None, "{later_ms} ms later");
        walk.world.command("m", recall());
        walk.world.run_until_phase(240_000, FlightPhase::Landed);
        assert!(!walk.world.has(|report| matches!(report, FlightEvent::Failed { failure: FlightFailure::Upload { .. }, .. })));
    }
}
