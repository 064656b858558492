//! What the code under test writes into its log, for tests that promise a line.

use std::io::Write;
use std::sync::{Mutex, Once};

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.lock().expect("nobody panics with it").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Keeps warnings and errors from now on, of every test of this program.
pub fn keep() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_ansi(false).with_writer(|| Kept).init();
    });
}

/// Whether a line holds all of these.
pub fn has(words: &[&str]) -> bool {
    let lines = LINES.lock().expect("nobody panics with it");
    String::from_utf8_lossy(&lines).lines().any(|line| words.iter().all(|word| line.contains(word)))
}
