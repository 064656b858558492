//! Somebody else's aircraft as an ADS-B receiver on board hears it, and the message that tells of it (ADSB_VEHICLE).

use flight_types::GeoPoint;

use crate::autopilot::wire::PayloadWriter;

/// MAV_COMP_ID_ADSB.
pub(crate) const ADSB_COMPONENT: u8 = 156;
/// ADSB_VEHICLE.
pub(crate) const ADSB_VEHICLE: u32 = 246;
/// Place, altitude, heading, speed, callsign and climb are valid.
const VALID: u16 = 1 | 2 | 4 | 8 | 16 | 128;
/// ADSB_ALTITUDE_TYPE_PRESSURE_QNH.
const PRESSURE: u8 = 0;
/// ADSB_ALTITUDE_TYPE_GEOMETRIC.
const GEOMETRIC: u8 = 1;
/// ADSB_EMITTER_TYPE_ROTOCRAFT.
const ROTORCRAFT: u8 = 7;

/// One report of one aircraft.
#[derive(Debug, Clone, PartialEq)]
pub struct Traffic {
    /// ICAO address.
    pub address: u32,
    /// At most eight letters and digits.
    pub callsign: String,
    /// Where it is.
    pub place: GeoPoint,
    /// As it tells it: above mean sea level, metres, or what it takes for that.
    pub altitude_amsl_m: f64,
    /// It tells it by its altimeter, not by satellites.
    pub by_pressure: bool,
    /// Up, metres per second.
    pub up_m_s: f64,
    /// Clockwise from north, degrees, 0..360.
    pub heading_deg: f64,
    /// Over the ground, metres per second.
    pub speed_m_s: f64,
}

impl Traffic {
    /// The payload, in wire order.
    pub(crate) fn payload(&self) -> PayloadWriter {
        PayloadWriter::default()
            .u32(self.address)
            .i32((self.place.lat_deg() * 1e7).round() as i32)
            .i32((self.place.lon_deg() * 1e7).round() as i32)
            .i32((self.altitude_amsl_m * 1e3).round() as i32)
            .u16((self.heading_deg * 1e2).round() as u16)
            .u16((self.speed_m_s * 1e2).round() as u16)
            .i16((self.up_m_s * 1e2).round() as i16)
            .u16(VALID)
            .u16(0)
            .u8(if self.by_pressure { PRESSURE } else { GEOMETRIC })
            .text(&self.callsign, 9)
            .u8(ROTORCRAFT)
            .u8(0)
    }
}
