//! Where a sweep may fly, and what it is to see: the same ground, unless a part of the lot must not be flown over.

use crate::grid::Grid;
use crate::lot::Lot;
use crate::plane::{Point, foot};

/// Ground to be flown over, and that to be seen from it.
#[derive(Debug, Clone)]
pub(crate) struct Area {
    /// Paths stay on it.
    pub(crate) flown: Lot,
    /// What is to be seen where it is more: the whole lot, of which what lies within reach of `flown` counts.
    around: Option<Lot>,
}

impl Area {
    /// Flown and seen alike.
    pub(crate) fn whole(lot: &Lot) -> Self {
        Self { flown: lot.clone(), around: None }
    }

    /// A part of a lot, with what of the lot is seen beside it.
    pub(crate) fn part(part: &Lot, ground: &Lot) -> Self {
        Self { flown: part.clone(), around: (part != ground).then(|| ground.clone()) }
    }

    /// More is to be seen than is flown over.
    pub(crate) fn looks_beside(&self) -> bool {
        self.around.is_some()
    }

    /// The drawing whose sides lanes follow.
    pub(crate) fn drawn(&self) -> &Lot {
        self.around.as_ref().unwrap_or(&self.flown)
    }

    pub(crate) fn turned(&self, angle: (f64, f64)) -> Self {
        Self { flown: self.flown.turned(angle), around: self.around.as_ref().map(|ground| ground.turned(angle)) }
    }

    /// Points of what is to be seen, about `count` on what is flown over.
    pub(crate) fn grid(&self, count: f64, reach_m: f64) -> Grid {
        match &self.around {
            None => Grid::new(&self.flown, count),
            Some(ground) => {
                let within = |place: Point| self.flown.contains(place) || self.is_within(place, reach_m);
                Grid::beside(ground, &self.flown, count, reach_m, within)
            }
        }
    }

    fn is_within(&self, place: Point, reach_m: f64) -> bool {
        self.flown.edges().any(|(a, b)| foot(place, a, b).distance_m(place) <= reach_m)
    }
}
