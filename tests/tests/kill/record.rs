//! What the log adds up to for an incident, in the shape in which `orchestrator export` writes it.

use serde_json::Value;

/// The incident with its offers and flights.
pub struct Record(pub Value);

impl Record {
    /// Closed, and every flight for it is over.
    pub fn is_over(&self) -> bool {
        self.0["incident"]["state"] == "closed" && self.missions().iter().all(|mission| mission["ended"] == true)
    }

    /// Where the incident and its latest flight stand, for the test's report.
    pub fn stage(&self) -> String {
        let phase = self.missions().last().map_or(&Value::Null, |mission| &mission["phase"]);
        format!("{}/{}", self.0["incident"]["state"].as_str().unwrap_or("?"), phase.as_str().unwrap_or("-"))
    }

    /// What must be true at any time.
    pub fn assert_holds(&self) {
        let primaries = self.offers().iter().filter(|offer| offer["state"] == "primary").count();
        assert!(primaries <= 1, "more than one primary guard: {:#}", self.0["offers"]);
        let flown = self.missions().iter().filter(|mission| reached(mission, "armed")).count();
        assert!(flown <= 1, "more than one launch: {:#}", self.0["missions"]);
    }

    /// What must be true of an incident that is over.
    pub fn assert_ended_well(&self) {
        assert!(self.is_over(), "{:#}", self.0["incident"]);
        for (what, times) in [("call_raised", 1), ("guard_assigned", 1), ("guard_on_scene", 1), ("closed", 1)] {
            assert_eq!(self.count(what), times, "{what}: {:#}", self.0["incident"]["timeline"]);
        }
        assert!(self.0["incident"]["primary"].is_string(), "somebody went");
        assert!(self.missions().iter().any(|mission| reached(mission, "landed")), "the aircraft is down: {:#}", self.0["missions"]);
    }

    fn count(&self, what: &str) -> usize {
        let timeline = self.0["incident"]["timeline"].as_array().expect("a timeline");
        timeline.iter().filter(|item| item["what"] == what).count()
    }

    fn offers(&self) -> &[Value] {
        self.0["offers"].as_array().expect("offers")
    }

    fn missions(&self) -> &[Value] {
        self.0["missions"].as_array().expect("missions")
    }
}

fn reached(mission: &Value, phase: &str) -> bool {
    mission["reached_at_ms"][phase].is_i64()
}

/// Whether a flight of an incident's view has reached a phase.
pub fn has_reached(view: &Value, phase: &str) -> bool {
    view["missions"].as_array().is_some_and(|missions| missions.iter().any(|mission| reached(mission, phase)))
}
