//! Where an autopilot that hears nobody any more begins with the list that lies on board: what it decides by itself, said here so that the link
//! knows beforehand whether that is a way it may fly.

use flight_types::{GeoPoint, Local, LocalFrame};

use crate::dialect::{Item, ItemKind};
use crate::items;
use crate::profile::Autopilot;

/// What it makes for, straight from where it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Begin {
    pub place: GeoPoint,
    /// Metres above home; none for a landing, to which it goes at the height that it has.
    pub height_m: Option<f64>,
}

/// From here, at this height above home; nothing where the list has no beginning that it knows.
pub(crate) fn begins_at(autopilot: Autopilot, list: &[Item], here: GeoPoint, height_m: f64) -> Option<Begin> {
    let seen = Seen { frame: LocalFrame::new(here), height_m };
    let item = match autopilot {
        Autopilot::Px4 => seen.nearest_item(list),
        Autopilot::ArduPilot => seen.end_of_nearest_leg(list),
    }?;
    let height_m = (item.kind != ItemKind::Land).then_some(f64::from(item.z));
    Some(Begin { place: items::place_of(item)?, height_m })
}

fn has_place(item: &Item) -> bool {
    match item.kind {
        ItemKind::TakeOff | ItemKind::Waypoint | ItemKind::LoiterUnlimited | ItemKind::Land | ItemKind::ReturnPathStart => true,
        ItemKind::ChangeSpeed
        | ItemKind::PointCamera
        | ItemKind::LandStart
        | ItemKind::FenceInclusion
        | ItemKind::FenceExclusion
        | ItemKind::RallyPoint => false,
    }
}

/// Places as seen from the aircraft.
struct Seen {
    frame: LocalFrame,
    height_m: f64,
}

impl Seen {
    /// East, north and up from the aircraft, metres.
    fn seen(&self, item: &Item) -> Option<[f64; 3]> {
        let Local { east_m, north_m } = self.frame.to_local(items::place_of(item)?);
        Some([east_m, north_m, f64::from(item.z) - self.height_m])
    }

    /// PX4 1.16, navigator/mission_base.cpp, setMissionToClosestItem: from there backwards to the take-off, or, where the list has a landing, on to
    /// that.
    fn nearest_item<'a>(&self, list: &'a [Item]) -> Option<&'a Item> {
        let placed = list.iter().filter(|item| has_place(item));
        let off_m = placed.filter_map(|item| Some((item, length(self.seen(item)?))));
        off_m.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(item, _)| item)
    }

    /// ArduCopter 4.6, AP_Mission, jump_to_closest_mission_leg: of the legs from DO_RETURN_PATH_START to a DO_LAND_START or the landing.
    fn end_of_nearest_leg<'a>(&self, list: &'a [Item]) -> Option<&'a Item> {
        let start = list.iter().position(|item| item.kind == ItemKind::ReturnPathStart)?;
        let way = list[start..].iter().take_while(|item| item.kind != ItemKind::LandStart);
        let way: Vec<&Item> = way.filter(|item| has_place(item)).collect();
        let first = *way.first()?;
        let mut nearest = (length(self.seen(first)?), first);
        for leg in way.windows(2) {
            let off_m = off_leg_m(self.seen(leg[0])?, self.seen(leg[1])?);
            if off_m < nearest.0 {
                nearest = (off_m, leg[1]);
            }
        }
        Some(nearest.1)
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn length(a: [f64; 3]) -> f64 {
    dot(a, a).sqrt()
}

/// How far the leg passes from where both ends are seen, metres.
fn off_leg_m(from: [f64; 3], to: [f64; 3]) -> f64 {
    let leg = [0, 1, 2].map(|axis| to[axis] - from[axis]);
    let square = dot(leg, leg);
    let along = if square > 0.0 { (-dot(from, leg) / square).clamp(0.0, 1.0) } else { 0.0 };
    length([0, 1, 2].map(|axis| from[axis] + along * leg[axis]))
}
