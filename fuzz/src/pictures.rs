//! Pictures that strangers hand in, and what is read in them.

use survey_vision::{Effort, Frame, PICTURE_PIXELS_MAX, decode_picture, read};

/// Larger ones are unpacked and not read: thousands of inputs must fit into seconds.
const READ_PIXELS_MAX: usize = 200_000;

/// A file is an error that says what is wrong, or a frame within the bounds, whose codes lie somewhere near it. The same bytes taken as
/// bare pixels are read as well: that reaches the filters without a file's checksums in the way.
pub fn run(bytes: &[u8]) {
    match decode_picture(bytes) {
        Ok(frame) => {
            assert!(frame.width() * frame.height() == frame.pixels().len() && frame.pixels().len() <= PICTURE_PIXELS_MAX);
            look(&frame);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let Some((first, pixels)) = bytes.split_first() else { return };
    let width = usize::from(*first).max(1);
    if let Ok(frame) = Frame::new(width, pixels.len() / width, pixels[..pixels.len() / width * width].to_vec()) {
        look(&frame);
    }
}

fn look(frame: &Frame) {
    if frame.pixels().len() > READ_PIXELS_MAX {
        return;
    }
    let reach = 2.0 * (frame.width() + frame.height()) as f64;
    for reading in read(frame, Effort::Stream).readings {
        assert!(!reading.text.is_empty());
        assert!(reading.corners.iter().all(|corner| corner.x.abs() <= reach && corner.y.abs() <= reach), "{reading:?}");
    }
}

/// A code as PNG, as JPEG, and as bare pixels; a PNG that claims to be huge.
pub fn seeds() -> Vec<Vec<u8>> {
    let (side, pixels) = code();
    let mut jpeg = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut jpeg, 80);
    // A seed that cannot be made is left out; the test of the seeds would say that there are none.
    let made = encoder.encode(&pixels, side as u16, side as u16, jpeg_encoder::ColorType::Luma);
    let mut bare = vec![side as u8];
    bare.extend(&pixels);
    let mut seeds = vec![png(side as u32, side as u32, &pixels), png(60_000, 60_000, &pixels), bare];
    seeds.extend(made.is_ok().then_some(jpeg));
    seeds
}

/// A code with its border, two pixels a module.
fn code() -> (usize, Vec<u8>) {
    let code = qrcodegen::QrCode::encode_text("https://lot.example/p/A1", qrcodegen::QrCodeEcc::Medium).expect("a short text");
    let side = (code.size() as usize + 8) * 2;
    let dark = |at: usize| code.get_module((at % side / 2) as i32 - 4, (at / side / 2) as i32 - 4);
    (side, (0..side * side).map(|at| if dark(at) { 20 } else { 230 }).collect())
}

/// A grey PNG whose data are stored, not packed (RFC 1950, 1951; PNG, third edition).
fn png(width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
    let mut rows = Vec::new();
    for row in pixels.chunks(width.min(pixels.len() as u32) as usize) {
        rows.push(0);
        rows.extend(row);
    }
    let mut data = vec![0x78, 0x01];
    for (number, block) in rows.chunks(60_000).enumerate() {
        let last = (number + 1) * 60_000 >= rows.len();
        data.push(u8::from(last));
        data.extend((block.len() as u16).to_le_bytes());
        data.extend((!(block.len() as u16)).to_le_bytes());
        data.extend(block);
    }
    let (a, b) = rows.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    data.extend(((b << 16) | a).to_be_bytes());
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    let chunks: [(&[u8; 4], &[u8]); 3] = [(b"IHDR", &header), (b"IDAT", &data), (b"IEND", &[])];
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, body) in chunks {
        file.extend((body.len() as u32).to_be_bytes());
        let named = [kind, body].concat();
        file.extend(&named);
        let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        let crc = !named.iter().fold(!0_u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step));
        file.extend(crc.to_be_bytes());
    }
    file
}
