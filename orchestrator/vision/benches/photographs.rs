//! Reads every photograph of `../shared/data/qr` with the engine alone and with the cascade, in turn, and prints one table.
//!
//! `cargo bench -p survey-vision --bench photographs [-- DIRECTORY]`: any folder of pictures with a `.txt` of the exact text beside
//! each. The dim and noisy nights are made from the same photographs with a fixed seed.

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use support::{Photograph, photographs};
use survey_vision::{Effort, Frame, read, read_plainly};

/// Each picture is read this often; the middle time counts.
const ROUNDS: usize = 5;

fn main() {
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with("--")).map(PathBuf::from);
    let folder = folder.unwrap_or_else(support::shared_folder);
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
        self.times.push(times[ROUNDS / 2]);
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

/// Frames of 1920 x 1080 with nothing to read are the dearest: every pass is run.
fn stream(photographs: &[Photograph]) {
    let mut slowest = Duration::ZERO;
    let mut total = Duration::ZERO;
    let shown = &photographs[..photographs.len().min(10)];
    for photograph in shown {
        let frame = photograph.without_code_at(1_920, 1_080);
        let start = Instant::now();
        std::hint::black_box(read(&frame, Effort::Stream));
        total += start.elapsed();
        slowest = slowest.max(start.elapsed());
    }
    let mean = total.as_secs_f64() * 1e3 / shown.len() as f64;
    println!(
        "1920 x 1080 frames without a code: mean {mean:.1} ms, slowest {:.1} ms (10 a second leave 100 ms)",
        slowest.as_secs_f64() * 1e3
    );
}
