//! Every viewer of every stream behind one socket: who gets which datagram and which picture. No socket, no clock, every table bounded.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flight_types::{AccountId, DroneId};

use crate::datagram;
use crate::group::Group;
use crate::limits::{
    COMPLAINT_PAUSE, HALF_OPEN_MAX, HALF_OPEN_OF_ACCOUNT_MAX, OFFER_BYTES_MAX, REPORT_PAUSE, VIEWERS_MAX, VIEWINGS_OF_ACCOUNT_MAX,
};
use crate::source::Quality;
use crate::unit::AccessUnit;
pub use crate::viewer::Ended;
use crate::viewer::{Transmit, Viewer};

/// Names a viewing: 128 random bits, in hexadecimal, because it stands in an address.
pub type ViewerId = String;
/// One stream of one aircraft.
pub type StreamKey = (DroneId, Quality);

/// Why an offer was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdmitError {
    /// What came is no offer that can be answered.
    #[error("{0}")]
    Offer(String),
    /// Somebody must leave first.
    #[error("too many viewers at once; try again in a moment")]
    Full,
    /// No randomness from the operating system.
    #[error("no randomness from the operating system")]
    NoRandomness,
}

struct Viewing {
    viewer: Viewer,
    account: AccountId,
    drone: DroneId,
    /// What it gets now.
    quality: Quality,
    name: String,
    addresses: Vec<SocketAddr>,
}

/// The viewers.
pub struct Viewers {
    local: SocketAddr,
    advertised: Vec<SocketAddr>,
    viewings: BTreeMap<ViewerId, Viewing>,
    by_address: HashMap<SocketAddr, ViewerId>,
    by_name: HashMap<String, ViewerId>,
    groups: HashMap<StreamKey, Group>,
    /// Aircraft whose camera offers a smaller stream.
    with_sub: Vec<DroneId>,
    transmits: Vec<Transmit>,
    ended: Vec<(ViewerId, Ended)>,
    strangers: Complaint,
    refused: Complaint,
    unreported: Complaint,
}

/// What happens too often to be told each time: counted, and told once in a while.
#[derive(Debug, Default)]
struct Complaint {
    count: u64,
    told_at: Option<Instant>,
}

impl Complaint {
    /// One more; how many since it was last told, when it is time to tell.
    fn one_more(&mut self, now: Instant) -> Option<u64> {
        self.count += 1;
        let due = self.told_at.is_none_or(|at| COMPLAINT_PAUSE <= now.duration_since(at));
        due.then(|| {
            self.told_at = Some(now);
            std::mem::take(&mut self.count)
        })
    }
}

/// Addresses kept of one viewer: those of its working candidate pairs.
const ADDRESSES_OF_VIEWER_MAX: usize = 8;

impl Viewers {
    /// Nobody yet, behind a socket at `local` that peers reach under `advertised`.
    pub fn new(local: SocketAddr, advertised: Vec<SocketAddr>) -> Self {
        Self {
            local,
            advertised,
            viewings: BTreeMap::new(),
            by_address: HashMap::new(),
            by_name: HashMap::new(),
            groups: HashMap::new(),
            with_sub: Vec::new(),
            transmits: Vec::new(),
            ended: Vec::new(),
            strangers: Complaint::default(),
            refused: Complaint::default(),
            unreported: Complaint::default(),
        }
    }

    /// Nobody, behind the same socket; everybody's viewing has ended.
    pub fn emptied(&self) -> Self {
        let ended = self.viewings.keys().map(|id| (id.clone(), Ended::Failed)).collect();
        Self { ended, ..Self::new(self.local, self.advertised.clone()) }
    }

    /// Answers an offer: the viewing's name and the session description to send back. Somebody with too many half-open viewings
    /// loses their own oldest one; nobody else loses anything.
    pub fn admit(
        &mut self,
        account: &AccountId,
        drone: &DroneId,
        has_sub: bool,
        offer: &str,
        now: Instant,
    ) -> Result<(ViewerId, String), AdmitError> {
        let admitted = self.answer(account, drone, has_sub, offer, now);
        if let Err(reason) = &admitted
            && let Some(count) = self.refused.one_more(now)
        {
            metrics::counter!("feed_offers_refused").increment(count);
            tracing::warn!(count, last_by = %account, reason = %reason, "offers of viewers are refused");
        }
        admitted
    }

    fn answer(
        &mut self,
        account: &AccountId,
        drone: &DroneId,
        has_sub: bool,
        offer: &str,
        now: Instant,
    ) -> Result<(ViewerId, String), AdmitError> {
        if OFFER_BYTES_MAX < offer.len() {
            return Err(AdmitError::Offer(format!("an offer has at most {OFFER_BYTES_MAX} bytes")));
        }
        self.make_room(account)?;
        let (viewer, answer, name) = Viewer::answer(offer, self.local, &self.advertised, now).map_err(AdmitError::Offer)?;
        let id = random_name()?;
        if has_sub && !self.with_sub.contains(drone) {
            self.with_sub.push(drone.clone());
        }
        self.by_name.insert(name.clone(), id.clone());
        let viewing =
            Viewing { viewer, account: account.clone(), drone: drone.clone(), quality: Quality::Main, name, addresses: Vec::new() };
        self.viewings.insert(id.clone(), viewing);
        Ok((id, answer))
    }

    fn make_room(&mut self, account: &AccountId) -> Result<(), AdmitError> {
        let own = |viewing: &&Viewing| viewing.account == *account;
        let half_open = |viewing: &&Viewing| !viewing.viewer.connected();
        let of_account = self.viewings.values().filter(own).count();
        let half_open_of_account = self.viewings.values().filter(own).filter(half_open).count();
        if HALF_OPEN_OF_ACCOUNT_MAX <= half_open_of_account {
            let waiting = self.viewings.iter().filter(|(_, viewing)| own(viewing) && half_open(viewing));
            let oldest = waiting.min_by_key(|(_, viewing)| viewing.viewer.began_at()).map(|(id, _)| id.clone());
            oldest.into_iter().for_each(|id| self.remove(&id, Ended::NeverConnected));
        } else if VIEWINGS_OF_ACCOUNT_MAX <= of_account {
            return Err(AdmitError::Full);
        }
        let all_half_open = self.viewings.values().filter(half_open).count();
        if HALF_OPEN_MAX <= all_half_open || VIEWERS_MAX <= self.viewings.len() {
            return Err(AdmitError::Full);
        }
        Ok(())
    }

    /// Adds a candidate of a viewer's.
    pub fn candidate(&mut self, id: &ViewerId, text: &str, now: Instant) -> Result<(), AdmitError> {
        let Some(viewing) = self.viewings.get_mut(id) else { return Ok(()) };
        viewing.viewer.candidate(text, &mut self.transmits, now).map_err(AdmitError::Offer)
    }

    /// Ends a viewing.
    pub fn end(&mut self, id: &ViewerId) {
        if let Some(viewing) = self.viewings.get_mut(id) {
            viewing.viewer.end(Ended::Asked);
            // Lets the peer's connection close at once rather than by silence.
            viewing.viewer.time(&mut self.transmits, Instant::now());
        }
        self.remove(id, Ended::Asked);
    }

    /// Takes a datagram.
    pub fn receive(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) {
        let named = datagram::addressed_to(datagram).and_then(|name| self.by_name.get(name));
        let Some(id) = named.or_else(|| self.by_address.get(&from)).cloned() else {
            metrics::counter!("feed_datagrams_dropped").increment(1);
            if let Some(count) = self.strangers.one_more(now) {
                tracing::warn!(count, last_from = %from, "datagrams that belong to no viewer are dropped");
            }
            return;
        };
        let Some(viewing) = self.viewings.get_mut(&id) else { return };
        if !viewing.addresses.contains(&from) && viewing.addresses.len() < ADDRESSES_OF_VIEWER_MAX {
            viewing.addresses.push(from);
            self.by_address.insert(from, id.clone());
        }
        viewing.viewer.receive(from, datagram, &mut self.transmits, now);
        self.settle(&id, now);
    }

    /// Takes a picture to everybody who watches its stream.
    pub fn picture(&mut self, stream: &StreamKey, unit: &Arc<AccessUnit>, now: Instant) {
        self.groups.entry(stream.clone()).or_default().push(unit);
        let watching: Vec<ViewerId> = self
            .viewings
            .iter()
            .filter(|(_, viewing)| viewing.drone == stream.0 && viewing.quality == stream.1)
            .map(|(id, _)| id.clone())
            .collect();
        for id in watching {
            if let Some(viewing) = self.viewings.get_mut(&id) {
                viewing.viewer.picture(unit, &mut self.transmits, now);
            }
            self.settle(&id, now);
        }
    }

    /// Lets time pass for those who wait for it.
    pub fn time(&mut self, now: Instant) {
        let due: Vec<ViewerId> =
            self.viewings.iter().filter(|(_, viewing)| viewing.viewer.timeout() <= now).map(|(id, _)| id.clone()).collect();
        for id in due {
            if let Some(viewing) = self.viewings.get_mut(&id) {
                viewing.viewer.time(&mut self.transmits, now);
            }
            self.settle(&id, now);
        }
    }

    /// When [`Viewers::time`] must be called next.
    pub fn timeout(&self, now: Instant) -> Instant {
        let next = self.viewings.values().map(|viewing| viewing.viewer.timeout()).min();
        next.unwrap_or(now + REPORT_PAUSE).max(now + Duration::from_millis(1))
    }

    /// What must leave now.
    pub fn transmits(&mut self) -> impl Iterator<Item = Transmit> + '_ {
        self.transmits.drain(..)
    }

    /// Viewings that ended since the last call.
    pub fn ended(&mut self) -> Vec<(ViewerId, Ended)> {
        std::mem::take(&mut self.ended)
    }

    /// The streams that somebody watches. Those nobody watches any more are forgotten.
    pub fn streams(&mut self) -> Vec<StreamKey> {
        let mut streams: Vec<StreamKey> = self.viewings.values().map(|viewing| (viewing.drone.clone(), viewing.quality)).collect();
        streams.sort();
        streams.dedup();
        self.groups.retain(|stream, _| streams.contains(stream));
        streams
    }

    /// How many viewings there are, and how many of them are connected.
    pub fn count(&self) -> (usize, usize) {
        (self.viewings.len(), self.viewings.values().filter(|viewing| viewing.viewer.connected()).count())
    }

    /// After anything happened to a viewer: ends it, changes its stream, or catches it up.
    fn settle(&mut self, id: &ViewerId, now: Instant) {
        let Some(viewing) = self.viewings.get_mut(id) else { return };
        if let Some(why) = viewing.viewer.ended() {
            if why == Ended::NeverReported
                && let Some(count) = self.unreported.one_more(now)
            {
                tracing::warn!(count, last_by = %viewing.account, "viewers that report nothing about their pictures are ended");
            }
            return self.remove(&id.clone(), why);
        }
        let wanted = viewing.viewer.wanted();
        if wanted != viewing.quality && (wanted == Quality::Main || self.with_sub.contains(&viewing.drone)) {
            tracing::debug!(viewer = %id, quality = ?wanted, "a viewer changes to another stream");
            metrics::counter!("feed_quality_changes").increment(1);
            viewing.quality = wanted;
            viewing.viewer.switch();
        }
        let group = self.groups.get(&(viewing.drone.clone(), viewing.quality)).filter(|group| group.is_fresh(now));
        if let Some(group) = group
            && viewing.viewer.takes_group()
        {
            viewing.viewer.group(group.units(), &mut self.transmits, now);
        }
    }

    fn remove(&mut self, id: &ViewerId, why: Ended) {
        let Some(viewing) = self.viewings.remove(id) else { return };
        self.by_name.remove(&viewing.name);
        for address in &viewing.addresses {
            // A later viewer of the same browser may have taken the address over.
            if self.by_address.get(address) == Some(id) {
                self.by_address.remove(address);
            }
        }
        self.ended.push((id.clone(), why));
    }
}

fn random_name() -> Result<ViewerId, AdmitError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| AdmitError::NoRandomness)?;
    Ok(hex::encode(bytes))
}
