//! The camera: brings the stages together, and keeps what outlasts a frame (the painted ground, the exposure, the frame count).

use std::sync::Arc;
use std::time::Duration;

use crate::daylight::Daylight;
use crate::develop::{self, Grit, Planes};
use crate::exposure::{AutoExposure, Exposure};
use crate::ground::Ground;
use crate::raster::{Raster, View};
use crate::scene::Scene;
use crate::shade::{self, Lighting, Shading};
use crate::things::{BeaconBoards, Brush, Buildings, Cars, draw_lamps, draw_person, draw_tree};
use crate::{CameraPose, Frame, FramePose, Intrinsics, Plan};

/// The sun moves on in steps of this, hours: the ground is painted anew with each.
const SUN_STEP_H: f64 = 1.0 / 12.0;
/// A point this deep stands for the picture when the blur is worked out and the sky is in its middle, metres.
const BLUR_DEPTH_M: f64 = 50.0;

/// Time that the stages of the last frame took, for whoever measures. The camera itself reads no clock: the caller's is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StageTimes {
    /// Ground and sky, tiles painted for the first time included.
    pub ground: Duration,
    /// Buildings, cars, people, trees, lamps, beacons.
    pub things: Duration,
    /// Metering and light.
    pub light: Duration,
    /// Edges, planes, blur, noise.
    pub develop: Duration,
}

/// A camera on an aircraft.
///
/// The shutter is global: every pixel is exposed at the same time. The same seed, scenes, poses and times in the same order give
/// the same frames, byte for byte, on machines with the same arithmetic (IEEE 754, as all that Rust runs on).
pub struct Camera {
    intrinsics: Intrinsics,
    zoom: f64,
    raster: Raster,
    planes: Planes,
    scratch: Vec<u8>,
    edges: Vec<(usize, u32)>,
    exposure: AutoExposure,
    grit: Grit,
    cars: Cars,
    place: Option<Place>,
    frames: u64,
    distortion: Option<(Intrinsics, Vec<u32>)>,
}

/// What was made ready of a plan.
struct Place {
    plan: Arc<Plan>,
    daylight: Daylight,
    lighting: Lighting,
    ground: Ground,
    buildings: Buildings,
    boards: BeaconBoards,
}

impl Place {
    fn new(plan: &Arc<Plan>, daylight: Daylight) -> Self {
        Self {
            plan: Arc::clone(plan),
            daylight,
            lighting: Lighting::new(&daylight),
            ground: Ground::new(plan, daylight),
            buildings: Buildings::new(plan),
            boards: BeaconBoards::new(plan),
        }
    }

    fn set_daylight(&mut self, daylight: Daylight) {
        if daylight != self.daylight {
            self.daylight = daylight;
            self.lighting = Lighting::new(&daylight);
            self.ground.set_daylight(daylight);
        }
    }
}

impl Camera {
    /// A camera with this lens; the seed is that of its noise.
    pub fn new(intrinsics: Intrinsics, seed: u64) -> Self {
        let (width, height) = (intrinsics.width as usize, intrinsics.height as usize);
        Self {
            intrinsics,
            zoom: 1.0,
            raster: Raster::new(width, height),
            planes: Planes::new(width, height),
            scratch: Vec::new(),
            edges: Vec::new(),
            exposure: AutoExposure::default(),
            grit: Grit::new(seed),
            cars: Cars::default(),
            place: None,
            frames: 0,
            distortion: None,
        }
    }

    /// Lens and raster at the present zoom.
    pub fn intrinsics(&self) -> Intrinsics {
        self.intrinsics.zoomed(self.zoom)
    }

    /// Multiplies the focal length; below 1 counts as 1.
    pub fn set_zoom(&mut self, factor: f64) {
        self.zoom = factor;
    }

    /// Tiles of ground painted for the present plan so far: what a view that keeps its place must not add to.
    pub fn tiles_painted(&self) -> u64 {
        self.place.as_ref().map_or(0, |place| place.ground.painted())
    }

    /// Takes a picture. `captured_at_us` is the middle of the exposure and goes into the frame; it also paces the exposure.
    pub fn render(&mut self, scene: &Scene, pose: &CameraPose, captured_at_us: u64) -> Frame {
        self.render_timed(scene, pose, captured_at_us, || Duration::ZERO).0
    }

    /// The same, with the time that each stage took by the caller's clock.
    pub fn render_timed(
        &mut self,
        scene: &Scene,
        pose: &CameraPose,
        captured_at_us: u64,
        clock: impl Fn() -> Duration,
    ) -> (Frame, StageTimes) {
        let intrinsics = self.intrinsics();
        let view = View::new(pose, &intrinsics);
        self.prepare(scene);
        let begin = clock();
        self.draw_ground(&view);
        let ground_done = clock();
        self.draw_things(scene, &view);
        let things_done = clock();
        let exposure = self.light(scene, &view, captured_at_us);
        let light_done = clock();
        self.develop(pose, &intrinsics, &exposure);
        self.frames += 1;
        let times = StageTimes {
            ground: ground_done.saturating_sub(begin),
            things: things_done.saturating_sub(ground_done),
            light: light_done.saturating_sub(things_done),
            develop: clock().saturating_sub(light_done),
        };
        let frame = Frame {
            width: intrinsics.width,
            height: intrinsics.height,
            i420: self.planes.bytes.clone(),
            captured_at_us,
            pose: FramePose {
                camera: *pose,
                intrinsics,
                exposure_s: f64::from(exposure.shutter_s),
                gain: f64::from(exposure.gain),
            },
        };
        (frame, times)
    }

    fn prepare(&mut self, scene: &Scene) {
        let daylight = Daylight::at((scene.hour / SUN_STEP_H).round() * SUN_STEP_H);
        match &mut self.place {
            Some(place) if Arc::ptr_eq(&place.plan, &scene.plan) => place.set_daylight(daylight),
            place => *place = Some(Place::new(&scene.plan, daylight)),
        }
    }

    fn draw_ground(&mut self, view: &View) {
        let Some(place) = &mut self.place else { return };
        place.ground.draw(view, &mut self.raster);
    }

    fn draw_things(&mut self, scene: &Scene, view: &View) {
        let Some(place) = &mut self.place else { return };
        let Place { plan, daylight, ground, buildings, boards, .. } = place;
        let mut brush = Brush { raster: &mut self.raster, view };
        for car in &scene.cars {
            if !is_near(view, car.place) {
                continue;
            }
            let light = ground.light_at(car.place);
            self.cars.draw(&mut brush, car, daylight, light);
        }
        for person in &scene.people {
            if !is_near(view, person.place) {
                continue;
            }
            let light = ground.light_at(person.place);
            draw_person(&mut brush, person, daylight, light);
        }
        buildings.draw(&mut brush, ground, daylight, scene.hour);
        for (number, beacon) in plan.beacons.iter().enumerate() {
            if !is_near(view, [beacon.place[0], beacon.place[1]]) {
                continue;
            }
            let light = ground.light_at([beacon.place[0], beacon.place[1]]);
            boards.draw(&mut brush, beacon, number, daylight, light);
        }
        for (number, tree) in plan.trees.iter().enumerate() {
            if !is_near(view, tree.place) {
                continue;
            }
            // The tree's own shadow lies on its foot: by day the crown is in the sun.
            let light = if daylight.lamps { ground.light_at(tree.place) } else { 255 };
            draw_tree(&mut brush, tree, number, light);
        }
        draw_lamps(&mut brush, &plan.lamps, daylight.lamps);
    }

    fn light(&mut self, scene: &Scene, view: &View, captured_at_us: u64) -> Exposure {
        let Some(place) = &self.place else { return self.exposure.follow(0.0, captured_at_us) };
        let mean_lux = shade::measure(&self.raster, &place.lighting, view, &scene.spotlight);
        let exposure = self.exposure.follow(mean_lux, captured_at_us);
        Shading::new(&place.lighting, view, &scene.spotlight, &exposure).shade(&mut self.raster);
        exposure
    }

    fn develop(&mut self, pose: &CameraPose, intrinsics: &Intrinsics, exposure: &Exposure) {
        develop::soften_edges(&mut self.raster, &mut self.edges);
        self.distort(intrinsics);
        develop::to_planes(&self.raster, &mut self.planes);
        let way_px = blur_way(pose, intrinsics, f64::from(exposure.shutter_s));
        develop::blur(&mut self.planes, way_px, &mut self.scratch);
        self.grit.add(&mut self.planes, exposure, self.frames);
    }

    /// Bends the picture as the lens does: every pixel is fetched from where a straight lens shows it. Costs a pass more.
    fn distort(&mut self, intrinsics: &Intrinsics) {
        if !intrinsics.is_distorted() {
            return;
        }
        if self.distortion.as_ref().is_none_or(|(of, _)| of != intrinsics) {
            self.distortion = Some((*intrinsics, sources(intrinsics)));
        }
        let Some((_, sources)) = &self.distortion else { return };
        let straight = self.raster.colour.clone();
        for (colour, from) in self.raster.colour.iter_mut().zip(sources) {
            *colour = straight.get(*from as usize).copied().unwrap_or(0);
        }
    }
}

/// Whether something that stands here may be in the picture: spares asking for the light on what is not.
fn is_near(view: &View, place: [f64; 2]) -> bool {
    /// Nothing that stands on its own is drawn further away or reaches further from its foot, metres.
    const FAR_M: f32 = 900.0;
    const REACH_M: f32 = 16.0;
    let foot = view.seen_from_camera(place[0], place[1], 0.0);
    foot.length() < FAR_M && view.may_see(foot, REACH_M)
}

/// For each pixel of the bent picture the pixel of the straight one; `u32::MAX` where there is none.
fn sources(intrinsics: &Intrinsics) -> Vec<u32> {
    let straight = Intrinsics { radial: [0.0; 2], ..*intrinsics };
    let (width, height) = (intrinsics.width, intrinsics.height);
    let source = |index: u32| {
        let pixel = [f64::from(index % width) + 0.5, f64::from(index / width) + 0.5];
        let [x, y] = straight.pixel(intrinsics.direction(pixel)).unwrap_or([-1.0; 2]);
        let inside = (0.0..f64::from(width)).contains(&x) && (0.0..f64::from(height)).contains(&y);
        if inside { y as u32 * width + x as u32 } else { u32::MAX }
    };
    (0..width * height).map(source).collect()
}

/// How far what is in the middle of the picture moves while the shutter is open, pixels right and down.
fn blur_way(pose: &CameraPose, intrinsics: &Intrinsics, shutter_s: f64) -> [f32; 2] {
    let middle = [f64::from(intrinsics.width) / 2.0, f64::from(intrinsics.height) / 2.0];
    let frame = |camera: CameraPose| FramePose { camera, intrinsics: *intrinsics, exposure_s: 0.0, gain: 1.0 };
    let now = frame(*pose);
    let forward = pose.axes().forward;
    let seen = match now.ground_of(middle, 0.0) {
        Some([east_m, north_m]) => [east_m, north_m, 0.0],
        None => [
            pose.east_m + forward[0] * BLUR_DEPTH_M,
            pose.north_m + forward[1] * BLUR_DEPTH_M,
            pose.up_m + forward[2] * BLUR_DEPTH_M,
        ],
    };
    let at = |after_s: f64| frame(pose.after(after_s)).pixel_of(seen);
    match (at(-shutter_s / 2.0), at(shutter_s / 2.0)) {
        (Some(from), Some(to)) => [(to[0] - from[0]) as f32, (to[1] - from[1]) as f32],
        _ => [0.0; 2],
    }
}
