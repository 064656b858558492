//! Where a server's data lies: a directory, and optionally a database server beside it.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::{Backend, StoreError, lock_patiently};

/// The SQLite file inside a data directory.
pub const DATABASE_FILE: &str = "orchestrator.db";

/// Where a server's data lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    directory: PathBuf,
    database_url: Option<String>,
}

/// Whether a connection may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

impl Location {
    /// A directory that holds everything, the database included.
    pub fn directory(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), database_url: None }
    }

    /// A directory for files, and a PostgreSQL database (`postgres://user:password@host/name`) for everything else.
    pub fn with_database(directory: impl Into<PathBuf>, database_url: Option<String>) -> Self {
        Self { directory: directory.into(), database_url }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.directory
    }

    pub(super) fn backend(&self) -> Backend {
        match self.database_url {
            None => Backend::Sqlite,
            Some(_) => Backend::Postgres,
        }
    }

    pub(super) fn url(&self, access: Access) -> String {
        let mode = match access {
            Access::Read => "ro",
            Access::Write => "rwc",
        };
        match &self.database_url {
            Some(url) => url.clone(),
            None => format!("sqlite:{}?mode={mode}", percent_encoded(&self.directory.join(DATABASE_FILE))),
        }
    }

    /// Makes the directory if need be and keeps other processes out of it.
    pub(super) async fn lock(&self) -> Result<File, StoreError> {
        std::fs::create_dir_all(&self.directory)
            .map_err(|source| StoreError::Io { path: self.directory.display().to_string(), source })?;
        lock_patiently(&self.directory).await
    }

    /// Reading must not make an empty database where there is none.
    pub(super) fn must_exist(&self) -> Result<(), StoreError> {
        let path = self.directory.join(DATABASE_FILE);
        if self.database_url.is_some() || path.is_file() {
            return Ok(());
        }
        let source = std::io::Error::new(
            std::io::ErrorKind::NotFound,
            "no database here; --data names the directory of `orchestrator serve`",
        );
        Err(StoreError::Io { path: path.display().to_string(), source })
    }
}

/// A path as it stands in a URL: everything but plain characters as `%XX`.
fn percent_encoded(path: &Path) -> String {
    let mut encoded = String::new();
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => encoded.push(char::from(byte)),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_odd_characters_survives_the_url() {
        assert_eq!(percent_encoded(Path::new("/a b/c?d#e%")), "/a%20b/c%3Fd%23e%25");
    }
}
