//! PNG and JPEG bytes to a grey frame, under limits on size and memory that are checked before a pixel is unpacked.
//!
//! Never panics, whatever the bytes: truncated, hostile and inflated pictures end in an error that says what is wrong.

use std::io::Cursor;

use image::{DynamicImage, ImageError, ImageReader, Limits};

use crate::frame::{Frame, FrameError};
use crate::inflate;

/// Files beyond this are not opened: twice what a 40-megapixel camera writes as JPEG.
pub const PICTURE_BYTES_MAX: usize = 64 << 20;

/// Pictures beyond this are not unpacked: a 40-megapixel camera; at most 160 MB of colour in memory.
pub const PICTURE_PIXELS_MAX: usize = 40_000_000;

/// No side longer than this: it stands for a strip of a few pixels' height, which holds no code.
const SIDE_PIXELS_MAX: u32 = 20_000;

/// Memory for unpacking: 16-bit colour with alpha at the pixel bound.
const UNPACKED_BYTES_MAX: u64 = PICTURE_PIXELS_MAX as u64 * 8;

/// Start of image and the marker that follows it.
const JPEG_BEGINS: [u8; 3] = [0xff, 0xd8, 0xff];
/// End of image; between the bytes of a scan it cannot stand.
const JPEG_ENDS: [u8; 2] = [0xff, 0xd9];

/// Why bytes are not a picture.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// A file beyond the bound.
    #[error("the picture has {bytes} bytes; at most {PICTURE_BYTES_MAX} are read")]
    FileTooLarge {
        /// Its size, bytes.
        bytes: usize,
    },
    /// Neither PNG nor JPEG.
    #[error("not a PNG or JPEG picture")]
    Format,
    /// Says that it is larger than what is unpacked.
    #[error(
        "the picture says it is {width} x {height}; at most {PICTURE_PIXELS_MAX} pixels, {SIDE_PIXELS_MAX} a side, are unpacked"
    )]
    TooManyPixels {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// A PNG whose packed bytes go on far beyond the size that it says.
    #[error("the picture unpacks to far more than the {wanted} bytes that its own size comes to")]
    Inflated {
        /// What it says, bytes.
        wanted: u64,
    },
    /// Cut off or damaged.
    #[error("the picture is damaged or cut off: {0}")]
    Damaged(String),
    /// Unpacked to something that is no frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// Pixels across and down of a PNG or JPEG file, as it says; nothing is unpacked.
pub fn picture_size(bytes: &[u8]) -> Result<(u32, u32), PictureError> {
    let mut reader = open(bytes)?;
    // Whoever asks how large a picture is wants to know it of those that are too large, too.
    reader.no_limits();
    reader.into_dimensions().map_err(damaged)
}

/// Unpacks a PNG or JPEG file. A picture with an alpha channel is laid on white.
pub fn decode_picture(bytes: &[u8]) -> Result<Frame, PictureError> {
    if bytes.len() > PICTURE_BYTES_MAX {
        return Err(PictureError::FileTooLarge { bytes: bytes.len() });
    }
    let (width, height) = picture_size(bytes)?;
    if width.max(height) > SIDE_PIXELS_MAX || u64::from(width) * u64::from(height) > PICTURE_PIXELS_MAX as u64 {
        return Err(PictureError::TooManyPixels { width, height });
    }
    if bytes.starts_with(&JPEG_BEGINS) && !is_whole_jpeg(bytes) {
        return Err(PictureError::Damaged("the JPEG ends before its end".to_owned()));
    }
    inflate::check(bytes)?;
    grey(open(bytes)?.decode().map_err(damaged)?)
}

/// Whether a JPEG's end of image is there (ISO/IEC 10918-1, B.1.1.3). Decoders make a grey rest of what is missing before it, in which a code
/// would be missed without a word. What follows it is nobody's business: telephones append whole films.
fn is_whole_jpeg(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(JPEG_BEGINS.len() - 1..).unwrap_or_default();
    // Segments before the first scan are stepped over, because a preview in them is a JPEG with an end of its own.
    while let [0xff, marker, after @ ..] = rest {
        rest = match (marker, after) {
            (0xda, scan) => return scan.windows(2).any(|pair| pair == JPEG_ENDS),
            (0xff, _) => &rest[1..],
            (_, [high, low, ..]) => after.get(usize::from(u16::from_be_bytes([*high, *low]))..).unwrap_or_default(),
            _ => return false,
        };
    }
    false
}

fn open(bytes: &[u8]) -> Result<ImageReader<Cursor<&[u8]>>, PictureError> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| PictureError::Format)?;
    if reader.format().is_none() {
        return Err(PictureError::Format);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_PIXELS_MAX);
    limits.max_image_height = Some(SIDE_PIXELS_MAX);
    limits.max_alloc = Some(UNPACKED_BYTES_MAX);
    reader.limits(limits);
    Ok(reader)
}

fn damaged(error: ImageError) -> PictureError {
    match error {
        ImageError::Unsupported(_) => PictureError::Format,
        ImageError::Decoding(_)
        | ImageError::Encoding(_)
        | ImageError::Parameter(_)
        | ImageError::Limits(_)
        | ImageError::IoError(_) => PictureError::Damaged(error.to_string()),
    }
}

fn grey(picture: DynamicImage) -> Result<Frame, PictureError> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    if !picture.color().has_alpha() {
        return Ok(Frame::new(width, height, picture.into_luma8().into_raw())?);
    }
    let flattened = picture.into_luma_alpha8().pixels().map(|pixel| on_white(pixel.0)).collect();
    Ok(Frame::new(width, height, flattened)?)
}

fn on_white([luma, alpha]: [u8; 2]) -> u8 {
    let (luma, alpha) = (u32::from(luma), u32::from(alpha));
    // At most 255, so it fits.
    ((luma * alpha + 255 * (255 - alpha)) / 255) as u8
}
