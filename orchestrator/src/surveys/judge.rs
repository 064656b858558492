//! Who says which bays are taken: the figures, or the site's own model where it names one and the server was built with models.

use std::path::Path;
use std::sync::Arc;

use survey_vision::{BayJudge, ByFigures};

/// The judge that a site asks for. A model that cannot be used is an error at the start: nobody should believe that it judges.
pub fn judge(model: Option<&Path>) -> anyhow::Result<Arc<dyn BayJudge>> {
    match model {
        None => Ok(Arc::new(ByFigures)),
        Some(path) => by_model(path),
    }
}

#[cfg(feature = "onnx")]
fn by_model(path: &Path) -> anyhow::Result<Arc<dyn BayJudge>> {
    use anyhow::Context;

    let named = || format!("surveys.bay_model: {}", path.display());
    let bytes = std::fs::metadata(path).with_context(named)?.len();
    anyhow::ensure!(
        bytes <= survey_model::MODEL_BYTES_MAX as u64,
        "{}: {bytes} bytes; at most {} are read",
        named(),
        survey_model::MODEL_BYTES_MAX
    );
    let model = survey_model::BayModel::read(std::fs::read(path).with_context(named)?).with_context(named)?;
    tracing::info!(model = %path.display(), "bays are judged by the site's model");
    Ok(Arc::new(model))
}

#[cfg(not(feature = "onnx"))]
fn by_model(path: &Path) -> anyhow::Result<Arc<dyn BayJudge>> {
    anyhow::bail!(
        "surveys.bay_model names {}, and this server was built without models: build it with --features onnx",
        path.display()
    )
}

/// Writes ONNX files.
#[cfg(all(test, feature = "onnx"))]
#[path = "../../model/tests/support/onnx.rs"]
mod onnx;

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "onnx")]
    #[test]
    fn a_sites_own_model_judges_instead_of_the_figures() -> anyhow::Result<()> {
        use survey_vision::{Bay, BayView, Frame, Lens, PATCH_ACROSS, PATCH_ALONG, Pose};

        // Every bay is taken with a probability of a quarter: the figures say something else of a plain grey.
        let weights = vec![0.0; PATCH_ALONG * PATCH_ACROSS];
        let network = onnx::Network::default()
            .input("patch", &[1, 1, PATCH_ALONG, PATCH_ACROSS])
            .constant("weights", &[PATCH_ALONG * PATCH_ACROSS, 1], &weights)
            .constant("bias", &[1], &[0.25])
            .then("Flatten", &["patch"], "flat")
            .then("Gemm", &["flat", "weights", "bias"], "said")
            .output("said", &[1, 1]);
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), network.file())?;
        let grey = Frame::new(1_280, 720, vec![128; 1_280 * 720])?;
        let down =
            Pose { latitude_deg: 37.5, longitude_deg: 127.0, height_m: 20.0, heading_deg: 0.0, pitch_deg: -90.0, roll_deg: 0.0 };
        let bay = Bay { from_camera_m: [0.0, 0.0], heading_deg: 0.0, width_m: 2.5, length_m: 5.0 };
        let view = BayView::of(&grey, &Lens::of_field(1_280, 720, 70.0)?, &down, &bay).expect("in the middle of the picture");
        let by_model = judge(Some(file.path()))?.taken(&view).expect("an answer");
        assert!((by_model - 0.25).abs() < 1e-6, "{by_model}");
        let by_figures = judge(None)?.taken(&view).expect("an answer");
        assert!((by_figures - 0.25).abs() > 0.01, "{by_figures}");
        Ok(())
    }

    #[test]
    fn without_a_model_the_figures_judge() -> anyhow::Result<()> {
        assert_eq!(format!("{:?}", judge(None)?), "ByFigures");
        Ok(())
    }

    #[test]
    fn a_model_that_cannot_be_used_is_named_with_the_reason() -> anyhow::Result<()> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), b"no model")?;
        let error = format!("{:#}", judge(Some(file.path())).expect_err("no model"));
        let reason = if cfg!(feature = "onnx") { "no whole ONNX model" } else { "--features onnx" };
        assert!(error.contains("surveys.bay_model") && error.contains(reason), "{error}");
        assert!(judge(Some(Path::new("nowhere.onnx"))).is_err());
        Ok(())
    }
}
