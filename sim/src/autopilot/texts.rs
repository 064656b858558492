//! Status texts: cut into chunks of 50 characters, and spoken only where a ground station listens (flight.md 11).

use mavlink::dialects::ardupilotmega::{MavSeverity, STATUSTEXT_DATA};

use super::wire::{AUTOPILOT_COMPONENT, Transmitter};

/// Characters of one STATUSTEXT.
const CHUNK: usize = 50;

/// Numbers the long texts so that a client can join their chunks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts {
    last_id: u16,
}

impl Texts {
    /// Sends the text when a ground station was heard, else drops it, as PX4 does.
    pub(crate) fn say(&mut self, out: &mut Transmitter, heard: bool, severity: MavSeverity, text: &str) {
        if !heard {
            return;
        }
        let chunks: Vec<&[u8]> = text.as_bytes().chunks(CHUNK).collect();
        // Id 0 means that the text is whole.
        let id = if chunks.len() > 1 { self.next_id() } else { 0 };
        for (sequence, chunk) in chunks.iter().enumerate() {
            let mut field = [0; CHUNK];
            field[..chunk.len()].copy_from_slice(chunk);
            let message = STATUSTEXT_DATA { severity, text: field.into(), id, chunk_seq: sequence as u8 };
            out.send(AUTOPILOT_COMPONENT, &message);
        }
        if id != 0 && text.len().is_multiple_of(CHUNK) {
            // A last full chunk does not show that the text ends: an empty one does.
            let message = STATUSTEXT_DATA { severity, text: [0; CHUNK].into(), id, chunk_seq: chunks.len() as u8 };
            out.send(AUTOPILOT_COMPONENT, &message);
        }
    }

    fn next_id(&mut self) -> u16 {
        self.last_id = self.last_id.wrapping_add(1).max(1);
        self.last_id
    }
}
