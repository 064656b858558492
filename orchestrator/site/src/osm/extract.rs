//! Reads an extract into memory: where nodes are, and everything that carries tags.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flight_types::{GeoPoint, Ring};
use osmpbf::{Element, ElementReader};

use crate::error::SiteError;
use crate::limits::FILE_BYTES_MAX;

/// Keys and values of one object.
pub(super) type Tags = BTreeMap<String, String>;

/// Something with tags and a shape.
#[derive(Debug, Clone)]
pub(super) struct Object {
    /// `n1`, `w2`, `r3`.
    pub id: String,
    pub tags: Tags,
    pub shape: Shape,
}

/// The shape of an object, as far as its nodes are in the extract.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    Point(GeoPoint),
    /// Open or closed.
    Line(Vec<GeoPoint>),
    /// The outer and inner rings of a multipolygon relation, each one closed way or several that meet end to end.
    Rings {
        outer: Vec<Ring>,
        inner: Vec<Ring>,
    },
}

impl Object {
    pub fn tag(&self, key: &str) -> Option<&str> {
        self.tags.get(key).map(String::as_str)
    }

    /// Its outlines, when it is an area.
    pub fn rings(&self) -> Vec<Ring> {
        match &self.shape {
            Shape::Point(_) => Vec::new(),
            Shape::Line(line) => closed_ring(line).into_iter().collect(),
            Shape::Rings { outer, .. } => outer.clone(),
        }
    }

    /// Its inner rings: what lies inside its outlines and does not belong to it.
    pub fn holes(&self) -> &[Ring] {
        match &self.shape {
            Shape::Point(_) | Shape::Line(_) => &[],
            Shape::Rings { inner, .. } => inner,
        }
    }
}

fn closed_ring(line: &[GeoPoint]) -> Option<Ring> {
    if line.first() != line.last() {
        return None;
    }
    Ring::new(line.to_vec()).ok()
}

/// What an extract holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Extract {
    pub objects: Vec<Object>,
}

/// Ways of a relation, outer and inner ones.
#[derive(Default)]
pub(super) struct Members {
    pub outer: Vec<i64>,
    pub inner: Vec<i64>,
}

/// First everything as it comes, for a way may come before its nodes.
#[derive(Default)]
pub(super) struct Raw {
    pub nodes: Vec<(i64, i32, i32)>,
    pub tagged_nodes: Vec<(i64, Tags)>,
    pub ways: Vec<(i64, Tags, Vec<i64>)>,
    pub relations: Vec<(i64, Tags, Members)>,
}

impl Extract {
    pub fn read(path: &Path) -> Result<Self, SiteError> {
        let bytes = std::fs::metadata(path).map_err(|source| SiteError::Io { path: path.to_owned(), source })?.len();
        if bytes > FILE_BYTES_MAX {
            return Err(SiteError::TooLarge { path: path.to_owned(), bytes, max: FILE_BYTES_MAX });
        }
        let file = File::open(path).map_err(|source| SiteError::Io { path: path.to_owned(), source })?;
        Self::read_from(path, BufReader::new(file))
    }

    /// Reads from anywhere; errors name it as `path`.
    pub fn read_from(path: &Path, source: impl Read + Send) -> Result<Self, SiteError> {
        let wrong = |error: osmpbf::Error| SiteError::Osm { path: path.to_owned(), message: error.to_string() };
        let mut raw = Raw::default();
        ElementReader::new(source).for_each(|element| raw.take(&element)).map_err(wrong)?;
        Ok(raw.into_extract())
    }
}

impl Raw {
    fn take(&mut self, element: &Element<'_>) {
        match element {
            Element::Node(node) => {
                self.nodes.push((node.id(), node.decimicro_lat(), node.decimicro_lon()));
                self.tagged_node(node.id(), owned(node.tags()));
            }
            Element::DenseNode(node) => {
                self.nodes.push((node.id(), node.decimicro_lat(), node.decimicro_lon()));
                self.tagged_node(node.id(), owned(node.tags()));
            }
            Element::Way(way) => self.ways.push((way.id(), owned(way.tags()), way.refs().collect())),
            Element::Relation(relation) => {
                let mut members = Members::default();
                for member in relation.members().filter(|member| matches!(member.member_type, osmpbf::RelMemberType::Way)) {
                    match member.role() {
                        Ok("inner") => members.inner.push(member.member_id),
                        Ok(_) => members.outer.push(member.member_id),
                        Err(_) => {}
                    }
                }
                self.relations.push((relation.id(), owned(relation.tags()), members));
            }
        }
    }

    fn tagged_node(&mut self, id: i64, tags: Tags) {
        if !tags.is_empty() {
            self.tagged_nodes.push((id, tags));
        }
    }

    fn point(&self, id: i64) -> Option<GeoPoint> {
        let place = self.nodes.binary_search_by_key(&id, |node| node.0).ok()?;
        let (_, lat, lon) = self.nodes[place];
        GeoPoint::new(f64::from(lat) / 1e7, f64::from(lon) / 1e7).ok()
    }

    /// Nodes cut off at the extract's edge are left out of the line.
    fn line(&self, refs: &[i64]) -> Vec<GeoPoint> {
        refs.iter().filter_map(|id| self.point(*id)).collect()
    }

    /// What was read, with its shapes put together.
    pub fn into_extract(mut self) -> Extract {
        self.nodes.sort_unstable();
        let lines: BTreeMap<i64, Vec<GeoPoint>> = self.ways.iter().map(|(id, _, refs)| (*id, self.line(refs))).collect();
        let mut objects = Vec::new();
        for (id, tags) in std::mem::take(&mut self.tagged_nodes) {
            if let Some(point) = self.point(id) {
                objects.push(Object { id: format!("n{id}"), tags, shape: Shape::Point(point) });
            }
        }
        for (id, tags, _) in self.ways.into_iter().filter(|(_, tags, _)| !tags.is_empty()) {
            objects.push(Object { id: format!("w{id}"), tags, shape: Shape::Line(lines[&id].clone()) });
        }
        let rings =
            |ways: &[i64]| joined(ways.iter().filter_map(|way| lines.get(way)).filter(|line| line.len() > 1).cloned().collect());
        for (id, tags, members) in self.relations {
            if tags.get("type").is_some_and(|kind| kind == "multipolygon") {
                let shape = Shape::Rings { outer: rings(&members.outer), inner: rings(&members.inner) };
                objects.push(Object { id: format!("r{id}"), tags, shape });
            }
        }
        Extract { objects }
    }
}

/// The rings that lines make: closed ones by themselves, open ones where they meet end to end. What stays open is none.
fn joined(lines: Vec<Vec<GeoPoint>>) -> Vec<Ring> {
    let (closed, mut open): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.first() == line.last());
    let mut rings: Vec<Ring> = closed.iter().filter_map(|line| closed_ring(line)).collect();
    // Every turn takes a line away, so it ends.
    while let Some(mut line) = open.pop() {
        while line.first() != line.last() {
            let end = line.last();
            let Some(next) = open.iter().position(|other| other.first() == end || other.last() == end) else { break };
            let mut other = open.swap_remove(next);
            if other.first() != end {
                other.reverse();
            }
            line.extend(other.into_iter().skip(1));
        }
        rings.extend(closed_ring(&line));
    }
    rings
}

fn owned<'a>(tags: impl Iterator<Item = (&'a str, &'a str)>) -> Tags {
    tags.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
