//! A survey flown by the real core and link over simulated aircraft, and its camera's pictures brought to the pipeline as the server's watch
//! brings them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use dispatch_core::choice::sortie_charges;
use dispatch_core::config::SiteConfig;
use dispatch_core::event::Event;
use dispatch_core::survey::{Survey, SurveyKind, SurveyState};
use flight_types::{GeoPoint, MissionId};
use sim::Truth;
use sim::scenario::{Scenario, Snapshot, Step, SurveyPass, run_watched};
use sim_camera::{Camera, Intrinsics};
use survey_findings::Says;
use survey_sightings::{Eye, Gathering, Shot};
use survey_vision::{ByFigures, Frame, Lens, Pose, PoseSpread};

use super::lot::DemoLot;

const SEED: u64 = 1;
const FIELD_DEG: f64 = 70.0;

const STORY: &str = r#"
name = "a sweep"
about = "The demo's lot is swept; nobody calls."
for_s = 3000
site = "site"
"#;

pub struct Flight<'a> {
    lot: &'a DemoLot,
    kind: SurveyKind,
    each_ms: u64,
    camera: Camera,
    gathering: Gathering,
    charges_pct: BTreeMap<MissionId, (f64, f64)>,
}

/// What a survey came to.
pub struct Flown {
    pub gathering: Gathering,
    /// From the first order to the last landing.
    pub flown_s: f64,
    /// What each sortie took.
    pub taken: Vec<Taken>,
    read: Vec<String>,
}

/// What a sortie took of a battery, and what it was reckoned to take, per cent of a full one without the reserve.
#[derive(Debug)]
pub struct Taken {
    pub flown_pct: f64,
    /// In still air, as it was flown.
    pub still_pct: f64,
    /// In the wind that sorties are cut for.
    pub cut_for_pct: f64,
}

impl Flown {
    pub fn has_read(&self, area: &str) -> bool {
        self.read.iter().any(|read| read == area)
    }
}

/// The demo's station and aircraft as scenarios have them.
fn site_of(lot: &DemoLot) -> String {
    let centre = lot.site.centre();
    let at = |place: GeoPoint| {
        let local = lot.frame.to_local(place);
        format!("[{}, {}]", local.east_m, local.north_m)
    };
    let station = &lot.site.config().stations[0];
    let drones: Vec<String> = lot
        .site
        .drones()
        .filter(|drone| *drone.station == station.id)
        .map(|drone| {
            format!("{{ id = \"{}\", system_id = {}, at = {}, illuminator = true }}", drone.id, drone.system_id, at(drone.pad))
        })
        .collect();
    format!(
        "name = \"demo\"\norigin = {{ lat = {}, lon = {} }}\nground_amsl_m = {}\nfence = [[-900, -900], [900, -900], [900, 900], [-900, 900]]\n\
         fence_height_max_m = 120.0\n[[stations]]\nid = \"{}\"\nat = {}\napproval = {{ by = \"automatic\" }}\ndrones = [{}]\n",
        centre.lat_deg(),
        centre.lon_deg(),
        station.ground_amsl_m,
        station.id,
        at(station.position),
        drones.join(", ")
    )
}

impl<'a> Flight<'a> {
    pub fn of(lot: &'a DemoLot, kind: SurveyKind, each_ms: u64) -> Self {
        let eye = Eye {
            register: lot.lot.register.clone(),
            keys: lot.keys.clone(),
            frame: lot.lot.frame,
            spread: PoseSpread::CORRECTED,
            exposure_s: lot.light.exposure_s(),
            judge: Arc::new(ByFigures),
        };
        let size = Intrinsics::new(lot.settings.camera_width, lot.settings.camera_height, FIELD_DEG).expect("a camera");
        Self { lot, kind, each_ms, camera: Camera::new(size, SEED), gathering: Gathering::new(eye), charges_pct: BTreeMap::new() }
    }

    pub fn fly(mut self) -> Flown {
        let scenario = self.story();
        let mut surveys = Vec::new();
        let mut site = None;
        let mut over_ms = 0;
        let run = run_watched(&scenario, SEED, |moment| {
            self.see(moment);
            self.weigh(moment);
            site = moment.core.and_then(dispatch_core::Core::site).cloned().or(site.take());
            over_ms = moment.now_ms;
            surveys = moment.core.map_or_else(Vec::new, |core| core.surveys().cloned().collect());
        });
        let run = run.expect("it runs");
        assert!(run.passed(), "{}", run.text());
        let [survey] = surveys.as_slice() else { panic!("one survey: {surveys:?}") };
        assert!(matches!(survey.state, SurveyState::Flown { .. }), "{:?}\n{}", survey.state, run.text());
        let taken = self.taken(&site.expect("a site"), survey);
        println!("{} sorties: {taken:.1?}", survey.sorties.len());
        let read = self.gathering.seen().iter().flat_map(|picture| &picture.codes).filter_map(|code| match &code.says {
            Says::Genuine(area) => Some(area.clone()),
            Says::Forged(_) | Says::Revoked(_) | Says::Unread | Says::Foreign => None,
        });
        Flown { read: read.collect(), flown_s: over_ms as f64 / 1_000.0, taken, gathering: self.gathering }
    }

    fn story(&self) -> Scenario {
        let mut scenario = Scenario::parse(Path::new("sweep"), STORY, &site_of(self.lot)).expect("a well-formed story");
        let Event::SurveyRequested { corners, how, .. } = self.lot.planned(self.kind) else { panic!("a survey") };
        let pass = how.pass.expect("height and speed");
        let mut survey: Step = toml::from_str("at_s = 5\ndo = \"survey\"").expect("a step");
        let local = |corner: &GeoPoint| {
            let local = self.lot.frame.to_local(*corner);
            [local.east_m, local.north_m]
        };
        survey.corners = corners.iter().map(local).collect();
        survey.pass = Some(SurveyPass {
            height_m: pass.height_m,
            speed_m_s: pass.speed_m_s,
            heading_deg: pass.heading_deg,
            begins: how.begins,
        });
        scenario.steps.push(survey);
        scenario
    }

    /// Notes the first and the least charge of each flight's aircraft: on its pad it is charged again.
    fn weigh(&mut self, moment: &Snapshot<'_>) {
        for mission in moment.core.into_iter().flat_map(dispatch_core::Core::missions).filter(|mission| !mission.ended) {
            let truth = moment.aircraft().find(|(name, _)| **name == mission.drone).map(|(_, truth)| truth.battery_pct);
            let Some(now_pct) = truth else { continue };
            let (_, least_pct) = self.charges_pct.entry(mission.id.clone()).or_insert((now_pct, now_pct));
            *least_pct = least_pct.min(now_pct);
        }
    }

    /// Each flight of a survey that was flown without a break: a sortie each.
    fn taken(&self, site: &SiteConfig, survey: &Survey) -> Vec<Taken> {
        let pass = survey.pass.expect("height and speed");
        let reckoned_pct = |site: &SiteConfig, corners: &[GeoPoint]| {
            let charges = sortie_charges(site, corners.to_vec(), pass, 0);
            charges.needed_pct[0] - site.policy.battery_reserve_pct
        };
        let mut still = site.clone();
        still.policy.wind_unknown_m_s = 0.0;
        let sorties = survey.sorties.iter().zip(&survey.flights).map(|(sortie, flight)| {
            let corners = &survey.corners[sortie.first..=sortie.last];
            let (first_pct, least_pct) = self.charges_pct[flight];
            Taken {
                flown_pct: first_pct - least_pct,
                still_pct: reckoned_pct(&still, corners),
                cut_for_pct: reckoned_pct(site, corners),
            }
        });
        assert_eq!(survey.sorties.len(), survey.flights.len(), "no sortie was broken off");
        sorties.collect()
    }

    fn see(&mut self, moment: &Snapshot<'_>) {
        let Some(core) = moment.core.filter(|_| moment.now_ms.is_multiple_of(self.each_ms)) else { return };
        let flights = core.surveys().filter_map(Survey::flight).filter_map(|flight| core.mission(flight));
        for mission in flights {
            let truth = moment.aircraft().find(|(name, _)| **name == mission.drone).map(|(_, truth)| truth);
            // What is not looked down upon is not rendered: it would only cost time.
            if let Some(truth) = truth.filter(|truth| truth.camera_pitch_deg < -80.0 && truth.height_m < 25.0) {
                self.shoot(mission.id.as_str(), &truth, moment.now_ms);
            }
        }
    }

    fn shoot(&mut self, flight: &str, truth: &Truth, now_ms: u64) {
        let seen_from = sim::picture::pose_of(truth, &self.lot.frame);
        let picture = self.camera.render(&self.lot.scene, &seen_from, now_ms * 1_000);
        let luma = Frame::new(picture.width as usize, picture.height as usize, picture.luma().to_vec()).expect("a whole frame");
        let id = format!("{flight}/{now_ms}");
        let shot = Shot {
            id: &id,
            flight,
            taken_ms: now_ms as i64,
            frame: &luma,
            lens: Lens::of_field(luma.width(), luma.height(), FIELD_DEG).expect("a lens"),
            pose: Pose {
                latitude_deg: truth.position.lat_deg(),
                longitude_deg: truth.position.lon_deg(),
                height_m: seen_from.up_m,
                heading_deg: seen_from.heading_deg,
                pitch_deg: seen_from.pitch_deg,
                roll_deg: seen_from.roll_deg,
            },
        };
        self.gathering.take(&shot);
    }
}
