//! A station's gateway and the server's end over a broker that nobody here wrote (mosquitto), with the scripted aircraft of the
//! protocol's tests, ten times as fast as the wall's clock. Broker, server's end and gateway are killed in flight.

#![allow(deprecated, reason = "the definitions deprecate what PX4 speaks")]

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use drone_link::gateway::{BrokerAddress, Gateway, GatewayAircraft, GatewayConfig, LossPolicy, RemoteLinks, RemoteSettings};
use drone_link::{AircraftSettings, LightSetting, LinkHandle, LinkReport, UnsignedSetting};
use flight_types::{DistrictId, DroneId, FlightCommand, FlightEvent, FlightPhase, FlightPlan, MissionId, StationId};
use tokio::net::UdpSocket;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

#[allow(dead_code, reason = "shared with the protocol's tests, which use more of it")]
#[path = "../proto/tests/support/vehicle.rs"]
mod vehicle;
use vehicle::Vehicle;

#[path = "support/hop.rs"]
mod hop;
use hop::home;

/// One test at a time: a program that is being started holds all sockets of this process until it runs, and an address that another test has just given
/// up would still be taken.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Longest wait for anything; a hang fails instead of blocking.
const PATIENCE: Duration = Duration::from_secs(60);

async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} did not come"))
}

fn drone() -> DroneId {
    DroneId::new("d1").expect("an id")
}

fn mission() -> MissionId {
    MissionId::new("m1").expect("an id")
}

fn station() -> StationId {
    StationId::new("s1").expect("an id")
}

fn district() -> DistrictId {
    DistrictId::new("demo").expect("an id")
}

fn plan() -> FlightPlan {
    hop::plan(mission().as_str())
}

fn fly(reached: FlightPhase) -> FlightCommand {
    FlightCommand::Fly { plan: Box::new(plan()), reached }
}

/// The aircraft on its own socket until the test ends; the hub may come and go.
fn start_vehicle(hub: SocketAddr) -> Arc<Mutex<Vehicle>> {
    let vehicle = Arc::new(Mutex::new(Vehicle::new(home())));
    let flown = vehicle.clone();
    tokio::spawn(async move {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        // Four times faster than life: the gateway writes to a disk that may be busy, and an aircraft that waits armed disarms itself after ten
        // seconds of its own.
        let mut clock = tokio::time::interval(Duration::from_millis(5));
        let mut buffer = [0; 2_048];
        let mut now_ms = 0;
        loop {
            tokio::select! {
                _ = clock.tick() => {
                    now_ms += 20;
                    flown.lock().expect("whole").tick(now_ms);
                }
                received = socket.recv_from(&mut buffer) => {
                    // Nobody listens while the gateway is dead.
                    if let Ok((length, _)) = received {
                        flown.lock().expect("whole").receive(&buffer[..length]);
                    }
                }
            }
            let datagrams = flown.lock().expect("whole").take_datagrams();
            for datagram in datagrams {
                // As above.
                let _ = socket.send_to(&datagram, hub).await;
            }
        }
    });
    vehicle
}

struct Broker {
    port: u16,
    process: Option<Child>,
    folder: tempfile::TempDir,
}

impl Broker {
    async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let mut broker = Self { port, process: None, folder: tempfile::tempdir().expect("a folder") };
        broker.run().await;
        broker
    }

    async fn run(&mut self) {
        let file = self.folder.path().join("mosquitto.conf");
        std::fs::write(&file, format!("listener {} 127.0.0.1\nallow_anonymous true\n", self.port)).expect("written");
        let mosquitto =
            ["/usr/sbin/mosquitto", "mosquitto"].into_iter().find(|path| Path::new(path).exists()).unwrap_or("mosquitto");
        let process = Command::new(mosquitto)
            .arg("-c")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("mosquitto is installed (apt install mosquitto)");
        self.process = Some(process);
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        let listening = async {
            while tokio::net::TcpStream::connect(address).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        soon("the broker", listening).await;
    }

    async fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.kill().await.expect("killed");
    }

    fn address(&self, user: &str) -> BrokerAddress {
        BrokerAddress { url: format!("mqtt://127.0.0.1:{}", self.port), user: user.to_owned(), password_file: None }
    }
}

fn gateway_config(broker: &Broker, bind: SocketAddr, data_dir: &Path) -> GatewayConfig {
    let link = AircraftSettings {
        rally_points: Vec::new(),
        drone: drone(),
        hardware: None,
        signing_key_file: None,
        unsigned: UnsignedSetting::default(),
        trusted: false,
        arm_authorization: false,
        light: LightSetting::default(),
        filming_signal: true,
    };
    GatewayConfig {
        station: station(),
        district: district(),
        prefix: "escort".to_owned(),
        broker: broker.address("gateway-s1"),
        data_dir: data_dir.to_owned(),
        bind,
        aircraft: vec![GatewayAircraft { system_id: vehicle::SYSTEM_ID, link }],
        watchers: Vec::new(),
        when_lost: LossPolicy::Stay,
        silence_s: 30,
    }
}

fn server(broker: &Broker) -> (LinkHandle, mpsc::Receiver<LinkReport>) {
    let settings = RemoteSettings {
        broker: broker.address("server").login().expect("no password to read"),
        prefix: "escort".to_owned(),
        district: district(),
        stations: BTreeMap::from([(station(), vec![drone()])]),
    };
    RemoteLinks::start(settings)
}

async fn order(links: &LinkHandle, command: FlightCommand) {
    links.command(&drone(), &mission(), command).await.expect("taken");
}

/// Collects phases until one is reached; no failure may come before.
async fn until(reports: &mut mpsc::Receiver<LinkReport>, wanted: FlightPhase, phases: &mut Vec<FlightPhase>) {
    let reached = async {
        while phases.last() != Some(&wanted) {
            match reports.recv().await.expect("the links run") {
                LinkReport::Flight { report: FlightEvent::Reached { phase }, .. } => phases.push(phase),
                LinkReport::Flight { report: FlightEvent::Failed { failure, .. }, .. } => panic!("{failure}"),
                _ => {}
            }
        }
    };
    soon(&format!("{wanted:?}"), reached).await;
}

async fn heard(links: &LinkHandle) {
    let drone = drone();
    let connected = links.until(&drone, |status| status.link.connected && status.position.is_some());
    soon("the aircraft's status", connected).await.expect("the links run");
}

const ALL_PHASES: [FlightPhase; 7] = [
    FlightPhase::PreflightPassed,
    FlightPhase::Uploaded,
    FlightPhase::Armed,
    FlightPhase::Airborne,
    FlightPhase::OnScene,
    FlightPhase::Returning,
    FlightPhase::Landed,
];

/// What the dead server had handed on and not acknowledged yet, the next one hears again; and, since its order says less, how far the flight has come
/// by then. A server takes a phase only when it is further than the last.
fn as_a_server_takes_them(phases: &[FlightPhase]) -> Vec<FlightPhase> {
    let mut taken: Vec<FlightPhase> = Vec::new();
    for phase in phases {
        if taken.last().is_none_or(|last| last < phase) {
            taken.push(*phase);
        }
    }
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn an_escort_goes_on_while_the_broker_is_killed_in_flight() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut broker = Broker::start().await;
    let gateway =
        Gateway::start(gateway_config(&broker, SocketAddr::from(([127, 0, 0, 1], 0)), folder.path())).await.expect("started");
    let vehicle = start_vehicle(gateway.local_addr());
    let (links, mut reports) = server(&broker);
    heard(&links).await;
    let mut phases = Vec::new();
    order(&links, fly(FlightPhase::Ordered)).await;
    until(&mut reports, FlightPhase::Armed, &mut phases).await;
    broker.kill().await;
    // The aircraft reaches its scene while nobody is told.
    let drone = drone();
    let on_scene = gateway.links().until(&drone, |status| status.landed == Some(false) && status.mode.as_deref() == Some("hold"));
    soon("the scene", on_scene).await.expect("the hub runs");
    order(&links, FlightCommand::Recall { homeward: plan().homeward, rally: None }).await;
    broker.run().await;
    until(&mut reports, FlightPhase::Landed, &mut phases).await;
    let expected: Vec<FlightPhase> = ALL_PHASES.into_iter().filter(|phase| phases.contains(phase)).collect();
    assert_eq!(phases, expected, "each once and in order");
    assert!(phases.contains(&FlightPhase::Airborne) && phases.contains(&FlightPhase::Returning), "{phases:?}");
    let vehicle = vehicle.lock().expect("whole");
    assert_eq!((vehicle.launches, vehicle.arms), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_escort_goes_on_while_the_servers_end_and_then_the_gateway_are_killed_in_flight() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Broker::start().await;
    let gateway =
        Gateway::start(gateway_config(&broker, SocketAddr::from(([127, 0, 0, 1], 0)), folder.path())).await.expect("started");
    let bind = gateway.local_addr();
    let vehicle = start_vehicle(bind);
    let (links, mut reports) = server(&broker);
    heard(&links).await;
    let mut phases = Vec::new();
    order(&links, fly(FlightPhase::Ordered)).await;
    until(&mut reports, FlightPhase::Armed, &mut phases).await;
    // The server dies; another one takes its place and gives the open order again.
    links.shutdown().await;
    drop((links, reports));
    let (links, mut reports) = server(&broker);
    order(&links, fly(FlightPhase::Armed)).await;
    until(&mut reports, FlightPhase::OnScene, &mut phases).await;
    // The gateway dies; another one takes up what it kept.
    gateway.stop().await;
    let gateway = Gateway::start(gateway_config(&broker, bind, folder.path())).await.expect("started again");
    heard(&links).await;
    order(&links, FlightCommand::Recall { homeward: plan().homeward, rally: None }).await;
    until(&mut reports, FlightPhase::Landed, &mut phases).await;
    assert_eq!(as_a_server_takes_them(&phases), ALL_PHASES, "{phases:?}");
    let (launches, arms) = {
        let vehicle = vehicle.lock().expect("whole");
        (vehicle.launches, vehicle.arms)
    };
    assert_eq!((launches, arms), (1, 1));
    gateway.stop().await;
}
