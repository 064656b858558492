//! A router between aircraft, servers and ground stations, sans-IO: bytes of one endpoint in, frames for the others out, not one byte
//! of them changed. Messages and values that nobody here knows pass like any other.
//!
//! Routes are learned from who is heard where (MAVLink guide, "Routing"). Every queue is bounded, and what is dropped is counted.
//! Whoever only watches may ask; what flies an aircraft passes only while its control is handed over.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hasher};
use std::num::NonZeroU32;
use std::sync::Arc;

mod framing;
mod policy;
mod targets;

use framing::{Framer, RawFrame};
use targets::{Target, Targets};

/// Frames waiting for one endpoint: 40 ms at 100,000 a second, a minute of a radio's telemetry. The oldest goes first: the newest state
/// counts, and whoever transfers something repeats it.
const QUEUE_MAX: usize = 4_096;
/// Systems and components remembered behind one endpoint; the one that was silent longest makes room.
const HEARD_MAX: usize = 128;
/// Who was not heard for so long is behind an endpoint no more.
const HEARD_MS: u64 = 60_000;
/// A copy of a frame that comes from another endpoint within this time went round a ring: twice the slowest path that is asked for,
/// five seconds. What a sender says again comes from the same endpoint and is no copy; only where it changes its way meanwhile, and does
/// not count its frames, is it missed for so long.
const RING_MS: u32 = 10_000;
/// Sets of frames seen, a power of two: with `SEEN_WAYS` in each, four mebibytes.
const SEEN_SETS: usize = 1 << 15;
/// Frames of one set: two lines of the processor's cache, so that more of them cost little time. In a full set the oldest is forgotten,
/// and its copy passes once more round the ring: one of eighty when 20,000 a second take five seconds round it, none at what a station's
/// aircraft say.
const SEEN_WAYS: usize = 8;

/// One connection of a router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointId(NonZeroU32);

/// What an endpoint may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointRole {
    /// Aircraft, servers, other routers: everything.
    Full,
    /// A ground station beside the server: questions always, all else while an aircraft's control is handed over.
    Watcher,
    /// This program's own end while a person gives an aircraft its key: everything, and the message that brings the key, which no
    /// other endpoint's is passed on.
    KeyKeeper,
}

/// What happened at one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EndpointCounts {
    /// Frames heard.
    pub received: u64,
    /// Frames given to be sent.
    pub sent: u64,
    /// Frames that found its queue full, or were pushed out of it.
    pub dropped: u64,
    /// Copies of frames that came from elsewhere before.
    pub repeated: u64,
    /// Frames of it that were not passed on: orders of a watcher, keys, frames in somebody else's name.
    pub withheld: u64,
    /// Bytes that were no frame.
    pub garbage_bytes: u64,
}

#[derive(Debug)]
struct Endpoint {
    role: EndpointRole,
    framer: Framer,
    /// Who is heard there, and when last.
    heard: BTreeMap<(u8, u8), u64>,
    queue: VecDeque<Arc<[u8]>>,
    counts: EndpointCounts,
}

impl Endpoint {
    fn learn(&mut self, system_id: u8, component_id: u8, now_ms: u64) {
        let full = self.heard.len() >= HEARD_MAX && !self.heard.contains_key(&(system_id, component_id));
        if let Some(oldest) = self.heard.iter().min_by_key(|(_, at_ms)| **at_ms).map(|(who, _)| *who).filter(|_| full) {
            self.heard.remove(&oldest);
        }
        self.heard.insert((system_id, component_id), now_ms);
    }

    fn has(&self, target: Target, now_ms: u64) -> bool {
        let (first, last) = match target.component_id {
            0 => (0, u8::MAX),
            component_id => (component_id, component_id),
        };
        let mut behind = self.heard.range((target.system_id, first)..=(target.system_id, last));
        behind.any(|(_, at_ms)| now_ms.saturating_sub(*at_ms) < HEARD_MS)
    }

    fn put(&mut self, frame: Arc<[u8]>) {
        if self.queue.len() >= QUEUE_MAX {
            self.queue.pop_front();
            self.counts.dropped += 1;
        }
        self.queue.push_back(frame);
    }
}

/// A frame seen lately.
#[derive(Debug, Clone, Copy)]
struct Seen {
    digest: u64,
    /// Who brought it.
    by: EndpointId,
    /// When, the lower half: differences count, and none is seven weeks long.
    at_ms: u32,
}

/// Frames whose digests end alike.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(128))]
struct SeenSet([Option<Seen>; SEEN_WAYS]);

const _: () = assert!(size_of::<SeenSet>() == 128, "two lines of the cache");

impl SeenSet {
    /// Whether this frame came from another endpoint before, in time to be a copy. Otherwise it is remembered.
    fn is_copy(&mut self, digest: u64, from: EndpointId, now_ms: u32) -> bool {
        let age_ms = |seen: &Option<Seen>| seen.map_or(u32::MAX, |seen| now_ms.wrapping_sub(seen.at_ms));
        let known = self.0.iter().position(|seen| seen.is_some_and(|seen| seen.digest == digest));
        if let Some(seen) = known.and_then(|way| self.0[way])
            && now_ms.wrapping_sub(seen.at_ms) < RING_MS
            && seen.by != from
        {
            return true;
        }
        let oldest = (0..SEEN_WAYS).max_by_key(|way| age_ms(&self.0[*way])).unwrap_or(0);
        self.0[known.unwrap_or(oldest)] = Some(Seen { digest, by: from, at_ms: now_ms });
        false
    }
}

/// The router.
#[derive(Debug)]
pub struct Router {
    endpoints: BTreeMap<EndpointId, Endpoint>,
    next: NonZeroU32,
    targets: Targets,
    seen: Vec<SeenSet>,
    handed_over: BTreeSet<u8>,
}

impl Default for Router {
    fn default() -> Self {
        Self::new()
    }
}

impl Router {
    /// A router without endpoints.
    pub fn new() -> Self {
        Self {
            endpoints: BTreeMap::new(),
            next: NonZeroU32::MIN,
            targets: Targets::new(),
            seen: vec![SeenSet::default(); SEEN_SETS],
            handed_over: BTreeSet::new(),
        }
    }

    /// A new connection.
    pub fn open(&mut self, role: EndpointRole) -> EndpointId {
        let id = EndpointId(self.next);
        // Four thousand million connections take a century at one a second.
        self.next = self.next.saturating_add(1);
        let endpoint = Endpoint {
            role,
            framer: Framer::default(),
            heard: BTreeMap::new(),
            queue: VecDeque::new(),
            counts: EndpointCounts::default(),
        };
        self.endpoints.insert(id, endpoint);
        id
    }

    /// A connection that has ended, with what happened at it.
    pub fn close(&mut self, id: EndpointId) -> Option<EndpointCounts> {
        let counts = self.counts(id);
        self.endpoints.remove(&id);
        counts
    }

    /// Gives the control of an aircraft to whoever watches, or takes it back.
    pub fn hand_over(&mut self, system_id: u8, given: bool) {
        if given {
            self.handed_over.insert(system_id);
        } else {
            self.handed_over.remove(&system_id);
        }
    }

    /// What happened at an endpoint so far.
    pub fn counts(&self, id: EndpointId) -> Option<EndpointCounts> {
        let endpoint = self.endpoints.get(&id)?;
        Some(EndpointCounts { garbage_bytes: endpoint.framer.garbage_bytes, ..endpoint.counts })
    }

    /// What happened everywhere so far.
    pub fn all_counts(&self) -> Vec<(EndpointId, EndpointCounts)> {
        self.endpoints.keys().filter_map(|id| Some((*id, self.counts(*id)?))).collect()
    }

    /// The system that a whole frame is for; 0 is everybody.
    pub fn target_system(&self, frame: &[u8]) -> u8 {
        let mut system_id = 0;
        Framer::default().datagram(frame, |frame| system_id = self.targets.of(&frame).system_id);
        system_id
    }

    /// Takes the next bytes of a stream. Returns the endpoints for which something waits now.
    pub fn receive(&mut self, from: EndpointId, bytes: &[u8], now_ms: u64) -> BTreeSet<EndpointId> {
        self.take(from, now_ms, |framer, give| framer.push(bytes, give))
    }

    /// Takes one datagram.
    pub fn receive_datagram(&mut self, from: EndpointId, bytes: &[u8], now_ms: u64) -> BTreeSet<EndpointId> {
        self.take(from, now_ms, |framer, give| framer.datagram(bytes, give))
    }

    fn take(
        &mut self,
        from: EndpointId,
        now_ms: u64,
        read: impl FnOnce(&mut Framer, &mut dyn FnMut(RawFrame<'_>)),
    ) -> BTreeSet<EndpointId> {
        let mut reached = BTreeSet::new();
        let Some(endpoint) = self.endpoints.get_mut(&from) else { return reached };
        let mut framer = std::mem::take(&mut endpoint.framer);
        read(&mut framer, &mut |frame: RawFrame<'_>| self.pass(from, &frame, now_ms, &mut reached));
        if let Some(endpoint) = self.endpoints.get_mut(&from) {
            endpoint.framer = framer;
        }
        reached
    }

    fn pass(&mut self, from: EndpointId, frame: &RawFrame<'_>, now_ms: u64, reached: &mut BTreeSet<EndpointId>) {
        let repeated = self.is_copy(from, frame.bytes, now_ms);
        let target = self.targets.of(frame);
        let withheld = !repeated && !self.may_pass(from, frame, target, now_ms);
        let Some(endpoint) = self.endpoints.get_mut(&from) else { return };
        endpoint.counts.received += 1;
        endpoint.counts.repeated += u64::from(repeated);
        endpoint.counts.withheld += u64::from(withheld);
        if repeated || withheld {
            return;
        }
        endpoint.learn(frame.system_id, frame.component_id, now_ms);
        let bytes: Arc<[u8]> = frame.bytes.into();
        for (id, endpoint) in self.endpoints.iter_mut().filter(|(id, _)| **id != from) {
            if target.system_id == 0 || endpoint.has(target, now_ms) {
                endpoint.put(bytes.clone());
                reached.insert(*id);
            }
        }
    }

    /// Whether this frame came from another endpoint just before. The same frame from the same endpoint is a sender's own repetition.
    fn is_copy(&mut self, from: EndpointId, bytes: &[u8], now_ms: u64) -> bool {
        let mut hasher = DefaultHasher::new();
        hasher.write(bytes);
        let digest = hasher.finish();
        self.seen[digest as usize % SEEN_SETS].is_copy(digest, from, now_ms as u32)
    }

    fn may_pass(&self, from: EndpointId, frame: &RawFrame<'_>, target: Target, now_ms: u64) -> bool {
        let secret = crate::frame::is_secret_message(frame.message_id);
        match self.endpoints.get(&from).map(|endpoint| endpoint.role) {
            Some(EndpointRole::KeyKeeper) => return true,
            Some(EndpointRole::Full) => return !secret,
            Some(EndpointRole::Watcher) if !secret => {}
            Some(EndpointRole::Watcher) | None => return false,
        }
        let source = Target { system_id: frame.system_id, component_id: frame.component_id };
        let full = |endpoint: &&Endpoint| endpoint.role == EndpointRole::Full;
        // Our own number is every ground station's, so only aircraft can be spoken for.
        let speaks_for_another =
            self.endpoints.values().filter(full).any(|endpoint| endpoint.has(source, now_ms) && !is_ground(source));
        if speaks_for_another {
            return false;
        }
        self.handed_over.contains(&target.system_id) || policy::is_harmless(frame.message_id, frame.payload)
    }

    /// The frames that wait for an endpoint, oldest first, at most so many.
    pub fn take_waiting(&mut self, id: EndpointId, count_max: usize) -> Vec<Arc<[u8]>> {
        let Some(endpoint) = self.endpoints.get_mut(&id) else { return Vec::new() };
        let count = endpoint.queue.len().min(count_max);
        endpoint.counts.sent += count as u64;
        endpoint.queue.drain(..count).collect()
    }
}

/// System ids from here on are ground stations by custom; 255 is the usual one.
fn is_ground(source: Target) -> bool {
    source.system_id >= 250
}

#[cfg(test)]
mod tests;
