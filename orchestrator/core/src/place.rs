//! Where help is needed: chosen from everything the call brought along.

use crate::event::{Fix, GeocodedAddress};

/// What a call knows of its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    pub gps: Option<Fix>,
    pub address: Option<&'a GeocodedAddress>,
    pub last_known: Option<Fix>,
    pub home: Option<&'a GeocodedAddress>,
}
