//! The demo's lot as it is: what the server knows of it, what the camera sees of it, and who has paid for standing there.

use std::path::{Path, PathBuf};

use beacon::{Key, KeyRing, KeyState, issue};
use dispatch_core::survey::SurveyKind;
use flight_types::{Local, LocalFrame};
use orchestrator::config::{Config, SurveyLight, SurveysConfig};
use orchestrator::surveys::{SurveyedLot, plan};
use sim::picture::{parked_cars, plan_with_codes};
use sim_camera::{Car, Scene};
use site_model::Site;
use survey_findings::{Point, Session};
use survey_plan::Light;
use survey_sightings::RegisteredBay;
use survey_vision::BEFORE_BAY_M;

/// As the demo's cameras have it.
const PARKED_SHARE: f64 = 0.5;
const SEED: u64 = 1;
const LOT: &str = "market";
/// A lamp no further from a bay's middle than this is the lot's own, metres.
const LOT_LAMP_M: f64 = 4.0;

/// The lot, its cars and its sky.
pub struct DemoLot {
    pub light: Light,
    pub site: Site,
    pub settings: SurveysConfig,
    pub lot: SurveyedLot,
    pub keys: KeyRing,
    pub scene: Scene,
    /// The plan's metres.
    pub frame: LocalFrame,
}

fn configs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs")
}

fn said(light: Light) -> SurveyLight {
    match light {
        Light::Day => SurveyLight::Day,
        Light::Dusk | Light::Night => SurveyLight::Night,
    }
}

impl DemoLot {
    pub fn new(light: Light, hour: f64) -> Self {
        let site = Site::load(&configs().join("demo-site")).expect("the demo's site");
        let config = Config::load(&configs().join("demo.toml")).expect("the demo's configuration");
        let settings = SurveysConfig { light: said(light), ..config.surveys };
        let keys = vec![Key { id: 1, secret: [7; 32], state: KeyState::Active }];
        let keys = KeyRing::new("park.example", keys).expect("a ring");
        let drawn = site.lots.iter().find(|lot| lot.id.as_str() == LOT).expect("the lot");
        let lot = SurveyedLot::of(drawn, &settings, keys.host());
        let seen = plan_with_codes(&site, &|beacon| issue(&keys, &beacon.area).ok());
        let mut scene = Scene::new(seen.plan.clone(), hour);
        scene.cars = parked_cars(&seen.plan, PARKED_SHARE, SEED);
        Self { light, settings, lot, keys, scene, frame: seen.frame, site }
    }

    /// The same with the lot's lamps out; those of the streets burn.
    pub fn without_lamps(mut self) -> Self {
        let reach = |lamp: &sim_camera::Lamp| {
            let near = |bay: &sim_camera::Bay| (bay.centre[0] - lamp.place[0]).hypot(bay.centre[1] - lamp.place[1]);
            self.scene.plan.bays.iter().map(near).fold(f64::INFINITY, f64::min)
        };
        let mut plan = (*self.scene.plan).clone();
        plan.lamps.retain(|lamp| reach(lamp) > LOT_LAMP_M);
        self.scene.plan = plan.into();
        self
    }

    /// The same without the board of this area's beacon.
    pub fn without_beacon(mut self, area: &str) -> Self {
        let place = self.place_of(area);
        let middle = self.frame.to_local(self.lot.frame.to_geo(Local { east_m: place.east_m, north_m: place.north_m }));
        let mut plan = (*self.scene.plan).clone();
        let before = plan.beacons.len();
        plan.beacons.retain(|beacon| (beacon.place[0] - middle.east_m).hypot(beacon.place[1] - middle.north_m) > 1.0);
        assert_eq!(plan.beacons.len() + 1, before, "one board is taken away");
        self.scene.plan = plan.into();
        self
    }

    /// Where this area's beacon should be.
    pub fn place_of(&self, area: &str) -> Point {
        self.lot.register.beacons.iter().find(|beacon| beacon.area == area).expect("an area").place
    }

    /// The server's own plan of a survey.
    pub fn planned(&self, kind: SurveyKind) -> dispatch_core::event::Event {
        plan(&self.lot, kind, &self.site.config(), &self.settings, 0).expect("a survey")
    }

    pub fn areas(&self) -> Vec<String> {
        self.lot.register.beacons.iter().map(|beacon| beacon.area.clone()).collect()
    }

    fn car_in(&self, bay: &RegisteredBay) -> Option<&Car> {
        let place = self.lot.frame.to_geo(Local { east_m: bay.place.east_m, north_m: bay.place.north_m });
        let middle = self.frame.to_local(place);
        self.scene.cars.iter().find(|car| (car.place[0] - middle.east_m).hypot(car.place[1] - middle.north_m) < 1.0)
    }

    /// Whether a car really stands in a bay.
    pub fn stands(&self, bay: &str) -> bool {
        self.lot.register.bays.iter().find(|known| known.id == bay).is_some_and(|bay| self.car_in(bay).is_some())
    }

    /// Light of the lamps on the strip of asphalt that a bay is compared with, lux.
    pub fn lux_before(&self, bay: &str) -> f64 {
        let Some(bay) = self.lot.register.bays.iter().find(|known| known.id == bay) else { return 0.0 };
        let (sin, cos) = bay.heading_deg.to_radians().sin_cos();
        let back_m = bay.length_m / 2.0 + BEFORE_BAY_M / 2.0;
        let (east_m, north_m) = (bay.place.east_m - back_m * sin, bay.place.north_m - back_m * cos);
        let local = self.frame.to_local(self.lot.frame.to_geo(Local { east_m, north_m }));
        self.scene.plan.lamp_lux_at([local.east_m, local.north_m])
    }

    /// Every car has a session, and no session is without its car: nothing is to be found.
    pub fn sessions(&self) -> Vec<Session> {
        let taken = self.lot.register.bays.iter().filter(|bay| self.car_in(bay).is_some());
        let session = |bay: &RegisteredBay| Session {
            id: bay.id.clone(),
            area: bay.area.clone(),
            plate: bay.id.clone(),
            since_ms: -1,
            until_ms: None,
        };
        taken.map(session).collect()
    }
}
