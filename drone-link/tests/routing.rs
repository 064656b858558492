//! The router over real sockets and a pseudo-terminal on this machine: an aircraft on a serial line, a server on UDP, ground stations
//! on TCP. The tests wait for bytes, never for time.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use drone_link::{EndpointRole, EndpointSpec, Routing, Switchboard};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

/// Longest wait for anything; a hang fails instead of blocking.
const PATIENCE: Duration = Duration::from_secs(30);

async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} did not come"))
}

fn framed(message_id: u32, payload: &[u8], system_id: u8, sequence: u8) -> Vec<u8> {
    let id = message_id.to_le_bytes();
    let mut frame = vec![0xFD, payload.len() as u8, 0, 0, sequence, system_id, 1, id[0], id[1], id[2]];
    frame.extend_from_slice(payload);
    let extra = <mavlink::dialects::ardupilotmega::MavMessage as mavlink::Message>::extra_crc(message_id);
    let checksum = mavlink::calculate_crc(&frame[1..], extra);
    frame.extend_from_slice(&checksum.to_le_bytes());
    frame
}

fn heartbeat(system_id: u8, sequence: u8) -> Vec<u8> {
    framed(0, &[0, 0, 0, 0, 2, 12, 81, 4, 3], system_id, sequence)
}

/// COMMAND_LONG to arm.
fn arm(system_id: u8, sequence: u8) -> Vec<u8> {
    let mut payload = vec![0; 28];
    payload.extend_from_slice(&400_u16.to_le_bytes());
    payload.extend_from_slice(&[system_id, 1, 1]);
    framed(76, &payload, 255, sequence)
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// A pseudo-terminal: our end of it, and the device at the other.
fn terminal() -> (std::fs::File, String) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
    grantpt(&ours).expect("granted");
    unlockpt(&ours).expect("unlocked");
    let name = ptsname(&ours, Vec::new()).expect("a name").into_string().expect("a path");
    // Raw from the beginning, or it would echo what is written before the router has opened it.
    let mut line = tcgetattr(&ours).expect("a terminal");
    line.make_raw();
    tcsetattr(&ours, OptionalActions::Now, &line).expect("set");
    (std::fs::File::from(ours), name)
}

/// Reads so many bytes of a blocking file on a thread of its own.
async fn read_exactly(file: &std::fs::File, length: usize) -> Vec<u8> {
    let mut file = file.try_clone().expect("a second handle");
    let reading = tokio::task::spawn_blocking(move || {
        let mut bytes = vec![0; length];
        file.read_exact(&mut bytes).map(|()| bytes)
    });
    soon("bytes on the serial line", reading).await.expect("not cancelled").expect("readable")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aircraft_on_a_serial_line_meets_its_server_and_a_watcher() {
    let (mut aircraft, device) = terminal();
    let server = UdpSocket::bind(loopback()).await.expect("a socket");
    let board = Switchboard::default();
    let mut routing = Routing::new(board.clone());
    let serial = EndpointSpec::Serial { path: device, baud: 57_600 };
    routing.open(&serial, EndpointRole::Full).await.expect("opened");
    let upward = EndpointSpec::UdpOut(server.local_addr().expect("an address"));
    routing.open(&upward, EndpointRole::Full).await.expect("opened");
    let listening =
        routing.open(&EndpointSpec::TcpIn(loopback()), EndpointRole::Watcher).await.expect("opened").expect("an address");
    let mut watcher = TcpStream::connect(listening).await.expect("connected");

    // Garbage, then a heartbeat, and a message that nobody knows, in pieces.
    let unknown = framed(0xABCDE, &[1, 2, 3, 0], 1, 1);
    let stream = [b"\x00\xFDnoise".to_vec(), heartbeat(1, 0), unknown.clone()].concat();
    let mut buffer = vec![0; 2_048];
    let mut heard = Vec::new();
    // The line may open after the first bytes, which are lost then; an aircraft goes on sending.
    let router = loop {
        for piece in stream.chunks(5) {
            aircraft.write_all(piece).expect("written");
        }
        if let Ok(received) = tokio::time::timeout(Duration::from_millis(200), server.recv_from(&mut buffer)).await {
            let (length, router) = received.expect("received");
            heard.push(buffer[..length].to_vec());
            break router;
        }
    };
    while !heard.contains(&unknown) {
        let length = soon("the unknown message", server.recv(&mut buffer)).await.expect("received");
        heard.push(buffer[..length].to_vec());
    }
    assert!(heard.contains(&heartbeat(1, 0)), "each frame in a datagram of its own");

    // The watcher may not arm; the server may, and the watcher may when the control is handed over.
    watcher.write_all(&arm(1, 10)).await.expect("written");
    let mut seen = vec![0; heartbeat(1, 0).len()];
    soon("what the aircraft says", watcher.read_exact(&mut seen)).await.expect("readable");
    assert_eq!(seen[0], 0xFD);
    server.send_to(&arm(1, 20), router).await.expect("sent");
    assert_eq!(read_exactly(&aircraft, arm(1, 20).len()).await, arm(1, 20));
    board.hand_over(1, true);
    watcher.write_all(&arm(1, 11)).await.expect("written");
    assert_eq!(read_exactly(&aircraft, arm(1, 11).len()).await, arm(1, 11), "and not the one of before");
    let withheld: u64 = board.counts().iter().map(|(_, counts)| counts.withheld).sum();
    assert_eq!(withheld, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_is_made_again() {
    let listener = tokio::net::TcpListener::bind(loopback()).await.expect("a listener");
    let mut routing = Routing::new(Switchboard::default());
    let out = EndpointSpec::TcpOut(listener.local_addr().expect("an address"));
    routing.open(&out, EndpointRole::Full).await.expect("opened");
    let udp = routing.open(&EndpointSpec::UdpIn(loopback()), EndpointRole::Full).await.expect("opened").expect("an address");
    let aircraft = UdpSocket::bind(loopback()).await.expect("a socket");
    for round in 0..2 {
        let (mut stream, _) = soon("a connection", listener.accept()).await.expect("accepted");
        let beat = heartbeat(1, round);
        let mut seen = vec![0; beat.len()];
        // The endpoint opens a moment after the connection; the aircraft repeats itself.
        let arrived = async {
            loop {
                aircraft.send_to(&beat, udp).await.expect("sent");
                if tokio::time::timeout(Duration::from_millis(100), stream.read_exact(&mut seen)).await.is_ok() {
                    return;
                }
            }
        };
        soon("a heartbeat", arrived).await;
        assert_eq!(seen, beat);
    }
}

#[tokio::test]
async fn a_log_is_played_and_printed_by_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("flight.tlog");
    let entry = |number: u64, frame: Vec<u8>| [(1_700_000_000_000_000 + number * 1_000).to_be_bytes().to_vec(), frame].concat();
    let key = framed(256, &[7; 42], 255, 1);
    let frames = [heartbeat(7, 0), framed(0xABCDE, &[1], 7, 1), key, heartbeat(7, 2)];
    let entries: Vec<u8> = (0..).zip(frames.clone()).flat_map(|(number, frame)| entry(number, frame)).collect();
    std::fs::write(&log, &entries).expect("written");
    let program = env!("CARGO_BIN_EXE_drone-link");
    let listener = UdpSocket::bind(loopback()).await.expect("a socket");
    let to = listener.local_addr().expect("an address").to_string();
    let play = tokio::process::Command::new(program).arg("replay").arg(&log).args(["--to", &to, "--speed", "0"]).output();
    let played = soon("the end of the playing", play).await.expect("runs");
    assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stderr));
    let mut buffer = vec![0; 2_048];
    for frame in [&frames[0], &frames[1], &frames[3]] {
        let length = soon("a frame", listener.recv(&mut buffer)).await.expect("received");
        assert_eq!(&buffer[..length], &frame[..], "byte for byte, and no key");
    }
    let print = tokio::process::Command::new(program).arg("replay").arg(&log).stdin(Stdio::null()).output();
    let printed = soon("the end of the printing", print).await.expect("runs");
    let text = String::from_utf8_lossy(&printed.stdout).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[0].contains("0.000 7/1 HEARTBEAT"), "{}", lines[0]);
    assert!(lines[1].contains("message 703710"), "{}", lines[1]);
    assert!(lines[2].contains("a signing key, not shown") && !text.contains("[7, 7"), "{text}");
    std::fs::write(&log, &entries[..entries.len() - 1]).expect("written");
    let torn = tokio::process::Command::new(program).arg("replay").arg(&log).output();
    let torn = soon("the end", torn).await.expect("runs");
    assert!(!torn.status.success() && String::from_utf8_lossy(&torn.stderr).contains("in the middle of an entry"));
}
