//! What a site decides beforehand about parking: lots, areas, tariffs, permits, cameras. Enters the log as an entry.

use std::collections::{BTreeMap, BTreeSet};

use flight_types::LotId;
use serde::{Deserialize, Serialize};

use crate::id::{AreaId, CameraId};
use crate::limits::PERMITS_MAX;
use crate::tariff::{Permit, Tariff, TariffError, TariffKey};

/// Everything about parking that does not happen by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ParkingConfig {
    /// The lots.
    pub lots: Vec<LotConfig>,
    /// Their areas.
    pub areas: Vec<AreaConfig>,
    /// Tariffs, in every version that a lot or an open session may still name.
    pub tariffs: Vec<Tariff>,
    /// Who pays less.
    pub permits: Vec<Permit>,
    /// Cameras at gates.
    pub cameras: Vec<CameraConfig>,
}

/// A lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LotConfig {
    /// Which.
    pub id: LotId,
    /// As shown.
    pub name: String,
    /// What it costs now.
    pub tariff: TariffKey,
}

/// A part of a lot with a code of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaConfig {
    /// Which.
    pub id: AreaId,
    /// Of which lot.
    pub lot: LotId,
    /// As shown.
    pub name: String,
    /// Where it is, in words, for the entry-complete notice.
    pub place: String,
}

/// Which way cars pass a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Into the lot.
    Entry,
    /// Out of it.
    Exit,
}

/// A camera that reads plates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraConfig {
    /// Which.
    pub id: CameraId,
    /// At which area's gate.
    pub area: AreaId,
    /// Which way cars pass it.
    pub direction: Direction,
    /// SHA-256 of the token that it proves itself with, hexadecimal.
    pub token_sha256: String,
    /// A read below this confidence is noise, per cent.
    #[serde(default = "review_pct")]
    pub review_pct: u8,
    /// From this confidence a read acts by itself; between the two a person looks, per cent.
    #[serde(default = "accept_pct")]
    pub accept_pct: u8,
    /// From this confidence a read is never bent to a plate that only resembles it, per cent.
    #[serde(default = "certain_pct")]
    pub certain_pct: u8,
    /// How far its clock may be off, milliseconds.
    #[serde(default = "clock_skew_max_ms")]
    pub clock_skew_max_ms: i64,
}

fn review_pct() -> u8 {
    40
}

fn accept_pct() -> u8 {
    80
}

fn certain_pct() -> u8 {
    97
}

fn clock_skew_max_ms() -> i64 {
    120_000
}

/// Why a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Two of a kind with one name.
    #[error("{kind} {id} stands there twice")]
    Twice {
        /// "lot", "area", "tariff", "camera".
        kind: &'static str,
        /// Which.
        id: String,
    },
    /// Something is named that is not there.
    #[error("{by} names {kind} {id}, which is not there")]
    Missing {
        /// Who names it.
        by: String,
        /// "lot", "area", "tariff".
        kind: &'static str,
        /// What.
        id: String,
    },
    /// A tariff cannot be used.
    #[error(transparent)]
    Tariff(#[from] TariffError),
    /// A tariff changed without a new version; open sessions keep the version they began with.
    #[error("tariff {0} was in force before with other figures; give the new one a new version")]
    TariffChanged(TariffKey),
    /// Too many permits.
    #[error("at most {PERMITS_MAX} permits")]
    Permits,
    /// A number out of its range.
    #[error("{of}: {problem}")]
    Value {
        /// Of what.
        of: String,
        /// What is wrong.
        problem: &'static str,
    },
}

impl ParkingConfig {
    /// Whether it fits together.
    pub fn check(&self) -> Result<(), ConfigError> {
        let lots = unique("lot", self.lots.iter().map(|lot| lot.id.as_str()))?;
        let areas = unique("area", self.areas.iter().map(|area| area.id.as_str()))?;
        unique("camera", self.cameras.iter().map(|camera| camera.id.as_str()))?;
        let mut tariffs = BTreeSet::new();
        for tariff in &self.tariffs {
            tariff.check()?;
            if !tariffs.insert(tariff.key.to_string()) {
                return Err(ConfigError::Twice { kind: "tariff", id: tariff.key.to_string() });
            }
        }
        for lot in &self.lots {
            named(&tariffs, "tariff", &lot.tariff.to_string(), || format!("lot {}", lot.id))?;
        }
        for area in &self.areas {
            named(&lots, "lot", area.lot.as_str(), || format!("area {}", area.id))?;
        }
        for camera in &self.cameras {
            named(&areas, "area", camera.area.as_str(), || format!("camera {}", camera.id))?;
            check_camera(camera)?;
        }
        self.check_permits(&lots)
    }

    fn check_permits(&self, lots: &BTreeSet<String>) -> Result<(), ConfigError> {
        if PERMITS_MAX < self.permits.len() {
            return Err(ConfigError::Permits);
        }
        for permit in &self.permits {
            named(lots, "lot", permit.lot.as_str(), || format!("permit of {}", permit.plate))?;
            if !(1..=100).contains(&permit.discount_pct) {
                return Err(ConfigError::Value { of: format!("permit of {}", permit.plate), problem: "discount_pct is 1 to 100" });
            }
        }
        Ok(())
    }

    /// An area.
    pub fn area(&self, id: &AreaId) -> Option<&AreaConfig> {
        self.areas.iter().find(|area| area.id == *id)
    }

    /// A lot.
    pub fn lot(&self, id: &LotId) -> Option<&LotConfig> {
        self.lots.iter().find(|lot| lot.id == *id)
    }

    /// A camera.
    pub fn camera(&self, id: &CameraId) -> Option<&CameraConfig> {
        self.cameras.iter().find(|camera| camera.id == *id)
    }

    /// Tariffs that stand here with other figures than they had before.
    pub(crate) fn changed<'a>(&'a self, before: &BTreeMap<String, Tariff>) -> Option<&'a Tariff> {
        self.tariffs.iter().find(|tariff| before.get(&tariff.key.to_string()).is_some_and(|known| known != *tariff))
    }
}

fn check_camera(camera: &CameraConfig) -> Result<(), ConfigError> {
    let ordered = camera.review_pct <= camera.accept_pct && camera.accept_pct <= camera.certain_pct && camera.certain_pct <= 100;
    let problem = if !ordered {
        "needs review_pct <= accept_pct <= certain_pct <= 100"
    } else if !(0..=3_600_000).contains(&camera.clock_skew_max_ms) {
        "clock_skew_max_ms is at most an hour"
    } else if camera.token_sha256.len() != 64 || !camera.token_sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        "token_sha256 is 64 hexadecimal digits"
    } else {
        return Ok(());
    };
    Err(ConfigError::Value { of: format!("camera {}", camera.id), problem })
}

fn unique<'a>(kind: &'static str, ids: impl Iterator<Item = &'a str>) -> Result<BTreeSet<String>, ConfigError> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id.to_owned()) {
            return Err(ConfigError::Twice { kind, id: id.to_owned() });
        }
    }
    Ok(seen)
}

fn named(known: &BTreeSet<String>, kind: &'static str, id: &str, by: impl Fn() -> String) -> Result<(), ConfigError> {
    if known.contains(id) { Ok(()) } else { Err(ConfigError::Missing { by: by(), kind, id: id.to_owned() }) }
}
