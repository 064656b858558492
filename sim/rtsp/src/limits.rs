//! Bounds of the stream server, each with its reason.

use std::time::Duration;

/// Payload of one RTP packet, bytes: under the 1,500 of Ethernet with headers and a tunnel round it.
pub const PAYLOAD_BYTES_MAX: usize = 1_200;
/// Pictures that wait for one player: about a second. A player that takes longer gets the next key frame instead.
pub const PICTURES_WAITING_MAX: usize = 16;
/// Players of one quality of one camera.
pub const PLAYERS_MAX: usize = 32;
/// Connections to the server: every aircraft of a large site played three times.
pub const CONNECTIONS_MAX: usize = 128;
/// A request's header, bytes. Players send a few hundred.
pub const REQUEST_BYTES_MAX: usize = 8 * 1024;
/// A request's body, bytes; only GET_PARAMETER and SET_PARAMETER have one, of a few words.
pub const BODY_BYTES_MAX: usize = 4 * 1024;
/// A connection that neither asks nor plays is closed after this; the session timeout that players are told.
pub const IDLE_MAX: Duration = Duration::from_secs(60);
/// A player that does not take a packet for so long is gone.
pub const SEND_MAX: Duration = Duration::from_secs(5);
/// UDP packets sent in one go before the network gets a moment: a key frame must not overflow the player's socket.
pub const PACKETS_AT_ONCE: usize = 24;
/// That moment.
pub const PACKETS_PAUSE: Duration = Duration::from_millis(1);
/// Ports tried for a pair of neighbouring UDP sockets.
pub const PORT_PAIRS_TRIED: usize = 32;
/// Seconds between two key frames: what a viewer who lost a picture waits at most, and where recordings are cut.
pub const KEY_FRAME_PAUSE_S: f32 = 1.0;
