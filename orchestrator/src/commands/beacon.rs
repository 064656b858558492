//! `beacon`: sheets to print, and what a code that was read is. Reads the file of keys; the rest is the pure crate's.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use beacon::{KeyRing, Sheet, Sight, Verdict, issue, verify};
use clap::{Args, Subcommand};

use crate::beacons;

/// Beacons.
#[derive(Debug, Subcommand)]
pub enum Beacon {
    /// Writes an area's sheet as SVG or PDF at true size, its modules as large as height and camera need.
    #[command(
        after_help = "Example: orchestrator beacon sheet --host park.example --keys keys.toml --area A-17 --height 15 --out a17.pdf\nThe file of keys: [[key]] with id = 1, secret = \"64 hexadecimal digits\", state = \"active\" (or \"retired\", \"revoked\"); [[revoked]] with area and key withdraws a single board."
    )]
    Sheet(SheetFor),
    /// Tells whether the text of a code is a genuine beacon; exit code 1 when it is not.
    #[command(
        after_help = "Example: orchestrator beacon check --host park.example --keys keys.toml https://park.example/p/A-17.1…"
    )]
    Check {
        #[command(flatten)]
        keys: Keys,
        /// What the code says.
        text: String,
    },
}

/// Whose beacons.
#[derive(Debug, Args)]
pub struct Keys {
    /// The host of the beacons' addresses.
    #[arg(long)]
    host: String,
    /// The file of keys (TOML).
    #[arg(long)]
    keys: PathBuf,
}

/// What to print.
#[derive(Debug, Args)]
pub struct SheetFor {
    #[command(flatten)]
    keys: Keys,
    /// The area that the beacon names.
    #[arg(long)]
    area: String,
    /// The survey's height above the ground, metres.
    #[arg(long)]
    height: f64,
    /// Pixels across the camera's picture.
    #[arg(long, default_value_t = 1_920.0)]
    pixels: f64,
    /// The camera's field of view across, degrees.
    #[arg(long, default_value_t = 70.0)]
    view: f64,
    /// The file to write, ending in .svg or .pdf.
    #[arg(long)]
    out: PathBuf,
}

impl Beacon {
    /// Writes the sheet, or says what a text is.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Sheet(wanted) => wanted.write(),
            Self::Check { keys, text } => Ok(said(&verify(&keys.ring()?, text))),
        }
    }
}

impl SheetFor {
    fn write(&self) -> anyhow::Result<ExitCode> {
        let text = issue(&self.keys.ring()?, &self.area)?;
        let sight = Sight { height_m: self.height, across_pixels: self.pixels, across_deg: self.view };
        let sheet = Sheet::new(&text, &self.area, sight)?;
        let bytes = match self.out.extension().and_then(|extension| extension.to_str()) {
            Some("svg") => sheet.svg().into_bytes(),
            Some("pdf") => sheet.pdf(),
            Some(_) | None => bail!("{}: the name must end in .svg or .pdf", self.out.display()),
        };
        std::fs::write(&self.out, bytes).with_context(|| format!("could not write {}", self.out.display()))?;
        println!("{text}");
        println!("{}: {} x {} mm, modules of {} mm", self.out.display(), sheet.width_mm(), sheet.height_mm(), sheet.module_mm());
        Ok(ExitCode::SUCCESS)
    }
}

impl Keys {
    fn ring(&self) -> anyhow::Result<KeyRing> {
        beacons::load(&self.host, &self.keys)
    }
}

fn said(verdict: &Verdict) -> ExitCode {
    match verdict {
        Verdict::Genuine { area, key } => println!("genuine: area {area}, key {key}"),
        Verdict::Revoked { area, key } => println!("revoked: area {area}, key {key}"),
        Verdict::Forged { area } => println!("forged: claims area {area}"),
        Verdict::Altered => println!("altered: names this host, and is no beacon of it"),
        Verdict::Foreign => println!("foreign: nothing of this host"),
    }
    ExitCode::from(u8::from(!matches!(verdict, Verdict::Genuine { .. })))
}
