//! What somebody who only watches may say to an aircraft: that they are there, and questions. Everything else waits for control.

/// Messages that ask, or tell only of the sender: HEARTBEAT, PING, PARAM_REQUEST_READ, PARAM_REQUEST_LIST, MISSION_REQUEST,
/// MISSION_REQUEST_LIST, MISSION_ACK (the end of a download), MISSION_REQUEST_INT, TIMESYNC, REQUEST_EVENT.
const HARMLESS: [u32; 10] = [0, 4, 20, 21, 40, 43, 47, 51, 111, 412];
/// COMMAND_INT and COMMAND_LONG, with the place of the command's number in both.
const COMMANDS: [u32; 2] = [75, 76];
const COMMAND_AT: usize = 28;
/// Commands that ask: GET_HOME_POSITION, GET_MESSAGE_INTERVAL, REQUEST_MESSAGE, REQUEST_PROTOCOL_VERSION,
/// REQUEST_AUTOPILOT_CAPABILITIES, and those of a camera's information, settings, storage, captures, streams and stream states.
const QUESTIONS: [u16; 11] = [410, 510, 512, 519, 520, 521, 522, 525, 527, 2_504, 2_505];

/// Whether a message of somebody who watches can do nothing but ask.
pub(crate) fn is_harmless(message_id: u32, payload: &[u8]) -> bool {
    if COMMANDS.contains(&message_id) {
        let byte = |at: usize| payload.get(at).copied().unwrap_or(0);
        let command = u16::from_le_bytes([byte(COMMAND_AT), byte(COMMAND_AT + 1)]);
        return QUESTIONS.contains(&command);
    }
    HARMLESS.contains(&message_id)
}
