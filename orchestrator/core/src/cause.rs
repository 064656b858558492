//! Every sentence that the core says about why something is so: a stable code with its figures, for the pages to say in the reader's
//! language. The English words are for logs and programs. Never decides anything.

use std::collections::BTreeMap;

use flight_types::{DroneId, FlightFailure, MissionId, RallyPointId, ZoneId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::route::NoRoute;

/// Why something is so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Cause {
    /// A flight would begin or end in a zone.
    #[error("{end} lies in the no-fly zone {zone}")]
    InZone {
        /// "the start" or "the end".
        end: String,
        /// Which zone.
        zone: ZoneId,
    },
    /// A flight would begin or end outside the fence.
    #[error("{end} lies outside the fence")]
    OutsideFence {
        /// "the start" or "the end".
        end: String,
    },
    /// A flight would begin or end with no legal place near.
    #[error("{end} is hemmed in by zones or the fence")]
    HemmedIn {
        /// "the start" or "the end".
        end: String,
    },
    /// No legal place from which the light reaches the person.
    #[error("no legal place within {reach_m} m of the person")]
    NoStandOff {
        /// How far the light reaches, metres.
        reach_m: f64,
    },
    /// Zones or the fence part start and end.
    #[error("no-fly zones or the fence part the start from the end")]
    Parted,
    /// The flight would be higher than the fence allows.
    #[error("transit at {height_m} m is above the fence's ceiling of {ceiling_m} m")]
    AboveCeiling {
        /// Needed, metres above the pad.
        height_m: f64,
        /// Allowed, metres above the pad.
        ceiling_m: f64,
    },

    /// Every height would bring it too near to another of our aircraft: it waits on its pad.
    #[error("it would come too near to {drone}")]
    AirTaken {
        /// Which aircraft.
        drone: DroneId,
    },

    /// The aircraft comes home from another flight.
    #[error("on its way home")]
    ComingHome,
    /// The aircraft surveys another lot.
    #[error("on another survey")]
    OtherSurvey,
    /// The aircraft cannot be turned round during take-off.
    #[error("taking off for a survey")]
    StartingSurvey,
    /// Armed or flying, and not by us.
    #[error("active without a flight of ours, mode {mode}")]
    ActiveAlone {
        /// Its mode, "unknown" when it does not say.
        mode: String,
    },
    /// Not where it is to start from.
    #[error("standing {away_m} m from its pad")]
    OffPad {
        /// How far, whole metres.
        away_m: i64,
    },

    /// The link's report of a failed flight.
    #[error("{failure}")]
    Failure {
        /// What failed.
        failure: FlightFailure,
    },
    /// The light is broken.
    #[error("the light is faulty")]
    LightFaulty,
    /// No satellites.
    #[error("no satellite fix")]
    GpsLost,
    /// Somebody else's aircraft is near.
    #[error("{name} is near: {distance_m} m away, {above_m} m above")]
    Intruder {
        /// Its callsign or address.
        name: String,
        /// Along the ground, whole metres.
        distance_m: i64,
        /// Over ours, whole metres.
        above_m: i64,
    },
    /// Its charge does not reach its pad: it makes for a rally point.
    #[error("{remaining_pct} % left and {needed_pct} % needed to its pad: it lands at {rally_point}")]
    DivertedByCharge {
        /// Its name as shown.
        rally_point: String,
        /// What the way to the pad takes, whole per cent of a charge.
        needed_pct: i64,
        /// What is left, whole per cent.
        remaining_pct: i64,
    },
    /// It landed at a rally point.
    #[error("it stands at {rally_point} and must be fetched")]
    StandsAtRallyPoint {
        /// Its name as shown.
        rally_point: String,
    },
    /// No such rally point, or none that this flight may use.
    #[error("{rally_point} is no rally point for this flight")]
    NoRallyPoint {
        /// As it was asked for.
        rally_point: RallyPointId,
    },
    /// On its way home its charge does not let it wait for somebody else's aircraft to go.
    #[error("with {remaining_pct} % it does not wait for the other aircraft to go: it needs that for its way home")]
    WaitsNoLonger {
        /// Remaining charge, whole per cent.
        remaining_pct: i64,
    },
    /// Called home as often as allowed, in vain.
    #[error("it does not come home by itself; a pilot must bring it")]
    NotComingHome,
    /// A recalled aircraft left the ordered mode.
    #[error("on its way home it changed to {mode} by itself: {said}")]
    LeftWayHome {
        /// The mode.
        mode: String,
        /// In the aircraft's words, as it sent them.
        said: String,
    },
    /// It goes home unasked.
    #[error("it returns by itself: {said}")]
    ReturnsAlone {
        /// In the aircraft's words, as it sent them.
        said: String,
    },
    /// It lands unasked.
    #[error("it lands by itself: {said}")]
    LandsAlone {
        /// In the aircraft's words, as it sent them.
        said: String,
    },
    /// It changed its mode unasked.
    #[error("it changed to {mode} by itself: {said}")]
    ModeAlone {
        /// The mode.
        mode: String,
        /// In the aircraft's words, as it sent them.
        said: String,
    },

    /// GPS and address name different places.
    #[error("sources disagree by {apart_m} m")]
    PlacesDisagree {
        /// How far apart, whole metres.
        apart_m: i64,
    },
    /// Only an old position is known.
    #[error("last known, {age_min} min old")]
    PlaceOld {
        /// Its age, minutes.
        age_min: i64,
    },
    /// Only the registered home is known.
    #[error("home")]
    PlaceHome,
    /// Only a coarse fix is known.
    #[error("a fix within {accuracy_m} m only")]
    PlaceCoarse {
        /// Its radius, whole metres.
        accuracy_m: i64,
    },
    /// Only an address is known.
    #[error("address")]
    PlaceAddress,
    /// No place: the address is not on our map.
    #[error("none, address not found")]
    AddressNotFound,
    /// No place: the position cannot be served.
    #[error("none, the position given is far outside the site")]
    PlaceFarOutside,
    /// No place at all.
    #[error("none")]
    PlaceNone,

    /// An offer did not reach a guard.
    #[error("offer to {to}: {why}")]
    OfferUndelivered {
        /// Whom.
        to: String,
        /// The fault, as the worker said it.
        why: String,
    },
    /// A notice did not reach somebody.
    #[error("notice to {to}: {why}")]
    NoticeUndelivered {
        /// Whom.
        to: String,
        /// The fault, as the worker said it.
        why: String,
    },
    /// An order did not reach an aircraft.
    #[error("order {order} to {drone}: {why}")]
    OrderUndelivered {
        /// The order.
        order: String,
        /// Which aircraft.
        drone: DroneId,
        /// The fault, as the worker said it.
        why: String,
    },
    /// The operators could not be asked.
    #[error("launch {mission} could not be put before the operators: {why}")]
    ApprovalUndelivered {
        /// Which launch.
        mission: MissionId,
        /// The fault, as the worker said it.
        why: String,
    },
    /// A message about parking did not reach anybody.
    #[error("a message about parking: {why}")]
    ParkingUndelivered {
        /// The fault, as the worker said it.
        why: String,
    },
    /// Nobody answered who is near.
    #[error("the search for guards was not answered")]
    SearchUnanswered,
    /// It could not be found out who is near.
    #[error("the search for guards failed: {why}")]
    SearchFailed {
        /// The fault, as the worker said it.
        why: String,
    },

    /// Refused: closed or cancelled.
    #[error("this incident is over")]
    IncidentOver,
    /// Refused: the cancel window has passed.
    #[error("the time to take the call back is over; confirm that you are safe instead")]
    CancelTooLate,
    /// Refused: declined before.
    #[error("this offer was declined")]
    OfferDeclined,
    /// Refused: not answered in time.
    #[error("this offer has expired")]
    OfferExpired,
    /// Refused: stood down.
    #[error("somebody else goes, or the call is over")]
    OfferStoodDown,
    /// Refused: replaced after silence.
    #[error("you were replaced on this incident")]
    GuardReplaced,
    /// Refused: nothing left to decide.
    #[error("this launch is over")]
    LaunchOver,
    /// Refused: the policy decided.
    #[error("this launch was let go by the station's policy")]
    LaunchedByPolicy,
    /// Refused: approved before.
    #[error("{by} has already let this launch go")]
    AlreadyApproved {
        /// By whom.
        by: String,
    },
    /// Refused: silence decided for it.
    #[error("nobody decided in time, and this launch was let go")]
    LaunchedBySilence,
    /// Refused: denied before.
    #[error("{by} has already denied this launch")]
    AlreadyDenied {
        /// By whom.
        by: String,
    },
    /// Refused: silence decided against it.
    #[error("nobody decided in time, and this launch was denied")]
    DeniedBySilence,
    /// Refused: withdrawn.
    #[error("this launch is not needed any more")]
    LaunchWithdrawn,
    /// Refused: no flight.
    #[error("{drone} is not on a flight")]
    NotOnFlight {
        /// Which aircraft.
        drone: DroneId,
    },
    /// Refused: on the ground.
    #[error("{drone} is not in the air")]
    NotInTheAir {
        /// Which aircraft.
        drone: DroneId,
    },
    /// Refused: it comes home.
    #[error("{drone} is on its way home, and a recall wins")]
    RecallWins {
        /// Which aircraft.
        drone: DroneId,
    },
    /// Refused: nothing to continue.
    #[error("{drone} is not held")]
    NotHeld {
        /// Which aircraft.
        drone: DroneId,
    },
    /// Refused: nothing to give back.
    #[error("nobody has taken control of {drone}")]
    NotControlled {
        /// Which aircraft.
        drone: DroneId,
    },
    /// Refused: a pilot has it.
    #[error("{by} is in control of this aircraft")]
    ControlledBy {
        /// Who.
        by: String,
    },
    /// Refused: no site yet.
    #[error("the site is not configured yet")]
    NoSite,
    /// Refused: a survey needs other corners.
    #[error("a survey has 1 to {corners_max} corners, this one has {corners}")]
    SurveyCorners {
        /// Allowed.
        corners_max: usize,
        /// Given.
        corners: usize,
    },

    /// Refused: heights, speeds or sorties that are none.
    #[error("height, speed or sorties of the survey are out of range")]
    SurveyFigures,
    /// Refused: one at a time.
    #[error("survey {survey} of this lot is not over")]
    SurveyUnderWay {
        /// Which.
        survey: String,
    },
    /// Refused: nothing to call off.
    #[error("the survey is over")]
    SurveyOver,
    /// Refused: nothing left to do about it.
    #[error("the finding is fixed already")]
    FindingFixed,

    /// A sentence of a log that was written before there were codes.
    #[error("{0}")]
    #[serde(untagged)]
    Said(String),
}

impl Cause {
    /// The code and its figures as flat text for a timeline line: "cause", and "cause_" with the name of each figure.
    pub fn particulars(&self) -> BTreeMap<String, String> {
        let mut flat = BTreeMap::new();
        let record = serde_json::to_value(self).unwrap_or_default();
        flatten(&record, &mut flat);
        flat
    }
}

fn flatten(record: &Value, flat: &mut BTreeMap<String, String>) {
    for (key, value) in record.as_object().into_iter().flatten() {
        let name = if key == "cause" { key.clone() } else { format!("cause_{key}") };
        match value {
            Value::Object(_) => flatten(value, flat),
            Value::String(text) => drop(flat.insert(name, text.clone())),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => drop(flat.insert(name, value.to_string())),
        }
    }
}

impl From<NoRoute> for Cause {
    fn from(error: NoRoute) -> Self {
        match error {
            NoRoute::InZone { end, zone } => Self::InZone { end: end.to_owned(), zone },
            NoRoute::OutsideFence { end } => Self::OutsideFence { end: end.to_owned() },
            NoRoute::HemmedIn { end } => Self::HemmedIn { end: end.to_owned() },
            NoRoute::NoStandOff { reach_m } => Self::NoStandOff { reach_m },
            NoRoute::Parted => Self::Parted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_figures_and_an_old_sentence_still_reads() {
        let cause = Cause::Failure { failure: FlightFailure::Timeout { step: "transit".to_owned(), limit_s: 120 } };
        let text = serde_json::to_string(&cause).expect("plain data");
        assert_eq!(serde_json::from_str::<Cause>(&text).expect("what was written"), cause);
        let flat = cause.particulars();
        assert_eq!(flat.get("cause").map(String::as_str), Some("failure"));
        assert_eq!(flat.get("cause_why").map(String::as_str), Some("timeout"));
        assert_eq!(flat.get("cause_limit_s").map(String::as_str), Some("120"));

        let old: Cause = serde_json::from_str("\"the light is faulty\"").expect("a sentence of an old log");
        assert_eq!(old, Cause::Said("the light is faulty".to_owned()));
        assert!(old.particulars().is_empty());
    }
}
