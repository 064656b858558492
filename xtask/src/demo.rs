//! The whole product on this machine: server with broker and database, aircraft, guards, a caller, an operator.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::process::{self, Owned, built, cargo};

/// How often the demo looks whether all its programs still run.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How often is looked whether a restarted server answers: a minute, for a busy machine.
const RESTART_LOOKS: u32 = 300;
/// The demo's key of the beacons: it protects nothing, and stands here for everybody to read.
const BEACON_KEYS: &str =
    "[[key]]\nid = 1\nsecret = \"64656d6f2064656d6f2064656d6f2064656d6f2064656d6f2064656d6f206465\"\nstate = \"active\"\n";
/// The area whose driver's page the demo names.
const DRIVERS_AREA: &str = "A1";
/// What the browser's play prints when it wants the server restarted under it.
const RESTART_PLEASE: &str = "please restart the server";
/// Name and password at the TURN server of a play.
const TURN_ACCOUNT: [&str; 2] = ["escort", "play-only"];
/// The demo's accounts; `configs/demo.toml` says so loudly.
const SIGN_IN: &str = "operator, pilot, manager, guard-1 … guard-3, admin; password demo-only";

/// How to play.
#[derive(clap::Args)]
pub struct Options {
    /// Play one escort without a browser; exit 0 only when it ended as it must.
    #[arg(long)]
    headless: bool,
    /// The port of the pages; MQTT and MAVLink take the next free ones.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// How many times faster than in life aircraft and guards move.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// End after so many seconds.
    #[arg(long = "for")]
    for_s: Option<f64>,
    /// Play on the streets of an OpenStreetMap extract (.osm.pbf), or in a site's folder.
    #[arg(long)]
    site: Option<PathBuf>,
    /// Burn the time into the aircraft's pictures, for measuring how old they are when seen.
    #[arg(long)]
    clock: bool,
    /// Where the demo keeps its data; emptied first.
    #[arg(long)]
    data: Option<PathBuf>,
    /// A TURN server on this machine, for the test of viewers behind strict firewalls.
    #[arg(skip)]
    turn: bool,
}

/// A stage that is set: every program runs but the people.
pub struct Stage {
    /// Absent for a moment while it is restarted.
    server: Option<Owned>,
    config: PathBuf,
    aircraft: Owned,
    turn_server: Option<Owned>,
    /// What the beacons' codes read, by area.
    codes: toml::Table,
    /// Where the pages are.
    pub address: String,
    /// Where the cameras hear who is where.
    people_address: String,
    site: PathBuf,
}

/// Builds, starts and plays.
pub fn run(options: &Options) -> anyhow::Result<()> {
    crate::needs::build_packages()?;
    crate::needs::web_packages()?;
    let root = crate::root();
    process::run(&root, &[&cargo(), "build", "--package", "orchestrator", "--package", "sim", "--bins"])?;
    let mut stage = Stage::set(options)?;
    println!("\n    the demo runs at {}\n    sign in as {SIGN_IN}\n    end it with Ctrl-C\n", stage.address);
    if let Some(path) = stage.driver_path(DRIVERS_AREA) {
        println!("    who parks in area {DRIVERS_AREA} scans {}{path}\n", stage.address);
    }
    let mut people = stage.people(options)?;
    loop {
        if let Some(status) = people.ended()? {
            return if status.success() { Ok(()) } else { bail!("the play ended with {status}") };
        }
        stage.still_runs()?;
        std::thread::park_timeout(LOOK_AGAIN);
    }
}

impl Stage {
    fn set(options: &Options) -> anyhow::Result<Self> {
        let data = options.data.clone().unwrap_or_else(|| crate::root().join("target/demo"));
        if data.exists() {
            std::fs::remove_dir_all(&data).with_context(|| format!("could not empty {}", data.display()))?;
        }
        std::fs::create_dir_all(&data).with_context(|| format!("could not make {}", data.display()))?;
        let site = site_folder(options.site.as_deref(), &data)?;
        let ports = Ports { turn: options.turn.then(|| options.port.saturating_add(5)), ..Ports::from(options.port) };
        let turn_server = ports.turn.map(|port| start_turn_server(port, &data)).transpose()?;
        let config = write_config(&data, &site, &ports)?;
        let (codes, codes_file) = beacon_codes(&config, &site, &data)?;
        let server = Some(start_server(&config)?);
        let aircraft = start_aircraft(&site, &codes_file, &ports, options)?;
        let (address, people_address) = (format!("http://127.0.0.1:{}", ports.http), format!("127.0.0.1:{}", ports.people));
        Ok(Self { server, config, aircraft, turn_server, codes, address, people_address, site })
    }

    /// The path of the page that an area's code opens.
    fn driver_path(&self, area: &str) -> Option<&str> {
        let code = self.codes.get(area)?.as_str()?;
        Some(&code[code.find("/p/")?..])
    }

    fn people(&self, options: &Options) -> anyhow::Result<Owned> {
        let mut command = Command::new(built("sim"));
        command.arg("people").args(["--server", &self.address]).arg("--site").arg(&self.site);
        command.args(["--speed", &options.speed.to_string(), "--cameras", &self.people_address]);
        if options.headless {
            command.arg("--once");
        }
        if let Some(for_s) = options.for_s {
            command.args(["--for", &for_s.to_string()]);
        }
        Owned::start("the people", &mut command)
    }

    /// Ends the server in order and starts another on the same data; returns when it answers.
    fn restart_server(&mut self) -> anyhow::Result<()> {
        self.server = None;
        self.server = Some(start_server(&self.config)?);
        let address = self.address.trim_start_matches("http://").to_owned();
        for _ in 0..RESTART_LOOKS {
            if std::net::TcpStream::connect(&address).is_ok() {
                return Ok(());
            }
            self.still_runs()?;
            std::thread::park_timeout(LOOK_AGAIN);
        }
        bail!("the restarted server does not answer at {}", self.address)
    }

    fn still_runs(&mut self) -> anyhow::Result<()> {
        for program in self.server.iter_mut().chain([&mut self.aircraft]).chain(&mut self.turn_server) {
            if let Some(status) = program.ended()? {
                bail!("{} ended with {status}", program.name());
            }
        }
        Ok(())
    }
}

/// The ports of one demo.
pub struct Ports {
    /// The pages.
    pub http: u16,
    /// The broker.
    pub mqtt: u16,
    /// Where aircraft send to.
    pub mavlink: u16,
    /// The cameras.
    pub rtsp: u16,
    /// Where the cameras hear who is where.
    pub people: u16,
    /// A TURN server for browsers, where one runs.
    pub turn: Option<u16>,
}

impl From<u16> for Ports {
    fn from(http: u16) -> Self {
        let [mqtt, mavlink, rtsp, people] = [1, 2, 3, 4].map(|offset| http.saturating_add(offset));
        Self { http, mqtt, mavlink, rtsp, people, turn: None }
    }
}

/// The folder of the site: the demo's own town, a given folder, or one made from an extract.
fn site_folder(site: Option<&Path>, data: &Path) -> anyhow::Result<PathBuf> {
    let Some(given) = site else { return Ok(crate::root().join("configs/demo-site")) };
    if given.is_dir() {
        return Ok(given.to_owned());
    }
    let made = data.join("site");
    let mut command = Command::new(built("orchestrator"));
    command.args(["site", "make", "--extract"]).arg(given).arg("--out").arg(&made);
    process::run_command(&mut command)?;
    Ok(made)
}

/// Writes `configs/demo.toml` with its places and ports replaced.
pub fn write_config(data: &Path, site: &Path, ports: &Ports) -> anyhow::Result<PathBuf> {
    let template = crate::root().join("configs/demo.toml");
    let text = std::fs::read_to_string(&template).with_context(|| format!("could not read {}", template.display()))?;
    let mut config: toml::Table = text.parse().with_context(|| format!("{} is not TOML", template.display()))?;
    set(&mut config, &["site"], absolute(site)?);
    set(&mut config, &["store", "data_dir"], absolute(&data.join("server"))?);
    // No cameras: the aircraft announce theirs over MAVLink, as real ones may.
    let feeds = ports.turn.map(|port| ("ice_servers".to_owned(), ice_servers(port))).into_iter().collect();
    config.insert("feeds".to_owned(), toml::Value::Table(feeds));
    set(&mut config, &["parking", "file"], absolute(&crate::root().join("configs/demo-parking.toml"))?);
    let keys = data.join("beacon-keys.toml");
    std::fs::write(&keys, BEACON_KEYS).with_context(|| format!("could not write {}", keys.display()))?;
    set(&mut config, &["parking", "beacon_keys_file"], absolute(&keys)?);
    for (section, port) in [("http", ports.http), ("mqtt", ports.mqtt), ("links", ports.mavlink)] {
        set(&mut config, &[section, "bind"], format!("127.0.0.1:{port}"));
    }
    let path = data.join("demo.toml");
    std::fs::write(&path, config.to_string()).with_context(|| format!("could not write {}", path.display()))?;
    Ok(path)
}

/// What the codes of a site's areas read, signed with the demo's key, and the file that says so.
fn beacon_codes(config: &Path, site: &Path, data: &Path) -> anyhow::Result<(toml::Table, PathBuf)> {
    let text = std::fs::read_to_string(config).with_context(|| format!("could not read {}", config.display()))?;
    let config: toml::Table = text.parse().context("the demo's own configuration")?;
    let parking = config.get("parking").and_then(toml::Value::as_table).context("the demo has no parking")?;
    let said = |key: &str| parking.get(key).and_then(toml::Value::as_str).with_context(|| format!("parking.{key} is missing"));
    let mut command = Command::new(built("orchestrator"));
    command.args(["beacon", "codes", "--host", said("beacon_host")?, "--keys", said("beacon_keys_file")?]).arg("--site").arg(site);
    let answer = command.output().context("could not ask for the beacons' codes")?;
    if !answer.status.success() {
        bail!("no codes for the beacons: {}", String::from_utf8_lossy(&answer.stderr));
    }
    let codes = String::from_utf8(answer.stdout).context("the beacons' codes are no text")?;
    let path = data.join("beacon-codes.toml");
    std::fs::write(&path, &codes).with_context(|| format!("could not write {}", path.display()))?;
    Ok((codes.parse().context("the beacons' codes are no TOML")?, path))
}

/// Starts the server.
pub fn start_server(config: &Path) -> anyhow::Result<Owned> {
    Owned::start("the server", Command::new(built("orchestrator")).args(["serve", "--config"]).arg(config))
}

/// The TURN server of a play, as the configuration names it to browsers.
fn ice_servers(port: u16) -> toml::Value {
    let [name, password] = TURN_ACCOUNT;
    let entries = [("url", format!("turn:127.0.0.1:{port}")), ("username", name.to_owned()), ("credential", password.to_owned())];
    let server = entries.map(|(key, value)| (key.to_owned(), toml::Value::String(value)));
    toml::Value::Array(vec![toml::Value::Table(server.into_iter().collect())])
}

/// Starts a TURN server that relays on this machine only.
fn start_turn_server(port: u16, data: &Path) -> anyhow::Result<Owned> {
    let [name, password] = TURN_ACCOUNT;
    let mut command = Command::new("turnserver");
    command
        .args([
            "-n",
            "--listening-ip=127.0.0.1",
            "--relay-ip=127.0.0.1",
            "--allow-loopback-peers",
            "--no-cli",
            "--no-tls",
            "--no-dtls",
        ])
        .args(["--lt-cred-mech", "--realm=escort.invalid", "--log-file=stdout", "--simple-log"])
        .args([format!("--listening-port={port}"), format!("--user={name}:{password}")])
        .arg(format!("--pidfile={}", data.join("turn.pid").display()))
        .arg(format!("--userdb={}", data.join("turn.sqlite").display()))
        .stdout(Stdio::null());
    Owned::start("the TURN server", &mut command)
}

/// Starts the site's aircraft, heard by the server as over radio.
fn start_aircraft(site: &Path, codes: &Path, ports: &Ports, options: &Options) -> anyhow::Result<Owned> {
    let mut command = Command::new(built("sim"));
    command.arg("fly").arg("--site").arg(site).arg("--codes").arg(codes);
    command.args(["--mavlink", &format!("udpout:127.0.0.1:{}", ports.mavlink), "--speed", &options.speed.to_string()]);
    if options.clock {
        command.arg("--camera-clock");
    }
    command.args(["--rtsp", &format!("127.0.0.1:{}", ports.rtsp), "--people", &format!("127.0.0.1:{}", ports.people)]);
    Owned::start("the aircraft", &mut command)
}

fn absolute(path: &Path) -> anyhow::Result<String> {
    let path = std::path::absolute(path).with_context(|| format!("no such path: {}", path.display()))?;
    Ok(path.display().to_string())
}

/// Sets a text in a nested table, making the tables on the way.
fn set(table: &mut toml::Table, path: &[&str], value: String) {
    match path {
        [] => {}
        [key] => {
            table.insert((*key).to_owned(), toml::Value::String(value));
        }
        [section, rest @ ..] => {
            let inner = table.entry(*section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            if let toml::Value::Table(inner) = inner {
                set(inner, rest, value);
            }
        }
    }
}

/// A car parked and paid for by somebody else, then the whole escort by hand in three browser windows, on a stage without people.
/// Plays with the programs that the tests before it built: building two packages alone would build most of the workspace again,
/// with other features.
/// `held_to_goals`: a picture that comes later than the goals of docs/performance.md fails it; a busy machine cannot be held to them.
pub fn play_in_browser(held_to_goals: bool) -> anyhow::Result<()> {
    let root = crate::root();
    let options = Options {
        headless: true,
        port: free_port()?,
        speed: 1.0,
        for_s: None,
        site: None,
        clock: true,
        data: Some(root.join("target/browser-test")),
        turn: true,
    };
    let mut stage = Stage::set(&options)?;
    let driver = stage.driver_path(DRIVERS_AREA).context("no area to park in")?;
    // Korean first: the lot's map is drawn on by the last of them only.
    for (language, draw) in [("ko", "0"), ("en", "1")] {
        let mut parking = Command::new("node");
        parking.arg("e2e/parking.mjs").env("BASE_URL", &stage.address).env("DRIVER", driver).env("LANGUAGE", language);
        parking.env("DRAW", draw).env("ORCHESTRATOR", built("orchestrator")).current_dir(root.join("orchestrator/ui"));
        process::run_command(&mut parking)?;
    }
    let mut toss = Command::new("node");
    toss.arg("e2e/toss.mjs").env("LANGUAGE", "ko").env("ORCHESTRATOR", built("orchestrator"));
    process::run_command(toss.current_dir(root.join("orchestrator/ui")))?;
    let mut script = Command::new("node");
    script
        .arg("e2e/escort.mjs")
        .env("BASE_URL", &stage.address)
        .env("PICTURE", if held_to_goals { "goals" } else { "read" })
        .env("CAMERAS", &stage.people_address)
        .env("TURN", "1")
        .current_dir(root.join("orchestrator/ui"));
    let mut script = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("could not start the browser's play")?;
    let (lines, mut answers) = (script.stdout.take().context("no output")?, script.stdin.take().context("no input")?);
    let played = follow(&mut stage, lines, &mut answers);
    if played.is_err() {
        // It waits for an answer that will not come; a failure here only means that it has just ended.
        let _ = script.kill();
    }
    let status = script.wait().context("could not wait for the play")?;
    played?;
    if !status.success() {
        bail!("the escort in the browser ended with {status}");
    }
    drop(stage);
    judge_evidence(&root.join("target/browser-test"))
}

/// Shows what the play prints and restarts the server when it asks for it.
fn follow(stage: &mut Stage, lines: impl Read, answers: &mut impl Write) -> anyhow::Result<()> {
    for line in BufReader::new(lines).lines() {
        let line = line.context("the play's output broke off")?;
        println!("{line}");
        if line == RESTART_PLEASE {
            stage.restart_server()?;
            writeln!(answers, "ready").context("the play went away")?;
        }
    }
    Ok(())
}

/// What the escort must have left: unbroken chains, and a recording of its scene that plays.
fn judge_evidence(data: &Path) -> anyhow::Result<()> {
    let server = data.join("server");
    process::run_command(Command::new(built("orchestrator")).args(["audit", "verify", "--data"]).arg(&server))?;
    let incidents = std::fs::read_dir(server.join("evidence")).context("nothing was recorded")?;
    for incident in incidents {
        let name = incident.context("the recordings cannot be listed")?.file_name();
        let out = data.join("export").join(&name);
        std::fs::create_dir_all(data.join("export")).context("no room for the export")?;
        let mut export = Command::new(built("orchestrator"));
        process::run_command(export.arg("export").arg(&name).arg("--data").arg(&server).arg("--out").arg(&out))?;
        for video in std::fs::read_dir(out.join("video")).context("no recording was exported")? {
            let path = video.context("the export cannot be listed")?.path();
            if path.extension().is_some_and(|ending| ending == "mp4") {
                let show = ["-v", "error", "-show_entries", "stream=codec_name,width,height,nb_read_frames", "-count_frames"];
                process::run_command(Command::new("ffprobe").args(show).args(["-of", "csv"]).arg(&path))?;
            }
        }
    }
    Ok(())
}

/// Ports of one demo, from the pages' on.
const PORTS: u16 = 6;
/// Where they are looked for: under those that systems give to whoever asks for any port (from 32,768 on with Linux, 49,152 by RFC 6335). The
/// aircraft ask for such ones before the server has bound its own, and now and then got just that.
const PORTS_FROM: u16 = 20_000;
const PORTS_UNTIL: u16 = 32_000;

/// The first of so many ports that are free, as far as one can know beforehand.
fn free_port() -> anyhow::Result<u16> {
    let free = |port: u16| {
        std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() && std::net::UdpSocket::bind(("127.0.0.1", port)).is_ok()
    };
    let places = (PORTS_UNTIL - PORTS_FROM) / PORTS;
    // Two runs beside each other begin at different places.
    let begin = (std::process::id() % u32::from(places)) as u16;
    let mut firsts = (0..places).map(|turn| PORTS_FROM + (begin + turn) % places * PORTS);
    firsts.find(|first| (*first..*first + PORTS).all(free)).context("no free ports")
}
