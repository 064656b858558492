//! Messages to people without a terminal: emergency contacts, phone checks. A site plugs its own sender in behind the port.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

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

/// Appends each message as a JSON line to a file that another program sends from.
#[derive(Debug)]
pub struct FileMessages {
    path: PathBuf,
    file: Mutex<File>,
}

impl FileMessages {
    /// Opens the file, making it if need be.
    pub fn open(path: PathBuf) -> std::io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        Ok(Self { path, file: Mutex::new(file) })
    }

    /// Which file.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }
}

impl MessagePort for FileMessages {
    fn send(&self, message: &Message) -> std::io::Result<()> {
        let mut line = serde_json::to_string(message).expect("a message is plain data");
        line.push('\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes())?;
        file.sync_data()
    }
}
