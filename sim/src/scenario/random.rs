//! Random scenarios: one seed, one small town's night with faults drawn from the list.

use flight_types::RallyPointId;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::file::{Answer, CallerScript, Confirms, Deed, GuardScript, IntruderSays, LinkQuality, Scenario, Step};
use super::site::SiteFile;

/// How far from the origin people are, metres.
const TOWN_M: f64 = 450.0;
/// When everything has begun, seconds; faults fall before.
const FAULTS_UNTIL_S: f64 = 200.0;
/// Long enough that every flight that can come home has come home, seconds.
const RUN_S: f64 = 420.0;

/// A scenario that depends on nothing but the site and the seed.
pub fn random_scenario(site: &SiteFile, seed: u64) -> Scenario {
    let mut random = Pcg64::seed_from_u64(seed ^ 0x5eed);
    let callers = random.random_range(1..=2);
    let guards = random.random_range(0..=4);
    let mut scenario = Scenario {
        name: format!("random {seed}"),
        about: "a night drawn from a seed".to_owned(),
        for_s: RUN_S,
        site: String::new(),
        site_file: Some(site.clone()),
        policy: toml::Table::new(),
        wind_m_s: random.random_range(0.0..7.0),
        wind_from_deg: random.random_range(0.0..360.0),
        air_temperature_c: crate::physics::WARM_C,
        link: LinkQuality {
            loss_pct: pick(&mut random, &[0.0, 0.0, 5.0, 20.0]),
            duplicate_pct: pick(&mut random, &[0.0, 5.0]),
            ..LinkQuality::default()
        },
        terminals: LinkQuality {
            loss_pct: pick(&mut random, &[0.0, 10.0, 40.0]),
            duplicate_pct: pick(&mut random, &[0.0, 10.0]),
            ..LinkQuality::default()
        },
        guards: (0..guards).map(|number| guard(&mut random, number)).collect(),
        callers: (0..callers).map(|number| caller(&mut random, number)).collect(),
        operator: None,
        steps: Vec::new(),
        expect: Vec::new(),
        shown: Vec::new(),
        light: Vec::new(),
        kill_after_entry: None,
        allow: Vec::new(),
    };
    for caller in &scenario.callers {
        scenario.steps.push(step(random.random_range(3.0..15.0), call_kind(&mut random), Some(caller.id.clone()), None));
    }
    for _ in 0..random.random_range(0..=4) {
        let fault = fault(&mut random, &scenario);
        allow_what_it_breaks(&mut scenario, fault.what);
        scenario.steps.push(fault);
    }
    scenario
}

fn pick<T: Copy>(random: &mut Pcg64, from: &[T]) -> T {
    from[random.random_range(0..from.len())]
}

fn place(random: &mut Pcg64) -> [f64; 2] {
    [random.random_range(-TOWN_M..TOWN_M), random.random_range(-TOWN_M..TOWN_M)]
}

fn guard(random: &mut Pcg64, number: usize) -> GuardScript {
    GuardScript {
        id: format!("g{number}"),
        at: place(random),
        answers: pick(random, &[Answer::Accept, Answer::Accept, Answer::Accept, Answer::Decline, Answer::Ignore]),
        after_s: random.random_range(0.0..12.0),
        speed_m_s: random.random_range(2.0..10.0),
        ends_after_s: Some(random.random_range(5.0..60.0)),
        silent_from_s: random.random_bool(0.1).then(|| random.random_range(5.0..150.0)),
        on_duty: random.random_bool(0.9),
    }
}

fn caller(random: &mut Pcg64, number: usize) -> CallerScript {
    CallerScript {
        id: format!("c{number}"),
        at: place(random),
        walks: (0..random.random_range(0..3)).map(|_| place(random)).collect(),
        speed_m_s: random.random_range(0.5..3.0),
        has_gps: random.random_bool(0.85),
        gps_accuracy_m: random.random_range(1.0..15.0),
        rests_s: 0.0,
        says_speed: false,
        gps_error_lasts_s: 0.0,
        drop_out_s: 0.0,
        drop_out_every_s: 30.0,
        address_at: random.random_bool(0.3).then(|| place(random)),
        home_at: random.random_bool(0.5).then(|| place(random)),
        confirms: pick(
            random,
            &[
                Confirms::Safe,
                Confirms::Safe,
                Confirms::Safe,
                Confirms::Duress,
                Confirms::WrongThenSafe,
                Confirms::Never,
                Confirms::SecondAsk,
            ],
        ),
        confirms_after_s: random.random_range(1.0..20.0),
        dead_from_s: random.random_bool(0.1).then(|| random.random_range(20.0..120.0)),
        dead_until_s: random.random_bool(0.5).then(|| random.random_range(130.0..200.0)),
    }
}

fn call_kind(random: &mut Pcg64) -> Deed {
    pick(random, &[Deed::Call, Deed::Call, Deed::Call, Deed::CallSilently, Deed::CallFiveTimes])
}

fn fault(random: &mut Pcg64, scenario: &Scenario) -> Step {
    const FAULTS: &[Deed] = &[
        Deed::KillServer,
        Deed::KillServer,
        Deed::LinkDown,
        Deed::LinkLossy,
        Deed::BrokerDown,
        Deed::GpsLost,
        Deed::BatteryFalls,
        Deed::RefuseArming,
        Deed::LightDies,
        Deed::Recall,
        Deed::Hold,
        Deed::TakeControl,
        Deed::ClockJump,
        Deed::GoOffDuty,
        Deed::EndFalsely,
        Deed::Cancel,
        Deed::CancelUnderDuress,
        Deed::Wind,
    ];
    let what = pick(random, FAULTS);
    let drones: Vec<&str> = scenario.site_file.iter().flat_map(SiteFile::drone_ids).collect();
    let drone = drones.get(random.random_range(0..drones.len().max(1))).map(|drone| (*drone).to_owned());
    let who = match what {
        Deed::Cancel | Deed::CancelUnderDuress => scenario.callers.first().map(|caller| caller.id.clone()),
        Deed::GoOffDuty | Deed::EndFalsely => scenario.guards.first().map(|guard| guard.id.clone()),
        _ => None,
    };
    let value = match what {
        Deed::BatteryFalls => Some(random.random_range(12.0..60.0)),
        Deed::LinkLossy => Some(random.random_range(10.0..50.0)),
        Deed::ClockJump => Some(random.random_range(-3_600.0..3_600.0)),
        Deed::Wind => Some(random.random_range(0.0..10.0)),
        _ => None,
    };
    let for_s = lasts(what).then(|| random.random_range(0.5..30.0));
    let at_s = random.random_range(0.0..FAULTS_UNTIL_S);
    // By its time and not by another draw: the night of a seed stays as it was before there were rally points.
    let elsewhere = what == Deed::Recall && (at_s as u64).is_multiple_of(2);
    let points = scenario.site_file.iter().flat_map(|site| &site.rally_points);
    let rally_point = points.filter(|_| elsewhere).find_map(|point| RallyPointId::new(&point.id).ok());
    Step { value, for_s, rally_point, ..step(at_s, what, who, drone) }
}

fn lasts(what: Deed) -> bool {
    matches!(
        what,
        Deed::KillServer | Deed::LinkDown | Deed::LinkLossy | Deed::BrokerDown | Deed::GpsLost | Deed::RefuseArming | Deed::Wind
    )
}

/// Some faults break a promise by themselves: a blind aircraft drifts, an emptied battery has no reserve.
fn allow_what_it_breaks(scenario: &mut Scenario, what: Deed) {
    let broken: &[&str] = match what {
        Deed::GpsLost => &["inside_the_fence", "outside_no_fly_zones"],
        Deed::BatteryFalls => &["lands_with_reserve", "outside_no_fly_zones"],
        // With the link down for longer than the autopilot waits, it goes home by itself, straight.
        Deed::LinkDown | Deed::KillServer => &["outside_no_fly_zones"],
        _ => &[],
    };
    scenario.allow.extend(broken.iter().map(|name| (*name).to_owned()));
}

fn step(at_s: f64, what: Deed, who: Option<String>, drone: Option<String>) -> Step {
    Step {
        at_s,
        what,
        drone,
        who,
        for_s: None,
        value: None,
        parameter: None,
        rally_point: None,
        corners: Vec::new(),
        pass: None,
        intruder: IntruderSays::default(),
    }
}
