//! Named bounds of the parking core, each with its reason.

/// Largest amount, minor units: so large that every payment of one stay adds up at the largest fee (the driver's tries, other people's, and
/// as many charges at the exit), so small that sums fit 64 bits.
pub const MONEY_MAX: i64 = 4_000 * FEE_MAX;

/// Largest fee of one stay, minor units: a million million won is beyond any parking.
pub const FEE_MAX: i64 = 1_000_000_000_000;

/// Longest stay that is priced, days: ten years; a car that stands longer is a matter for a person, not for a tariff.
pub const STAY_DAYS_MAX: i64 = 3_660;

/// Permits in force at once; a lot of several thousand bays has fewer subscribers.
pub const PERMITS_MAX: usize = 20_000;

/// Longest plate, characters: a motorcycle's from before 2026 names region and district (서울영등포가1234), a temporary one the same with
/// six digits; foreign ones have at most twelve.
pub const PLATE_LENGTH_MAX: usize = 16;

/// Cost up to which two plates may be the same car misread, in half edits: one wrong character, or two that cameras confuse.
pub const PLATE_DISTANCE_MAX: u32 = 2;

/// Proxy tokens of one session that may be open at once: a coach party, each with a code of their own.
pub const PROXIES_OPEN_MAX: usize = 256;

/// A proxy token lives at least and at most so long, milliseconds: long enough to type an amount, short enough to be forgotten.
pub const PROXY_LIFE_MS: std::ops::RangeInclusive<i64> = 60_000..=24 * 3_600_000;

/// Payments that a driver asks for of one stay, failed tries included; more is a robot.
pub const DRIVER_PAYMENTS_MAX: u32 = 1_000;

/// Payments that other people ask for of one stay, failed tries included: a coach party, each of whom tries some times. They never count
/// against the driver.
pub const OTHERS_PAYMENTS_MAX: u32 = 1_000;

/// Tries to pay by one payment code: somebody who mistypes, changes cards and asks at home. More is a robot, or somebody who means harm.
pub const PROXY_TRIES_MAX: usize = 20;

/// Active sessions of one district; at about a kilobyte each they stay under a hundred megabytes.
pub const SESSIONS_ACTIVE_MAX: usize = 100_000;

/// Items that wait for a person. Past it a new doubtful read is dropped and counted: nobody looks at the ten-thousandth.
pub const REVIEWS_OPEN_MAX: usize = 10_000;

/// Pictures that wait for a person. Past it a new one is refused: a camera that sends hundreds an hour needs a reader beside it, not a person.
pub const FRAMES_OPEN_MAX: usize = 500;

/// Longest name a camera gives a read.
pub const READ_ID_LENGTH_MAX: usize = 80;

/// Camera reads remembered against repeats, newest kept.
pub const READS_REMEMBERED_MAX: usize = 50_000;

/// The same plate at the same camera within so long is the same passage, milliseconds: a barrier lets nobody round in less.
pub const PASSAGE_MS: i64 = 30_000;

/// A camera's sight of a car and the driver's scan belong together within so long, milliseconds: the walk from gate to code.
pub const ENTRY_MATCH_MS: i64 = 30 * 60_000;

/// An entry whose answer was lost may be told again with another plate for so long after the car came in, milliseconds: the walk to the
/// code, and as long again to see that the plate is wrong. Later it is another car, and must not take over the minutes of the one before.
pub const ENTRY_CORRECTION_MS: i64 = 2 * ENTRY_MATCH_MS;

/// Settled sessions and journal lines stay in memory so long, milliseconds: card schemes let payers object for 120 days, and a
/// reversal must still find its payment. The log keeps all.
pub const KEPT_MS: i64 = 130 * 24 * 3_600_000;

/// Stays, and lines of the journal, forgotten in one turn: more than come to rest between two turns, so that the past is caught up with,
/// and so few that a turn after a long pause takes no time worth naming.
pub const FORGOTTEN_AT_ONCE_MAX: usize = 64;

/// Days of a lot's takings that are kept: those of the journal, and a season.
pub const RECEIVED_DAYS_MAX: usize = 200;

/// Payment codes made for one stay, ended ones included; more is a robot.
pub const PROXIES_PER_SESSION_MAX: usize = 1_000;

/// Longest extension at once, minutes: a day.
pub const EXTENSION_MINUTES_MAX: i64 = 24 * 60;

/// Longest idempotency key.
pub const KEY_LENGTH_MAX: usize = 80;
