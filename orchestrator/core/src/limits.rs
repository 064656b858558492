//! Named bounds of what the core remembers and how often it tries, each with its reason.

/// The end of the year 9999: past it a clock is garbage, and sums of times stay far from overflowing.
pub(crate) const TIME_MAX_MS: i64 = 253_402_300_799_999;

/// The end of the core's time: clocks that jump to and fro add up, but never to an overflow.
pub(crate) const CORE_TIME_MAX_MS: i64 = i64::MAX / 2;

/// Lines kept of an incident's timeline. A long escort makes about a hundred; an unanswered call adds a handful a minute.
pub(crate) const TIMELINE_ITEMS_MAX: usize = 1_000;

/// Of those, the first lines, which tell how it began, are never dropped.
pub(crate) const TIMELINE_HEAD_KEPT: usize = 200;

/// Fixes kept of a caller's track: ten minutes at one a second, enough to see where they came from.
pub(crate) const TRACK_FIXES_MAX: usize = 600;

/// Offers kept of one incident. Answered ones are dropped oldest first; the timeline still tells of them.
pub(crate) const OFFERS_KEPT_MAX: usize = 100;

/// How long an ended incident stays in memory, and the duress code opens it again. The log keeps it for as long as the site says.
pub(crate) const ENDED_KEPT_MS: i64 = 7 * 24 * 3_600_000;

/// Ended incidents kept in memory; at a few kilobytes each they stay under some ten megabytes.
pub(crate) const ENDED_KEPT_MAX: usize = 2_000;

/// How long a press is known by its key. Terminals give up repeating a press long before.
pub(crate) const KEYS_KEPT_MS: i64 = 7 * 24 * 3_600_000;

/// Keys kept of one caller, so that a broken button cannot fill the memory. The oldest go first.
pub(crate) const KEYS_PER_CALLER_MAX: usize = 200;

/// After all rings were searched in vain, the next round begins so much later: short, because somebody waits for help; long
/// enough that terminals are not flooded.
pub(crate) const SEARCH_AGAIN_MS: i64 = 10_000;

/// Operators are alerted in the first vain round and then in every so-many-th: about once a minute.
pub(crate) const VAIN_ROUNDS_PER_ALERT: u32 = 6;

/// An index in memory answers within milliseconds; a search unanswered for so long has been lost and is asked again.
pub(crate) const SEARCH_ANSWER_MAX_MS: i64 = 3_000;

/// Candidates wanted for one incident at most, however many calls are searched together.
pub(crate) const CANDIDATES_MAX: usize = 64;

/// Incidents searched together at most; the rest follow in the next search, milliseconds later.
pub(crate) const SEARCHES_TOGETHER_MAX: usize = 1_000;

/// A fix older than this tells where somebody was, not where they are.
pub(crate) const FIX_AGE_MAX_MS: i64 = 10 * 60_000;

/// A last position older than this is a worse guess than the registered home.
pub(crate) const LAST_KNOWN_AGE_MAX_MS: i64 = 12 * 3_600_000;

/// A fix that claims to be older than this comes from a clock that was never set, or from a receiver whose week counter has
/// rolled over; it is taken as of its arrival.
pub(crate) const CLOCK_PLAUSIBLE_AGE_MAX_MS: i64 = 300 * 24 * 3_600_000;

/// A terminal's clock that jumps back further than this was set back; a smaller step is a late message.
pub(crate) const CLOCK_STEP_MS: i64 = 60_000;

/// Assumed where a source gives no believable accuracy, metres: a city block.
pub(crate) const ACCURACY_UNKNOWN_M: f64 = 100.0;

/// A fix worse than this names a town, not a place, metres; it is served only when nothing better is known.
pub(crate) const ACCURACY_COARSE_M: f64 = 5_000.0;

/// How fast a person on foot gets away from an ageing fix, metres per second.
pub(crate) const WALKING_SPEED_M_S: f64 = 1.5;

/// Faster than any car in town, metres per second; a caller's fix that jumps faster needs a second one to be believed.
pub(crate) const CALLER_SPEED_MAX_M_S: f64 = 60.0;

/// Further from every part of the site than this, a position is an error, not a place to send somebody, metres.
pub(crate) const SITE_DISTANCE_MAX_M: f64 = 200_000.0;

/// A caller who moved so far before anybody accepted is searched for again, round the new place, metres.
pub(crate) const SEARCH_STEP_M: f64 = 500.0;
