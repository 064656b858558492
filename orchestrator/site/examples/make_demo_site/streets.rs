//! Streets: smooth courses through a few drawn points, cut where they meet.

use site_model::RoadClass;

/// Metres east and north of the town's middle.
pub type Spot = (f64, f64);

/// Distance between the positions of a course, metres: a curve looks round, a file stays small.
const STEP_M: f64 = 25.0;

/// A street's end this near to another street is joined to it, metres.
const JOIN_M: f64 = 40.0;

/// A street as drawn.
#[derive(Debug, Clone)]
pub struct Street {
    pub id: &'static str,
    pub class: RoadClass,
    pub name: &'static str,
    pub roman: &'static str,
    pub one_way: bool,
    pub course: Vec<Spot>,
}

/// Every street, with shared positions where they meet.
pub fn streets() -> Vec<Street> {
    let mut streets: Vec<Street> = drawn().into_iter().map(|street| Street { course: smooth(&street.course), ..street }).collect();
    join_ends(&mut streets);
    cut_crossings(&mut streets);
    streets
}

fn street(id: &'static str, class: RoadClass, name: &'static str, roman: &'static str, course: &[Spot]) -> Street {
    Street { id, class, name, roman, one_way: false, course: course.to_vec() }
}

fn drawn() -> Vec<Street> {
    let mut all = main_streets();
    all.extend(north_side());
    all.extend(south_side());
    all.extend(paths());
    all
}

fn main_streets() -> Vec<Street> {
    use RoadClass::{Secondary, Tertiary};
    vec![
        street(
            "daero",
            Secondary,
            "달빛대로",
            "Dalbit-daero",
            &[
                (-20.0, -780.0),
                (-70.0, -520.0),
                (-110.0, -250.0),
                (-100.0, -20.0),
                (-50.0, 200.0),
                (-30.0, 400.0),
                (40.0, 600.0),
                (50.0, 780.0),
            ],
        ),
        street(
            "eunha",
            Tertiary,
            "은하로",
            "Eunha-ro",
            &[
                (-780.0, 250.0),
                (-520.0, 320.0),
                (-250.0, 290.0),
                (-40.0, 300.0),
                (200.0, 280.0),
                (420.0, 310.0),
                (600.0, 250.0),
                (780.0, 270.0),
            ],
        ),
        street(
            "mulbit",
            Tertiary,
            "물빛로",
            "Mulbit-ro",
            &[
                (-780.0, 20.0),
                (-560.0, 70.0),
                (-330.0, 40.0),
                (-100.0, 0.0),
                (150.0, -10.0),
                (380.0, 10.0),
                (560.0, -30.0),
                (780.0, -90.0),
            ],
        ),
        street(
            "solhyang",
            Tertiary,
            "솔향로",
            "Solhyang-ro",
            &[
                (-780.0, -330.0),
                (-500.0, -300.0),
                (-250.0, -340.0),
                (-100.0, -320.0),
                (180.0, -300.0),
                (420.0, -330.0),
                (620.0, -300.0),
                (780.0, -330.0),
            ],
        ),
        street(
            "beodeul",
            Tertiary,
            "버들로",
            "Beodeul-ro",
            &[
                (430.0, -760.0),
                (400.0, -560.0),
                (420.0, -330.0),
                (400.0, -120.0),
                (400.0, 10.0),
                (430.0, 180.0),
                (420.0, 310.0),
                (380.0, 500.0),
                (400.0, 760.0),
            ],
        ),
    ]
}

fn north_side() -> Vec<Street> {
    use RoadClass::{LivingStreet, Residential, Service};
    let mut one_way = street(
        "eunha5",
        Residential,
        "은하로5길",
        "Eunha-ro 5-gil",
        &[(180.0, 270.0), (190.0, 420.0), (160.0, 560.0), (50.0, 640.0)],
    );
    one_way.one_way = true;
    vec![
        street(
            "eunha1",
            Residential,
            "은하로1길",
            "Eunha-ro 1-gil",
            &[(-560.0, 315.0), (-610.0, 450.0), (-560.0, 600.0), (-420.0, 690.0), (-230.0, 700.0), (45.0, 690.0)],
        ),
        street("eunha2", Residential, "은하로2길", "Eunha-ro 2-gil", &[(-330.0, 290.0), (-350.0, 190.0), (-330.0, 40.0)]),
        street(
            "eunha3",
            Residential,
            "은하로3길",
            "Eunha-ro 3-gil",
            &[(-220.0, 290.0), (-200.0, 440.0), (-220.0, 570.0), (-230.0, 700.0)],
        ),
        one_way,
        street(
            "eunha6",
            Residential,
            "은하로6길",
            "Eunha-ro 6-gil",
            &[(310.0, 290.0), (290.0, 400.0), (300.0, 520.0), (270.0, 640.0), (40.0, 700.0)],
        ),
        street("eunha7", LivingStreet, "은하로7길", "Eunha-ro 7-gil", &[(190.0, 400.0), (290.0, 400.0), (385.0, 440.0)]),
        street("eunha8", Residential, "은하로8길", "Eunha-ro 8-gil", &[(150.0, 560.0), (300.0, 540.0), (380.0, 560.0)]),
        street(
            "yeokjeon",
            Residential,
            "역전로",
            "Yeokjeon-ro",
            &[(385.0, 480.0), (520.0, 470.0), (640.0, 510.0), (660.0, 620.0), (540.0, 660.0), (390.0, 640.0)],
        ),
        street("mulbit2", Residential, "물빛로2길", "Mulbit-ro 2-gil", &[(-600.0, 70.0), (-640.0, 180.0), (-620.0, 290.0)]),
        street("mulbit9", Residential, "물빛로9길", "Mulbit-ro 9-gil", &[(560.0, -30.0), (590.0, 100.0), (600.0, 250.0)]),
        street(
            "hospital",
            Service,
            "온누리병원 진입로",
            "Onnuri Hospital drive",
            &[(-75.0, 130.0), (60.0, 120.0), (180.0, 110.0), (250.0, 160.0), (260.0, 290.0)],
        ),
        street("daero12", Residential, "달빛대로12길", "Dalbit-daero 12-gil", &[(-30.0, 450.0), (-120.0, 470.0), (-205.0, 450.0)]),
        street("daero14", Residential, "달빛대로14길", "Dalbit-daero 14-gil", &[(10.0, 540.0), (-100.0, 570.0), (-220.0, 570.0)]),
    ]
}

fn south_side() -> Vec<Street> {
    use RoadClass::{LivingStreet, Residential, Service};
    vec![
        street(
            "solhyang1",
            Residential,
            "솔향로1길",
            "Solhyang-ro 1-gil",
            &[(-560.0, -305.0), (-600.0, -450.0), (-520.0, -570.0), (-340.0, -610.0), (-60.0, -580.0)],
        ),
        street("solhyang3", Residential, "솔향로3길", "Solhyang-ro 3-gil", &[(-380.0, -320.0), (-360.0, -440.0), (-400.0, -600.0)]),
        street(
            "solhyang4",
            LivingStreet,
            "솔향로4길",
            "Solhyang-ro 4-gil",
            &[(-230.0, -340.0), (-220.0, -460.0), (-230.0, -600.0)],
        ),
        street(
            "solhyang6",
            Residential,
            "솔향로6길",
            "Solhyang-ro 6-gil",
            &[(120.0, -300.0), (100.0, -430.0), (150.0, -560.0), (280.0, -620.0), (405.0, -600.0)],
        ),
        street("solhyang8", Residential, "솔향로8길", "Solhyang-ro 8-gil", &[(260.0, -310.0), (270.0, -450.0), (280.0, -620.0)]),
        street(
            "solhyang9",
            Residential,
            "솔향로9길",
            "Solhyang-ro 9-gil",
            &[(560.0, -310.0), (610.0, -430.0), (560.0, -560.0), (400.0, -560.0)],
        ),
        street(
            "jangteo",
            Residential,
            "장터길",
            "Jangteo-gil",
            &[(-100.0, -200.0), (-260.0, -210.0), (-420.0, -190.0), (-520.0, -300.0)],
        ),
        street(
            "gangbyeon",
            Residential,
            "강변길",
            "Gangbyeon-gil",
            &[(-110.0, -210.0), (60.0, -190.0), (240.0, -190.0), (405.0, -200.0)],
        ),
        street(
            "gangbyeon2",
            Residential,
            "강변2길",
            "Gangbyeon 2-gil",
            &[(400.0, -200.0), (560.0, -210.0), (680.0, -240.0), (620.0, -300.0)],
        ),
        street(
            "station1",
            Service,
            "솔향 스테이션 진입로",
            "Solhyang station drive",
            &[(-500.0, -300.0), (-490.0, -400.0), (-370.0, -450.0)],
        ),
    ]
}

fn paths() -> Vec<Street> {
    use RoadClass::Footway;
    vec![
        street(
            "park1",
            Footway,
            "별빛공원 산책로",
            "Byeolbit Park path",
            &[(-560.0, 590.0), (-480.0, 520.0), (-420.0, 440.0), (-330.0, 420.0), (-205.0, 430.0)],
        ),
        street("park2", Footway, "별빛공원 북길", "Byeolbit Park north path", &[(-480.0, 520.0), (-400.0, 590.0), (-340.0, 690.0)]),
        street(
            "river1",
            Footway,
            "강둑길",
            "Gangduk-gil",
            &[(-700.0, -40.0), (-500.0, 10.0), (-300.0, -15.0), (-105.0, -60.0), (150.0, -65.0), (400.0, -50.0), (560.0, -90.0)],
        ),
    ]
}

/// A Catmull-Rom curve through the drawn points, at even steps.
pub fn smooth(points: &[Spot]) -> Vec<Spot> {
    let at = |index: isize| points[index.clamp(0, points.len() as isize - 1) as usize];
    let mut course = vec![points[0]];
    for (index, pair) in points.windows(2).enumerate() {
        let index = index as isize;
        let (a, d) = (at(index - 1), at(index + 2));
        let pieces = (distance(pair[0], pair[1]) / STEP_M).ceil().max(1.0) as usize;
        course.extend((1..=pieces).map(|piece| {
            let t = piece as f64 / pieces as f64;
            (spline(a.0, pair[0].0, pair[1].0, d.0, t), spline(a.1, pair[0].1, pair[1].1, d.1, t))
        }));
    }
    course
}

fn spline(a: f64, b: f64, c: f64, d: f64, t: f64) -> f64 {
    0.5 * (2.0 * b + (c - a) * t + (2.0 * a - 5.0 * b + 4.0 * c - d) * t * t + (3.0 * b - a - 3.0 * c + d) * t * t * t)
}

pub fn distance(a: Spot, b: Spot) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// The nearest place on a course: distance, the segment it lies on, the place.
pub fn nearest_on(course: &[Spot], spot: Spot) -> (f64, usize, Spot) {
    let on_segment = |(index, pair): (usize, &[Spot])| {
        let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        let t = (((spot.0 - pair[0].0) * dx + (spot.1 - pair[0].1) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
        let on = (pair[0].0 + t * dx, pair[0].1 + t * dy);
        (distance(spot, on), index, on)
    };
    let all = course.windows(2).enumerate().map(on_segment);
    all.min_by(|a, b| a.0.total_cmp(&b.0)).expect("a course has at least two positions")
}

fn join_ends(streets: &mut [Street]) {
    for index in 0..streets.len() {
        for end in [0, streets[index].course.len() - 1] {
            let spot = streets[index].course[end];
            let others = (0..streets.len()).filter(|other| *other != index);
            let nearest =
                others.map(|other| (other, nearest_on(&streets[other].course, spot))).min_by(|a, b| a.1.0.total_cmp(&b.1.0));
            if let Some((other, (off_m, segment, on))) = nearest
                && off_m <= JOIN_M
            {
                streets[index].course[end] = on;
                insert(&mut streets[other].course, segment, on);
            }
        }
    }
}

fn insert(course: &mut Vec<Spot>, segment: usize, spot: Spot) {
    if !course.contains(&spot) {
        course.insert(segment + 1, spot);
    }
}

fn cut_crossings(streets: &mut [Street]) {
    for first in 0..streets.len() {
        for second in first + 1..streets.len() {
            let mut searched_from = (0, 0);
            while let Some((i, j, spot)) = next_crossing(&streets[first].course, &streets[second].course, searched_from) {
                insert(&mut streets[first].course, i, spot);
                insert(&mut streets[second].course, j, spot);
                // The two halves of the first segment meet the second street in the new position only: go on behind it.
                searched_from = (i + 2, 0);
            }
        }
    }
}

fn next_crossing(a: &[Spot], b: &[Spot], from: (usize, usize)) -> Option<(usize, usize, Spot)> {
    for i in from.0..a.len().saturating_sub(1) {
        for j in from.1..b.len() - 1 {
            if let Some(spot) = crossing(a[i], a[i + 1], b[j], b[j + 1]) {
                return Some((i, j, spot));
            }
        }
    }
    None
}

fn crossing(a: Spot, b: Spot, c: Spot, d: Spot) -> Option<Spot> {
    let (rx, ry, sx, sy) = (b.0 - a.0, b.1 - a.1, d.0 - c.0, d.1 - c.1);
    let determinant = rx * sy - ry * sx;
    let t = ((c.0 - a.0) * sy - (c.1 - a.1) * sx) / determinant;
    let u = ((c.0 - a.0) * ry - (c.1 - a.1) * rx) / determinant;
    // Strictly inside both: positions already shared are junctions already.
    let inside = |share: f64| share > 1e-6 && share < 1.0 - 1e-6;
    (inside(t) && inside(u)).then_some((a.0 + t * rx, a.1 + t * ry))
}
