//! Finds the real data that lies beside the checkout, for tests; where it is absent the test says that it was skipped.

use std::path::PathBuf;

/// The file, from `$SHARED_DATA` or `../shared/data` beside the checkout (or its parent); prints what is skipped when it is absent.
pub(crate) fn shared_file(name: &str) -> Option<PathBuf> {
    let checkout = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let beside = ["../shared/data", "../../shared/data"].map(|place| checkout.join(place));
    let set = std::env::var_os("SHARED_DATA").map(PathBuf::from);
    let found = set.into_iter().chain(beside).map(|folder| folder.join(name)).find(|path| path.exists());
    if found.is_none() {
        eprintln!("SKIPPED: {name} is not there; set SHARED_DATA to the folder of real data to run this test");
    }
    found
}
