//! The part of GeoJSON (RFC 7946) that a site uses: collections of lines, polygons and points, read with their line numbers.

use flight_types::{GeoPoint, Ring};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::error::{FeatureProblem, SiteError};
use crate::files::Layer;

#[derive(Deserialize)]
struct Collection<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    features: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct WireFeature<P> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: Option<Value>,
    geometry: WireGeometry,
    properties: P,
}

#[derive(Deserialize)]
struct WireGeometry {
    #[serde(rename = "type")]
    kind: String,
    coordinates: Value,
}

/// One feature, its properties read, its geometry still to be asked for.
pub(super) struct Feature<'a, P> {
    pub id: String,
    pub properties: P,
    geometry: WireGeometry,
    layer: &'a Layer,
}

/// Reads every feature of a layer with `read`; the error names the file, the line and the feature.
pub(super) fn read_features<P: DeserializeOwned, T>(
    layer: &Layer,
    mut read: impl FnMut(Feature<'_, P>) -> Result<T, FeatureProblem>,
) -> Result<Vec<T>, SiteError> {
    let mut items = Vec::new();
    for (index, raw) in collection(layer)?.features.into_iter().enumerate() {
        let item = parse_feature(layer, raw, index).and_then(|feature: Feature<'_, P>| {
            let id = feature.id.clone();
            read(feature).map_err(|problem| (Some(id), problem))
        });
        let in_file =
            |(id, problem)| SiteError::Feature { path: layer.path.clone(), line: line_of(&layer.text, raw), index, id, problem };
        items.push(item.map_err(in_file)?);
    }
    Ok(items)
}

/// Refuses a feature for what was found out after all were read; the error is the same as if it had been found at once.
pub(super) fn refuse(layer: &Layer, index: usize, id: String, problem: FeatureProblem) -> SiteError {
    let line = collection(layer).ok().and_then(|found| found.features.get(index).map(|raw| line_of(&layer.text, raw)));
    SiteError::Feature { path: layer.path.clone(), line: line.unwrap_or(1), index, id: Some(id), problem }
}

fn collection(layer: &Layer) -> Result<Collection<'_>, SiteError> {
    let wrong = |line, message| SiteError::Json { path: layer.path.clone(), line, message };
    let collection: Collection<'_> = serde_json::from_str(&layer.text).map_err(|error| wrong(error.line(), error.to_string()))?;
    if collection.kind != "FeatureCollection" {
        return Err(wrong(1, format!("the type is {:?}", collection.kind)));
    }
    Ok(collection)
}

fn parse_feature<'a, P: DeserializeOwned>(
    layer: &'a Layer,
    raw: &RawValue,
    index: usize,
) -> Result<Feature<'a, P>, (Option<String>, FeatureProblem)> {
    let wire: WireFeature<P> =
        serde_json::from_str(raw.get()).map_err(|error| (id_of(raw), FeatureProblem::Shape(error.to_string())))?;
    let id = wire.id.as_ref().and_then(id_text);
    if wire.kind != "Feature" {
        return Err((id, FeatureProblem::Shape(format!("the type is {:?}, not \"Feature\"", wire.kind))));
    }
    let id = id.unwrap_or_else(|| index.to_string());
    Ok(Feature { id, properties: wire.properties, geometry: wire.geometry, layer })
}

fn id_of(raw: &RawValue) -> Option<String> {
    let value: Value = serde_json::from_str(raw.get()).ok()?;
    id_text(value.get("id")?)
}

fn id_text(id: &Value) -> Option<String> {
    match id {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// `part` is a slice of `text`, so its address tells its line.
fn line_of(text: &str, part: &RawValue) -> usize {
    let offset = (part.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize).min(text.len());
    text.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() + 1
}

impl<P> Feature<'_, P> {
    pub fn point(&self) -> Result<GeoPoint, FeatureProblem> {
        self.require("Point")?;
        self.position(&self.geometry.coordinates)
    }

    pub fn line(&self) -> Result<Vec<GeoPoint>, FeatureProblem> {
        self.require("LineString")?;
        let line = self.positions(&self.geometry.coordinates)?;
        if line.len() < 2 {
            return Err(FeatureProblem::LineTooShort(line.len()));
        }
        Ok(line)
    }

    pub fn ring(&self) -> Result<Ring, FeatureProblem> {
        match self.rings()? {
            (outer, holes) if holes.is_empty() => Ok(outer),
            (_, _) => Err(FeatureProblem::Hole),
        }
    }

    /// The outline and the holes in it.
    pub fn rings(&self) -> Result<(Ring, Vec<Ring>), FeatureProblem> {
        self.require("Polygon")?;
        let rings = self.geometry.coordinates.as_array().map(Vec::as_slice).unwrap_or_default();
        let read = |ring: &Value| Ok(Ring::new(self.positions(ring)?)?);
        match rings {
            [outer, holes @ ..] => Ok((read(outer)?, holes.iter().map(read).collect::<Result<_, FeatureProblem>>()?)),
            [] => Ok((Ring::new(Vec::new())?, Vec::new())),
        }
    }

    fn require(&self, wanted: &'static str) -> Result<(), FeatureProblem> {
        if self.geometry.kind == wanted {
            return Ok(());
        }
        Err(FeatureProblem::Geometry { found: self.geometry.kind.clone(), wanted })
    }

    fn positions(&self, value: &Value) -> Result<Vec<GeoPoint>, FeatureProblem> {
        let list = value.as_array().ok_or_else(|| FeatureProblem::Position(shown(value)))?;
        list.iter().map(|item| self.position(item)).collect()
    }

    fn position(&self, value: &Value) -> Result<GeoPoint, FeatureProblem> {
        let number = |index: usize| value.get(index).and_then(Value::as_f64);
        let (Some(lon_deg), Some(lat_deg)) = (number(0), number(1)) else {
            return Err(FeatureProblem::Position(shown(value)));
        };
        self.layer.near(GeoPoint::new(lat_deg, lon_deg)?)
    }
}

/// Enough of a value to recognise it in the file.
fn shown(value: &Value) -> String {
    const SHOWN_CHARACTERS_MAX: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Seven decimals are a centimetre, and what OpenStreetMap keeps.
fn rounded(degrees: f64) -> f64 {
    (degrees * 1e7).round() / 1e7
}

/// `[longitude, latitude]`.
pub(crate) fn position_json(point: &GeoPoint) -> Value {
    json!([rounded(point.lon_deg()), rounded(point.lat_deg())])
}

/// A polygon's coordinates: one closed ring.
pub(crate) fn polygon_json(ring: &Ring) -> Value {
    holed_polygon_json(ring, &[])
}

/// A polygon's coordinates: closed rings, the outline first.
pub(crate) fn holed_polygon_json(outline: &Ring, holes: &[Ring]) -> Value {
    let closed = |ring: &Ring| ring.corners().iter().chain(ring.corners().first()).map(position_json).collect::<Vec<Value>>();
    let rings: Vec<Vec<Value>> = std::iter::once(outline).chain(holes).map(closed).collect();
    json!({"type": "Polygon", "coordinates": rings})
}

/// A FeatureCollection with one feature a line.
pub(super) fn collection_text(features: &[Value]) -> String {
    let lines: Vec<String> = features.iter().map(Value::to_string).collect();
    format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{}\n]}}\n", lines.join(",\n"))
}
