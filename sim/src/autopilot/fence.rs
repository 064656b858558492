//! The geofence on board: polygons and circles to stay in or out of, and the limits set by parameters.

use flight_types::{GeoPoint, Ring};

use super::plan::{Item, command};

/// One area of the fence.
#[derive(Debug, Clone, PartialEq)]
enum Area {
    Polygon { ring: Ring, inclusion: bool },
    Circle { centre: GeoPoint, radius_m: f64, inclusion: bool },
}

/// The areas of an uploaded fence.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fence {
    areas: Vec<Area>,
}

impl Fence {
    /// Builds the areas; `None` when a polygon's corners are not all there.
    pub(crate) fn from_items(items: &[Item]) -> Option<Self> {
        let (mut areas, mut next) = (Vec::new(), 0);
        while let Some(item) = items.get(next) {
            let place = item.place()?;
            match item.command {
                command::FENCE_INCLUSION | command::FENCE_EXCLUSION => {
                    let count = item.params[0] as usize;
                    let corners = items.get(next..next.checked_add(count)?)?;
                    if corners.iter().any(|corner| corner.command != item.command) {
                        return None;
                    }
                    let ring = Ring::new(corners.iter().map(Item::place).collect::<Option<Vec<_>>>()?).ok()?;
                    areas.push(Area::Polygon { ring, inclusion: item.command == command::FENCE_INCLUSION });
                    next += count;
                }
                _ => {
                    let inclusion = item.command == command::FENCE_CIRCLE_INCLUSION;
                    areas.push(Area::Circle { centre: place, radius_m: f64::from(item.params[0]), inclusion });
                    next += 1;
                }
            }
        }
        Some(Self { areas })
    }

    /// Whether an aircraft may be there: in some inclusion area when there are any, and in no exclusion area.
    pub(crate) fn allows(&self, point: GeoPoint) -> bool {
        let (mut inclusions, mut included) = (false, false);
        for area in &self.areas {
            let (inside, inclusion) = match area {
                Area::Polygon { ring, inclusion } => (ring.contains(point), *inclusion),
                Area::Circle { centre, radius_m, inclusion } => (centre.distance_m(&point) <= *radius_m, *inclusion),
            };
            if inclusion {
                inclusions = true;
                included |= inside;
            } else if inside {
                return false;
            }
        }
        !inclusions || included
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.areas.is_empty()
    }
}
