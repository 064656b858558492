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

#[cfg(test)]
mod tests {
    use super::*;

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
