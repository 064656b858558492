//! Identification codes as people type them.

use orchestrator::access::codes::IdentificationCode;

/// A code that is taken reads back as written, and no change of one symbol of it is taken for another code.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(code) = IdentificationCode::parse(text) else { return };
    let written = code.to_string();
    assert_eq!(IdentificationCode::parse(&written), Ok(code.clone()));
    for (place, _) in written.match_indices(|c| c != '-' && c != '2') {
        let mut slip = written.clone();
        slip.replace_range(place..=place, "2");
        assert!(IdentificationCode::parse(&slip).is_err(), "{slip} is a slip of {written}");
    }
}

/// Codes with and without blanks.
pub fn seeds() -> Vec<Vec<u8>> {
    let code = |symbol| IdentificationCode::from_payload([symbol; 7]).to_string();
    vec![code(1).into_bytes(), code(7).to_lowercase().replace('-', " ").into_bytes(), b"0000-0000".to_vec()]
}
