//! The earth's magnetic field at a place, from the leading terms of the World Magnetic Model.
//!
//! Terms up to degree six of WMM2020 (NOAA/NCEI and BGS, epoch 2020.0), on a sphere at sea level: direction within about a
//! degree and strength within some per cent of the whole model, which is what a compass aboard is good for.

use flight_types::GeoPoint;

use super::Vector;

const DEGREES: usize = 6;
/// Gauss coefficients g and h of degree n and order m, nanotesla, in the order (1,0), (1,1), (2,0), (2,1) …
const COEFFICIENTS_NT: [(f64, f64); 27] = [
    (-29404.5, 0.0),
    (-1450.7, 4652.9),
    (-2500.0, 0.0),
    (2982.0, -2991.6),
    (1676.8, -734.8),
    (1363.9, 0.0),
    (-2381.0, -82.2),
    (1236.2, 241.8),
    (525.7, -542.9),
    (903.1, 0.0),
    (809.4, 282.0),
    (86.2, -158.4),
    (-309.4, 199.8),
    (47.9, -350.1),
    (-234.4, 0.0),
    (363.1, 47.7),
    (187.8, 208.4),
    (-140.7, -121.3),
    (-151.2, 32.2),
    (13.7, 99.1),
    (65.9, 0.0),
    (65.6, -19.1),
    (73.0, 25.0),
    (-121.5, 52.7),
    (-36.2, -64.4),
    (13.5, 9.0),
    (-64.7, 68.1),
];
/// Nanotesla in one gauss.
const NT_PER_GAUSS: f64 = 1e5;
/// Nearer to a pole than this the direction of north is undefined, radians.
const POLE_RAD: f64 = 1e-6;

/// The field at a place: north, east, down, gauss.
pub fn magnetic_field_gauss(place: GeoPoint) -> Vector {
    let colatitude = (90.0 - place.lat_deg()).to_radians().clamp(POLE_RAD, std::f64::consts::PI - POLE_RAD);
    let longitude = place.lon_deg().to_radians();
    let (legendre, slope) = schmidt(colatitude);
    let mut field = Vector::zeros();
    let terms = (1..=DEGREES).flat_map(|n| (0..=n).map(move |m| (n, m)));
    for ((n, m), (g, h)) in terms.zip(COEFFICIENTS_NT) {
        let (sin, cos) = (m as f64 * longitude).sin_cos();
        let along = g * cos + h * sin;
        field.x += along * slope[n][m];
        field.y += m as f64 * (g * sin - h * cos) * legendre[n][m] / colatitude.sin();
        field.z -= (n as f64 + 1.0) * along * legendre[n][m];
    }
    field / NT_PER_GAUSS
}

type Table = [[f64; DEGREES + 1]; DEGREES + 1];

/// Associated Legendre functions of the colatitude's cosine in Schmidt's normalisation, and their slopes by the colatitude.
fn schmidt(colatitude: f64) -> (Table, Table) {
    let (sin, cos) = colatitude.sin_cos();
    let (mut p, mut d): (Table, Table) = Default::default();
    p[0][0] = 1.0;
    for n in 1..=DEGREES {
        for m in 0..=n {
            if m == n {
                let factor = if n == 1 { 1.0 } else { ((2 * n - 1) as f64 / (2 * n) as f64).sqrt() };
                p[n][n] = factor * sin * p[n - 1][n - 1];
                d[n][n] = factor * (sin * d[n - 1][n - 1] + cos * p[n - 1][n - 1]);
                continue;
            }
            let (lead, scale) = ((2 * n - 1) as f64, ((n * n - m * m) as f64).sqrt());
            let (before_p, before_d) = if n >= 2 { (p[n - 2][m], d[n - 2][m]) } else { (0.0, 0.0) };
            let back = (((n - 1) * (n - 1)) as f64 - (m * m) as f64).max(0.0).sqrt();
            p[n][m] = (lead * cos * p[n - 1][m] - back * before_p) / scale;
            d[n][m] = (lead * (cos * d[n - 1][m] - sin * p[n - 1][m]) - back * before_d) / scale;
        }
    }
    (p, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Declination and inclination in degrees and strength in gauss, of the whole model at sea level in the middle of 2024.
    const KNOWN: [(f64, f64, f64, f64, f64); 5] = [
        (47.4, 8.5, 3.4, 63.2, 0.482),
        (37.5, 127.0, -8.8, 54.1, 0.512),
        (-33.9, 151.2, 13.0, -64.2, 0.569),
        (0.0, -78.0, -5.0, 19.8, 0.284),
        (64.1, -21.9, -11.6, 75.2, 0.525),
    ];

    #[test]
    fn the_field_is_that_of_the_whole_model_within_two_degrees_and_three_per_cent() {
        for (lat, lon, declination, inclination, gauss) in KNOWN {
            let field = magnetic_field_gauss(GeoPoint::new(lat, lon).expect("a place"));
            let found = (field.y.atan2(field.x).to_degrees(), field.z.atan2(field.x.hypot(field.y)).to_degrees(), field.norm());
            let near =
                (found.0 - declination).abs() < 2.0 && (found.1 - inclination).abs() < 2.0 && (found.2 / gauss - 1.0).abs() < 0.03;
            assert!(near, "{lat} {lon}: {found:?} against {declination} {inclination} {gauss}");
        }
    }
}
