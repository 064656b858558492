//! `sim frame`: one picture of a site, for anybody to look at. A thin shell round the camera: reads the site, writes a PNG.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use flight_types::GeoPoint;
use sim_camera::{Camera, CameraPose, Frame, FramePose, Intrinsics, Person, PersonRole, Scene};
use site_model::Site;

use super::{parked_cars, plan_of_site};

/// What the command line asks for.
#[derive(Debug, Clone, clap::Args)]
pub struct FrameOptions {
    /// The folder of a site
    #[arg(long, default_value = "configs/demo-site")]
    pub site: PathBuf,
    /// Where the camera is: latitude and longitude in degrees, height above the ground in metres
    #[arg(long, value_name = "LAT,LON,HEIGHT", value_parser = place)]
    pub at: (GeoPoint, f64),
    /// Where it looks, degrees clockwise from north
    #[arg(long, default_value_t = 0.0)]
    pub heading: f64,
    /// How far above the horizon it looks, degrees; −90 is straight down
    #[arg(long, default_value_t = -50.0, allow_hyphen_values = true)]
    pub pitch: f64,
    /// Local solar hour
    #[arg(long, default_value_t = 12.0)]
    pub hour: f64,
    /// The aircraft's light
    #[arg(long, value_enum, default_value_t = Switch::Off)]
    pub light: Switch,
    /// Focal length over that of the wide end
    #[arg(long, default_value_t = 1.0)]
    pub zoom: f64,
    /// Pixels across and down
    #[arg(long, default_value = "1280x720", value_parser = size)]
    pub size: (u32, u32),
    /// Share of parking bays with cars
    #[arg(long, default_value_t = 0.6)]
    pub parked: f64,
    /// Leave out the caller, who otherwise stands where the camera looks
    #[arg(long)]
    pub nobody: bool,
    /// Seed of cars and noise
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The picture to write
    #[arg(long, default_value = "frame.png")]
    pub out: PathBuf,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Switch {
    /// Shining.
    On,
    /// Dark.
    Off,
}

fn place(text: &str) -> Result<(GeoPoint, f64), String> {
    let wrong = || format!("`{text}` is not LAT,LON,HEIGHT, for example 36.5462,127.9105,25");
    let numbers: Vec<f64> = text.split(',').map(|part| part.trim().parse()).collect::<Result<_, _>>().map_err(|_| wrong())?;
    let [lat, lon, height_m] = numbers[..] else { return Err(wrong()) };
    if !(0.5..=1_000.0).contains(&height_m) {
        return Err(format!("a height of {height_m} m is outside 0.5 to 1000"));
    }
    Ok((GeoPoint::new(lat, lon).map_err(|error| error.to_string())?, height_m))
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    sides.ok_or_else(|| format!("`{text}` is not WIDTHxHEIGHT, for example 1280x720"))
}

/// Takes the picture and says where it looks.
pub fn frame_command(options: &FrameOptions) -> Result<()> {
    ensure!((0.0..=24.0).contains(&options.hour), "--hour {} is outside 0 to 24", options.hour);
    let site = Site::load(&options.site).with_context(|| format!("cannot read the site in {}", options.site.display()))?;
    let lens = Intrinsics::new(options.size.0, options.size.1, 70.0)?;
    let begin = Instant::now();
    let site_plan = plan_of_site(&site);
    let place = site_plan.frame.to_local(options.at.0);
    let pose = CameraPose {
        east_m: place.east_m,
        north_m: place.north_m,
        up_m: options.at.1,
        heading_deg: options.heading,
        pitch_deg: options.pitch,
        ..CameraPose::default()
    };
    let mut scene = Scene::new(site_plan.plan.clone(), options.hour);
    scene.cars = parked_cars(&site_plan.plan, options.parked, options.seed);
    scene.spotlight.brightness = if options.light == Switch::On { 1.0 } else { 0.0 };
    if !options.nobody {
        scene.people.extend(caller_in(&pose, lens));
    }
    let mut camera = Camera::new(lens, options.seed);
    camera.set_zoom(options.zoom);
    let frame = camera.render(&scene, &pose, 0);
    write_png(&frame, &options.out)?;
    println!(
        "{} {}x{} exposure 1/{:.0} s gain {:.1}, made in {} ms",
        options.out.display(),
        frame.width,
        frame.height,
        1.0 / frame.pose.exposure_s,
        frame.pose.gain,
        begin.elapsed().as_millis()
    );
    Ok(())
}

/// The caller in the middle of the picture, walking across it.
fn caller_in(pose: &CameraPose, intrinsics: Intrinsics) -> Option<Person> {
    let middle = [f64::from(intrinsics.width) / 2.0, f64::from(intrinsics.height) / 2.0];
    let looked = FramePose { camera: *pose, intrinsics, exposure_s: 0.0, gain: 1.0 };
    let place = looked.ground_of(middle, 0.0)?;
    Some(Person { place, heading_deg: pose.heading_deg + 70.0, walked_m: 0.3, standing: false, role: PersonRole::Caller })
}

fn write_png(frame: &Frame, path: &std::path::Path) -> Result<()> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut encoder = png::Encoder::new(BufWriter::new(file), frame.width, frame.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().context("cannot begin the picture")?;
    writer.write_image_data(&frame.to_rgb8()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}
