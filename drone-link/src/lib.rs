//! Carries the links of all aircraft over one UDP socket: who is heard from where, which bytes go to whom, and the .tlog.
//! It decides nothing about flights; that is `drone-link-proto`.

mod hub;
pub use hub::*;

mod peers;
mod tlog;
