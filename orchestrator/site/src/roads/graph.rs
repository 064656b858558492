//! Roads as a graph: junctions, the stretches between them, and what can be reached from everywhere.

use std::collections::BTreeMap;

use flight_types::GeoPoint;

use crate::model::Road;
use crate::roads::speeds::{Travel, speed_m_s};

/// Time and length in one number: milliseconds in the upper half, centimetres in the lower. Sums add both, comparisons look at the
/// time first. A day and forty thousand kilometres fit.
pub(crate) type Cost = u64;

/// No way.
pub(crate) const UNREACHED: Cost = Cost::MAX;

pub(crate) fn cost(time_s: f64, length_m: f64) -> Cost {
    let (time_ms, length_cm) = ((time_s * 1_000.0).round() as u64, (length_m * 100.0).round() as u64);
    time_ms.min(u64::from(u32::MAX / 2)) << 32 | length_cm.min(u64::from(u32::MAX / 2))
}

pub(crate) fn time_s(cost: Cost) -> f64 {
    (cost >> 32) as f64 / 1_000.0
}

pub(crate) fn length_m(cost: Cost) -> f64 {
    (cost & 0xffff_ffff) as f64 / 100.0
}

/// A stretch of one road between two junctions.
#[derive(Debug, Clone)]
pub(crate) struct Stretch {
    /// Where the line begins.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
    /// Index into the roads given.
    pub road: u32,
    /// The reverse direction may be used as well.
    pub both_ways: bool,
    /// For people on foot only.
    pub on_foot: bool,
    /// Metres per second.
    pub speed_m_s: f64,
    /// Metres.
    pub length_m: f64,
    /// Its course.
    pub line: Vec<GeoPoint>,
}

impl Stretch {
    /// The cost of a part of it, from one share of its length to another.
    pub fn part(&self, from_share: f64, to_share: f64) -> Cost {
        let length_m = (to_share - from_share).abs() * self.length_m;
        cost(length_m / self.speed_m_s, length_m)
    }
}

/// Junctions and stretches, all reachable from each other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Graph {
    /// Number of junctions.
    pub junctions: u32,
    /// Stretches between them.
    pub stretches: Vec<Stretch>,
    /// Stretches left out because they cannot be reached from the main network, or cannot reach it.
    pub cut_off: usize,
}

impl Graph {
    /// Builds the graph of all roads this traveller may use, and keeps its largest strongly connected part.
    pub fn build(roads: &[Road], travel: Travel) -> Self {
        let whole = split(roads, travel);
        let part_of = strong_parts(whole.junctions, &whole.stretches);
        let main = largest(&part_of, &whole.stretches);
        keep_part(whole, &part_of, main)
    }
}

/// OpenStreetMap's own resolution, so equal positions are equal keys.
fn key(point: &GeoPoint) -> (i64, i64) {
    ((point.lat_deg() * 1e7).round() as i64, (point.lon_deg() * 1e7).round() as i64)
}

fn split(roads: &[Road], travel: Travel) -> Graph {
    let used: Vec<(u32, &Road, f64)> =
        (0u32..).zip(roads).filter_map(|(index, road)| speed_m_s(road, travel).map(|speed| (index, road, speed))).collect();
    let mut junctions = Junctions::of(used.iter().map(|(_, road, _)| road.line.as_slice()));
    let mut stretches = Vec::new();
    for (index, road, speed_m_s) in used {
        for line in junctions.cut(&road.line) {
            let (from, to) = (junctions.number(&line[0]), junctions.number(&line[line.len() - 1]));
            let length_m = line.windows(2).map(|pair| pair[0].distance_m(&pair[1])).sum();
            let on_foot = !road.class.is_drivable();
            stretches.push(Stretch { from, to, road: index, both_ways: !road.one_way, on_foot, speed_m_s, length_m, line });
        }
    }
    Graph { junctions: junctions.count, stretches, cut_off: 0 }
}

/// How often each position is used, and the numbers given to those that are junctions.
struct Junctions {
    uses: BTreeMap<(i64, i64), u32>,
    numbers: BTreeMap<(i64, i64), u32>,
    count: u32,
}

impl Junctions {
    fn of<'a>(lines: impl Iterator<Item = &'a [GeoPoint]>) -> Self {
        let mut uses = BTreeMap::new();
        for line in lines {
            for (place, point) in line.iter().enumerate() {
                let is_end = place == 0 || place + 1 == line.len();
                // An end is a junction even when no other road shares it.
                *uses.entry(key(point)).or_insert(0) += if is_end { 2 } else { 1 };
            }
        }
        Self { uses, numbers: BTreeMap::new(), count: 0 }
    }

    fn is_junction(&self, point: &GeoPoint) -> bool {
        self.uses.get(&key(point)).is_some_and(|uses| *uses > 1)
    }

    /// Cuts a line at its junctions; pieces without length are dropped.
    fn cut(&self, line: &[GeoPoint]) -> Vec<Vec<GeoPoint>> {
        let mut pieces = Vec::new();
        let mut piece: Vec<GeoPoint> = Vec::new();
        for point in line {
            if piece.last().is_some_and(|last| key(last) == key(point)) {
                continue;
            }
            piece.push(*point);
            if piece.len() > 1 && self.is_junction(point) {
                pieces.push(std::mem::replace(&mut piece, vec![*point]));
            }
        }
        pieces
    }

    fn number(&mut self, point: &GeoPoint) -> u32 {
        let next = self.count;
        let number = *self.numbers.entry(key(point)).or_insert(next);
        self.count = self.count.max(number + 1);
        number
    }
}

/// Which strongly connected part each junction belongs to (Kosaraju: finishing order forwards, then parts backwards).
fn strong_parts(junctions: u32, stretches: &[Stretch]) -> Vec<u32> {
    let forward = neighbours(junctions, stretches, false);
    let backward = neighbours(junctions, stretches, true);
    let mut seen = vec![false; junctions as usize];
    let mut finished = Vec::new();
    for start in 0..junctions {
        visit(start, &forward, &mut seen, &mut finished);
    }
    let mut seen = vec![false; junctions as usize];
    let mut part_of = vec![0; junctions as usize];
    for (part, start) in (0u32..).zip(finished.into_iter().rev()) {
        let mut members = Vec::new();
        visit(start, &backward, &mut seen, &mut members);
        for member in members {
            part_of[member as usize] = part;
        }
    }
    part_of
}

fn neighbours(junctions: u32, stretches: &[Stretch], reversed: bool) -> Vec<Vec<u32>> {
    let mut lists = vec![Vec::new(); junctions as usize];
    for stretch in stretches {
        let (from, to) = if reversed { (stretch.to, stretch.from) } else { (stretch.from, stretch.to) };
        lists[from as usize].push(to);
        if stretch.both_ways {
            lists[to as usize].push(from);
        }
    }
    lists
}

/// Depth first without recursion, for a road network is deeper than a stack; appends in order of finishing.
fn visit(start: u32, lists: &[Vec<u32>], seen: &mut [bool], finished: &mut Vec<u32>) {
    if std::mem::replace(&mut seen[start as usize], true) {
        return;
    }
    let mut stack = vec![(start, 0)];
    while let Some((node, next)) = stack.last_mut() {
        match lists[*node as usize].get(*next) {
            Some(neighbour) => {
                *next += 1;
                if !std::mem::replace(&mut seen[*neighbour as usize], true) {
                    stack.push((*neighbour, 0));
                }
            }
            None => {
                finished.push(*node);
                stack.pop();
            }
        }
    }
}

/// The part with the most metres of road.
fn largest(part_of: &[u32], stretches: &[Stretch]) -> Option<u32> {
    let mut metres: BTreeMap<u32, f64> = BTreeMap::new();
    for stretch in stretches.iter().filter(|stretch| part_of[stretch.from as usize] == part_of[stretch.to as usize]) {
        *metres.entry(part_of[stretch.from as usize]).or_insert(0.0) += stretch.length_m;
    }
    metres.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).map(|(part, _)| part)
}

fn keep_part(whole: Graph, part_of: &[u32], main: Option<u32>) -> Graph {
    let all = whole.stretches.len();
    let inside = |node: u32| Some(part_of[node as usize]) == main;
    let mut numbers: Vec<Option<u32>> = vec![None; part_of.len()];
    let mut count = 0;
    let mut renumber = |node: u32| {
        *numbers[node as usize].get_or_insert_with(|| {
            count += 1;
            count - 1
        })
    };
    let mut stretches = Vec::new();
    for stretch in whole.stretches {
        if inside(stretch.from) && inside(stretch.to) {
            stretches.push(Stretch { from: renumber(stretch.from), to: renumber(stretch.to), ..stretch });
        }
    }
    Graph { junctions: count, cut_off: all - stretches.len(), stretches }
}
