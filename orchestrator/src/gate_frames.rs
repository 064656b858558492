//! Pictures of cars at gates on the disk, until a person has read their plates. On the disk before the log knows of them; what the log does not
//! wait for is deleted at the next start. Never decides what is taken.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use parking_core::event::GateFrame;
use sha2::{Digest, Sha256};

/// The folder of these pictures.
#[derive(Debug, Clone)]
pub struct GateFrames {
    folder: PathBuf,
}

impl GateFrames {
    /// Opens the folder and deletes what is none of these pictures.
    pub fn open<'a>(data_dir: &Path, waiting: impl Iterator<Item = &'a GateFrame>) -> io::Result<Self> {
        let shelf = Self { folder: data_dir.join("gates") };
        fs::create_dir_all(&shelf.folder)?;
        let waiting: BTreeSet<PathBuf> = waiting.map(|frame| shelf.path(frame)).collect();
        for file in fs::read_dir(&shelf.folder)? {
            let path = file?.path();
            if !waiting.contains(&path) {
                fs::remove_file(path)?;
            }
        }
        Ok(shelf)
    }

    /// Where a picture lies. Names that cameras give are not names of files.
    pub fn path(&self, frame: &GateFrame) -> PathBuf {
        let digest = Sha256::digest(format!("{}/{}", frame.camera, frame.id));
        self.folder.join(format!("{}.jpg", hex::encode(digest)))
    }

    /// Keeps a picture. Durable when this returns.
    pub fn keep(&self, frame: &GateFrame, jpeg: &[u8]) -> io::Result<()> {
        let path = self.path(frame);
        let beside = path.with_extension("new");
        let mut file = File::create(&beside)?;
        file.write_all(jpeg)?;
        file.sync_all()?;
        fs::rename(beside, path)?;
        File::open(&self.folder)?.sync_all()
    }

    /// A person has looked at it.
    pub fn forget(&self, frame: &GateFrame) -> io::Result<()> {
        match fs::remove_file(self.path(frame)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}
