//! Names of topics: `<prefix>/<district>/<kind>/<id>/<what>`.

use flight_types::DistrictId;

/// The topics of one district.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    root: String,
}

/// A topic of ours taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts<'a> {
    /// "guards", "callers", "drones", …
    pub kind: &'a str,
    /// Whose.
    pub id: &'a str,
    /// "position", "replies", …; empty when the topic ends with the id.
    pub what: &'a str,
}

impl Topics {
    /// Topics that begin with `prefix` and the district.
    pub fn new(prefix: &str, district: &DistrictId) -> Self {
        Self { root: format!("{prefix}/{district}/") }
    }

    /// One topic. Identifiers hold no character that means something in a topic.
    pub fn of(&self, kind: &str, id: &str, what: &str) -> String {
        format!("{}{kind}/{id}/{what}", self.root)
    }

    /// Where a device is told that something it sent could not be used.
    pub fn errors(&self, id: &str) -> String {
        format!("{}errors/{id}", self.root)
    }

    /// Takes a topic or filter of this district apart; `None` for any other.
    pub fn parts<'a>(&self, topic: &'a str) -> Option<Parts<'a>> {
        let (kind, rest) = topic.strip_prefix(self.root.as_str())?.split_once('/')?;
        let (id, what) = rest.split_once('/').unwrap_or((rest, ""));
        Some(Parts { kind, id, what })
    }

    /// What the server listens to.
    pub fn inbound(&self) -> [String; 6] {
        [
            ("guards", "position"),
            ("guards", "presence"),
            ("guards", "replies"),
            ("callers", "calls"),
            ("callers", "position"),
            ("callers", "replies"),
        ]
        .map(|(kind, what)| self.of(kind, "+", what))
    }
}
