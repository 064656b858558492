//! Names of a station's topics, below those of its district.

use flight_types::{DistrictId, StationId};

/// The topics of one station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Topics(String);

impl Topics {
    /// `PREFIX/DISTRICT/stations/STATION/…`.
    pub fn new(prefix: &str, district: &DistrictId, station: &StationId) -> Self {
        Self(format!("{prefix}/{district}/stations/{station}/"))
    }

    /// The server's orders and acknowledgements.
    pub fn orders(&self) -> String {
        format!("{}orders", self.0)
    }

    /// The station's reports and acknowledgements.
    pub fn reports(&self) -> String {
        format!("{}reports", self.0)
    }

    /// The latest of the station's aircraft.
    pub fn state(&self) -> String {
        format!("{}state", self.0)
    }
}
