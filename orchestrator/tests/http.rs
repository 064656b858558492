//! The HTTP surface, tested from outside: a real server on a free port, a real client, a clock that stands still until moved.

#[path = "support/contract.rs"]
mod contract;
#[path = "../feed/tests/support/lines.rs"]
mod lines;
#[path = "http/world.rs"]
mod world;

#[path = "http/address.rs"]
mod address;
#[path = "http/callers.rs"]
mod callers;
#[path = "http/calls.rs"]
mod calls;
#[path = "http/devices.rs"]
mod devices;
#[path = "http/document.rs"]
mod document;
#[path = "http/evidence.rs"]
mod evidence;
#[path = "http/feeds.rs"]
mod feeds;
#[path = "http/guards.rs"]
mod guards;
#[path = "http/live.rs"]
mod live;
#[path = "http/lots.rs"]
mod lots;
#[path = "http/managers.rs"]
mod managers;
#[path = "http/rally.rs"]
mod rally;
#[path = "http/roles.rs"]
mod roles;
#[path = "http/sessions.rs"]
mod sessions;
#[path = "http/surveys.rs"]
mod surveys;
#[path = "http/transport.rs"]
mod transport;
#[path = "http/watch.rs"]
mod watch;
