//! Findings over the surveys: opened, seen again, acknowledged by a person, fixed. Time comes in with each call.

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Kind, Subject};
use crate::judge::Judgement;
use crate::limits::{FIXED_KEPT, PICTURES_KEPT};

/// Where a finding is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "life", rename_all = "snake_case")]
pub enum Life {
    /// Nobody has looked at it.
    Open,
    /// A person has, and it is not yet right.
    Acknowledged {
        /// Who.
        by: String,
        /// When, milliseconds since 1970.
        at_ms: i64,
    },
    /// It is right again. What goes wrong once more is another finding.
    Fixed {
        /// The person who said so; none when a survey saw it.
        by: Option<String>,
        /// When, milliseconds since 1970.
        at_ms: i64,
    },
}

/// A finding with its life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// Its number, from 1, never used again.
    pub number: u64,
    /// As last seen; pictures of the first and the last surveys that show it.
    pub finding: Finding,
    /// Where it is in its life.
    pub life: Life,
    /// First found, milliseconds since 1970.
    pub first_ms: i64,
    /// Last found.
    pub last_ms: i64,
}

impl Known {
    /// Not fixed.
    pub fn is_live(&self) -> bool {
        match self.life {
            Life::Open | Life::Acknowledged { .. } => true,
            Life::Fixed { .. } => false,
        }
    }

    fn is(&self, finding: &Finding) -> bool {
        /// A code that hangs here and one that hangs further away than this are two, metres.
        const SAME_CODE_M: f64 = 2.0;
        if (self.finding.kind, &self.finding.subject) != (finding.kind, &finding.subject) {
            return false;
        }
        match (&finding.subject, self.finding.place, finding.place) {
            (Subject::Code(_), Some(before), Some(now)) => before.distance_m(&now) <= SAME_CODE_M,
            (Subject::Code(_) | Subject::Beacon(_) | Subject::Bay(_) | Subject::Session(_) | Subject::Area(_), _, _) => true,
        }
    }

    fn seen_again(&mut self, finding: &Finding, at_ms: i64) {
        let mut pictures = std::mem::take(&mut self.finding.pictures);
        pictures.extend(finding.pictures.iter().filter(|id| !self.finding.pictures.contains(id)).cloned());
        pictures.dedup();
        if pictures.len() > PICTURES_KEPT {
            // The oldest half shows how it began, the newest how it is.
            pictures.drain(PICTURES_KEPT / 2..pictures.len() - PICTURES_KEPT / 2);
        }
        self.finding = Finding { pictures, ..finding.clone() };
        self.last_ms = at_ms;
    }
}

/// Why a finding cannot be acknowledged or fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookError {
    /// No finding has this number, or it was fixed so long ago that it is forgotten.
    Unknown(u64),
    /// It is fixed already.
    Fixed(u64),
}

impl std::fmt::Display for BookError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown(number) => write!(f, "there is no finding {number}"),
            Self::Fixed(number) => write!(f, "finding {number} is fixed already"),
        }
    }
}

impl std::error::Error for BookError {}

/// All findings of a lot.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Findings {
    known: Vec<Known>,
    given: u64,
}

impl Findings {
    /// All that are kept, oldest first.
    pub fn all(&self) -> &[Known] {
        &self.known
    }

    /// Those that are not fixed.
    pub fn live(&self) -> impl Iterator<Item = &Known> {
        self.known.iter().filter(|known| known.is_live())
    }

    /// Takes what a survey said. Returns the numbers of new findings.
    pub fn take(&mut self, judgement: &Judgement, at_ms: i64) -> Vec<u64> {
        // What is found again is not over, whatever else about it was looked at.
        let found_again =
            |kind: &Kind, subject: &Subject| judgement.found.iter().any(|found| (&found.kind, &found.subject) == (kind, subject));
        for (kind, subject) in judgement.cleared.iter().filter(|(kind, subject)| !found_again(kind, subject)) {
            self.fix_all(*kind, subject, at_ms);
        }
        let mut opened = Vec::new();
        for finding in &judgement.found {
            match self.known.iter_mut().find(|known| known.is_live() && known.is(finding)) {
                Some(known) => known.seen_again(finding, at_ms),
                None => opened.push(self.open(finding.clone(), at_ms)),
            }
        }
        self.forget();
        opened
    }

    /// A session that has ended misses no car.
    pub fn session_ended(&mut self, session: &str, at_ms: i64) {
        self.fix_all(Kind::SessionWithoutCar, &Subject::Session(session.to_owned()), at_ms);
    }

    /// A person has seen it.
    pub fn acknowledge(&mut self, number: u64, by: &str, at_ms: i64) -> Result<(), BookError> {
        self.live_mut(number)?.life = Life::Acknowledged { by: by.to_owned(), at_ms };
        Ok(())
    }

    /// A person says that it is right again.
    pub fn fix(&mut self, number: u64, by: &str, at_ms: i64) -> Result<(), BookError> {
        self.live_mut(number)?.life = Life::Fixed { by: Some(by.to_owned()), at_ms };
        Ok(())
    }

    fn open(&mut self, mut finding: Finding, at_ms: i64) -> u64 {
        finding.pictures.truncate(PICTURES_KEPT);
        self.given += 1;
        self.known.push(Known { number: self.given, finding, life: Life::Open, first_ms: at_ms, last_ms: at_ms });
        self.given
    }

    fn fix_all(&mut self, kind: Kind, subject: &Subject, at_ms: i64) {
        let about = |known: &&mut Known| known.is_live() && (known.finding.kind, &known.finding.subject) == (kind, subject);
        self.known.iter_mut().filter(about).for_each(|known| known.life = Life::Fixed { by: None, at_ms });
    }

    /// Why a finding with this number cannot be acknowledged or fixed, if it cannot.
    pub fn check(&self, number: u64) -> Result<(), BookError> {
        let known = self.known.iter().find(|known| known.number == number).ok_or(BookError::Unknown(number))?;
        if known.is_live() { Ok(()) } else { Err(BookError::Fixed(number)) }
    }

    fn live_mut(&mut self, number: u64) -> Result<&mut Known, BookError> {
        let known = self.known.iter_mut().find(|known| known.number == number).ok_or(BookError::Unknown(number))?;
        if known.is_live() { Ok(known) } else { Err(BookError::Fixed(number)) }
    }

    /// The oldest fixed ones go when there are too many.
    fn forget(&mut self) {
        let fixed = self.known.iter().filter(|known| !known.is_live()).count();
        let mut surplus = fixed.saturating_sub(FIXED_KEPT);
        self.known.retain(|known| {
            let goes = surplus > 0 && !known.is_live();
            surplus -= usize::from(goes);
            !goes
        });
    }
}
