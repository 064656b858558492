//! `beacon`: sheets to print, and what a code that was read is. Reads the file of keys; the rest is the pure crate's.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use beacon::{IssueError, KeyRing, Sheet, Sight, Verdict, issue, verify};
use clap::{Args, Subcommand};
use flight_types::LotId;
use site_model::{BeaconState, Site};

use crate::beacons;

/// Beacons.
#[derive(Debug, Subcommand)]
pub enum Beacon {
    /// Writes an area's sheet as SVG or PDF at true size, its modules as large as height and camera need.
    #[command(
        after_help = "Example: orchestrator beacon sheet --host park.example --keys keys.toml --area A-17 --height 15 --out a17.pdf\nThe file of keys: [[key]] with id = 1, secret = \"64 hexadecimal digits\", state = \"active\" (or \"retired\", \"revoked\"); [[revoked]] with area and key withdraws a single board."
    )]
    Sheet(SheetFor),
    /// Writes the sheets of all beacons of a lot of a site: a PDF with a page each, or a folder of SVGs.
    #[command(
        after_help = "Example: orchestrator beacon sheets --host park.example --keys keys.toml --site configs/demo-site --lot market --height 15 --out market.pdf\nBeacons that are withdrawn are left out."
    )]
    Sheets(SheetsFor),
    /// Says what the code of every area of a site's lots reads, as TOML: `A1 = "https://…"`.
    #[command(after_help = "Example: orchestrator beacon codes --host park.example --keys keys.toml --site configs/demo-site")]
    Codes {
        #[command(flatten)]
        keys: Keys,
        /// The site's folder.
        #[arg(long)]
        site: PathBuf,
    },
    /// Makes a key and prints what to add to the file of keys. With the last active key in the file, it signs from then on.
    #[command(
        subcommand,
        after_help = "Example: orchestrator beacon key new --keys keys.toml >> keys.toml\nThen make the key before it \"retired\", so that its boards are believed until they are replaced."
    )]
    Key(KeyCommand),
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

/// Keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// A new one, from the operating system's randomness, with an id that no key had before.
    New {
        /// The file of keys (TOML), for the ids that are taken; left out for the first key of a site.
        #[arg(long)]
        keys: Option<PathBuf>,
    },
}

impl KeyCommand {
    fn run(&self) -> anyhow::Result<ExitCode> {
        let Self::New { keys } = self;
        // The host plays no part in ids.
        let taken = keys.as_ref().map(|path| beacons::load("localhost", path)).transpose()?;
        let id = taken.map_or(Some(1), |ring| ring.free_id()).context("all 256 ids are used up: nothing but a new host helps")?;
        println!("\n[[key]]\nid = {id}\nsecret = \"{}\"\nstate = \"active\"", crate::access::random_secret()?);
        Ok(ExitCode::SUCCESS)
    }
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

/// What sheets are made for.
#[derive(Debug, Args)]
pub struct SightFor {
    /// The survey's height above the ground, metres.
    #[arg(long)]
    height: f64,
    /// Pixels across the camera's picture.
    #[arg(long, default_value_t = 1_920.0)]
    pixels: f64,
    /// The camera's field of view across, degrees.
    #[arg(long, default_value_t = 70.0)]
    view: f64,
}

impl SightFor {
    fn sight(&self) -> Sight {
        Sight { height_m: self.height, across_pixels: self.pixels, across_deg: self.view }
    }
}

/// The sheets of a lot.
#[derive(Debug, Args)]
pub struct SheetsFor {
    #[command(flatten)]
    keys: Keys,
    /// The site's folder.
    #[arg(long)]
    site: PathBuf,
    /// Which lot of it.
    #[arg(long)]
    lot: LotId,
    #[command(flatten)]
    sight: SightFor,
    /// The file to write, ending in .pdf, or a folder for one .svg each.
    #[arg(long)]
    out: PathBuf,
}

/// What to print.
#[derive(Debug, Args)]
pub struct SheetFor {
    #[command(flatten)]
    keys: Keys,
    /// The area that the beacon names.
    #[arg(long)]
    area: String,
    #[command(flatten)]
    sight: SightFor,
    /// The file to write, ending in .svg or .pdf.
    #[arg(long)]
    out: PathBuf,
}

impl Beacon {
    /// Writes the sheet, or says what a text is.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Sheet(wanted) => wanted.write(),
            Self::Sheets(wanted) => wanted.write(),
            Self::Codes { keys, site } => codes(&keys.ring()?, &Site::load(site)?),
            Self::Key(command) => command.run(),
            Self::Check { keys, text } => Ok(said(&verify(&keys.ring()?, text))),
        }
    }
}

/// A table of texts by area; keys are quoted, because an area may look like a number.
fn codes(ring: &KeyRing, site: &Site) -> anyhow::Result<ExitCode> {
    for area in site.lots.iter().flat_map(|lot| &lot.areas) {
        match issue(ring, &area.id) {
            Ok(text) => println!("\"{}\" = \"{text}\"", area.id),
            // The others are wanted all the same.
            Err(revoked @ IssueError::Revoked { .. }) => eprintln!("{revoked}"),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl SheetFor {
    fn write(&self) -> anyhow::Result<ExitCode> {
        let text = issue(&self.keys.ring()?, &self.area)?;
        let sheet = Sheet::new(&text, &self.area, self.sight.sight())?;
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

impl SheetsFor {
    fn write(&self) -> anyhow::Result<ExitCode> {
        let site = Site::load(&self.site)?;
        let lot = site.lots.iter().find(|lot| lot.id == self.lot).with_context(|| format!("the site has no lot {}", self.lot))?;
        let ring = self.keys.ring()?;
        let mut sheets = Vec::new();
        for beacon in lot.beacons.iter().filter(|beacon| beacon.state != BeaconState::Withdrawn) {
            let sheet = Sheet::new(&issue(&ring, &beacon.area)?, &beacon.area, self.sight.sight())?;
            println!("{}: area {}, modules of {} mm", beacon.id, beacon.area, sheet.module_mm());
            sheets.push((beacon.id.as_str(), sheet));
        }
        if sheets.is_empty() {
            bail!("lot {} has no beacons", self.lot);
        }
        self.keep(sheets)?;
        Ok(ExitCode::SUCCESS)
    }

    fn keep(&self, sheets: Vec<(&str, Sheet)>) -> anyhow::Result<()> {
        let written =
            |path: &Path, bytes: &[u8]| std::fs::write(path, bytes).with_context(|| format!("could not write {}", path.display()));
        if self.out.extension().is_some_and(|extension| extension == "pdf") {
            let sheets: Vec<Sheet> = sheets.into_iter().map(|(_, sheet)| sheet).collect();
            return written(&self.out, &beacon::pdf(&sheets));
        }
        std::fs::create_dir_all(&self.out).with_context(|| format!("could not make {}", self.out.display()))?;
        sheets.iter().try_for_each(|(id, sheet)| written(&self.out.join(format!("{id}.svg")), sheet.svg().as_bytes()))
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
