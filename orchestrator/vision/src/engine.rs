//! One look at one picture with the reader of codes, zxing-cpp. Knows nothing of passes and brightness.

use zxingcpp::{BarcodeFormat, BarcodeReader, Binarizer, ImageFormat, ImageView};

use crate::frame::Frame;
use crate::reading::Corner;

/// More codes than this in one frame are a picture of something else.
const CODES_PER_FRAME_MAX: i32 = 64;

/// How to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Every row instead of some, also at lower resolutions.
    pub thorough: bool,
    /// Also light on dark.
    pub every_way: bool,
    /// One threshold for the whole picture instead of one for each place.
    pub one_threshold: bool,
}

/// A code as the engine saw it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub text: String,
    pub corners: [Corner; 4],
}

/// What one look gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Looked {
    /// Codes that were read.
    pub seen: Vec<Seen>,
    /// Where codes were located and could not be read.
    pub unread: Vec<[Corner; 4]>,
}

/// Looks once; what the engine refuses counts as nothing seen.
pub(crate) fn look(frame: &Frame, how: Look) -> Looked {
    let reader = BarcodeReader::new()
        .formats([BarcodeFormat::QRCode])
        .try_harder(how.thorough)
        .try_rotate(how.thorough)
        .try_invert(how.every_way)
        .try_downscale(how.thorough)
        .max_number_of_symbols(CODES_PER_FRAME_MAX)
        .return_errors(true)
        .binarizer(if how.one_threshold { Binarizer::GlobalHistogram } else { Binarizer::LocalAverage });
    let Ok(view) = ImageView::from_slice(frame.pixels(), frame.width(), frame.height(), ImageFormat::Lum) else {
        return Looked::default();
    };
    let codes = reader.from(view).unwrap_or_default();
    let (valid, unread): (Vec<_>, Vec<_>) = codes.iter().partition(|code| code.is_valid());
    let seen = valid.into_iter().map(|code| Seen { text: code.text(), corners: corners(code) }).collect();
    Looked { seen, unread: unread.into_iter().map(corners).collect() }
}

fn corners(code: &zxingcpp::Barcode) -> [Corner; 4] {
    let position = code.position();
    let corners = [position.top_left, position.top_right, position.bottom_right, position.bottom_left];
    corners.map(|point| Corner { x: f64::from(point.x), y: f64::from(point.y) })
}

/// The engine alone with its own defaults: the peer that the cascade is measured against.
pub fn read_plainly(frame: &Frame) -> Vec<String> {
    let Ok(view) = ImageView::from_slice(frame.pixels(), frame.width(), frame.height(), ImageFormat::Lum) else {
        return Vec::new();
    };
    let codes = BarcodeReader::new().formats([BarcodeFormat::QRCode]).from(view).unwrap_or_default();
    codes.iter().filter(|code| code.is_valid()).map(zxingcpp::Barcode::text).collect()
}
