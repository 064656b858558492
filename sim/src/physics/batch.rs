//! Many vehicles of one airframe stepped together, laid out for vector registers. Each moves bit for bit as it would alone.

use super::equations::{Acting, Motion};
use super::{BodyState, Dynamics, Surroundings, Vector};

/// Vehicles side by side: two registers of four.
const LANES: usize = 8;

/// Many vehicles of one airframe in one air.
#[derive(Debug, Clone)]
pub struct Batch {
    dynamics: Dynamics,
    blocks: Vec<(Motion<LANES>, Acting<LANES>)>,
    count: usize,
}

impl Batch {
    /// These vehicles, with the same acting on all.
    pub fn new(dynamics: Dynamics, bodies: &[BodyState], around: &Surroundings) -> Self {
        // Lanes that nobody has fly high above the ground, so that they never ask for contact.
        let nobody = BodyState::at_rest(Vector::new(0.0, 0.0, around.ground_down_m - NOBODY_HEIGHT_M), 0.0);
        let block = |bodies: &[BodyState]| {
            let mut motion = Motion::of(&nobody);
            bodies.iter().enumerate().for_each(|(lane, body)| motion.put(lane, body));
            (motion, Acting::of(around))
        };
        let blocks = bodies.chunks(LANES).map(block).collect();
        Self { dynamics, blocks, count: bodies.len() }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The state of one of them; `None` beyond the last.
    pub fn body(&self, number: usize) -> Option<BodyState> {
        (number < self.count).then(|| self.blocks[number / LANES].0.body(number % LANES))
    }

    /// What acts on one of them from now on; the air's density stays that of the batch. Nothing happens beyond the last.
    pub fn surround(&mut self, number: usize, around: &Surroundings) {
        if number < self.count {
            self.blocks[number / LANES].1.put(number % LANES, around);
        }
    }

    /// One step of `dt_s` for all.
    pub fn step(&mut self, dt_s: f64) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            return step_asked(self, dt_s);
        }
        step_all(self, dt_s);
    }
}

/// Where lanes without a vehicle begin, metres over the ground: they fall for a year before they are down.
const NOBODY_HEIGHT_M: f64 = 1e9;

/// For a processor that has been asked.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "the only way to registers that not every machine has")]
fn step_asked(batch: &mut Batch, dt_s: f64) {
    // SAFETY: the one caller has asked the processor for AVX2, and nothing else of `step_wide` is unsafe.
    unsafe { step_wide(batch, dt_s) }
}

/// The same with registers of four numbers. It adds and multiplies in the same order and fuses nothing, so the bits are the same.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn step_wide(batch: &mut Batch, dt_s: f64) {
    step_all(batch, dt_s);
}

#[inline(always)]
fn step_all(batch: &mut Batch, dt_s: f64) {
    let dynamics = &batch.dynamics;
    for (motion, acting) in &mut batch.blocks {
        dynamics.equations().step(dynamics.airframe(), motion, acting, dt_s);
    }
}
