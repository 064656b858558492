//! A survey of a lot: the path that sees it, cut into sorties, and how far each has been flown. What is not flown yet stays here, whatever
//! happens to the flights.

use flight_types::{AccountId, GeoPoint, LotId, MissionId, SurveyId, ZoneId};
use serde::{Deserialize, Serialize};

use crate::lots::Reported;

/// What a survey is after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SurveyKind {
    /// Every square metre.
    #[default]
    Sweep,
    /// Every beacon.
    Audit,
}

/// Height, speed and heading over a lot.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pass {
    /// Height over the pad, metres.
    pub height_m: f64,
    /// Speed over ground, metres per second.
    pub speed_m_s: f64,
    /// Where the nose points all along the path, degrees clockwise from north; absent, along each leg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading_deg: Option<f64>,
}

/// What a survey's path shows of a lot, or of its beacons, and why it does not show the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Coverage {
    /// Share of the lot's ground, or of its beacons, that comes into a picture, 0 to 1.
    pub seen: f64,
    /// All the rest, reason by reason, the largest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<Unseen>,
}

/// A share of a lot, or of its beacons, that a survey does not show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unseen {
    /// How much, 0 to 1.
    pub share: f64,
    /// Why.
    #[serde(flatten)]
    pub reason: UnseenReason,
}

/// Why a part of a lot is not shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum UnseenReason {
    /// A no-fly zone keeps the aircraft away.
    Zone {
        /// Its name as shown.
        name: String,
    },
    /// A house or a mast does, which the path is too low to pass over.
    Obstacle {
        /// Its name in the site's data.
        id: ZoneId,
    },
    /// The fence does.
    Fence,
    /// It lies between lanes, or beside their ends.
    Lanes,
}

/// How a survey is to be flown, as planned by the shell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SurveyHow {
    /// What it is after.
    #[serde(default)]
    pub kind: SurveyKind,
    /// Height and speed; absent, as a transit.
    #[serde(default)]
    pub pass: Option<Pass>,
    /// The corners at which another sortie begins, ascending; none when one battery lasts for all.
    #[serde(default)]
    pub begins: Vec<usize>,
    /// What the path shows; absent in logs from before it was reckoned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
}

/// The part of a survey that is flown on one battery: corners `first` to `last` of its path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sortie {
    /// Its first corner.
    pub first: usize,
    /// Its last corner, which the next sortie begins with.
    pub last: usize,
    /// Where what is left begins: the last corner that was passed.
    pub next: usize,
    /// All of it has been flown.
    pub flown: bool,
    /// The flight that is on it.
    pub flight: Option<SortieFlight>,
    /// Flights in a row that passed nothing.
    pub in_vain: u32,
}

impl Sortie {
    fn new(first: usize, last: usize) -> Self {
        Self { first, last, next: first, flown: false, flight: None, in_vain: 0 }
    }
}

/// A flight on a sortie.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SortieFlight {
    /// Which.
    pub mission: MissionId,
    /// The corner at which it began.
    pub from: usize,
}

/// Where a survey stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SurveyState {
    /// Flown, or waiting for an aircraft.
    Open,
    /// All of it has been flown.
    Flown {
        /// When the last corner was passed, milliseconds since 1970-01-01 UTC.
        at_ms: i64,
    },
    /// Somebody called it off.
    Cancelled {
        /// Who; the system when none.
        by: Option<AccountId>,
        /// When.
        at_ms: i64,
    },
    /// Flight after flight got nowhere.
    GivenUp {
        /// When.
        at_ms: i64,
    },
}

/// A survey.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    /// Which.
    pub id: SurveyId,
    /// Of which lot.
    pub lot: LotId,
    /// What it is after.
    pub kind: SurveyKind,
    /// Height and speed.
    pub pass: Option<Pass>,
    /// What its path shows; none for a survey from before it was reckoned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
    /// Its path.
    pub corners: Vec<GeoPoint>,
    /// Its parts, in the order in which they are flown.
    pub sorties: Vec<Sortie>,
    /// Every flight made for it, oldest first.
    pub flights: Vec<MissionId>,
    /// Who asked for it; the system when none.
    pub requested_by: Option<AccountId>,
    /// When, milliseconds since 1970-01-01 UTC.
    pub requested_at_ms: i64,
    /// Where it stands.
    pub state: SurveyState,
    /// The operators know that no aircraft can fly it now.
    pub told: bool,
    /// What its pictures came to; `None` until they were judged.
    pub reported: Option<Reported>,
}

impl Survey {
    pub(crate) fn new(id: SurveyId, lot: LotId, corners: Vec<GeoPoint>, how: &SurveyHow) -> Self {
        let end = corners.len().saturating_sub(1);
        let firsts: Vec<usize> = std::iter::once(0).chain(how.begins.iter().copied()).collect();
        let lasts = firsts.iter().skip(1).copied().chain([end]);
        Self {
            sorties: firsts.iter().zip(lasts).map(|(first, last)| Sortie::new(*first, last)).collect(),
            id,
            lot,
            kind: how.kind,
            pass: how.pass,
            coverage: how.coverage.clone(),
            corners,
            flights: Vec::new(),
            requested_by: None,
            requested_at_ms: 0,
            state: SurveyState::Open,
            told: false,
            reported: None,
        }
    }

    /// Neither flown nor called off nor given up.
    pub fn is_open(&self) -> bool {
        match self.state {
            SurveyState::Open => true,
            SurveyState::Flown { .. } | SurveyState::Cancelled { .. } | SurveyState::GivenUp { .. } => false,
        }
    }

    /// The way flown and the whole way, metres.
    pub fn progress_m(&self) -> (f64, f64) {
        let way_m = |from: usize, to: usize| -> f64 {
            self.corners.get(from..=to).unwrap_or_default().windows(2).map(|pair| pair[0].distance_m(&pair[1])).sum()
        };
        let flown_m = self.sorties.iter().map(|sortie| way_m(sortie.first, if sortie.flown { sortie.last } else { sortie.next }));
        (flown_m.sum(), way_m(0, self.corners.len().saturating_sub(1)))
    }

    /// The flight that is on one of its sorties now.
    pub fn flight(&self) -> Option<&MissionId> {
        self.sorties.iter().find_map(|sortie| sortie.flight.as_ref()).map(|flight| &flight.mission)
    }

    /// What is left of a sortie.
    pub(crate) fn rest(&self, sortie: &Sortie) -> Vec<GeoPoint> {
        self.corners.get(sortie.next..=sortie.last).unwrap_or_default().to_vec()
    }

    /// Ends a sortie so many corners after where what is left of it begins; another takes up the rest.
    pub(crate) fn cut(&mut self, at: usize, corners: usize) {
        let Some(sortie) = self.sorties.get_mut(at) else { return };
        let (end, last) = (sortie.next.saturating_add(corners), sortie.last);
        if (sortie.next + 1..last).contains(&end) {
            sortie.last = end;
            self.sorties.insert(at + 1, Sortie::new(end, last));
        }
    }

    pub(crate) fn sortie_of(&mut self, mission: &MissionId) -> Option<&mut Sortie> {
        self.sorties.iter_mut().find(|sortie| sortie.flight.as_ref().is_some_and(|flight| flight.mission == *mission))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorties_share_the_corner_between_them() {
        let corner = |north: f64| GeoPoint::new(37.5 + north * 1e-4, 127.0).expect("a place");
        let corners: Vec<GeoPoint> = (0..6).map(|at| corner(f64::from(at))).collect();
        let how = SurveyHow { begins: vec![2, 4], ..SurveyHow::default() };
        let id = SurveyId::new("s1").expect("an id");
        let mut survey = Survey::new(id, LotId::new("p1").expect("an id"), corners, &how);
        let ends: Vec<(usize, usize)> = survey.sorties.iter().map(|sortie| (sortie.first, sortie.last)).collect();
        assert_eq!(ends, [(0, 2), (2, 4), (4, 5)]);
        survey.sorties[0].flown = true;
        survey.sorties[1].next = 3;
        let (flown_m, whole_m) = survey.progress_m();
        assert!((flown_m / whole_m - 0.6).abs() < 1e-6, "{flown_m} of {whole_m}");
        assert_eq!(survey.rest(&survey.sorties[1]).len(), 2);
    }
}
