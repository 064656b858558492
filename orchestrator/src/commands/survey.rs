//! `plan sweep` and `plan audit`: flight lines over lots and rounds of beacons, from GeoJSON to GeoJSON.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::Args;
use flight_types::{GeoPoint, Local, LocalFrame};
use serde_json::{Value, json};
use site_model::commands::parse_point;
use survey_plan::{BEACONS_MAX, Lot, Point, Sweep, sweep, tour, tour_length_m};

/// Files beyond this are no lots of one town, bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Flight lines that see every square metre of lots.
#[derive(Debug, Args)]
pub struct SweepLots {
    /// Polygons, with holes where nothing is flown, as a GeoJSON FeatureCollection.
    lots: PathBuf,
    /// Ground seen across the flight direction, the overlap taken off, metres.
    #[arg(long)]
    swath: f64,
    /// Speed over ground for the times, metres a second.
    #[arg(long, default_value_t = 5.0)]
    speed: f64,
    /// Print the lines as GeoJSON.
    #[arg(long)]
    json: bool,
}

/// The shortest round of beacons.
#[derive(Debug, Args)]
pub struct AuditBeacons {
    /// Points as a GeoJSON FeatureCollection.
    beacons: PathBuf,
    /// Where the round begins and ends, `LAT,LON` in degrees.
    #[arg(long, value_parser = parse_point, allow_hyphen_values = true)]
    from: GeoPoint,
    /// Speed over ground for the time, metres a second.
    #[arg(long, default_value_t = 5.0)]
    speed: f64,
    /// Print the round as GeoJSON.
    #[arg(long)]
    json: bool,
}

impl SweepLots {
    /// Plans each lot; one that is no lot does not stop the others.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        check_speed(self.speed)?;
        let mut lines = Vec::new();
        let mut all_planned = true;
        for (index, feature) in features(&self.lots)?.iter().enumerate() {
            let id = id(feature, index);
            match self.plan(feature) {
                Ok(planned) if self.json => lines.push(self.line(&id, &planned)),
                Ok(planned) => println!("{id}: {}", self.summary(&planned)),
                Err(error) => {
                    all_planned = false;
                    eprintln!("{}: feature {index} ({id}): {error:#}", self.lots.display());
                }
            }
        }
        if self.json {
            println!("{}", json!({"type": "FeatureCollection", "features": lines}));
        }
        Ok(ExitCode::from(u8::from(!all_planned)))
    }

    fn plan(&self, feature: &Value) -> anyhow::Result<Planned> {
        let rings = polygon(&feature["geometry"])?;
        let first = *rings.first().and_then(|ring| ring.first()).context("a polygon without corners")?;
        let frame = LocalFrame::new(first);
        let mut rings = rings.iter().map(|ring| ring.iter().map(|corner| local(&frame, *corner)).collect());
        let lot = Lot::new(rings.next().unwrap_or_default(), rings.collect())?;
        let start = Instant::now();
        let sweep = sweep(&lot, self.swath)?;
        Ok(Planned { area_m2: lot.area_m2(), frame, planning_ms: start.elapsed().as_secs_f64() * 1e3, sweep })
    }

    fn line(&self, id: &str, planned: &Planned) -> Value {
        let sweep = &planned.sweep;
        let path: Vec<[f64; 2]> = sweep.path.iter().map(|point| position(&planned.frame, *point)).collect();
        json!({
            "type": "Feature",
            "id": id,
            "properties": {
                "area_m2": planned.area_m2, "swath_m": self.swath, "length_m": sweep.length_m, "turns": sweep.turns(),
                "coverage": sweep.coverage, "length_ratio": sweep.length_ratio, "time_s": sweep.length_m / self.speed,
                "planning_ms": planned.planning_ms,
            },
            // A lot that is seen from one point is still a line: GeoJSON wants two positions.
            "geometry": {"type": "LineString", "coordinates": if path.len() == 1 { vec![path[0]; 2] } else { path }},
        })
    }

    fn summary(&self, planned: &Planned) -> String {
        let (sweep, area_m2) = (&planned.sweep, planned.area_m2);
        let (length_m, turns, time_s) = (sweep.length_m, sweep.turns(), sweep.length_m / self.speed);
        let (coverage, ratio) = (100.0 * sweep.coverage, sweep.length_ratio);
        format!(
            "{area_m2:.0} m2, {length_m:.0} m, {turns} turns, {coverage:.1} % seen, {time_s:.0} s, length x swath / area {ratio:.2}"
        )
    }
}

struct Planned {
    area_m2: f64,
    frame: LocalFrame,
    planning_ms: f64,
    sweep: Sweep,
}

impl AuditBeacons {
    /// Prints the round.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        check_speed(self.speed)?;
        let frame = LocalFrame::new(self.from);
        let features = features(&self.beacons)?;
        let ids: Vec<String> = features.iter().enumerate().map(|(index, feature)| id(feature, index)).collect();
        let mut places = Vec::with_capacity(features.len());
        for (feature, id) in features.iter().zip(&ids) {
            let geometry = &feature["geometry"];
            if geometry["type"] != "Point" {
                bail!("beacon {id}: the geometry is {}, not a Point", geometry["type"]);
            }
            places.push(local(&frame, geo(&geometry["coordinates"]).with_context(|| format!("beacon {id}"))?));
        }
        let home = Point::default();
        let order = tour(home, &places).with_context(|| format!("at most {BEACONS_MAX} beacons are ordered"))?;
        let length_m = tour_length_m(home, &places, &order);
        let visited: Vec<&String> = order.iter().map(|beacon| &ids[*beacon]).collect();
        if !self.json {
            let names = visited.into_iter().map(String::as_str).collect::<Vec<_>>().join(" ");
            println!("{length_m:.0} m, {:.0} s: {names}", length_m / self.speed);
            return Ok(ExitCode::SUCCESS);
        }
        let stops = std::iter::once(home).chain(order.iter().map(|beacon| places[*beacon])).chain([home]);
        let path: Vec<[f64; 2]> = stops.map(|point| position(&frame, point)).collect();
        let properties = json!({"length_m": length_m, "time_s": length_m / self.speed, "beacons": visited});
        let geometry = json!({"type": "LineString", "coordinates": path});
        println!("{}", json!({"type": "Feature", "properties": properties, "geometry": geometry}));
        Ok(ExitCode::SUCCESS)
    }
}

fn check_speed(speed_m_s: f64) -> anyhow::Result<()> {
    if speed_m_s > 0.0 && speed_m_s.is_finite() {
        return Ok(());
    }
    bail!("--speed must be a positive number, not {speed_m_s}")
}

fn features(path: &Path) -> anyhow::Result<Vec<Value>> {
    let named = || path.display().to_string();
    let bytes = std::fs::metadata(path).with_context(named)?.len();
    if bytes > FILE_BYTES_MAX {
        bail!("{}: {bytes} bytes; at most {FILE_BYTES_MAX} are read", path.display());
    }
    let mut collection: Value = serde_json::from_slice(&std::fs::read(path).with_context(named)?).with_context(named)?;
    match collection["features"].take() {
        Value::Array(features) => Ok(features),
        _ => bail!("{}: not a GeoJSON FeatureCollection", path.display()),
    }
}

/// The feature's own id, or the one among its properties, or its place in the file.
fn id(feature: &Value, index: usize) -> String {
    let named = [&feature["id"], &feature["properties"]["id"], &feature["properties"]["osm_id"]];
    let text = |value: &&Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    named.iter().find_map(text).unwrap_or_else(|| index.to_string())
}

fn polygon(geometry: &Value) -> anyhow::Result<Vec<Vec<GeoPoint>>> {
    if geometry["type"] != "Polygon" {
        bail!("the geometry is {}, not a Polygon", geometry["type"]);
    }
    let rings = geometry["coordinates"].as_array().context("a polygon has a list of rings")?;
    let ring = |ring: &Value| ring.as_array().context("a ring is a list of positions")?.iter().map(geo).collect();
    rings.iter().map(ring).collect()
}

fn geo(position: &Value) -> anyhow::Result<GeoPoint> {
    match (position[0].as_f64(), position[1].as_f64()) {
        (Some(lon_deg), Some(lat_deg)) => Ok(GeoPoint::new(lat_deg, lon_deg)?),
        _ => bail!("a position must be [longitude, latitude], not {position}"),
    }
}

fn local(frame: &LocalFrame, place: GeoPoint) -> Point {
    let local = frame.to_local(place);
    Point::new(local.east_m, local.north_m)
}

/// `[longitude, latitude]`, eight decimals: a millimetre.
fn position(frame: &LocalFrame, point: Point) -> [f64; 2] {
    let place = frame.to_geo(Local { east_m: point.x_m, north_m: point.y_m });
    [place.lon_deg(), place.lat_deg()].map(|degrees| (degrees * 1e8).round() / 1e8)
}
