//! Reading and writing a site, and what is said when one is wrong.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

fn demo_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../configs/demo-site")
}

fn layer(text: &str) -> Layer {
    let centre = GeoPoint::new(36.548, 127.912).expect("a test point");
    Layer { path: PathBuf::from("test.geojson"), text: text.to_owned(), centre }
}

/// A fresh folder under cargo's own place for tests' files.
fn scratch_dir(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("site-model-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a folder for the test");
    dir
}

#[test]
fn the_demo_site_is_read_written_and_read_the_same() {
    let site = Site::load(&demo_dir()).expect("the demo site loads");
    assert_eq!(site.drones().count(), 3);
    assert!(site.buildings.len() > 200 && site.addresses.len() > 150 && site.lots.len() == 3);
    let dir = scratch_dir("round-trip");
    site.save(&dir).expect("written");
    assert_eq!(Site::load(&dir).expect("read again"), site);
    std::fs::remove_dir_all(&dir).expect("removed");
}

#[test]
fn the_demo_site_is_what_its_generator_draws_on_the_map() {
    let site = Site::load(&demo_dir()).expect("the demo site loads");
    let map = site.map_geojson();
    let features = map["features"].as_array().expect("features");
    let count = |kind: &str| features.iter().filter(|feature| feature["properties"]["kind"] == kind).count();
    assert_eq!(count("road"), site.roads.len());
    assert_eq!(count("building"), site.buildings.len());
    let few = ["lot", "lot_area", "no_fly", "fence", "station", "pad", "land_water", "land_green"].map(count);
    assert_eq!(few, [3, 7, 2, 1, 2, 3, 2, 4]);
    assert_eq!(site.config().stations.len(), 2);
}

#[test]
fn a_manifest_says_which_line_or_key_is_wrong() {
    let text = std::fs::read_to_string(demo_dir().join(MANIFEST)).expect("the demo manifest");
    let line_of = |needle: &str| text.lines().position(|line| line.contains(needle)).expect("there") + 1;
    for (from, to, said) in [
        (
            "height_max_m = 120.0",
            "heigth_max_m = 120.0",
            vec![format!("line {}", line_of("height_max_m")), "heigth_max_m".to_owned()],
        ),
        ("ring_radii_m", "ring_radius_m", vec![format!("line {}", line_of("ring_radii_m")), "ring_radius_m".to_owned()]),
        ("system_id = 2", "system_id = 1", vec!["station[0].drone[1].system_id".to_owned(), "already used".to_owned()]),
        ("system_id = 2", "system_id = 0", vec!["station[0].drone[1].system_id".to_owned()]),
        ("system_id = 2", "system_id = 300", vec![format!("line {}", line_of("system_id = 2"))]),
        ("ground_amsl_m = 61.0", "ground_amsl_m = nan", vec!["station[0].ground_amsl_m".to_owned(), "NaN".to_owned()]),
        ("endurance_s = 1500.0", "endurance_s = -1.0", vec!["station[0].drone[0].endurance_s".to_owned()]),
        ("position = { lat = 36.", "position = { lat = 96.", vec!["96".to_owned(), format!("line {}", line_of("position = "))]),
        (
            "position = { lat = 36.",
            "position = { lat = 16.",
            vec!["station[0].position".to_owned(), "outside the fence".to_owned()],
        ),
        ("ring = [\n  { lat = 36.", "ring = [\n  { lat = -36.", vec!["fence.ring[".to_owned(), "swapped".to_owned()]),
        ("ring_radii_m = [600.0", "ring_radii_m = [9000.0", vec!["policy.ring_radii_m".to_owned(), "ascending".to_owned()]),
        ("by = \"automatic\"", "by = \"nobody\"", vec![format!("line {}", line_of("automatic")), "nobody".to_owned()]),
    ] {
        assert!(text.contains(from), "the demo manifest has no {from:?}");
        let wrong = text.replacen(from, to, 1);
        let error = manifest::parse(&PathBuf::from("site.toml"), &wrong).expect_err(to).to_string();
        for part in said {
            assert!(error.contains(&part), "{to}: {part:?} is missing in {error}");
        }
    }
}

#[test]
fn a_layer_says_which_feature_is_wrong() {
    let feature = |geometry: &str, properties: &str| {
        format!(
            "{{\"type\":\"FeatureCollection\",\"features\":[\n\n{{\"type\":\"Feature\",\"id\":\"x1\",\"geometry\":{geometry},\"properties\":{properties}}}\n]}}"
        )
    };
    let polygon = |corners: &str| format!("{{\"type\":\"Polygon\",\"coordinates\":[[{corners}]]}}");
    let good = polygon("[127.91,36.54],[127.92,36.54],[127.92,36.55]");
    let lot = r#"{"kind":"lot","name":"P"}"#;
    for (text, said) in [
        ("{".to_owned(), vec!["test.geojson:1"]),
        (r#"{"type":"Feature","features":[]}"#.to_owned(), vec!["FeatureCollection"]),
        (feature(&good, r#"{"kind":"lot","name":"P","colour":1}"#), vec!["test.geojson:3", "x1", "colour"]),
        (feature(&good, r#"{"kind":"lorry","name":"P"}"#), vec!["x1", "lorry"]),
        (feature(&good, r#"{"kind":"area","name":"A","lot":"nowhere"}"#), vec!["x1", "nowhere"]),
        (feature(r#"{"type":"Point","coordinates":[127.9,36.5]}"#, lot), vec!["x1", "Point", "Polygon"]),
        (feature(&polygon("[127.91,36.54],[127.92,36.54]"), lot), vec!["x1", "3 corners"]),
        (feature(&polygon("[127.91,36.54],[127.92,96.54],[127.92,36.55]"), lot), vec!["x1", "96.54"]),
        (feature(&polygon("[36.54,127.91],[36.54,127.92],[36.55,127.92]"), lot), vec!["x1", "outside"]),
        (feature(&polygon("[13.4,52.5],[13.5,52.5],[13.5,52.6]"), lot), vec!["x1", "km from the site"]),
        (feature(&polygon("[\"a\",1],[127.92,36.54],[127.92,36.55]"), lot), vec!["x1", "longitude, latitude"]),
        (feature(&polygon("null"), lot), vec!["x1", "null"]),
        (feature(&polygon("[1e999,1]"), lot), vec!["test.geojson"]),
    ] {
        let error = lots::read(&layer(&text)).expect_err(&text).to_string();
        for part in said {
            assert!(error.contains(part), "{part:?} is missing in {error}");
        }
    }
    assert!(lots::read(&layer(&feature(&good, lot))).is_ok());
}

/// JSON that looks like GeoJSON and mostly is not.
fn scraps() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"type\"",
        "\"FeatureCollection\"",
        "\"features\"",
        "\"Feature\"",
        "\"geometry\"",
        "\"Polygon\"",
        "\"coordinates\"",
        "\"properties\"",
        "127.9",
        "36.5",
        "1e308",
        "-0",
        "null",
        "\"kind\"",
        "\"lot\"",
        "\"name\"",
        "\"\u{d55c}\"",
        " ",
        "\n",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever comes, the answer is a site or an error with the file's name, never a panic.
    #[test]
    fn garbage_is_refused_in_words(text in prop_oneof![scraps(), any::<String>()]) {
        let layer = layer(&text);
        let errors = [
            layers::roads(&layer).err(), layers::addresses(&layer).err(), layers::buildings(&layer).err(),
            lots::read(&layer).err(), layers::no_fly(&layer).err(), layers::land(&layer).err(),
        ];
        for error in errors.into_iter().flatten() {
            prop_assert!(error.to_string().contains("test.geojson"));
        }
    }

    /// A good file with one byte changed: accepted as something else that is valid, or refused with the file's name.
    #[test]
    fn one_wrong_byte_is_no_panic(place in 0usize..2_000, byte in any::<u8>()) {
        let mut bytes = std::fs::read(demo_dir().join(LOTS)).expect("the demo's lots");
        let place = place % bytes.len();
        bytes[place] = byte;
        if let Ok(text) = String::from_utf8(bytes)
            && let Err(error) = lots::read(&layer(&text)) {
                prop_assert!(error.to_string().contains("test.geojson"));
            }
    }

    #[test]
    fn a_broken_manifest_is_refused_in_words(place in 0usize..3_000, byte in any::<u8>()) {
        let mut bytes = std::fs::read(demo_dir().join(MANIFEST)).expect("the demo's manifest");
        let place = place % bytes.len();
        bytes[place] = byte;
        if let Ok(text) = String::from_utf8(bytes)
            && let Err(error) = manifest::parse(&PathBuf::from("site.toml"), &text) {
                prop_assert!(error.to_string().contains("site.toml"));
            }
    }
}

/// A grid over the demo's fence: flat ground at the height of its stations with a hill in the north-west.
fn demo_grid(ground_m: f64) -> String {
    let mut text = "ncols 60\nnrows 60\nxllcorner 127.88\nyllcorner 36.52\ncellsize 0.001\n".to_owned();
    for row in 0_i32..60 {
        let height_m = |column: i32| ground_m + f64::from((40 - (row - 10).abs() * 4 - (column - 10).abs() * 4).max(0));
        text += &(0..60).map(|column| height_m(column).to_string()).collect::<Vec<_>>().join(" ");
        text.push('\n');
    }
    text
}

#[test]
fn a_site_names_its_elevation_grid_and_a_wrong_one_is_refused_in_words() {
    let demo = Site::load(&demo_dir()).expect("the demo site loads");
    let named = |grid: Option<String>, name: &str| {
        let manifest = format!("elevation = \"{name}\"\n{}", demo.texts().manifest);
        Site::parse(&demo_dir(), SiteTexts { manifest, elevation: grid, ..demo.texts() })
    };
    let site = named(Some(demo_grid(61.0)), "ground.asc").expect("a site with its ground");
    let config = site.config();
    let relief = config.relief.expect("flights follow the ground");
    assert_eq!(relief.pads_amsl_m.len(), 3);
    let dir = scratch_dir("elevation");
    site.save(&dir).expect("written");
    assert_eq!(Site::load(&dir).expect("read again"), site);
    std::fs::remove_file(dir.join("ground.asc")).expect("removed");
    assert!(Site::load(&dir).is_err(), "a site whose grid is gone is no flat site");
    std::fs::remove_dir_all(&dir).expect("removed");
    for (grid, name, words) in [
        (Some(demo_grid(61.0)), "../ground.asc", "elevation: it must name a file beside site.toml"),
        (None, "ground.asc", "elevation: ground.asc is not there"),
        (Some("ncols 4".to_owned()), "ground.asc", "ground.asc: no elevation grid: the header has no nrows"),
        (Some(demo_grid(90.0)), "ground.asc", "station[0].ground_amsl_m: it is 61 m, the elevation grid has 90 m there"),
        (Some(demo_grid(61.0).replace("xllcorner 127.88", "xllcorner 126.88")), "ground.asc", "elevation: it has no height at 36."),
    ] {
        let error = named(grid, name).expect_err(words).to_string();
        assert!(error.contains(words), "{error}\nfor {words}");
    }
}
