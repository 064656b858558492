//! The hub over real sockets on loopback, with the scripted aircraft of the protocol's tests on the other end. Its clock
//! runs ten times as fast as the wall's; the tests wait for events, never for time.

#![allow(deprecated, reason = "the definitions deprecate what PX4 speaks")]

use std::net::SocketAddr;
use std::time::Duration;

use drone_link::{HubOptions, LinkError, LinkHandle, LinkHub, LinkReport};
use drone_link_proto::LinkConfig;
use flight_types::{DroneId, FlightCommand, FlightEvent, FlightPhase};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

#[allow(dead_code, reason = "shared with the protocol's tests, which use more of it")]
#[path = "../proto/tests/support/vehicle.rs"]
mod vehicle;
use vehicle::Vehicle;

#[path = "support/hop.rs"]
mod hop;
use hop::{home, plan};

/// Longest wait for anything; a hang fails instead of blocking.
const PATIENCE: Duration = Duration::from_secs(60);

fn drone(name: &str) -> DroneId {
    DroneId::new(name).expect("an id")
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// Runs an aircraft on its own socket until the test ends. Returns its address and how many datagrams it was sent.
async fn start_vehicle(system_id: u8, hub: SocketAddr) -> (SocketAddr, tokio::sync::watch::Receiver<usize>) {
    let socket = UdpSocket::bind(loopback()).await.expect("a socket");
    let address = socket.local_addr().expect("an address");
    let (count, counted) = tokio::sync::watch::channel(0);
    tokio::spawn(async move {
        let mut vehicle = Vehicle::new(home());
        vehicle.system_id = system_id;
        let mut clock = tokio::time::interval(Duration::from_millis(2));
        let mut buffer = [0; 2_048];
        let mut now_ms = 0;
        loop {
            tokio::select! {
                _ = clock.tick() => {
                    now_ms += 20;
                    vehicle.tick(now_ms);
                }
                received = socket.recv_from(&mut buffer) => {
                    let (length, _) = received.expect("loopback works");
                    vehicle.receive(&buffer[..length]);
                    count.send_modify(|count| *count += 1);
                }
            }
            for datagram in vehicle.take_datagrams() {
                socket.send_to(&datagram, hub).await.expect("loopback works");
            }
        }
    });
    (address, counted)
}

async fn until(reports: &mut mpsc::Receiver<LinkReport>, wanted: impl Fn(&LinkReport) -> bool) -> Vec<LinkReport> {
    let mut seen = Vec::new();
    let all = async {
        while let Some(report) = reports.recv().await {
            let found = wanted(&report);
            seen.push(report);
            if found {
                return;
            }
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, all).await;
    assert!(in_time.is_ok() && seen.last().is_some_and(&wanted), "{seen:#?}");
    seen
}

fn phase_of(report: &LinkReport, name: &str) -> Option<FlightPhase> {
    match report {
        LinkReport::Flight { drone, report: FlightEvent::Reached { phase }, .. } if drone.as_str() == name => Some(*phase),
        _ => None,
    }
}

async fn fly(handle: &LinkHandle, name: &str, mission: &str) {
    let plan = plan(mission);
    let id = plan.mission.clone();
    let order = FlightCommand::Fly { plan: Box::new(plan), reached: FlightPhase::Ordered };
    handle.command(&drone(name), &id, order).await.expect("the hub runs");
}

#[tokio::test]
async fn two_aircraft_fly_over_one_socket_and_leave_logs() {
    let dir = std::env::temp_dir().join(format!("drone-link-loopback-{}", std::process::id()));
    let links = vec![LinkConfig::new(drone("d1"), 1), LinkConfig::new(drone("d2"), 2)];
    let (handle, mut reports) =
        LinkHub::start(loopback(), links, HubOptions { tlog: Some(dir.clone()), ..HubOptions::default() }).await.expect("a hub");
    start_vehicle(1, handle.local_addr()).await;
    start_vehicle(2, handle.local_addr()).await;

    fly(&handle, "d2", "m2").await;
    until(&mut reports, |report| phase_of(report, "d2") == Some(FlightPhase::OnScene)).await;
    let statuses = handle.statuses();
    let armed: Vec<_> = statuses.iter().map(|status| (status.drone.as_str(), status.armed)).collect();
    assert_eq!(armed, [("d1", Some(false)), ("d2", Some(true))], "only the one that was told flies");

    let recall = FlightCommand::Recall { homeward: plan("m2").homeward, rally: None };
    handle.command(&drone("d2"), &plan("m2").mission, recall).await.expect("the hub runs");
    let seen = until(&mut reports, |report| phase_of(report, "d2") == Some(FlightPhase::Landed)).await;
    assert!(seen.iter().all(|report| phase_of(report, "d1").is_none()));

    handle.shutdown().await;
    let log = std::fs::read(dir.join("d2.tlog")).expect("a log");
    assert_eq!(log_systems(&log), [2, 255], "both directions of one aircraft");
    std::fs::remove_dir_all(&dir).expect("our own folder");
    assert!(matches!(handle.command(&drone("d1"), &plan("m").mission, FlightCommand::Hold).await, Err(LinkError::Stopped)));
}

/// Reads a log the way a ground station does; the systems that speak in it.
fn log_systems(log: &[u8]) -> Vec<u8> {
    let mut systems = std::collections::BTreeSet::new();
    let (mut at, mut before_us) = (0, 0);
    while at < log.len() {
        let time_us = u64::from_be_bytes(log[at..at + 8].try_into().expect("eight bytes"));
        assert!(time_us >= before_us && time_us > 1_600_000_000_000_000, "microseconds since 1970, ascending");
        before_us = time_us;
        let frame = &log[at + 8..];
        assert_eq!(frame[0], 0xFD);
        systems.insert(frame[5]);
        at += 8 + 12 + usize::from(frame[1]);
    }
    systems.into_iter().collect()
}

#[tokio::test]
async fn a_second_sender_with_the_same_system_id_is_reported_and_gets_nothing() {
    let links = vec![LinkConfig::new(drone("d1"), 1)];
    let (handle, mut reports) = LinkHub::start(loopback(), links, HubOptions::default()).await.expect("a hub");
    start_vehicle(1, handle.local_addr()).await;
    until(&mut reports, |report| matches!(report, LinkReport::StatusChanged { .. })).await;
    let (rival, count) = start_vehicle(1, handle.local_addr()).await;
    until(&mut reports, |report| matches!(report, LinkReport::Duplicate { address, .. } if *address == rival)).await;
    fly(&handle, "d1", "m").await;
    until(&mut reports, |report| matches!(report, LinkReport::Flight { report: FlightEvent::Failed { .. }, .. })).await;
    assert_eq!(*count.borrow(), 0);
}

#[tokio::test]
async fn garbage_and_strangers_change_nothing() {
    let links = vec![LinkConfig::new(drone("d1"), 1)];
    let (handle, mut reports) = LinkHub::start(loopback(), links, HubOptions::default()).await.expect("a hub");
    let socket = UdpSocket::bind(loopback()).await.expect("a socket");
    for garbage in [&b""[..], b"hello", &[0xFD; 300], &[0xFD, 255, 0, 0]] {
        socket.send_to(garbage, handle.local_addr()).await.expect("loopback works");
    }
    // A stranger first, the aircraft after it.
    start_vehicle(9, handle.local_addr()).await;
    start_vehicle(1, handle.local_addr()).await;
    until(&mut reports, |report| matches!(report, LinkReport::StatusChanged { .. })).await;
    assert!(handle.status(&drone("d1")).is_some_and(|status| status.link.connected));
    let order = handle.command(&drone("d9"), &plan("m").mission, FlightCommand::Hold).await;
    assert!(matches!(order, Err(LinkError::UnknownDrone(_))));
}

#[tokio::test]
async fn shared_ids_and_addresses_in_use_are_refused() {
    let same_system = vec![LinkConfig::new(drone("d1"), 1), LinkConfig::new(drone("d2"), 1)];
    assert!(matches!(LinkHub::start(loopback(), same_system, HubOptions::default()).await, Err(LinkError::Shared(_))));
    let same_drone = vec![LinkConfig::new(drone("d1"), 1), LinkConfig::new(drone("d1"), 2)];
    assert!(matches!(LinkHub::start(loopback(), same_drone, HubOptions::default()).await, Err(LinkError::Shared(_))));
    let (handle, _reports) = LinkHub::start(loopback(), Vec::new(), HubOptions::default()).await.expect("a hub");
    assert!(matches!(LinkHub::start(handle.local_addr(), Vec::new(), HubOptions::default()).await, Err(LinkError::Io { .. })));
}

/// COMMAND_LONG of a ground station.
fn order_of_a_station(sequence: u8, command: mavlink::dialects::ardupilotmega::MavCmd, params: [f32; 3]) -> Vec<u8> {
    use mavlink::dialects::ardupilotmega::{COMMAND_LONG_DATA, MavMessage};
    let header = mavlink::MavHeader { system_id: 255u8.into(), component_id: 190, sequence };
    let [param1, param2, param3] = params;
    let (target_system, target_component) = (1, 1);
    let data = COMMAND_LONG_DATA { command, param1, param2, param3, target_system, target_component, ..Default::default() };
    let mut raw = mavlink::MAVLinkV2MessageRaw::new();
    raw.serialize_message(header, &MavMessage::COMMAND_LONG(data));
    raw.raw_bytes().to_vec()
}

/// Waits until the watcher hears an answer to a command, by the command's number.
async fn answer_to(watcher: &UdpSocket, command: u16) {
    let mut buffer = [0; 2_048];
    let heard = async {
        loop {
            let length = watcher.recv(&mut buffer).await.expect("loopback works");
            let payload = &buffer[10..length];
            if buffer[7..10] == [77, 0, 0] && payload[..2] == command.to_le_bytes() {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, heard).await.expect("an answer");
}

#[tokio::test]
async fn a_ground_station_beside_us_watches_asks_and_flies_only_while_a_pilot_has_control() {
    use mavlink::dialects::ardupilotmega::MavCmd;
    let watcher = UdpSocket::bind(loopback()).await.expect("a socket");
    let options = HubOptions {
        watchers: vec![format!("udpout:{}", watcher.local_addr().expect("an address")).parse().expect("an endpoint")],
        ..HubOptions::default()
    };
    let (handle, mut reports) = LinkHub::start(loopback(), vec![LinkConfig::new(drone("d1"), 1)], options).await.expect("a hub");
    start_vehicle(1, handle.local_addr()).await;
    let mut buffer = [0; 2_048];
    let (_, hub) = tokio::time::timeout(PATIENCE, watcher.recv_from(&mut buffer)).await.expect("watches").expect("loopback works");

    fly(&handle, "d1", "m").await;
    until(&mut reports, |report| phase_of(report, "d1") == Some(FlightPhase::OnScene)).await;
    // PX4's "auto land": of an order that is withheld there is no answer. The question behind it is answered.
    let d1 = drone("d1");
    let holding = handle.until(&d1, |status| status.mode.as_deref() == Some("hold"));
    tokio::time::timeout(PATIENCE, holding).await.expect("holds on scene").expect("the hub runs");
    let land = |sequence| order_of_a_station(sequence, MavCmd::MAV_CMD_DO_SET_MODE, [1.0, 4.0, 6.0]);
    watcher.send_to(&land(1), hub).await.expect("loopback works");
    let question = order_of_a_station(2, MavCmd::MAV_CMD_GET_HOME_POSITION, [0.0; 3]);
    watcher.send_to(&question, hub).await.expect("loopback works");
    answer_to(&watcher, 410).await;
    assert_eq!(handle.status(&d1).and_then(|status| status.mode).as_deref(), Some("hold"));

    handle.command(&d1, &plan("m").mission, FlightCommand::YieldControl).await.expect("the hub runs");
    watcher.send_to(&land(3), hub).await.expect("loopback works");
    let landing = handle.until(&d1, |status| status.mode.as_deref() == Some("land"));
    tokio::time::timeout(PATIENCE, landing).await.expect("the aircraft takes the pilot's order").expect("the hub runs");
}

#[tokio::test]
async fn all_parameters_of_an_aircraft_are_read() {
    let address = UdpSocket::bind(loopback()).await.and_then(|socket| socket.local_addr()).expect("an address");
    start_vehicle(1, address).await;
    let over = format!("udpin:{address}").parse().expect("an endpoint");
    let read = tokio::time::timeout(PATIENCE, drone_link::read_parameters(&over, 1, None)).await.expect("in time").expect("read");
    let named: Vec<_> = read.iter().map(|parameter| (parameter.name.as_str(), parameter.value)).collect();
    let expected = [
        ("COM_DL_LOSS_T", 10.0),
        ("COM_LOW_BAT_ACT", 3.0),
        ("GF_ACTION", 2.0),
        ("GF_MAX_VER_DIST", 0.0),
        ("NAV_DLL_ACT", 0.0),
        ("RTL_RETURN_ALT", 30.0),
        ("RTL_TYPE", 0.0),
    ];
    assert_eq!(named, expected);
}

#[tokio::test]
async fn an_aircraft_is_given_its_key_and_signs_from_then_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("d1.key");
    drone_link::make_key(&key).expect("made");
    assert!(drone_link::make_key(&key).is_err(), "one that is there is not touched");
    // A free port, on which the program listens a moment later.
    let address = UdpSocket::bind(loopback()).await.and_then(|socket| socket.local_addr()).expect("an address");
    let (_, received) = start_vehicle(1, address).await;
    let over = format!("udpin:{address}").parse().expect("an endpoint");
    let given = tokio::time::timeout(PATIENCE, drone_link::give_key(&over, 1, &key)).await.expect("in time");
    assert!(given.is_ok(), "{given:?}");
    assert!(*received.borrow() > 2);
    let elsewhere = "udpin:127.0.0.1:0".parse().expect("an endpoint");
    let nobody = drone_link::give_key(&elsewhere, 9, &key);
    assert!(
        tokio::time::timeout(PATIENCE, nobody)
            .await
            .expect("in time")
            .is_err_and(|error| error.to_string().contains("nothing is heard"))
    );
}
