//! Where help is needed: chosen from everything that is known, with its doubts said aloud.
//!
//! Order of trust: the terminal's fix and the address given with the call (both, when they disagree beyond their accuracies), then
//! the last known position, then the registered home, then a fix so coarse that it only names a town.

use flight_types::GeoPoint;

use crate::cause::Cause;
use crate::config::SiteConfig;
use crate::event::{Fix, GeocodedAddress, GroundSpeed};
use crate::limits::{
    ACCURACY_COARSE_M, ACCURACY_UNKNOWN_M, CALLER_SPEED_MAX_M_S, CLOCK_PLAUSIBLE_AGE_MAX_MS, CLOCK_STEP_MS, FIX_AGE_MAX_MS,
    LAST_KNOWN_AGE_MAX_MS, SITE_DISTANCE_MAX_M, WALKING_SPEED_M_S,
};
use crate::model::{Place, PlaceSource};

/// What a call knows of its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    pub gps: Option<Fix>,
    pub address: Option<&'a GeocodedAddress>,
    pub last_known: Option<Fix>,
    pub home: Option<&'a GeocodedAddress>,
}

/// The places to serve, best first, and what the operators should know about them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Choice {
    pub places: Vec<Place>,
    pub doubt: Option<Cause>,
}

/// Chooses the places to serve.
pub(crate) fn choose(known: &Known<'_>, now_ms: i64, site: Option<&SiteConfig>) -> Choice {
    let near = |place: &Place| near_site(place.point, site);
    let fix = known.gps.map(|fix| fix_place(fix, now_ms)).filter(near);
    let gps = fix.clone().filter(|place| place.accuracy_m <= ACCURACY_COARSE_M && place.source == PlaceSource::Gps);
    let address = known.address.and_then(|address| address_place(address, PlaceSource::Address, now_ms)).filter(near);
    match (gps, address) {
        (Some(gps), Some(address)) => choose_of_two(gps, address, now_ms),
        (Some(one), None) | (None, Some(one)) => Choice { places: vec![one], doubt: None },
        (None, None) => choose_fallback(known, fix, now_ms, site),
    }
}

fn choose_of_two(gps: Place, address: Place, now_ms: i64) -> Choice {
    let apart_m = gps.point.distance_m(&address.point);
    if disagree(&gps, &address, now_ms) {
        return Choice { places: vec![gps, address], doubt: Some(Cause::PlacesDisagree { apart_m: apart_m.round() as i64 }) };
    }
    let best = if radius_m(&gps, now_ms) <= address.accuracy_m { gps } else { address };
    Choice { places: vec![best], doubt: None }
}

/// Neither a fresh fix nor an address: the past, then the home, then the coarse fix.
fn choose_fallback(known: &Known<'_>, fix: Option<Place>, now_ms: i64, site: Option<&SiteConfig>) -> Choice {
    let near = |place: &Place| near_site(place.point, site);
    let stale = fix.clone().filter(|place| place.source == PlaceSource::LastKnown);
    let kept = known.last_known.map(|fix| Place { source: PlaceSource::LastKnown, ..fix_place(fix, now_ms) }).filter(near);
    let last = [stale, kept].into_iter().flatten().max_by_key(|place| place.at_ms);
    let home = known.home.and_then(|home| address_place(home, PlaceSource::Home, now_ms)).filter(near);
    let recent = last.clone().filter(|place| now_ms - place.at_ms <= LAST_KNOWN_AGE_MAX_MS);
    let best = recent.or(home).or(last).or(fix);
    let doubt = best.as_ref().map_or_else(|| nothing_known(known), |place| doubt_about(place, now_ms));
    Choice { places: best.into_iter().collect(), doubt: Some(doubt) }
}

fn doubt_about(place: &Place, now_ms: i64) -> Cause {
    match place.source {
        PlaceSource::LastKnown => Cause::PlaceOld { age_min: (now_ms - place.at_ms) / 60_000 },
        PlaceSource::Home => Cause::PlaceHome,
        PlaceSource::Gps => Cause::PlaceCoarse { accuracy_m: place.accuracy_m.round() as i64 },
        PlaceSource::Address => Cause::PlaceAddress,
    }
}

fn nothing_known(known: &Known<'_>) -> Cause {
    match known.address {
        Some(address) if address.point.is_none() => Cause::AddressNotFound,
        Some(_) | None if known.gps.is_some() => Cause::PlaceFarOutside,
        Some(_) | None => Cause::PlaceNone,
    }
}

/// A fix with a believable accuracy and time: the future is now, and so is a past that no working clock would name.
pub(crate) fn believable(fix: Fix, now_ms: i64) -> Fix {
    let claimed_age_ms = now_ms.saturating_sub(fix.at_ms);
    let at_ms = if (0..=CLOCK_PLAUSIBLE_AGE_MAX_MS).contains(&claimed_age_ms) { fix.at_ms } else { now_ms };
    let speed = fix.speed.and_then(|said| GroundSpeed::believable(Some(said.speed_m_s), said.heading_deg));
    Fix { point: fix.point, accuracy_m: believable_accuracy_m(fix.accuracy_m), at_ms, speed }
}

fn believable_accuracy_m(accuracy_m: f64) -> f64 {
    if accuracy_m.is_finite() && accuracy_m > 0.0 { accuracy_m } else { ACCURACY_UNKNOWN_M }
}

/// A fix as a place; an old one only tells where somebody was.
pub(crate) fn fix_place(fix: Fix, now_ms: i64) -> Place {
    let fix = believable(fix, now_ms);
    let source = if now_ms - fix.at_ms <= FIX_AGE_MAX_MS { PlaceSource::Gps } else { PlaceSource::LastKnown };
    Place { point: fix.point, source, accuracy_m: fix.accuracy_m, at_ms: fix.at_ms, text: None }
}

/// An address as a place, when the gazetteer knows it.
pub(crate) fn address_place(address: &GeocodedAddress, source: PlaceSource, now_ms: i64) -> Option<Place> {
    let accuracy_m = believable_accuracy_m(address.accuracy_m);
    address.point.map(|point| Place { point, source, accuracy_m, at_ms: now_ms, text: Some(address.text.clone()) })
}

/// How far from the place its subject may be by now, metres.
fn radius_m(place: &Place, now_ms: i64) -> f64 {
    match place.source {
        PlaceSource::Gps | PlaceSource::LastKnown => {
            let age_s = (now_ms - place.at_ms).max(0) as f64 / 1_000.0;
            place.accuracy_m + WALKING_SPEED_M_S * age_s
        }
        PlaceSource::Address | PlaceSource::Home => place.accuracy_m,
    }
}

/// Whether two places cannot both be right.
pub(crate) fn disagree(a: &Place, b: &Place, now_ms: i64) -> bool {
    a.point.distance_m(&b.point) > radius_m(a, now_ms) + radius_m(b, now_ms)
}

/// Whether the point could be a place this site serves. Everything could before there is a site.
pub(crate) fn near_site(point: GeoPoint, site: Option<&SiteConfig>) -> bool {
    site.is_none_or(|site| {
        let stations = site.stations.iter().map(|station| station.position);
        site.fence.contains(point)
            || site.fence.corners().iter().copied().chain(stations).any(|known| known.distance_m(&point) <= SITE_DISTANCE_MAX_M)
    })
}

/// Whether a fix arrived after one that is newer. A clock that was set back far is no reason to ignore all that follows.
pub(crate) fn is_late(fix: &Fix, newest: &Fix) -> bool {
    (1..CLOCK_STEP_MS).contains(&newest.at_ms.saturating_sub(fix.at_ms))
}

/// Whether somebody could have come from one fix to the other.
pub(crate) fn reachable(from: &Fix, to: &Fix) -> bool {
    let apart_m = from.point.distance_m(&to.point) - from.accuracy_m - to.accuracy_m;
    let time_s = (to.at_ms.saturating_sub(from.at_ms) as f64 / 1_000.0).max(1.0);
    apart_m <= CALLER_SPEED_MAX_M_S * time_s
}

/// The places to serve after a new fix: it comes first; an address stays for as long as it disagrees.
pub(crate) fn after_fix(places: &[Place], fix: Fix, now_ms: i64) -> Vec<Place> {
    let newest = Place { source: PlaceSource::Gps, ..fix_place(fix, now_ms) };
    let still_other = |place: &&Place| place.source == PlaceSource::Address && disagree(&newest, place, now_ms);
    let others: Vec<Place> = places.iter().filter(still_other).cloned().collect();
    std::iter::once(newest.clone()).chain(others).collect()
}
