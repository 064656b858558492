//! A real ONNX file, made here: a small network fitted to simulated bays judges others as well as the figures do, and files that are none are
//! refused with what is wrong with them.

#[path = "../../vision/tests/support/cars.rs"]
mod cars;
mod support {
    pub mod fit;
    pub mod onnx;
}

use cars::{LIGHTS, Score, lots};
use support::fit::Fitted;
use support::onnx::Network;
use survey_model::{BayModel, MODEL_BYTES_MAX, ModelError};
use survey_vision::{BayView, ByFigures, PATCH_ACROSS, PATCH_ALONG, Patch};

const SHAPE: [usize; 4] = [1, 1, PATCH_ALONG, PATCH_ACROSS];
/// Of bays that neither has seen.
const SCORE_MIN: f64 = 0.95;

/// Patches of simulated bays with the truth, in every light.
fn patches(seed: u64, looks: u64) -> Vec<(Patch, bool)> {
    let hours = LIGHTS.into_iter().flat_map(|(_, hours)| [hours[1], hours[3]]);
    let lots = (seed..).zip(hours).flat_map(|(seed, hour)| lots(hour, seed, looks));
    let seen = lots.flat_map(|lot| {
        let patch = |(bay, taken): &(survey_vision::Bay, bool)| {
            let view = BayView::of(&lot.frame, &lot.lens, &lot.pose, bay)?;
            Some((view.patch()?, *taken))
        };
        lot.bays.iter().filter_map(patch).collect::<Vec<_>>()
    });
    seen.collect()
}

fn fitted() -> Fitted {
    Fitted::to(&patches(0, 12))
}

#[test]
fn a_model_judges_bays_that_it_has_not_seen_as_well_as_the_figures() {
    let fitted = fitted();
    let model = BayModel::read(fitted.network(&SHAPE).file()).expect("a model");
    let unseen = patches(4_000, 1);
    let runtime_off = |(patch, _): &(Patch, bool)| (model.probability(patch).expect("an answer") - fitted.probability(patch)).abs();
    let most_off = unseen.iter().map(runtime_off).fold(0.0, f64::max);
    assert!(most_off < 1e-4, "the runtime works the network out as plain loops do, {most_off} off");
    for (name, hours) in LIGHTS {
        let by_model = Score::by(&model, hours, 3_000, 2);
        let by_figures = Score::by(&ByFigures, hours, 3_000, 2);
        println!(
            "{name}: model {:.3} {:.3}, figures {:.3} {:.3} (precision, recall)",
            by_model.precision(),
            by_model.recall(),
            by_figures.precision(),
            by_figures.recall()
        );
        assert!(by_model.taken_right > 20 && by_model.free_right > 20, "{name}: {by_model:?}");
        assert!(by_model.precision() >= SCORE_MIN && by_model.recall() >= SCORE_MIN, "{name}: {by_model:?}");
    }
}

/// A network that says the same of every patch.
fn saying(value: f32) -> Network {
    let weights = vec![0.0; PATCH_ALONG * PATCH_ACROSS];
    Network::default()
        .input("patch", &SHAPE)
        .constant("weights", &[PATCH_ALONG * PATCH_ACROSS, 1], &weights)
        .constant("bias", &[1], &[value])
        .then("Flatten", &["patch"], "flat")
        .then("Gemm", &["flat", "weights", "bias"], "said")
        .output("said", &[1, 1])
}

fn refused(file: Vec<u8>) -> ModelError {
    BayModel::read(file).expect_err("no model")
}

#[test]
fn a_file_that_is_cut_off_is_refused_wherever_it_ends() {
    let file = saying(0.25).file();
    let judged = BayModel::read(file.clone()).expect("whole, it is a model");
    assert!(format!("{judged:?}").contains("patch"));
    for end in (0..file.len()).step_by(7) {
        assert_eq!(refused(file[..end].to_vec()), ModelError::NotWhole, "{end} of {} bytes", file.len());
    }
    assert_eq!(refused(b"not a model at all".to_vec()), ModelError::NotWhole);
    assert_eq!(refused(vec![0; MODEL_BYTES_MAX + 1]), ModelError::TooLarge(MODEL_BYTES_MAX + 1));
}

#[test]
fn a_model_for_something_else_is_refused_with_the_reason() {
    let photograph =
        Network::default().input("image", &[1, 3, 224, 224]).then("Sigmoid", &["image"], "said").output("said", &[1, 1]);
    let error = refused(photograph.file());
    assert!(matches!(&error, ModelError::InputShape { found } if found.contains("224")), "{error}");
    assert!(matches!(refused(saying(3.0).file()), ModelError::Answer(said) if said == [3.0]), "no probability");
    assert!(matches!(refused(saying(f32::NAN).file()), ModelError::Answer(_)));
    let patch_again = Network::default().input("patch", &SHAPE).then("Sigmoid", &["patch"], "said").output("said", &SHAPE);
    assert!(matches!(refused(patch_again.file()), ModelError::Answer(said) if said.len() == PATCH_ALONG * PATCH_ACROSS));
    let two =
        Network::default().input("patch", &SHAPE).input("more", &[1]).then("Sigmoid", &["patch"], "said").output("said", &SHAPE);
    assert_eq!(refused(two.file()), ModelError::Inputs(2));
    let unknown = Network::default().input("patch", &SHAPE).then("Guess", &["patch"], "said").output("said", &[1, 1]);
    assert!(matches!(refused(unknown.file()), ModelError::Unreadable(why) if why.contains("Guess")));
}
