//! A station and the server's desk in virtual time, with a bad line between them and restarts of both.

use flight_types::{
    DroneId, DroneStatus, Fence, FlightCommand, FlightEvent, FlightFailure, FlightPhase, FlightPlan, GeoPoint, LightState,
    MissionId, Ring, Scene,
};

use super::dice::Dice;
use super::*;

fn home() -> GeoPoint {
    GeoPoint::new(37.5, 127.0).expect("a place")
}

fn drone(name: &str) -> DroneId {
    DroneId::new(name).expect("an id")
}

fn mission(name: &str) -> MissionId {
    MissionId::new(name).expect("an id")
}

fn plan(name: &str) -> FlightPlan {
    let corner = |bearing: f64| home().moved(bearing, 700.0);
    FlightPlan {
        mission: mission(name),
        home: home(),
        home_altitude_amsl_m: 30.0,
        outbound: vec![home().moved(0.0, 100.0)],
        homeward: vec![home().moved(0.0, 50.0), home()],
        transit_height_m: 40.0,
        transit_speed_m_s: 12.0,
        scene: Scene::Escort { target: home().moved(0.0, 108.0), stand_off_m: 8.0, height_m: 20.0 },
        fence: Fence { ring: Ring::new([45.0, 135.0, 225.0, 315.0].map(corner).to_vec()).expect("a ring"), height_max_m: 100.0 },
        exclusions: Vec::new(),
        obstacles: Vec::new(),
        relief: None,
        zone_margin_m: 15.0,
        home_charge: None,
        low_scene: None,
        rally: None,
    }
}

fn fly(name: &str) -> FlightCommand {
    FlightCommand::Fly { plan: Box::new(plan(name)), reached: FlightPhase::Ordered }
}

fn recall(name: &str) -> FlightCommand {
    FlightCommand::Recall { homeward: plan(name).homeward, rally: None }
}

fn order(name: &str, command: FlightCommand) -> Order {
    Order { drone: drone("d1"), mission: mission(name), command }
}

fn report(name: &str, report: FlightEvent) -> Report {
    Report::Flight { drone: drone("d1"), mission: mission(name), report }
}

fn reached(name: &str, phase: FlightPhase) -> Report {
    report(name, FlightEvent::Reached { phase })
}

/// Both ends and the line. Texts travel, as over a broker.
struct World {
    now_ms: u64,
    station: Station,
    desk: Desk,
    rules: StationRules,
    kept: Option<String>,
    loss_pct: u64,
    dice: Dice,
    down: Vec<(u64, String)>,
    up: Vec<(u64, String)>,
    given: Vec<Order>,
    told: Vec<Report>,
}

impl World {
    fn new(rules: StationRules, loss_pct: u64, seed: u64) -> Self {
        Self {
            now_ms: 0,
            station: Station::new(rules, None, 1, 0),
            desk: Desk::new(1, 0),
            rules,
            kept: None,
            loss_pct,
            dice: Dice(seed),
            down: Vec::new(),
            up: Vec::new(),
            given: Vec::new(),
            told: Vec::new(),
        }
    }

    fn policy(loss: LossPolicy) -> Self {
        Self::new(StationRules { loss, ..StationRules::default() }, 0, 1)
    }

    fn under_way(&mut self, text: String) -> Option<(u64, String)> {
        if self.dice.below(100) < self.loss_pct {
            return None;
        }
        let jitter_ms = if self.loss_pct == 0 { 50 } else { 50 + self.dice.below(2_000) };
        Some((self.now_ms + jitter_ms, text))
    }

    /// A tenth of a second.
    fn tick(&mut self) {
        self.now_ms += 100;
        self.station.handle_timeout(self.now_ms);
        self.desk.handle_timeout(self.now_ms);
        for text in arrived(&mut self.down, self.now_ms) {
            self.station.handle_message(serde_json::from_str(&text).expect("ours"), self.now_ms);
        }
        for text in arrived(&mut self.up, self.now_ms) {
            self.desk.handle_message(serde_json::from_str(&text).expect("ours"), self.now_ms);
        }
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.station.poll_output() {
            match output {
                StationOutput::Keep => {
                    self.kept = Some(serde_json::to_string(&self.station.state(self.now_ms)).expect("plain data"));
                }
                StationOutput::Give(order) => self.given.push(order),
                StationOutput::Tell(message) => {
                    let text = serde_json::to_string(&message).expect("plain data");
                    let sent = self.under_way(text);
                    self.up.extend(sent);
                }
                StationOutput::Lost(report) => panic!("lost {report:?}"),
            }
        }
        while let Some(output) = self.desk.poll_output() {
            match output {
                DeskOutput::Tell(message) => {
                    let text = serde_json::to_string(&message).expect("plain data");
                    let sent = self.under_way(text);
                    self.down.extend(sent);
                }
                DeskOutput::Report(report) => self.told.push(report),
            }
        }
    }

    fn run(&mut self, for_ms: u64) {
        let end_ms = self.now_ms + for_ms;
        while self.now_ms < end_ms {
            self.tick();
        }
    }

    fn command(&mut self, order: Order) {
        self.desk.command(order, self.now_ms).expect("room");
        self.drain();
    }

    fn report(&mut self, report: Report) {
        self.station.handle_report(report, self.now_ms);
        self.drain();
    }

    /// The gateway is killed and started: only what was kept is there, and what was on its way to it is not.
    fn restart_station(&mut self) {
        let kept = self.kept.as_ref().map(|text| serde_json::from_str(text).expect("ours"));
        self.station = Station::new(self.rules, kept, 1_000 + self.now_ms, self.now_ms);
        self.down.clear();
        self.drain();
    }

    /// Another server process, whose clock says so.
    fn restart_server(&mut self, stream: u64) {
        self.desk = Desk::new(stream, self.now_ms);
        self.up.clear();
    }

    fn commands(&self) -> Vec<&FlightCommand> {
        self.given.iter().map(|order| &order.command).collect()
    }
}

fn arrived(line: &mut Vec<(u64, String)>, now_ms: u64) -> Vec<String> {
    let (here, later): (Vec<_>, Vec<_>) = line.drain(..).partition(|(at_ms, _)| *at_ms <= now_ms);
    *line = later;
    here.into_iter().map(|(_, text)| text).collect()
}

#[test]
fn orders_reach_the_hub_and_reports_the_server_once_and_in_order_over_a_bad_line() {
    for seed in 0..60 {
        let mut world = World::new(StationRules::default(), 40, seed);
        let (mut orders, mut reports) = (Vec::new(), Vec::new());
        for round in 0..80 {
            let (flight, light) =
                (format!("m{}", round / 20), FlightCommand::Light { on: round % 2 == 0, brightness_pct: round as u8 });
            orders.push(order(&flight, light));
            reports.push(report(&flight, FlightEvent::Warning { text: format!("warning {round}") }));
            world.command(orders[round].clone());
            world.report(reports[round].clone());
            world.run(world.now_ms % 700);
            if world.dice.below(10) == 0 {
                world.restart_station();
            }
        }
        world.run(120_000);
        assert_eq!(world.given, orders, "seed {seed}");
        assert_eq!(world.told, reports, "seed {seed}");
    }
}

/// Where the person is, as an order to follow them.
fn follow(metres: f64) -> FlightCommand {
    FlightCommand::Escort {
        target: home().moved(0.0, metres),
        velocity_east_m_s: 0.0,
        velocity_north_m_s: 0.0,
        post: None,
        direct: false,
    }
}

#[test]
fn of_the_places_to_follow_only_the_newest_travels_after_a_loss() {
    let mut world = World::policy(LossPolicy::Stay);
    world.loss_pct = 100;
    for metres in 0..60 {
        world.command(order("m", follow(f64::from(metres))));
        world.run(1_000);
    }
    world.command(order("m", FlightCommand::Hold));
    world.loss_pct = 0;
    world.run(10_000);
    assert_eq!(world.commands(), [&follow(59.0), &FlightCommand::Hold]);
}

#[test]
fn a_launch_that_comes_too_late_is_not_flown_and_a_recall_is_never_too_late() {
    let mut world = World::policy(LossPolicy::Stay);
    world.loss_pct = 100;
    world.command(order("m", fly("m")));
    world.run(LAUNCH_AGE_MAX_MS + 1_000);
    world.command(order("m", recall("m")));
    world.run(60_000);
    world.loss_pct = 0;
    world.run(10_000);
    assert_eq!(world.commands(), [&recall("m")]);
    let told = matches!(
        &world.told[..],
        [Report::Flight { report: FlightEvent::Failed { failure: FlightFailure::Timeout { .. }, airborne: false }, .. }]
    );
    assert!(told, "{:?}", world.told);
}

#[test]
fn a_launch_that_was_flown_is_not_too_late_when_a_new_server_orders_it_again() {
    let mut world = silent_on_scene(LossPolicy::Stay);
    world.restart_server(50_000);
    world.command(order("m", fly("m")));
    world.run(LAUNCH_AGE_MAX_MS + 1_000);
    world.told.clear();
    world.loss_pct = 0;
    world.run(10_000);
    assert_eq!(world.told.last(), Some(&reached("m", FlightPhase::OnScene)));
    assert!(
        world.told.iter().all(|told| matches!(told, Report::Flight { report: FlightEvent::Reached { .. }, .. })),
        "{:?}",
        world.told
    );
    assert_eq!(world.commands(), [&fly("m"), &fly("m")], "the hub takes it as a repeat");
}

/// A world whose aircraft is on scene, and whose server falls silent then.
fn silent_on_scene(loss: LossPolicy) -> World {
    let mut world = World::policy(loss);
    world.command(order("m", fly("m")));
    world.run(1_000);
    for phase in [FlightPhase::Armed, FlightPhase::Airborne, FlightPhase::OnScene] {
        world.report(reached("m", phase));
    }
    world.run(5_000);
    assert_eq!(world.commands(), [&fly("m")]);
    world.loss_pct = 100;
    world
}

/// Where an aircraft is, twice a second.
fn flies(world: &mut World, metres: std::ops::Range<u32>) {
    for metre in metres {
        let position = Some(home().moved(0.0, f64::from(metre)));
        let mut status = DroneStatus { position, ..DroneStatus::unheard(drone("d1")) };
        status.link.connected = true;
        world.station.handle_status(&status, world.now_ms);
        world.run(500);
    }
}

#[test]
fn the_way_flown_while_the_server_was_not_heard_is_told_when_it_is_and_how_long_ago() {
    let mut world = silent_on_scene(LossPolicy::Stay);
    world.loss_pct = 0;
    world.told.clear();
    flies(&mut world, 0..20);
    assert_eq!(world.told, [], "who is heard needs no telling again");
    world.loss_pct = 100;
    flies(&mut world, 20..140);
    let before_ms = world.now_ms;
    world.loss_pct = 0;
    world.run(10_000);
    let [Report::Track { drone: told, points }] = &world.told[..] else { panic!("{:?}", world.told) };
    assert_eq!(told, &drone("d1"));
    // A minute less the three seconds until the silence is noticed.
    assert!((55..=58).contains(&points.len()), "{}", points.len());
    assert!(points.is_sorted_by_key(|point| std::cmp::Reverse(point.age_ms)));
    let last = points.last().expect("counted");
    assert!(last.point.distance_m(&home().moved(0.0, 139.0)) <= 2.0);
    assert!(500 <= last.age_ms && last.age_ms <= world.now_ms - before_ms + 1_500, "{}", last.age_ms);
}

#[test]
fn without_the_server_flights_come_home_where_the_station_says_so() {
    let mut world = silent_on_scene(LossPolicy::Return);
    world.run(world.rules.silence_max_ms - 2_000);
    assert!(!world.station.is_lost());
    world.run(4_000);
    assert!(world.station.is_lost());
    assert_eq!(world.commands(), [&fly("m"), &recall("m")]);
    world.run(60_000);
    assert_eq!(world.given.len(), 2, "once");
}

#[test]
fn without_the_server_flights_stay_until_their_charge_calls_them_home() {
    let mut world = silent_on_scene(LossPolicy::Stay);
    world.run(600_000);
    assert_eq!(world.given.len(), 1);
    world.report(report("m", FlightEvent::BatteryLow { remaining_pct: 25.0 }));
    assert_eq!(world.commands(), [&fly("m"), &recall("m")]);
    world.report(reached("m", FlightPhase::Landed));
    // The server hears it all when it is back, in order.
    world.loss_pct = 0;
    world.run(10_000);
    assert!(!world.station.is_lost());
    let landed = reached("m", FlightPhase::Landed);
    assert_eq!(world.told.len(), 5);
    assert_eq!(world.told.last(), Some(&landed));
}

#[test]
fn a_charge_that_was_low_before_the_server_counts_as_lost_calls_home_then() {
    for restart in [false, true] {
        let mut world = silent_on_scene(LossPolicy::Stay);
        world.run(2_000);
        world.report(report("m", FlightEvent::BatteryLow { remaining_pct: 25.0 }));
        if restart {
            world.restart_station();
        }
        let before = world.given.len();
        assert!(!world.commands().contains(&&recall("m")), "the server may still judge");
        world.run(world.rules.silence_max_ms + 60_000);
        assert_eq!(world.commands()[before..], [&recall("m")], "restart: {restart}");
    }
}

#[test]
fn with_the_server_the_charge_is_the_servers_to_judge() {
    let mut world = silent_on_scene(LossPolicy::Stay);
    world.loss_pct = 0;
    world.run(20_000);
    world.report(report("m", FlightEvent::BatteryLow { remaining_pct: 25.0 }));
    world.run(5_000);
    assert_eq!(world.given.len(), 1);
}

#[test]
fn a_gateway_that_is_killed_takes_its_flights_up_again() {
    let mut world = silent_on_scene(LossPolicy::Return);
    world.restart_station();
    let again = FlightCommand::Fly { plan: Box::new(plan("m")), reached: FlightPhase::OnScene };
    assert_eq!(world.commands(), [&fly("m"), &again], "where it was, so that it is adopted and not launched");
    world.run(world.rules.silence_max_ms + 1_000);
    world.restart_station();
    assert_eq!(world.commands()[2..], [&recall("m"), &again, &recall("m")]);
    world.report(reached("m", FlightPhase::Landed));
    world.restart_station();
    assert_eq!(world.given.len(), 5, "over");
}

#[test]
fn a_gateway_that_is_killed_says_again_what_holds_for_its_flights() {
    use FlightCommand::{Continue, GiveWay, Hold, Land, Light, ResumeControl, YieldControl};
    let lit = Light { on: true, brightness_pct: 100 };
    let back = FlightCommand::Recall { homeward: vec![home().moved(0.0, 70.0), home()], rally: None };
    // (the server's orders, those that hold)
    let cases = [
        (vec![follow(1.0), lit.clone(), follow(2.0)], vec![lit.clone(), follow(2.0)]),
        (vec![Hold, follow(2.0)], vec![Hold, follow(2.0)]),
        (vec![Hold, Continue], vec![]),
        (vec![GiveWay { height_m: 20.0 }], vec![]),
        (vec![YieldControl], vec![YieldControl]),
        (vec![Hold, YieldControl, ResumeControl], vec![]),
        (vec![YieldControl, ResumeControl, Hold], vec![Hold]),
        (vec![follow(1.0), lit.clone(), Hold, back.clone()], vec![lit, back.clone()]),
        (vec![back.clone(), YieldControl], vec![back.clone(), YieldControl]),
        (vec![back, Land], vec![Land]),
    ];
    for (ordered, holds) in cases {
        let mut world = silent_on_scene(LossPolicy::Stay);
        world.loss_pct = 0;
        ordered.iter().for_each(|command| world.command(order("m", command.clone())));
        world.command(order("another", Land));
        world.run(5_000);
        let before = world.given.len();
        world.restart_station();
        let again = FlightCommand::Fly { plan: Box::new(plan("m")), reached: FlightPhase::OnScene };
        let expected: Vec<_> = std::iter::once(&again).chain(&holds).collect();
        assert_eq!(world.commands()[before..], expected, "{ordered:?}");
    }
}

#[test]
fn what_was_lost_when_the_gateway_died_and_is_there_again_is_told() {
    let mut world = silent_on_scene(LossPolicy::Stay);
    world.loss_pct = 0;
    let status = |connected, gps_ok| {
        let mut status = DroneStatus::unheard(drone("d1"));
        (status.link.connected, status.gps_ok) = (connected, gps_ok);
        status
    };
    let look = |world: &mut World, status: DroneStatus| {
        world.station.handle_status(&status, world.now_ms);
        world.run(5_000);
        std::mem::take(&mut world.told)
    };
    for lost in [FlightEvent::GpsLost, FlightEvent::LinkLost] {
        world.report(report("m", lost));
    }
    look(&mut world, status(false, None));
    assert_eq!(look(&mut world, status(true, Some(true))), [], "the link of this run tells it itself");
    world.restart_station();
    assert_eq!(look(&mut world, status(false, None)), []);
    assert_eq!(look(&mut world, status(true, Some(false))), [report("m", FlightEvent::LinkRegained)]);
    assert_eq!(look(&mut world, status(true, Some(true))), [report("m", FlightEvent::GpsRegained)]);
    assert_eq!(look(&mut world, status(true, Some(true))), [], "once");
    // A server that died before it wrote that down hears how things stand.
    world.restart_server(50_000);
    world.command(order("m", FlightCommand::Fly { plan: Box::new(plan("m")), reached: FlightPhase::OnScene }));
    let again = [FlightEvent::LinkRegained, FlightEvent::GpsRegained].map(|event| report("m", event));
    assert_eq!(look(&mut world, status(true, Some(true))), again);
}

#[test]
fn what_an_older_gateway_kept_is_read() {
    let mut world = silent_on_scene(LossPolicy::Stay);
    let mut kept: serde_json::Value = serde_json::from_str(world.kept.as_ref().expect("kept")).expect("ours");
    kept["flights"]["d1"] = serde_json::json!({
        "plan": plan("m"), "reached": "on_scene", "recalled": true, "light": "lit",
    });
    kept["outbox"].as_object_mut().expect("an object").remove("heard");
    world.kept = Some(kept.to_string());
    world.restart_station();
    let again = FlightCommand::Fly { plan: Box::new(plan("m")), reached: FlightPhase::OnScene };
    assert_eq!(world.commands(), [&fly("m"), &again, &recall("m")]);
    world.loss_pct = 0;
    world.restart_server(50_000);
    world.command(order("m", fly("m")));
    world.run(5_000);
    assert_eq!(world.told.last(), Some(&report("m", FlightEvent::Light { state: LightState::Lit })));
}

#[test]
fn a_server_or_a_station_whose_clock_went_back_is_heard_all_the_same() {
    for seed in 0..40 {
        let mut world = World::new(StationRules::default(), 30, seed);
        world.restart_server(3_600_000);
        world.command(order("m", fly("m")));
        world.run(20_000);
        assert_eq!(world.commands(), [&fly("m")], "seed {seed}");
        // An hour earlier, and once more.
        for (stream, flight) in [(9_000, "m2"), (5_000, "m3")] {
            world.restart_server(stream);
            world.command(order(flight, recall(flight)));
            world.command(order(flight, FlightCommand::Hold));
            world.run(60_000);
            let given = world.commands();
            assert_eq!(given[given.len() - 2..], [&recall(flight), &FlightCommand::Hold], "seed {seed}");
        }
        assert_eq!(world.given.len(), 5, "seed {seed}: each once");
        // A station that has lost what it kept, and whose clock begins in 1970.
        world.report(reached("m", FlightPhase::Armed));
        world.run(60_000);
        world.station = Station::new(world.rules, None, 0, world.now_ms);
        world.up.clear();
        world.report(reached("m", FlightPhase::Airborne));
        world.run(60_000);
        assert_eq!(world.told, [reached("m", FlightPhase::Armed), reached("m", FlightPhase::Airborne)], "seed {seed}");
    }
}

#[test]
fn a_server_that_was_heard_does_not_outdo_its_successor() {
    let mut before = Desk::new(1_000, 0);
    let taken = |stream, up_to| Message::<Report>::Taken { stream, up_to };
    before.command(order("m", fly("m")), 0).expect("room");
    before.handle_message(taken(1_000, 1), 0);
    before.handle_message(taken(2_000, 1), 0);
    before.command(order("m", recall("m")), 0).expect("room");
    while let Some(output) = before.poll_output() {
        if let DeskOutput::Tell(Message::Items { stream, .. }) = output {
            assert_eq!(stream, 1_000);
        }
    }
}

#[test]
fn a_server_that_is_started_anew_hears_what_it_had_not_acknowledged() {
    let mut world = World::policy(LossPolicy::Stay);
    world.command(order("m", fly("m")));
    world.run(2_000);
    world.report(reached("m", FlightPhase::Armed));
    world.run(2_000);
    assert_eq!(world.told, [reached("m", FlightPhase::Armed)]);
    world.loss_pct = 100;
    world.report(reached("m", FlightPhase::Airborne));
    world.run(2_000);
    // Another server process; the orders that are open are given again.
    world.loss_pct = 0;
    world.desk = Desk::new(50_000, world.now_ms);
    world.told.clear();
    world.command(order("m", FlightCommand::Fly { plan: Box::new(plan("m")), reached: FlightPhase::Armed }));
    world.run(5_000);
    assert_eq!(world.told.first(), Some(&reached("m", FlightPhase::Airborne)));
    assert_eq!(world.given.len(), 2);
}

#[test]
fn a_server_that_died_before_it_wrote_a_report_down_is_told_again_what_was_reached() {
    let mut world = silent_on_scene(LossPolicy::Stay);
    world.loss_pct = 0;
    let lit = report("m", FlightEvent::Light { state: LightState::Lit });
    world.station.handle_report(lit.clone(), world.now_ms);
    world.run(5_000);
    world.told.clear();
    world.desk = Desk::new(50_000, world.now_ms);
    world.command(order("m", FlightCommand::Fly { plan: Box::new(plan("m")), reached: FlightPhase::Airborne }));
    world.run(5_000);
    assert_eq!(world.told, [reached("m", FlightPhase::OnScene), lit]);
    // The gateway is killed too: what it kept is not behind what was flown.
    world.restart_station();
    let again = FlightCommand::Fly { plan: Box::new(plan("m")), reached: FlightPhase::OnScene };
    assert_eq!(world.given.last().map(|order| &order.command), Some(&again));
}
