//! Parking at start: the file of lots and tariffs becomes an entry when it changed, and the payment provider is chosen.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use dispatch_core::event::{Actor, Event};
use parking_core::config::{AreaConfig, ParkingConfig};
use parking_core::event::ParkingEvent;
use parking_core::id::AreaId;

use crate::beacons::{self, SignedAreaCodes};
use crate::config::{ParkingSettings, PaymentsConfig, ProviderName};
use crate::engine::Engine;
use crate::http::{AreaCodes, PlainAreaCodes};
use crate::lots::Lots;
use crate::payments::{PaymentProvider, Sandbox, Toss, TossSettings};

/// Where Toss Payments answers.
const TOSS_URL: &str = "https://api.tosspayments.com";

/// Reads a parking file and checks it.
pub fn load(path: &Path) -> anyhow::Result<ParkingConfig> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let config: ParkingConfig = toml::from_str(&text).with_context(|| format!("{} is not a parking file", path.display()))?;
    config.check().with_context(|| format!("{} does not fit together", path.display()))?;
    Ok(config)
}

/// The file's areas, and those that are drawn on its lots beside: what stands on the ground of a lot with a tariff can be parked on.
pub fn with_drawn_areas(file: &ParkingConfig, lots: &Lots) -> ParkingConfig {
    let mut config = file.clone();
    for layout in lots.all() {
        let lot = &layout.lot;
        if config.lot(&lot.id).is_none() {
            continue;
        }
        for area in &lot.areas {
            if let Ok(id) = AreaId::new(area.id.as_str())
                && config.area(&id).is_none()
            {
                let (name, place) = (area.name.clone(), lot.name.clone());
                config.areas.push(AreaConfig { id, lot: lot.id.clone(), name, place });
            }
        }
    }
    config
}

/// Puts the configured lots with the areas drawn on them into the log, when they are others than before. Answers what the file says.
pub async fn configure(engine: &Engine, settings: &ParkingSettings, lots: &Lots) -> anyhow::Result<Option<Arc<ParkingConfig>>> {
    let Some(path) = &settings.file else { return Ok(None) };
    let file = Arc::new(load(path)?);
    let config = with_drawn_areas(&file, lots);
    if engine.read(|core| *core.parking().config() == config) {
        return Ok(Some(file));
    }
    let change = Box::new(ParkingEvent::Configured { config: Box::new(config), stays_keep_permits: true });
    engine.report(Actor::System, Event::Parking { change }).await.with_context(|| format!("{} was not taken", path.display()))?;
    Ok(Some(file))
}

/// What is taken as an area's code: signed ones where keys are configured.
pub fn area_codes_of(settings: &ParkingSettings) -> anyhow::Result<Arc<dyn AreaCodes>> {
    let Some(path) = &settings.beacon_keys_file else { return Ok(Arc::new(PlainAreaCodes)) };
    let host = settings.beacon_host.as_deref().context("parking.beacon_host is missing")?;
    Ok(Arc::new(SignedAreaCodes(beacons::load(host, path)?)))
}

/// The configured payment provider.
pub fn provider_of(config: &PaymentsConfig) -> anyhow::Result<Arc<dyn PaymentProvider>> {
    match config.provider {
        ProviderName::Sandbox => Ok(Arc::new(Sandbox::default())),
        ProviderName::Toss => Ok(Arc::new(toss(config)?)),
    }
}

fn toss(config: &PaymentsConfig) -> anyhow::Result<Toss> {
    let path = config.secret_key_file.as_ref().context("parking.payments.secret_key_file is missing")?;
    let secret = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    // Only the first server of a process may choose the cryptography; it is the same one everywhere here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client_key = config.client_key.clone().context("parking.payments.client_key is missing")?;
    let base_url = config.base_url.clone().unwrap_or_else(|| TOSS_URL.to_owned());
    Toss::new(TossSettings { base_url, secret_key: secret.trim().to_owned(), client_key })
        .context("no HTTP client for the payment provider")
}
