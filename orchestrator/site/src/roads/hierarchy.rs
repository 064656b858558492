//! A contraction hierarchy: junctions in an order of importance, with shortcuts over the less important ones, so that every
//! quickest way goes up in importance and then down.
//!
//! After Geisberger, Sanders, Schultes and Delling, "Contraction Hierarchies: Faster and Simpler Hierarchical Routing in Road
//! Networks" (2008). Junctions are renumbered by importance: a higher number is more important.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::roads::graph::{Cost, Graph, UNREACHED};

/// "Not a shortcut" and "no stretch".
pub(crate) const NONE: u32 = u32::MAX;

/// Junctions a witness search settles before it gives up. Giving up costs a needless shortcut, never a wrong way; 60 is where
/// more stopped making fewer shortcuts on town networks.
const WITNESS_SETTLED_MAX: usize = 60;

/// A way between two junctions: a stretch of road, or a shortcut over a less important junction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arc {
    /// The other end.
    pub node: u32,
    /// What it costs.
    pub cost: Cost,
    /// The junction passed over; [`NONE`] for a stretch.
    pub middle: u32,
    /// The stretch; [`NONE`] for a shortcut.
    pub stretch: u32,
}

/// Arcs to more important junctions, one list a junction, in one array.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arcs {
    starts: Vec<u32>,
    arcs: Vec<Arc>,
}

impl Arcs {
    fn pack(lists: &[Vec<Arc>]) -> Self {
        let mut packed = Self { starts: vec![0], arcs: Vec::new() };
        for list in lists {
            packed.arcs.extend_from_slice(list);
            packed.starts.push(packed.arcs.len() as u32);
        }
        packed
    }

    pub fn of(&self, node: u32) -> &[Arc] {
        &self.arcs[self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize]
    }
}

/// The hierarchy, ready for queries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hierarchy {
    /// New number of each of the graph's junctions.
    pub rank_of: Vec<u32>,
    /// Ways from a junction up to more important ones.
    pub up: Arcs,
    /// Ways from more important junctions down to this one.
    pub down: Arcs,
}

impl Hierarchy {
    /// Contracts every junction, the least important first.
    pub fn build(graph: &Graph) -> Self {
        let mut contraction = Contraction::new(graph);
        let order = contraction.contract_all();
        let mut rank_of = vec![0; order.len()];
        for (rank, node) in (0u32..).zip(&order) {
            rank_of[*node as usize] = rank;
        }
        // When a junction was contracted, what was left in its lists led to more important ones only.
        let renumber = |lists: &[Vec<Arc>]| {
            let in_order: Vec<Vec<Arc>> = order.iter().map(|node| ranked(&lists[*node as usize], &rank_of)).collect();
            Arcs::pack(&in_order)
        };
        let (up, down) = (renumber(&contraction.out), renumber(&contraction.into));
        Self { rank_of, up, down }
    }
}

fn ranked(list: &[Arc], rank_of: &[u32]) -> Vec<Arc> {
    let rank = |node: u32| if node == NONE { NONE } else { rank_of[node as usize] };
    list.iter().map(|arc| Arc { node: rank(arc.node), middle: rank(arc.middle), ..*arc }).collect()
}

/// The graph while it shrinks: arcs between junctions not yet contracted; a contracted junction's lists stay as they were.
struct Contraction {
    out: Vec<Vec<Arc>>,
    into: Vec<Vec<Arc>>,
    /// One more than the deepest contracted neighbour: spreads contraction evenly.
    depth: Vec<u32>,
    witness: Witness,
}

impl Contraction {
    fn new(graph: &Graph) -> Self {
        let count = graph.junctions as usize;
        let mut new = Self {
            out: vec![Vec::new(); count],
            into: vec![Vec::new(); count],
            depth: vec![0; count],
            witness: Witness { cost: vec![UNREACHED; count], touched: Vec::new(), heap: BinaryHeap::new() },
        };
        for (number, stretch) in (0u32..).zip(&graph.stretches) {
            let arc = |node| Arc { node, cost: stretch.part(0.0, 1.0), middle: NONE, stretch: number };
            new.connect(stretch.from, arc(stretch.to));
            if stretch.both_ways {
                new.connect(stretch.to, arc(stretch.from));
            }
        }
        new
    }

    /// Adds an arc, or improves the one there is. A way back to the same junction is never the quickest.
    fn connect(&mut self, from: u32, arc: Arc) {
        if from == arc.node {
            return;
        }
        let back = Arc { node: from, ..arc };
        improve(&mut self.out[from as usize], arc);
        improve(&mut self.into[arc.node as usize], back);
    }

    fn contract_all(&mut self) -> Vec<u32> {
        let count = self.out.len() as u32;
        let mut queue: BinaryHeap<Reverse<(i64, u32)>> = (0..count).map(|node| Reverse((self.importance(node), node))).collect();
        let mut order = Vec::with_capacity(count as usize);
        while let Some(Reverse((_, node))) = queue.pop() {
            // Importance grows as neighbours go; the junction is taken only if it is still the least important.
            let importance = self.importance(node);
            if queue.peek().is_some_and(|Reverse(next)| *next < (importance, node)) {
                queue.push(Reverse((importance, node)));
                continue;
            }
            self.contract(node);
            order.push(node);
        }
        order
    }

    fn importance(&mut self, node: u32) -> i64 {
        let removed = self.out[node as usize].len() + self.into[node as usize].len();
        let added = self.shortcuts(node).len();
        2 * added as i64 - removed as i64 + i64::from(self.depth[node as usize])
    }

    fn contract(&mut self, node: u32) {
        for (from, arc) in self.shortcuts(node) {
            self.connect(from, arc);
        }
        let depth = self.depth[node as usize] + 1;
        let (out, into) = (self.out[node as usize].clone(), self.into[node as usize].clone());
        for arc in &out {
            self.into[arc.node as usize].retain(|back| back.node != node);
            self.depth[arc.node as usize] = self.depth[arc.node as usize].max(depth);
        }
        for arc in &into {
            self.out[arc.node as usize].retain(|forth| forth.node != node);
            self.depth[arc.node as usize] = self.depth[arc.node as usize].max(depth);
        }
    }

    /// The shortcuts needed when `node` goes: those for which no other way is as quick.
    fn shortcuts(&mut self, node: u32) -> Vec<(u32, Arc)> {
        let mut needed = Vec::new();
        let (out, into) = (&self.out[node as usize], &self.into[node as usize]);
        let Some(dearest) = out.iter().map(|arc| arc.cost).max() else {
            return needed;
        };
        for before in into {
            self.witness.search(&self.out, before.node, node, before.cost + dearest);
            for after in out.iter().filter(|after| after.node != before.node) {
                let cost = before.cost + after.cost;
                if self.witness.cost[after.node as usize] > cost {
                    needed.push((before.node, Arc { node: after.node, cost, middle: node, stretch: NONE }));
                }
            }
        }
        needed
    }
}

fn improve(list: &mut Vec<Arc>, arc: Arc) {
    match list.iter_mut().find(|held| held.node == arc.node) {
        Some(held) if held.cost <= arc.cost => {}
        Some(held) => *held = arc,
        None => list.push(arc),
    }
}

/// A bounded search for ways round the junction that is to go.
struct Witness {
    cost: Vec<Cost>,
    touched: Vec<u32>,
    heap: BinaryHeap<Reverse<(Cost, u32)>>,
}

impl Witness {
    fn search(&mut self, out: &[Vec<Arc>], from: u32, avoiding: u32, limit: Cost) {
        for node in self.touched.drain(..) {
            self.cost[node as usize] = UNREACHED;
        }
        self.heap.clear();
        self.reach(from, 0);
        let mut settled = 0;
        while let Some(Reverse((cost, node))) = self.heap.pop() {
            if cost > limit || settled == WITNESS_SETTLED_MAX {
                return;
            }
            if cost > self.cost[node as usize] {
                continue;
            }
            settled += 1;
            for arc in out[node as usize].iter().filter(|arc| arc.node != avoiding) {
                self.reach(arc.node, cost + arc.cost);
            }
        }
    }

    fn reach(&mut self, node: u32, cost: Cost) {
        let held = &mut self.cost[node as usize];
        if cost >= *held {
            return;
        }
        if *held == UNREACHED {
            self.touched.push(node);
        }
        *held = cost;
        self.heap.push(Reverse((cost, node)));
    }
}
