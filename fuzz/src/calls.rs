//! Records of real dispatches, as a table of text.

use site_model::parse_calls;

/// A table that is taken has only records of places on the globe and of times that passed.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match parse_calls(text) {
        Ok(records) => assert!(records.iter().all(|record| record.delay_min.is_finite() && 0.0 <= record.delay_min)),
        Err(error) => assert!(error.to_string().starts_with("line ") || error.to_string().starts_with("more than"), "{error}"),
    }
}

/// Two records, one with everything quoted, and a table without any.
pub fn seeds() -> Vec<Vec<u8>> {
    let header = "CallNumber,UnitID,Address,AvailableDtTm,Location,Delay,CallDate\n";
    let plain = "1,T1,a,01/11/2002 01:51:44 PM,\"(37.78, -122.42)\",2.95,2002-01-11\n";
    let quoted = "\"2\",\"T2\",\"the \"\"block\"\", east\",\"\",\"(37.7, -122.4)\",\"0\",\"2000-02-29\"\n";
    vec![[header, plain, quoted].concat().into_bytes(), header.into()]
}
