//! A small invented place that every test and the bench look at.

// Each test file uses a part of it.
#![allow(dead_code)]

use std::sync::Arc;

use sim_camera::{
    Bay, Beacon, BeaconCode, Block, CameraPose, Car, CarBody, Lamp, LandCover, LandPatch, Person, PersonRole, Plan, Plate,
    PlateStyle, Scene, Street, StreetSurface, Tree, Wear,
};

/// Middle of the parking lot.
pub const LOT: [f64; 2] = [45.0, 40.0];
/// Where the caller walks, on the pavement.
pub const CALLER: [f64; 2] = [-18.0, 5.6];

/// The text's code.
pub fn code(text: &str) -> BeaconCode {
    let code = qrcodegen::QrCode::encode_text(text, qrcodegen::QrCodeEcc::Medium).expect("a short text");
    let side = code.size();
    let dark = (0..side * side).map(|index| code.get_module(index % side, index / side)).collect();
    BeaconCode::new(side as usize, dark).expect("a code is square")
}

/// A flat fresh beacon.
pub fn beacon(place: [f64; 3], text: &str) -> Beacon {
    Beacon { place, heading_deg: 20.0, tilt_deg: 0.0, side_m: 0.6, code: code(text), wear: Wear::default() }
}

fn rectangle(centre: [f64; 2], half: [f64; 2]) -> Vec<[f64; 2]> {
    [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|(x, y)| [centre[0] + x * half[0], centre[1] + y * half[1]]).to_vec()
}

/// A crossroads with houses, a park, a pond and a lot of forty bays.
pub fn plan() -> Plan {
    let street = |line: Vec<[f64; 2]>, width_m, surface| Street { line, width_m, surface };
    let mut plan = Plan {
        streets: vec![
            street(vec![[-200.0, 0.0], [0.0, 0.0], [200.0, 0.0]], 9.0, StreetSurface::Marked),
            street(vec![[0.0, -200.0], [0.0, 0.0], [0.0, 200.0]], 9.0, StreetSurface::Marked),
            street(vec![[-80.0, 0.0], [-80.0, 120.0]], 6.0, StreetSurface::Plain),
            street(vec![[-60.0, -60.0], [-30.0, -20.0], [-10.0, -10.0]], 2.0, StreetSurface::Paved),
        ],
        land: vec![
            LandPatch { ring: rectangle([-45.0, -45.0], [35.0, 35.0]), cover: LandCover::Green },
            LandPatch { ring: rectangle([-55.0, -50.0], [9.0, 12.0]), cover: LandCover::Water },
        ],
        lots: vec![rectangle(LOT, [30.0, 20.0])],
        beacons: vec![beacon([LOT[0], LOT[1], 0.9], "https://example.invalid/p/lot-a")],
        ..Plan::default()
    };
    for column in 0..20 {
        let east_m = LOT[0] - 25.0 + 2.5 * f64::from(column) + 1.25;
        for (north_m, heading_deg) in [(LOT[1] - 8.0, 180.0), (LOT[1] + 8.0, 0.0)] {
            plan.bays.push(Bay { centre: [east_m, north_m], heading_deg, width_m: 2.5, length_m: 5.0 });
        }
    }
    for number in 0..14 {
        let east_m = -190.0 + 27.0 * f64::from(number);
        let height_m = 7.0 + f64::from(number * 7 % 5) * 6.0;
        plan.buildings.push(Block { ring: rectangle([east_m, 18.0], [8.0, 6.0]), height_m });
        plan.buildings.push(Block { ring: rectangle([east_m, 85.0], [9.0, 7.0]), height_m: height_m + 4.0 });
        plan.lamps.push(Lamp { place: [east_m, 5.1], height_m: 6.5, heading_deg: 180.0 });
        plan.trees.push(Tree { place: [east_m + 9.0, 6.2], height_m: 5.5, crown_m: 1.8 });
        plan.trees.push(Tree {
            place: [-75.0 + 5.0 * f64::from(number), -30.0 - f64::from(number * 5 % 7) * 4.0],
            height_m: 6.5,
            crown_m: 2.2,
        });
    }
    // Nothing may stand on the other street or in the lot.
    let is_free = |place: [f64; 2], room_m: f64| {
        place[0].abs() > 4.5 + room_m && ((place[0] - LOT[0]).abs() > 30.0 + room_m || (place[1] - LOT[1]).abs() > 20.0 + room_m)
    };
    plan.buildings.retain(|block| is_free([block.ring[0][0] + 8.0, block.ring[0][1] + 6.0], 9.5));
    let over_caller = |place: [f64; 2]| (place[0] - CALLER[0]).hypot(place[1] - CALLER[1]) < 4.0;
    plan.trees.retain(|tree| is_free(tree.place, 0.5) && !over_caller(tree.place));
    plan.lamps.retain(|lamp| is_free(lamp.place, 0.2));
    plan
}

/// The place with cars in two of three bays, a caller and a guard.
pub fn scene(hour: f64) -> Scene {
    let plan = plan();
    let bodies = [CarBody::Saloon, CarBody::Suv, CarBody::Compact, CarBody::Van];
    let paints = [[236, 236, 234], [40, 42, 46], [134, 36, 40], [46, 66, 112], [150, 154, 158]];
    let cars = plan.bays.iter().enumerate().filter(|(number, _)| number % 3 != 1).map(|(number, bay)| Car {
        place: bay.centre,
        heading_deg: bay.heading_deg,
        body: bodies[number % 4],
        paint: paints[number % 5],
        plate: Plate { text: format!("{}가 {}", 12 + number, 3_400 + number), style: PlateStyle::Private },
        lights: false,
    });
    let mut scene = Scene { cars: cars.collect(), ..Scene::new(Arc::new(plan), hour) };
    let person = |place, role| Person { place, heading_deg: 80.0, walked_m: 0.35, standing: false, role };
    scene.people.push(person(CALLER, PersonRole::Caller));
    scene.people.push(person([-24.0, 5.4], PersonRole::Guard));
    scene
}

/// From 18 m beside the caller at 20 m height.
pub fn over_caller() -> CameraPose {
    CameraPose::looking_at([CALLER[0] + 6.0, CALLER[1] - 17.0, 20.0], [CALLER[0], CALLER[1], 0.8])
}

/// Over the lot, looking north and down.
pub fn over_lot() -> CameraPose {
    CameraPose::looking_at([LOT[0] - 4.0, LOT[1] - 20.0, 24.0], [LOT[0], LOT[1], 0.0])
}
