//! `read`: codes in pictures. Opens the files and keeps the time; what is in them is the reader's business.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};
use survey_vision::{Effort, Outcome, PICTURE_BYTES_MAX, Reading, decode_picture, read};

/// Beacons in pictures.
#[derive(Debug, Args)]
pub struct Read {
    /// PNG or JPEG pictures.
    #[arg(required = true)]
    images: Vec<PathBuf>,
    /// Print one JSON line for each picture.
    #[arg(long)]
    json: bool,
    /// Look for several codes in a picture: every pass, whatever the first ones found.
    #[arg(long)]
    all: bool,
}

impl Read {
    /// Prints a line for each picture, in their order; a file that is no picture does not stop the others.
    pub fn run(&self) -> ExitCode {
        let effort = if self.all { Effort::Exhaustive } else { Effort::Still };
        let mut all_looked_at = true;
        for path in &self.images {
            let looked = look(path, effort);
            all_looked_at &= looked.is_ok();
            match (self.json, looked) {
                (true, Ok((outcome, milliseconds))) => println!("{}", line(path, &outcome, milliseconds)),
                (true, Err(error)) => println!("{}", json!({"file": path, "text": null, "error": format!("{error:#}")})),
                (false, Ok((outcome, milliseconds))) => print_text(path, &outcome, milliseconds),
                (false, Err(error)) => eprintln!("{}: {error:#}", path.display()),
            }
        }
        ExitCode::from(u8::from(!all_looked_at))
    }
}

fn look(path: &Path, effort: Effort) -> anyhow::Result<(Outcome, f64)> {
    let mut bytes = Vec::new();
    let file = File::open(path).context("could not be opened")?;
    // One byte more than is taken, so that a file beyond the bound is told from one at it.
    file.take(PICTURE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).context("could not be read")?;
    let frame = decode_picture(&bytes)?;
    let start = Instant::now();
    let outcome = read(&frame, effort);
    Ok((outcome, start.elapsed().as_secs_f64() * 1e3))
}

fn line(path: &Path, outcome: &Outcome, milliseconds: f64) -> Value {
    let first = outcome.readings.first();
    json!({
        "file": path,
        "text": first.map(|reading| &reading.text),
        "corners": first.map(corners),
        "milliseconds": rounded(milliseconds),
        "pass": first.map(|reading| reading.pass.word()),
        "codes": outcome.readings.iter().map(code).collect::<Vec<Value>>(),
        "doubtful": outcome.doubtful,
    })
}

fn code(reading: &Reading) -> Value {
    json!({
        "text": reading.text,
        "corners": corners(reading),
        "pass": reading.pass.word(),
        "contrast": rounded(reading.quality.contrast),
        "side_pixels": rounded(reading.quality.side_pixels),
    })
}

/// `[x, y]` in pixels: top left, top right, bottom right, bottom left of the code as printed.
fn corners(reading: &Reading) -> Vec<[f64; 2]> {
    reading.corners.iter().map(|corner| [rounded(corner.x), rounded(corner.y)]).collect()
}

fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

fn print_text(path: &Path, outcome: &Outcome, milliseconds: f64) {
    if outcome.readings.is_empty() {
        println!("{}: no code ({milliseconds:.1} ms)", path.display());
    }
    for reading in &outcome.readings {
        let middle = reading.middle();
        let (text, pass) = (&reading.text, reading.pass.word());
        println!("{}: {text:?} at {:.0},{:.0} by {pass} ({milliseconds:.1} ms)", path.display(), middle.x, middle.y);
    }
}
