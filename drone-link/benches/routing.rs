//! The router under load, without loss: its core alone, and whole over TCP on this machine at 200,000 messages a second.
//!
//! Input: 400,000 ATTITUDE of one aircraft, 36 bytes each, counted up so that none is another's copy.
//! `cargo bench -p drone-link --bench routing`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use drone_link::{EndpointRole, EndpointSpec, Routing, Switchboard};
use drone_link_proto::Router;
use mavlink::dialects::ardupilotmega::{ATTITUDE_DATA, MavMessage};
use mavlink::{MAVLinkV2MessageRaw, MavHeader};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const FRAMES: u32 = 400_000;
/// Frames a second asked of the whole router.
const RATE: usize = 200_000;
/// How often a piece of the stream is written: 500 times a second.
const PIECES_PER_S: usize = 500;
/// How long nothing may arrive before what is missing counts as lost.
const SILENCE: Duration = Duration::from_secs(5);
/// Longer than a greeting under way takes.
const GREETING: Duration = Duration::from_millis(50);

fn frame(number: u32) -> Vec<u8> {
    let mut raw = MAVLinkV2MessageRaw::new();
    let header = MavHeader { system_id: 1u8.into(), component_id: 1, sequence: number as u8 };
    let attitude = ATTITUDE_DATA { time_boot_ms: number, roll: 0.1, pitch: 0.2, yaw: 0.3, yawspeed: 1.0, ..Default::default() };
    raw.serialize_message(header, &MavMessage::ATTITUDE(attitude));
    raw.raw_bytes().to_vec()
}

fn main() {
    let frames: Vec<Vec<u8>> = (0..FRAMES).map(frame).collect();
    let pieces: Vec<Vec<u8>> = frames.chunks(RATE / PIECES_PER_S).map(<[Vec<u8>]>::concat).collect();
    core(&pieces);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(whole(&frames[0], &pieces[..]));
}

/// Three endpoints: one speaks, two are given everything.
fn core(pieces: &[Vec<u8>]) {
    let mut router = Router::new();
    let [aircraft, server, watcher] = [EndpointRole::Full, EndpointRole::Full, EndpointRole::Watcher].map(|role| router.open(role));
    let (start, mut given) = (Instant::now(), 0);
    for (number, piece) in (0..).zip(pieces) {
        router.receive(aircraft, piece, number);
        given += router.take_waiting(server, usize::MAX).len();
        router.take_waiting(watcher, usize::MAX);
    }
    let rate = f64::from(FRAMES) / start.elapsed().as_secs_f64();
    assert_eq!(given, FRAMES as usize, "nothing is lost");
    println!("core, one to two: {:.2} M messages/s", rate / 1e6);
}

async fn whole(first: &[u8], pieces: &[Vec<u8>]) {
    let board = Switchboard::default();
    let mut routing = Routing::new(board.clone());
    let listen = EndpointSpec::TcpIn(SocketAddr::from(([127, 0, 0, 1], 0)));
    let address = routing.open(&listen, EndpointRole::Full).await.expect("opened").expect("an address");
    let mut sink = TcpStream::connect(address).await.expect("connected");
    let mut source = TcpStream::connect(address).await.expect("connected");
    // Both ends are open when the first frame has passed; until then it is repeated.
    let mut greeting = vec![0; first.len()];
    while tokio::time::timeout(GREETING, sink.read_exact(&mut greeting)).await.is_err() {
        source.write_all(first).await.expect("written");
    }
    // Further greetings are not what is measured.
    while tokio::time::timeout(GREETING, sink.read(&mut greeting)).await.is_ok_and(|read| read.expect("readable") > 0) {}
    let wanted: usize = pieces.iter().map(Vec::len).sum();
    let reading = tokio::spawn(async move {
        let (mut buffer, mut length) = (vec![0; 1 << 16], 0);
        while length < wanted {
            let read = tokio::time::timeout(SILENCE, sink.read(&mut buffer)).await.expect("frames were lost");
            length += read.expect("readable");
        }
    });
    let start = Instant::now();
    let mut clock = tokio::time::interval(Duration::from_millis(1_000 / PIECES_PER_S as u64));
    for piece in pieces {
        clock.tick().await;
        source.write_all(piece).await.expect("written");
    }
    reading.await.expect("read");
    let elapsed_s = start.elapsed().as_secs_f64();
    let dropped: u64 = board.counts().iter().map(|(_, counts)| counts.dropped).sum();
    assert_eq!(dropped, 0, "nothing is lost");
    println!("whole, over TCP: {FRAMES} messages in {elapsed_s:.2} s, {:.0} messages/s, none lost", f64::from(FRAMES) / elapsed_s);
}
