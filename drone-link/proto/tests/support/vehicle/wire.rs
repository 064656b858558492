//! The vehicle's frames: sent, signed, checked and handed on.

use flight_types::GeoPoint;
use mavlink::dialects::ardupilotmega::*;
use mavlink::types::CharArray;
use mavlink::{MAVLinkV2MessageRaw, MavHeader, MavlinkReader};

use super::{ILLUMINATOR, Vehicle};

impl Vehicle {
    /// What it wants to send.
    pub fn take_datagrams(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.out)
    }

    pub(super) fn send(&mut self, message: &MavMessage) {
        let header = MavHeader { system_id: self.system_id.into(), component_id: 1, sequence: self.sequence };
        self.sequence = self.sequence.wrapping_add(1);
        let datagram = self.sealed(header, message);
        self.out.push(datagram);
    }

    fn sealed(&mut self, header: MavHeader, message: &MavMessage) -> Vec<u8> {
        let mut raw = MAVLinkV2MessageRaw::new();
        let Some(key) = self.key else {
            raw.serialize_message(header, message);
            return raw.raw_bytes().to_vec();
        };
        raw.serialize_message_for_signing(header, message);
        self.signed = (self.signed + 1).max(self.signing_start + self.now_ms * 100);
        raw.signature_timestamp_bytes_mut().copy_from_slice(&self.signed.to_le_bytes()[..6]);
        let mut signature = [0; 6];
        raw.calculate_signature(&key, &mut signature);
        raw.signature_value_mut().copy_from_slice(&signature);
        raw.raw_bytes().to_vec()
    }

    /// Whether it takes this frame, by a signature that the definitions' own crate computes.
    fn takes(&mut self, datagram: &[u8]) -> bool {
        let Some(key) = self.key else { return true };
        let mut bytes = MAVLinkV2MessageRaw::new().into_inner();
        bytes[..datagram.len()].copy_from_slice(datagram);
        let raw = MAVLinkV2MessageRaw::from_bytes_unparsed(bytes);
        let mut signature = [0; 6];
        raw.calculate_signature(&key, &mut signature);
        let right = datagram[2] == 1 && signature == raw.signature_value();
        self.unsigned_heard += u32::from(!right);
        right
    }

    pub(super) fn send_from_illuminator(&mut self, message: &MavMessage) {
        let sequence = self.illuminator_sequence;
        let header = MavHeader { system_id: self.system_id.into(), component_id: ILLUMINATOR, sequence };
        self.illuminator_sequence = self.illuminator_sequence.wrapping_add(1);
        let datagram = self.sealed(header, message);
        self.out.push(datagram);
    }

    pub fn say(&mut self, text: &str) {
        let chunks: Vec<&[u8]> = text.as_bytes().chunks(50).collect();
        let id = if chunks.len() > 1 { 9 } else { 0 };
        for (seq, chunk) in chunks.iter().enumerate() {
            let mut bytes = [0; 50];
            bytes[..chunk.len()].copy_from_slice(chunk);
            let severity = MavSeverity::MAV_SEVERITY_CRITICAL;
            let text = CharArray::new(bytes);
            self.send(&MavMessage::STATUSTEXT(STATUSTEXT_DATA { severity, text, id, chunk_seq: seq as u8 }));
        }
    }

    /// Its receiver hears somebody else's aircraft that hovers there.
    pub fn hear_traffic(&mut self, place: GeoPoint, altitude_amsl_m: f64) {
        let flags = AdsbFlags::ADSB_FLAGS_VALID_COORDS | AdsbFlags::ADSB_FLAGS_VALID_ALTITUDE;
        self.send(&MavMessage::ADSB_VEHICLE(ADSB_VEHICLE_DATA {
            ICAO_address: 0x71_0001,
            lat: (place.lat_deg() * 1e7).round() as i32,
            lon: (place.lon_deg() * 1e7).round() as i32,
            altitude: (altitude_amsl_m * 1e3).round() as i32,
            altitude_type: AdsbAltitudeType::ADSB_ALTITUDE_TYPE_GEOMETRIC,
            flags,
            ..Default::default()
        }));
    }

    pub fn receive(&mut self, datagram: &[u8]) {
        if !self.takes(datagram) {
            return;
        }
        let mut reader = MavlinkReader::new(datagram);
        let read: Result<(MavHeader, MavMessage), _> = reader.read_any_message();
        let (header, message) = read.expect("the link sends whole frames that the dialect knows");
        assert_eq!((header.system_id, header.component_id), (255, 190));
        self.note_transfer(&message);
        match message {
            MavMessage::HEARTBEAT(heartbeat) => {
                assert_eq!(heartbeat.mavtype, MavType::MAV_TYPE_GCS);
                assert_eq!(heartbeat.base_mode, MavModeFlag::empty());
                self.gcs_ms = Some(self.now_ms);
            }
            MavMessage::COMMAND_LONG(command) if command.target_system == self.system_id => self.command_long(&command),
            MavMessage::COMMAND_INT(command) if command.target_system == self.system_id => self.command_int(&command),
            MavMessage::MISSION_COUNT(count) if count.target_system == self.system_id => self.mission_count(&count),
            MavMessage::MISSION_ITEM_INT(item) if item.target_system == self.system_id => self.mission_item(&item),
            MavMessage::MISSION_REQUEST_LIST(request) => self.send_count(request.mission_type),
            MavMessage::MISSION_REQUEST_INT(request) => self.send_item(request.mission_type, request.seq),
            MavMessage::MISSION_SET_CURRENT(set) => self.current = set.seq,
            MavMessage::MISSION_ACK(_) => {}
            MavMessage::COMMAND_CANCEL(cancel) => self.cancelled.push(cancel.command),
            MavMessage::TIMESYNC(sync) => self.tell_time(&sync),
            MavMessage::COMMAND_ACK(ack) => self.take_authorization(&ack),
            MavMessage::SETUP_SIGNING(set_up) => {
                self.key = Some(set_up.secret_key);
                self.signing_start = set_up.initial_timestamp - self.now_ms * 100;
            }
            MavMessage::PARAM_REQUEST_READ(request) if request.param_index >= 0 => {
                self.tell_parameter_at(request.param_index as usize)
            }
            MavMessage::PARAM_REQUEST_READ(request) => self.tell_parameter(request.param_id),
            MavMessage::PARAM_REQUEST_LIST(_) => (0..self.params.len()).for_each(|index| self.tell_parameter_at(index)),
            MavMessage::PARAM_SET(set) => self.set_parameter(&set),
            other => panic!("the link sent {other:?}"),
        }
    }

    pub(super) fn clock_ns(&self) -> i64 {
        (self.now_ms as i64 + self.clock_ahead_ms) * 1_000_000
    }

    fn tell_time(&mut self, sync: &TIMESYNC_DATA) {
        if sync.tc1 == 0 {
            let answer = TIMESYNC_DATA { tc1: self.clock_ns(), ts1: sync.ts1, target_system: 255, target_component: 190 };
            self.send(&MavMessage::TIMESYNC(answer));
        }
    }
}
