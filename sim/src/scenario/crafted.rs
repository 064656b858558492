//! Frames that no honest sender sends: broken, cut, oversized, nested, senseless. They reach both ends of one aircraft's link.

use rand::RngExt;
use rand_pcg::Pcg64;

use super::network::dice;
use crate::autopilot::wire::{COMMAND_LONG, PayloadWriter, Transmitter};

/// From one such datagram to the next, milliseconds: ten a second, as many as an aircraft on a radio sends itself.
const EVERY_MS: u64 = 100;
/// Longer than any datagram that is looked at.
const OVERSIZED: usize = 5_000;
/// The kinds, one after the other.
const KINDS: u64 = 7;
/// System and component of nobody here.
const STRANGER: (u8, u8) = (251, 190);
/// MISSION_COUNT and GLOBAL_POSITION_INT.
const MISSION_COUNT: u32 = 44;
const GLOBAL_POSITION_INT: u32 = 33;
/// The byte that begins a frame.
const START: u8 = 0xFD;

/// Somebody who disturbs a link.
#[derive(Debug)]
pub(crate) struct Crafted {
    system_id: u8,
    sent: u64,
    random: Pcg64,
}

impl Crafted {
    /// Against the aircraft of this system id.
    pub fn new(seed: u64, system_id: u8) -> Self {
        Self { system_id, sent: 0, random: dice(seed, &format!("crafted {system_id}")) }
    }

    /// What reaches the aircraft and the server at this time, if anything does.
    pub fn next_at(&mut self, now_ms: u64) -> Option<(Vec<u8>, Vec<u8>)> {
        if !now_ms.is_multiple_of(EVERY_MS) {
            return None;
        }
        let kind = self.sent % KINDS;
        self.sent += 1;
        let (order, state) = (self.disarm_by_force(), self.position_nowhere());
        Some((self.spoil(kind, order, self.mission_without_end()), self.spoil(kind, state.clone(), state)))
    }

    fn spoil(&mut self, kind: u64, sound: Vec<u8>, senseless: Vec<u8>) -> Vec<u8> {
        match kind {
            0 => (0..200).map(|_| self.random.random_range(0..=u8::MAX)).collect(),
            1 => vec![START; OVERSIZED],
            2 => sound[..sound.len() / 2].to_vec(),
            3 => vec![START, u8::MAX, 0, 0, 0, self.system_id, 1, 0, 0, 0, 1, 2, 3],
            4 => wrong_checksum(sound),
            5 => nested(&sound),
            _ => senseless,
        }
    }

    /// What must never be obeyed in the air: it is only ever sent spoiled.
    fn disarm_by_force(&self) -> Vec<u8> {
        const DISARM: u16 = 400;
        const FORCE: f32 = 21_196.0;
        let params = [0.0, FORCE, 0.0, 0.0, 0.0, 0.0, 0.0];
        let payload = params.iter().fold(PayloadWriter::default(), |writer, param| writer.f32(*param));
        framed((255, 190), COMMAND_LONG, payload.u16(DISARM).u8(self.system_id).u8(1).u8(0))
    }

    /// A sound frame of a stranger: it announces more items than any board has room for.
    fn mission_without_end(&self) -> Vec<u8> {
        framed(STRANGER, MISSION_COUNT, PayloadWriter::default().u16(u16::MAX).u8(self.system_id).u8(1).u8(0))
    }

    /// A sound frame of a stranger: a place that is on no map.
    fn position_nowhere(&self) -> Vec<u8> {
        let writer = PayloadWriter::default().u32(u32::MAX).i32(i32::MAX).i32(i32::MIN).i32(i32::MAX).i32(i32::MIN);
        framed(STRANGER, GLOBAL_POSITION_INT, writer.i16(i16::MAX).i16(i16::MIN).i16(i16::MAX).u16(u16::MAX))
    }
}

fn framed((system_id, component): (u8, u8), message_id: u32, payload: PayloadWriter) -> Vec<u8> {
    let mut transmitter = Transmitter::new(system_id);
    transmitter.send_raw(component, message_id, payload.bytes());
    transmitter.poll().unwrap_or_default()
}

fn wrong_checksum(mut frame: Vec<u8>) -> Vec<u8> {
    if let Some(last) = frame.last_mut() {
        *last ^= 1;
    }
    frame
}

/// A sound frame in the payload of one whose checksum is wrong.
fn nested(frame: &[u8]) -> Vec<u8> {
    let length = u8::try_from(frame.len()).unwrap_or(u8::MAX);
    let mut outer = vec![START, length, 0, 0, 0, STRANGER.0, STRANGER.1, 253, 0, 0];
    outer.extend_from_slice(frame);
    outer.extend_from_slice(&[0, 0]);
    outer
}
