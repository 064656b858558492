//! The links to the site's aircraft: those that are heard here, and those of stations behind a gateway. It joins them into one and
//! decides nothing about flights.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use drone_link::gateway::{BrokerLogin, RemoteLinks, RemoteSettings};
use drone_link::{AircraftSettings, HubOptions, LinkConfig, LinkHandle, LinkHub, LinkReport};
use flight_types::{DroneId, DroneStatus, FlightCommand, MissionId, StationId};
use site_model::{Site, SiteDrone};
use tokio::sync::mpsc;

use crate::config::{Config, LinksConfig};
use crate::effects::{DroneLinks, LinkFuture};

/// The links to all aircraft. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Links {
    here: LinkHandle,
    far: Option<LinkHandle>,
    /// The aircraft of the far ones.
    behind_gateways: Arc<BTreeSet<DroneId>>,
}

/// What links report, and the handle that tells the statuses that go with it.
pub struct Reporting {
    /// What happens.
    pub reports: mpsc::Receiver<LinkReport>,
    /// Whose statuses changed.
    pub handle: LinkHandle,
}

impl Links {
    /// Starts listening for the aircraft here and, where there are gateways, asking for their stations at the broker.
    pub async fn start(config: &Config, site: &Site, broker: Option<BrokerLogin>) -> anyhow::Result<(Self, Vec<Reporting>)> {
        let stations = stations(&config.links, site)?;
        let behind_gateways: BTreeSet<DroneId> = stations.values().flatten().cloned().collect();
        let links = link_configs(&config.links.aircraft, site, &behind_gateways)?;
        let options = options(&config.links, &config.store.data_dir);
        let (here, reports) =
            LinkHub::start(config.links.bind, links, options).await.context("cannot start the links to aircraft")?;
        let mut reporting = vec![Reporting { reports, handle: here.clone() }];
        let mut far = None;
        if !stations.is_empty() {
            let broker = broker.context("links.gateways needs mqtt.enabled")?;
            let settings =
                RemoteSettings { broker, prefix: config.mqtt.prefix.clone(), district: site.manifest.district.clone(), stations };
            let (handle, reports) = RemoteLinks::start(settings);
            reporting.push(Reporting { reports, handle: handle.clone() });
            far = Some(handle);
        }
        Ok((Self { here, far, behind_gateways: Arc::new(behind_gateways) }, reporting))
    }

    /// Where aircraft are heard.
    pub fn local_addr(&self) -> SocketAddr {
        self.here.local_addr()
    }

    /// Leaves the gateways alone, while the broker still stands. Their aircraft go on as the gateways' files say.
    pub async fn leave_gateways(&self) {
        if let Some(far) = &self.far {
            far.shutdown().await;
        }
    }

    /// Stops the links. Aircraft go on by themselves.
    pub async fn shutdown(&self) {
        self.leave_gateways().await;
        self.here.shutdown().await;
    }

    fn to(&self, drone: &DroneId) -> &LinkHandle {
        self.far.as_ref().filter(|_| self.behind_gateways.contains(drone)).unwrap_or(&self.here)
    }
}

impl DroneLinks for Links {
    fn command<'a>(&'a self, drone: &'a DroneId, mission: &'a MissionId, command: FlightCommand) -> LinkFuture<'a> {
        Box::pin(self.to(drone).command(drone, mission, command))
    }

    fn status(&self, drone: &DroneId) -> Option<DroneStatus> {
        self.to(drone).status(drone)
    }
}

fn options(config: &LinksConfig, data_dir: &Path) -> HubOptions {
    HubOptions {
        tlog: config.tlog.then(|| data_dir.join("tlog")),
        signing: Some(data_dir.join("signing")),
        watchers: config.watchers.clone(),
    }
}

/// The stations behind gateways, with their aircraft.
fn stations(config: &LinksConfig, site: &Site) -> anyhow::Result<BTreeMap<StationId, Vec<DroneId>>> {
    let aircraft = |station: &StationId| -> Vec<DroneId> {
        site.drones().filter(|drone| drone.station == station).map(|drone| drone.id.clone()).collect()
    };
    let stations: BTreeMap<_, _> =
        config.gateways.iter().map(|gateway| (gateway.station.clone(), aircraft(&gateway.station))).collect();
    if let Some((stranger, _)) = stations.iter().find(|(_, drones)| drones.is_empty()) {
        anyhow::bail!("links.gateways names {stranger}, which is no station of the site with aircraft");
    }
    Ok(stations)
}

/// The links to the aircraft here, each as the configuration wants it.
fn link_configs(
    particular: &[AircraftSettings],
    site: &Site,
    behind_gateways: &BTreeSet<DroneId>,
) -> anyhow::Result<Vec<LinkConfig>> {
    for aircraft in particular {
        if site.drones().all(|drone| *drone.id != aircraft.drone) {
            anyhow::bail!("links.aircraft names {}, which the site does not have", aircraft.drone);
        }
        if !aircraft.rally_points.is_empty() {
            anyhow::bail!("links.aircraft gives {} rally points: here they are those of site.toml", aircraft.drone);
        }
        if behind_gateways.contains(&aircraft.drone) {
            anyhow::bail!(
                "links.aircraft names {}, which is behind a gateway: its link is set in the gateway's file",
                aircraft.drone
            );
        }
    }
    let config = site.config();
    let link = |drone: SiteDrone<'_>| {
        let link = match particular.iter().find(|aircraft| aircraft.drone == *drone.id) {
            Some(aircraft) => aircraft.link(drone.system_id).context("links.aircraft")?,
            None => LinkConfig::new(drone.id.clone(), drone.system_id),
        };
        Ok(LinkConfig { rally_points: config.rally_points_from(drone.ground_amsl_m), ..link })
    };
    site.drones().filter(|drone| !behind_gateways.contains(drone.id)).map(link).collect()
}
