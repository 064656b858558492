//! Times and ways by road, for guards: snapping, one to one, many to one, and the way to show and to drive.
//!
//! Turns are free and may be made everywhere; turn restrictions and traffic are not known. Speeds are averages with junctions in
//! them (see `speeds`).

mod graph;
mod hierarchy;
mod query;
mod snap;
mod speeds;

use std::sync::Mutex;

use flight_types::GeoPoint;

pub use snap::{SNAP_DISTANCE_MAX_M, Snapped};
pub use speeds::{Travel, ruler_eta_s, walk_eta_s};

use crate::model::Road;
use graph::{Cost, Graph, Stretch, length_m, time_s};
use hierarchy::Hierarchy;
use query::{Leg, Scratch, Seed};
use snap::SnapGrid;

/// Memories kept for reuse: one a thread that asks at the same time, and a server asks from a few.
const SCRATCHES_KEPT_MAX: usize = 8;

/// Time and length of the quickest way by road.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoadEta {
    /// Between the two places on the road, seconds.
    pub eta_s: f64,
    /// Along the road, metres.
    pub distance_m: f64,
    /// Where the way begins.
    pub from: Snapped,
    /// Where it ends.
    pub to: Snapped,
}

impl RoadEta {
    /// Seconds from the place asked for to the place asked for: the time by road, and on foot to and from it. What decides who is
    /// soonest.
    pub fn door_to_door_s(&self) -> f64 {
        self.eta_s + walk_eta_s(self.from.offset_m + self.to.offset_m)
    }
}

/// A way by road.
#[derive(Debug, Clone, PartialEq)]
pub struct RoadRoute {
    /// Its time, length and ends.
    pub eta: RoadEta,
    /// Its course from one end to the other.
    pub line: Vec<GeoPoint>,
}

/// A road network prepared for questions. Built once; asked from any thread.
#[derive(Debug)]
pub struct RoadTimes {
    graph: Graph,
    hierarchy: Hierarchy,
    grid: Option<SnapGrid>,
    scratches: Mutex<Vec<Scratch>>,
}

impl RoadTimes {
    /// Prepares the roads for guards.
    pub fn build(roads: &[Road]) -> Self {
        Self::build_for(roads, Travel::Guard)
    }

    /// Prepares the roads for this traveller. Only the largest part in which every place can be reached from every other is used;
    /// places elsewhere are moved to it when it is near enough.
    pub fn build_for(roads: &[Road], travel: Travel) -> Self {
        let graph = Graph::build(roads, travel);
        let hierarchy = Hierarchy::build(&graph);
        let grid = SnapGrid::build(&graph);
        Self { graph, hierarchy, grid, scratches: Mutex::new(Vec::new()) }
    }

    /// Junctions in use.
    pub fn junction_count(&self) -> usize {
        self.graph.junctions as usize
    }

    /// Stretches left out because they do not hang together with the main network in both directions.
    pub fn cut_off_count(&self) -> usize {
        self.graph.cut_off
    }

    /// The nearest place on a road, or `None` when there is none within [`SNAP_DISTANCE_MAX_M`].
    pub fn snap(&self, point: GeoPoint) -> Option<Snapped> {
        self.grid.as_ref()?.snap(&self.graph, point)
    }

    /// The quickest way's time and length; `None` when either place is off the network (then: [`ruler_eta_s`]).
    pub fn one_to_one(&self, from: GeoPoint, to: GeoPoint) -> Option<RoadEta> {
        let (from, to) = (self.snap(from)?, self.snap(to)?);
        self.with_scratch(|scratch| {
            self.aim(scratch, &to);
            self.eta(scratch, from, to)
        })
    }

    /// The same from many places to one, in one search. Answers in the order of `from`.
    pub fn many_to_one(&self, from: &[GeoPoint], to: GeoPoint) -> Vec<Option<RoadEta>> {
        let Some(to) = self.snap(to) else {
            return vec![None; from.len()];
        };
        self.with_scratch(|scratch| {
            self.aim(scratch, &to);
            from.iter().map(|from| self.eta(scratch, self.snap(*from)?, to)).collect()
        })
    }

    /// The quickest way with its course.
    pub fn route(&self, from: GeoPoint, to: GeoPoint) -> Option<RoadRoute> {
        let (from, to) = (self.snap(from)?, self.snap(to)?);
        self.with_scratch(|scratch| {
            self.aim(scratch, &to);
            let eta = self.eta(scratch, from, to)?;
            let direct = self.direct(&from, &to);
            let beyond = scratch.ask(&self.hierarchy, &self.leaving(&from));
            let line = match (direct, beyond) {
                (Some(direct), Some((cost, start))) if cost < direct => self.line(scratch, &from, &to, start),
                (None, Some((_, start))) => self.line(scratch, &from, &to, start),
                (Some(_), _) | (None, None) => part_of_line(self.stretch(&from), from.share, to.share),
            };
            Some(RoadRoute { eta, line })
        })
    }

    fn stretch(&self, snapped: &Snapped) -> &Stretch {
        &self.graph.stretches[snapped.stretch as usize]
    }

    fn aim(&self, scratch: &mut Scratch, to: &Snapped) {
        scratch.aim(&self.hierarchy, &self.arriving(to));
    }

    fn eta(&self, scratch: &mut Scratch, from: Snapped, to: Snapped) -> Option<RoadEta> {
        let beyond = scratch.ask(&self.hierarchy, &self.leaving(&from)).map(|(cost, _)| cost);
        let cost = match (self.direct(&from, &to), beyond) {
            (Some(direct), Some(beyond)) => direct.min(beyond),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => return None,
        };
        Some(RoadEta { eta_s: time_s(cost), distance_m: length_m(cost), from, to })
    }

    /// Junctions one can drive to from a place, with the cost of getting there.
    fn leaving(&self, from: &Snapped) -> SeedList {
        let stretch = self.stretch(from);
        let onward = (self.rank(stretch.to), stretch.part(from.share, 1.0));
        let back = stretch.both_ways.then(|| (self.rank(stretch.from), stretch.part(0.0, from.share)));
        SeedList::of(onward, back)
    }

    /// Junctions from which one can drive to a place, with the cost of the rest.
    fn arriving(&self, to: &Snapped) -> SeedList {
        let stretch = self.stretch(to);
        let onward = (self.rank(stretch.from), stretch.part(0.0, to.share));
        let back = stretch.both_ways.then(|| (self.rank(stretch.to), stretch.part(to.share, 1.0)));
        SeedList::of(onward, back)
    }

    /// The cost of staying on one stretch, where both places lie on it and its direction allows.
    fn direct(&self, from: &Snapped, to: &Snapped) -> Option<Cost> {
        let stretch = self.stretch(from);
        let allowed = from.stretch == to.stretch && (stretch.both_ways || from.share <= to.share);
        allowed.then(|| stretch.part(from.share, to.share))
    }

    fn rank(&self, junction: u32) -> u32 {
        self.hierarchy.rank_of[junction as usize]
    }

    fn line(&self, scratch: &Scratch, from: &Snapped, to: &Snapped, start: u32) -> Vec<GeoPoint> {
        let stretch_from = |stretch: u32| self.rank(self.graph.stretches[stretch as usize].from);
        let (legs, end) = scratch.legs(&self.hierarchy, stretch_from, start);
        let mut line = self.first_part(from, start);
        for Leg { stretch, along } in legs {
            let course = &self.graph.stretches[stretch as usize].line;
            if along { line.extend(course.iter().skip(1)) } else { line.extend(course.iter().rev().skip(1)) }
        }
        line.extend(self.last_part(to, end).into_iter().skip(1));
        line.dedup();
        line
    }

    fn first_part(&self, from: &Snapped, start: u32) -> Vec<GeoPoint> {
        let stretch = self.stretch(from);
        let onward = self.rank(stretch.to) == start;
        let back = stretch.both_ways && self.rank(stretch.from) == start;
        // On a loop both ends are the same junction: take the shorter side, as the cost did.
        let end = if onward && !(back && from.share < 0.5) { 1.0 } else { 0.0 };
        part_of_line(stretch, from.share, end)
    }

    fn last_part(&self, to: &Snapped, end: u32) -> Vec<GeoPoint> {
        let stretch = self.stretch(to);
        let onward = self.rank(stretch.from) == end;
        let back = stretch.both_ways && self.rank(stretch.to) == end;
        let begin = if onward && !(back && to.share > 0.5) { 0.0 } else { 1.0 };
        part_of_line(stretch, begin, to.share)
    }

    /// Lends a memory. A poisoned lock only means that another thread stopped while it held the list, never a half-done search.
    fn with_scratch<T>(&self, search: impl FnOnce(&mut Scratch) -> T) -> T {
        let kept = self.scratches.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).pop();
        let mut scratch = kept.unwrap_or_else(|| Scratch::new(&self.hierarchy));
        let answer = search(&mut scratch);
        let mut kept = self.scratches.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if kept.len() < SCRATCHES_KEPT_MAX {
            kept.push(scratch);
        }
        answer
    }
}

/// One or two seeds without allocating.
struct SeedList {
    seeds: [Seed; 2],
    count: usize,
}

impl SeedList {
    fn of(first: Seed, second: Option<Seed>) -> Self {
        match second {
            Some(second) => Self { seeds: [first, second], count: 2 },
            None => Self { seeds: [first, first], count: 1 },
        }
    }
}

impl std::ops::Deref for SeedList {
    type Target = [Seed];
    fn deref(&self) -> &[Seed] {
        &self.seeds[..self.count]
    }
}

/// The course of a stretch from one share of its length to another, backwards when the second is smaller.
fn part_of_line(stretch: &Stretch, from_share: f64, to_share: f64) -> Vec<GeoPoint> {
    if to_share < from_share {
        let mut line = part_of_line(stretch, to_share, from_share);
        line.reverse();
        return line;
    }
    let (low_m, high_m) = (from_share * stretch.length_m, to_share * stretch.length_m);
    let mut line = vec![at_length(stretch, low_m)];
    let mut passed_m = 0.0;
    for pair in stretch.line.windows(2) {
        passed_m += pair[0].distance_m(&pair[1]);
        if passed_m > low_m && passed_m < high_m {
            line.push(pair[1]);
        }
    }
    line.push(at_length(stretch, high_m));
    line
}

fn at_length(stretch: &Stretch, length_m: f64) -> GeoPoint {
    let mut passed_m = 0.0;
    for pair in stretch.line.windows(2) {
        let segment_m = pair[0].distance_m(&pair[1]);
        if passed_m + segment_m >= length_m && segment_m > 0.0 {
            return between(pair[0], pair[1], ((length_m - passed_m) / segment_m).clamp(0.0, 1.0));
        }
        passed_m += segment_m;
    }
    stretch.line[stretch.line.len() - 1]
}

fn between(a: GeoPoint, b: GeoPoint, share: f64) -> GeoPoint {
    let mix = |a: f64, b: f64| a + share * (b - a);
    GeoPoint::new(mix(a.lat_deg(), b.lat_deg()), mix(a.lon_deg(), b.lon_deg())).expect("between two places lies a place")
}

#[cfg(test)]
mod tests;
