//! Who may publish and subscribe where: the same identities as over HTTP.

use std::future::Future;
use std::pin::Pin;

use flight_types::{CallerId, GuardId, StationId};

/// Who a device or person turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// The server itself, as a client of its own or of a configured broker.
    Server,
    /// A guard's terminal.
    Guard(GuardId),
    /// A caller's terminal.
    Caller(CallerId),
    /// A launch station's gateway.
    Station(StationId),
    /// An operator's or pilot's program: reads everything, writes nothing.
    Observer(String),
}

/// The answer of [`Identities::authenticate`].
pub type Authenticating<'a> = Pin<Box<dyn Future<Output = Option<Identity>> + Send + 'a>>;

/// Finds out who knocks. Backed by the accounts and device tokens of `access`.
pub trait Identities: Send + Sync + 'static {
    /// Whoever has this name and secret; `None` when nobody has. For a device the name is its id and the secret its token.
    fn authenticate<'a>(&'a self, user: &'a str, secret: &'a str) -> Authenticating<'a>;
}
