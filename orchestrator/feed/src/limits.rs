//! Bounds of the way of the picture, each with its reason.

use std::time::Duration;

/// One access unit, bytes: a key frame of a 4K camera at a high rate has about one megabyte.
pub const UNIT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// NAL units in one access unit. Cameras send one to a few slices; the bound keeps start codes from multiplying memory.
pub const UNIT_NALS_MAX: usize = 512;
/// Pictures kept from the last key frame on, so that a new viewer sees something at once. Two seconds at 30 a second; a camera with
/// rarer key frames makes its viewers wait for the next.
pub const GROUP_UNITS_MAX: usize = 64;
/// Bytes of the same.
pub const GROUP_BYTES_MAX: usize = 4 * 1024 * 1024;
/// A group that ends longer ago than this is not shown to whoever joins: it would be passed off as live. Longer than the pause between two
/// pictures of any escort camera, and shorter than the age at which the page itself calls a picture old.
pub const GROUP_AGE_MAX: Duration = Duration::from_secs(1);
/// Pictures that a slow subscriber may be behind before it must begin again at a key frame.
pub const UNITS_BEHIND_MAX: usize = 64;
/// Bytes of one stream in memory, whoever holds them: room for a recording's fragment, a group and two seconds of subscribers that are
/// behind at the rate of a 4K camera; above it pictures are dropped.
pub const ALIVE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How long a camera may take to answer a request.
pub const CAMERA_ANSWER_MAX: Duration = Duration::from_secs(5);
/// The same for one that answered before. A question that went into a dead line must not stand in the way of the next one, which would be
/// answered: the picture is to be back two seconds after the camera.
pub const CAMERA_ANSWER_AGAIN_MAX: Duration = Duration::from_millis(1_200);
/// Every so many tries a camera has the whole time to answer, because it may have become slow.
pub const PATIENT_TRY_EVERY: u32 = 4;
/// A camera that gives no picture for so long, whatever else it sends, has stalled; it is asked again. Longer than the pause between pictures of any escort
/// camera, short enough to be back within two seconds.
pub const STALL_MAX: Duration = Duration::from_millis(1_500);
/// A picture that comes so much later than the quickest of its stream is not live any more: the page's own bound.
pub const DELAY_MAX: Duration = Duration::from_secs(1);
/// Pictures that come late for so long have a jam before them that does not clear by itself; a lost packet's repetition takes less.
pub const DELAY_LASTS: Duration = Duration::from_secs(2);
/// Pictures held up for less than this and then all there are a hiccup of a network or of a busy machine, not a delay.
pub const DELAY_HICCUP: Duration = Duration::from_millis(500);
/// How long the quickest is remembered, at least; up to twice as long. Longer than a jam may last, short against the drift of clocks.
pub const DELAY_WINDOW: Duration = Duration::from_secs(30);
/// How long a camera that sends may take to its first picture: one that is joined between two key pictures has to come to the next, and
/// cameras have one every few seconds, sparing ones every ten or twenty.
pub const FIRST_PICTURE_MAX: Duration = Duration::from_secs(30);
/// Pause before the first try after a camera failed, doubled up to the longest.
pub const RETRY_PAUSE_MIN: Duration = Duration::from_millis(200);
/// The longest pause between tries while somebody waits for the picture.
pub const RETRY_PAUSE_MAX: Duration = Duration::from_secs(1);
/// A camera goes on playing for so long after the last subscriber left: a page that reconnects finds it running.
pub const LINGER: Duration = Duration::from_secs(5);
/// Packets in a row that cannot be read before the camera is asked again: one is an accident, many are no H.264.
pub const BAD_PACKETS_MAX: u32 = 500;
/// Pauses between log lines about the same misbehaviour.
pub const COMPLAINT_PAUSE: Duration = Duration::from_secs(30);

/// An offer, bytes. A browser's has about three kilobytes.
pub const OFFER_BYTES_MAX: usize = 32 * 1024;
/// Viewers with a connection.
pub const VIEWERS_MAX: usize = 128;
/// Viewers whose connection is not up yet. Each costs some kilobytes and a handshake.
pub const HALF_OPEN_MAX: usize = 64;
/// Of these, of one account: a page with every aircraft of a site opens a few at once.
pub const HALF_OPEN_OF_ACCOUNT_MAX: usize = 8;
/// Viewings of one account.
pub const VIEWINGS_OF_ACCOUNT_MAX: usize = 16;
/// A connection must be up after this.
pub const HALF_OPEN_TIME_MAX: Duration = Duration::from_secs(10);
/// A viewer of whom nothing at all is heard for so long is gone. Browsers check the connection every few seconds.
pub const SILENCE_MAX: Duration = Duration::from_secs(10);
/// A viewer who reports nothing about the pictures it gets is not watching: it would be sent to for ever.
pub const NO_REPORT_MAX: Duration = Duration::from_secs(20);
/// Candidates taken from one viewer.
pub const CANDIDATES_MAX: usize = 32;
/// The shortest pause between two answers to a viewer's request for a key frame.
pub const KEY_ANSWER_PAUSE: Duration = Duration::from_millis(500);
/// Distance of the pictures of a group sent at once to a viewer who joins, 90 kHz units: one millisecond, so that the newest is
/// shown at once.
pub const CATCH_UP_STEP: u64 = 90;
/// Commands that wait for the relay.
pub const COMMANDS_WAITING_MAX: usize = 256;
/// Pictures of all cameras that wait for the relay.
pub const PICTURES_WAITING_MAX: usize = 128;
/// Datagrams taken in one go before pictures and commands get their turn: a flood must not starve them.
pub const DATAGRAMS_AT_ONCE_MAX: usize = 256;
/// Largest datagram read.
pub const DATAGRAM_BYTES_MAX: usize = 2_048;
/// Packets kept of each viewer for repeating lost ones: about a second.
pub const REPEATABLE_PACKETS: usize = 512;
/// How often each viewer's losses are looked at.
pub const REPORT_PAUSE: Duration = Duration::from_secs(1);

/// Quality of stills, per cent.
pub const STILL_QUALITY_PCT: u8 = 70;
/// A still is made this often at most.
pub const STILL_PAUSE: Duration = Duration::from_millis(900);
/// Pictures that wait to be decoded for the next still: twice what a camera with 60 a second sends between two.
pub const STILL_UNITS_MAX: usize = 120;
/// Bytes of the same.
pub const STILL_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Nobody asked for a still for so long: the decoder stops.
pub const STILL_LINGER: Duration = Duration::from_secs(5);
/// How long one may wait for the first still.
pub const STILL_WAIT_MAX: Duration = Duration::from_secs(4);

/// A fragment of a recording, bytes, above which it is written without waiting for a key frame.
pub const FRAGMENT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Pictures of one fragment, likewise: ten seconds at 30 a second.
pub const FRAGMENT_UNITS_MAX: usize = 300;
