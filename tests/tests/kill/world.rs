//! The programs under test: simulated aircraft that fly on, and a server with one life after another on the same data.

use std::fs::{File, OpenOptions};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::record::Record;

/// The longest wait for anything: a life in which nothing happens for so long is stuck.
const PATIENCE: Duration = Duration::from_secs(60);
/// A life in which nothing new comes for so long is stuck: it is twice the longest legitimate silence, the way home.
const QUIET: Duration = Duration::from_secs(30);
/// Virtual seconds of the aircraft per real second. More would shorten the phases of a flight below what a server's start takes.
const FLIGHT_SPEED: &str = "4";
/// The two aircraft nearest to the caller, on their pads of the demo's site; the second is what a double launch would take.
const PADS: [&str; 2] = ["d1=1@36.5443774,127.9071975,61", "d2=2@36.5443774,127.9073091,61"];
/// Who can sign in, all with [`PASSWORD`].
const ACCOUNTS: [(&str, &str); 4] = [("admin", "admin"), ("operator", "operator"), ("guard-1", "guard"), ("guard-2", "guard")];
/// Of the gateway at the server's broker.
const GATEWAY_PASSWORD: &str = "only-for-this-gateway";
/// Of the accounts of this test.
pub const PASSWORD: &str = "only-for-this-test";

/// Addresses that every life uses.
#[derive(Clone, Copy)]
struct Ports {
    http: u16,
    links: u16,
    mqtt: u16,
}

/// A folder with data and configuration, addresses that every life uses, and aircraft in the air beside it.
pub struct World {
    folder: TempDir,
    ports: Ports,
    _aircraft: Child,
    /// Where the aircraft's station has a gateway of its own.
    gateway: Option<Child>,
}

/// A server that was told nothing about dying.
pub struct Serving(Child);

impl World {
    /// Aircraft on their pads, and a folder for the server.
    pub fn start() -> Self {
        Self::with(near)
    }

    /// The same, with cameras that show a test pattern.
    pub fn filming() -> Self {
        Self::with_aircraft(near, &["--rtsp", "127.0.0.1:0"])
    }

    /// The same, with a gateway between the aircraft and the server.
    pub fn far() -> Self {
        let mut world = Self::with(far);
        write(world.folder.path(), "password", GATEWAY_PASSWORD);
        write(world.folder.path(), "station.toml", &station(world.ports));
        world.start_gateway();
        world
    }

    fn with(config: fn(Ports) -> String) -> Self {
        Self::with_aircraft(config, &[])
    }

    fn with_aircraft(config: fn(Ports) -> String, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let ports = free_ports();
        let accounts: String = ACCOUNTS.iter().map(|(id, role)| account(id, role)).collect();
        // Accounts are made in the first life only: their passwords cost each start seconds.
        write(folder.path(), "first.toml", &(config(ports) + &accounts));
        write(folder.path(), "server.toml", &config(ports));
        Self { _aircraft: aircraft(folder.path(), ports.links, more), folder, ports, gateway: None }
    }

    fn start_gateway(&mut self) {
        let mut command = Command::new(program("drone-link"));
        command.arg("gateway").arg("--config").arg(self.folder.path().join("station.toml"));
        command.stdout(Stdio::null()).stderr(self.log()).kill_on_drop(true);
        self.gateway = Some(command.spawn().expect("the gateway starts"));
    }

    /// kill -9 and a new one.
    pub async fn kill_gateway_and_start_another(&mut self) {
        self.gateway.take().expect("a far world").kill().await.expect("it ran");
        self.start_gateway();
    }

    /// Where the server answers.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/api/v1", self.ports.http)
    }

    /// The first life, which makes the accounts; returns when it is ready.
    pub async fn serve_first(&self) -> Serving {
        self.serve_with("first.toml").await
    }

    /// A life until it is told to stop; returns when it is ready.
    pub async fn serve(&self) -> Serving {
        self.serve_with("server.toml").await
    }

    async fn serve_with(&self, config: &str) -> Serving {
        let mut server = self.spawn(config, &[]);
        let mut lines = BufReader::new(server.stdout.take().expect("piped")).lines();
        let line = timeout(PATIENCE, lines.next_line()).await.expect("the server is ready in time").expect("readable");
        assert!(line.is_some_and(|line| line.starts_with("ready ")), "{}", self.log_tail());
        Serving(server)
    }

    /// A life that dies at the first entry that says something new, at a point of that entry's way; returns when it is dead. A life
    /// in which nothing new comes has failed.
    pub async fn live_until_death(&self, point: &str) {
        let mut server = self.spawn("server.toml", &["--crash-at", point]);
        let Ok(died) = timeout(QUIET, server.wait()).await else {
            panic!("nothing new in {QUIET:?} of a life that was to die {point}\n{}", self.log_tail());
        };
        // An exit code would mean that it ended by itself, before its time.
        let status = died.expect("waited for");
        assert_eq!(status.code(), None, "{status}\n{}", self.log_tail());
    }

    fn spawn(&self, config: &str, more: &[&str]) -> Child {
        let mut command = Command::new(program("orchestrator"));
        command.arg("serve").arg("--config").arg(self.folder.path().join(config)).args(more);
        command.stdout(Stdio::piped()).stderr(self.log()).kill_on_drop(true);
        command.spawn().expect("the server starts")
    }

    fn log(&self) -> File {
        let path = self.folder.path().join("server.log");
        OpenOptions::new().create(true).append(true).open(path).expect("a file for the server's log")
    }

    /// The last lines that the server wrote, for messages of failed tests.
    pub fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// A command over the data, while no server runs, that must succeed.
    pub async fn tool(&self, arguments: &[&str]) -> Output {
        let output = self.try_tool(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// The same, whatever comes of it.
    pub async fn try_tool(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(program("orchestrator"));
        command.args(arguments).arg("--data").arg(self.data());
        timeout(PATIENCE, command.output()).await.expect("the command ends in time").expect("the command starts")
    }

    /// The data directory, for reading while no server runs.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What the program exports of an incident.
    pub async fn record(&self, incident: &str) -> Record {
        let out = tempfile::tempdir().expect("a temporary folder");
        let folder = out.path().join("export");
        self.tool(&["export", incident, "--out", &folder.display().to_string()]).await;
        let text = std::fs::read(folder.join("incident.json")).expect("an exported incident");
        Record(serde_json::from_slice::<Value>(&text).expect("JSON"))
    }

    /// The telemetry log of each aircraft.
    pub fn tlogs(&self) -> Vec<PathBuf> {
        let keeper = if self.gateway.is_some() { self.folder.path().join("station") } else { self.data() };
        let folder = std::fs::read_dir(keeper.join("tlog")).expect("telemetry logs");
        let files: Vec<PathBuf> = folder.map(|file| file.expect("listed").path()).collect();
        assert!(!files.is_empty(), "no telemetry was kept");
        files
    }
}

impl Serving {
    /// kill -9.
    pub async fn kill(mut self) {
        self.0.kill().await.expect("it ran");
    }

    /// Tells it to stop (SIGTERM); its exit code.
    pub async fn stop(mut self) -> Option<i32> {
        let pid = self.0.id().expect("running").to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status().await.expect("kill runs");
        assert!(told.success(), "the server had ended before");
        timeout(PATIENCE, self.0.wait()).await.expect("the server stops in time").expect("waited for").code()
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("written");
}

fn free_ports() -> Ports {
    let tcp = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let [http, mqtt] = tcp.each_ref().map(|socket| socket.local_addr().expect("bound").port());
    Ports { http, mqtt, links: udp.local_addr().expect("bound").port() }
}

fn config(Ports { http, .. }: Ports) -> String {
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/demo-site");
    let site = site.display();
    format!(
        "site = \"{site}\"\n[store]\ndata_dir = \"data\"\n[http]\nbind = \"127.0.0.1:{http}\"\ntries_per_min = 100\n\
         [log]\nfilter = \"warn\"\n"
    )
}

/// A server that hears the aircraft itself.
fn near(ports: Ports) -> String {
    // Without MQTT: its broker would double the time of each of some hundred starts, and nobody here speaks it.
    config(ports) + &format!("[mqtt]\nenabled = false\n[links]\nbind = \"127.0.0.1:{}\"\n", ports.links)
}

/// A server whose nearest station has a gateway.
fn far(ports: Ports) -> String {
    config(ports)
        + &format!(
            "[mqtt]\nbind = \"127.0.0.1:{}\"\n[links]\nbind = \"127.0.0.1:0\"\n\
             gateways = [{{ station = \"solhyang\", password_file = \"password\" }}]\n",
            ports.mqtt
        )
}

/// That gateway.
fn station(Ports { links, mqtt, .. }: Ports) -> String {
    let aircraft = |number: u8| format!("[[aircraft]]\nsystem_id = {number}\nlink = {{ drone = \"d{number}\" }}\n");
    format!(
        "station = \"solhyang\"\ndistrict = \"dalbit\"\ndata_dir = \"station\"\nbind = \"127.0.0.1:{links}\"\n\
         [broker]\nurl = \"mqtt://127.0.0.1:{mqtt}\"\nuser = \"station:solhyang\"\npassword_file = \"password\"\n"
    ) + &aircraft(1)
        + &aircraft(2)
}

fn account(id: &str, role: &str) -> String {
    format!("[[demo_accounts]]\nid = \"{id}\"\nname = \"{id}\"\nrole = \"{role}\"\npassword = \"{PASSWORD}\"\n")
}

fn aircraft(folder: &Path, links_port: u16, more: &[&str]) -> Child {
    let output = File::create(folder.join("aircraft.log")).expect("a file for the aircraft's log");
    let mut command = Command::new(program("sim"));
    command.args(["fly", "--speed", FLIGHT_SPEED, "--mavlink", &format!("udpout:127.0.0.1:{links_port}")]);
    command.args(PADS.iter().flat_map(|pad| ["--pad", pad])).args(more);
    command.stdout(output).kill_on_drop(true).spawn().expect("the aircraft start")
}

/// A program of this workspace, built before: it lies beside the folder of the test's own executable.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the test knows where it lies");
    let path = test.parent().and_then(Path::parent).expect("in target/PROFILE/deps").join(name);
    assert!(path.exists(), "{} is missing: run cargo build first", path.display());
    path
}
