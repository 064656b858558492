//! The conduct of one flight, from the order to the ground: which stage comes next, and what the aircraft must have
//! confirmed for it. Every stage is bounded, and every end is reported with its reason.

use flight_types::{
    EscortPost, FlightCommand, FlightEvent, FlightFailure, FlightPhase, FlightPlan, GeoPoint, MissionId, RallyPointId, Scene,
};

use crate::command::Purpose;
use crate::craft::Craft;
use crate::dialect::Item;
use crate::profile::Mode;
use crate::route::Target;

mod air;
mod from_here;
mod give_way;
mod ground;
mod home;
mod landing;
mod turn;
mod watch;
mod way_back;

use from_here::FromHere;
use give_way::Way;
use landing::Landing;
use watch::Watch;
use way_back::WayBack;

/// Steps of the conduct in one go. Each changes the stage; a flight has fewer than so many.
const STEPS_MAX: usize = 16;

/// Where a flight stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Waiting to hear whether the aircraft is on the ground.
    Meet,
    /// In the air already: reading what it has on board.
    Identify,
    /// Waiting until it could be armed.
    Preflight,
    /// Fence upload.
    LoadFence,
    /// Mission upload.
    LoadMission,
    /// Waiting for the parameters to be as the flight needs them.
    Parameters,
    /// Arming.
    Arm,
    /// Mission mode ordered; waiting for it to leave the ground (or, in the air, to turn to the new mission).
    Lift,
    /// On its way out.
    Transit,
    /// At the stand-off point, following.
    Scene,
    /// Uploading the way home.
    HomeLoad,
    /// Starting the way home.
    HomeStart,
    /// On its way home.
    Return,
    /// Landing where it is.
    Ditch,
    /// In the air in a mode that we did not order, or after a failure: orders are awaited.
    Adrift,
    /// Given up before take-off: making sure that the motors are off.
    Abort,
    /// Over.
    Ended,
}

impl Stage {
    /// Stages of an aircraft that has left the ground.
    fn is_airborne(self) -> bool {
        match self {
            Self::Transit | Self::Scene | Self::HomeLoad | Self::HomeStart | Self::Return | Self::Ditch | Self::Adrift => true,
            Self::Meet
            | Self::Identify
            | Self::Preflight
            | Self::LoadFence
            | Self::LoadMission
            | Self::Parameters
            | Self::Arm
            | Self::Lift
            | Self::Abort
            | Self::Ended => false,
        }
    }
}

/// An order that changes where the flight goes; carried out as soon as the stage allows.
#[derive(Debug, Clone, PartialEq)]
enum Request {
    Home(Vec<GeoPoint>),
    LandHere,
}

/// One flight of one aircraft.
#[derive(Debug)]
pub(crate) struct Flight {
    pub mission: MissionId,
    plan: FlightPlan,
    reached: FlightPhase,
    stage: Stage,
    since_ms: u64,
    request: Option<Request>,
    /// Held by order.
    paused: bool,
    /// Giving way to somebody else's aircraft.
    way: Option<Way>,
    /// A pilot has control.
    yielded: bool,
    /// Put into the air by an earlier flight of this link: no arming, no take-off.
    redirected: bool,
    /// A failure was reported: an end on the ground is not reported as a landing.
    failed: bool,
    /// The aircraft's computer started anew in the air: its motors stopped, wherever it says that it stands now. In words.
    restarted: Option<&'static str>,
    /// A stage that took too long was reported; once is enough.
    late: bool,
    /// The mode that the stage wants has been confirmed.
    kept: Option<Mode>,
    target: Option<Target>,
    /// When that was told.
    target_ms: u64,
    /// Where to keep from the person instead of where the plan says.
    post: Option<EscortPost>,
    /// Where it keeps. The scene of the plan says at which height legs must be clear: while it climbs, at the height reached.
    kept_post: Option<EscortPost>,
    /// Where the plan said.
    planned: Option<EscortPost>,
    /// The first item of the way out as it lies on board, once it does.
    begun: Option<Item>,
    /// Whether a way back lies behind it.
    way_back: WayBack,
    /// The way home from where the person was followed to.
    from_here: FromHere,
    /// It may leave its way out for the person.
    direct: bool,
    /// It has.
    turned: bool,
    hover: Option<(GeoPoint, u64)>,
    /// The person's pace as it is kept in mind, metres per second, and when that was.
    pace: (f64, u64),
    /// The order to go somewhere, by when it was given, whose speed was told after it.
    sped: Option<u64>,
    /// The height that was last ordered on scene.
    ordered_m: Option<f64>,
    looked_at: Option<GeoPoint>,
    cornered: bool,
    lit: bool,
    /// Corners of a survey's path that were reported as passed.
    passed: usize,
    landing: Landing,
    /// The way home as it was ordered; `corners` is what was drawn of it.
    given: Vec<GeoPoint>,
    corners: Vec<GeoPoint>,
    /// Where the way home on board begins.
    drawn_at: Option<GeoPoint>,
    /// How often it was drawn anew.
    drawings: u32,
    /// It is on board and has not begun.
    unbegun: bool,
    trail: Vec<GeoPoint>,
    watch: Watch,
    last: Option<FlightEvent>,
    events: Vec<FlightEvent>,
}

impl Flight {
    /// A flight as ordered. `airborne_before` says that this link's own flight before is still in the air.
    pub fn new(plan: FlightPlan, reached: FlightPhase, airborne_before: bool, now_ms: u64) -> Self {
        let target = match &plan.scene {
            Scene::Escort { target, .. } => Some(Target { place: *target, east_m_s: 0.0, north_m_s: 0.0 }),
            Scene::Survey { .. } => None,
        };
        let planned = match plan.scene {
            Scene::Escort { height_m, stand_off_m, .. } => Some(EscortPost { height_m, stand_off_m }),
            Scene::Survey { .. } => None,
        };
        Self {
            mission: plan.mission.clone(),
            plan,
            reached,
            stage: if airborne_before { Stage::LoadFence } else { Stage::Meet },
            since_ms: now_ms,
            request: None,
            paused: false,
            way: None,
            yielded: false,
            redirected: airborne_before,
            failed: false,
            restarted: None,
            late: false,
            kept: None,
            target,
            target_ms: now_ms,
            post: None,
            kept_post: planned,
            planned,
            begun: None,
            way_back: WayBack::Missing { tries: 0 },
            from_here: FromHere::default(),
            direct: false,
            turned: false,
            hover: None,
            pace: (0.0, now_ms),
            sped: None,
            ordered_m: None,
            looked_at: None,
            cornered: false,
            lit: false,
            passed: 0,
            landing: Landing::default(),
            given: Vec::new(),
            corners: Vec::new(),
            drawn_at: None,
            drawings: 0,
            unbegun: false,
            trail: Vec::new(),
            watch: Watch::default(),
            last: None,
            events: Vec::new(),
        }
    }

    /// Takes an order for this flight.
    pub fn command(&mut self, command: FlightCommand, craft: &mut Craft, now_ms: u64) {
        match command {
            // A repeat. When the flight is over, say again how it ended: the first word may have been lost.
            FlightCommand::Fly { .. } => self.events.extend(self.last.clone()),
            FlightCommand::Escort { target, velocity_east_m_s, velocity_north_m_s, post, direct } => {
                (self.post, self.direct) = (post, direct);
                self.target = Some(Target { place: target, east_m_s: velocity_east_m_s, north_m_s: velocity_north_m_s });
                self.target_ms = now_ms;
            }
            FlightCommand::Light { on, brightness_pct } => {
                self.lit = true;
                craft.light.want(on, brightness_pct);
            }
            FlightCommand::Recall { homeward, rally } => self.take_recall(homeward, rally),
            FlightCommand::GiveWay { height_m } => self.give_way(height_m, craft, now_ms),
            FlightCommand::Hold => self.pause(craft, now_ms),
            FlightCommand::Continue => self.resume(craft, now_ms),
            FlightCommand::Land => self.request = Some(Request::LandHere),
            FlightCommand::YieldControl => self.yield_control(craft, now_ms),
            FlightCommand::ResumeControl => {
                if std::mem::take(&mut self.yielded) {
                    self.resume(craft, now_ms);
                }
            }
        }
    }

    /// A repeated recall does not start the way home anew, unless it waits low beside it, or did.
    fn take_recall(&mut self, homeward: Vec<GeoPoint>, rally: Option<RallyPointId>) {
        let waits = self.way.take().is_some();
        let on_its_way = matches!(self.stage, Stage::HomeLoad | Stage::HomeStart | Stage::Return) && !self.paused && !waits;
        let elsewhere = self.takes_landing(rally.as_ref());
        if !on_its_way || elsewhere {
            self.request = Some(Request::Home(homeward));
        }
        self.paused = false;
    }

    fn pause(&mut self, craft: &mut Craft, now_ms: u64) {
        self.paused = true;
        self.kept = None;
        self.hover = None;
        craft.commander.cancel(Purpose::Reposition);
        if matches!(self.stage, Stage::Adrift | Stage::Ditch) && !self.yielded {
            craft.forget_mode();
            self.go(self.stage_to_resume(), now_ms);
        }
    }

    fn resume(&mut self, craft: &mut Craft, now_ms: u64) {
        if self.yielded {
            return;
        }
        self.paused = false;
        self.kept = None;
        self.hover = None;
        self.way = self.way.map(|way| self.way_back_up(way, now_ms));
        if self.stage == Stage::Adrift {
            craft.forget_mode();
            self.go(self.stage_to_resume(), now_ms);
        }
    }

    fn yield_control(&mut self, craft: &mut Craft, now_ms: u64) {
        self.yielded = true;
        craft.forget_mode();
        craft.commander.cancel_movements();
        craft.transfer = None;
        if self.stage.is_airborne() {
            self.drift(now_ms);
        }
    }

    /// Looks at the aircraft and goes as far as what it confirmed allows.
    pub fn drive(&mut self, craft: &mut Craft, now_ms: u64) {
        self.watch_over(craft, now_ms);
        for _ in 0..STEPS_MAX {
            let before = self.stage;
            self.step(craft, now_ms);
            if self.stage == before {
                break;
            }
        }
        if !matches!(self.stage, Stage::LoadFence | Stage::LoadMission | Stage::Parameters) {
            craft.inquiry = None;
        }
    }

    fn step(&mut self, craft: &mut Craft, now_ms: u64) {
        if self.stage.is_airborne() && self.touch_down(craft, now_ms) {
            return;
        }
        if self.yielded {
            return;
        }
        if !matches!(self.stage, Stage::Meet | Stage::Identify | Stage::Ended) {
            match self.request.take() {
                Some(Request::Home(corners)) => {
                    self.begin_landing_as_ordered();
                    return self.begin_home(corners, craft, now_ms);
                }
                Some(Request::LandHere) => return self.begin_landing(craft, now_ms),
                None => {}
            }
        }
        if matches!(self.stage, Stage::Transit | Stage::Scene) {
            self.leave_way_back(craft, now_ms);
        }
        self.mind_the_wait(craft, now_ms);
        match self.stage {
            Stage::Meet => self.meet(craft, now_ms),
            Stage::Identify => self.identify(craft, now_ms),
            Stage::Preflight => self.preflight(craft, now_ms),
            Stage::LoadFence => self.load_fence(craft, now_ms),
            Stage::LoadMission => self.load_mission(craft, now_ms),
            Stage::Parameters => self.await_parameters(craft, now_ms),
            Stage::Arm => self.arm(craft, now_ms),
            Stage::Lift => self.lift(craft, now_ms),
            Stage::Transit => self.transit(craft, now_ms),
            Stage::Scene => self.scene(craft, now_ms),
            Stage::HomeLoad => self.home_load(craft, now_ms),
            Stage::HomeStart => self.home_start(craft, now_ms),
            Stage::Return => self.return_home(craft, now_ms),
            Stage::Ditch => self.ditch(craft, now_ms),
            Stage::Abort => self.abort(craft, now_ms),
            Stage::Adrift | Stage::Ended => {}
        }
    }

    fn go(&mut self, stage: Stage, now_ms: u64) {
        self.stage = stage;
        self.since_ms = now_ms;
        self.kept = None;
        self.late = false;
    }

    /// Waits for orders, in the air; an order to hold or continue goes on by what was reached.
    fn drift(&mut self, now_ms: u64) {
        self.go(Stage::Adrift, now_ms);
    }

    /// Where to go on after an interruption.
    fn stage_to_resume(&self) -> Stage {
        match self.reached {
            FlightPhase::Returning | FlightPhase::Landed => Stage::HomeStart,
            _ if !self.corners.is_empty() => Stage::HomeLoad,
            FlightPhase::OnScene => Stage::Scene,
            FlightPhase::Ordered
            | FlightPhase::PreflightPassed
            | FlightPhase::Uploaded
            | FlightPhase::Armed
            | FlightPhase::Airborne => Stage::Transit,
        }
    }

    fn elapsed_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.since_ms)
    }

    fn report(&mut self, event: FlightEvent) {
        self.events.push(event);
    }

    fn report_phase(&mut self, phase: FlightPhase) {
        if phase > self.reached {
            self.reached = phase;
            self.report(FlightEvent::Reached { phase });
        }
    }

    /// The flight cannot go on. In the air it waits for orders, on the ground it makes sure that the motors are off.
    fn fail(&mut self, failure: FlightFailure, craft: &mut Craft, now_ms: u64) {
        // One that was in the air and of which nothing is known is in the air.
        let airborne = craft.telemetry.landed().map_or(self.reached >= FlightPhase::Airborne, |landed| !landed);
        let event = FlightEvent::Failed { failure, airborne };
        self.last = Some(event.clone());
        self.report(event);
        craft.transfer = None;
        self.failed = true;
        if airborne {
            self.drift(now_ms);
        } else {
            craft.forget_mode();
            self.go(Stage::Abort, now_ms);
        }
    }

    fn end(&mut self, event: FlightEvent, craft: &mut Craft, now_ms: u64) {
        self.last = Some(event.clone());
        if let FlightEvent::Reached { phase } = event {
            self.reached = phase;
        }
        self.report(event);
        craft.forget_mode();
        craft.commander.cancel_movements();
        craft.transfer = None;
        self.stand_down(craft, now_ms);
        self.go(Stage::Ended, now_ms);
    }

    /// On the ground with its list still on board: in hold nobody who arms it for something else sends it off by that list.
    fn stand_down(&self, craft: &mut Craft, now_ms: u64) {
        let stands = craft.telemetry.landed() == Some(true) && craft.telemetry.armed() == Some(false);
        if stands && !self.yielded && craft.telemetry.mode() == Some(Mode::Mission) {
            craft.ensure_mode(Mode::Hold, now_ms);
        }
    }

    /// Whether nothing more will come of this flight.
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Ended
    }

    /// Whether it is where it stood with somebody: it follows them, or was called home and has not gone on from there yet. One that gives way may
    /// hover as low beside others.
    pub fn is_with_person(&self, craft: &Craft) -> bool {
        match self.stage {
            _ if self.way.is_some() => self.stage.is_airborne(),
            Stage::Scene => true,
            Stage::HomeLoad | Stage::HomeStart => self.reached >= FlightPhase::OnScene,
            // A way home from a person begins with the step aside, and up or down to the transit's height over it.
            Stage::Return => {
                let begins = craft.telemetry.mission_item.is_some_and(|item| item < crate::items::WAY_HOME_BEGINS);
                self.reached >= FlightPhase::OnScene && self.target.is_some() && begins
            }
            _ => false,
        }
    }

    /// How high above the sea it goes where it stood with somebody before it leaves, metres; nothing while it follows them or gives way.
    pub fn bound_for_amsl_m(&self, here: GeoPoint, craft: &Craft) -> Option<f64> {
        let leaves = self.way.is_none() && matches!(self.stage, Stage::HomeLoad | Stage::HomeStart | Stage::Return);
        leaves.then(|| self.home_amsl_m(craft) + self.plan.transit_height_m + self.plan.surface_m(here))
    }

    /// Whether its aircraft is in the air on its mission.
    pub fn is_airborne(&self, craft: &Craft) -> bool {
        (self.stage.is_airborne() || self.redirected) && craft.telemetry.landed() == Some(false)
    }

    /// Whether somebody who orders the aircraft to arm now does so for this flight.
    pub fn may_arm(&self) -> bool {
        self.yielded || matches!(self.stage, Stage::Arm | Stage::Lift)
    }

    /// A pilot has control.
    pub fn is_yielded(&self) -> bool {
        self.yielded
    }

    /// What happened since this was last asked, oldest first.
    pub fn take_events(&mut self) -> Vec<FlightEvent> {
        std::mem::take(&mut self.events)
    }

    /// Reports something that the link noticed, while the flight lasts.
    pub fn notice(&mut self, event: FlightEvent) {
        if !self.is_over() {
            self.report(event);
        }
    }
}
