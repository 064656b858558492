//! One picture to one access unit of H.264.

use openh264::OpenH264API;
use openh264::encoder::{
    BitRate, Complexity, Encoder, EncoderConfig, FrameRate, IntraFramePeriod, Profile, RateControlMode, UsageType,
};
use openh264::formats::YUVSlices;

use crate::limits::KEY_FRAME_PAUSE_S;
use crate::picture::Picture;
use crate::sei;

const NAL_SPS: u8 = 7;
const NAL_PPS: u8 = 8;
const NAL_KEY_SLICE: u8 = 5;

/// The encoder refused to start or to encode.
#[derive(Debug, thiserror::Error)]
#[error("the H.264 encoder failed")]
pub struct EncodeError(#[from] openh264::Error);

/// How large and how good a stream is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// Columns; a multiple of 16 keeps the encoder from padding.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Aimed at, bits per second.
    pub bitrate_bps: u32,
    /// Of the camera's pictures, every how many is encoded.
    pub every: u32,
}

/// An encoded picture.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodedPicture {
    /// Its NAL units in order, without start codes; the first says when and from where it was taken.
    pub nals: Vec<Vec<u8>>,
    /// Can be decoded without those before it.
    pub key: bool,
    /// When it was taken, in 90 kHz units, as RTP counts.
    pub rtp_time: u32,
}

/// What a player must know before the first picture.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterSets {
    /// Sequence parameter set.
    pub sps: Vec<u8>,
    /// Picture parameter set.
    pub pps: Vec<u8>,
}

/// Encodes one quality of one camera.
pub struct PictureEncoder {
    encoder: Encoder,
    scaled: Picture,
}

impl PictureEncoder {
    pub fn new(quality: &Quality, pictures_hz: f32) -> Result<Self, EncodeError> {
        let rate_hz = pictures_hz / quality.every as f32;
        let config = EncoderConfig::new()
            .bitrate(BitRate::from_bps(quality.bitrate_bps))
            .max_frame_rate(FrameRate::from_hz(rate_hz))
            .usage_type(UsageType::CameraVideoRealTime)
            .rate_control_mode(RateControlMode::Bitrate)
            // Every browser and every recorder decodes it, and it has no pictures that wait for later ones.
            .profile(Profile::Baseline)
            .complexity(Complexity::Low)
            .intra_frame_period(IntraFramePeriod::from_num_frames((rate_hz * KEY_FRAME_PAUSE_S).round().max(1.0) as u32))
            .num_threads(1)
            .skip_frames(true);
        let encoder = Encoder::with_api_config(OpenH264API::from_source(), config)?;
        Ok(Self { encoder, scaled: Picture::black(quality.width, quality.height) })
    }

    /// The next picture will be a key frame.
    pub fn force_key(&mut self) {
        self.encoder.force_intra_frame();
    }

    /// Encodes a picture of any size; `None` when the encoder left it out to hold its bit rate.
    pub fn encode(&mut self, picture: &Picture) -> Result<Option<EncodedPicture>, EncodeError> {
        let fits = (picture.width, picture.height) == (self.scaled.width, self.scaled.height);
        if !fits {
            picture.scaled_into(&mut self.scaled);
        }
        let source = if fits { picture } else { &self.scaled };
        let size = (source.width, source.height);
        let slices = YUVSlices::new(source.planes(), size, (size.0, size.0 / 2, size.0 / 2));
        let bytes = self.encoder.encode(&slices)?.to_vec();
        if bytes.is_empty() {
            return Ok(None);
        }
        let coded: Vec<Vec<u8>> = openh264::nal_units(&bytes).map(without_start_code).filter(|nal| !nal.is_empty()).collect();
        let key = coded.iter().any(|nal| kind(nal) == NAL_KEY_SLICE);
        let rtp_time = (picture.captured_at_us.rem_euclid(1 << 48) * 9 / 100) as u32;
        Ok(Some(EncodedPicture { nals: with_message(coded, sei::nal_of(source)), key, rtp_time }))
    }
}

/// The message comes after the parameter sets and before the first slice (7.4.1.2.3).
fn with_message(coded: Vec<Vec<u8>>, message: Vec<u8>) -> Vec<Vec<u8>> {
    let (mut nals, slices): (Vec<_>, Vec<_>) = coded.into_iter().partition(|nal| matches!(kind(nal), NAL_SPS | NAL_PPS));
    nals.push(message);
    nals.extend(slices);
    nals
}

/// The parameter sets that the encoder will use for a quality: it makes the same ones every time.
pub fn parameter_sets(quality: &Quality, pictures_hz: f32) -> Result<ParameterSets, EncodeError> {
    let mut encoder = PictureEncoder::new(quality, pictures_hz)?;
    let first = encoder.encode(&Picture::black(quality.width, quality.height))?;
    let nals = first.map(|picture| picture.nals).unwrap_or_default();
    let find = |wanted: u8| nals.iter().find(|nal| kind(nal) == wanted).cloned().unwrap_or_default();
    Ok(ParameterSets { sps: find(NAL_SPS), pps: find(NAL_PPS) })
}

fn kind(nal: &[u8]) -> u8 {
    nal.first().map_or(0, |first| first & 0x1f)
}

fn without_start_code(nal: &[u8]) -> Vec<u8> {
    let start = nal.iter().position(|byte| *byte == 1).map_or(0, |one| one + 1);
    nal[start..].to_vec()
}
