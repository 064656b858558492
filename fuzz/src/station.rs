//! A station's gateway: its file, messages in the server's name, and logs that somebody wants replayed.

use drone_link::gateway::{GatewayConfig, Item, Message, Order, Station, StationOutput, StationRules};
use drone_link::{LogReader, line};
use flight_types::{DroneId, FlightCommand, MissionId};

/// Outputs of one message, far above what any makes.
const OUTPUTS_MAX: usize = 2_000;

/// The file is taken or refused with words.
pub fn run_config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Err(problem) = GatewayConfig::parse(text) {
        assert!(!problem.is_empty());
    }
}

/// The smallest file, and one with everything.
pub fn config_seeds() -> Vec<Vec<u8>> {
    let smallest = "station = \"s1\"\ndistrict = \"d\"\ndata_dir = \"x\"\n[broker]\nurl = \"mqtt://a:1\"\nuser = \"u\"\n[[aircraft]]\nsystem_id = 1\nlink = { drone = \"d1\" }\n";
    let more =
        "when_lost = \"return\"\nsilence_s = 20\nwatchers = [\"udpout:127.0.0.1:1\"]\nbind = \"127.0.0.1:0\"\nprefix = \"p\"\n";
    vec![smallest.into(), [more, smallest].concat().into()]
}

/// Lines of a station's orders topic: whatever is no message is refused, whatever is one leaves a station that answers boundedly and
/// whose state is kept and read again as it was.
pub fn run_messages(bytes: &[u8]) {
    let mut station = Station::new(StationRules::default(), None, 1, 0);
    for (number, payload) in bytes.split(|byte| *byte == b'\n').take(100).enumerate() {
        let now_ms = number as u64 * 700;
        match serde_json::from_slice::<Message<Order>>(payload) {
            Ok(message) => station.handle_message(message, now_ms),
            Err(_) => station.handle_timeout(now_ms),
        }
        for count in 0.. {
            assert!(count < OUTPUTS_MAX, "answers without end");
            match station.poll_output() {
                Some(StationOutput::Keep) => {
                    let state = station.state(now_ms);
                    let text = serde_json::to_string(&state).expect("plain data");
                    assert_eq!(
                        serde_json::to_string(&serde_json::from_str::<drone_link::gateway::StationState>(&text).expect("ours"))
                            .expect("plain data"),
                        text
                    );
                }
                Some(StationOutput::Give(_) | StationOutput::Tell(_) | StationOutput::Lost(_)) => {}
                None => break,
            }
        }
    }
}

/// Orders, an acknowledgement, a sign of life.
pub fn message_seeds() -> Vec<Vec<u8>> {
    let order =
        |command| Order { drone: DroneId::new("d1").expect("an id"), mission: MissionId::new("m1").expect("an id"), command };
    let item = |number, command| Item { number, age_ms: 5, body: Some(order(command)) };
    let fly = FlightCommand::Fly {
        plan: Box::new(crate::links::plan(MissionId::new("m1").expect("an id"), 9)),
        reached: flight_types::FlightPhase::Ordered,
    };
    let messages = [
        Message::Items { stream: 5, oldest: 1, items: vec![item(1, fly), item(2, FlightCommand::Hold)] },
        Message::Taken { stream: 1, up_to: 1 },
        Message::Beat,
    ];
    let lines: Vec<String> = messages.iter().map(|message| serde_json::to_string(message).expect("plain data")).collect();
    vec![lines.join("\n").into_bytes()]
}

/// Every entry is a whole frame, the entries are no longer than the log, and an error is the last thing told.
pub fn run_log(bytes: &[u8]) {
    let (mut length, mut ended) = (0, false);
    for entry in LogReader::new(bytes) {
        assert!(!ended, "nothing behind an error");
        match entry {
            Ok(entry) => {
                length += 8 + entry.frame.len();
                line(&entry, 0);
            }
            Err(_) => ended = true,
        }
    }
    assert!(length <= bytes.len());
}

/// Two entries and a torn one.
pub fn log_seeds() -> Vec<Vec<u8>> {
    let entry = |sequence| {
        let frame = crate::frames::framed(0, &[0, 0, 0, 0, 2, 12, 81, 4, 3], 7, 1, sequence);
        [&1_700_000_000_000_000_u64.to_be_bytes()[..], &frame].concat()
    };
    vec![[entry(0), entry(1), entry(2)[..9].to_vec()].concat()]
}
