//! Bounds of every queue, retry, timeout and loop in the server, each with its reason.

use std::time::Duration;

/// Submissions that wait for the engine. A quarter second of work at ten times the busiest hour that the goals name.
pub const SUBMISSIONS_WAITING_MAX: usize = 512;
/// Entries written in one transaction. Large enough to share one disk flush, small enough to stay under a few milliseconds.
pub const ENTRIES_PER_COMMIT_MAX: usize = 128;
/// Effects handed to workers and not answered yet, above which new requests from outside are refused. The core keeps every one of
/// them in its state, so this bounds memory; it is a day's calls of a large town.
pub const EFFECTS_OPEN_MAX: u64 = 20_000;
/// The same for orders of parking, which count apart: a payment provider that is away leaves every payment open, and the cars of a busy
/// evening must neither fill the memory nor refuse a call for help.
pub const PARKING_EFFECTS_OPEN_MAX: u64 = 2_000;
/// Steps that a slow subscriber may fall behind before it has to read the state afresh.
pub const STEPS_BEHIND_MAX: usize = 1_024;
/// Revocations that an open connection may fall behind before it checks its own credential: they are rare.
pub const REVOCATIONS_BEHIND_MAX: usize = 64;
/// Live changes that a slow page may fall behind before it has to read everything afresh.
pub const LIVE_CHANGES_BEHIND_MAX: usize = 4_096;
/// Notices that a slow subscriber may fall behind before it has to read the outbox.
pub const NOTICES_BEHIND_MAX: usize = 4_096;
/// The shortest pause between two `TimePassed` entries, so that a deadline that fails to move cannot fill the disk.
pub const TIME_PASSED_PAUSE_MIN: Duration = Duration::from_millis(10);
/// Pause after the store refused an append: the disk is full or the database is away; pressing harder helps nobody.
pub const STORE_RETRY_PAUSE: Duration = Duration::from_millis(500);
/// Pause before a worker offers a completion again that the engine could not take.
pub const COMPLETION_RETRY_PAUSE: Duration = Duration::from_millis(200);
/// How long a transaction waits for another writer of the SQLite file, milliseconds.
pub const SQLITE_BUSY_TIMEOUT_MS: u64 = 5_000;
/// Connections to the database: one writer and a few readers.
pub const DATABASE_CONNECTIONS_MAX: u32 = 6;
/// How long a lease on a district holds without renewal, milliseconds. Shorter takes over sooner after a crash, longer survives a
/// longer pause of the database.
pub const LEASE_MS: i64 = 10_000;
/// How often a lease is renewed; a third of its length leaves room for two failed tries.
pub const LEASE_RENEWAL: Duration = Duration::from_millis(3_000);
/// Points kept of each aircraft's trail: two minutes at five a second.
pub const TRAIL_POINTS_MAX: usize = 600;
/// An aircraft's trail gets a point when it moved at least so far, metres; hovering adds none.
pub const TRAIL_STEP_M: f64 = 1.0;
/// Guards and callers whose positions are kept, each. Above it, positions of new ones are refused.
pub const PEOPLE_TRACKED_MAX: usize = 1_000_000;
/// Audit records that wait to be written.
pub const AUDIT_WAITING_MAX: usize = 1_024;
/// The longest text of a request that an audit record keeps, bytes.
pub const AUDIT_TEXT_MAX: usize = 512;
/// Questions of the core that are worked on at once; each takes well under a millisecond of a processor.
pub const QUESTIONS_AT_ONCE_MAX: usize = 64;
/// Orders put before the payment provider at once; more would only wait there.
pub const PROVIDER_AT_ONCE_MAX: usize = 32;
/// First pause before a payment provider is asked again.
pub const PROVIDER_PAUSE_MIN: Duration = Duration::from_millis(500);
/// Longest pause: a driver at a gate should not wait longer for a provider that is back.
pub const PROVIDER_PAUSE_MAX: Duration = Duration::from_secs(30);
/// Times a provider is asked whether an instrument is good: about half a minute, then the payer tries another way.
pub const AUTHORISATION_TRIES_MAX: u32 = 6;
/// How often payments are looked up at the provider by ourselves, milliseconds.
pub const RECONCILIATION_MS: i64 = 10 * 60_000;
/// Payments looked up in one such round: some 28,000 a day, more than the busiest town of car parks sees, and one call in three seconds.
pub const RECONCILED_AT_ONCE_MAX: usize = 200;
/// A payment younger than this is still its worker's, milliseconds.
pub const RECONCILED_AGE_MIN_MS: i64 = 2 * 60_000;
/// A payment older than this is not looked up any more, milliseconds: Toss Payments sends a webhook again for about four days, and a
/// bank's objection of later comes by webhook.
pub const RECONCILED_AGE_MAX_MS: i64 = 4 * 24 * 3_600_000;
/// How many more guards by the ruler are timed by road than are wanted: enough that a river between does not hide the soonest.
pub const ROAD_CANDIDATES_FACTOR: usize = 4;
/// How often notices that no longer matter are settled.
pub const OUTBOX_TIDYING: Duration = Duration::from_secs(60);
/// How often telephones and payment tokens of parking that are no longer needed are erased; they are kept for months.
pub const PRIVATE_CARDS_ERASING: Duration = Duration::from_secs(3_600);
/// Settled stays whose people are erased in one transaction; the loop waits for nobody meanwhile.
pub const STAYS_ERASED_AT_ONCE_MAX: usize = 200;
/// A file of messages is put aside at this size, and the one before it deleted: some ten thousand messages, days of a busy site, for a
/// program that was down.
pub const MESSAGES_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// How often changed positions of callers are written down.
pub const CALLER_POSITIONS_WRITING: Duration = Duration::from_secs(5);
/// The longest MQTT packet taken, bytes. A call with an address is under a kilobyte; an order to fly that goes to a station's gateway
/// has every zone of the site in it.
pub const MQTT_PACKET_BYTES_MAX: usize = 256 * 1024;
/// How long the broker keeps what waits for a client that is away, seconds: a night.
pub const MQTT_SESSION_S: u32 = 12 * 3_600;
/// Messages that the broker may have sent us and we not acknowledged: as many as there are packet identifiers, so that no broker can
/// go beyond. mosquitto 2.0.11 with much to send goes beyond any smaller number; the connection then has to be closed, and everything
/// under way comes again, for ever. What a message may hold bounds the memory: 268 MB at the very worst, some megabytes in use.
pub const MQTT_UNACKNOWLEDGED_MAX: u16 = u16::MAX;
/// The longest message of a device, bytes. A call with an address and a note is under one thousand.
pub const MQTT_DEVICE_MESSAGE_BYTES_MAX: usize = 4 * 1_024;
/// Lines of timelines and states of aircraft that wait to be published: those of some hundred calls a second for ten seconds.
pub const MQTT_ORDINARY_MAX: usize = 32_768;
/// Offers, notices and answers that wait to be published.
pub const MQTT_OUTGOING_MAX: usize = 4_096;
/// Devices whose messages are handled side by side.
pub const MQTT_LANES: usize = 32;
/// Publications on their way side by side: each waits for the broker's acknowledgement, a millisecond or more under load.
pub const MQTT_OUTGOING_LANES: usize = 128;
/// Publications that the broker keeps, on their way side by side: it flushes each to the disk, which the log of events needs more.
pub const MQTT_KEEPERS: usize = 4;
/// A broken connection shows after one and a half of these.
pub const MQTT_KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Pause before the next try to reach the broker.
pub const MQTT_RECONNECT_PAUSE: Duration = Duration::from_millis(500);
/// The shortest pause between two published states of one aircraft, milliseconds.
pub const MQTT_DRONE_PAUSE_MS: i64 = 1_000;
/// How long the embedded broker may take to listen.
pub const BROKER_START_MAX: Duration = Duration::from_secs(10);
/// How long the embedded broker may take to stop.
pub const BROKER_STOP_MAX: Duration = Duration::from_secs(5);
/// How long the bridge may take to leave the broker.
pub const BRIDGE_STOP_MAX: Duration = Duration::from_secs(3);
/// How often is looked whether a recording must begin or end, besides after every entry of the log.
pub const EVIDENCE_LOOK: Duration = Duration::from_secs(1);
/// Pictures that wait to be written: four seconds of a slow disk.
pub const EVIDENCE_PICTURES_WAITING_MAX: usize = 128;
/// Digests that wait for the audit trail.
pub const EVIDENCE_SEALS_WAITING_MAX: usize = 16;
/// How often the digest of a growing recording goes into the audit trail: so much of it could be changed unseen after a crash of the
/// whole machine.
pub const EVIDENCE_SEAL_PAUSE: Duration = Duration::from_secs(5);
/// Pause before another file is begun after one failed.
pub const EVIDENCE_RETRY_PAUSE: Duration = Duration::from_secs(2);
/// Recordings deleted at most to make room for one fragment of a few megabytes.
pub const EVIDENCE_ROOM_TRIES_MAX: usize = 8;
/// Between two alerts to the operators that an incident is not being recorded.
pub const EVIDENCE_ALERT_PAUSE: Duration = Duration::from_secs(60);
/// How often old recordings are looked for.
pub const EVIDENCE_TIDYING: Duration = Duration::from_secs(60);
/// How long a stopping server waits for open effects.
pub const DRAIN_MAX: Duration = Duration::from_secs(5);
/// How often a stopping server looks whether effects are still open.
pub const DRAIN_LOOK: Duration = Duration::from_millis(20);
/// So long after its start a server waits for guards and aircraft that it has not heard, milliseconds: heartbeats come every second,
/// and one may be lost; phones that lost their server come back within that. The core takes an answer for lost after 3 s.
pub const FIRST_HEARD_LIMIT_MS: i64 = 2_500;
/// How often is looked which survey's camera is to be watched, and which survey is to be reported.
pub const SURVEY_LOOK: Duration = Duration::from_secs(1);
/// How often is looked whether a survey is due that nobody has to ask for, milliseconds of the server's clock.
pub const SURVEY_SCHEDULE_LOOK_MS: i64 = 20_000;
/// Between two frames of a survey that are looked at: what one core reads in a second, with room for another stream.
pub const SURVEY_FRAME_PAUSE: Duration = Duration::from_millis(200);
/// Decoded frames that wait to be looked at; more would be older ground, not more of it.
pub const SURVEY_FRAMES_WAITING_MAX: usize = 2;
/// Coded pictures that wait for the decoder: two seconds.
pub const SURVEY_UNITS_WAITING_MAX: usize = 64;
