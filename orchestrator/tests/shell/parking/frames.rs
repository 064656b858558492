//! Pictures of cars at gates: a camera sends one, a person types the plate, the stay begins or ends; what is no picture is refused and nothing is
//! kept of it.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sim_camera::{Camera, CameraPose, Intrinsics, Plan, Scene};

use super::{World, answer, text};

const TOKEN: &str = "demo-camera-out";

/// A JPEG of what a simulated camera sees.
fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let lens = Intrinsics::new(width, height, 70.0).expect("a lens");
    let pose = CameraPose { up_m: 3.0, pitch_deg: -30.0, ..CameraPose::default() };
    let frame = Camera::new(lens, 1).render(&Scene::new(std::sync::Arc::new(Plan::default()), 12.0), &pose, 1_000_000);
    let mut bytes = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut bytes, 80);
    encoder.encode(frame.luma(), width as u16, height as u16, jpeg_encoder::ColorType::Luma).expect("an encoder");
    bytes
}

impl World {
    async fn frame(&self, token: &str, id: &str, at_ms: i64, body: Vec<u8>) -> (StatusCode, Value) {
        let request = self.request(Method::POST, &format!("/cctv/out/frames?id={id}&at_ms={at_ms}"));
        answer(request.header("Camera-Token", token).header("Content-Type", "image/jpeg").body(body)).await
    }

    fn frames_kept(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("data/gates")).expect("a folder").count()
    }

    async fn review(&self) -> String {
        let (_, reviews) = self.manage(Method::GET, "/parking/reviews", None).await;
        assert_eq!((reviews.as_array().map(Vec::len), &reviews[0]["reason"]), (Some(1), &json!("unread")), "{reviews}");
        format!("/parking/reviews/{}", text(&reviews[0]["id"]))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_reads_the_plate_in_a_gate_s_picture_and_the_stay_ends() {
    let world = World::start("provider = \"sandbox\"").await;
    let driver = world.enter("12가3456").await;
    let now_ms = world.server.parts().engine.now_ms();
    let sent = jpeg(640, 360);
    assert_eq!(world.frame("guessed", "f1", now_ms, sent.clone()).await.0, StatusCode::NOT_FOUND);
    let (status, taken) = world.frame(TOKEN, "f1", now_ms, sent.clone()).await;
    assert_eq!((status, &taken["repeated"]), (StatusCode::ACCEPTED, &json!(false)), "{taken}");
    assert_eq!(world.frame(TOKEN, "f1", now_ms, sent.clone()).await.1["repeated"], json!(true), "the same picture again");
    assert_eq!(world.frames_kept(), 1);

    let review = world.review().await;
    let picture = |token: &str| world.request(Method::GET, &format!("{review}/picture")).bearer_auth(token).send();
    let shown = picture(&world.manager).await.expect("an answer");
    assert_eq!(shown.headers()["content-type"], "image/jpeg");
    assert_eq!(shown.bytes().await.expect("a body").as_ref(), sent.as_slice());
    assert_eq!(picture("nobody").await.expect("an answer").status(), StatusCode::UNAUTHORIZED);

    let (status, refused) = world.manage(Method::POST, &review, Some(json!({"accept": true}))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "a picture tells no plate: {refused}");
    let typed = json!({"accept": true, "plate": "12 가 3456"});
    assert_eq!(world.manage(Method::POST, &review, Some(typed)).await.0, StatusCode::NO_CONTENT);
    let (_, stay) = world.drive(&driver, Method::GET, "", None).await;
    assert_eq!(stay["left_by"], json!("manager"), "{stay}");
    assert_eq!(world.frames_kept(), 0, "a picture that nobody needs any more is gone");
    assert_eq!(picture(&world.manager).await.expect("an answer").status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_is_refused_and_nothing_is_kept_of_it() {
    let world = World::start("provider = \"sandbox\"").await;
    let now_ms = world.server.parts().engine.now_ms();
    let whole = jpeg(640, 360);
    // A frame header that claims so many pixels each way: bytes five and seven of the start-of-frame segment.
    let claiming = |side: u16| {
        let mut claims = whole.clone();
        let header = claims.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a baseline frame");
        claims[header + 5..header + 7].copy_from_slice(&side.to_be_bytes());
        claims[header + 7..header + 9].copy_from_slice(&side.to_be_bytes());
        claims
    };
    let cases: [(&str, Vec<u8>, StatusCode, &str); 7] = [
        ("nothing", Vec::new(), StatusCode::UNPROCESSABLE_ENTITY, "JPEG"),
        ("text", b"12\xea\xb0\x803456".to_vec(), StatusCode::UNPROCESSABLE_ENTITY, "JPEG"),
        ("png", b"\x89PNG\r\n\x1a\n".to_vec(), StatusCode::UNPROCESSABLE_ENTITY, "JPEG"),
        ("cut", whole[..whole.len() / 2].to_vec(), StatusCode::UNPROCESSABLE_ENTITY, "cut off"),
        ("many", claiming(5_000), StatusCode::UNPROCESSABLE_ENTITY, "pixels"),
        ("bomb", claiming(65_500), StatusCode::UNPROCESSABLE_ENTITY, "65500 x 65500"),
        ("large", [whole.clone(), vec![0; 3 << 20]].concat(), StatusCode::PAYLOAD_TOO_LARGE, "bytes"),
    ];
    for (id, body, expected, mentions) in cases {
        let (status, problem) = world.frame(TOKEN, id, now_ms, body).await;
        assert_eq!(status, expected, "{id}: {problem}");
        assert!(problem.to_string().contains(mentions), "{id}: {problem}");
    }
    assert_eq!(world.manage(Method::GET, "/parking/reviews", None).await.1, json!([]));
    assert_eq!(world.frames_kept(), 0);
    // A name that would be a way through folders is a name like any other.
    assert_eq!(world.frame(TOKEN, "..%2F..%2Fx", now_ms, whole).await.0, StatusCode::ACCEPTED);
    assert_eq!(world.frames_kept(), 1);
    let dismissed = json!({"accept": false});
    assert_eq!(world.manage(Method::POST, &world.review().await, Some(dismissed)).await.0, StatusCode::NO_CONTENT);
    assert_eq!(world.frames_kept(), 0);
}
