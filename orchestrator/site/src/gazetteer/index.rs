//! Everything that has a name, as words, and how well a text matches them.

use std::collections::BTreeMap;

use flight_types::GeoPoint;

use crate::gazetteer::numbers::HouseNumber;
use crate::model::{Address, Road, Site, middle};
use crate::text::{ATOMS_MAX, Atom, atoms, errors_max, letters, typing_errors};

/// Pieces of one street further apart than this are different streets of the same name, metres.
const SAME_STREET_M: f64 = 700.0;

/// A house is counted to the street of its name that passes within this, metres.
const HOUSE_TO_STREET_M: f64 = 1_500.0;

/// A named settlement reaches further than this, metres; a landmark does not.
const QUARTER_REACH_MIN_M: f64 = 90.0;

/// Atoms a single word may have been typed as: "heuk seok ro 9 gil".
const WINDOW_ATOMS_MAX: usize = 5;

/// A word shorter than this matches only as a whole name of its own: too many texts hold it by chance.
const LETTERS_MIN: usize = 2;

/// A street: its course's middle, how far it reaches, and its numbered houses.
#[derive(Debug, Clone)]
pub(super) struct Street {
    pub point: GeoPoint,
    pub reach_m: f64,
    pub houses: Vec<(HouseNumber, GeoPoint, f64)>,
}

/// What a name leads to.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Street(Street),
    Name { point: GeoPoint, accuracy_m: f64, is_quarter: bool },
}

/// Something with a name, in one of its spellings.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub shown: String,
    pub target: Target,
    /// Each spelling's words.
    spellings: Vec<Spelling>,
}

#[derive(Debug, Clone)]
struct Spelling {
    /// Indexes into the index's words.
    words: Vec<usize>,
    kind: Option<Kind>,
}

/// What sort of street a generic word names: people mix languages and abbreviations freely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Avenue,
    Street,
    Square,
    Road,
    Promenade,
}

/// How a text matches an entry.
#[derive(Debug, Clone)]
pub(super) struct Matched {
    pub entry: usize,
    /// Letters explained.
    pub letters: usize,
    pub errors: usize,
    /// The generic word (street, avenue, …) agrees as well.
    pub kind_agrees: bool,
    /// Atoms of the text that were used, as bits.
    pub used: u32,
}

#[derive(Debug)]
pub(super) struct Index {
    pub entries: Vec<Entry>,
    words: Vec<Vec<char>>,
}

/// Where a word was found in the text.
#[derive(Debug, Clone, Copy)]
struct Hit {
    errors: usize,
    used: u32,
}

impl Index {
    pub fn build(site: &Site) -> Self {
        let mut builder = Builder::default();
        for (name, pieces) in streets(&site.roads, &site.addresses) {
            for group in apart(pieces) {
                builder.street(&name, group);
            }
        }
        for address in &site.addresses {
            builder.name(address);
        }
        builder.into_index()
    }

    /// Every entry of which all words of one spelling are in the text; the best spelling of each.
    pub fn matches(&self, atoms: &[Atom]) -> Vec<Matched> {
        let windows = windows(atoms);
        let hits: Vec<Vec<Hit>> = self.words.iter().map(|word| hits(word, &windows)).collect();
        let kinds: Vec<Kind> = atoms.iter().filter_map(|atom| generic(&atom.text)).collect();
        let best = |(entry, data): (usize, &Entry)| {
            let spellings = data.spellings.iter().filter_map(|spelling| self.spelled(entry, spelling, &hits, &kinds));
            spellings.max_by_key(|matched| (matched.letters, std::cmp::Reverse(matched.errors), matched.kind_agrees))
        };
        self.entries.iter().enumerate().filter_map(best).collect()
    }

    fn spelled(&self, entry: usize, spelling: &Spelling, hits: &[Vec<Hit>], kinds: &[Kind]) -> Option<Matched> {
        let kind_agrees = spelling.kind.is_some_and(|kind| kinds.contains(&kind));
        let mut matched = Matched { entry, letters: 0, errors: 0, kind_agrees, used: 0 };
        for word in &spelling.words {
            let free = hits[*word].iter().filter(|hit| hit.used & matched.used == 0);
            let hit = free.min_by_key(|hit| (hit.errors, hit.used))?;
            matched.letters += self.words[*word].len();
            matched.errors += hit.errors;
            matched.used |= hit.used;
        }
        Some(matched)
    }
}

/// Runs of neighbouring atoms written together, with the atoms they use.
fn windows(atoms: &[Atom]) -> Vec<(Vec<char>, u32)> {
    let mut windows = Vec::new();
    for begin in 0..atoms.len().min(ATOMS_MAX) {
        let (mut text, mut used) = (String::new(), 0u32);
        for (index, atom) in atoms.iter().enumerate().skip(begin).take(WINDOW_ATOMS_MAX) {
            text.push_str(&atom.text);
            used |= 1 << index;
            windows.push((letters(&text), used));
        }
    }
    windows
}

fn hits(word: &[char], windows: &[(Vec<char>, u32)]) -> Vec<Hit> {
    let max = errors_max(word.len());
    let hit = |(window, used): &(Vec<char>, u32)| typing_errors(word, window, max).map(|errors| Hit { errors, used: *used });
    windows.iter().filter_map(hit).collect()
}

/// The pieces of one street: courses of roads, and houses said to be on it.
#[derive(Debug, Default)]
struct Pieces {
    other_names: Vec<String>,
    courses: Vec<Vec<GeoPoint>>,
    houses: Vec<(HouseNumber, GeoPoint, f64)>,
}

fn streets(roads: &[Road], addresses: &[Address]) -> BTreeMap<String, Pieces> {
    let mut streets: BTreeMap<String, Pieces> = BTreeMap::new();
    for road in roads {
        if let Some(name) = &road.name {
            let pieces = streets.entry(name.clone()).or_default();
            pieces.other_names.extend(road.other_names.iter().cloned());
            pieces.courses.push(road.line.clone());
        }
    }
    for address in addresses {
        if let Some(street) = &address.street {
            let pieces = streets.entry(street.clone()).or_default();
            pieces.other_names.extend(address.other_streets.iter().cloned());
            let number = address.number.as_deref().and_then(HouseNumber::parse);
            pieces.houses.extend(number.map(|number| (number, address.point, address.accuracy_m)));
        }
    }
    streets
}

/// Streets of the same name that lie apart, each with its own houses. Names without a course are one street of houses.
fn apart(mut pieces: Pieces) -> Vec<Pieces> {
    pieces.other_names.sort();
    pieces.other_names.dedup();
    let mut groups: Vec<Pieces> = Vec::new();
    for course in std::mem::take(&mut pieces.courses) {
        let near = |group: &Pieces| group.courses.iter().any(|other| courses_m(other, &course) <= SAME_STREET_M);
        let (touching, rest): (Vec<Pieces>, Vec<Pieces>) = groups.into_iter().partition(near);
        let mut joined = Pieces { other_names: pieces.other_names.clone(), courses: vec![course], houses: Vec::new() };
        joined.courses.extend(touching.into_iter().flat_map(|group| group.courses));
        groups = rest;
        groups.push(joined);
    }
    if groups.is_empty() {
        return vec![pieces];
    }
    let mut homeless = Vec::new();
    for house in pieces.houses {
        let distance = |group: &Pieces| group.courses.iter().map(|course| course_m(course, &house.1)).fold(f64::INFINITY, f64::min);
        let nearest = groups.iter_mut().min_by(|a, b| distance(a).total_cmp(&distance(b))).expect("checked: there is a group");
        if distance(nearest) <= HOUSE_TO_STREET_M { nearest.houses.push(house) } else { homeless.push(house) }
    }
    if !homeless.is_empty() {
        groups.push(Pieces { other_names: pieces.other_names, courses: Vec::new(), houses: homeless });
    }
    groups
}

fn course_m(course: &[GeoPoint], point: &GeoPoint) -> f64 {
    course.iter().map(|on| on.distance_m(point)).fold(f64::INFINITY, f64::min)
}

fn courses_m(a: &[GeoPoint], b: &[GeoPoint]) -> f64 {
    [b.first(), b.last()].into_iter().flatten().map(|end| course_m(a, end)).fold(f64::INFINITY, f64::min)
}

#[derive(Default)]
struct Builder {
    entries: Vec<Entry>,
    numbers: BTreeMap<Vec<char>, usize>,
}

impl Builder {
    fn street(&mut self, name: &str, pieces: Pieces) {
        let points: Vec<GeoPoint> =
            pieces.courses.iter().flatten().copied().chain(pieces.houses.iter().map(|(_, point, _)| *point)).collect();
        if points.is_empty() {
            return;
        }
        let centre = middle(&points);
        let point = *points.iter().min_by(|a, b| a.distance_m(&centre).total_cmp(&b.distance_m(&centre))).expect("not empty");
        let reach_m = points.iter().map(|other| point.distance_m(other)).fold(50.0, f64::max);
        let target = Target::Street(Street { point, reach_m, houses: pieces.houses });
        self.entry(name, &pieces.other_names, target);
    }

    fn name(&mut self, address: &Address) {
        let Some(name) = &address.name else { return };
        let is_quarter = address.number.is_none() && address.accuracy_m >= QUARTER_REACH_MIN_M;
        let target = Target::Name { point: address.point, accuracy_m: address.accuracy_m, is_quarter };
        self.entry(name, &address.other_names, target);
    }

    fn entry(&mut self, shown: &str, other_names: &[String], target: Target) {
        let names = std::iter::once(shown).chain(other_names.iter().map(String::as_str));
        let spellings: Vec<Spelling> = names.filter_map(|name| self.spelling(name)).collect();
        if !spellings.is_empty() {
            self.entries.push(Entry { shown: shown.to_owned(), target, spellings });
        }
    }

    /// A name's own words; generic words and articles only where there is nothing else.
    fn spelling(&mut self, name: &str) -> Option<Spelling> {
        let words = words(name);
        let kind = words.iter().find_map(|word| generic(word));
        let own: Vec<&String> = words.iter().filter(|word| generic(word).is_none() && !is_particle(word)).collect();
        let chosen = if own.is_empty() { words.iter().collect() } else { own };
        let chosen: Vec<Vec<char>> = chosen.into_iter().map(|word| letters(word)).collect();
        if chosen.iter().map(Vec::len).sum::<usize>() < LETTERS_MIN {
            return None;
        }
        let words = chosen.into_iter().map(|word| self.number(word)).collect();
        Some(Spelling { words, kind })
    }

    fn number(&mut self, word: Vec<char>) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry(word).or_insert(next)
    }

    fn into_index(self) -> Index {
        let mut words = vec![Vec::new(); self.numbers.len()];
        for (word, number) in self.numbers {
            words[number] = word;
        }
        Index { entries: self.entries, words }
    }
}

/// Words of a name: what stands between spaces, hyphens joined ("heukseok-ro" is one word, however it is typed later).
fn words(name: &str) -> Vec<String> {
    name.split(|c: char| c.is_whitespace() || "'’,/()".contains(c))
        .map(|word| atoms(word).into_iter().map(|atom| atom.text).collect::<String>())
        .filter(|word| !word.is_empty())
        .collect()
}

fn generic(word: &str) -> Option<Kind> {
    match word {
        "avinguda" | "av" | "avda" | "avenida" | "avenue" | "ave" | "avgda" => Some(Kind::Avenue),
        "carrer" | "c" | "cr" | "calle" | "street" | "rue" | "carreró" | "carrero" => Some(Kind::Street),
        "placa" | "pl" | "plaza" | "square" | "sq" | "place" | "placeta" => Some(Kind::Square),
        "carretera" | "ctra" | "road" | "rd" | "cami" | "camino" | "route" => Some(Kind::Road),
        "passeig" | "pg" | "paseo" | "promenade" | "passatge" => Some(Kind::Promenade),
        _ => None,
    }
}

fn is_particle(word: &str) -> bool {
    ["de", "del", "dels", "la", "el", "les", "els", "los", "las", "d", "l", "i", "y", "the", "of", "des", "du", "le"]
        .contains(&word)
}
