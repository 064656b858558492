//! What every shell works with, in one place.

use std::sync::Arc;

use site_model::Site;

use crate::config::Config;
use crate::effects::Notices;
use crate::engine::Engine;
use crate::live::Live;
use crate::lots::Lots;
use crate::store::{AuditTrail, Store};

/// The server's parts; cheap to clone.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The configuration file.
    pub config: Arc<Config>,
    /// The site's map and places.
    pub site: Arc<Site>,
    /// The parking lots as they are drawn now.
    pub lots: Lots,
    /// The loop round the core.
    pub engine: Engine,
    /// Where everybody is.
    pub live: Live,
    /// What people are told.
    pub notices: Notices,
    /// The database.
    pub store: Store,
    /// The audit trail.
    pub audit: AuditTrail,
}
