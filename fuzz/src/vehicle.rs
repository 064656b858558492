//! The simulated aircraft, which answers any MAVLink client: frames of its clients with any content, and time.

use sim::{Aircraft, AircraftConfig, Environment};

use crate::bytes::Bytes;
use crate::frames::{READ, framed};
use crate::links::home;

/// The aircraft under fire.
const SYSTEM_ID: u8 = 1;
/// Time that one input may take, milliseconds: physics are slow.
const FLIGHT_MS_MAX: u64 = 5_000;
/// Datagrams of one step, far above its streams at their fastest.
const DATAGRAMS_MAX: usize = 5_000;

/// Nothing panics, and what it sends is sound.
pub fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let environment = Environment::default();
    let mut aircraft = Aircraft::new(AircraftConfig::new(SYSTEM_ID, home(), 30.0));
    let mut sequence = 0;
    while let Some(kind) = bytes.byte() {
        let Some(block) = bytes.block() else { break };
        match kind {
            0 => aircraft.receive(block),
            1..64 => {
                let until_ms = aircraft.now_ms() + 8 * u64::from(kind);
                aircraft.step(until_ms, &environment);
            }
            _ => {
                sequence = u8::wrapping_add(sequence, 1);
                let message_id = READ[usize::from(kind) % READ.len()];
                aircraft.receive(&framed(message_id, block, 255, 190, sequence));
            }
        }
        drain(&mut aircraft);
        if aircraft.now_ms() > FLIGHT_MS_MAX {
            break;
        }
    }
}

fn drain(aircraft: &mut Aircraft) {
    let mut count = 0;
    while let Some(datagram) = aircraft.poll_transmit() {
        count += 1;
        assert!(count <= DATAGRAMS_MAX, "it sends without end");
        let sound: usize = drone_link_proto::frames_of(&datagram, SYSTEM_ID).map(<[u8]>::len).sum();
        assert_eq!(sound, datagram.len(), "sent bytes are sound frames");
    }
}

/// A client's heartbeat, a count of mission items, an order to arm, and time.
pub fn seeds() -> Vec<Vec<u8>> {
    // The kind whose remainder selects a message of the list.
    let message = |id: u32, payload: &[u8]| {
        let place = READ.iter().position(|known| *known == id).expect("a message that is read");
        [vec![(104 + place) as u8, payload.len() as u8], payload.to_vec()].concat()
    };
    let heartbeat = message(0, &[0, 0, 0, 0, 6, 8, 0, 4, 3]);
    let count = message(44, &[2, 0, 1, 1, 0]);
    let mut arm = vec![0; 33];
    arm[..4].copy_from_slice(&1f32.to_le_bytes());
    arm[28..32].copy_from_slice(&[144, 1, 1, 1]);
    let second = vec![63, 0, 63, 0];
    let item = |index: u8| {
        let mut item = vec![0; 37];
        item[28] = index;
        item[30] = 16;
        item[32..35].copy_from_slice(&[1, 1, 6]);
        message(73, &item)
    };
    let upload = [heartbeat.clone(), second.clone(), count, item(0), item(1), second.clone()].concat();
    vec![[heartbeat, second.clone(), message(76, &arm), second].concat(), upload]
}
