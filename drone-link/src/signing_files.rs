//! What signed links keep in files: keys, which a person puts there, and what must outlive a restart. Never writes a key.

use std::io::Write;
use std::path::{Path, PathBuf};

use drone_link_proto::{SigningKey, SigningMemory};
use flight_types::DroneId;

use crate::LinkError;

/// Reads a key: 64 hexadecimal digits. A file that others may read is told of.
pub fn read_key(path: &Path) -> Result<SigningKey, LinkError> {
    let failed = |source| LinkError::Io { what: format!("signing key {}", path.display()), source };
    let text = std::fs::read_to_string(path).map_err(failed)?;
    if is_open_to_others(path) {
        tracing::warn!(path = %path.display(), "others may read this signing key; chmod 600 keeps it to its owner");
    }
    SigningKey::parse(&text).map_err(|error| failed(std::io::Error::other(error)))
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_path: &Path) -> bool {
    false
}

/// The file of one link's memory.
#[derive(Debug)]
pub(crate) struct MemoryFile {
    path: PathBuf,
    written: SigningMemory,
    failed: bool,
}

impl MemoryFile {
    /// Opens `DIR/DRONE.signing`; the folder is made when missing. A file that is damaged is an error: without it frames of the last
    /// minute could be replayed, and a person should know.
    pub fn open(dir: &Path, drone: &DroneId) -> std::io::Result<(Self, SigningMemory)> {
        std::fs::create_dir_all(dir)?;
        let path = dir.join(format!("{drone}.signing"));
        let memory = match std::fs::read_to_string(&path) {
            Ok(text) => SigningMemory::parse(&text).ok_or_else(|| damaged(&path))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => SigningMemory::default(),
            Err(error) => return Err(error),
        };
        Ok((Self { path, written: memory.clone(), failed: false }, memory))
    }

    /// Writes what changed, whole or not at all. A disk that takes nothing is told of once; the flight goes on.
    pub fn save(&mut self, memory: SigningMemory) {
        if memory == self.written {
            return;
        }
        match replace(&self.path, memory.to_text().as_bytes()) {
            Ok(()) => (self.written, self.failed) = (memory, false),
            Err(error) if self.failed => tracing::debug!(%error, "the memory of signatures still cannot be written"),
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "the memory of signatures cannot be written");
                self.failed = true;
            }
        }
    }
}

fn damaged(path: &Path) -> std::io::Error {
    let words = "is damaged. Deleted, it is made anew, and frames of the last minute could be replayed once";
    std::io::Error::new(std::io::ErrorKind::InvalidData, format!("{} {words}", path.display()))
}

/// Puts new content in place of a file, so that a crash leaves the old or the new one.
pub(crate) fn replace(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(content)?;
    file.sync_data()?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_is_found_again_and_a_damaged_one_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let drone = DroneId::new("d1").expect("an id");
        let (mut file, memory) = MemoryFile::open(dir.path(), &drone).expect("opened");
        assert_eq!(memory, SigningMemory::default());
        let memory = SigningMemory::parse("newest 5\n0 1 1 4").expect("whole");
        file.save(memory.clone());
        assert_eq!(MemoryFile::open(dir.path(), &drone).expect("opened").1, memory);
        std::fs::write(dir.path().join("d1.signing"), "newest").expect("written");
        let refused = MemoryFile::open(dir.path(), &drone).expect_err("damaged");
        assert!(refused.to_string().contains("d1.signing is damaged"), "{refused}");
    }

    #[test]
    fn keys_are_read_and_what_is_none_is_told_with_its_file() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("d1.key");
        std::fs::write(&path, format!("{}\n", "ab".repeat(32))).expect("written");
        assert!(read_key(&path).is_ok());
        std::fs::write(&path, "password").expect("written");
        let refused = read_key(&path).expect_err("no key");
        assert!(refused.to_string().contains("d1.key"), "{refused}");
    }
}
