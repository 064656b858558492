//! A sheet, as a camera sees it from the height it is made for, is read back by the reader of the drones: its modules, and its PDF as a
//! program that nobody here wrote draws it. The SVG is read back from a real browser's window (`ui/e2e/lots.mjs`).

use std::io::Write as _;
use std::process::{Command, Stdio};

use beacon::{Key, KeyRing, KeyState, Sheet, Sight, issue, pdf};
use survey_vision::{Effort, Frame, decode_picture, read};

fn pixel_mm(sight: Sight) -> f64 {
    2_000.0 * sight.height_m * (sight.across_deg.to_radians() / 2.0).tan() / sight.across_pixels
}

fn ring() -> KeyRing {
    let key = Key { id: 1, secret: [8; 32], state: KeyState::Active };
    KeyRing::new("park.example", vec![key]).expect("a ring")
}

fn texts(frame: &Frame) -> Vec<String> {
    read(frame, Effort::Still).readings.into_iter().map(|reading| reading.text).collect()
}

/// A page of a PDF as poppler draws it, a pixel for each pixel of the camera.
fn drawn(pdf: &[u8], page: usize, sight: Sight) -> Frame {
    let dots_per_inch = 25.4 / pixel_mm(sight);
    let page = page.to_string();
    let started = Command::new("pdftoppm")
        .args(["-png", "-gray", "-r", &dots_per_inch.to_string(), "-f", &page, "-l", &page, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut program = started.unwrap_or_else(|error| {
        panic!("pdftoppm could not be started ({error}): `cargo xtask test` installs it, Debian's package is poppler-utils")
    });
    // It reads to the end before it draws.
    program.stdin.take().expect("its input").write_all(pdf).expect("it reads the PDF");
    let output = program.wait_with_output().expect("it ends");
    assert!(output.status.success(), "pdftoppm: {}", output.status);
    decode_picture(&output.stdout).expect("a picture")
}

/// The sheet as a camera of its sight sees it from straight above: three pixels or a little more a module, on grey ground.
fn seen_from_above(sheet: &Sheet, sight: Sight) -> Frame {
    let pixel_mm = pixel_mm(sight);
    let (width, height) = (640, 480);
    let offset = (320.0 - sheet.width_mm() / pixel_mm / 2.0, 240.0 - sheet.width_mm() / pixel_mm / 2.0);
    let pixel = |at: usize| {
        let place = |at: usize, offset: f64| ((at as f64 + 0.5 - offset) * pixel_mm / sheet.module_mm()).floor();
        let (column, row) = (place(at % width, offset.0), place(at / width, offset.1));
        let modules = sheet.modules() as f64;
        if column < 0.0 || row < 0.0 || column >= modules || row >= modules {
            return 110;
        }
        if sheet.is_dark(column as usize, row as usize) { 40 } else { 215 }
    };
    Frame::new(width, height, (0..width * height).map(pixel).collect()).expect("a frame")
}

#[test]
fn a_sheet_is_read_back_from_the_height_it_is_made_for() {
    let text = issue(&ring(), "A-17").expect("a beacon");
    for height_m in [8.0, 15.0, 30.0] {
        let sight = Sight { height_m, across_pixels: 1_920.0, across_deg: 70.0 };
        let sheet = Sheet::new(&text, "A-17", sight).expect("a sheet");
        assert_eq!(texts(&seen_from_above(&sheet, sight)), [text.as_str()], "{height_m} m");
    }
}

#[test]
fn every_page_of_a_printed_pdf_is_read_back_from_the_height_it_is_made_for() {
    let areas = ["A-17", "B2", "market-north_2"];
    let codes: Vec<String> = areas.iter().map(|area| issue(&ring(), area).expect("a beacon")).collect();
    for (height_m, across_pixels) in [(8.0, 1_920.0), (15.0, 1_920.0), (30.0, 1_920.0), (10.0, 1_280.0)] {
        let sight = Sight { height_m, across_pixels, across_deg: 70.0 };
        let sheet = |(text, area): (&String, &&str)| Sheet::new(text, area, sight).expect("a sheet");
        let sheets: Vec<Sheet> = codes.iter().zip(&areas).map(sheet).collect();
        let printed = pdf(&sheets);
        for (at, text) in codes.iter().enumerate() {
            let seen = drawn(&printed, at + 1, sight);
            assert_eq!(texts(&seen), [text.as_str()], "page {} from {height_m} m", at + 1);
            let true_size = sheets[at].width_mm() / pixel_mm(sight);
            assert!((seen.width() as f64 - true_size).abs() <= 1.0, "{} pixels, not {true_size}", seen.width());
        }
        let far_too_high = Sight { height_m: 4.0 * height_m, ..sight };
        assert_eq!(texts(&drawn(&printed, 1, far_too_high)), [""; 0], "three quarters of a pixel a module are not enough");
    }
}
