//! One frame: which codes it shows and where, which beacons' places, which bays are taken. Knows nothing of other frames.

use std::sync::Arc;

use beacon::{KeyRing, Verdict, verify};
use flight_types::{GeoPoint, Local, LocalFrame};
use survey_findings::limits::MOVED_M_MIN;
use survey_findings::{BaySeen, CodeSeen, Picture, Point, Says};
use survey_vision::{
    Bay, BayJudge, BayView, Corner, Effort, Frame, Lens, Outcome, Place, Pose, PoseSpread, Reading, locate, locate_pixel, pixel_of,
    read, standout,
};

use crate::register::{Register, RegisteredBay, RegisteredBeacon};

/// Fewer pixels a module than this and a beacon that is there may go unread: nothing follows from that it was not.
const PIXELS_PER_MODULE_MIN: f64 = 2.4;
/// More modules than this passed while the shutter was open, and a beacon that is there may go unread.
const BLUR_MODULES_MAX: f64 = 1.5;
/// Bays are judged by cells of 20 cm; with larger pixels than this, or more blur, a cell is not its own.
const BAY_PIXEL_M_MAX: f64 = 0.03;
const BAY_BLUR_M_MAX: f64 = 0.15;
/// Modules of border round a code (ISO/IEC 18004).
const BORDER_MODULES: f64 = 4.0;

/// A frame with when and from where it was taken.
#[derive(Debug, Clone, Copy)]
pub struct Shot<'a> {
    /// Where it is kept, or would be: findings point to it.
    pub id: &'a str,
    /// Which flight took it.
    pub flight: &'a str,
    /// When, milliseconds since 1970.
    pub taken_ms: i64,
    /// Luma.
    pub frame: &'a Frame,
    /// The camera's lens.
    pub lens: Lens,
    /// Where the camera was and looked; its height counts over the lot's ground.
    pub pose: Pose,
}

/// What looks at a lot: its register, the keys of its beacons, and how far poses may be off.
#[derive(Debug, Clone)]
pub struct Eye {
    /// What should be there.
    pub register: Register,
    /// The keys of its beacons.
    pub keys: KeyRing,
    /// The plane of the register's metres.
    pub frame: LocalFrame,
    /// How far poses may be off.
    pub spread: PoseSpread,
    /// The longest shutter time in the light that is surveyed in, seconds.
    pub exposure_s: f64,
    /// Says which bays are taken.
    pub judge: Arc<dyn BayJudge>,
}

impl Eye {
    /// Looks at one frame; `speed_m_s` is how fast the camera went over the ground. `None` when the pose is nowhere.
    pub(crate) fn look(&self, shot: &Shot<'_>, speed_m_s: f64) -> Option<Picture> {
        let view = View { eye: self, shot, camera: self.camera(&shot.pose)? };
        let outcome = read(shot.frame, Effort::Stream);
        let mut codes = view.codes(&outcome);
        let blur_m = speed_m_s * self.exposure_s;
        let in_view: Vec<&RegisteredBeacon> = self
            .register
            .beacons
            .iter()
            .filter(|beacon| view.shows(beacon) && blur_m <= BLUR_MODULES_MAX * beacon.module_m())
            .collect();
        let silent: Vec<CodeSeen> = in_view.iter().filter_map(|beacon| view.silent_board(beacon, &codes)).collect();
        codes.extend(silent);
        Some(Picture {
            id: shot.id.to_owned(),
            taken_ms: shot.taken_ms,
            looked_at: in_view.into_iter().map(|beacon| beacon.area.clone()).collect(),
            codes,
            bays: if view.is_clear(blur_m) {
                self.register.bays.iter().filter_map(|bay| view.bay(bay)).collect()
            } else {
                Vec::new()
            },
        })
    }

    /// The point under the camera on the lot's plane.
    pub(crate) fn camera(&self, pose: &Pose) -> Option<Point> {
        let point = GeoPoint::new(pose.latitude_deg, pose.longitude_deg).ok()?;
        let Local { east_m, north_m } = self.frame.to_local(point);
        Some(Point { east_m, north_m })
    }
}

struct View<'a> {
    eye: &'a Eye,
    shot: &'a Shot<'a>,
    camera: Point,
}

impl View<'_> {
    fn off_camera(&self, place: &Point) -> [f64; 2] {
        [place.east_m - self.camera.east_m, place.north_m - self.camera.north_m]
    }

    /// The pose over a level above the ground.
    fn over(&self, up_m: f64) -> Pose {
        Pose { height_m: self.shot.pose.height_m - up_m, ..self.shot.pose }
    }

    fn placed(&self, says: Says, place: &Place) -> CodeSeen {
        let [east_m, north_m] = place.from_camera_m;
        let place_m = Point { east_m: self.camera.east_m + east_m, north_m: self.camera.north_m + north_m };
        CodeSeen { says, place: place_m, spread_m: place.spread_m() }
    }

    fn codes(&self, outcome: &Outcome) -> Vec<CodeSeen> {
        let read = outcome.readings.iter().filter_map(|reading| self.code(reading));
        let unread = outcome.unread.iter().filter_map(|middle| {
            let place = locate_pixel(*middle, &self.shot.lens, &self.shot.pose, &self.eye.spread)?;
            Some(self.placed(Says::Unread, &place))
        });
        read.chain(unread).collect()
    }

    fn code(&self, reading: &Reading) -> Option<CodeSeen> {
        let says = says(verify(&self.eye.keys, &reading.text));
        // Only a beacon of ours has a known height; anything else is taken to lie.
        let up_m = match &says {
            Says::Genuine(area) => self.beacon(area).map_or(0.0, |beacon| beacon.up_m),
            Says::Forged(_) | Says::Revoked(_) | Says::Unread | Says::Foreign => 0.0,
        };
        let place = locate(reading, &self.shot.lens, &self.over(up_m), &self.eye.spread)?;
        Some(self.placed(says, &place))
    }

    fn beacon(&self, area: &str) -> Option<&RegisteredBeacon> {
        self.eye.register.beacons.iter().find(|beacon| beacon.area == area)
    }

    fn pixel(&self, beacon: &RegisteredBeacon, east_m: f64, north_m: f64) -> Option<Corner> {
        let [east, north] = self.off_camera(&beacon.place);
        pixel_of([east + east_m, north + north_m], &self.shot.lens, &self.over(beacon.up_m))
    }

    /// Whether the frame shows the whole board, wherever the pose's errors put it, large enough to be read.
    fn shows(&self, beacon: &RegisteredBeacon) -> bool {
        let Some(middle) = self.pixel(beacon, 0.0, 0.0) else { return false };
        let Some(place) = locate_pixel(middle, &self.shot.lens, &self.over(beacon.up_m), &self.eye.spread) else { return false };
        // Half the diagonal, whichever way the board lies.
        let half_m = (beacon.side_m / 2.0 + BORDER_MODULES * beacon.module_m()) * std::f64::consts::SQRT_2 + place.radius_95_m();
        let rims = [(half_m, 0.0), (-half_m, 0.0), (0.0, half_m), (0.0, -half_m)];
        let inside = |at: f64, count: usize| (0.0..count as f64).contains(&at);
        let is_inside = |pixel: Corner| inside(pixel.x, self.shot.frame.width()) && inside(pixel.y, self.shot.frame.height());
        let rims = rims.map(|(east_m, north_m)| self.pixel(beacon, east_m, north_m));
        let across = |a: Option<Corner>, b: Option<Corner>| Some((a?.x - b?.x).hypot(a?.y - b?.y) / (2.0 * half_m));
        let smallest = across(rims[0], rims[1]).zip(across(rims[2], rims[3])).map(|(a, b)| a.min(b));
        rims.iter().all(|rim| rim.is_some_and(is_inside))
            && smallest.is_some_and(|pixels_per_m| pixels_per_m * beacon.module_m() >= PIXELS_PER_MODULE_MIN)
    }

    /// Something lies at a beacon's place that no reader makes a code of.
    fn silent_board(&self, beacon: &RegisteredBeacon, codes: &[CodeSeen]) -> Option<CodeSeen> {
        if codes.iter().any(|code| code.place.distance_m(&beacon.place) <= MOVED_M_MIN) {
            return None;
        }
        let pose = self.over(beacon.up_m);
        let found = standout(self.shot.frame, &self.shot.lens, &pose, self.off_camera(&beacon.place), beacon.side_m)?;
        let place = locate_pixel(self.pixel(beacon, 0.0, 0.0)?, &self.shot.lens, &pose, &self.eye.spread)?;
        found.is_board().then(|| self.placed(Says::Unread, &place))
    }

    /// Whether the ground is seen as finely, and as little blurred, as bays are judged by.
    fn is_clear(&self, blur_m: f64) -> bool {
        let pixel_m = self.shot.pose.height_m / self.shot.lens.focal_pixels;
        pixel_m <= BAY_PIXEL_M_MAX && blur_m <= BAY_BLUR_M_MAX
    }

    fn bay(&self, bay: &RegisteredBay) -> Option<BaySeen> {
        let looked = Bay {
            from_camera_m: self.off_camera(&bay.place),
            heading_deg: bay.heading_deg,
            width_m: bay.width_m,
            length_m: bay.length_m,
        };
        let view = BayView::of(self.shot.frame, &self.shot.lens, &self.shot.pose, &looked)?;
        let taken = self.eye.judge.taken(&view)?;
        Some(BaySeen { bay: bay.id.clone(), taken, plate: None })
    }
}

fn says(verdict: Verdict) -> Says {
    match verdict {
        Verdict::Genuine { area, .. } => Says::Genuine(area),
        Verdict::Revoked { area, .. } => Says::Revoked(area),
        Verdict::Forged { area } => Says::Forged(area),
        // Names our host in no layout of ours: somebody made it, of no area.
        Verdict::Altered => Says::Forged(String::new()),
        Verdict::Foreign => Says::Foreign,
    }
}
