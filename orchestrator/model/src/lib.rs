//! A model in ONNX form that judges bays in place of the figures of `survey-vision`: read once, tried once, then asked for every bay.
//!
//! Never opens a file and trains nothing. What a model is given and must answer stands in docs/vision.md. Who runs one believes its maker: the
//! runtime keeps memory safe, not time.

mod framing;

use std::sync::Arc;

use rten::{Dimension, Model, NodeId, RunOptions, ThreadPool, Value};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;
use survey_vision::{BayJudge, BayView, PATCH_ACROSS, PATCH_ALONG, Patch};

/// Files beyond this are refused, bytes: a network that looks at a thousand points has no use for more.
pub const MODEL_BYTES_MAX: usize = 64 << 20;
/// A picture's bays are judged one after the other on the thread that looks at it: more threads would take the server's.
const THREADS: usize = 1;
/// A patch as a tensor: one picture, one channel, rows from the aisle inwards.
const SHAPE: [usize; 4] = [1, 1, PATCH_ALONG, PATCH_ACROSS];

/// Why a file is no model for bays.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// Beyond the bound.
    #[error("the model has {0} bytes; at most {MODEL_BYTES_MAX} are read")]
    TooLarge(usize),
    /// Cut off, or something else.
    #[error("it is no whole ONNX model")]
    NotWhole,
    /// With operations that the runtime does not know, or senseless.
    #[error("it is no ONNX model that can be read: {0}")]
    Unreadable(String),
    /// It wants more than a patch, or nothing.
    #[error("the model has {0} inputs; a bay's patch is one")]
    Inputs(usize),
    /// It says more than a probability, or nothing.
    #[error("the model has {0} outputs; one probability is asked for")]
    Outputs(usize),
    /// Its input is no patch.
    #[error("the model's input is {found}; a bay's patch is {SHAPE:?}")]
    InputShape {
        /// As the file has it.
        found: String,
    },
    /// It failed on a patch.
    #[error("the model fails on a patch: {0}")]
    Fails(String),
    /// It answered what is no probability.
    #[error("the model answers {0:?}; one probability from 0 to 1 is asked for: does it end with a sigmoid?")]
    Answer(Vec<f32>),
}

/// A model that has judged two patches already.
pub struct BayModel {
    model: Model,
    input: NodeId,
    output: NodeId,
    threads: Arc<ThreadPool>,
}

impl std::fmt::Debug for BayModel {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.model.fmt(out)
    }
}

impl BayModel {
    /// Reads an ONNX file's bytes and tries it on bare asphalt and on stripes.
    pub fn read(bytes: Vec<u8>) -> Result<Self, ModelError> {
        if bytes.len() > MODEL_BYTES_MAX {
            return Err(ModelError::TooLarge(bytes.len()));
        }
        if !framing::is_whole(&bytes) {
            return Err(ModelError::NotWhole);
        }
        let model = Model::load(bytes).map_err(|error| ModelError::Unreadable(error.to_string()))?;
        let (input, output) = (model.input_ids().to_vec(), model.output_ids().to_vec());
        let [input] = input.as_slice() else { return Err(ModelError::Inputs(input.len())) };
        let [output] = output.as_slice() else { return Err(ModelError::Outputs(output.len())) };
        check_input(&model, *input)?;
        let threads = Arc::new(ThreadPool::with_num_threads(THREADS));
        let read = Self { input: *input, output: *output, model, threads };
        let stripes: Vec<f32> = (0..PATCH_ALONG * PATCH_ACROSS).map(|at| if at % 4 < 2 { -1.0 } else { 0.5 }).collect();
        for tried in [vec![0.0; PATCH_ALONG * PATCH_ACROSS], stripes] {
            read.ask(tried)?;
        }
        Ok(read)
    }

    /// The probability that it gives a patch.
    pub fn probability(&self, patch: &Patch) -> Result<f64, ModelError> {
        self.ask(patch.values().to_vec())
    }

    fn ask(&self, values: Vec<f32>) -> Result<f64, ModelError> {
        let fails = |error: &dyn std::fmt::Display| ModelError::Fails(error.to_string());
        let tensor = NdTensor::try_from_data(SHAPE, values).map_err(|error| fails(&error))?;
        let mut options = RunOptions::default();
        options.thread_pool = Some(self.threads.clone());
        let inputs = vec![(self.input, Value::from(tensor).into())];
        let [answer] = self.model.run_n(inputs, [self.output], Some(options)).map_err(|error| fails(&error))?;
        let answer: rten_tensor::Tensor<f32> = answer.try_into().map_err(|error| fails(&error))?;
        match answer.to_vec().as_slice() {
            [probability] if (0.0..=1.0).contains(probability) => Ok(f64::from(*probability)),
            other => Err(ModelError::Answer(other.to_vec())),
        }
    }
}

impl BayJudge for BayModel {
    /// A patch that it fails on says nothing of its bay.
    fn taken(&self, view: &BayView<'_>) -> Option<f64> {
        self.probability(&view.patch()?).ok()
    }
}

/// Sizes that the file leaves open fit any; those that it names must be the patch's.
fn check_input(model: &Model, input: NodeId) -> Result<(), ModelError> {
    let Some(shape) = model.node_info(input).and_then(|info| info.shape()) else { return Ok(()) };
    let fits = |(found, wanted): (&Dimension, usize)| match found {
        Dimension::Fixed(size) => *size == wanted,
        Dimension::Symbolic(_) => true,
    };
    if shape.len() == SHAPE.len() && shape.iter().zip(SHAPE).all(fits) {
        return Ok(());
    }
    Err(ModelError::InputShape { found: format!("{shape:?}") })
}
