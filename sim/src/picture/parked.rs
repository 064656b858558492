//! Cars in the bays of a plan, by seed.

use sim_camera::{Car, CarBody, Plan, Plate, PlateStyle, scramble};

/// Paints as they are sold in Korea: white, greys and black lead.
const PAINTS: [[u8; 3]; 12] = [
    [236, 236, 234],
    [228, 228, 226],
    [40, 42, 46],
    [30, 30, 34],
    [118, 122, 128],
    [150, 154, 158],
    [182, 184, 186],
    [84, 88, 94],
    [46, 66, 112],
    [134, 36, 40],
    [200, 190, 168],
    [70, 100, 90],
];
/// Syllables of private and of commercial plates (Ministry of Land's notice on number plates).
const PRIVATE: [char; 32] = [
    '가', '나', '다', '라', '마', '거', '너', '더', '러', '머', '버', '서', '어', '저', '고', '노', '도', '로', '모', '보', '소',
    '오', '조', '구', '누', '두', '루', '무', '부', '수', '우', '주',
];
const COMMERCIAL: [char; 5] = ['바', '사', '아', '자', '배'];

/// Parks cars in this share of the plan's bays.
pub fn parked_cars(plan: &Plan, share: f64, seed: u64) -> Vec<Car> {
    let taken = |(number, _): &(usize, &sim_camera::Bay)| unit(scramble(seed ^ *number as u64)) < share;
    plan.bays.iter().enumerate().filter(taken).map(|(number, bay)| car(bay, scramble(seed ^ (number as u64) << 20))).collect()
}

fn unit(number: u64) -> f64 {
    (number >> 11) as f64 / (1u64 << 53) as f64
}

fn car(bay: &sim_camera::Bay, seed: u64) -> Car {
    let number = |salt: u64| scramble(seed ^ salt);
    let spread = |salt: u64, most: f64| (unit(number(salt)) - 0.5) * 2.0 * most;
    let backwards = number(1) % 5 < 2;
    let (sin, cos) = bay.heading_deg.to_radians().sin_cos();
    let (along_m, across_m) = (spread(2, 0.25), spread(3, 0.18));
    let body = match number(4) % 10 {
        0..=3 => CarBody::Saloon,
        4..=6 => CarBody::Suv,
        7..=8 => CarBody::Compact,
        _ => CarBody::Van,
    };
    Car {
        place: [bay.centre[0] + sin * along_m + cos * across_m, bay.centre[1] + cos * along_m - sin * across_m],
        heading_deg: bay.heading_deg + if backwards { 180.0 } else { 0.0 } + spread(5, 2.0),
        body,
        paint: PAINTS[(number(6) % PAINTS.len() as u64) as usize],
        plate: plate(number(7)),
        lights: false,
    }
}

fn plate(number: u64) -> Plate {
    let serial = number / 7 % 9_000 + 1_000;
    let pick = |letters: &[char]| letters[(number / 11 % letters.len() as u64) as usize];
    match number % 12 {
        0 => Plate { text: format!("{} {}{serial}", number / 13 % 90 + 10, pick(&COMMERCIAL)), style: PlateStyle::Commercial },
        1..=2 => Plate { text: format!("{}{} {serial}", number / 13 % 900 + 100, pick(&PRIVATE)), style: PlateStyle::Electric },
        3..=5 => Plate { text: format!("{}{} {serial}", number / 13 % 90 + 10, pick(&PRIVATE)), style: PlateStyle::Private },
        _ => Plate { text: format!("{}{} {serial}", number / 13 % 900 + 100, pick(&PRIVATE)), style: PlateStyle::Private },
    }
}
