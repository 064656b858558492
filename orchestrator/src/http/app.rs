//! What every handler may use.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dispatch_core::config::SiteConfig;
use dispatch_core::event::{Actor, Event, GeocodedAddress};
use dispatch_core::survey::SurveyKind;
use flight_types::{GeoPoint, LocalFrame, LotId};
use parking_core::config::ParkingConfig;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::feeds::Pictures;
use super::limits::RateLimits;
use super::parking::AreaCodes;
use crate::access::{Access, RateLimiter};
use crate::effects::Notices;
use crate::engine::Engine;
use crate::gate_frames::GateFrames;
use crate::live::Live;
use crate::lots::Lots;
use crate::payments::PaymentProvider;
use site_model::Nearest;

use crate::store::{AuditOutcome, AuditRecord, AuditTrail, PaymentOrders, PrivateCards};

/// The site as pages and calls need it: addresses, map, lots.
pub trait SiteView: Send + Sync {
    /// Where an address is; the text is kept as typed also when it is not found.
    fn geocode(&self, text: &str) -> GeocodedAddress;
    /// The address nearest to a place, when one is near.
    fn nearest_address(&self, place: GeoPoint) -> Option<Nearest>;
    /// The site as a GeoJSON FeatureCollection, features told apart by `kind`.
    fn map(&self) -> Value;
    /// The plane in which a parking lot's places are reckoned; `None` when there is no such lot.
    fn lot_frame(&self, lot: &LotId) -> Option<LocalFrame>;
    /// The request for a survey of a lot; the error says in words why none can be planned.
    fn plan_survey(&self, lot: &LotId, kind: SurveyKind, site: &SiteConfig, now_ms: i64) -> Result<Event, String>;
    /// The middle of the site.
    fn centre(&self) -> GeoPoint;
}

/// What sending a text message comes back with.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// Sends a text message to a telephone.
pub trait TextMessages: Send + Sync {
    /// Hands the message over; the error says in words why it could not.
    fn send<'a>(&'a self, phone: &'a str, text: &'a str) -> Sending<'a>;
}

/// What the HTTP surface is made of.
pub struct Parts {
    /// Accounts, callers, credentials.
    pub access: Access,
    /// The loop.
    pub engine: Engine,
    /// Positions and telemetry.
    pub live: Live,
    /// What people are told.
    pub notices: Notices,
    /// Who did what besides.
    pub audit: AuditTrail,
    /// Map and addresses.
    pub site: Arc<dyn SiteView>,
    /// The parking lots as they are drawn now.
    pub lots: Lots,
    /// The height and camera that beacons' sheets are made for when nothing else is asked for.
    pub sheets_for: beacon::Sight,
    /// Text messages.
    pub messages: Arc<dyn TextMessages>,
    /// Who moves the money of parking.
    pub payments: Arc<dyn PaymentProvider>,
    /// Telephones and payment tokens of parking.
    pub private: PrivateCards,
    /// Orders of payment windows.
    pub orders: PaymentOrders,
    /// Judges scanned codes of parking areas.
    pub area_codes: Arc<dyn AreaCodes>,
    /// What the parking file says; areas drawn since are booked beside it.
    pub parking_file: Option<Arc<ParkingConfig>>,
    /// Where phones reach the server, for codes that they open; absent, as the asker reached it.
    pub public_url: Option<String>,
    /// Whose log this server owns.
    pub district: flight_types::DistrictId,
    /// The way of the picture; absent on a server that carries none.
    pub pictures: Option<Pictures>,
    /// Where pictures of surveys lie.
    pub surveys_dir: Option<PathBuf>,
    /// Pictures of gates' cameras that wait for a person; absent on a server that keeps none.
    pub gate_frames: Option<GateFrames>,
    /// Where the aircraft's .tlog files lie.
    pub tlog_dir: Option<PathBuf>,
    /// Renders the numbers for `/metrics`.
    pub metrics: Option<metrics_exporter_prometheus::PrometheusHandle>,
    /// How often what may be asked.
    pub rates: RateLimits,
    /// Served over TLS: cookies are then for TLS only.
    pub tls: bool,
}

/// Handlers' state; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// See [`App`].
pub struct Inner {
    pub(super) parts: Parts,
    pub(super) limiters: Limiters,
    pub(super) live_connections: AtomicUsize,
    pub(super) stopping: CancellationToken,
}

pub(super) struct Limiters {
    pub registration: RateLimiter,
    pub sign_in: RateLimiter,
    pub code: RateLimiter,
    pub call: RateLimiter,
    pub parking: RateLimiter,
    pub webhook: RateLimiter,
    pub looks: RateLimiter,
    pub request: RateLimiter,
    pub crowd: RateLimiter,
}

impl App {
    /// Handlers over these parts.
    pub fn new(parts: Parts) -> Self {
        let rates = parts.rates;
        let limiters = Limiters {
            registration: RateLimiter::new(rates.registration),
            sign_in: RateLimiter::new(rates.sign_in),
            code: RateLimiter::new(rates.code),
            call: RateLimiter::new(rates.call),
            parking: RateLimiter::new(rates.parking),
            webhook: RateLimiter::new(rates.webhook),
            looks: RateLimiter::new(rates.looks),
            request: RateLimiter::new(rates.request),
            crowd: RateLimiter::new(rates.crowd),
        };
        Self(Arc::new(Inner { parts, limiters, live_connections: AtomicUsize::new(0), stopping: CancellationToken::new() }))
    }

    /// Writes an audit record. An action does not fail because its record could not be written; the log says so loudly.
    pub(super) async fn audit(&self, record: AuditRecord) {
        if let Err(error) = self.audit.record(record).await {
            tracing::error!(error = %error, "an audit record was lost");
        }
    }

    /// Records that somebody looked at something.
    pub(super) async fn audit_view(&self, actor: Actor, subject: &str) {
        self.audit(AuditRecord::new(Some(actor), "viewed", subject, AuditOutcome::Done)).await;
    }
}

impl std::ops::Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}

impl App {
    pub(super) fn limiters(&self) -> &Limiters {
        &self.0.limiters
    }

    pub(super) fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    /// Pages and terminals on the live stream now.
    pub fn live_pages(&self) -> usize {
        self.live_connections().load(Ordering::Relaxed)
    }

    pub(super) fn live_connections(&self) -> &AtomicUsize {
        &self.0.live_connections
    }
}
