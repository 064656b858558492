//! What came of a survey: findings, each with the picture that shows it best, and which bays are taken.

use std::collections::BTreeMap;

use survey_findings::limits::PICTURES_KEPT;
use survey_findings::{Finding, Judgement, Kind, Picture, Point, Subject, is_taken};

use crate::register::Register;

/// A bay as last seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Occupancy {
    /// Which.
    pub bay: String,
    /// Whether a car stands in it; `None` when pictures disagree or too few show it.
    pub taken: Option<bool>,
    /// When it was last seen, milliseconds since 1970; `None` when it never was.
    pub seen_ms: Option<i64>,
}

/// What came of a survey.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What is not as it should be.
    pub found: Vec<Finding>,
    /// What was looked at and is not, or no longer, wrong in this way.
    pub cleared: Vec<(Kind, Subject)>,
    /// Every bay of the register.
    pub bays: Vec<Occupancy>,
    /// Areas whose beacon's place no picture showed well enough.
    pub unseen: Vec<String>,
}

pub(crate) fn report(register: &Register, judgement: Judgement, pictures: &[Picture], middles: &BTreeMap<String, Point>) -> Report {
    let shown = |finding: Finding| {
        let best = best(&finding, middles);
        Finding { pictures: few(&finding.pictures, best.as_ref()), best, ..finding }
    };
    let looked_at = |area: &String| pictures.iter().any(|picture| picture.looked_at.contains(area));
    Report {
        found: judgement.found.into_iter().map(shown).collect(),
        cleared: judgement.cleared,
        bays: register.bays.iter().map(|bay| occupancy(&bay.id, pictures)).collect(),
        unseen: register.beacons.iter().map(|beacon| beacon.area.clone()).filter(|area| !looked_at(area)).collect(),
    }
}

/// As many pictures as a finding keeps, the best among them.
fn few(pictures: &[String], best: Option<&String>) -> Vec<String> {
    let mut kept: Vec<String> = pictures.iter().take(PICTURES_KEPT).cloned().collect();
    if let (Some(best), Some(last)) = (best.filter(|best| !kept.contains(best)), kept.last_mut()) {
        last.clone_from(best);
    }
    kept
}

fn best(finding: &Finding, middles: &BTreeMap<String, Point>) -> Option<String> {
    let Some(place) = finding.place else { return finding.pictures.first().cloned() };
    let known = finding.pictures.iter().filter_map(|id| Some((id, middles.get(id)?)));
    known.min_by(|(_, a), (_, b)| a.distance_m(&place).total_cmp(&b.distance_m(&place))).map(|(id, _)| id.clone())
}

fn occupancy(bay: &str, pictures: &[Picture]) -> Occupancy {
    let looks = pictures
        .iter()
        .flat_map(|picture| picture.bays.iter().filter(|seen| seen.bay == bay).map(|seen| (picture.taken_ms, seen.taken)));
    let looks: Vec<(i64, f64)> = looks.collect();
    let taken = is_taken(looks.iter().map(|(_, taken)| *taken));
    Occupancy { bay: bay.to_owned(), taken, seen_ms: looks.iter().map(|(at_ms, _)| *at_ms).max() }
}
