//! Carries the links of all aircraft over one UDP socket: who is heard from where, which bytes go to whom, and the .tlog.

mod hub;
pub use hub::*;
