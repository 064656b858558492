//! RTP payloads to access units (RFC 6184): single NAL units, aggregates and fragments. Pure; every buffer has a bound.
//!
//! A picture with a lost or broken packet is dropped, and everything after it up to the next key picture: a decoder would show
//! smears, and a smear passed on as a live picture of a person in danger is worse than a short gap.

use std::time::{Duration, Instant};

use crate::limits::{UNIT_BYTES_MAX, UNIT_NALS_MAX};
use crate::stamp;
use crate::unit::{AccessUnit, KEY_SLICE, PICTURE_SET, SEQUENCE_SET, SUPPLEMENT, Stamp, kind};

const START_CODE: [u8; 4] = [0, 0, 0, 1];
const AGGREGATE: u8 = 24;
const FRAGMENT: u8 = 28;
/// The longest parameter set taken, bytes; real ones have under a hundred.
const SET_BYTES_MAX: usize = 1_024;
/// What both take before a key picture that came without them.
const SETS_BYTES_MAX: usize = 2 * (START_CODE.len() + SET_BYTES_MAX);

/// Why pictures were dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Dropped {
    /// Packets are missing.
    #[error("packets were lost on the way")]
    Lost,
    /// A payload that is no H.264 as RFC 6184 packs it.
    #[error("a packet holds no H.264: NAL unit type {kind}")]
    Broken {
        /// As read.
        kind: u8,
    },
    /// A picture larger than any camera's.
    #[error("a picture of more than {UNIT_BYTES_MAX} bytes or {UNIT_NALS_MAX} parts")]
    TooLarge,
}

/// What a packet came to.
#[derive(Debug, Default, PartialEq)]
pub struct Pushed {
    /// Pictures that it completed, in their order: none, one, or two where a camera ended the one before without a marker.
    pub pictures: Vec<AccessUnit>,
    /// Why the picture after them is dropped, if it is.
    pub dropped: Option<Dropped>,
}

/// Puts pictures together.
#[derive(Debug, Default)]
pub struct Depacketizer {
    sequence_set: Vec<u8>,
    picture_set: Vec<u8>,
    picture: Picture,
    /// Where the fragment under way began in the picture; `None` between fragments.
    fragment: Option<usize>,
    /// Nothing is of use before the next key picture.
    needs_key: bool,
}

#[derive(Debug, Default)]
struct Picture {
    media_time: Option<u64>,
    annex_b: Vec<u8>,
    nals: usize,
    key: bool,
    slices: bool,
    sets: bool,
    stamp: Option<Stamp>,
    broken: bool,
}

impl Depacketizer {
    /// With the parameter sets that the session description named; either may be empty.
    pub fn new(sequence_set: &[u8], picture_set: &[u8]) -> Self {
        let own = |set: &[u8]| if set.len() <= SET_BYTES_MAX { set.to_vec() } else { Vec::new() };
        Self { sequence_set: own(sequence_set), picture_set: own(picture_set), needs_key: true, ..Self::default() }
    }

    /// Takes a packet; gives back what it completes. `lost` says that packets before this one are missing.
    pub fn push(&mut self, payload: &[u8], media_time: u64, marker: bool, lost: bool, now: Instant) -> Pushed {
        let mut pushed = Pushed::default();
        if lost {
            self.spoil();
            pushed.dropped = Some(Dropped::Lost);
        }
        // Cameras that set no marker end a picture by beginning the next.
        if self.picture.media_time.is_some_and(|known| known != media_time) {
            pushed.pictures.extend(self.finish(now));
            // What was lost may have been the beginning of this one.
            self.picture.broken = lost;
        }
        self.picture.media_time = Some(media_time);
        if let Err(dropped) = self.take(payload) {
            self.spoil();
            pushed.dropped = pushed.dropped.or(Some(dropped));
        }
        if marker {
            pushed.pictures.extend(self.finish(now));
        }
        pushed
    }

    fn take(&mut self, payload: &[u8]) -> Result<(), Dropped> {
        let broken = Dropped::Broken { kind: kind(payload) };
        let first = *payload.first().ok_or(broken)?;
        // The forbidden bit is what middleboxes set on damaged units.
        if first & 0x80 != 0 {
            return Err(broken);
        }
        match kind(payload) {
            1..=23 => self.whole(payload),
            AGGREGATE => self.aggregate(&payload[1..]),
            FRAGMENT => self.fragment(payload),
            _ => Err(broken),
        }
    }

    fn whole(&mut self, nal: &[u8]) -> Result<(), Dropped> {
        self.fragment = None;
        self.begin_nal(nal.len())?;
        self.picture.annex_b.extend(nal);
        let start = self.picture.annex_b.len() - nal.len();
        self.end_nal(start);
        Ok(())
    }

    fn aggregate(&mut self, mut rest: &[u8]) -> Result<(), Dropped> {
        let broken = Dropped::Broken { kind: AGGREGATE };
        while !rest.is_empty() {
            let (length, after) = rest.split_first_chunk::<2>().ok_or(broken)?;
            let length = usize::from(u16::from_be_bytes(*length));
            let nal = after.get(..length).filter(|nal| matches!(kind(nal), 1..=23)).ok_or(broken)?;
            self.whole(nal)?;
            rest = &after[length..];
        }
        Ok(())
    }

    fn fragment(&mut self, payload: &[u8]) -> Result<(), Dropped> {
        let broken = Dropped::Broken { kind: FRAGMENT };
        let [indicator, header, body @ ..] = payload else { return Err(broken) };
        let (begins, ends) = (header & 0x80 != 0, header & 0x40 != 0);
        if begins {
            self.begin_nal(body.len())?;
            self.fragment = Some(self.picture.annex_b.len());
            self.picture.annex_b.push(indicator & 0xe0 | header & 0x1f);
        }
        let start = self.fragment.ok_or(broken)?;
        self.room(body.len())?;
        self.picture.annex_b.extend(body);
        if ends {
            self.fragment = None;
            self.end_nal(start);
        }
        Ok(())
    }

    fn room(&self, bytes: usize) -> Result<(), Dropped> {
        let length = self.picture.annex_b.len() + bytes + START_CODE.len() + SETS_BYTES_MAX;
        let fits = length <= UNIT_BYTES_MAX && self.picture.nals < UNIT_NALS_MAX;
        if fits { Ok(()) } else { Err(Dropped::TooLarge) }
    }

    fn begin_nal(&mut self, bytes: usize) -> Result<(), Dropped> {
        self.room(bytes)?;
        self.picture.nals += 1;
        self.picture.annex_b.extend(START_CODE);
        Ok(())
    }

    fn end_nal(&mut self, start: usize) {
        let nal = &self.picture.annex_b[start..];
        match kind(nal) {
            SEQUENCE_SET if nal.len() <= SET_BYTES_MAX => {
                self.sequence_set = nal.to_vec();
                self.picture.sets = true;
            }
            PICTURE_SET if nal.len() <= SET_BYTES_MAX => self.picture_set = nal.to_vec(),
            SUPPLEMENT => self.picture.stamp = self.picture.stamp.or_else(|| stamp::read(nal)),
            KEY_SLICE => (self.picture.key, self.picture.slices) = (true, true),
            1..=4 => self.picture.slices = true,
            _ => {}
        }
    }

    /// The picture under way is of no use.
    fn spoil(&mut self) {
        self.picture.broken = true;
        self.fragment = None;
        self.needs_key = true;
        // What it holds is not kept while the rest of it comes in.
        self.picture.annex_b = Vec::new();
        self.picture.nals = 0;
    }

    fn finish(&mut self, now: Instant) -> Option<AccessUnit> {
        self.fragment = None;
        let picture = std::mem::take(&mut self.picture);
        let media_time = picture.media_time?;
        if picture.broken || !picture.slices {
            return None;
        }
        if picture.key {
            self.needs_key = false;
        }
        if self.needs_key {
            return None;
        }
        let annex_b = if picture.key && !picture.sets { self.with_sets(&picture.annex_b) } else { picture.annex_b };
        Some(AccessUnit {
            annex_b: annex_b.into(),
            key: picture.key,
            media_time,
            arrived_at: now,
            late: Duration::ZERO,
            stamp: picture.stamp,
        })
    }

    fn with_sets(&self, annex_b: &[u8]) -> Vec<u8> {
        let sets = [&self.sequence_set, &self.picture_set].into_iter().filter(|set| !set.is_empty());
        let mut whole: Vec<u8> = sets.flat_map(|set| START_CODE.into_iter().chain(set.iter().copied())).collect();
        whole.extend(annex_b);
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPS: &[u8] = &[0x67, 0x42, 0xe0, 0x1f];
    const PPS: &[u8] = &[0x68, 0xce];
    const KEY: &[u8] = &[0x65, 1, 2, 3];
    const NEXT: &[u8] = &[0x41, 4, 5];

    fn ready() -> Depacketizer {
        Depacketizer::new(SPS, PPS)
    }

    fn push(to: &mut Depacketizer, payload: &[u8], time: u64, marker: bool) -> Pushed {
        to.push(payload, time, marker, false, Instant::now())
    }

    /// The one picture that it completed.
    fn picture(pushed: Pushed) -> AccessUnit {
        assert_eq!((pushed.pictures.len(), pushed.dropped), (1, None));
        pushed.pictures.into_iter().next().expect("counted")
    }

    #[test]
    fn a_key_picture_gets_the_described_parameter_sets() {
        let unit = picture(push(&mut ready(), KEY, 0, true));
        let nals = crate::unit::nals(&unit.annex_b);
        assert_eq!(nals, [SPS, PPS, KEY]);
        assert!(unit.key);
    }

    #[test]
    fn fragments_and_aggregates_make_the_same_picture_as_whole_units() {
        let mut fragmented = ready();
        assert_eq!(push(&mut fragmented, &[0x7c, 0x85, 1], 0, false), Pushed::default());
        assert_eq!(push(&mut fragmented, &[0x7c, 0x05, 2], 0, false), Pushed::default());
        let unit = picture(push(&mut fragmented, &[0x7c, 0x45, 3], 0, true));
        assert_eq!(crate::unit::nals(&unit.annex_b), [SPS, PPS, KEY]);
        let mut aggregate = vec![24];
        for nal in [SPS, PPS, KEY] {
            aggregate.extend((nal.len() as u16).to_be_bytes());
            aggregate.extend(nal);
        }
        let unit = picture(push(&mut Depacketizer::new(&[], &[]), &aggregate, 0, true));
        assert_eq!(crate::unit::nals(&unit.annex_b), [SPS, PPS, KEY]);
    }

    #[test]
    fn after_a_loss_nothing_passes_before_the_next_key_picture() {
        let mut depacketizer = ready();
        picture(push(&mut depacketizer, KEY, 0, true));
        let lost = Pushed { pictures: Vec::new(), dropped: Some(Dropped::Lost) };
        assert_eq!(depacketizer.push(NEXT, 10, true, true, Instant::now()), lost);
        assert_eq!(push(&mut depacketizer, NEXT, 20, true), Pushed::default());
        picture(push(&mut depacketizer, KEY, 30, true));
        picture(push(&mut depacketizer, NEXT, 40, true));
    }

    #[test]
    fn a_picture_without_marker_ends_with_the_next() {
        let mut depacketizer = ready();
        assert_eq!(push(&mut depacketizer, KEY, 0, false), Pushed::default());
        let unit = picture(push(&mut depacketizer, NEXT, 10, false));
        assert_eq!((unit.key, unit.media_time), (true, 0));
    }

    #[test]
    fn a_picture_without_marker_before_one_with_is_not_lost() {
        let mut depacketizer = ready();
        assert_eq!(push(&mut depacketizer, KEY, 0, false), Pushed::default());
        let pushed = push(&mut depacketizer, NEXT, 10, true);
        let told: Vec<_> = pushed.pictures.iter().map(|unit| (unit.key, unit.media_time)).collect();
        assert_eq!((told, pushed.dropped), (vec![(true, 0), (false, 10)], None));
    }

    #[test]
    fn a_picture_whose_beginning_was_lost_does_not_pass_as_a_key_picture() {
        let mut depacketizer = ready();
        assert_eq!(push(&mut depacketizer, KEY, 0, false), Pushed::default());
        let lost = depacketizer.push(KEY, 10, true, true, Instant::now());
        assert_eq!(lost, Pushed { pictures: Vec::new(), dropped: Some(Dropped::Lost) });
    }

    #[test]
    fn what_is_broken_after_a_picture_ended_is_told_with_it() {
        let mut depacketizer = ready();
        assert_eq!(push(&mut depacketizer, KEY, 0, false), Pushed::default());
        let pushed = push(&mut depacketizer, &[], 10, true);
        assert_eq!((pushed.pictures.len(), pushed.dropped), (1, Some(Dropped::Broken { kind: 0 })));
        assert_eq!(push(&mut depacketizer, NEXT, 20, true), Pushed::default());
    }

    #[test]
    fn an_endless_picture_takes_no_endless_memory() {
        let mut depacketizer = ready();
        let body = vec![0x7c, 0x05].into_iter().chain(std::iter::repeat_n(7, 1_400)).collect::<Vec<u8>>();
        let _ = push(&mut depacketizer, &[0x7c, 0x85, 1], 0, false);
        let problems = (0..5_000).filter(|_| push(&mut depacketizer, &body, 0, false).dropped.is_some()).count();
        assert!(0 < problems, "the bound is reached");
        assert!(depacketizer.picture.annex_b.capacity() <= 2 * UNIT_BYTES_MAX);
        let mut many = ready();
        assert!((0..2_000).any(|_| push(&mut many, NEXT, 0, false).dropped == Some(Dropped::TooLarge)));
    }

    #[test]
    fn no_payload_makes_it_panic() {
        let mut depacketizer = ready();
        let mut seed = 1_u64;
        for round in 0..20_000_u64 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let length = (seed >> 40) as usize % 12;
            let payload: Vec<u8> = (0..length).map(|at| (seed >> (at * 5)) as u8).collect();
            let _ = depacketizer.push(&payload, round / 3, seed & 1 == 0, seed & 64 == 0, Instant::now());
        }
    }
}
