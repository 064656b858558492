//! Lots as managers draw them: seen, drawn anew, refused in words, put back, kept over a restart, printed.

use orchestrator::config::SurveysConfig;
use orchestrator::lots::Lots;
use orchestrator::store::audit_notes;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use site_model::Lot;

use crate::world::{World, answer, centre, generous, lot_json};

async fn draw(world: &World, over: &str, layout: &Value) -> (StatusCode, Value) {
    let request = world.request("manager", Method::PUT, "/lots/lot-1/layout").header("If-Match", over);
    answer(request.body(layout.to_string())).await
}

/// The layout with one more bay in the east of the row.
fn with_a_bay_more(layout: &Value) -> Value {
    let mut layout = layout.clone();
    let features = layout["features"].as_array_mut().expect("features");
    let mut bay = features.iter().find(|feature| feature["id"] == "A1-02").expect("a bay").clone();
    bay["id"] = json!("A1-03");
    let step = bay["geometry"]["coordinates"][0][1][0].as_f64().zip(bay["geometry"]["coordinates"][0][0][0].as_f64());
    let step = step.map(|(east, west)| east - west).expect("a width");
    for corner in bay["geometry"]["coordinates"][0].as_array_mut().expect("corners") {
        corner[0] = json!(corner[0].as_f64().expect("a longitude") + step);
    }
    features.push(bay);
    layout
}

#[tokio::test]
async fn a_lot_is_drawn_anew_and_put_back() {
    let world = World::new().await;
    let (status, listed) = world.get("operator", "/lots").await;
    let expected = json!([{"id": "lot-1", "name": "East", "version": 0, "areas": 1, "bays": 2, "beacons": 1}]);
    assert_eq!((status, listed), (StatusCode::OK, expected));
    let response = world.request("manager", Method::GET, "/lots/lot-1").send().await.expect("an answer");
    assert_eq!(response.headers()["etag"], "\"0\"");
    let (_, before) = world.get("manager", "/lots/lot-1").await;
    assert_eq!(before["layout"]["features"].as_array().map(Vec::len), Some(5));

    let (status, drawn) = draw(&world, "\"0\"", &with_a_bay_more(&before["layout"])).await;
    assert_eq!((status, &drawn["version"], &drawn["drawn_by"]), (StatusCode::OK, &json!(1), &json!("manager")), "{drawn}");
    assert_eq!(world.get("pilot", "/lots/lot-1").await.1, drawn);

    let (_, former) = world.get("manager", "/lots/lot-1?version=0").await;
    assert_eq!(former["layout"], before["layout"]);
    let (status, back) = draw(&world, "\"1\"", &former["layout"]).await;
    assert_eq!((status, &back["version"], &back["layout"]), (StatusCode::OK, &json!(2), &before["layout"]));
    let (_, versions) = world.get("manager", "/lots/lot-1/versions").await;
    let numbers: Vec<&Value> = versions.as_array().expect("a list").iter().map(|version| &version["version"]).collect();
    assert_eq!(numbers, [2, 1]);
    assert_eq!(world.get("manager", "/lots/lot-1?version=7").await.0, StatusCode::NOT_FOUND);

    let notes = audit_notes(&world.store, &["drew"]).await.expect("the audit trail");
    let said: Vec<_> = notes.iter().map(|note| (note.subject.as_str(), note.detail["version"].as_str())).collect();
    assert_eq!(said, [("lot lot-1", "1"), ("lot lot-1", "2")]);
}

#[tokio::test]
async fn two_who_draw_over_the_same_version_do_not_overwrite_each_other() {
    let world = World::new().await;
    let (_, before) = world.get("manager", "/lots/lot-1").await;
    let layout = with_a_bay_more(&before["layout"]);
    let both = tokio::join!(draw(&world, "\"0\"", &layout), draw(&world, "\"0\"", &before["layout"]));
    let mut statuses = [both.0.0, both.1.0];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::PRECONDITION_FAILED]);
    let refused = if both.0.0 == StatusCode::OK { both.1.1 } else { both.0.1 };
    assert_eq!(refused["type"], "/problems/changed");
    assert!(
        refused["detail"].as_str().is_some_and(|detail| detail.contains("manager") && detail.contains("version 1")),
        "{refused}"
    );
    let unnamed = answer(world.request("manager", Method::PUT, "/lots/lot-1/layout").body(layout.to_string())).await;
    assert_eq!((unnamed.0, &unnamed.1["type"]), (StatusCode::PRECONDITION_REQUIRED, &json!("/problems/version-needed")));
}

#[tokio::test]
async fn what_does_not_fit_together_is_refused_with_feature_and_code_and_changes_nothing() {
    let world = World::new().await;
    let (_, before) = world.get("manager", "/lots/lot-1").await;
    let changed = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut layout = before["layout"].clone();
        change(layout["features"].as_array_mut().expect("features"));
        layout
    };
    let cases: [(Value, Option<&str>, Option<&str>, &str); 7] = [
        (
            changed(&|features| features[3]["geometry"] = features[2]["geometry"].clone()),
            Some("A1-02"),
            Some("overlap"),
            "overlaps A1-01",
        ),
        (changed(&|features| features[2]["properties"]["area"] = json!("B9")), Some("A1-01"), None, "B9"),
        (changed(&|features| features[2]["properties"]["colour"] = json!("red")), Some("A1-01"), None, "colour"),
        (
            changed(&|features| features[0]["geometry"]["coordinates"][0].as_array_mut().expect("corners").swap(1, 2)),
            Some("lot-1"),
            Some("self_crossing"),
            "crosses itself",
        ),
        (
            changed(&|features| features[4]["geometry"]["coordinates"] = json!([127.01, 37.5])),
            Some("A1-beacon"),
            Some("outside_lot"),
            "out of its lot",
        ),
        (changed(&|features| features[0]["id"] = json!("lot-2")), Some("A1"), None, "lot-1"),
        (changed(&Vec::clear), None, None, "a lot is missing"),
    ];
    for (layout, feature, code, said) in cases {
        let (status, refused) = draw(&world, "\"0\"", &layout).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{said}: {refused}");
        assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains(said)), "{said}: {refused}");
        assert_eq!(refused.get("feature").and_then(Value::as_str), feature, "{refused}");
        assert_eq!(refused.get("fault").and_then(|fault| fault["code"].as_str()), code, "{refused}");
    }
    let request = world.request("manager", Method::PUT, "/lots/lot-1/layout").header("If-Match", "\"0\"");
    let (status, _) = answer(request.body(vec![b' '; (2 << 20) + 1])).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(world.get("manager", "/lots/lot-1").await.1, before);
}

#[tokio::test]
async fn a_drawing_outlives_the_server_and_old_ones_are_dropped() {
    let world = World::new().await;
    let (_, before) = world.get("manager", "/lots/lot-1").await;
    let layout = with_a_bay_more(&before["layout"]);
    let kept = orchestrator::store::VERSIONS_KEPT;
    for version in 0..kept + 2 {
        assert_eq!(draw(&world, &format!("\"{version}\""), &layout).await.0, StatusCode::OK);
    }
    let of_file = Lot::from_geojson(lot_json().to_string(), centre()).expect("a lot");
    let lots = Lots::open(std::slice::from_ref(&of_file), centre(), world.store.layouts()).await.expect("lots");
    let again = lots.current(&of_file.id).expect("the lot");
    assert_eq!((again.version, again.lot.bays.len()), (kept + 2, 3));
    let versions = lots.versions(&of_file.id).await.expect("versions");
    assert_eq!((versions.len() as u64, versions.last().map(|version| version.version)), (kept, Some(3)));
}

#[tokio::test]
async fn sheets_are_printed_for_a_height_and_a_camera() {
    let world = World::new().await;
    let pdf = world.request("manager", Method::GET, "/lots/lot-1/sheets.pdf?height_m=20").send().await.expect("an answer");
    assert_eq!(pdf.headers()["content-type"], "application/pdf");
    let pdf = pdf.text().await.expect("plain text");
    assert!(pdf.starts_with("%PDF-1.4") && pdf.contains("A1 - module 44 mm - for 20 m, 1920 px, 70 deg"), "3 x 14.6 mm");
    let svg = world.request("manager", Method::GET, "/lots/lot-1/sheets/A1-beacon.svg").send().await.expect("an answer");
    assert_eq!(svg.headers()["content-type"], "image/svg+xml");
    assert!(svg.text().await.expect("text").contains("A1 - module 33 mm - for 15 m, 1920 px, 70 deg"));
    for path in ["/lots/lot-1/sheets.pdf?height_m=-1", "/lots/lot-1/sheets/A1-beacon?pixels=0"] {
        assert_eq!(world.get("manager", path).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
    }
    assert_eq!(world.get("manager", "/lots/lot-1/sheets/none").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn sheets_are_made_for_the_configured_camera_and_the_height_that_it_flies_at() {
    let printed = async |surveys: SurveysConfig, query: &str| {
        let world = World::with(generous(), &surveys).await;
        let (status, sight) = world.get("manager", "/lots/lot-1/sheets").await;
        assert_eq!(status, StatusCode::OK, "{sight}");
        let path = format!("/lots/lot-1/sheets/A1-beacon.svg{query}");
        let svg = world.request("manager", Method::GET, &path).send().await.expect("an answer").text().await.expect("text");
        let caption = svg.split("A1 - ").nth(1).and_then(|rest| rest.split('<').next()).expect("a caption").to_owned();
        (sight, caption)
    };
    let sight = |height_m: f64, pixels: f64| json!({"height_m": height_m, "pixels": pixels, "view_deg": 70.0});
    let narrow = SurveysConfig { camera_width: 1_280, camera_height: 720, ..SurveysConfig::default() };
    let expected = (sight(10.0, 1_280.0), "module 33 mm - for 10 m, 1280 px, 70 deg".to_owned());
    assert_eq!(printed(narrow.clone(), "").await, expected, "15 m would be read from 10 m only");
    let expected = (sight(10.0, 1_280.0), "module 50 mm - for 15 m, 1280 px, 70 deg".to_owned());
    assert_eq!(printed(narrow.clone(), "?height_m=15").await, expected, "another height, and still the configured camera");
    let expected = (sight(15.0, 1_920.0), "module 33 mm - for 15 m, 1920 px, 70 deg".to_owned());
    assert_eq!(printed(SurveysConfig::default(), "").await, expected);
    // Too few pixels for modules of 33 mm from where surveys fly lowest: the modules grow.
    let coarse = SurveysConfig { camera_width: 640, camera_height: 360, ..narrow };
    let expected = (sight(10.0, 640.0), "module 66 mm - for 10 m, 640 px, 70 deg".to_owned());
    assert_eq!(printed(coarse, "").await, expected);
}

/// A lot that no file has: drawn, kept over a restart, drawn on; not twice, and not over others' ids.
#[tokio::test]
async fn a_new_lot_is_drawn_from_nothing() {
    let world = World::new().await;
    let add = async |layout: &Value| answer(world.request("manager", Method::POST, "/lots").body(layout.to_string())).await;
    let named = |lot: &str, area: &str| {
        let text = lot_json().to_string();
        let text = text.replace("lot-1", lot).replace("A1", area);
        serde_json::from_str::<Value>(&text).expect("a layout")
    };
    let (status, refused) = add(&named("lot-1", "Z1")).await;
    assert_eq!(status, StatusCode::CONFLICT, "{refused}");
    let (status, refused) = add(&named("lot-2", "A1")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "another lot's ids: {refused}");
    let mut bare = lot_json();
    bare["features"].as_array_mut().expect("features").truncate(1);
    bare["features"][0]["id"] = json!("lot-2");
    let (status, made) = add(&bare).await;
    assert_eq!((status, &made["version"], &made["drawn_by"]), (StatusCode::CREATED, &json!(1), &json!("manager")), "{made}");
    assert_eq!(add(&bare).await.0, StatusCode::CONFLICT);
    bare["features"][0]["properties"]["name"] = json!("North");
    let request = world.request("manager", Method::PUT, "/lots/lot-2/layout").header("If-Match", "\"1\"");
    assert_eq!(answer(request.body(bare.to_string())).await.0, StatusCode::OK);
    let of_file = Lot::from_geojson(lot_json().to_string(), centre()).expect("a lot");
    let lots = Lots::open(std::slice::from_ref(&of_file), centre(), world.store.layouts()).await.expect("lots");
    let again = lots.all().into_iter().find(|layout| layout.lot.id.as_str() == "lot-2").expect("it was kept");
    assert_eq!((again.version, again.lot.name.as_str()), (2, "North"));
    // What the file once had and has no more does not come back by its drawings.
    let _ = draw(&world, "\"0\"", &lot_json()).await;
    let lots = Lots::open(&[], centre(), world.store.layouts()).await.expect("lots");
    let ids: Vec<String> = lots.all().iter().map(|layout| layout.lot.id.to_string()).collect();
    assert_eq!(ids, ["lot-2"]);
}
