//! Addresses as people write them, on the demo's town and on the two real extracts.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::model::Address;
use crate::osm::OsmOptions;
use crate::shared_data::shared_file;

fn demo() -> Site {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../configs/demo-site");
    Site::load(&dir).expect("the demo site loads")
}

/// Each text with what must be matched and how.
fn check(site: &Site, texts: &[(&str, &str, FoundBy)]) {
    let gazetteer = Gazetteer::new(site);
    for (text, matched, by) in texts {
        let found = gazetteer.find(text);
        let seen = found.as_ref().map(|found| (found.matched.as_str(), found.by));
        assert_eq!(seen, Some((*matched, *by)), "{text}");
        assert!(found.is_some_and(|found| found.accuracy_m.is_finite() && found.accuracy_m > 0.0), "{text}");
    }
}

#[test]
fn the_demo_town_is_found_in_both_languages_any_order_and_with_typing_errors() {
    use FoundBy::{House, Name, Quarter, Street};
    let site = demo();
    check(
        &site,
        &[
            ("은하로5길 24", "은하로5길 24", House),
            ("은하로 5길 24", "은하로5길 24", House),
            ("달빛동 은하로5길24, 3층", "은하로5길 24", House),
            ("은하로5길 24 101동 1203호", "은하로5길 24", House),
            ("24 Eunha-ro 5-gil", "은하로5길 24", House),
            ("eunharo 5gil 24, Dalbit-dong", "은하로5길 24", House),
            ("은하루5길 24", "은하로5길 24", House),
            ("Enuha-ro 5-gil 24", "은하로5길 24", House),
            ("강둑길", "강둑길", Street),
            ("Dalbit Station", "달빛역", Name),
            ("달빛역", "달빛역", Name),
            ("별빛편의점 앞", "별빛편의점", Name),
            ("onnuri hospital", "온누리병원", Name),
            ("달빛동", "달빛동", Quarter),
        ],
    );
    let gazetteer = Gazetteer::new(&site);
    for unknown in ["", "   ", "강남대로 12", "Baker Street 221b", "12345", "....", "\u{0}"] {
        assert_eq!(gazetteer.find(unknown), None, "{unknown:?}");
    }
}

#[test]
fn every_address_of_the_demo_is_found_where_it_is() {
    let site = demo();
    let gazetteer = Gazetteer::new(&site);
    for address in site.addresses.iter().filter(|address| address.number.is_some()).step_by(5) {
        let (street, number) = (address.street.as_deref().unwrap_or_default(), address.number.as_deref().unwrap_or_default());
        let found = gazetteer.find(&format!("{street} {number}")).expect("a known address");
        assert_eq!(found.by, FoundBy::House, "{street} {number}");
        assert!(found.point.distance_m(&address.point) <= found.accuracy_m, "{street} {number}: {found:?}");
    }
}

#[test]
fn a_missing_number_lies_between_its_neighbours_within_what_is_said() {
    let mut site = demo();
    let gazetteer = Gazetteer::new(&site);
    let full: Vec<Address> = site.addresses.iter().filter(|address| address.number.is_some()).cloned().collect();
    // Take out every third house, look for it, and compare with where it was.
    let taken: Vec<Address> = full.iter().step_by(3).cloned().collect();
    site.addresses.retain(|address| !taken.iter().any(|one| one.id == address.id));
    let sparse = Gazetteer::new(&site);
    let mut within = 0;
    for address in &taken {
        let text = format!("{} {}", address.street.as_deref().unwrap_or_default(), address.number.as_deref().unwrap_or_default());
        let found = sparse.find(&text).expect("its street is known");
        assert!(gazetteer.find(&text).is_some_and(|found| found.by == FoundBy::House), "{text}");
        within += usize::from(found.point.distance_m(&address.point) <= found.accuracy_m);
    }
    assert!(within * 100 >= taken.len() * 90, "only {within} of {} lie within the accuracy stated", taken.len());
}

#[test]
fn streets_of_the_same_name_are_told_apart_by_their_quarter_or_answered_with_both() {
    let mut site = demo();
    let far = |point: GeoPoint| point.moved(90.0, 6_000.0);
    let twin: Vec<crate::model::Road> = site.roads.iter().filter(|road| road.id == "gangbyeon").cloned().collect();
    for mut road in twin {
        road.id += "-twin";
        road.line = road.line.into_iter().map(far).collect();
        site.roads.push(road);
    }
    let quarter = site.addresses.iter().find(|address| address.id == "place-dalbit").cloned().expect("the demo's quarter");
    site.addresses.push(Address {
        point: far(quarter.point),
        name: Some("새터동".to_owned()),
        other_names: Vec::new(),
        ..quarter.clone()
    });
    let gazetteer = Gazetteer::new(&site);
    let either = gazetteer.find("강변길").expect("two of them");
    assert!(either.accuracy_m > 5_500.0, "{either:?}");
    for (text, point) in [("새터동 강변길", far(quarter.point)), ("강변길, 달빛동", quarter.point)] {
        let found = gazetteer.find(text).expect("told apart");
        assert!(found.point.distance_m(&point) < 1_500.0 && found.accuracy_m < 1_000.0, "{text}: {found:?}");
    }
}

#[test]
fn real_extracts_answer_real_addresses() {
    use FoundBy::{House, Name, Quarter, Street};
    let made = |name: &str| shared_file(name).map(|path| Site::from_osm(&path, &OsmOptions::default()).expect("a site"));
    if let Some(site) = made("osm/andorra.osm.pbf") {
        check(
            &site,
            &[
                ("Avinguda Carlemany 93", "Avinguda Carlemany 93", House),
                ("Av. Carlemany, 93, Escaldes", "Avinguda Carlemany 93", House),
                ("93 Carlemany Avenue", "Avinguda Carlemany 93", House),
                ("av carlmany 93", "Avinguda Carlemany 93", House),
                ("Plaça Major 4", "Plaça Major 4", House),
                ("carrer de sant jordi", "Carrer de Sant Jordi", Street),
                ("Ordino", "Ordino", Quarter),
                ("안도라라벨랴", "Andorra la Vella", Quarter),
            ],
        );
    }
    if let Some(site) = made("osm/seoul_heukseok_cauH.osm.pbf") {
        check(
            &site,
            &[
                ("흑석로", "흑석로", Street),
                ("서울 동작구 흑석로", "흑석로", Street),
                ("Heukseok-ro", "흑석로", Street),
                ("heukseokro, Seoul", "흑석로", Street),
                ("양녕로38길", "양녕로38길", Street),
                ("영신관", "영신관", Name),
                ("Central Library, Heukseok-dong", "중앙도서관", Name),
            ],
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_text_is_answered_without_a_panic(texts in prop::collection::vec(any::<String>(), 4)) {
        let gazetteer = Gazetteer::new(&demo());
        for text in texts {
            if let Some(found) = gazetteer.find(&text) {
                prop_assert!(found.accuracy_m.is_finite());
            }
        }
    }
}
