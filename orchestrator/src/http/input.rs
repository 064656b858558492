//! Values from outside, judged before they become part of an event.

use dispatch_core::event::{Fix, GroundSpeed};
use flight_types::GeoPoint;
use serde::Deserialize;
use utoipa::ToSchema;

use super::limits::{
    ACCURACY_MAX_M, ACCURACY_UNKNOWN_M, CLOCK_AHEAD_MAX_MS, POSITION_AGE_MAX_MS, POSITION_DISTANCE_MAX_M, TEXT_LENGTH_MAX,
};
use super::problem::Problem;

/// A satellite fix as a terminal sends it.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PositionInput {
    /// Latitude, degrees.
    pub lat: f64,
    /// Longitude, degrees.
    pub lon: f64,
    /// Radius that holds the truth with about two thirds' certainty, metres.
    pub accuracy_m: Option<f64>,
    /// When it was taken, milliseconds since 1970-01-01 UTC by the terminal's clock; absent means now.
    pub at: Option<i64>,
    /// How fast they go, metres per second, as the receiver measured it; one that cannot be true is left out, the position is taken.
    pub speed_m_s: Option<f64>,
    /// Where to, degrees clockwise from north; with `speed_m_s` only.
    pub heading_deg: Option<f64>,
}

/// A code typed by a caller.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeInput {
    /// The safe code, the duress code, or a one-time code.
    pub code: String,
}

/// A reason that may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonInput {
    /// In a sentence.
    pub reason: Option<String>,
}

impl ReasonInput {
    /// The reason, cut to its bound; an empty one is none.
    pub fn bounded(self) -> Option<String> {
        let text: String = self.reason?.trim().chars().filter(|c| !c.is_control()).take(TEXT_LENGTH_MAX).collect();
        (!text.is_empty()).then_some(text)
    }
}

/// Where and when positions are believed.
#[derive(Debug, Clone, Copy)]
pub struct Belief {
    /// The site's middle.
    pub centre: GeoPoint,
    /// The server's time, milliseconds since 1970-01-01 UTC.
    pub now_ms: i64,
}

impl Belief {
    /// The place, when it is one and lies at the site.
    pub fn point(&self, lat_deg: f64, lon_deg: f64) -> Result<GeoPoint, String> {
        let point = GeoPoint::new(lat_deg, lon_deg).map_err(|error| error.to_string())?;
        let distance_m = self.centre.distance_m(&point);
        if distance_m > POSITION_DISTANCE_MAX_M {
            let (away_km, limit_km) = (distance_m / 1_000.0, POSITION_DISTANCE_MAX_M / 1_000.0);
            return Err(format!("this place is {away_km:.0} km from the site, more than {limit_km:.0} km is not believed"));
        }
        Ok(point)
    }

    /// The time of a fix: a clock a little ahead counts as now.
    pub fn time_ms(&self, at_ms: Option<i64>) -> Result<i64, String> {
        let at_ms = at_ms.unwrap_or(self.now_ms);
        let ahead_ms = at_ms.saturating_sub(self.now_ms);
        if ahead_ms > CLOCK_AHEAD_MAX_MS {
            return Err(format!("the terminal's clock is {} s ahead of the server's", ahead_ms / 1_000));
        }
        if ahead_ms < -POSITION_AGE_MAX_MS {
            return Err(format!("this fix is {} h old; positions older than a day are not taken", -(ahead_ms / 3_600_000)));
        }
        Ok(at_ms.min(self.now_ms))
    }

    /// The fix, when all of it is believed.
    pub fn fix(&self, input: &PositionInput) -> Result<Fix, Problem> {
        let point = self.point(input.lat, input.lon).map_err(|reason| Problem::invalid("lat, lon", reason))?;
        let accuracy_m = accuracy_m(input.accuracy_m).map_err(|reason| Problem::invalid("accuracy_m", reason))?;
        let at_ms = self.time_ms(input.at).map_err(|reason| Problem::invalid("at", reason))?;
        Ok(Fix { point, accuracy_m, at_ms, speed: GroundSpeed::believable(input.speed_m_s, input.heading_deg) })
    }
}

/// The accuracy, or what is assumed when none is stated.
pub fn accuracy_m(stated_m: Option<f64>) -> Result<f64, String> {
    match stated_m {
        None => Ok(ACCURACY_UNKNOWN_M),
        Some(metres) if (0.0..=ACCURACY_MAX_M).contains(&metres) => Ok(metres),
        Some(metres) => Err(format!("{metres} is not a radius between 0 and {ACCURACY_MAX_M} metres")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn believes_what_a_terminal_at_the_site_can_say() {
        let centre = GeoPoint::new(37.5, 127.0).expect("a test point");
        let belief = Belief { centre, now_ms: 1_000_000_000_000 };
        let now = belief.now_ms;
        // (lat, lon, accuracy, at, what the refusal says, or nothing)
        let cases = [
            (37.5, 127.0, Some(5.0), Some(now), ""),
            (37.5, 127.0, None, None, ""),
            (37.5, 127.0, Some(5.0), Some(now + 60_000), ""),
            (37.5, 127.0, Some(5.0), Some(now - 3_600_000), ""),
            (37.5, 127.0, Some(5.0), Some(now + 3_600_000), "3600 s ahead"),
            (37.5, 127.0, Some(5.0), Some(0), "h old"),
            (37.5, 127.0, Some(5.0), Some(i64::MIN), "h old"),
            (37.5, 127.0, Some(5.0), Some(i64::MAX), "ahead"),
            (37.5, 127.0, Some(-1.0), None, "not a radius"),
            (37.5, 127.0, Some(f64::NAN), None, "not a radius"),
            (f64::NAN, 127.0, None, None, "finite"),
            (91.0, 127.0, None, None, "outside"),
            (0.0, 0.0, None, None, "km from the site"),
            (-37.5, -53.0, None, None, "km from the site"),
        ];
        for (lat, lon, accuracy_m, at, says) in cases {
            let input = PositionInput { lat, lon, accuracy_m, at, speed_m_s: None, heading_deg: None };
            match belief.fix(&input) {
                Ok(fix) => assert!(says.is_empty() && fix.at_ms <= now, "{input:?}"),
                Err(problem) => assert!(!says.is_empty() && problem.detail.contains(says), "{input:?}: {}", problem.detail),
            }
        }
    }

    #[test]
    fn a_speed_that_cannot_be_true_costs_nobody_their_position() {
        let belief = Belief { centre: GeoPoint::new(37.5, 127.0).expect("a test point"), now_ms: 1_000_000_000_000 };
        let said = |speed_m_s, heading_deg| {
            let input = PositionInput { lat: 37.5, lon: 127.0, accuracy_m: None, at: None, speed_m_s, heading_deg };
            belief.fix(&input).expect("a position").speed
        };
        assert_eq!(said(Some(1.4), Some(90.0)), Some(GroundSpeed { speed_m_s: 1.4, heading_deg: Some(90.0) }));
        assert_eq!(said(Some(0.0), None), Some(GroundSpeed { speed_m_s: 0.0, heading_deg: None }));
        assert_eq!(said(Some(1.4), Some(-1.0)), Some(GroundSpeed { speed_m_s: 1.4, heading_deg: None }));
        for speed_m_s in [None, Some(-1.0), Some(f64::NAN), Some(1e9)] {
            assert_eq!(said(speed_m_s, Some(90.0)), None, "{speed_m_s:?}");
        }
    }
}
