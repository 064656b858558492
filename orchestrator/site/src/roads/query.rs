//! Searches in the hierarchy: quickest costs from many places to one, and the arcs of one quickest way.
//!
//! First a search from the target, down arcs backwards, gives every junction above it the cost of going down from there. Then each
//! source asks upwards: the cheapest of going down here, or going up an arc and asking there. Answers are remembered, so a
//! hundred guards who share the main roads share their search, too.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::roads::graph::{Cost, UNREACHED};
use crate::roads::hierarchy::{Arc, Hierarchy, NONE};

/// A junction with the cost between it and the place asked for.
pub(crate) type Seed = (u32, Cost);

/// One stretch of a way and whether it is used along its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leg {
    pub stretch: u32,
    pub along: bool,
}

/// Memory of one search, kept between searches so that nothing is allocated or cleared.
#[derive(Debug, Clone)]
pub(crate) struct Scratch {
    round: u32,
    down: Vec<Label>,
    best: Vec<Label>,
    heap: BinaryHeap<Reverse<(Cost, u32)>>,
    stack: Vec<u32>,
}

/// What a search knows of a junction; of an earlier round means nothing.
#[derive(Debug, Clone, Copy)]
struct Label {
    cost: Cost,
    round: u32,
    /// Down search: the junction below. Up search: the junction above, or [`NONE`] where the way turns down.
    next: u32,
}

const UNKNOWN: Label = Label { cost: UNREACHED, round: 0, next: NONE };

impl Scratch {
    pub fn new(hierarchy: &Hierarchy) -> Self {
        let count = hierarchy.rank_of.len();
        Self { round: 0, down: vec![UNKNOWN; count], best: vec![UNKNOWN; count], heap: BinaryHeap::new(), stack: Vec::new() }
    }

    /// Prepares for questions about ways to a target that lies behind these junctions.
    pub fn aim(&mut self, hierarchy: &Hierarchy, targets: &[Seed]) {
        self.next_round();
        self.heap.clear();
        for (node, cost) in targets {
            self.lower(*node, *cost, NONE);
        }
        while let Some(Reverse((cost, node))) = self.heap.pop() {
            if cost > self.down[node as usize].cost {
                continue;
            }
            for arc in hierarchy.down.of(node) {
                self.lower(arc.node, cost + arc.cost, node);
            }
        }
    }

    /// Cost from a place that leaves the network at these junctions to the target aimed at, and the junction it begins with.
    pub fn ask(&mut self, hierarchy: &Hierarchy, sources: &[Seed]) -> Option<(Cost, u32)> {
        let mut cheapest = None;
        for (node, cost) in sources {
            let rest = self.cost_from(hierarchy, *node);
            if rest != UNREACHED && cheapest.is_none_or(|(held, _)| cost + rest < held) {
                cheapest = Some((cost + rest, *node));
            }
        }
        cheapest
    }

    /// The stretches of the quickest way from a junction that was asked about to the target, and the last junction.
    pub fn legs(&self, hierarchy: &Hierarchy, stretch_from: impl Fn(u32) -> u32, start: u32) -> (Vec<Leg>, u32) {
        let mut legs = Vec::new();
        let mut node = start;
        let mut unpack = |from: u32, to: u32, arc: &Arc| unpack(hierarchy, &stretch_from, from, to, *arc, &mut legs);
        while let Some(above) = some(self.best[node as usize].next) {
            unpack(node, above, arc_to(hierarchy.up.of(node), above));
            node = above;
        }
        while let Some(below) = some(self.down[node as usize].next) {
            unpack(node, below, arc_to(hierarchy.down.of(below), node));
            node = below;
        }
        (legs, node)
    }

    fn next_round(&mut self) {
        if self.round == u32::MAX {
            self.down.fill(UNKNOWN);
            self.best.fill(UNKNOWN);
            self.round = 0;
        }
        self.round += 1;
    }

    fn lower(&mut self, node: u32, cost: Cost, next: u32) {
        let held = &mut self.down[node as usize];
        if held.round == self.round && held.cost <= cost {
            return;
        }
        *held = Label { cost, round: self.round, next };
        self.heap.push(Reverse((cost, node)));
    }

    fn down_cost(&self, node: u32) -> Cost {
        let held = &self.down[node as usize];
        if held.round == self.round { held.cost } else { UNREACHED }
    }

    /// Depth first over the junctions above, each answered once. Arcs lead upwards only, so this ends.
    fn cost_from(&mut self, hierarchy: &Hierarchy, start: u32) -> Cost {
        self.stack.push(start);
        while let Some(node) = self.stack.last().copied() {
            if self.best[node as usize].round == self.round {
                self.stack.pop();
                continue;
            }
            let open = self.stack.len();
            let mut best = Label { cost: self.down_cost(node), round: self.round, next: NONE };
            for arc in hierarchy.up.of(node) {
                let above = self.best[arc.node as usize];
                if above.round != self.round {
                    self.stack.push(arc.node);
                } else if above.cost != UNREACHED && arc.cost + above.cost < best.cost {
                    best = Label { cost: arc.cost + above.cost, next: arc.node, ..best };
                }
            }
            if self.stack.len() == open {
                self.best[node as usize] = best;
                self.stack.pop();
            }
        }
        self.best[start as usize].cost
    }
}

fn some(node: u32) -> Option<u32> {
    (node != NONE).then_some(node)
}

fn arc_to(list: &[Arc], node: u32) -> &Arc {
    list.iter().find(|arc| arc.node == node).expect("a label's next junction came from this list")
}

/// Replaces a shortcut by what it stands for, in order.
fn unpack(hierarchy: &Hierarchy, stretch_from: &impl Fn(u32) -> u32, from: u32, to: u32, arc: Arc, legs: &mut Vec<Leg>) {
    let mut stack = vec![(from, to, arc)];
    while let Some((from, to, arc)) = stack.pop() {
        if arc.middle == NONE {
            legs.push(Leg { stretch: arc.stretch, along: stretch_from(arc.stretch) == from });
            continue;
        }
        stack.push((arc.middle, to, *arc_to(hierarchy.up.of(arc.middle), to)));
        stack.push((from, arc.middle, *arc_to(hierarchy.down.of(arc.middle), from)));
    }
}
