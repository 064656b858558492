//! Frames against pictures that were looked at and kept. `SIM_CAMERA_WRITE_GOLDEN=1` writes them anew: then look at them.

mod common;

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use common::{over_caller, over_lot, scene};
use sim_camera::{Camera, CameraPose, Frame, Intrinsics};

/// Mean and share of clearly different values that are let pass: other machines' sines differ in the last digit, which moves
/// single pixels at edges.
const MEAN_MAX: f64 = 1.0;
const FAR: u8 = 24;
const FAR_SHARE_MAX: f64 = 0.004;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.png"))
}

fn write(path: &Path, frame: &Frame) {
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path).expect("a file")), frame.width, frame.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&frame.to_rgb8()).expect("the picture");
}

fn read(path: &Path) -> Vec<u8> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut reader = png::Decoder::new(BufReader::new(file)).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small picture")];
    reader.next_frame(&mut pixels).expect("the picture");
    pixels
}

fn check(name: &str, hour: f64, brightness: f64, pose: CameraPose) {
    let mut scene = scene(hour);
    scene.spotlight.brightness = brightness;
    let mut camera = Camera::new(Intrinsics::new(240, 136, 70.0).expect("a small picture"), 5);
    let frame = camera.render(&scene, &pose, 0);
    if std::env::var_os("SIM_CAMERA_WRITE_GOLDEN").is_some() {
        write(&path(name), &frame);
    }
    let (seen, kept) = (frame.to_rgb8(), read(&path(name)));
    assert_eq!(seen.len(), kept.len(), "{name}");
    let differences: Vec<u8> = seen.iter().zip(&kept).map(|(a, b)| a.abs_diff(*b)).collect();
    let mean = differences.iter().map(|d| f64::from(*d)).sum::<f64>() / differences.len() as f64;
    let far = differences.iter().filter(|d| **d > FAR).count() as f64 / differences.len() as f64;
    assert!(mean <= MEAN_MAX && far <= FAR_SHARE_MAX, "{name}: mean {mean:.3}, far {far:.5}");
}

#[test]
fn lot_by_day() {
    check("lot_day", 10.5, 0.0, over_lot());
}

#[test]
fn street_at_dusk() {
    check("street_dusk", 18.0, 0.0, over_caller());
}

#[test]
fn street_at_night_with_light() {
    check("street_night_light", 22.0, 1.0, over_caller());
}

#[test]
fn street_at_night_without_light() {
    check("street_night_dark", 22.0, 0.0, over_caller());
}
