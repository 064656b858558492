//! Messages to people without a terminal: emergency contacts, phone checks. A site plugs its own sender in behind the port.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::limits;

/// One message to a telephone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Names the message for ever; a sender that sees it twice sends it once.
    pub id: String,
    /// To whom: a telephone number.
    pub to: String,
    /// What it is about, as a word: "emergency_contact", "phone_check".
    pub kind: String,
    /// What it says, in the person's language.
    pub text: String,
}

/// Takes messages for sending.
pub trait MessagePort: Send + Sync {
    /// Hands a message over; an error is worth another try.
    fn send(&self, message: &Message) -> std::io::Result<()>;
}

/// Appends each message as a JSON line to a file that another program sends from. A file that has grown large is put aside under the same
/// name with `.old` at its end, and the one put aside before is gone: messages are about people, and nobody needs them for ever.
#[derive(Debug)]
pub struct FileMessages {
    path: PathBuf,
    bytes_max: u64,
    file: Mutex<File>,
}

impl FileMessages {
    /// Opens the file, making it if need be.
    pub fn open(path: PathBuf) -> std::io::Result<Self> {
        Self::bounded(path, limits::MESSAGES_BYTES_MAX)
    }

    /// The same with another bound.
    pub fn bounded(path: PathBuf, bytes_max: u64) -> std::io::Result<Self> {
        let file = appending(&path)?;
        Ok(Self { path, bytes_max, file: Mutex::new(file) })
    }

    /// Which file.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }
}

fn appending(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

impl MessagePort for FileMessages {
    fn send(&self, message: &Message) -> std::io::Result<()> {
        let mut line = serde_json::to_string(message).expect("a message is plain data");
        line.push('\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if self.bytes_max <= file.metadata()?.len() {
            std::fs::rename(&self.path, self.path.with_added_extension("old"))?;
            *file = appending(&self.path)?;
        }
        file.write_all(line.as_bytes())?;
        file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_has_grown_large_is_put_aside_and_the_one_before_is_gone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("messages.jsonl");
        let messages = FileMessages::bounded(path.clone(), 200).expect("a file");
        let message = |number: u32| Message {
            id: number.to_string(),
            to: "010-0000-0000".to_owned(),
            kind: "parking".to_owned(),
            text: "x".repeat(100),
        };
        (0..7).for_each(|number| messages.send(&message(number)).expect("handed over"));
        let lines = |path: &Path| std::fs::read_to_string(path).expect("readable").lines().count();
        assert_eq!((lines(&path), lines(&path.with_added_extension("old"))), (1, 2));
        assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 2);
    }
}
