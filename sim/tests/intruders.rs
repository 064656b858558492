//! How near somebody else's aircraft comes to ours: every way it may come, at every height that giving way can help against.

use sim::scenario::{NearestIntruder, Report, Scenario, run};

/// The pad lies at 400 m north, the caller 250 m south of the origin: a way of 650 m, flown from about 30 to 85 s after the call, and back
/// from 220 to 335 s. The call comes late enough for everybody who is met to have come from far.
const ESCORT: &str = r#"
    name = "somebody else comes"
    about = "an escort while somebody else's aircraft comes near"
    for_s = 900
    site = "one-drone.toml"
    [[guards]]
    id = "g1"
    at = [120, 60]
    ends_after_s = 170
    [[callers]]
    id = "c1"
    at = [0, -250]
    [[steps]]
    at_s = 120
    do = "call"
    who = "c1"
"#;
/// When the call comes, seconds.
const CALLED_S: f64 = 120.0;
/// From so far away it comes, metres, and so far it goes.
const FAR_M: f64 = 3_000.0;
/// Seeds of each encounter.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=2;

/// One encounter: where and when both would meet if ours flew on, and how the other comes there.
#[derive(Debug, Clone, Copy)]
struct Encounter {
    /// Where, metres north of the origin.
    north_m: f64,
    /// When, seconds after the call.
    at_s: f64,
    /// Its course, degrees; ours is 180 out and 0 back.
    course_deg: f64,
    speed_m_s: f64,
    /// Its height there, over the ground, metres.
    height_m: f64,
    /// Up, metres per second.
    up_m_s: f64,
    /// How its height is told.
    says: &'static str,
}

impl Encounter {
    fn step(&self) -> String {
        let before_s = FAR_M / self.speed_m_s;
        let after_s = FAR_M / self.speed_m_s;
        let (north, east) =
            (self.course_deg.to_radians().cos() * self.speed_m_s, self.course_deg.to_radians().sin() * self.speed_m_s);
        let place = |seconds: f64| format!("[{:.1}, {:.1}]", east * seconds, self.north_m + north * seconds);
        // It levels off where both would meet only by flying on: below ground there is nothing.
        let height_m = |seconds: f64| (self.height_m + self.up_m_s * seconds).max(0.5);
        format!(
            "[[steps]]\nat_s = {:.2}\ndo = \"intruder\"\ncorners = [{}, {}]\nfor_s = {:.2}\nvalue = {:.2}\nintruder = {{ to_m = {:.2}{} }}\n",
            CALLED_S + self.at_s - before_s,
            place(-before_s),
            place(after_s),
            before_s + after_s,
            height_m(-before_s),
            height_m(after_s),
            self.says
        )
    }

    fn fly(&self, seed: u64) -> Report {
        let mut scenario: Scenario = toml::from_str(&format!("{ESCORT}\n{}", self.step())).expect("a well-formed scenario");
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios/sites/one-drone.toml");
        let site = std::fs::read_to_string(folder).expect("the site of one aircraft");
        scenario.site_file = Some(toml::from_str(&site).expect("a well-formed site"));
        run(&scenario, seed).expect("the scenario runs")
    }
}

fn nearest(report: &Report, gives_way: bool) -> Option<&NearestIntruder> {
    report.nearest_intruders.iter().find(|near| near.gives_way == gives_way)
}

/// Where and when ours would be by itself: over its pad as it climbs, on the way out, over the scene, …
const OUT: [(f64, f64); 4] = [(400.0, 15.0), (100.0, 62.0), (-100.0, 75.0), (-250.0, 140.0)];
/// … as it leaves the scene, and on the way home.
const HOME: [(f64, f64); 4] = [(-250.0, 226.0), (-150.0, 245.0), (50.0, 262.0), (250.0, 279.0)];

/// Crossing, head-on, overtaking and coming down, at the height of the transit and above.
fn encounters(places: &[(f64, f64)]) -> Vec<Encounter> {
    let mut all = Vec::new();
    for &(north_m, at_s) in places {
        for course_deg in [90.0, 0.0, 180.0] {
            for (speed_m_s, height_m, up_m_s, says) in [
                (25.0, 53.0, 0.0, ""),
                (50.0, 60.0, 0.0, ""),
                (50.0, 90.0, 0.0, ""),
                // Coming down, to 55 m at its end.
                (40.0, 130.0, -1.0, ""),
                // Told over 1013.25 hPa on a day of 1030 hPa, and of 990 hPa.
                (50.0, 60.0, 0.0, ", by_pressure = true, told_over_m = -138"),
                (50.0, 60.0, 0.0, ", by_pressure = true, told_over_m = 200"),
            ] {
                all.push(Encounter { north_m, at_s, course_deg, speed_m_s, height_m, up_m_s, says });
            }
        }
    }
    all
}

#[test]
fn nobody_who_can_be_given_way_to_comes_near_on_the_way_out_or_on_scene() {
    fly_all(&encounters(&OUT));
}

#[test]
fn nor_on_the_way_home() {
    fly_all(&encounters(&HOME));
}

fn fly_all(encounters: &[Encounter]) {
    let mut least = f64::MAX;
    let mut wrong = Vec::new();
    for encounter in encounters {
        for seed in SEEDS {
            let report = encounter.fly(seed);
            let near = nearest(&report, true).expect("it came while ours was in the air");
            eprintln!(
                "{encounter:?} seed {seed}: {:.0} m off, {:.1} m over, share {:.2}",
                near.distance_m, near.above_m, near.share
            );
            least = least.min(near.share);
            if !report.passed() || near.share < 1.0 {
                wrong.push(format!("{encounter:?}, seed {seed}: {near:?}\n{}", report.text()));
            }
        }
    }
    eprintln!("least share {least:.2}");
    assert!(wrong.is_empty(), "{} encounters\n{}", wrong.len(), wrong[..wrong.len().min(3)].join("\n"));
}
