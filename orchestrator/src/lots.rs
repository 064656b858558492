//! The register of parking lots: what the site's file says, replaced by what managers drew since. Judges nothing by itself: that a
//! layout fits together is decided in `site-model`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use flight_types::{GeoPoint, LotId};
use site_model::lots::{LotFault, check_lots};
use site_model::{Lot, SiteError};

use crate::store::{KeptLayout, KeptVersion, Layouts, StoreError};

/// A lot as it stands, with where that came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// The lot.
    pub lot: Lot,
    /// 0 is the site's file; counts up with every change.
    pub version: u64,
    /// When it was drawn and by which account; absent for the site's file.
    pub drawn: Option<Drawn>,
}

/// Who drew a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// When, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// The account.
    pub by: String,
}

/// A change as somebody wants it.
#[derive(Debug, Clone)]
pub struct Change {
    /// Of which lot.
    pub lot: LotId,
    /// The version that it was drawn over.
    pub over: u64,
    /// A FeatureCollection of the kind that `lots.geojson` holds, for this lot alone.
    pub layout: String,
    /// Areas that must stay: cars and tariffs are booked on them.
    pub needed_areas: BTreeSet<String>,
    /// Who draws, and when.
    pub drawn: Drawn,
}

/// Why a layout was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// No such lot.
    #[error("there is no lot {0}")]
    Unknown(LotId),
    /// Somebody else was sooner.
    #[error("{by} changed this lot meanwhile: it is at version {version} now; look at it and draw again")]
    Changed {
        /// The version it has.
        version: u64,
        /// Who made that.
        by: String,
    },
    /// A new lot has the id of one that is there.
    #[error("there is a lot {0} already; draw on that one, or choose another id")]
    Exists(LotId),
    /// The layout is of another lot.
    #[error("the layout is of lot {0}; a lot keeps its id")]
    OtherLot(LotId),
    /// An area that is booked on.
    #[error("area {0} has a tariff and stays in the parking file; take it out there first")]
    AreaNeeded(String),
    /// It does not read.
    #[error(transparent)]
    Layout(#[from] SiteError),
    /// It does not fit beside the other lots.
    #[error(transparent)]
    Beside(#[from] LotFault),
    /// It could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The register; cheap to clone.
#[derive(Debug, Clone)]
pub struct Lots(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    of_file: BTreeMap<LotId, Lot>,
    current: RwLock<BTreeMap<LotId, Arc<Layout>>>,
    layouts: Layouts,
    centre: GeoPoint,
    /// One change at a time: each is judged beside the lots as they then are.
    turn: tokio::sync::Mutex<()>,
}

impl Lots {
    /// The lots of the site's file with the latest layouts that were drawn since.
    pub async fn open(of_file: &[Lot], centre: GeoPoint, layouts: Layouts) -> Result<Self, StoreError> {
        let of_file: BTreeMap<LotId, Lot> = of_file.iter().map(|lot| (lot.id.clone(), lot.clone())).collect();
        let fresh = |lot: &Lot| Arc::new(Layout { lot: lot.clone(), version: 0, drawn: None });
        let mut current: BTreeMap<LotId, Arc<Layout>> = of_file.iter().map(|(id, lot)| (id.clone(), fresh(lot))).collect();
        for kept in layouts.latest().await? {
            if kept.made_here && !of_file.keys().any(|id| id.as_str() == kept.lot) {
                match Lot::from_geojson(kept.layout, centre) {
                    Ok(lot) => {
                        let drawn = Some(drawn(kept.at_ms, kept.drawn_by));
                        current.insert(lot.id.clone(), Arc::new(Layout { lot, version: kept.version, drawn }));
                    }
                    Err(error) => {
                        tracing::error!(lot = kept.lot, %error, "a lot that was drawn here does not read; it is left aside")
                    }
                }
                continue;
            }
            let Some((id, layout)) = current.iter_mut().find(|(id, _)| id.as_str() == kept.lot) else {
                tracing::warn!(lot = kept.lot, "a layout is kept of a lot that the site's file no longer has; it is left aside");
                continue;
            };
            match Lot::from_geojson(kept.layout, centre) {
                Ok(lot) => *layout = Arc::new(Layout { lot, version: kept.version, drawn: Some(drawn(kept.at_ms, kept.drawn_by)) }),
                // The site works without it; whoever looks at the lot sees an old drawing, and the next change gets a new version.
                Err(error) => {
                    tracing::error!(lot = %id, version = kept.version, %error, "a kept layout does not read; the site's file is used");
                    *layout = Arc::new(Layout { version: kept.version, ..Layout::clone(layout) });
                }
            }
        }
        let turn = tokio::sync::Mutex::new(());
        Ok(Self(Arc::new(Inner { of_file, current: RwLock::new(current), layouts, centre, turn })))
    }

    /// A lot as it stands.
    pub fn current(&self, lot: &LotId) -> Option<Arc<Layout>> {
        self.0.current.read().unwrap_or_else(PoisonError::into_inner).get(lot).cloned()
    }

    /// Every lot as it stands, by id.
    pub fn all(&self) -> Vec<Arc<Layout>> {
        self.0.current.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// A former version, or the current one; `None` when it is not kept.
    pub async fn version(&self, lot: &LotId, version: u64) -> Result<Option<Layout>, LayoutError> {
        if version == 0 {
            return Ok(self.0.of_file.get(lot).map(|lot| Layout { lot: lot.clone(), version, drawn: None }));
        }
        let Some(kept) = self.0.layouts.get(lot, version).await? else { return Ok(None) };
        let read = Lot::from_geojson(kept.layout, self.0.centre)?;
        Ok(Some(Layout { lot: read, version, drawn: Some(drawn(kept.at_ms, kept.drawn_by)) }))
    }

    /// The versions that can be put back, latest first; the site's file is not among them.
    pub async fn versions(&self, lot: &LotId) -> Result<Vec<KeptVersion>, StoreError> {
        self.0.layouts.versions(lot).await
    }

    /// Takes a layout in place of the one before; durable when this returns.
    pub async fn change(&self, change: Change) -> Result<Arc<Layout>, LayoutError> {
        let _turn = self.0.turn.lock().await;
        let before = self.current(&change.lot).ok_or_else(|| LayoutError::Unknown(change.lot.clone()))?;
        if before.version != change.over {
            let by = before.drawn.as_ref().map_or_else(|| "the site's file".to_owned(), |drawn| drawn.by.clone());
            return Err(LayoutError::Changed { version: before.version, by });
        }
        let lot = Lot::from_geojson(change.layout, self.0.centre)?;
        if lot.id != change.lot {
            return Err(LayoutError::OtherLot(lot.id));
        }
        if let Some(area) = change.needed_areas.into_iter().find(|area| before.lot.area(area).is_some() && lot.area(area).is_none())
        {
            return Err(LayoutError::AreaNeeded(area));
        }
        self.fits_beside(&lot)?;
        self.keep(lot, before.version + 1, change.drawn).await
    }

    /// Takes a lot that nobody has drawn before; durable when this returns.
    pub async fn add(&self, layout: String, drawn: Drawn) -> Result<Arc<Layout>, LayoutError> {
        let _turn = self.0.turn.lock().await;
        let lot = Lot::from_geojson(layout, self.0.centre)?;
        if self.current(&lot.id).is_some() {
            return Err(LayoutError::Exists(lot.id));
        }
        self.fits_beside(&lot)?;
        // A lot that the site's file gave up may have left drawings under this id.
        let before = self.versions(&lot.id).await?.first().map_or(0, |version| version.version);
        self.keep(lot, before + 1, drawn).await
    }

    async fn keep(&self, lot: Lot, version: u64, drawn: Drawn) -> Result<Arc<Layout>, LayoutError> {
        let made_here = !self.0.of_file.contains_key(&lot.id);
        let layout = Layout { lot, version, drawn: Some(drawn.clone()) };
        self.0.layouts.put(&kept(&layout, drawn, made_here)).await?;
        let layout = Arc::new(layout);
        self.0.current.write().unwrap_or_else(PoisonError::into_inner).insert(layout.lot.id.clone(), layout.clone());
        Ok(layout)
    }

    /// Ids are not used twice within a site.
    fn fits_beside(&self, lot: &Lot) -> Result<(), LotFault> {
        let others = self.all();
        let others = others.iter().map(|layout| &layout.lot).filter(|other| other.id != lot.id);
        // The new one last, so that it is the one that is blamed.
        check_lots(&others.chain([lot]).cloned().collect::<Vec<Lot>>())
    }
}

fn drawn(at_ms: i64, by: String) -> Drawn {
    Drawn { at_ms, by }
}

fn kept(layout: &Layout, drawn: Drawn, made_here: bool) -> KeptLayout {
    KeptLayout {
        lot: layout.lot.id.to_string(),
        version: layout.version,
        at_ms: drawn.at_ms,
        drawn_by: drawn.by,
        layout: layout.lot.geojson().to_string(),
        made_here,
    }
}
