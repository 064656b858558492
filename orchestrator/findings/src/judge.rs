//! One survey against the world: what was found, and what was looked at and is as it should be.

use serde::{Deserialize, Serialize};

use crate::beacons::judge_beacons;
use crate::cars::judge_cars;
use crate::finding::{Finding, Kind, Subject};
use crate::survey::Survey;
use crate::world::World;

/// What one survey says.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Judgement {
    /// What is not as it should be.
    pub found: Vec<Finding>,
    /// What was looked at and is not, or no longer, wrong in this way.
    pub cleared: Vec<(Kind, Subject)>,
}

impl Judgement {
    pub(crate) fn found(&mut self, finding: Finding) {
        self.found.push(finding);
    }

    /// Wrong in this way, and therefore not in the others.
    pub(crate) fn found_of_beacon(&mut self, finding: Finding) {
        for kind in Kind::OF_A_BEACON.into_iter().filter(|kind| *kind != finding.kind) {
            self.cleared(kind, finding.subject.clone());
        }
        self.found(finding);
    }

    pub(crate) fn cleared(&mut self, kind: Kind, subject: Subject) {
        self.cleared.push((kind, subject));
    }
}

/// Compares a survey with the world. The sessions are those that are open [`ARRIVAL_MS`](crate::limits::ARRIVAL_MS) after the last
/// picture, or were open when it was taken: who has just parked is given time.
///
/// The order of the pictures, and pictures that come twice, change nothing.
pub fn judge(world: &World, survey: &Survey) -> Judgement {
    let pictures = survey.distinct();
    let mut judgement = Judgement::default();
    judge_beacons(world, &pictures, &mut judgement);
    judge_cars(world, &pictures, &mut judgement);
    judgement
}
