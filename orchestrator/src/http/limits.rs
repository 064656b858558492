//! Bounds of the HTTP surface, each with its reason.

use std::time::Duration;

use crate::access::RateLimit;

/// Largest body. The largest legitimate one, a registration, has under 2 KiB; a position has 100 bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Largest drawing of a parking lot: a bay takes some 300 bytes, and the largest lots have thousands of them.
pub const LAYOUT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How much of a body that is too large is read and thrown away, so that its sender hears why it was refused: a picture of a large camera.
pub const DISCARDED_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Largest picture of a gate's camera: a 12-megapixel JPEG of usual quality.
pub const FRAME_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Most pixels of one: 12 megapixels, 36 MB while it is looked at.
pub const FRAME_PIXELS_MAX: u64 = 12_000_000;
/// A request that takes longer is given up. Argon2id under a storm of sign-ins may wait ten seconds for its turn.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(20);
/// Longest idempotency key kept as it is; a longer one is replaced by its digest.
pub const KEY_LENGTH_MAX: usize = 64;
/// Longest free text, characters: reasons.
pub const TEXT_LENGTH_MAX: usize = 300;
/// Longest name of a device, characters.
pub const DEVICE_NAME_LENGTH_MAX: usize = 60;
/// A position farther than this from the site is not of this site: GPS gone wrong, or a terminal in another town, metres.
pub const POSITION_DISTANCE_MAX_M: f64 = 100_000.0;
/// A terminal's clock may be ahead by this, milliseconds; such a time counts as now.
pub const CLOCK_AHEAD_MAX_MS: i64 = 10 * 60_000;
/// A queued position may be this old, milliseconds.
pub const POSITION_AGE_MAX_MS: i64 = 24 * 3_600_000;
/// From this age a fix that comes with a call is pointed out, milliseconds.
pub const FIX_OLD_MS: i64 = 120_000;
/// Accuracy assumed of a fix that states none, metres: a phone between houses.
pub const ACCURACY_UNKNOWN_M: f64 = 50.0;
/// Accuracy worse than this says nothing, metres.
pub const ACCURACY_MAX_M: f64 = 100_000.0;
/// How often each aircraft, guard and caller is sent to one page at most.
pub const LIVE_STEP: Duration = Duration::from_millis(200);
/// Pages and terminals are asked this often whether they are there, and their credentials whether they still stand.
pub const LIVE_CHECK: Duration = Duration::from_secs(20);
/// A look at stills is written into the audit trail once in this time, milliseconds: one line for each still would bury the rest.
pub const STILL_AUDIT_PAUSE_MS: i64 = 60_000;
/// Looks at stills remembered for that; above it every still is written down.
pub const STILLS_AUDITED_MAX: usize = 10_000;
/// A page that does not take a message for this long is cut off; it can resume.
pub const LIVE_SEND_MAX: Duration = Duration::from_secs(10);
/// Longest message taken from a page, bytes; pages have nothing to say there.
pub const LIVE_MESSAGE_MAX: usize = 1024;
/// A caller's data are kept for so long after their last incident, milliseconds: its closing report needs them. The same wait for
/// everybody also keeps a refusal from betraying an incident that only looks closed, under duress.
pub const FORGET_AFTER_MS: i64 = 24 * 3_600_000;
/// Open live connections; each holds a task and a few receivers.
pub const LIVE_CONNECTIONS_MAX: usize = 10_000;
/// Ended incidents that a page gets on connecting, the latest of them.
pub const ENDED_INCIDENTS_SHOWN_MAX: usize = 100;
/// How long a shutdown waits for requests under way.
pub const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Rate limits, adjustable because a test or a load measurement comes from one address.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateLimits {
    /// Registrations from one address. A household registers a few people; a robot thousands.
    pub registration: RateLimit,
    /// Sign-ins and terminal changes, from one address and for one name or code alike.
    pub sign_in: RateLimit,
    /// Codes tried by one caller; Argon2id twice each.
    pub code: RateLimit,
    /// Calls by one caller: repeats of a press over a bad network are many, different presses few.
    pub call: RateLimit,
    /// Entries of parking from one address, payments and the like by one stay or code: a gate's Wi-Fi carries a queue of cars, a robot thousands.
    pub parking: RateLimit,
    /// Webhooks of a payment provider, from one address: all payments of the district come from a few of them, and one that is refused
    /// counts as failed there. One that names no payment of ours costs a look into a map.
    pub webhook: RateLimit,
    /// Lines in the audit trail about what a page looks at every few seconds, by one identity and matter.
    pub looks: RateLimit,
    /// Everything else, by one identity, or one stay or payment code, or else one address.
    pub request: RateLimit,
    /// What shows a stay or a payment code, from one address all together: a thousand drivers' pages that look every three seconds.
    pub crowd: RateLimit,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            registration: RateLimit { burst: 20, per_minute: 20 },
            sign_in: RateLimit { burst: 10, per_minute: 10 },
            code: RateLimit { burst: 10, per_minute: 20 },
            call: RateLimit { burst: 60, per_minute: 60 },
            parking: RateLimit { burst: 60, per_minute: 60 },
            webhook: RateLimit { burst: 600, per_minute: 6_000 },
            looks: RateLimit { burst: 1, per_minute: 1 },
            request: RateLimit { burst: 300, per_minute: 1_800 },
            crowd: RateLimit { burst: 3_000, per_minute: 20_000 },
        }
    }
}
