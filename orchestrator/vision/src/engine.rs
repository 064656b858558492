//! One look at one picture with the reader of codes, zxing-cpp. Knows nothing of passes and brightness.

use zxingcpp::{BarcodeFormat, BarcodeReader, Binarizer, ImageFormat, ImageView};

use crate::frame::Frame;
use crate::reading::Corner;

/// More codes than this in one frame are a picture of something else.
const CODES_PER_FRAME_MAX: i32 = 64;

/// How to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Every row instead of some, also inverted, also at lower resolutions.
    pub thorough: bool,
    /// One threshold for the whole picture instead of one for each place.
    pub one_threshold: bool,
}

/// A code as the engine saw it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub text: String,
    pub corners: [Corner; 4],
}

/// Looks once; what the engine refuses counts as nothing seen.
pub(crate) fn look(frame: &Frame, how: Look) -> Vec<Seen> {
    let reader = BarcodeReader::new()
        .formats([BarcodeFormat::QRCode])
        .try_harder(how.thorough)
        .try_rotate(how.thorough)
        .try_invert(how.thorough)
        .try_downscale(how.thorough)
        .max_number_of_symbols(CODES_PER_FRAME_MAX)
        .binarizer(if how.one_threshold { Binarizer::GlobalHistogram } else { Binarizer::LocalAverage });
    let Ok(view) = ImageView::from_slice(frame.pixels(), frame.width(), frame.height(), ImageFormat::Lum) else {
        return Vec::new();
    };
    let codes = reader.from(view).unwrap_or_default();
    codes.iter().filter(|code| code.is_valid()).map(seen).collect()
}

fn seen(code: &zxingcpp::Barcode) -> Seen {
    let position = code.position();
    let corners = [position.top_left, position.top_right, position.bottom_right, position.bottom_left];
    let corners = corners.map(|point| Corner { x: f64::from(point.x), y: f64::from(point.y) });
    Seen { text: code.text(), corners }
}

/// The engine alone with its own defaults: the peer that the cascade is measured against.
pub fn read_plainly(frame: &Frame) -> Vec<String> {
    let Ok(view) = ImageView::from_slice(frame.pixels(), frame.width(), frame.height(), ImageFormat::Lum) else {
        return Vec::new();
    };
    let codes = BarcodeReader::new().formats([BarcodeFormat::QRCode]).from(view).unwrap_or_default();
    codes.iter().filter(|code| code.is_valid()).map(zxingcpp::Barcode::text).collect()
}
