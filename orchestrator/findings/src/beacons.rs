//! Beacons: missing, unreadable, moved, duplicated, forged, revoked.

use std::collections::BTreeSet;

use crate::finding::{Finding, Kind, Subject};
use crate::judge::Judgement;
use crate::limits::{MOVED_M_MIN, PICTURES_AGREEING_MIN, PICTURES_WITHOUT_MIN};
use crate::sightings::{Sighting, sightings};
use crate::survey::{Picture, Says};
use crate::world::{Beacon, World};

/// Chance that a picture that shows a whole beacon is not read though it could be.
const MISS_CHANCE: f64 = 0.1;
/// Chance that a read at a place is not what is there: signatures and error correction leave next to nothing.
const SLIP_CHANCE: f64 = 0.02;

pub(crate) fn judge_beacons(world: &World, pictures: &[&Picture], judgement: &mut Judgement) {
    for beacon in &world.beacons {
        judge_beacon(beacon, pictures, judgement);
    }
    judge_strangers(world, pictures, judgement);
}

fn judge_beacon(beacon: &Beacon, pictures: &[&Picture], judgement: &mut Judgement) {
    let seen = sightings(pictures, &Says::Genuine(beacon.area.clone()));
    let (home, away): (Vec<_>, Vec<_>) = seen.into_iter().partition(|sighting| is_at(sighting, beacon));
    let mut sure_away = away.iter().filter(|sighting| is_sure(sighting));
    if !home.is_empty() {
        // Read once at its place clears what was wrong with it: a beacon that can be read there is there.
        Kind::OF_A_BEACON.into_iter().for_each(|kind| judgement.cleared(kind, subject(beacon)));
    } else if away.is_empty() {
        judge_unseen(beacon, pictures, judgement);
    } else if looked(beacon, pictures).len() < PICTURES_WITHOUT_MIN {
        // Whether it is still at home nobody has seen: which of the two is the copy is not known.
        return;
    } else if let Some(there) = sure_away.next() {
        judgement.found_of_beacon(shown(Kind::BeaconMoved, subject(beacon), there));
    }
    // With one that counts as the beacon itself, at its place or moved, all others are copies.
    sure_away.for_each(|there| judgement.found(shown(Kind::BeaconDuplicated, Subject::Code(beacon.area.clone()), there)));
}

fn subject(beacon: &Beacon) -> Subject {
    Subject::Beacon(beacon.area.clone())
}

fn is_at(sighting: &Sighting<'_>, beacon: &Beacon) -> bool {
    sighting.may_be_at(&beacon.place, 0.0, MOVED_M_MIN)
}

fn is_sure(sighting: &Sighting<'_>) -> bool {
    sighting.pictures.len() >= PICTURES_AGREEING_MIN
}

fn looked<'a>(beacon: &Beacon, pictures: &[&'a Picture]) -> Vec<&'a str> {
    pictures.iter().filter(|picture| picture.looked_at.contains(&beacon.area)).map(|picture| picture.id.as_str()).collect()
}

/// Read nowhere: is something there that could not be read, or nothing?
fn judge_unseen(beacon: &Beacon, pictures: &[&Picture], judgement: &mut Judgement) {
    let looked = looked(beacon, pictures);
    if looked.len() < PICTURES_WITHOUT_MIN || is_pasted_over(beacon, pictures) {
        return;
    }
    let unread = sightings(pictures, &Says::Unread);
    let there = unread.iter().filter(|sighting| is_at(sighting, beacon)).max_by_key(|sighting| sighting.pictures.len());
    match there {
        Some(sighting) if is_sure(sighting) => {
            judgement.found_of_beacon(shown(Kind::BeaconUnreadable, subject(beacon), sighting));
        }
        // Located once: neither surely there nor surely gone.
        Some(_) => {}
        None => judgement.found_of_beacon(Finding {
            kind: Kind::BeaconMissing,
            subject: subject(beacon),
            count: 1,
            place: Some(beacon.place),
            confidence: certainty(MISS_CHANCE, looked.len()),
            pictures: looked.into_iter().map(str::to_owned).collect(),
            best: None,
        }),
    }
}

/// A false or withdrawn code of the same area hangs in its place: the finding about that code says it, once.
fn is_pasted_over(beacon: &Beacon, pictures: &[&Picture]) -> bool {
    let instead = [Says::Forged(beacon.area.clone()), Says::Revoked(beacon.area.clone())];
    instead.iter().flat_map(|says| sightings(pictures, says)).any(|sighting| is_sure(&sighting) && is_at(&sighting, beacon))
}

/// Codes that should hang nowhere. That one is gone a person says: no picture is known to show the place where it was.
fn judge_strangers(world: &World, pictures: &[&Picture], judgement: &mut Judgement) {
    let says = pictures.iter().flat_map(|picture| &picture.codes).map(|code| &code.says);
    let distinct: BTreeSet<&Says> = says.collect();
    for wanted in distinct {
        let Some((kind, area)) = stranger(world, wanted) else { continue };
        for sighting in sightings(pictures, wanted).iter().filter(|sighting| is_sure(sighting)) {
            judgement.found(shown(kind, Subject::Code(area.to_owned()), sighting));
        }
    }
}

fn stranger<'a>(world: &World, says: &'a Says) -> Option<(Kind, &'a str)> {
    match says {
        // Of another lot, or taken down in the drawing: whoever scans it parks in an area that is not here.
        Says::Genuine(area) if !world.beacons.iter().any(|beacon| beacon.area == *area) => Some((Kind::BeaconMoved, area)),
        Says::Forged(area) => Some((Kind::BeaconForged, area)),
        Says::Revoked(area) => Some((Kind::BeaconRevoked, area)),
        Says::Genuine(_) | Says::Unread | Says::Foreign => None,
    }
}

fn shown(kind: Kind, subject: Subject, sighting: &Sighting<'_>) -> Finding {
    Finding {
        kind,
        subject,
        count: 1,
        place: Some(sighting.place),
        confidence: certainty(SLIP_CHANCE.sqrt(), sighting.pictures.len()),
        pictures: sighting.pictures.iter().map(|id| (*id).to_owned()).collect(),
        best: None,
    }
}

/// That not all of several pictures are wrong together.
pub(crate) fn certainty(chance: f64, pictures: usize) -> f64 {
    1.0 - chance.powi(i32::try_from(pictures).unwrap_or(i32::MAX))
}
