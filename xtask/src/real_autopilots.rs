//! One whole escort with autopilots that nobody here wrote: the real server, the real link, and real PX4 on our physics or
//! ArduCopter on its own. Then another whose server goes away over the caller: it must come home by itself, by a legal way. A third that an operator
//! sends from its scene to a rally point, and a fourth over a hill.
//! docs/autopilots.md tells how to get those programs; they are never built or fetched from here.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::alone;
use crate::demo::{self, Ports};
use crate::hill;
use crate::process::{self, Owned, built, cargo};

/// How often the programs are looked after while the escort is played.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// An escort of the demo's town takes four to six minutes in real time; on a busy machine twice that.
const ESCORT_S: &str = "900";
/// So far the caller goes on scene before the server ends, metres: by then they are some 80 m from where the aircraft was sent, it has been given another way
/// home, from where it is (ADR 256), and
/// no guard has ended the incident yet.
const WALKED_M: &str = "15";
/// Where PX4's ground station links send to unless told otherwise.
const PX4_GROUND_STATION_PORT: u16 = 14_550;
/// Where PX4's first simulated instance looks for its simulator.
const PX4_SIMULATOR: &str = "127.0.0.1:4560";
/// The least share of the time with the light in which it is on the caller: what every escort promises.
const LIGHT_SHARE_MIN: f64 = 0.95;
/// The rally point of the demo's site.
const RALLY_POINT: &str = "byeolbit-park";
/// Pages and broker of this play; away from the demo's.
const HTTP_PORT: u16 = 18_080;

/// An autopilot that can be flown when its program is given by an environment variable.
#[derive(Debug, Clone, Copy)]
pub enum Autopilot {
    /// PX4's simulated build, `bin/px4` in its build folder.
    Px4,
    /// ArduCopter's simulated build.
    ArduCopter,
}

impl Autopilot {
    fn name(self) -> &'static str {
        match self {
            Self::Px4 => "PX4",
            Self::ArduCopter => "ArduCopter",
        }
    }

    fn variable(self) -> &'static str {
        match self {
            Self::Px4 => "PX4_BIN",
            Self::ArduCopter => "ARDUCOPTER_BIN",
        }
    }

    /// The program, when its variable is set.
    fn program(self) -> Option<OsString> {
        std::env::var_os(self.variable()).filter(|value| !value.is_empty())
    }
}

/// Says in a line that an autopilot was not flown, and why.
pub fn say_left_out(autopilot: Autopilot) {
    let (name, variable) = (autopilot.name(), autopilot.variable());
    let flag = match autopilot {
        Autopilot::Px4 => "--px4",
        Autopilot::ArduCopter => "--ardupilot",
    };
    match autopilot.program() {
        Some(_) => eprintln!("left out: the escort with real {name}; cargo xtask test {flag} flies it"),
        None => eprintln!("skipped: the escort with real {name} ({variable} is not set; docs/autopilots.md tells how)"),
    }
}

/// Flies one escort with this autopilot, or says that it was skipped.
pub fn fly(autopilot: Autopilot) -> anyhow::Result<()> {
    let Some(program) = autopilot.program() else {
        say_left_out(autopilot);
        return Ok(());
    };
    let program = PathBuf::from(program).canonicalize().with_context(|| format!("{} names no file", autopilot.variable()))?;
    crate::needs::build_packages()?;
    crate::needs::web_packages()?;
    process::run(&crate::root(), &[&cargo(), "build", "--package", "orchestrator", "--package", "sim", "--bins"])?;
    let (name, target) = (autopilot.name(), crate::root().join("target"));
    let escort = target.join(format!("escort-{}", name.to_lowercase()));
    played(&escort, "the escort", name, || {
        let mut play = Play::set(autopilot, &program, &escort, |_| Ok(()))?;
        play.run(&[]).and_then(|()| play.check(true))
    })?;
    let alone = target.join(format!("alone-{}", name.to_lowercase()));
    played(&alone, "the flight without its server", name, || {
        let mut play = Play::set(autopilot, &program, &alone, alone::put_zone_between)?;
        play.run(&["--until-on-scene", "--and-walked-m", WALKED_M])?;
        play.leave_alone()?;
        play.check(false)
    })?;
    let diverted = target.join(format!("diverted-{}", name.to_lowercase()));
    played(&diverted, "the flight to a rally point", name, || {
        let mut play = Play::set(autopilot, &program, &diverted, |_| Ok(()))?;
        play.run(&["--divert-to", RALLY_POINT])?;
        play.check(false)
    })?;
    let hill = target.join(format!("hill-{}", name.to_lowercase()));
    played(&hill, "the escort over a hill", name, || {
        let mut play = Play::set(autopilot, &program, &hill, hill::put_between)?;
        play.run(&[]).and_then(|()| play.check(true))
    })
}

/// Plays in an empty folder, and says how it went.
fn played(folder: &Path, what: &str, autopilot: &str, play: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| format!("could not empty {}", folder.display()))?;
    }
    std::fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    let checked = play();
    match &checked {
        Ok(()) => eprintln!("{what} with real {autopilot} went as it must; logs in {}", folder.display()),
        Err(_) => eprintln!("logs of all programs are in {}", folder.display()),
    }
    checked
}

/// Every program of one escort, their output in files of `folder`.
struct Play {
    autopilot: Autopilot,
    folder: PathBuf,
    site: PathBuf,
    programs: Vec<Owned>,
}

impl Play {
    fn set(
        autopilot: Autopilot,
        program: &Path,
        folder: &Path,
        between: impl FnOnce(&Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let site = site(folder)?;
        between(&site)?;
        let ports = Ports {
            http: HTTP_PORT,
            mqtt: HTTP_PORT + 1,
            rtsp: HTTP_PORT + 2,
            people: HTTP_PORT + 3,
            turn: None,
            mavlink: PX4_GROUND_STATION_PORT,
        };
        let mut programs = vec![demo::start_server(&demo::write_config(folder, &site, &ports)?)?];
        match autopilot {
            Autopilot::Px4 => programs.extend(px4(program, folder, &site)?),
            Autopilot::ArduCopter => programs.push(arducopter(program, folder, &site)?),
        }
        Ok(Self { autopilot, folder: folder.to_owned(), site, programs })
    }

    /// The people play until their verdict; a program that ends before is an error.
    fn run(&mut self, more: &[&str]) -> anyhow::Result<()> {
        let mut command = Command::new(built("sim"));
        command.arg("people").args(["--server", &format!("http://127.0.0.1:{HTTP_PORT}"), "--site"]).arg(&self.site);
        command.args(["--once", "--for", ESCORT_S, "--light-without-read-back", "--settle-s", "60"]);
        command.args(["--cameras", &people_address()]).args(more);
        let mut people = Owned::start("the people", &mut command)?;
        loop {
            if let Some(status) = people.ended()? {
                return if status.success() { Ok(()) } else { bail!("the play ended with {status}") };
            }
            for program in &mut self.programs {
                if let Some(status) = program.ended()? {
                    bail!("{} ended with {status}", program.name());
                }
            }
            std::thread::park_timeout(LOOK_AGAIN);
        }
    }

    /// The server goes, and nobody says anything to the aircraft any more; what it says is heard where the server heard it.
    fn leave_alone(&mut self) -> anyhow::Result<()> {
        // The first is the server; it is waited for.
        drop(self.programs.remove(0));
        alone::must_come_home(PX4_GROUND_STATION_PORT, first_pad(&self.site)?)
    }

    /// What really happened, where our own physics saw it; of a whole escort, whether the light was on the caller until it was switched off.
    fn check(&self, whole: bool) -> anyhow::Result<()> {
        match self.autopilot {
            Autopilot::Px4 => {}
            // It flies on its own physics, which nobody asks; the server's word was judged.
            Autopilot::ArduCopter => return Ok(()),
        }
        let path = self.folder.join("physics.log");
        let seen = std::fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
        print!("{seen}");
        if whole {
            let light =
                light_on_the_caller(&seen).context("the physics never saw the light on the caller, and then switched off")?;
            if light.share() < LIGHT_SHARE_MIN {
                bail!("the light was on the caller for {:.0} % of the time only", 100.0 * light.share());
            }
        }
        for wanted in [": armed", "in the air", "light 100 %", "on the ground", "disarmed"] {
            if !seen.contains(wanted) {
                bail!("the physics never saw `{wanted}`");
            }
        }
        if seen.contains("crashed") {
            bail!("the aircraft crashed");
        }
        Ok(())
    }
}

/// How long a light was on the caller, as the physics saw it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Light {
    lit_s: f64,
    watched_s: f64,
}

impl Light {
    fn share(self) -> f64 {
        if self.watched_s > 0.0 { self.lit_s / self.watched_s } else { 0.0 }
    }
}

/// From the line that `sim px4` prints when a light that was on a caller has been switched off.
fn light_on_the_caller(physics: &str) -> Option<Light> {
    let (_, rest) = physics.split_once("its light was on the caller for ")?;
    let (lit_s, rest) = rest.split_once(" of ")?;
    let (watched_s, _) = rest.split_once(" s,")?;
    Some(Light { lit_s: lit_s.parse().ok()?, watched_s: watched_s.parse().ok()? })
}

/// Where the simulator hears who is where.
fn people_address() -> String {
    format!("127.0.0.1:{}", HTTP_PORT + 3)
}

/// The demo's town with one aircraft, and an operator who must approve.
fn site(folder: &Path) -> anyhow::Result<PathBuf> {
    let (from, to) = (crate::root().join("configs/demo-site"), folder.join("site"));
    std::fs::create_dir_all(&to).with_context(|| format!("could not make {}", to.display()))?;
    for file in std::fs::read_dir(&from).with_context(|| format!("could not read {}", from.display()))? {
        let file = file.context("could not read the demo's site")?;
        std::fs::copy(file.path(), to.join(file.file_name())).context("could not copy the demo's site")?;
    }
    let path = to.join("site.toml");
    let mut text: toml::Table = std::fs::read_to_string(&path).context("no site.toml")?.parse().context("site.toml is no TOML")?;
    keep_one_aircraft(&mut text).context("the demo's site has no station with an aircraft")?;
    std::fs::write(&path, text.to_string()).with_context(|| format!("could not write {}", path.display()))?;
    Ok(to)
}

fn keep_one_aircraft(site: &mut toml::Table) -> Option<()> {
    let stations = site.get_mut("station")?.as_array_mut()?;
    stations.truncate(1);
    let station = stations.first_mut()?.as_table_mut()?;
    let approval = toml::toml! { by = "operator"
    limit_ms = 60000
    on_silence = "deny" };
    station.insert("approval".to_owned(), toml::Value::Table(approval));
    station.get_mut("drone")?.as_array_mut()?.truncate(1);
    Some(())
}

/// Our physics and PX4 on it.
fn px4(program: &Path, folder: &Path, site: &Path) -> anyhow::Result<[Owned; 2]> {
    let mut physics = Command::new(built("sim"));
    physics.arg("px4").args(["--listen", PX4_SIMULATOR, "--people", &people_address(), "--site"]).arg(site);
    logged(&mut physics, folder, "physics")?;
    let physics = Owned::start("the physics", &mut physics)?;
    // bin/px4 with etc beside bin, as PX4 builds it.
    let etc = program.parent().and_then(Path::parent).map(|build| build.join("etc")).filter(|etc| etc.is_dir());
    let etc = etc.context("PX4_BIN is not in the bin folder of a PX4 build with its etc beside it")?;
    let work = folder.join("px4");
    std::fs::create_dir_all(&work).context("could not make PX4's folder")?;
    let mut autopilot = Command::new(program);
    autopilot.args(["-d", "-i", "0"]).arg(etc).args(["-s", "etc/init.d-posix/rcS", "-w"]).arg(&work).current_dir(&work);
    autopilot.envs(px4_environment()?);
    logged(&mut autopilot, folder, "px4")?;
    Ok([Owned::start("PX4", &mut autopilot)?, physics])
}

/// What `sim px4 --environment` says.
fn px4_environment() -> anyhow::Result<Vec<(String, String)>> {
    let Output { status, stdout, .. } =
        Command::new(built("sim")).args(["px4", "--environment"]).output().context("could not ask the simulator")?;
    anyhow::ensure!(status.success(), "the simulator would not say how PX4 is set up");
    let lines = String::from_utf8(stdout).context("no text")?;
    let pairs = lines.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
    Ok(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// ArduCopter with its own physics, on the pad of the site's first aircraft.
fn arducopter(program: &Path, folder: &Path, site: &Path) -> anyhow::Result<Owned> {
    let work = folder.join("arducopter");
    std::fs::create_dir_all(&work).context("could not make ArduCopter's folder")?;
    let defaults = work.join("escort.parm");
    std::fs::write(&defaults, ARDUCOPTER_PARAMETERS).context("could not write ArduCopter's parameters")?;
    let mut autopilot = Command::new(program);
    autopilot.args(["--model", "quad", "--speedup", "1", "--wipe", "--home"]).arg(home(site)?).arg("--defaults");
    autopilot.arg(&defaults).arg(format!("--serial0=udpclient:127.0.0.1:{PX4_GROUND_STATION_PORT}")).current_dir(&work);
    logged(&mut autopilot, folder, "arducopter")?;
    Owned::start("ArduCopter", &mut autopilot)
}

/// Where the site's first aircraft stands, as ArduPilot's simulation takes it: latitude, longitude, height above the sea, heading.
fn home(site: &Path) -> anyhow::Result<String> {
    let ([lat, lon], amsl_m) = (first_pad(site)?, first_ground_m(site)?);
    Ok(format!("{lat},{lon},{amsl_m},0"))
}

fn first_ground_m(site: &Path) -> anyhow::Result<f64> {
    let text: toml::Table = std::fs::read_to_string(site.join("site.toml")).context("no site.toml")?.parse()?;
    let station = text.get("station").and_then(|stations| stations.as_array()?.first()?.as_table());
    let ground_m = station.and_then(|station| station.get("ground_amsl_m")?.as_float());
    ground_m.context("the site's first station does not say how high it stands")
}

/// Where the site's first aircraft stands: latitude and longitude, degrees.
fn first_pad(site: &Path) -> anyhow::Result<[f64; 2]> {
    let text: toml::Table = std::fs::read_to_string(site.join("site.toml")).context("no site.toml")?.parse()?;
    let number = |table: &toml::Table, key: &str| table.get(key).and_then(|value| value.as_float());
    let place = || {
        let station = text.get("station")?.as_array()?.first()?.as_table()?;
        let pad = station.get("drone")?.as_array()?.first()?.get("pad")?.as_table()?;
        Some([number(pad, "lat")?, number(pad, "lon")?])
    };
    place().context("the site's first station has no aircraft with a pad")
}

/// The frame is an X with four motors; nobody holds a transmitter; an empty battery lands it, or the link would not launch it; the battery
/// is measured. It climbs and speeds up as docs/autopilots.md asks of whoever brings one. What follows says that the sensors are calibrated: ArduCopter does not arm without, and its simulation starts with none (its
/// simulated compasses are off by just these figures).
const ARDUCOPTER_PARAMETERS: &str = "\
FRAME_CLASS 1
FRAME_TYPE 1
SYSID_THISMAV 1
FS_THR_ENABLE 0
ARMING_RUDDER 0
BATT_MONITOR 4
BATT_FS_CRT_ACT 1
WPNAV_SPEED_UP 300
WPNAV_ACCEL_Z 250
TKOFF_SLEW_TIME 0.25
ANGLE_MAX 4500
COMPASS_OFS_X 5
COMPASS_OFS_Y 13
COMPASS_OFS_Z -18
COMPASS_OFS2_X 5
COMPASS_OFS2_Y 13
COMPASS_OFS2_Z -18
COMPASS_OFS3_X 5
COMPASS_OFS3_Y 13
COMPASS_OFS3_Z -18
INS_ACCOFFS_X 0.001
INS_ACCOFFS_Y 0.001
INS_ACCOFFS_Z 0.001
INS_ACCSCAL_X 1.001
INS_ACCSCAL_Y 1.001
INS_ACCSCAL_Z 1.001
INS_ACC2OFFS_X 0.001
INS_ACC2OFFS_Y 0.001
INS_ACC2OFFS_Z 0.001
INS_ACC2SCAL_X 1.001
INS_ACC2SCAL_Y 1.001
INS_ACC2SCAL_Z 1.001
";

fn logged(command: &mut Command, folder: &Path, name: &str) -> anyhow::Result<()> {
    let path = folder.join(format!("{name}.log"));
    let file = File::create(&path).with_context(|| format!("could not make {}", path.display()))?;
    command.stdin(std::process::Stdio::null()).stderr(file.try_clone()?).stdout(file);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_light_on_the_caller_is_read_from_what_the_physics_says() {
        let seen = "aircraft d1 134.0 s: its light is on the caller\naircraft d1 169.2 s: its light was on the caller for 24.0 of 32.0 s, \
                    beside them for 2.5 s at most\n";
        let light = light_on_the_caller(seen).expect("the line is there");
        assert!((light.share() - 0.75).abs() < 1e-9, "{light:?}");
        assert_eq!(light_on_the_caller("aircraft d1 134.0 s: its light is on the caller\n"), None, "it was never switched off");
    }
}
