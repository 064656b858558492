//! Reads every photograph of `../shared/data/qr` with the engine alone and with the cascade, in turn, and prints one table.
//!
//! `cargo bench -p survey-vision --bench photographs`; `PHOTOGRAPHS` names another folder of pictures with a `.txt` of the exact text
//! beside each. The nights are made from the same photographs with fixed seeds. OpenCV, ZBar and quirc read the same pixels where
//! `PEER_PYTHON` names an interpreter that has opencv-python-headless, pyzbar and pyquirc. Times by the clock; frames of a stream by
//! processor time.

#[path = "support/processor.rs"]
mod processor;
#[path = "../tests/support/mod.rs"]
mod support;

use std::ffi::OsStr;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use processor::on_processor;
use support::{Photograph, photographs};
use survey_vision::{Effort, Frame, read, read_plainly};

/// Each picture is read this often; the middle time counts.
const ROUNDS: usize = 5;

fn main() {
    let folder = std::env::var_os("PHOTOGRAPHS").map_or_else(support::shared_folder, PathBuf::from);
    let day = photographs(&folder);
    if day.is_empty() {
        println!("no photographs in {}: nothing measured", folder.display());
        return;
    }
    println!(
        "{:<28} {:>5} {:>7} {:>6} {:>9} {:>10} {:>10}",
        "set / reader", "of", "exact", "wrong", "rate", "median ms", "mean ms"
    );
    table("as taken", &day);
    for (name, night) in support::NIGHTS {
        let dark: Vec<Photograph> = day.iter().enumerate().map(|(seed, photo)| photo.at_night(night, seed as u64)).collect();
        table(name, &dark);
    }
    stream(&day);
}

fn table(set: &str, photographs: &[Photograph]) {
    let mut plain = Score::default();
    let mut cascade = Score::default();
    for photograph in photographs {
        plain.add(photograph, read_plainly);
        let ours = |frame: &Frame| read(frame, Effort::Still).readings.into_iter().map(|reading| reading.text).collect();
        let missed = cascade.add(photograph, ours);
        if missed && std::env::var_os("SHOW_MISSED").is_some() {
            println!("  missed {}", photograph.name);
        }
    }
    plain.print(&format!("{set} / zxing-cpp"));
    cascade.print(&format!("{set} / survey-vision"));
    let ratio = cascade.total().as_secs_f64() / plain.total().as_secs_f64();
    println!("{:<28} {ratio:.2} x the mean, {:.2} x the median", "", cascade.median_ms() / plain.median_ms());
    peers(set, photographs);
}

/// Readers that are no Rust libraries, each on the same pixels, once.
fn peers(set: &str, photographs: &[Photograph]) {
    let Some(python) = std::env::var_os("PEER_PYTHON") else { return };
    let answers = match peers_answers(&python, photographs) {
        Ok(answers) => answers,
        Err(error) => return println!("{set}: no peers: {error}"),
    };
    for name in ["OpenCV", "ZBar", "quirc"] {
        let mut score = Score::default();
        // Each line: reader, number of the picture, seconds, texts in hexadecimal.
        for line in answers.lines().filter(|line| line.starts_with(name)) {
            let words: Vec<&str> = line.split(' ').collect();
            let Some(photograph) = words.get(1).and_then(|word| photographs.get(word.parse::<usize>().ok()?)) else { continue };
            let time = words.get(2).and_then(|word| word.parse().ok()).map(Duration::from_secs_f64);
            let texts: Vec<String> = words.iter().skip(3).filter_map(|word| unhex(word)).collect();
            score.count(photograph, &texts, time.unwrap_or_default());
        }
        score.print(&format!("{set} / {name}"));
    }
}

fn peers_answers(python: &OsStr, photographs: &[Photograph]) -> std::io::Result<String> {
    let mut child =
        Command::new(python).args(["-c", include_str!("peers.py")]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // It reads all before it answers, so neither waits for the other.
        for Photograph { frame, .. } in photographs {
            writeln!(input, "{} {}", frame.width(), frame.height())?;
            input.write_all(frame.pixels())?;
        }
    }
    Ok(String::from_utf8_lossy(&child.wait_with_output()?.stdout).into_owned())
}

fn unhex(word: &str) -> Option<String> {
    let digits = |at: usize| u8::from_str_radix(word.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..word.len()).step_by(2).map(digits).collect();
    Some(String::from_utf8_lossy(&bytes?).into_owned())
}

#[derive(Default)]
struct Score {
    exact: usize,
    wrong: usize,
    times: Vec<Duration>,
}

impl Score {
    /// Whether the picture was missed.
    fn add(&mut self, photograph: &Photograph, reader: impl Fn(&Frame) -> Vec<String>) -> bool {
        let mut times = Vec::with_capacity(ROUNDS);
        let mut texts = Vec::new();
        for _ in 0..ROUNDS {
            let start = Instant::now();
            texts = reader(&photograph.frame);
            times.push(start.elapsed());
        }
        times.sort_unstable();
        self.count(photograph, &texts, times[ROUNDS / 2])
    }

    fn count(&mut self, photograph: &Photograph, texts: &[String], time: Duration) -> bool {
        self.times.push(time);
        self.wrong += texts.iter().filter(|text| !photograph.is(text)).count();
        let exact = texts.iter().any(|text| photograph.is(text));
        self.exact += usize::from(exact);
        !exact
    }

    fn total(&self) -> Duration {
        self.times.iter().sum()
    }

    fn median_ms(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1e3
    }

    fn print(&self, name: &str) {
        let of = self.times.len();
        let (rate, mean) = (100.0 * self.exact as f64 / of as f64, self.total().as_secs_f64() * 1e3 / of as f64);
        let (exact, wrong, median) = (self.exact, self.wrong, self.median_ms());
        println!("{name:<28} {of:>5} {exact:>7} {wrong:>6} {rate:>7.1} % {median:>10.2} {mean:>10.2}");
    }
}

/// Frames of 1920 x 1080 with nothing to read; with the noise of a dim night every look takes longer.
fn stream(photographs: &[Photograph]) {
    let shown = &photographs[..photographs.len().min(10)];
    for (name, night) in [("day", None), ("dim night", Some(support::NIGHTS[1].1))] {
        let mut times = Vec::new();
        for (seed, photograph) in shown.iter().enumerate() {
            let empty = photograph.without_code_at(1_920, 1_080);
            let frame = night.map_or_else(|| empty.frame.clone(), |night| empty.at_night(night, seed as u64).frame);
            let start = on_processor();
            std::hint::black_box(read(&frame, Effort::Stream));
            times.push(on_processor().saturating_sub(start).as_secs_f64() * 1e3);
        }
        times.sort_unstable_by(f64::total_cmp);
        let (median, slowest) = (times[times.len() / 2], times[times.len() - 1]);
        println!("1920 x 1080, {name}, no code: median {median:.1} ms, slowest {slowest:.1} ms (10 a second leave 100 ms)");
    }
}
