//! Houses along the streets, where there is room, numbered as Korean road addresses are: by distance, odd on the left.

use site_model::RoadClass;

use crate::streets::{Spot, Street, distance, nearest_on};

/// Numbers go up by two every so many metres of street.
const NUMBER_STEP_M: f64 = 20.0;

/// A rectangle turned along its street.
#[derive(Debug, Clone)]
pub struct House {
    pub street: usize,
    pub number: u32,
    pub middle: Spot,
    pub door: Spot,
    pub corners: [Spot; 4],
    pub height_m: f64,
}

/// Where nothing may be built.
pub struct Kept<'a> {
    pub grounds: Vec<&'a [Spot]>,
}

impl Kept<'_> {
    fn hits(&self, corners: &[Spot; 4]) -> bool {
        self.grounds.iter().any(|ground| {
            corners.iter().any(|corner| contains(ground, *corner)) || ground.iter().any(|spot| contains(corners, *spot))
        })
    }
}

pub fn contains(ring: &[Spot], spot: Spot) -> bool {
    let mut inside = false;
    for (index, a) in ring.iter().enumerate() {
        let b = ring[(index + 1) % ring.len()];
        if (a.1 > spot.1) != (b.1 > spot.1) && spot.0 < a.0 + (spot.1 - a.1) / (b.1 - a.1) * (b.0 - a.0) {
            inside = !inside;
        }
    }
    inside
}

/// A number that looks random and is the same everywhere (a 64-bit mix of its arguments), 0..1.
pub fn chance(a: u64, b: u64) -> f64 {
    let mut mixed = a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b.wrapping_mul(0xd1b5_4a32_d192_ed03);
    mixed ^= mixed >> 31;
    mixed = mixed.wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 29;
    (mixed >> 11) as f64 / (1u64 << 53) as f64
}

/// How a street is built up: setback from its middle, plot width, house depth, heights, all metres.
struct Plan {
    setback_m: f64,
    plot_m: f64,
    depth_m: f64,
    height_m: (f64, f64),
}

fn plan(class: RoadClass) -> Option<Plan> {
    match class {
        RoadClass::Secondary => Some(Plan { setback_m: 17.0, plot_m: 33.0, depth_m: 19.0, height_m: (14.0, 42.0) }),
        RoadClass::Tertiary => Some(Plan { setback_m: 14.0, plot_m: 29.0, depth_m: 15.0, height_m: (8.0, 20.0) }),
        RoadClass::Residential | RoadClass::LivingStreet => {
            Some(Plan { setback_m: 10.0, plot_m: 25.0, depth_m: 12.0, height_m: (5.0, 11.0) })
        }
        RoadClass::Motorway | RoadClass::Trunk | RoadClass::Primary | RoadClass::Unclassified | RoadClass::Service => None,
        RoadClass::Track | RoadClass::Pedestrian | RoadClass::Footway | RoadClass::Steps => None,
    }
}

pub fn houses(streets: &[Street], kept: &Kept<'_>) -> Vec<House> {
    let mut houses: Vec<House> = Vec::new();
    for (index, street) in streets.iter().enumerate() {
        let Some(plan) = plan(street.class) else { continue };
        let length_m: f64 = street.course.windows(2).map(|pair| distance(pair[0], pair[1])).sum();
        let plots = (length_m / plan.plot_m) as u64;
        for plot in 0..plots {
            for side in [-1.0, 1.0] {
                let seed = plot * 2 + u64::from(side > 0.0);
                if let Some(house) = house(street, index, &plan, seed, side)
                    && has_room(&house, streets, &houses, kept)
                {
                    houses.push(house);
                }
            }
        }
    }
    houses
}

fn house(street: &Street, index: usize, plan: &Plan, seed: u64, side: f64) -> Option<House> {
    let dice = |which: u64| chance(index as u64 * 1_000 + seed, which);
    // One plot in eight stays a garden.
    if dice(0) < 0.125 {
        return None;
    }
    let along_m = ((seed / 2) as f64 + 0.5 + 0.2 * (dice(1) - 0.5)) * plan.plot_m;
    let (spot, heading) = at(&street.course, along_m);
    let (half_width_m, depth_m) = (plan.plot_m * (0.28 + 0.14 * dice(2)), plan.depth_m * (0.75 + 0.5 * dice(3)));
    let left = (-heading.1, heading.0);
    let offset = |along: f64, away: f64| {
        let away = -side * away;
        (spot.0 + heading.0 * along + left.0 * away, spot.1 + heading.1 * along + left.1 * away)
    };
    let (near_m, far_m) = (plan.setback_m, plan.setback_m + depth_m);
    let step = (along_m / NUMBER_STEP_M) as u32;
    Some(House {
        street: index,
        number: 2 * step + if side < 0.0 { 1 } else { 2 },
        middle: offset(0.0, (near_m + far_m) / 2.0),
        door: offset(0.0, near_m),
        corners: [
            offset(-half_width_m, near_m),
            offset(half_width_m, near_m),
            offset(half_width_m, far_m),
            offset(-half_width_m, far_m),
        ],
        height_m: ((plan.height_m.0 + (plan.height_m.1 - plan.height_m.0) * dice(4).powi(2)) * 2.0).round() / 2.0,
    })
}

/// The place and direction so many metres along a course.
fn at(course: &[Spot], along_m: f64) -> (Spot, Spot) {
    let mut left_m = along_m;
    let mut last = ((0.0, 0.0), (1.0, 0.0));
    for pair in course.windows(2) {
        let length_m = distance(pair[0], pair[1]);
        let heading = ((pair[1].0 - pair[0].0) / length_m, (pair[1].1 - pair[0].1) / length_m);
        last = (pair[1], heading);
        if left_m <= length_m {
            return ((pair[0].0 + heading.0 * left_m, pair[0].1 + heading.1 * left_m), heading);
        }
        left_m -= length_m;
    }
    last
}

fn has_room(house: &House, streets: &[Street], houses: &[House], kept: &Kept<'_>) -> bool {
    const FROM_STREET_M: f64 = 6.0;
    let clear_of_streets = streets.iter().all(|street| {
        house.corners.iter().chain([&house.middle]).all(|corner| nearest_on(&street.course, *corner).0 >= FROM_STREET_M)
    });
    let radius = |house: &House| distance(house.middle, house.corners[0]);
    let clear_of_houses = houses.iter().all(|other| distance(house.middle, other.middle) > (radius(house) + radius(other)) * 0.92);
    clear_of_streets && clear_of_houses && !kept.hits(&house.corners)
}
