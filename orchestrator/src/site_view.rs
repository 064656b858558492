//! The site as the HTTP surface asks for it, and its text messages.

use std::sync::Arc;

use dispatch_core::config::SiteConfig;
use dispatch_core::event::{Event, GeocodedAddress};
use dispatch_core::survey::SurveyKind;
use flight_types::{GeoPoint, LocalFrame, LotId};
use serde_json::Value;
use site_model::{Gazetteer, Lot, Nearest, Site};

use crate::config::SurveysConfig;
use crate::effects::{Message, MessagePort};
use crate::http::{Sending, SiteView, TextMessages};
use crate::lots::Lots;
use crate::surveys::{self, SurveyedLot};

/// A loaded site with its gazetteer.
pub struct LoadedSite {
    site: Arc<Site>,
    lots: Lots,
    gazetteer: Gazetteer,
    surveys: SurveysConfig,
    beacon_host: String,
}

impl LoadedSite {
    /// Builds the gazetteer once. `beacon_host` may be empty where nobody has named one: then no picture is looked at, and a plan asks for
    /// the size of modules only.
    pub fn new(site: Arc<Site>, lots: Lots, surveys: SurveysConfig, beacon_host: String) -> Self {
        let gazetteer = Gazetteer::new(&site);
        Self { site, lots, gazetteer, surveys, beacon_host }
    }
}

impl SiteView for LoadedSite {
    fn geocode(&self, text: &str) -> GeocodedAddress {
        let found = self.gazetteer.find(text);
        let accuracy_m = found.as_ref().map_or(0.0, |found| found.accuracy_m);
        GeocodedAddress { text: text.to_owned(), point: found.map(|found| found.point), accuracy_m }
    }

    fn nearest_address(&self, place: GeoPoint) -> Option<Nearest> {
        self.gazetteer.nearest(place)
    }

    fn map(&self) -> Value {
        let lots: Vec<Lot> = self.lots.all().iter().map(|layout| layout.lot.clone()).collect();
        self.site.map_with_lots(&lots)
    }

    fn lot_frame(&self, lot: &LotId) -> Option<LocalFrame> {
        self.lots.current(lot).map(|layout| layout.lot.frame())
    }

    fn plan_survey(&self, lot: &LotId, kind: SurveyKind, site: &SiteConfig, now_ms: i64) -> Result<Event, String> {
        let layout = self.lots.current(lot).ok_or_else(|| format!("there is no lot {lot}"))?;
        let known = SurveyedLot::of(&layout.lot, &self.surveys, &self.beacon_host);
        surveys::plan(&known, kind, site, &self.surveys, now_ms).map_err(|error| error.to_string())
    }

    fn centre(&self) -> GeoPoint {
        self.site.centre()
    }
}

/// Text messages through the message port.
pub struct PortMessages(pub Arc<dyn MessagePort>);

impl TextMessages for PortMessages {
    fn send<'a>(&'a self, phone: &'a str, text: &'a str) -> Sending<'a> {
        let mut id = [0_u8; 16];
        let named = getrandom::fill(&mut id).map_err(|error| error.to_string());
        let message = Message { id: hex::encode(id), to: phone.to_owned(), kind: "phone_check".to_owned(), text: text.to_owned() };
        let sent = named.and_then(|()| self.0.send(&message).map_err(|error| error.to_string()));
        Box::pin(std::future::ready(sent))
    }
}
