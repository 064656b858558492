//! What the reader must do on any machine: codes made here, nights, hostile files; and the photographs where they are.

mod support;

use qrcodegen::{QrCode, QrCodeEcc};
use support::{NIGHTS, Photograph, photographs, shared_folder};
use survey_vision::{Effort, Frame, Pass, PictureError, decode_picture, read, read_plainly};

/// A code with a border, modules of `module` pixels, in the middle of a grey field.
fn printed(text: &str, module: usize, field: (usize, usize)) -> Frame {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).expect("a short text");
    let modules = code.size() as usize + 8;
    let (left, top) = ((field.0 - modules * module) / 2, (field.1 - modules * module) / 2);
    let pixel = |at: usize| {
        let (x, y) = (at % field.0, at / field.0);
        if x < left || y < top || x >= left + modules * module || y >= top + modules * module {
            return 120;
        }
        let (column, row) = (((x - left) / module) as i32 - 4, ((y - top) / module) as i32 - 4);
        if code.get_module(column, row) { 30 } else { 225 }
    };
    Frame::new(field.0, field.1, (0..field.0 * field.1).map(pixel).collect()).expect("a frame")
}

#[test]
fn a_clean_code_is_read_by_the_quick_pass_with_its_corners() {
    let outcome = read(&printed("https://lot.example/p/A1", 4, (640, 480)), Effort::Still);
    let [reading] = outcome.readings.as_slice() else { panic!("{outcome:?}") };
    assert_eq!((reading.text.as_str(), reading.pass, outcome.passes), ("https://lot.example/p/A1", Pass::Quick, 1));
    let middle = reading.middle();
    assert!((middle.x - 320.0).abs() < 4.0 && (middle.y - 240.0).abs() < 4.0, "{middle:?}");
    assert!(reading.quality.contrast > 0.6, "{:?}", reading.quality);
}

#[test]
fn nights_are_read_where_the_engine_alone_fails() {
    let mut ours = 0;
    let mut alone = 0;
    let mut of = 0;
    for seed in 0..12 {
        let text = format!("https://lot.example/p/A{seed}");
        let day = Photograph { name: text.clone(), frame: printed(&text, 3 + seed as usize % 4, (640, 480)), text };
        for (_, night) in NIGHTS {
            let night = day.at_night(night, seed);
            of += 1;
            alone += usize::from(read_plainly(&night.frame).contains(&night.text));
            let outcome = read(&night.frame, Effort::Still);
            assert!(outcome.readings.iter().all(|reading| reading.text == night.text), "{outcome:?}");
            ours += usize::from(!outcome.readings.is_empty());
        }
    }
    assert!(ours * 10 >= of * 9, "{ours} of {of}");
    assert!(ours >= alone, "the cascade never reads less than its engine: {ours}, {alone}");
}

#[test]
fn noise_holds_no_code() {
    let grey = Photograph { name: String::new(), frame: printed("x", 1, (320, 240)), text: String::new() };
    let grey = Photograph { frame: Frame::new(320, 240, vec![128; 320 * 240]).expect("a frame"), ..grey };
    for seed in 0..6 {
        let noise = grey.at_night(support::Night { light: 1.0, noise: 60.0 }, seed);
        assert_eq!(read(&noise.frame, Effort::Exhaustive).readings, Vec::new());
    }
}

#[test]
fn several_codes_are_all_found() {
    let (left, right) = (printed("left", 4, (320, 320)), printed("right", 4, (320, 320)));
    let rows = (0..320).flat_map(|y| [&left, &right].map(|half| &half.pixels()[y * 320..(y + 1) * 320])).flatten();
    let both = Frame::new(640, 320, rows.copied().collect()).expect("a frame");
    let mut texts: Vec<String> = read(&both, Effort::Exhaustive).readings.into_iter().map(|reading| reading.text).collect();
    texts.sort();
    assert_eq!(texts, ["left", "right"]);
}

#[test]
fn a_frame_is_what_it_says() {
    assert!(Frame::new(0, 5, Vec::new()).is_err());
    assert!(Frame::new(2, 2, vec![0; 3]).is_err());
    assert!(Frame::new(usize::MAX, 2, Vec::new()).is_err());
    for (width, height) in [(1, 1), (1, 50), (50, 1), (3, 3)] {
        let tiny = Frame::new(width, height, vec![9; width * height]).expect("a frame");
        assert!(read(&tiny, Effort::Exhaustive).readings.is_empty());
    }
}

#[test]
fn hostile_files_end_in_a_clear_error() {
    assert!(matches!(decode_picture(b""), Err(PictureError::Format)));
    assert!(matches!(decode_picture(b"GIF89a not today"), Err(PictureError::Format)));
    assert!(matches!(decode_picture(&[0xff, 0xd8, 0xff, 0xe0, 0, 4]), Err(PictureError::Damaged(_))));
}

#[test]
fn every_cut_of_a_real_file_is_an_error_or_a_picture() {
    let Some(path) = std::fs::read_dir(shared_folder().join("zxing/qrcode-1")).ok().and_then(|mut entries| {
        entries
            .find_map(|entry| Some(entry.ok()?.path()).filter(|path| path.extension().is_some_and(|extension| extension == "png")))
    }) else {
        eprintln!("skipped: no photographs beside the checkout");
        return;
    };
    let whole = std::fs::read(path).expect("a photograph");
    for part in 0..40 {
        let cut = &whole[..whole.len() * part / 40];
        assert!(decode_picture(cut).is_err(), "cut at {} of {}", cut.len(), whole.len());
    }
}

/// With a preview inside, as cameras write it: a JPEG with an end of its own.
fn jpeg(progressive: bool) -> Vec<u8> {
    let grey: Vec<u8> = (0..160 * 90).map(|at| (at * 7 % 251) as u8).collect();
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 80);
    encoder.set_progressive(progressive);
    encoder.add_app_segment(1, b"Exif\0\0 a preview \xff\xd8\xff\xda\x00\x02 ends \xff\xd9".to_vec()).expect("short enough");
    encoder.encode(&grey, 160, 90, jpeg_encoder::ColorType::Luma).expect("a picture");
    bytes
}

#[test]
fn a_jpeg_that_is_cut_off_is_an_error_and_never_half_a_picture() {
    for progressive in [false, true] {
        let whole = jpeg(progressive);
        assert_eq!(decode_picture(&whole).map(|frame| (frame.width(), frame.height())).ok(), Some((160, 90)));
        for length in 0..whole.len() {
            let cut = decode_picture(&whole[..length]);
            assert!(matches!(cut, Err(PictureError::Damaged(_) | PictureError::Format)), "cut at {length} of {}", whole.len());
        }
        // Cameras pad with zeros, telephones append a film.
        for trailer in [&[0_u8; 40][..], b"\0\0\0\x18ftypmp42"] {
            assert!(decode_picture(&[&whole, trailer].concat()).is_ok());
        }
    }
}

#[test]
fn photographs_are_read_as_well_as_promised() {
    let day = photographs(&shared_folder());
    if day.is_empty() {
        eprintln!("skipped: no photographs beside the checkout");
        return;
    }
    let mut exact = 0;
    for photograph in &day {
        let outcome = read(&photograph.frame, Effort::Still);
        let wrong: Vec<_> = outcome.readings.iter().filter(|reading| !photograph.is(&reading.text)).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", photograph.name);
        exact += usize::from(!outcome.readings.is_empty());
    }
    let of = day.len();
    assert!(exact * 100 >= of * 96, "{exact} of {of} read exactly");
}

/// The same photographs as a drone's camera takes them under its light, with less of it, and with hardly any; for the last the goal of 90 %
/// is missed, and what is reached is held (docs/performance.md).
#[test]
fn photographs_by_night_are_read_as_well_as_promised() {
    let day = photographs(&shared_folder());
    for ((name, night), least_pct) in NIGHTS.into_iter().zip([90, 90, 30]) {
        let mut exact = 0;
        for (photograph, seed) in day.iter().zip(0..) {
            let photograph = photograph.at_night(night, seed);
            let outcome = read(&photograph.frame, Effort::Still);
            let wrong: Vec<_> = outcome.readings.iter().filter(|reading| !photograph.is(&reading.text)).collect();
            assert!(wrong.is_empty(), "{name}, {}: {wrong:?}", photograph.name);
            exact += usize::from(!outcome.readings.is_empty());
        }
        println!("{name}: {exact} of {}", day.len());
        assert!(exact * 100 >= day.len() * least_pct, "{name}: {exact} of {} read exactly", day.len());
    }
}
