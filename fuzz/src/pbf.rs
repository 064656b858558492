//! An OpenStreetMap extract: whole files of any bytes, and any block of data in a file that is otherwise whole.

use std::path::Path;

use site_model::{OsmOptions, Site};

/// Bytes of one input that are looked at. The reader of the format makes room for what a header claims.
const LENGTH_MAX: usize = 65_536;

/// A site that is made is shown without a panic, and written so that it is read again.
pub fn run(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else { return };
    let rest = &rest[..rest.len().min(LENGTH_MAX)];
    let file = if kind.is_multiple_of(2) { rest.to_vec() } else { file(rest) };
    let name = Path::new("town.osm.pbf");
    match Site::from_osm_bytes(name, &file, &OsmOptions::default()) {
        Ok(site) => {
            drop((site.config(), site.map_geojson()));
            let again = Site::parse(name, site.texts());
            assert!(again.is_ok(), "what is written reads back: {:?}", again.err());
        }
        Err(error) => assert!(!error.to_string().is_empty(), "an error says what is wrong"),
    }
}

/// A whole file round a block of data, by the format's description (wiki.openstreetmap.org/wiki/PBF_Format), uncompressed.
fn file(block: &[u8]) -> Vec<u8> {
    let header = [field(4, b"OsmSchema-V0.6"), field(4, b"DenseNodes")].concat();
    [blob("OSMHeader", &header), blob("OSMData", block)].concat()
}

fn blob(kind: &str, data: &[u8]) -> Vec<u8> {
    let blob = field(1, data);
    let header = [field(1, kind.as_bytes()), number(3, blob.len() as u64)].concat();
    [(header.len() as u32).to_be_bytes().to_vec(), header, blob].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while 0x80 <= value {
        bytes.push((value as u8 & 0x7F) | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn zigzag(value: i64) -> Vec<u8> {
    varint(((value << 1) ^ (value >> 63)) as u64)
}

fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

fn signed(field: u64, value: i64) -> Vec<u8> {
    [varint(field << 3), zigzag(value)].concat()
}

fn field(field: u64, bytes: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(bytes.len() as u64), bytes.to_vec()].concat()
}

/// A street of three nodes, a house with a number, a closed way; then the same as a whole file, and an empty one.
pub fn seeds() -> Vec<Vec<u8>> {
    let block = town();
    let whole = [vec![0], file(&block)].concat();
    vec![[vec![1], block].concat(), whole, vec![0], vec![1]]
}

fn town() -> Vec<u8> {
    const WORDS: [&str; 13] = [
        "",
        "highway",
        "residential",
        "name",
        "Market Street",
        "addr:housenumber",
        "12",
        "addr:street",
        "building",
        "yes",
        "height",
        "9.5",
        "amenity",
    ];
    let table: Vec<u8> = WORDS.iter().flat_map(|word| field(1, word.as_bytes())).collect();
    let node = |id: i64, east: i64, north: i64, tags: &[(u64, u64)]| {
        let (keys, values): (Vec<Vec<u8>>, Vec<Vec<u8>>) = tags.iter().map(|(key, value)| (varint(*key), varint(*value))).unzip();
        let parts = [
            signed(1, id),
            field(2, &keys.concat()),
            field(3, &values.concat()),
            signed(8, 375_000_000 + north),
            signed(9, 1_270_000_000 + east),
        ];
        field(1, &parts.concat())
    };
    let way = |id: u64, refs: &[i64], tags: &[(u64, u64)]| {
        let (keys, values): (Vec<Vec<u8>>, Vec<Vec<u8>>) = tags.iter().map(|(key, value)| (varint(*key), varint(*value))).unzip();
        let mut before = 0;
        let steps: Vec<u8> = refs.iter().flat_map(|node| zigzag(node - std::mem::replace(&mut before, *node))).collect();
        field(3, &[number(1, id), field(2, &keys.concat()), field(3, &values.concat()), field(8, &steps)].concat())
    };
    let group = [
        node(1, 0, 0, &[]),
        node(2, 10_000, 0, &[]),
        node(3, 20_000, 5_000, &[]),
        node(4, 3_000, 1_000, &[(5, 6), (7, 4)]),
        node(5, 9_000, 9_000, &[]),
        way(10, &[1, 2, 3], &[(1, 2), (3, 4)]),
        way(11, &[2, 3, 5, 2], &[(8, 9), (10, 11)]),
    ];
    [field(1, &table), field(2, &group.concat())].concat()
}
