//! What surveys have found on each lot: findings with their lives, and which bays were taken when last seen. Judged elsewhere
//! (`survey-findings`); here it is only kept, in the district's log.

use std::collections::BTreeMap;

use flight_types::{LotId, SurveyId};
use parking_core::Parking;
use parking_core::id::SessionId;
use serde::{Deserialize, Serialize};
use survey_findings::{Findings, Judgement, Kind, Session, Subject};

use crate::cause::Cause;
use crate::event::Actor;
use crate::refusal::Refusal;
use crate::state::State;
use crate::turn::Turn;

/// Bays of one lot that are remembered; larger lots are a mistake in the drawing.
const BAYS_KEPT_MAX: usize = 10_000;
/// Findings that one survey may bring; a survey with more says that its register is wrong, not the lot.
pub(crate) const FOUND_MAX: usize = 2_000;

/// A bay as a survey saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaySighting {
    /// Which.
    pub bay: String,
    /// Whether a car stood in it; `None` when pictures disagreed.
    pub taken: Option<bool>,
    /// When it was last seen, milliseconds since 1970-01-01 UTC.
    pub seen_ms: i64,
}

/// What a survey's pictures came to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SurveyReport {
    /// What is not as it should be, and what is again.
    pub judgement: Judgement,
    /// Bays that were seen.
    pub bays: Vec<BaySighting>,
    /// Pictures that counted.
    pub pictures: usize,
    /// Frames that came too fast to be looked at.
    pub dropped: u64,
    /// Areas whose beacon's place no picture showed well enough.
    pub unseen: Vec<String>,
}

/// A survey's report, as far as its list tells of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reported {
    /// When, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// Pictures that counted.
    pub pictures: usize,
    /// Frames that were dropped.
    pub dropped: u64,
    /// Numbers of findings that it opened.
    pub opened: Vec<u64>,
    /// Findings that it saw, new or known.
    pub found: usize,
    /// Areas that it did not see.
    pub unseen: Vec<String>,
}

/// All that is known of a lot from the air.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct LotBook {
    /// Findings with their lives.
    pub findings: Findings,
    /// Bays by id.
    pub bays: BTreeMap<String, BaySighting>,
}

/// The stays of a lot that a survey begun at `since_ms` may meet: those that are open, and those that ended after it began.
pub fn stays_since(parking: &Parking, lot: &LotId, since_ms: i64) -> Vec<Session> {
    let there = |stay: &&parking_core::model::Session| stay.exit.as_ref().is_none_or(|exit| since_ms <= exit.at_ms);
    let session = |stay: &parking_core::model::Session| Session {
        id: stay.id.to_string(),
        area: stay.area.to_string(),
        plate: stay.plate.to_string(),
        since_ms: stay.entered_at_ms,
        until_ms: stay.exit.as_ref().map(|exit| exit.at_ms),
    };
    parking.sessions_of_lot(lot).filter(there).map(session).collect()
}

/// Whether a survey's report would be taken.
pub(crate) fn may_report(state: &State, survey: &SurveyId, report: &SurveyReport) -> Result<(), Refusal> {
    let known = state.surveys.get(survey).ok_or_else(|| Refusal::Unknown { kind: "survey", id: survey.to_string() })?;
    let too_many = report.judgement.found.len() > FOUND_MAX || report.bays.len() > BAYS_KEPT_MAX;
    if known.reported.is_some() || too_many { Err(Refusal::not_now(Cause::SurveyOver)) } else { Ok(()) }
}

/// Whether a finding can be acknowledged or fixed.
pub(crate) fn may_settle(state: &State, actor: &Actor, lot: &LotId, finding: u64) -> Result<(), Refusal> {
    let unknown = || Refusal::Unknown { kind: "finding", id: finding.to_string() };
    let book = state.lots.get(lot).ok_or_else(unknown)?;
    match (book.findings.check(finding), actor) {
        (Ok(()), Actor::Account { .. }) => Ok(()),
        (Ok(()), _) => Err(Refusal::NotYours { kind: "finding", id: finding.to_string() }),
        (Err(survey_findings::BookError::Unknown(_)), _) => Err(unknown()),
        (Err(survey_findings::BookError::Fixed(_)), _) => Err(Refusal::not_now(Cause::FindingFixed)),
    }
}

/// A survey's pictures were judged.
pub(crate) fn reported(state: &mut State, turn: &Turn, id: &SurveyId, report: &SurveyReport) {
    let Some(survey) = state.surveys.get_mut(id) else { return };
    let book = state.lots.entry(survey.lot.clone()).or_default();
    let opened = book.findings.take(&report.judgement, turn.now_ms);
    book.bays.extend(report.bays.iter().map(|bay| (bay.bay.clone(), bay.clone())));
    while book.bays.len() > BAYS_KEPT_MAX {
        book.bays.pop_first();
    }
    survey.reported = Some(Reported {
        at_ms: turn.now_ms,
        pictures: report.pictures,
        dropped: report.dropped,
        opened,
        found: report.judgement.found.len(),
        unseen: report.unseen.clone(),
    });
}

/// A person has seen a finding, or says that it is right again.
pub(crate) fn settled(state: &mut State, turn: &Turn, lot: &LotId, finding: u64, is_fixed: bool) {
    let Actor::Account { id, .. } = &turn.actor else { return };
    let Some(book) = state.lots.get_mut(lot) else { return };
    let findings = &mut book.findings;
    let done = match is_fixed {
        true => findings.fix(finding, id.as_str(), turn.now_ms),
        false => findings.acknowledge(finding, id.as_str(), turn.now_ms),
    };
    debug_assert!(done.is_ok(), "what cannot be settled was not admitted");
}

/// A stay may have ended: it misses its car no more.
pub(crate) fn stays_changed(state: &mut State, turn: &Turn) {
    let State { lots, parking, .. } = state;
    let is_over =
        |id: &str| SessionId::new(id).ok().and_then(|id| parking.session(&id)).is_some_and(|session| !session.is_active());
    for book in lots.values_mut() {
        let missing = book.findings.live().filter(|known| known.finding.kind == Kind::SessionWithoutCar);
        let over: Vec<String> = missing
            .filter_map(|known| match &known.finding.subject {
                Subject::Session(id) if is_over(id) => Some(id.clone()),
                Subject::Session(_) | Subject::Beacon(_) | Subject::Code(_) | Subject::Bay(_) | Subject::Area(_) => None,
            })
            .collect();
        over.iter().for_each(|id| book.findings.session_ended(id, turn.now_ms));
    }
}
