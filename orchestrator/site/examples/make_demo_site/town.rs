//! The town put together: land, landmarks, houses, lots, zones, stations.

use dispatch_core::config::{Approval, NoFlyZone, OnSilence, Policy};
use flight_types::{DistrictId, DroneId, GeoPoint, Local, LocalFrame, RallyPointId, Ring, StationId, ZoneId};
use site_model::{
    Address, Building, DroneManifest, FenceManifest, Land, LandKind, RallyPointManifest, Road, Site, SiteManifest, StationManifest,
};

use crate::houses::{House, Kept, houses};
use crate::parking::{LOTS, lots};
use crate::streets::{Spot, Street, smooth, streets};

/// The middle of the town: a plausible inland valley, where no such town is.
const MIDDLE_LAT_DEG: f64 = 36.5480;
const MIDDLE_LON_DEG: f64 = 127.9120;

/// Every so-many-th house goes without an address, as in real extracts.
const WITHOUT_ADDRESS: usize = 4;

/// A named building with its ground.
struct Landmark {
    id: &'static str,
    name: &'static str,
    roman: &'static str,
    height_m: f64,
    corners: &'static [Spot],
}

const LANDMARKS: &[Landmark] = &[
    Landmark {
        id: "station",
        name: "달빛역",
        roman: "Dalbit Station",
        height_m: 16.0,
        corners: &[
            (545.0, 555.0),
            (625.0, 545.0),
            (628.0, 572.0),
            (600.0, 576.0),
            (602.0, 590.0),
            (572.0, 594.0),
            (570.0, 580.0),
            (548.0, 583.0),
        ],
    },
    Landmark {
        id: "hospital",
        name: "온누리병원",
        roman: "Onnuri Hospital",
        height_m: 32.0,
        corners: &[
            (40.0, 150.0),
            (150.0, 145.0),
            (152.0, 175.0),
            (100.0, 178.0),
            (102.0, 225.0),
            (70.0, 227.0),
            (68.0, 180.0),
            (41.0, 181.0),
        ],
    },
    Landmark {
        id: "hospital-wing",
        name: "온누리병원 별관",
        roman: "Onnuri Hospital annex",
        height_m: 20.0,
        corners: &[(175.0, 180.0), (215.0, 190.0), (205.0, 230.0), (165.0, 220.0)],
    },
    Landmark {
        id: "school",
        name: "달빛초등학교",
        roman: "Dalbit Elementary School",
        height_m: 14.0,
        corners: &[(-560.0, 225.0), (-430.0, 240.0), (-432.0, 260.0), (-562.0, 245.0)],
    },
    Landmark {
        id: "school-hall",
        name: "달빛초등학교 체육관",
        roman: "Dalbit school hall",
        height_m: 12.0,
        corners: &[(-420.0, 130.0), (-390.0, 130.0), (-390.0, 175.0), (-420.0, 175.0)],
    },
    Landmark {
        id: "market",
        name: "달빛시장",
        roman: "Dalbit Market",
        height_m: 9.0,
        corners: &[(-230.0, -255.0), (-140.0, -250.0), (-142.0, -285.0), (-232.0, -290.0)],
    },
    Landmark {
        id: "community",
        name: "달빛동 주민센터",
        roman: "Dalbit-dong Community Center",
        height_m: 15.0,
        corners: &[(10.0, 330.0), (55.0, 328.0), (57.0, 360.0), (12.0, 362.0)],
    },
    Landmark {
        id: "library",
        name: "물빛도서관",
        roman: "Mulbit Library",
        height_m: 13.0,
        corners: &[(460.0, 45.0), (510.0, 40.0), (514.0, 75.0), (464.0, 80.0)],
    },
    Landmark {
        id: "church",
        name: "솔향성당",
        roman: "Solhyang Church",
        height_m: 24.0,
        corners: &[
            (480.0, -420.0),
            (500.0, -420.0),
            (500.0, -400.0),
            (515.0, -400.0),
            (515.0, -385.0),
            (465.0, -385.0),
            (465.0, -400.0),
            (480.0, -400.0),
        ],
    },
    Landmark {
        id: "apartment-101",
        name: "햇살아파트 101동",
        roman: "Haetsal Apartments 101",
        height_m: 58.0,
        corners: &[(640.0, 60.0), (690.0, 52.0), (692.0, 66.0), (642.0, 74.0)],
    },
    Landmark {
        id: "apartment-102",
        name: "햇살아파트 102동",
        roman: "Haetsal Apartments 102",
        height_m: 62.0,
        corners: &[(640.0, 120.0), (690.0, 112.0), (692.0, 126.0), (642.0, 134.0)],
    },
    Landmark {
        id: "apartment-103",
        name: "햇살아파트 103동",
        roman: "Haetsal Apartments 103",
        height_m: 66.0,
        corners: &[(640.0, 180.0), (690.0, 172.0), (692.0, 186.0), (642.0, 194.0)],
    },
    Landmark {
        id: "hangar",
        name: "솔향 스테이션 격납고",
        roman: "Solhyang station hangar",
        height_m: 6.0,
        corners: &[(-470.0, -365.0), (-445.0, -365.0), (-445.0, -350.0), (-470.0, -350.0)],
    },
];

const RIVER_MIDDLE: &[Spot] = &[
    (-900.0, -120.0),
    (-700.0, -80.0),
    (-500.0, -50.0),
    (-300.0, -80.0),
    (-105.0, -125.0),
    (150.0, -130.0),
    (400.0, -115.0),
    (580.0, -155.0),
    (760.0, -215.0),
    (900.0, -225.0),
];

const PARK: &[Spot] = &[
    (-520.0, 380.0),
    (-400.0, 350.0),
    (-280.0, 370.0),
    (-265.0, 480.0),
    (-290.0, 600.0),
    (-350.0, 650.0),
    (-460.0, 620.0),
    (-530.0, 540.0),
    (-550.0, 450.0),
];
const POND: &[Spot] = &[(-400.0, 480.0), (-360.0, 470.0), (-330.0, 490.0), (-335.0, 525.0), (-370.0, 540.0), (-405.0, 520.0)];
/// In the park, away from its paths, its pond and its trees.
const PARK_LAWN: Spot = (-325.0, 585.0);
const FIELD: &[Spot] = &[(-560.0, 120.0), (-440.0, 130.0), (-445.0, 210.0), (-562.0, 200.0)];
const PLAZA: &[Spot] = &[(540.0, 500.0), (615.0, 505.0), (622.0, 540.0), (545.0, 548.0)];
const HOSPITAL_GROUND: &[Spot] = &[(10.0, 60.0), (240.0, 50.0), (270.0, 160.0), (240.0, 255.0), (10.0, 250.0)];
const SCHOOL_GROUND: &[Spot] = &[(-590.0, 105.0), (-375.0, 110.0), (-380.0, 270.0), (-590.0, 265.0)];
const APARTMENT_GROUND: &[Spot] = &[(625.0, 40.0), (710.0, 35.0), (715.0, 205.0), (625.0, 210.0)];
const STATION_GROUND: &[Spot] = &[(-480.0, -440.0), (-385.0, -440.0), (-385.0, -345.0), (-480.0, -345.0)];
const NORTH_STATION_GROUND: &[Spot] = &[(440.0, 560.0), (500.0, 560.0), (500.0, 610.0), (440.0, 610.0)];

/// The town as a site.
pub fn site() -> Site {
    let frame = frame();
    let streets = streets();
    let river = river();
    let lots = lots(&frame);
    let kept = Kept { grounds: grounds(&river) };
    let houses = houses(&streets, &kept);
    Site {
        manifest: manifest(&frame),
        roads: streets.iter().map(|street| road(&frame, street)).collect(),
        addresses: addresses(&frame, &streets, &houses),
        buildings: buildings(&frame, &houses),
        lots,
        no_fly: no_fly(&frame),
        land: land(&frame, &river),
        elevation: None,
    }
}

fn frame() -> LocalFrame {
    LocalFrame::new(GeoPoint::new(MIDDLE_LAT_DEG, MIDDLE_LON_DEG).expect("a place on Earth"))
}

/// Seven decimals, as the files hold, so that what is written is what is read.
pub fn geo(frame: &LocalFrame, spot: Spot) -> GeoPoint {
    let exact = frame.to_geo(Local { east_m: spot.0, north_m: spot.1 });
    let round = |degrees: f64| (degrees * 1e7).round() / 1e7;
    GeoPoint::new(round(exact.lat_deg()), round(exact.lon_deg())).expect("a place near the middle")
}

pub fn ring(frame: &LocalFrame, spots: &[Spot]) -> Ring {
    Ring::new(spots.iter().map(|spot| geo(frame, *spot)).collect()).expect("an outline has three corners or more")
}

/// Both banks: the middle line pushed out to either side, a little wider downstream.
fn river() -> Vec<Spot> {
    let middle = smooth(RIVER_MIDDLE);
    let bank = |side: f64| {
        let shift = move |(index, pair): (usize, &[Spot])| {
            let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
            let width_m = side * (19.0 + 0.1 * index as f64) / dx.hypot(dy);
            (pair[0].0 - dy * width_m, pair[0].1 + dx * width_m)
        };
        middle.windows(2).enumerate().map(shift).collect::<Vec<Spot>>()
    };
    let (mut outline, mut back) = (bank(1.0), bank(-1.0));
    back.reverse();
    outline.append(&mut back);
    outline
}

fn grounds(river: &[Spot]) -> Vec<&[Spot]> {
    let mut grounds: Vec<&[Spot]> =
        vec![river, PARK, PLAZA, HOSPITAL_GROUND, SCHOOL_GROUND, APARTMENT_GROUND, STATION_GROUND, NORTH_STATION_GROUND];
    grounds.extend(LANDMARKS.iter().map(|landmark| landmark.corners));
    grounds.extend(LOTS.iter().map(|lot| lot.corners.as_slice()));
    grounds
}

fn road(frame: &LocalFrame, street: &Street) -> Road {
    let mut line: Vec<GeoPoint> = street.course.iter().map(|spot| geo(frame, *spot)).collect();
    line.dedup();
    Road {
        id: street.id.to_owned(),
        class: street.class,
        name: Some(street.name.to_owned()),
        other_names: vec![street.roman.to_owned()],
        speed_max_km_h: None,
        one_way: street.one_way,
        line,
    }
}

pub fn middle_of(spots: &[Spot]) -> Spot {
    let count = spots.len() as f64;
    (spots.iter().map(|spot| spot.0).sum::<f64>() / count, spots.iter().map(|spot| spot.1).sum::<f64>() / count)
}

fn buildings(frame: &LocalFrame, houses: &[House]) -> Vec<Building> {
    let landmark = |landmark: &Landmark| Building {
        id: landmark.id.to_owned(),
        name: Some(landmark.name.to_owned()),
        ring: ring(frame, landmark.corners),
        height_m: landmark.height_m,
    };
    let house = |(index, house): (usize, &House)| Building {
        id: format!("house-{index}"),
        name: None,
        ring: ring(frame, &house.corners),
        height_m: house.height_m,
    };
    LANDMARKS.iter().map(landmark).chain(houses.iter().enumerate().map(house)).collect()
}

fn addresses(frame: &LocalFrame, streets: &[Street], houses: &[House]) -> Vec<Address> {
    let blank = |id: String, point: GeoPoint, accuracy_m: f64| Address {
        id,
        point,
        accuracy_m,
        number: None,
        street: None,
        other_streets: Vec::new(),
        place: Some("달빛동".to_owned()),
        postcode: None,
        name: None,
        other_names: Vec::new(),
    };
    let mut addresses = vec![Address {
        name: Some("달빛동".to_owned()),
        other_names: vec!["Dalbit-dong".to_owned()],
        place: None,
        ..blank("place-dalbit".to_owned(), geo(frame, (0.0, 100.0)), 900.0)
    }];
    for landmark in LANDMARKS {
        addresses.push(Address {
            name: Some(landmark.name.to_owned()),
            other_names: vec![landmark.roman.to_owned()],
            ..blank(format!("place-{}", landmark.id), geo(frame, middle_of(landmark.corners)), 50.0)
        });
    }
    for (spot, name, roman) in [((-400.0, 500.0), "별빛공원", "Byeolbit Park"), ((225.0, 385.0), "별빛편의점", "Byeolbit Store")]
    {
        let accuracy_m = if roman.ends_with("Park") { 150.0 } else { 20.0 };
        addresses.push(Address {
            name: Some(name.to_owned()),
            other_names: vec![roman.to_owned()],
            ..blank(format!("place-{}", roman.replace(' ', "-").to_lowercase()), geo(frame, spot), accuracy_m)
        });
    }
    for (index, house) in houses.iter().enumerate().filter(|(index, _)| index % WITHOUT_ADDRESS != 0) {
        let street = &streets[house.street];
        addresses.push(Address {
            number: Some(house.number.to_string()),
            street: Some(street.name.to_owned()),
            other_streets: vec![street.roman.to_owned()],
            ..blank(format!("address-{index}"), geo(frame, house.door), 12.0)
        });
    }
    addresses
}

fn no_fly(frame: &LocalFrame) -> Vec<NoFlyZone> {
    let zone = |id: &str, name: &str, corners: &[Spot], ceiling_amsl_m| NoFlyZone {
        id: ZoneId::new(id).expect("a well-formed id"),
        name: name.to_owned(),
        ring: ring(frame, corners),
        floor_amsl_m: None,
        ceiling_amsl_m,
        hours: None,
    };
    vec![
        zone(
            "hospital-helipad",
            "온누리병원 헬기장",
            &[(-20.0, 70.0), (100.0, 40.0), (230.0, 60.0), (275.0, 150.0), (235.0, 245.0), (90.0, 262.0), (-10.0, 235.0)],
            None,
        ),
        zone("school", "달빛초등학교", SCHOOL_GROUND, None),
    ]
}

fn land(frame: &LocalFrame, river: &[Spot]) -> Vec<Land> {
    let piece = |id: &str, kind, name: Option<&str>, spots: &[Spot]| Land {
        id: id.to_owned(),
        kind,
        name: name.map(str::to_owned),
        ring: ring(frame, spots),
    };
    vec![
        piece("park", LandKind::Green, Some("별빛공원"), PARK),
        piece("field", LandKind::Green, Some("운동장"), FIELD),
        piece("plaza", LandKind::Green, Some("역전광장"), PLAZA),
        piece("hospital-garden", LandKind::Green, None, &[(110.0, 185.0), (160.0, 185.0), (158.0, 240.0), (112.0, 240.0)]),
        piece("river", LandKind::Water, Some("달빛천"), river),
        piece("pond", LandKind::Water, Some("별못"), POND),
    ]
}

fn manifest(frame: &LocalFrame) -> SiteManifest {
    let fence: Vec<Spot> = vec![
        (-950.0, -500.0),
        (-500.0, -950.0),
        (500.0, -950.0),
        (950.0, -500.0),
        (950.0, 500.0),
        (500.0, 950.0),
        (-500.0, 950.0),
        (-950.0, 500.0),
    ];
    SiteManifest {
        name: "달빛마을 (Dalbit)".to_owned(),
        district: DistrictId::new("dalbit").expect("a well-formed id"),
        attribution: None,
        elevation: None,
        fence: FenceManifest { height_max_m: 120.0, ring: ring(frame, &fence) },
        // A small town: its guards are asked in smaller circles than a city's.
        policy: Policy { ring_radii_m: vec![600.0, 1_200.0, 3_000.0], ..Policy::default() },
        rally_points: vec![rally_point(frame, "byeolbit-park", "별빛공원 잔디밭", PARK_LAWN)],
        stations: vec![
            station(frame, "solhyang", "솔향 스테이션", (-430.0, -390.0), 61.0, Approval::Automatic, &[("d1", 1), ("d2", 2)]),
            station(
                frame,
                "yeokjeon",
                "역전 스테이션",
                (470.0, 585.0),
                66.0,
                Approval::Operator { limit_ms: 30_000, on_silence: OnSilence::Launch },
                &[("d3", 3)],
            ),
        ],
    }
}

fn rally_point(frame: &LocalFrame, id: &str, name: &str, spot: Spot) -> RallyPointManifest {
    let id = RallyPointId::new(id).expect("a well-formed id");
    RallyPointManifest { id, name: name.to_owned(), position: geo(frame, spot), ground_amsl_m: None }
}

fn station(
    frame: &LocalFrame,
    id: &str,
    name: &str,
    spot: Spot,
    ground_amsl_m: f64,
    approval: Approval,
    drones: &[(&str, u8)],
) -> StationManifest {
    let drone = |(index, (id, system_id)): (usize, &(&str, u8))| DroneManifest {
        id: DroneId::new(*id).expect("a well-formed id"),
        system_id: *system_id,
        pad: geo(frame, (spot.0 + 10.0 * index as f64, spot.1 - 12.0)),
        cruise_speed_m_s: 12.0,
        climb_speed_m_s: 3.0,
        descent_speed_m_s: 2.0,
        endurance_s: 1_500.0,
        wind_max_m_s: 10.0,
        has_light: true,
    };
    StationManifest {
        id: StationId::new(id).expect("a well-formed id"),
        name: name.to_owned(),
        position: geo(frame, spot),
        ground_amsl_m,
        approval,
        drones: drones.iter().enumerate().map(drone).collect(),
    }
}
