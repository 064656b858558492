//! A small network for bays: fixed filters, what they find pooled over the patch, and weights fitted to simulated bays by logistic regression.

use survey_vision::{PATCH_ACROSS, PATCH_ALONG, Patch};

use super::onnx::Network;

/// Filters of three by three points with how much of their answer is grain: steps along the bay and across it, texture, dark and bright parts.
const FILTERS: [([f32; 9], f32); 11] = [
    (ALONG, 0.05),
    (ALONG, 0.15),
    (ALONG, 0.4),
    (ACROSS, 0.1),
    (ACROSS, 0.25),
    (ACROSS, 0.6),
    (TEXTURE, 0.1),
    (TEXTURE, 0.3),
    (ITSELF, 0.2),
    (ITSELF, 0.5),
    (ITSELF, 1.2),
];
/// From so much over the grain on all answers are alike: a shadow's edge is strong, and one.
const FULL: f32 = 0.1;
const THIRD: f32 = 1.0 / 3.0;
const ALONG: [f32; 9] = [-THIRD, -THIRD, -THIRD, 0.0, 0.0, 0.0, THIRD, THIRD, THIRD];
const ACROSS: [f32; 9] = [-THIRD, 0.0, THIRD, -THIRD, 0.0, THIRD, -THIRD, 0.0, THIRD];
const TEXTURE: [f32; 9] = [0.0, 0.5, 0.0, 0.5, -2.0, 0.5, 0.0, 0.5, 0.0];
const ITSELF: [f32; 9] = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
const COUNT: usize = FILTERS.len();

/// The network's weights, the last for all patches alike.
pub struct Fitted {
    weights: [f64; COUNT + 1],
}

/// What the filters find in a patch, by plain loops: the runtime must come to the same.
fn found(patch: &Patch) -> [f64; COUNT] {
    let values = patch.values();
    FILTERS.map(|(filter, grain)| {
        let mut sum = 0.0;
        for y in 0..PATCH_ALONG - 2 {
            for x in 0..PATCH_ACROSS - 2 {
                let seen = |at: usize| filter[at] * values[(y + at / 3) * PATCH_ACROSS + x + at % 3];
                sum += f64::from(((0..9).map(seen).sum::<f32>().abs() - grain).clamp(0.0, FULL));
            }
        }
        sum / ((PATCH_ALONG - 2) * (PATCH_ACROSS - 2)) as f64
    })
}

fn probability(weights: &[f64; COUNT + 1], figures: &[f64; COUNT]) -> f64 {
    let sum: f64 = weights.iter().zip(figures).map(|(weight, figure)| weight * figure).sum();
    1.0 / (1.0 + (-sum - weights[COUNT]).exp())
}

impl Fitted {
    /// Gradient descent on figures brought to one scale, with a little pull to nothing: few hundred bays must not be learnt by heart.
    pub fn to(bays: &[(Patch, bool)]) -> Self {
        const ROUNDS: usize = 4_000;
        const STEP: f64 = 0.5;
        const PULL: f64 = 1e-3;
        let figures: Vec<([f64; COUNT], f64)> = bays.iter().map(|(patch, taken)| (found(patch), f64::from(*taken))).collect();
        let scale: [f64; COUNT] = std::array::from_fn(|at| figures.iter().map(|(all, _)| all[at]).fold(1e-9, f64::max));
        let scaled: Vec<([f64; COUNT], f64)> =
            figures.iter().map(|(all, taken)| (std::array::from_fn(|at| all[at] / scale[at]), *taken)).collect();
        let mut weights = [0.0; COUNT + 1];
        for _ in 0..ROUNDS {
            let mut slope = [0.0; COUNT + 1];
            for (all, taken) in &scaled {
                let off = probability(&weights, all) - taken;
                (0..COUNT).for_each(|at| slope[at] += off * all[at]);
                slope[COUNT] += off;
            }
            for (at, weight) in weights.iter_mut().enumerate() {
                *weight -= STEP * (slope[at] / (scaled.len() as f64).sqrt() + PULL * *weight);
            }
        }
        (0..COUNT).for_each(|at| weights[at] /= scale[at]);
        Self { weights }
    }

    /// As the plain loops have it.
    pub fn probability(&self, patch: &Patch) -> f64 {
        probability(&self.weights, &found(patch))
    }

    /// The same as a network.
    pub fn network(&self, input: &[usize]) -> Network {
        let filters: Vec<f32> = FILTERS.iter().flat_map(|(filter, _)| *filter).collect();
        let grain: Vec<f32> = FILTERS.iter().map(|(_, grain)| -grain).collect();
        let weights: Vec<f32> = self.weights.iter().map(|weight| *weight as f32).collect();
        Network::default()
            .input("patch", input)
            .constant("filters", &[COUNT, 1, 3, 3], &filters)
            .constant("grain", &[1, COUNT, 1, 1], &grain)
            .constant("weights", &[COUNT, 1], &weights[..COUNT])
            .constant("bias", &[1], &weights[COUNT..])
            .then_with("Conv", &["patch", "filters"], "answers", &[("kernel_shape", &[3, 3]), ("strides", &[1, 1])])
            .then("Abs", &["answers"], "sizes")
            .then("Add", &["sizes", "grain"], "over")
            .constant("none", &[], &[0.0])
            .constant("full", &[], &[FULL])
            .then("Clip", &["over", "none", "full"], "found")
            .then("GlobalAveragePool", &["found"], "pooled")
            .then("Flatten", &["pooled"], "figures")
            .then("Gemm", &["figures", "weights", "bias"], "sum")
            .then("Sigmoid", &["sum"], "taken")
            .output("taken", &[1, 1])
    }
}
