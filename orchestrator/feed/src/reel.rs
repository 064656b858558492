//! One recording: fragmented MP4 that is cut at key pictures and playable however its writing ended.
//!
//! A fragment reaches the disk whole or is taken back; what was written before it is never touched again, so that a digest of the
//! first N bytes holds for ever.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use shiguredo_mp4::TrackKind;
use shiguredo_mp4::bitstream::h264::{H264SampleEntryConfig, LengthSize, annexb_to_length_prefixed, build_avc1_box_from_annexb};
use shiguredo_mp4::boxes::SampleEntry;
use shiguredo_mp4::mux::{Fmp4SegmentMuxer, Sample};

use crate::limits::{FRAGMENT_BYTES_MAX, FRAGMENT_UNITS_MAX};
use crate::unit::{AccessUnit, SEQUENCE_SET, kind, nals};

const CLOCK_HZ: NonZeroU32 = NonZeroU32::new(90_000).unwrap();
/// A picture is shown for at least this, 90 kHz units.
const DURATION_MIN: u64 = 1;
/// And at most this: a longer gap is a camera that was away, and the recording goes on as if it had not been; the stamps tell.
const DURATION_MAX: u64 = 2 * 90_000;
/// The last picture of a recording, whose end nobody saw.
const DURATION_LAST: u64 = 90_000 / 15;

/// Why a recording does not go on.
#[derive(Debug, thiserror::Error)]
pub enum ReelError {
    /// The disk is full; the fragment is kept and can be written again.
    #[error("the disk is full")]
    DiskFull,
    /// The file.
    #[error("cannot write {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The pictures have another size or coding than the recording began with: they need a new one.
    #[error("the camera changed its picture")]
    Changed,
    /// Pictures that cannot be put into a file.
    #[error("the pictures cannot be kept: {0}")]
    Coding(String),
}

/// What has reached the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Length of what the digest covers, from the beginning of the file.
    pub bytes: u64,
    /// SHA-256 of it, hexadecimal.
    pub sha256: String,
    /// Pictures in it.
    pub pictures: u64,
}

/// What a recording is written to. A port, so that a full disk can be had without filling one.
pub trait RecordingFile: Write + Send {
    /// Returns when what was written is on the disk.
    fn settle(&mut self) -> std::io::Result<()>;
    /// Takes back what lies beyond so many bytes, and goes on there.
    fn take_back_to(&mut self, bytes: u64) -> std::io::Result<()>;
}

impl RecordingFile for File {
    fn settle(&mut self) -> std::io::Result<()> {
        self.sync_data()
    }

    fn take_back_to(&mut self, bytes: u64) -> std::io::Result<()> {
        self.set_len(bytes)?;
        self.seek(SeekFrom::Start(bytes)).map(drop)
    }
}

/// A new file that must not exist yet: nothing is ever overwritten. Only the server's own user may read it: it shows people in need.
pub fn new_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A recording under way.
pub struct Reel {
    path: PathBuf,
    file: Box<dyn RecordingFile>,
    muxer: Fmp4SegmentMuxer,
    entry: Option<SampleEntry>,
    sequence_set: Vec<u8>,
    waiting: Vec<Arc<AccessUnit>>,
    waiting_bytes: usize,
    /// A fragment that did not fit on the disk, with the number of its pictures.
    unwritten: Option<(Vec<u8>, u64)>,
    hasher: Sha256,
    bytes: u64,
    pictures: u64,
}

impl Reel {
    /// Makes the file, which must not exist.
    pub fn create(path: &Path) -> Result<Self, ReelError> {
        let file = new_file(path).map_err(|source| ReelError::File { path: path.to_owned(), source })?;
        Self::begin(path, Box::new(file))
    }

    /// Begins a recording in an empty file; the path is for messages.
    pub fn begin(path: &Path, file: Box<dyn RecordingFile>) -> Result<Self, ReelError> {
        Ok(Self {
            path: path.to_owned(),
            file,
            muxer: Fmp4SegmentMuxer::new().map_err(coding)?,
            entry: None,
            sequence_set: Vec::new(),
            waiting: Vec::new(),
            waiting_bytes: 0,
            unwritten: None,
            hasher: Sha256::new(),
            bytes: 0,
            pictures: 0,
        })
    }

    /// Takes a picture. `Some` when a fragment has reached the disk.
    pub fn push(&mut self, unit: &Arc<AccessUnit>) -> Result<Option<Seal>, ReelError> {
        if self.waiting.is_empty() && self.entry.is_none() && !unit.key {
            return Ok(None);
        }
        if unit.key {
            self.same_pictures(unit)?;
        }
        let full = FRAGMENT_UNITS_MAX <= self.waiting.len() || FRAGMENT_BYTES_MAX <= self.waiting_bytes;
        let cut = !self.waiting.is_empty() && (unit.key || full);
        if cut {
            self.cut(Some(unit.media_time))?;
        }
        self.waiting_bytes += unit.annex_b.len();
        self.waiting.push(unit.clone());
        if cut { self.write().map(Some) } else { Ok(None) }
    }

    /// Writes what waits, and a fragment that did not fit before.
    pub fn retry(&mut self) -> Result<Seal, ReelError> {
        self.write()
    }

    /// Ends the recording. What does not fit on the disk may be tried again.
    pub fn finish(&mut self) -> Result<Seal, ReelError> {
        if !self.waiting.is_empty() {
            self.cut(None)?;
        }
        self.write()
    }

    /// What has reached the disk by now.
    pub fn seal(&self) -> Seal {
        Seal { bytes: self.bytes, sha256: hex::encode(self.hasher.clone().finalize()), pictures: self.pictures }
    }

    fn same_pictures(&mut self, unit: &AccessUnit) -> Result<(), ReelError> {
        let set = nals(&unit.annex_b).into_iter().find(|nal| kind(nal) == SEQUENCE_SET).unwrap_or_default();
        if self.entry.is_none() {
            let config = H264SampleEntryConfig { length_size: LengthSize::FourBytes };
            self.entry = Some(SampleEntry::Avc1(build_avc1_box_from_annexb(&unit.annex_b, &config).map_err(coding)?));
            self.sequence_set = set.to_vec();
        }
        if self.sequence_set == set { Ok(()) } else { Err(ReelError::Changed) }
    }

    /// Makes a fragment of what waits; `next` is the media time of the picture after it.
    fn cut(&mut self, next: Option<u64>) -> Result<(), ReelError> {
        let units = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        let (mut samples, mut data) = (Vec::new(), Vec::new());
        for (number, unit) in units.iter().enumerate() {
            let after = units.get(number + 1).map(|next| next.media_time).or(next);
            let duration = after.map_or(DURATION_LAST, |after| after.saturating_sub(unit.media_time));
            let coded = annexb_to_length_prefixed(&unit.annex_b, LengthSize::FourBytes).map_err(coding)?;
            samples.push(Sample {
                track_kind: TrackKind::Video,
                timescale: CLOCK_HZ,
                sample_entry: if number == 0 { self.entry.clone() } else { None },
                duration: duration.clamp(DURATION_MIN, DURATION_MAX) as u32,
                keyframe: unit.key,
                composition_time_offset: None,
                data_offset: data.len() as u64,
                data_size: coded.len(),
            });
            data.extend(coded);
        }
        let head = self.muxer.create_media_segment_metadata(&samples).map_err(coding)?;
        let first = self.bytes == 0 && self.unwritten.is_none();
        let mut fragment = if first { self.muxer.init_segment_bytes().map_err(coding)? } else { Vec::new() };
        fragment.extend(head);
        fragment.extend(data);
        let unwritten = self.unwritten.get_or_insert_default();
        unwritten.0.extend(fragment);
        unwritten.1 += samples.len() as u64;
        Ok(())
    }

    fn write(&mut self) -> Result<Seal, ReelError> {
        let Some((fragment, pictures)) = self.unwritten.take() else { return Ok(self.seal()) };
        let written = self.file.write_all(&fragment).and_then(|()| self.file.settle());
        if let Err(source) = written {
            self.take_back();
            let full = matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
            // Kept for the next try, but not without bound while the disk stays full.
            if full && fragment.len() <= 2 * FRAGMENT_BYTES_MAX {
                self.unwritten = Some((fragment, pictures));
            } else {
                tracing::error!(path = %self.path.display(), pictures, "pictures are lost: they could not be written down");
            }
            return Err(if full { ReelError::DiskFull } else { ReelError::File { path: self.path.clone(), source } });
        }
        self.hasher.update(&fragment);
        self.bytes += fragment.len() as u64;
        self.pictures += pictures;
        Ok(self.seal())
    }

    /// Half a fragment is worth nothing and would put the next one out of reach.
    fn take_back(&mut self) {
        if let Err(error) = self.file.take_back_to(self.bytes) {
            tracing::error!(path = %self.path.display(), error = %error, "a torn fragment could not be taken back");
        }
    }
}

fn coding(error: impl std::fmt::Display) -> ReelError {
    ReelError::Coding(error.to_string())
}
