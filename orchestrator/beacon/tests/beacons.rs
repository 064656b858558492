//! Every kind of code that is not a genuine beacon is told from one.

use beacon::{IssueError, Key, KeyError, KeyRing, KeyState, Sheet, SheetError, Sight, Verdict, code_modules, issue, verify};

const HOST: &str = "park.example";

fn key(id: u8, state: KeyState) -> Key {
    Key { id, secret: [id.wrapping_add(7); 32], state }
}

fn ring(keys: &[(u8, KeyState)]) -> KeyRing {
    KeyRing::new(HOST, keys.iter().map(|(id, state)| key(*id, *state)).collect()).expect("a ring")
}

#[test]
fn a_genuine_beacon_is_an_address_and_is_known() {
    let ring = ring(&[(1, KeyState::Active)]);
    let text = issue(&ring, "A-17").expect("a beacon");
    assert!(text.starts_with("https://park.example/p/A-17.101") && text.len() < 50, "{text}");
    assert_eq!(verify(&ring, &text), Verdict::Genuine { area: "A-17".to_owned(), key: 1 });
}

#[test]
fn every_single_changed_or_missing_character_is_noticed() {
    let ring = ring(&[(1, KeyState::Active), (2, KeyState::Retired)]);
    let text = issue(&ring, "A17").expect("a beacon");
    for at in 0..text.len() {
        for other in ["0", "1", "2", "a", "b", "z", ".", "/", "Z", "é", ""] {
            let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            if changed != text {
                assert!(!matches!(verify(&ring, &changed), Verdict::Genuine { .. }), "{changed}");
            }
        }
        assert!(!matches!(verify(&ring, &text[..at]), Verdict::Genuine { .. }));
    }
    assert!(!matches!(verify(&ring, &format!("{text}0")), Verdict::Genuine { .. }));
}

#[test]
fn forged_altered_foreign_and_revoked_are_told_apart() {
    let mut ours = ring(&[(1, KeyState::Active)]);
    let text = issue(&ours, "A17").expect("a beacon");
    let thief = KeyRing::new(HOST, vec![Key { id: 1, secret: [99; 32], state: KeyState::Active }]).expect("a ring");
    assert_eq!(verify(&ours, &issue(&thief, "A17").expect("a forgery")), Verdict::Forged { area: "A17".to_owned() });
    assert_eq!(verify(&ours, &text.replace("A17", "A18")), Verdict::Forged { area: "A18".to_owned() });
    assert_eq!(verify(&ours, &text[..text.len() - 3]), Verdict::Altered);
    assert_eq!(verify(&ours, "https://park.example/elsewhere"), Verdict::Altered);
    for foreign in ["", "https://park.example.evil.example/p/A17", "WIFI:S:cafe;;", &"x".repeat(10_000)] {
        assert_eq!(verify(&ours, foreign), Verdict::Foreign, "{foreign}");
    }
    ours.revoke("A17", 1);
    assert_eq!(verify(&ours, &text), Verdict::Revoked { area: "A17".to_owned(), key: 1 });
    assert!(matches!(verify(&ours, &issue(&ours, "A18").expect("a beacon")), Verdict::Genuine { .. }));
}

#[test]
fn keys_rotate_without_replacing_boards_and_revoke_at_once() {
    let first = ring(&[(1, KeyState::Active)]);
    let old = issue(&first, "B2").expect("a beacon");
    let rotated = ring(&[(1, KeyState::Retired), (2, KeyState::Active)]);
    assert!(matches!(verify(&rotated, &old), Verdict::Genuine { key: 1, .. }));
    assert!(matches!(verify(&rotated, &issue(&rotated, "B2").expect("a beacon")), Verdict::Genuine { key: 2, .. }));
    let revoked = ring(&[(1, KeyState::Revoked), (2, KeyState::Active)]);
    assert_eq!(verify(&revoked, &old), Verdict::Revoked { area: "B2".to_owned(), key: 1 });
    assert_eq!(issue(&ring(&[(1, KeyState::Retired)]), "B2"), Err(IssueError::NoActiveKey));
}

#[test]
fn what_cannot_stand_in_a_beacon_is_refused() {
    let ours = ring(&[(1, KeyState::Active)]);
    for area in ["", "a b", "a/b", "a.b", "구역", &"x".repeat(33)] {
        assert_eq!(issue(&ours, area), Err(IssueError::Area(area.to_owned())));
    }
    assert_eq!(KeyRing::new("Evil Host", Vec::new()), Err(KeyError::Host("Evil Host".to_owned())));
    assert_eq!(KeyRing::new(HOST, vec![key(3, KeyState::Active), key(3, KeyState::Revoked)]), Err(KeyError::Twice(3)));
    assert!(!format!("{:?}", key(1, KeyState::Active)).contains("secret"));
}

#[test]
fn sheets_say_what_they_are_for_at_true_size() {
    let sight = Sight { height_m: 15.0, across_pixels: 1_920.0, across_deg: 70.0 };
    let sheet = Sheet::new("https://park.example/p/A", "A-17", sight).expect("a sheet");
    assert!((sheet.module_mm() - 33.0).abs() < 1e-9, "3 x 10.94 mm: {}", sheet.module_mm());
    let svg = sheet.svg();
    assert!(svg.contains(&format!("width=\"{}mm\"", sheet.width_mm())) && svg.contains("for 15 m, 1920 px, 70 deg"));
    let pdf = String::from_utf8(sheet.pdf()).expect("this PDF is plain text");
    assert!(pdf.starts_with("%PDF-1.4") && pdf.ends_with("%%EOF\n") && pdf.contains("for 15 m, 1920 px, 70 deg"));
    let table: usize = pdf.rsplit("startxref\n").next().and_then(|rest| rest.split('\n').next()?.parse().ok()).expect("a place");
    assert!(pdf[table..].starts_with("xref"));
    let several = String::from_utf8(beacon::pdf(&[sheet.clone(), sheet])).expect("this PDF is plain text");
    assert!(several.contains("/Count 2>>") && several.matches("/Type/Page/Parent").count() == 2);
    for (number, object) in several.match_indices(" 0 obj\n").map(|(at, _)| at).enumerate() {
        let begin = several[..object].rfind('\n').map_or(0, |line| line + 1);
        assert!(several.contains(&format!("\n{begin:010} 00000 n ")), "object {} is not in the table", number + 1);
    }
    assert!(matches!(Sheet::new("x", "A", Sight { height_m: 190.0, ..sight }), Err(SheetError::TooLarge(_))));
    assert!(matches!(Sheet::new("x", "A", Sight { height_m: f64::NAN, ..sight }), Err(SheetError::Figure("height"))));
}

#[test]
fn the_size_of_a_code_is_that_of_the_sheet_whatever_key_signs() {
    let ours = ring(&[(200, KeyState::Active)]);
    // The standard's border of four modules on both sides is the sheet's.
    let printed = |area: &str| {
        let text = issue(&ours, area).expect("a beacon");
        let sight = Sight { height_m: 15.0, across_pixels: 1_920.0, across_deg: 70.0 };
        Sheet::new(&text, area, sight).expect("a sheet").modules() - 8
    };
    let long = "A".repeat(32);
    for area in ["A1", "A-17", "market-north_2", &long] {
        assert_eq!(code_modules(ours.host(), area), Some(printed(area)), "{area}");
    }
    assert!(code_modules(ours.host(), &long) > code_modules(ours.host(), "A1"), "a longer text is a larger code");
    assert_eq!(code_modules(ours.host(), "no area"), None);
}

#[test]
fn a_revoked_board_is_not_issued_again() {
    let mut ours = ring(&[(1, KeyState::Retired), (2, KeyState::Active)]);
    ours.revoke("B2", 2);
    assert_eq!(issue(&ours, "B2"), Err(IssueError::Revoked { area: "B2".to_owned(), key: 2 }));
    assert!(issue(&ours, "B3").is_ok(), "one board, not the others");
    let mut rotated = ring(&[(1, KeyState::Retired), (2, KeyState::Active), (3, KeyState::Active)]);
    rotated.revoke("B2", 2);
    assert!(matches!(verify(&rotated, &issue(&rotated, "B2").expect("a board under a new key")), Verdict::Genuine { key: 3, .. }));
    assert_eq!(rotated.free_id(), Some(4));
    let every: Vec<_> = (0..=255).map(|id| (id, KeyState::Retired)).collect();
    assert_eq!(ring(&every).free_id(), None);
}
