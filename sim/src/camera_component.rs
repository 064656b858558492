//! The camera as a MAVLink component of its own, by the camera protocol v2: who it is, where its picture streams, zoom, what it sees.
//!
//! It announces streams and serves none: addresses come from the shell that does. It takes no still pictures and records nothing,
//! and says so in its capability flags. Payloads are written by hand, as the other components' are.

use sim_camera::{CameraPose, FramePose, Intrinsics};

use crate::autopilot::wire::{COMMAND_ACK, COMMAND_INT, COMMAND_LONG, Frame, HEARTBEAT, PayloadWriter, Transmitter};

/// MAV_COMP_ID_CAMERA.
pub(crate) const CAMERA_COMPONENT: u8 = 100;
/// MAV_TYPE_CAMERA, MAV_AUTOPILOT_INVALID and MAV_STATE_ACTIVE for its heartbeat.
const TYPE_CAMERA: u8 = 30;
const NO_AUTOPILOT: u8 = 8;
const STATE_ACTIVE: u8 = 4;

const CAMERA_INFORMATION: u32 = 259;
const CAMERA_SETTINGS: u32 = 260;
const CAMERA_CAPTURE_STATUS: u32 = 262;
const VIDEO_STREAM_INFORMATION: u32 = 269;
const VIDEO_STREAM_STATUS: u32 = 270;
const CAMERA_FOV_STATUS: u32 = 271;

const SET_MESSAGE_INTERVAL: u16 = 511;
const REQUEST_MESSAGE: u16 = 512;
const REQUEST_CAMERA_INFORMATION: u16 = 521;
const REQUEST_CAMERA_SETTINGS: u16 = 522;
const REQUEST_CAMERA_CAPTURE_STATUS: u16 = 527;
const SET_CAMERA_MODE: u16 = 530;
const SET_CAMERA_ZOOM: u16 = 531;
const VIDEO_START_STREAMING: u16 = 2502;
const VIDEO_STOP_STREAMING: u16 = 2503;
const REQUEST_VIDEO_STREAM_INFORMATION: u16 = 2504;
const REQUEST_VIDEO_STREAM_STATUS: u16 = 2505;

const ACCEPTED: u8 = 0;
const DENIED: u8 = 2;
const UNSUPPORTED: u8 = 3;

/// CAMERA_CAP_FLAGS: video can be captured as a mode, basic zoom, a video stream.
const HAS_MODES: u32 = 4;
const HAS_BASIC_ZOOM: u32 = 64;
const HAS_VIDEO_STREAM: u32 = 256;
/// CAMERA_MODE_VIDEO.
const MODE_VIDEO: u8 = 1;
/// Kinds of SET_CAMERA_ZOOM: one step, a rate, a share of the range, a focal length.
const ZOOM_STEP: f32 = 0.0;
const ZOOM_CONTINUOUS: f32 = 1.0;
const ZOOM_RANGE: f32 = 2.0;
const ZOOM_FOCAL_LENGTH: f32 = 3.0;
/// Longest focal length over the shortest, the factor of one step, and the doublings a second of a continuous zoom.
const ZOOM_MAX: f64 = 8.0;
const ZOOM_STEP_FACTOR: f64 = 1.25;
const ZOOM_DOUBLINGS_S: f64 = 0.7;
/// Sensor of the 1/2.3 inch class, 16:9, millimetres; the focal length follows from the field of view.
const SENSOR_MM: [f64; 2] = [6.17, 3.47];
/// VIDEO_STREAM_STATUS_FLAGS_RUNNING, VIDEO_STREAM_TYPE_RTSP, VIDEO_STREAM_ENCODING_H264.
const RUNNING: u16 = 1;
const TYPE_RTSP: u8 = 0;
const ENCODING_H264: u8 = 1;
/// Heartbeat each second.
const PERIOD_US: u64 = 1_000_000;
/// Shortest interval that CAMERA_FOV_STATUS is sent in, microseconds: it moves no faster than the gimbal.
const INTERVAL_US_MIN: f32 = 20_000.0;
/// Streams of one camera: a main and a smaller one.
const STREAMS_MAX: usize = 4;
/// Bytes of a stream's name and of its address in VIDEO_STREAM_INFORMATION.
const NAME_BYTES: usize = 32;
const URI_BYTES: usize = 160;
/// What a latitude, longitude or altitude is that is not known.
const UNKNOWN: i32 = i32::MAX;

/// A stream that a shell serves.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoStream {
    name: String,
    uri: String,
    /// Pixels across.
    pub width: u16,
    /// Pixels down.
    pub height: u16,
    /// Frames a second.
    pub frame_rate_hz: f32,
    /// Bits a second aimed at.
    pub bitrate_bit_s: u32,
}

/// A name or an address that MAVLink cannot carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VideoStreamError {
    /// Too long.
    #[error("`{text}` is longer than the {most} bytes that VIDEO_STREAM_INFORMATION has for it")]
    TooLong {
        /// What was given.
        text: String,
        /// Bytes there is room for.
        most: usize,
    },
    /// Not an RTSP address.
    #[error("`{0}` is not an RTSP address: it must begin with rtsp://")]
    NotRtsp(String),
}

impl VideoStream {
    /// A stream of 1280 × 720 at 30 frames a second and 3 Mbit/s; change the fields where it differs.
    pub fn new(name: &str, uri: &str) -> Result<Self, VideoStreamError> {
        let fits = |text: &str, most: usize| {
            if text.len() <= most { Ok(()) } else { Err(VideoStreamError::TooLong { text: text.to_owned(), most }) }
        };
        fits(name, NAME_BYTES)?;
        fits(uri, URI_BYTES)?;
        if !uri.starts_with("rtsp://") {
            return Err(VideoStreamError::NotRtsp(uri.to_owned()));
        }
        let (name, uri) = (name.to_owned(), uri.to_owned());
        Ok(Self { name, uri, width: 1_280, height: 720, frame_rate_hz: 30.0, bitrate_bit_s: 3_000_000 })
    }
}

/// Where the camera really is and looks; what it sees in the middle follows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight {
    pub(crate) lat_lon_e7: [i32; 2],
    pub(crate) altitude_mm: i32,
    /// In metres east and north of the aircraft, up from the ground.
    pub(crate) pose: CameraPose,
    /// Degrees per metre north and east here, times 1e7.
    pub(crate) e7_per_m: [f64; 2],
    pub(crate) ground_mm: i32,
}

/// The camera's controller.
#[derive(Debug, Clone)]
pub(crate) struct CameraComponent {
    system_id: u8,
    streams: Vec<VideoStream>,
    stopped: [bool; STREAMS_MAX],
    zoom: f64,
    zoom_rate: f64,
    due_us: u64,
    sight_interval_us: u64,
    sight_due_us: u64,
    now_us: u64,
}

impl CameraComponent {
    pub(crate) fn new(system_id: u8, mut streams: Vec<VideoStream>) -> Self {
        streams.truncate(STREAMS_MAX);
        Self {
            system_id,
            streams,
            stopped: [false; STREAMS_MAX],
            zoom: 1.0,
            zoom_rate: 0.0,
            due_us: 0,
            sight_interval_us: 0,
            sight_due_us: 0,
            now_us: 0,
        }
    }

    /// Streams from now on; at most four.
    pub(crate) fn set_streams(&mut self, mut streams: Vec<VideoStream>) {
        streams.truncate(STREAMS_MAX);
        self.streams = streams;
        self.stopped = [false; STREAMS_MAX];
    }

    /// Focal length over the shortest.
    pub(crate) fn zoom(&self) -> f64 {
        self.zoom
    }

    /// Zooms on, and reports when it is time.
    pub(crate) fn step(&mut self, now_us: u64, dt_s: f64, sight: &Sight, out: &mut Transmitter) {
        self.now_us = now_us;
        if self.zoom_rate != 0.0 {
            self.zoom = (self.zoom * (self.zoom_rate * ZOOM_DOUBLINGS_S * dt_s).exp2()).clamp(1.0, ZOOM_MAX);
        }
        if now_us >= self.due_us {
            self.due_us = now_us + PERIOD_US;
            let heartbeat = PayloadWriter::default().u32(0).u8(TYPE_CAMERA).u8(NO_AUTOPILOT).u8(0).u8(STATE_ACTIVE).u8(3);
            out.send_raw(CAMERA_COMPONENT, HEARTBEAT, heartbeat.bytes());
        }
        if self.sight_interval_us > 0 && now_us >= self.sight_due_us {
            self.sight_due_us = now_us + self.sight_interval_us;
            self.send_sight(sight, out);
        }
    }

    /// Obeys a command that names this component.
    pub(crate) fn receive(&mut self, frame: &Frame, sight: &Sight, out: &mut Transmitter) {
        if frame.id != COMMAND_LONG && frame.id != COMMAND_INT {
            return;
        }
        let (command, target) = (frame.u16(28), (frame.u8(30), frame.u8(31)));
        if target.0 != self.system_id || target.1 != CAMERA_COMPONENT {
            return;
        }
        let params: [f32; 3] = std::array::from_fn(|index| frame.f32(4 * index));
        let result = self.verdict(command, params);
        let answer = PayloadWriter::default().u16(command).u8(result).u8(0).i32(0).u8(frame.system).u8(frame.component);
        out.send_raw(CAMERA_COMPONENT, COMMAND_ACK, answer.bytes());
        if result == ACCEPTED {
            self.carry_out(command, params, sight, out);
        }
    }

    fn verdict(&self, command: u16, params: [f32; 3]) -> u8 {
        match command {
            REQUEST_MESSAGE => match self.message_of(params[0]) {
                Some(_) => ACCEPTED,
                None => UNSUPPORTED,
            },
            SET_MESSAGE_INTERVAL if params[0] == CAMERA_FOV_STATUS as f32 => ACCEPTED,
            REQUEST_CAMERA_INFORMATION | REQUEST_CAMERA_SETTINGS | REQUEST_CAMERA_CAPTURE_STATUS => ACCEPTED,
            SET_CAMERA_MODE => {
                if params[1] == f32::from(MODE_VIDEO) {
                    ACCEPTED
                } else {
                    DENIED
                }
            }
            SET_CAMERA_ZOOM => {
                if self.zoom_wish(params).is_some() {
                    ACCEPTED
                } else {
                    DENIED
                }
            }
            VIDEO_START_STREAMING | VIDEO_STOP_STREAMING | REQUEST_VIDEO_STREAM_INFORMATION | REQUEST_VIDEO_STREAM_STATUS => {
                if self.chosen(params[0]).next().is_some() { ACCEPTED } else { DENIED }
            }
            _ => UNSUPPORTED,
        }
    }

    fn message_of(&self, id: f32) -> Option<u32> {
        let always = [CAMERA_INFORMATION, CAMERA_SETTINGS, CAMERA_CAPTURE_STATUS, CAMERA_FOV_STATUS];
        let streaming = [VIDEO_STREAM_INFORMATION, VIDEO_STREAM_STATUS];
        let known = always.iter().chain(streaming.iter().filter(|_| !self.streams.is_empty()));
        known.copied().find(|known| *known as f32 == id)
    }

    fn carry_out(&mut self, command: u16, params: [f32; 3], sight: &Sight, out: &mut Transmitter) {
        match command {
            REQUEST_MESSAGE => {
                if let Some(id) = self.message_of(params[0]) {
                    self.send(id, params[1], sight, out);
                }
            }
            SET_MESSAGE_INTERVAL => self.set_interval(params[1]),
            REQUEST_CAMERA_INFORMATION => self.send_information(out),
            REQUEST_CAMERA_SETTINGS | SET_CAMERA_MODE => self.send_settings(out),
            REQUEST_CAMERA_CAPTURE_STATUS => self.send_capture_status(out),
            SET_CAMERA_ZOOM => {
                if let Some((zoom, rate)) = self.zoom_wish(params) {
                    (self.zoom, self.zoom_rate) = (zoom, rate);
                }
                self.send_settings(out);
            }
            VIDEO_START_STREAMING | VIDEO_STOP_STREAMING => {
                for index in self.chosen(params[0]).collect::<Vec<_>>() {
                    self.stopped[index] = command == VIDEO_STOP_STREAMING;
                    self.send_stream_status(index, out);
                }
            }
            REQUEST_VIDEO_STREAM_INFORMATION => self.send(VIDEO_STREAM_INFORMATION, params[0], sight, out),
            REQUEST_VIDEO_STREAM_STATUS => self.send(VIDEO_STREAM_STATUS, params[0], sight, out),
            _ => {}
        }
    }

    fn set_interval(&mut self, interval_us: f32) {
        // 0 is the default rate, which is none; −1 turns it off as well.
        self.sight_interval_us = if interval_us > 0.0 { interval_us.max(INTERVAL_US_MIN) as u64 } else { 0 };
        self.sight_due_us = self.now_us;
    }

    /// The focal length that a SET_CAMERA_ZOOM asks for, and the rate that stays; `None` for what makes no sense.
    fn zoom_wish(&self, [kind, value, _]: [f32; 3]) -> Option<(f64, f64)> {
        if !value.is_finite() {
            return None;
        }
        let value = f64::from(value);
        let still = |zoom: f64| Some((zoom.clamp(1.0, ZOOM_MAX), 0.0));
        if kind == ZOOM_STEP {
            still(self.zoom * ZOOM_STEP_FACTOR.powf(value.clamp(-20.0, 20.0)))
        } else if kind == ZOOM_CONTINUOUS {
            (-1.0..=1.0).contains(&value).then_some((self.zoom, value))
        } else if kind == ZOOM_RANGE {
            if (0.0..=100.0).contains(&value) { still(1.0 + value / 100.0 * (ZOOM_MAX - 1.0)) } else { None }
        } else if kind == ZOOM_FOCAL_LENGTH {
            if value > 0.0 { still(value / focal_mm()) } else { None }
        } else {
            None
        }
    }

    /// The streams that a number names: 0 all, else counted from 1.
    fn chosen(&self, number: f32) -> impl Iterator<Item = usize> + use<> {
        // MAVSDK leaves the parameter out, which is NaN on the wire.
        (0..self.streams.len()).filter(move |index| number.is_nan() || number == 0.0 || number == (*index + 1) as f32)
    }

    fn send(&self, id: u32, stream: f32, sight: &Sight, out: &mut Transmitter) {
        match id {
            CAMERA_INFORMATION => self.send_information(out),
            CAMERA_SETTINGS => self.send_settings(out),
            CAMERA_CAPTURE_STATUS => self.send_capture_status(out),
            CAMERA_FOV_STATUS => self.send_sight(sight, out),
            VIDEO_STREAM_INFORMATION => self.chosen(stream).for_each(|index| self.send_stream_information(index, out)),
            VIDEO_STREAM_STATUS => self.chosen(stream).for_each(|index| self.send_stream_status(index, out)),
            _ => {}
        }
    }

    fn boot_ms(&self) -> u32 {
        (self.now_us / 1_000) as u32
    }

    fn send_information(&self, out: &mut Transmitter) {
        let lens = Intrinsics::full_hd();
        let streams = if self.streams.is_empty() { 0 } else { HAS_VIDEO_STREAM };
        let payload = PayloadWriter::default()
            .u32(self.boot_ms())
            .u32(1 << 24)
            .f32(focal_mm() as f32)
            .f32(SENSOR_MM[0] as f32)
            .f32(SENSOR_MM[1] as f32)
            .u32(HAS_MODES | HAS_BASIC_ZOOM | streams)
            .u16(lens.width as u16)
            .u16(lens.height as u16)
            .u16(0)
            .text("Escort", 32)
            .text("Simulated camera", 32)
            .u8(0)
            .text("", 140)
            // The autopilot's own gimbal carries it.
            .u8(1)
            .u8(0);
        out.send_raw(CAMERA_COMPONENT, CAMERA_INFORMATION, payload.bytes());
    }

    fn send_settings(&self, out: &mut Transmitter) {
        let level_pct = (self.zoom - 1.0) / (ZOOM_MAX - 1.0) * 100.0;
        let payload = PayloadWriter::default().u32(self.boot_ms()).u8(MODE_VIDEO).f32(level_pct as f32).f32(f32::NAN).u8(0);
        out.send_raw(CAMERA_COMPONENT, CAMERA_SETTINGS, payload.bytes());
    }

    /// Nothing is captured on board: idle, no card.
    fn send_capture_status(&self, out: &mut Transmitter) {
        let payload = PayloadWriter::default().u32(self.boot_ms()).f32(0.0).u32(0).f32(0.0).u8(0).u8(0).i32(0).u8(0);
        out.send_raw(CAMERA_COMPONENT, CAMERA_CAPTURE_STATUS, payload.bytes());
    }

    fn send_stream_information(&self, index: usize, out: &mut Transmitter) {
        let stream = &self.streams[index];
        let payload = self
            .stream_fields(index)
            .u8(index as u8 + 1)
            .u8(self.streams.len() as u8)
            .u8(TYPE_RTSP)
            .text(&stream.name, NAME_BYTES)
            .text(&stream.uri, URI_BYTES)
            .u8(ENCODING_H264)
            .u8(0);
        out.send_raw(CAMERA_COMPONENT, VIDEO_STREAM_INFORMATION, payload.bytes());
    }

    fn send_stream_status(&self, index: usize, out: &mut Transmitter) {
        let payload = self.stream_fields(index).u8(index as u8 + 1).u8(0);
        out.send_raw(CAMERA_COMPONENT, VIDEO_STREAM_STATUS, payload.bytes());
    }

    /// The fields that both messages begin with.
    fn stream_fields(&self, index: usize) -> PayloadWriter {
        let stream = &self.streams[index];
        let field_deg = Intrinsics::hd().zoomed(self.zoom).horizontal_field_rad().to_degrees();
        PayloadWriter::default()
            .f32(stream.frame_rate_hz)
            .u32(stream.bitrate_bit_s)
            .u16(if self.stopped[index] { 0 } else { RUNNING })
            .u16(stream.width)
            .u16(stream.height)
            .u16(0)
            .u16(field_deg.round() as u16)
    }

    /// Where the camera is, what lies in the middle of its picture, and how wide it sees.
    fn send_sight(&self, sight: &Sight, out: &mut Transmitter) {
        let intrinsics = Intrinsics::hd().zoomed(self.zoom);
        let middle = [f64::from(intrinsics.width) / 2.0, f64::from(intrinsics.height) / 2.0];
        let seen = FramePose { camera: sight.pose, intrinsics, exposure_s: 0.0, gain: 1.0 }.ground_of(middle, 0.0);
        let image = seen.map_or([UNKNOWN; 3], |[east_m, north_m]| {
            let off = |metres: f64, axis: usize| (metres * sight.e7_per_m[axis]).round() as i32;
            [sight.lat_lon_e7[0] + off(north_m, 0), sight.lat_lon_e7[1] + off(east_m, 1), sight.ground_mm]
        });
        let q = quaternion(&sight.pose);
        let degrees = |radians: f64| radians.to_degrees() as f32;
        let mut payload = PayloadWriter::default().u32(self.boot_ms());
        payload = payload.i32(sight.lat_lon_e7[0]).i32(sight.lat_lon_e7[1]).i32(sight.altitude_mm);
        payload = image.into_iter().fold(payload, PayloadWriter::i32);
        payload = q.into_iter().fold(payload, |payload, part| payload.f32(part as f32));
        payload = payload.f32(degrees(intrinsics.horizontal_field_rad())).f32(degrees(intrinsics.vertical_field_rad())).u8(0);
        out.send_raw(CAMERA_COMPONENT, CAMERA_FOV_STATUS, payload.bytes());
    }
}

/// The shortest focal length, millimetres.
fn focal_mm() -> f64 {
    SENSOR_MM[0] / 2.0 / (Intrinsics::hd().horizontal_field_rad() / 2.0).tan()
}

/// The camera's attitude in the frame north, east, down: w, x, y, z.
fn quaternion(pose: &CameraPose) -> [f64; 4] {
    let half = |degrees: f64| (degrees.to_radians() / 2.0).sin_cos();
    let ((sr, cr), (sp, cp), (sy, cy)) = (half(pose.roll_deg), half(pose.pitch_deg), half(pose.heading_deg));
    [cr * cp * cy + sr * sp * sy, sr * cp * cy - cr * sp * sy, cr * sp * cy + sr * cp * sy, cr * cp * sy - sr * sp * cy]
}
