//! A stand-in for PX4's end of the simulator protocol, written from what real PX4 was seen to do (docs/autopilots.md).
//!
//! It shares the message definitions with the simulator and nothing else. It has no sockets: bytes in, bytes out.

use mavlink::Message;
use mavlink::calculate_crc;
use mavlink::dialects::ardupilotmega::MavMessage;

const HEADER: usize = 10;
const CHECKSUM: usize = 2;
/// Real PX4 leaves the first 11 to 17 sensor messages unanswered (35 on a slow machine).
pub const UNANSWERED: u32 = 14;
/// Its control loops run at 250 Hz: a sensor message sooner than this after the last is not answered, microseconds.
pub const LOOP_US: u64 = 4_000;
/// Position accuracy from which it does not arm, centimetres.
const GPS_CM_MAX: u16 = 500;
/// Satellites with which it does not arm.
const SATELLITES_MIN: u8 = 5;
/// Equal compass samples after which the compass counts as stuck.
const COMPASS_REPEATS_MAX: u32 = 50;
/// Outputs of a HIL_ACTUATOR_CONTROLS.
const OUTPUTS: usize = 16;

/// One sensor message as it arrived.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sensor {
    pub time_us: u64,
    pub specific_force_m_s2: [f32; 3],
    pub rates_rad_s: [f32; 3],
    pub field_gauss: [f32; 3],
    pub pressure_hpa: f32,
    pub updated: u32,
    pub instance: u8,
}

/// One satellite message as it arrived.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gps {
    pub lat_deg: f64,
    pub lon_deg: f64,
    pub altitude_m: f64,
    /// North, east, down.
    pub velocity_m_s: [f64; 3],
    pub horizontal_cm: u16,
    pub fix: u8,
    pub satellites: u8,
}

#[derive(Debug, Default)]
pub struct StandIn {
    unread: Vec<u8>,
    heard: u32,
    answered_us: u64,
    compass_repeats: u32,
    /// Its motors are armed; see [`StandIn::arm`].
    pub armed: bool,
    /// What its mixer wants of the four motors and the light; sent only while armed.
    pub outputs: [f32; 5],
    /// The same of the gimbal's pitch and yaw, on the next two outputs.
    pub gimbal: [f32; 2],
    /// Answers nothing, as when its scheduler hangs.
    pub hung: bool,
    pub sensors: Vec<Sensor>,
    pub gps: Option<Gps>,
    pub answers: u32,
}

impl StandIn {
    /// The first words after connecting; then nothing until a HIL_SENSOR.
    pub fn hello() -> Vec<u8> {
        let mut heartbeat = frame(0, &[0, 0, 0, 0, 2, 12, 0, 3, 3]);
        let mut request = [0; 33];
        request[..4].copy_from_slice(&115.0_f32.to_le_bytes());
        request[4..8].copy_from_slice(&5_000.0_f32.to_le_bytes());
        request[28..30].copy_from_slice(&511_u16.to_le_bytes());
        let mut words = frame(76, &request);
        words.append(&mut heartbeat);
        words
    }

    /// Takes bytes of the simulator and gives the answer.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.unread.extend_from_slice(bytes);
        let mut answer = Vec::new();
        while let Some((id, payload)) = self.next_frame() {
            match id {
                107 => answer.extend(self.take_sensor(&payload)),
                113 => self.gps = Some(read_gps(&payload)),
                _ => {}
            }
        }
        answer
    }

    /// Arms when it is ready; says what is missing otherwise.
    pub fn arm(&mut self) -> Result<(), &'static str> {
        let gps = self.gps.ok_or("no GPS")?;
        if gps.fix < 3 || gps.satellites < SATELLITES_MIN || gps.horizontal_cm >= GPS_CM_MAX {
            return Err("GPS too poor");
        }
        if self.compass_repeats >= COMPASS_REPEATS_MAX {
            return Err("MAG #0 failed: STALE");
        }
        self.armed = true;
        Ok(())
    }

    fn take_sensor(&mut self, payload: &[u8; 255]) -> Vec<u8> {
        let sensor = read_sensor(payload);
        if sensor.instance != 0 {
            return Vec::new();
        }
        let compass = |sensor: &Sensor| sensor.updated & 0x1C0 != 0;
        if compass(&sensor) {
            let before = self.sensors.iter().rev().find(|sensor| compass(sensor));
            let repeated = before.is_some_and(|before| before.field_gauss == sensor.field_gauss);
            self.compass_repeats = if repeated { self.compass_repeats + 1 } else { 0 };
        }
        self.sensors.push(sensor);
        self.heard += 1;
        // Its loops have not run since the last answer: nothing is published, so nothing is sent.
        let too_soon = sensor.time_us < self.answered_us + LOOP_US && self.answers > 0;
        if self.heard <= UNANSWERED || self.hung || too_soon {
            return Vec::new();
        }
        self.answered_us = sensor.time_us;
        self.answers += 1;
        self.controls(sensor.time_us)
    }

    /// HIL_ACTUATOR_CONTROLS at this time: all zero while disarmed.
    pub fn controls(&self, time_us: u64) -> Vec<u8> {
        let mut payload = Vec::new();
        payload.extend_from_slice(&time_us.to_le_bytes());
        payload.extend_from_slice(&1_u64.to_le_bytes());
        for index in 0..OUTPUTS {
            let output = self.outputs.iter().chain(&self.gimbal).nth(index).copied().filter(|_| self.armed).unwrap_or(0.0);
            payload.extend_from_slice(&output.to_le_bytes());
        }
        payload.push(if self.armed { 129 } else { 1 });
        frame(93, &payload)
    }

    fn next_frame(&mut self) -> Option<(u32, [u8; 255])> {
        let length = usize::from(*self.unread.get(1)?);
        let total = HEADER + length + CHECKSUM;
        if self.unread.len() < total {
            return None;
        }
        let bytes: Vec<u8> = self.unread.drain(..total).collect();
        assert_eq!(bytes[0], 0xFD, "the simulator speaks MAVLink 2 and nothing between frames");
        let id = u32::from_le_bytes([bytes[7], bytes[8], bytes[9], 0]);
        let sum = calculate_crc(&bytes[1..HEADER + length], MavMessage::extra_crc(id));
        assert_eq!(bytes[HEADER + length..], sum.to_le_bytes(), "checksum of message {id}");
        let mut payload = [0; 255];
        payload[..length].copy_from_slice(&bytes[HEADER..HEADER + length]);
        Some((id, payload))
    }
}

fn frame(id: u32, payload: &[u8]) -> Vec<u8> {
    let id_bytes = id.to_le_bytes();
    let length = u8::try_from(payload.len()).expect("a payload");
    let mut bytes = vec![0xFD, length, 0, 0, 0, 1, 1, id_bytes[0], id_bytes[1], id_bytes[2]];
    bytes.extend_from_slice(payload);
    let sum = calculate_crc(&bytes[1..], MavMessage::extra_crc(id));
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

fn f32_at(payload: &[u8; 255], at: usize) -> f32 {
    f32::from_le_bytes([payload[at], payload[at + 1], payload[at + 2], payload[at + 3]])
}

fn i32_at(payload: &[u8; 255], at: usize) -> i32 {
    f32_at(payload, at).to_bits() as i32
}

fn read_sensor(payload: &[u8; 255]) -> Sensor {
    let three = |at: usize| [f32_at(payload, at), f32_at(payload, at + 4), f32_at(payload, at + 8)];
    Sensor {
        time_us: u64::from_le_bytes(payload[..8].try_into().expect("eight bytes")),
        specific_force_m_s2: three(8),
        rates_rad_s: three(20),
        field_gauss: three(32),
        pressure_hpa: f32_at(payload, 44),
        updated: f32_at(payload, 60).to_bits(),
        instance: payload[64],
    }
}

fn read_gps(payload: &[u8; 255]) -> Gps {
    let speed = |at: usize| f64::from(i16::from_le_bytes([payload[at], payload[at + 1]])) / 100.0;
    Gps {
        lat_deg: f64::from(i32_at(payload, 8)) / 1e7,
        lon_deg: f64::from(i32_at(payload, 12)) / 1e7,
        altitude_m: f64::from(i32_at(payload, 16)) / 1e3,
        velocity_m_s: [speed(26), speed(28), speed(30)],
        horizontal_cm: u16::from_le_bytes([payload[20], payload[21]]),
        fix: payload[34],
        satellites: payload[35],
    }
}
