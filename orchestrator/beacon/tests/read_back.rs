//! A sheet, as a camera sees it from the height it is made for, is read back by the reader of the drones.

use beacon::{Key, KeyRing, KeyState, Sheet, Sight, issue};
use survey_vision::{Effort, Frame, read};

/// The sheet as a camera of its sight sees it from straight above: three pixels or a little more a module, on grey ground.
fn seen_from_above(sheet: &Sheet, sight: Sight) -> Frame {
    let pixel_mm = 2_000.0 * sight.height_m * (sight.across_deg.to_radians() / 2.0).tan() / sight.across_pixels;
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
    let key = Key { id: 1, secret: [8; 32], state: KeyState::Active };
    let ours = KeyRing::new("park.example", vec![key]).expect("a ring");
    let text = issue(&ours, "A-17").expect("a beacon");
    for height_m in [8.0, 15.0, 30.0] {
        let sight = Sight { height_m, across_pixels: 1_920.0, across_deg: 70.0 };
        let sheet = Sheet::new(&text, "A-17", sight).expect("a sheet");
        let outcome = read(&seen_from_above(&sheet, sight), Effort::Still);
        let texts: Vec<&str> = outcome.readings.iter().map(|reading| reading.text.as_str()).collect();
        assert_eq!(texts, [text.as_str()], "{height_m} m");
    }
}
