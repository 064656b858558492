//! Cars and sessions: a car without a session, a session without a car, a car in the wrong area.
//!
//! Where plates were read, cars are told apart. Where not, cars are counted against sessions, area by area: the difference is found,
//! and which of several cars it is only when it must be all of them. Cars too many in one area are the stays too many of another where
//! the counts come out even (ADR 240).

use std::collections::BTreeMap;

use crate::beacons::certainty;
use crate::finding::{Finding, Kind, Subject};
use crate::judge::Judgement;
use crate::limits::{PICTURES_AGREEING_MIN, SLIPS_SHARE_MAX, SURE};
use crate::survey::{BaySeen, Picture};
use crate::world::{Bay, Point, Session, World};

/// Chance that a bay that looks surely taken or free is not.
const SLIP_CHANCE: f64 = 0.05;

/// What several pictures say of a bay.
#[derive(Debug, Clone, PartialEq)]
enum State {
    Taken { plate: Option<String> },
    Free,
    Unknown,
}

struct Looked<'a> {
    bay: &'a Bay,
    state: State,
    pictures: Vec<String>,
    taken_ms: Vec<i64>,
}

pub(crate) fn judge_cars(world: &World, pictures: &[&Picture], judgement: &mut Judgement) {
    let Some(begin_ms) = pictures.first().map(|picture| picture.taken_ms) else { return };
    let mut bays: BTreeMap<&str, Vec<Looked<'_>>> = BTreeMap::new();
    for bay in &world.bays {
        bays.entry(&bay.area).or_default().push(looked(bay, pictures));
    }
    let mut unmatched: Vec<&Session> = world.sessions.iter().collect();
    for looked in bays.values().flatten() {
        if let State::Taken { plate: Some(plate) } = &looked.state {
            judge_plate(looked, plate, &mut unmatched, world, judgement);
        }
    }
    let stays = |area: &str| unmatched.iter().copied().filter(|session| session.area == area).collect();
    let counts: Vec<Count<'_>> = bays.iter().filter_map(|(area, bays)| counted(area, bays, stays(area), begin_ms)).collect();
    let astray = astray(&counts);
    counts.iter().for_each(|count| judge_count(count, astray, judgement));
}

/// What several looks at a bay come to, each the probability that a car stands there; `None` when too few are sure, or they disagree.
pub fn is_taken(looks: impl Iterator<Item = f64>) -> Option<bool> {
    let (mut taken, mut free) = (0_usize, 0_usize);
    for look in looks {
        taken += usize::from(look >= SURE);
        free += usize::from(look <= 1.0 - SURE);
    }
    let (more, fewer) = (taken.max(free), taken.min(free));
    let agree = more >= fewer + PICTURES_AGREEING_MIN && fewer as f64 <= SLIPS_SHARE_MAX * (more + fewer) as f64;
    agree.then_some(taken > free)
}

fn looked<'a>(bay: &'a Bay, pictures: &[&Picture]) -> Looked<'a> {
    let of = |picture: &&&Picture| picture.bays.iter().any(|seen| seen.bay == bay.id);
    let taken_ms = pictures.iter().filter(of).map(|picture| picture.taken_ms).collect();
    let seen: Vec<(&str, &BaySeen)> = pictures
        .iter()
        .flat_map(|picture| picture.bays.iter().filter(|seen| seen.bay == bay.id).take(1).map(|seen| (picture.id.as_str(), seen)))
        .collect();
    let state = match is_taken(seen.iter().map(|(_, seen)| seen.taken)) {
        Some(true) => State::Taken { plate: plate(&seen) },
        Some(false) => State::Free,
        None => State::Unknown,
    };
    Looked { bay, state, pictures: seen.iter().map(|(id, _)| (*id).to_owned()).collect(), taken_ms }
}

/// The plate that several pictures agree on and none contradicts.
fn plate(seen: &[(&str, &BaySeen)]) -> Option<String> {
    let mut plates = seen.iter().filter_map(|(_, seen)| seen.plate.as_deref());
    let first = plates.next()?;
    let others: Vec<&str> = plates.collect();
    let agree = others.len() + 1 >= PICTURES_AGREEING_MIN && others.iter().all(|plate| *plate == first);
    agree.then(|| first.to_owned())
}

fn judge_plate(looked: &Looked<'_>, plate: &str, unmatched: &mut Vec<&Session>, world: &World, judgement: &mut Judgement) {
    let bay = || Subject::Bay(looked.bay.id.clone());
    let Some(session) = world.sessions.iter().find(|session| session.plate == plate) else {
        judgement.cleared(Kind::WrongArea, bay());
        return judgement.found(shown(Kind::CarWithoutSession, looked));
    };
    unmatched.retain(|other| other.id != session.id);
    judgement.cleared(Kind::CarWithoutSession, bay());
    judgement.cleared(Kind::SessionWithoutCar, Subject::Session(session.id.clone()));
    if session.area == looked.bay.area {
        judgement.cleared(Kind::WrongArea, bay());
    } else {
        judgement.found(shown(Kind::WrongArea, looked));
    }
}

/// An area's cars whose plates were not read beside its sessions whose cars were not recognised.
struct Count<'a> {
    area: &'a str,
    bays: &'a [Looked<'a>],
    nameless: Vec<&'a Looked<'a>>,
    sessions: Vec<&'a Session>,
    /// Of these the ones that may explain a car.
    here: usize,
    /// Of these the ones whose car must be there.
    due: Vec<&'a Session>,
    /// Of every bay it is known whether it is taken.
    whole: bool,
}

impl Count<'_> {
    /// Cars too many.
    fn surplus(&self) -> usize {
        self.nameless.len().saturating_sub(self.here)
    }

    /// Stays too many.
    fn lack(&self) -> usize {
        if self.whole { self.due.len().saturating_sub(self.nameless.len()) } else { 0 }
    }
}

/// `None` when nobody looked at the area.
fn counted<'a>(area: &'a str, bays: &'a [Looked<'a>], sessions: Vec<&'a Session>, begin_ms: i64) -> Option<Count<'a>> {
    // When this area was looked at: a survey may wait for hours, and others end their stay meanwhile.
    let looks_ms = || bays.iter().flat_map(|looked| looked.taken_ms.iter().copied());
    let (first_ms, last_ms) = (looks_ms().min()?, looks_ms().max()?);
    let open_at = |session: &&Session, at_ms: i64| session.until_ms.is_none_or(|until_ms| until_ms > at_ms);
    let here = sessions.iter().filter(|session| open_at(session, first_ms));
    // A session that began while the survey flew, or ended while the area was looked at, explains a car and is not missed.
    let due = here.clone().copied().filter(|session| session.since_ms < begin_ms && open_at(session, last_ms)).collect();
    Some(Count {
        area,
        bays,
        nameless: bays.iter().filter(|looked| looked.state == State::Taken { plate: None }).collect(),
        here: here.count(),
        due,
        whole: bays.iter().all(|looked| looked.state != State::Unknown),
        sessions,
    })
}

/// How many cars stand in another area of the lot than their stays say, as far as the counts tell: as many as are too many on either side.
/// None where they leave open which areas' cars and stays these are, or a bay of an area with cars too many is unknown.
fn astray(counts: &[Count<'_>]) -> usize {
    let told = |too_many: fn(&Count<'_>) -> usize| {
        let of_areas: Vec<usize> = counts.iter().map(too_many).filter(|count| *count > 0).collect();
        (of_areas.iter().sum::<usize>(), of_areas.len() == 1)
    };
    let ((surplus, in_one_area), (lack, of_one_area)) = (told(|count| count.surplus()), told(|count| count.lack()));
    let astray = surplus.min(lack);
    let is_clear = (surplus == astray || in_one_area) && (lack == astray || of_one_area);
    let is_whole = counts.iter().all(|count| count.whole || count.surplus() == 0);
    if is_clear && is_whole { astray } else { 0 }
}

/// Cars whose plates were not read against sessions whose cars were not recognised; `astray` of the lot's cars stand in a wrong area.
fn judge_count(count: &Count<'_>, astray: usize, judgement: &mut Judgement) {
    let (surplus, lack) = (count.surplus(), count.lack());
    let area = || Subject::Area(count.area.to_owned());
    for looked in count.bays.iter().filter(|looked| looked.state == State::Free) {
        judgement.cleared(Kind::CarWithoutSession, Subject::Bay(looked.bay.id.clone()));
        judgement.cleared(Kind::WrongArea, Subject::Bay(looked.bay.id.clone()));
    }
    if surplus > 0 || count.whole {
        // In one form or not at all: what was said in the other is over.
        for kind in [Kind::CarWithoutSession, Kind::WrongArea] {
            judgement.cleared(kind, area());
            count.nameless.iter().for_each(|looked| judgement.cleared(kind, Subject::Bay(looked.bay.id.clone())));
        }
    }
    let elsewhere = surplus.min(astray);
    for (kind, cars) in [(Kind::WrongArea, elsewhere), (Kind::CarWithoutSession, surplus - elsewhere)] {
        match cars {
            0 => {}
            all if all == count.nameless.len() => {
                count.nameless.iter().for_each(|looked| judgement.found(shown(kind, looked)));
            }
            some => judgement.found(of_area(kind, count.area, some, &count.nameless)),
        }
    }
    if !count.whole {
        return;
    }
    judgement.cleared(Kind::SessionWithoutCar, area());
    let of = |session: &&Session| Subject::Session(session.id.clone());
    count.sessions.iter().for_each(|session| judgement.cleared(Kind::SessionWithoutCar, of(session)));
    let all: Vec<&Looked<'_>> = count.bays.iter().collect();
    match lack.saturating_sub(astray) {
        0 => {}
        every if every == count.due.len() => {
            count.due.iter().for_each(|session| judgement.found(absent(session, count.area, &all)));
        }
        some => judgement.found(of_area(Kind::SessionWithoutCar, count.area, some, &all)),
    }
}

fn shown(kind: Kind, looked: &Looked<'_>) -> Finding {
    Finding {
        kind,
        subject: Subject::Bay(looked.bay.id.clone()),
        count: 1,
        place: Some(looked.bay.place),
        confidence: certainty(SLIP_CHANCE.sqrt(), looked.pictures.len()),
        pictures: looked.pictures.clone(),
        best: None,
    }
}

fn absent(session: &Session, area: &str, bays: &[&Looked<'_>]) -> Finding {
    Finding { subject: Subject::Session(session.id.clone()), ..of_area(Kind::SessionWithoutCar, area, 1, bays) }
}

/// As sure as all the bays together: one that was mistaken changes the count.
fn of_area(kind: Kind, area: &str, count: usize, bays: &[&Looked<'_>]) -> Finding {
    let confidence = bays.iter().map(|looked| certainty(SLIP_CHANCE.sqrt(), looked.pictures.len())).product();
    let mut pictures: Vec<String> = bays.iter().flat_map(|looked| looked.pictures.iter().cloned()).collect();
    pictures.sort();
    pictures.dedup();
    Finding { kind, subject: Subject::Area(area.to_owned()), count, place: middle(bays), confidence, pictures, best: None }
}

fn middle(bays: &[&Looked<'_>]) -> Option<Point> {
    let count = bays.len() as f64;
    let mean = |part: fn(&Point) -> f64| bays.iter().map(|looked| part(&looked.bay.place)).sum::<f64>() / count;
    (!bays.is_empty()).then(|| Point { east_m: mean(|place| place.east_m), north_m: mean(|place| place.north_m) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_picture_in_four_may_be_wrong_and_never_fewer_than_two_are_right() {
        for (looks, expected) in [
            (&[][..], None),
            (&[1.0], None),
            (&[1.0, 0.95], Some(true)),
            (&[0.0, 0.02], Some(false)),
            (&[1.0, 0.5, 0.6], None),
            (&[1.0, 1.0, 0.0], None),
            (&[1.0, 1.0, 1.0, 0.0], Some(true)),
            (&[0.0, 0.0, 0.0, 0.0, 1.0, 1.0], None),
            (&[f64::NAN, 0.0, 0.0], Some(false)),
        ] {
            assert_eq!(is_taken(looks.iter().copied()), expected, "{looks:?}");
        }
    }
}
