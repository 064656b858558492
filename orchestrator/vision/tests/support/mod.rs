//! Photographs with their exact texts, and what night does to them.
#![allow(dead_code, reason = "each test and bench uses its part")]

use std::path::{Path, PathBuf};

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use survey_vision::{Frame, decode_picture};

/// How dark, and how noisy the sensor is at that light.
#[derive(Debug, Clone, Copy)]
pub struct Night {
    /// What is left of the light, 0 to 1.
    pub light: f64,
    /// Standard deviation of the sensor's noise, grey levels.
    pub noise: f64,
}

/// Nights from a lit street to a lot without lamps.
pub const NIGHTS: [(&str, Night); 3] = [
    ("lamp-lit night", Night { light: 0.30, noise: 5.0 }),
    ("dim night", Night { light: 0.15, noise: 5.0 }),
    ("dark night", Night { light: 0.12, noise: 8.0 }),
];

/// A picture with what it holds.
pub struct Photograph {
    pub name: String,
    pub frame: Frame,
    pub text: String,
}

/// The photographs that are not part of the project.
pub fn shared_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/qr")
}

/// All pictures below a folder that have a text beside them; empty when there is no such folder.
pub fn photographs(folder: &Path) -> Vec<Photograph> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            found.extend(photographs(&path));
        } else if path.extension().is_some_and(|extension| extension == "png" || extension == "jpg") {
            found.extend(photograph(&path));
        }
    }
    found
}

fn photograph(path: &Path) -> Option<Photograph> {
    let text = std::fs::read_to_string(path.with_extension("txt")).ok()?;
    let frame = decode_picture(&std::fs::read(path).ok()?).ok()?;
    let parts: Vec<_> = path.components().rev().take(2).map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    Some(Photograph { name: format!("{}/{}", parts[1], parts[0]), frame, text })
}

impl Photograph {
    /// Exactly the text; line ends of the text file's own are not part of it.
    pub fn is(&self, text: &str) -> bool {
        let unix = |text: &str| text.replace("\r\n", "\n").trim_end_matches('\n').to_owned();
        unix(text) == unix(&self.text)
    }

    /// The same picture in less light, with the sensor's noise.
    pub fn at_night(&self, night: Night, seed: u64) -> Photograph {
        let mut random = Pcg64::seed_from_u64(seed);
        let dark = self.frame.pixels().iter().map(|pixel| {
            // Twelve uniform numbers less six are normal enough (Irwin-Hall).
            let normal: f64 = (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
            (f64::from(*pixel) * night.light + normal * night.noise).round().clamp(0.0, 255.0) as u8
        });
        let frame = Frame::new(self.frame.width(), self.frame.height(), dark.collect()).expect("the same size");
        Photograph { name: self.name.clone(), frame, text: self.text.clone() }
    }

    /// A frame of the size asked for, of the photograph's texture in blocks of eight, which leaves nothing to read.
    pub fn without_code_at(&self, width: usize, height: usize) -> Photograph {
        let pixel = |x: usize, y: usize| {
            let (x, y) = (x / 8 * 8 * self.frame.width() / width, y / 8 * 8 * self.frame.height() / height);
            self.frame.pixels()[y * self.frame.width() + x]
        };
        let pixels = (0..width * height).map(|at| pixel(at % width, at / width)).collect();
        let frame = Frame::new(width, height, pixels).expect("the size asked for");
        Photograph { name: self.name.clone(), frame, text: String::new() }
    }
}
