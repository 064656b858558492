//! An aircraft that hears nobody any more: what it says is listened to until its motors are off, and judged. Nothing is said to it.

use std::net::UdpSocket;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

/// The middle of a zone half way between the pad of the demo's first aircraft and its first caller: latitude and longitude, degrees.
pub const ZONE_MIDDLE_DEG: [f64; 2] = [36.545_94, 127.905_84];
/// From there to its edges, about 40 m each way, degrees.
const ZONE_HALF_DEG: [f64; 2] = [3.6e-4, 4.5e-4];
/// Two minutes of patience, a way back of two minutes and a descent of one; on a busy machine half as long again.
const HOME_WITHIN: Duration = Duration::from_secs(450);
/// An aircraft that says nothing for so long has gone.
const SILENT_FOR: Duration = Duration::from_secs(20);
/// How long one look at the socket waits.
const LOOK: Duration = Duration::from_secs(1);
/// From so near it is on its pad, metres: the length of an aircraft beside what fixes wander by.
const ON_PAD_M: f64 = 3.0;
/// Above this it is in the air, metres.
const IN_AIR_M: f64 = 10.0;
/// Metres in a degree of latitude, as everywhere to a hundredth.
pub const METRES_PER_DEG: f64 = 111_320.0;

/// Adds the zone to a copy of the demo's site: a straight way home leads through it.
pub fn put_zone_between(site: &Path) -> anyhow::Result<()> {
    let path = site.join("no_fly.geojson");
    let text = std::fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
    let zones = text.trim_end().strip_suffix("]}").context("the demo's zones do not end as they did")?;
    let ([lat, lon], [half_lat, half_lon]) = (ZONE_MIDDLE_DEG, ZONE_HALF_DEG);
    let (south, north, west, east) = (lat - half_lat, lat + half_lat, lon - half_lon, lon + half_lon);
    let ring = format!("[{west},{south}],[{east},{south}],[{east},{north}],[{west},{north}],[{west},{south}]");
    let zone = format!(
        r#"{{"geometry":{{"coordinates":[[{ring}]],"type":"Polygon"}},"id":"between","properties":{{"name":"between"}},"type":"Feature"}}"#
    );
    let zones = format!("{},\n{zone}\n]}}\n", zones.trim_end());
    std::fs::write(&path, zones).with_context(|| format!("could not write {}", path.display()))
}

/// Listens until the motors are off, and judges the way: from the other side of the zone, never over it, to the pad.
pub fn must_come_home(port: u16, pad_deg: [f64; 2]) -> anyhow::Result<()> {
    let track = listen(port)?;
    let (first, last) = (track.first().context("the aircraft said nothing")?, track.last().context("nothing")?);
    ensure!(first.height_m > IN_AIR_M, "it was not in the air when the server went");
    ensure!(is_behind_zone(first.place_deg, pad_deg), "the zone does not lie between scene and pad: {:?}", first.place_deg);
    if let Some(at) = track.iter().find(|seen| is_in_zone(seen.place_deg)) {
        bail!("it flew through the zone: {at:?}");
    }
    let off_m = apart_m(last.place_deg, pad_deg);
    ensure!(off_m <= ON_PAD_M, "it came down {off_m:.1} m from its pad");
    let high_m = track.iter().map(|seen| seen.height_m).fold(0.0, f64::max);
    println!(
        "it flew home up to {high_m:.0} m high, and stood {off_m:.1} m from the middle of its pad {:.0} s after the server went",
        last.at_s
    );
    Ok(())
}

/// Where it said that it was, and when, counted from when the listening began.
#[derive(Debug, Clone, Copy)]
struct Seen {
    at_s: f64,
    place_deg: [f64; 2],
    height_m: f64,
}

fn listen(port: u16) -> anyhow::Result<Vec<Seen>> {
    let socket = UdpSocket::bind(("127.0.0.1", port)).context("nobody can listen where the server did")?;
    socket.set_read_timeout(Some(LOOK)).context("no timeout")?;
    let (begun, mut heard, mut track) = (Instant::now(), Instant::now(), Vec::new());
    let mut datagram = [0; 2_048];
    while begun.elapsed() < HOME_WITHIN {
        let length = match socket.recv(&mut datagram) {
            Ok(length) => length,
            Err(_) if heard.elapsed() < SILENT_FOR => continue,
            Err(error) => return Err(error).context("the aircraft fell silent"),
        };
        heard = Instant::now();
        for word in words(&datagram[..length]) {
            match word {
                Word::Armed(false) => return Ok(track),
                Word::Armed(true) => {}
                Word::At { place_deg, height_m } => {
                    track.push(Seen { at_s: begun.elapsed().as_secs_f64(), place_deg, height_m });
                }
            }
        }
    }
    bail!("it was not home after {} s; last seen at {:?}", HOME_WITHIN.as_secs(), track.last())
}

/// What is of interest in a datagram of MAVLink 2.
enum Word {
    Armed(bool),
    At { place_deg: [f64; 2], height_m: f64 },
}

/// By the layout of frames and of HEARTBEAT and GLOBAL_POSITION_INT in MAVLink's common definitions. Zeros at the end are left out on the way.
fn words(mut datagram: &[u8]) -> Vec<Word> {
    const MAGIC: u8 = 0xFD;
    const HEADER: usize = 10;
    const CHECKSUM: usize = 2;
    const SIGNATURE: usize = 13;
    const AUTOPILOT: u8 = 1;
    const ARMED: u8 = 128;
    let mut words = Vec::new();
    while let [MAGIC, length, flags, _, _, _, component, id @ ..] = datagram {
        let end = HEADER + usize::from(*length);
        let Some(sent) = datagram.get(HEADER..end) else { break };
        let mut payload = [0; 28];
        payload.iter_mut().zip(sent).for_each(|(to, from)| *to = *from);
        let whole = |at: usize| f64::from(i32::from_le_bytes([payload[at], payload[at + 1], payload[at + 2], payload[at + 3]]));
        match (id.first_chunk(), *component) {
            (Some([0, 0, 0]), AUTOPILOT) => words.push(Word::Armed(payload[6] & ARMED != 0)),
            (Some([33, 0, 0]), AUTOPILOT) => {
                words.push(Word::At { place_deg: [whole(4) / 1e7, whole(8) / 1e7], height_m: whole(16) / 1e3 });
            }
            _ => {}
        }
        let signed = if flags & 1 == 1 { SIGNATURE } else { 0 };
        datagram = datagram.get(end + CHECKSUM + signed..).unwrap_or_default();
    }
    words
}

fn is_in_zone(place_deg: [f64; 2]) -> bool {
    (0..2).all(|axis| (place_deg[axis] - ZONE_MIDDLE_DEG[axis]).abs() < ZONE_HALF_DEG[axis])
}

/// Whether the straight way from there to the pad leads over the zone.
fn is_behind_zone(place_deg: [f64; 2], pad_deg: [f64; 2]) -> bool {
    let along = |share: f64| [0, 1].map(|axis| place_deg[axis] + share * (pad_deg[axis] - place_deg[axis]));
    (0..=100).any(|percent| is_in_zone(along(f64::from(percent) / 100.0)))
}

fn apart_m(a_deg: [f64; 2], b_deg: [f64; 2]) -> f64 {
    let north_m = (a_deg[0] - b_deg[0]) * METRES_PER_DEG;
    let east_m = (a_deg[1] - b_deg[1]) * METRES_PER_DEG * a_deg[0].to_radians().cos();
    north_m.hypot(east_m)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_tells_where_and_whether_it_is_armed() {
        let mut datagram = vec![0xFD, 9, 0, 0, 0, 1, 1, 0, 0, 0, 4, 0, 0, 0, 2, 3, 0x81, 4, 3, 0, 0];
        let mut position = vec![0xFD, 20, 0, 0, 1, 1, 1, 33, 0, 0, 0, 0, 0, 0];
        for value in [365_443_774_i32, 1_279_071_975, 121_000, 60_000] {
            position.extend(value.to_le_bytes());
        }
        datagram.extend(position);
        datagram.extend([0, 0]);
        let [Word::Armed(true), Word::At { place_deg, height_m }] = words(&datagram)[..] else { panic!("two words") };
        assert_eq!((place_deg, height_m), ([36.544_377_4, 127.907_197_5], 60.0));
        assert!(is_behind_zone([36.547_503_8, 127.904_479_5], place_deg) && !is_in_zone(place_deg));
        assert!(words(&datagram[..15]).is_empty(), "cut off");
    }
}
