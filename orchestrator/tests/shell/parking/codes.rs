//! What stands behind signed codes on a running server: genuine ones open the page, all others say what is wrong with them.

use beacon::{Key, KeyRing, KeyState, SECRET_BYTES, issue};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{World, answer, parking_config};

const HOST: &str = "park.example";

fn key(id: u8, digit: u8, state: KeyState) -> Key {
    Key { id, secret: [digit; SECRET_BYTES], state }
}

/// The code of an area, as a ring signs it: the last part of its address.
fn code(keys: Vec<Key>, area: &str) -> String {
    let address = issue(&KeyRing::new(HOST, keys).expect("a ring"), area).expect("an active key");
    address.rsplit_once('/').map(|(_, code)| code.to_owned()).expect("an address")
}

/// The file of a site: one key that signs, an older one that is believed, a stolen one, and one board that was withdrawn.
fn key_file() -> String {
    let entry = |id: u8, digit: u8, state: &str| {
        format!("[[key]]\nid = {id}\nsecret = \"{}\"\nstate = \"{state}\"\n", hex(digit).repeat(SECRET_BYTES))
    };
    [entry(1, 1, "retired"), entry(2, 2, "active"), entry(3, 3, "revoked"), "[[revoked]]\narea = \"E9\"\nkey = 2\n".to_owned()]
        .concat()
}

fn hex(digit: u8) -> String {
    format!("{digit:02x}")
}

async fn signed_world() -> World {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let keys = folder.path().join("beacon-keys.toml");
    std::fs::write(&keys, key_file()).expect("written");
    let signed = format!("[parking]\nbeacon_keys_file = {keys:?}\nbeacon_host = \"{HOST}\"\n");
    let config = parking_config(folder.path(), "provider = \"sandbox\"").replace("[parking]\n", &signed);
    World::start_as(folder, &config).await
}

/// Another letter of the signature, still one that signatures are made of.
fn with_one_letter_changed(code: &str, place: usize) -> String {
    let mut letters: Vec<char> = code.chars().collect();
    letters[place] = if letters[place] == 'a' { 'b' } else { 'a' };
    letters.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_says_what_is_wrong_with_it() {
    let world = signed_world().await;
    let signing = |digit| vec![key(2, digit, KeyState::Active)];
    let genuine = code(signing(2), "E1");
    let last = genuine.len() - 1;
    let tag_begins = genuine.find('.').expect("signed") + 4;
    let cases = [
        ("of the key that signs", genuine.clone(), Ok("E1")),
        ("of the key before", code(vec![key(1, 1, KeyState::Active)], "E1"), Ok("E1")),
        ("made by somebody else", code(signing(7), "E1"), Err("code-forged")),
        ("under a key that never was", code(vec![key(9, 9, KeyState::Active)], "E1"), Err("code-forged")),
        ("moved to another area", genuine.replacen("E1", "E2", 1), Err("code-forged")),
        ("of an active key, named as another", genuine.replacen(".102", ".101", 1), Err("code-forged")),
        ("its signature's first letter changed", with_one_letter_changed(&genuine, tag_begins), Err("code-forged")),
        ("its signature's last letter changed", with_one_letter_changed(&genuine, last), Err("code-forged")),
        ("of the stolen key", code(vec![key(3, 3, KeyState::Active)], "E1"), Err("code-withdrawn")),
        ("of a board that was withdrawn", code(signing(2), "E9"), Err("code-withdrawn")),
        ("cut off by a letter", genuine[..last].to_owned(), Err("code-cut-off")),
        ("cut off in the middle", genuine[..genuine.len() / 2].to_owned(), Err("code-cut-off")),
        ("one letter too long", format!("{genuine}a"), Err("code-cut-off")),
        ("its version changed", genuine.replacen(".1", ".2", 1), Err("code-cut-off")),
        ("an area alone, unsigned", "E1".to_owned(), Err("code-cut-off")),
    ];
    for (what, code, said) in cases {
        let (status, area) = answer(world.request(Method::GET, &format!("/areas/{code}"))).await;
        let entry = json!({"area": code, "plate": "12가3456", "secret": "5".repeat(64)});
        let (entered, refused) = answer(world.request(Method::POST, "/parking/entries").json(&entry)).await;
        match said {
            Ok(id) => {
                assert_eq!(
                    (status, &area["id"], entered),
                    (StatusCode::OK, &json!(id), StatusCode::CREATED),
                    "{what}: {area} {refused}"
                );
            }
            Err(kind) => {
                let kind = json!(format!("/problems/{kind}"));
                assert_eq!((status, &area["type"]), (StatusCode::UNPROCESSABLE_ENTITY, &kind), "{what}: {area}");
                assert_eq!((entered, &refused["type"]), (StatusCode::UNPROCESSABLE_ENTITY, &kind), "{what}: nobody parks by it");
            }
        }
    }
    let (_, stays) = world.manage(Method::GET, "/parking/sessions", None).await;
    assert_eq!(stays.as_array().map(Vec::len), Some(1), "the one car that came in by genuine codes: {stays}");
    // Signed by us for an area that this server has no lot for: genuine, and unknown.
    let (status, unknown) = answer(world.request(Method::GET, &format!("/areas/{}", code(signing(2), "E7")))).await;
    assert_eq!((status, unknown["type"] != Value::Null), (StatusCode::NOT_FOUND, true), "{unknown}");
}
