//! Signatures and logs against pymavlink, which is not ours: it signs and verifies what the hub hears and sends, and reads its logs.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use drone_link::{HubOptions, LinkConfig, LinkHandle, LinkHub, LinkReport, SigningConfig, SigningKey, signing_time};
use flight_types::{DroneId, SigningRefusal, SigningStatus};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::mpsc;

/// Longest wait for anything; a hang fails instead of blocking.
const PATIENCE: Duration = Duration::from_secs(60);
/// Set to leave these tests out on a machine without Python; anything else fails when pymavlink is missing.
const LEAVE_OUT: &str = "SIM_WITHOUT_PYTHON";

/// The Python with pymavlink; `None` when these tests are left out.
fn python() -> Option<PathBuf> {
    if std::env::var_os(LEAVE_OUT).is_some() {
        eprintln!("left out: {LEAVE_OUT} is set");
        return None;
    }
    let given = std::env::var_os("SIM_PYTHON").map(PathBuf::from);
    let python = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../.venv/bin/python"));
    assert!(
        python.exists(),
        "no Python with pymavlink at {}: `cargo xtask test` makes it, or set SIM_PYTHON, or {LEAVE_OUT}=1 to leave these tests out",
        python.display()
    );
    Some(python)
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(name)
}

fn drone() -> DroneId {
    DroneId::new("d1").expect("an id")
}

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

async fn signed_hub(folder: &Path) -> (LinkHandle, mpsc::Receiver<LinkReport>) {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock that was set");
    let signing = SigningConfig::new(SigningKey::parse(KEY).expect("a key"), signing_time(since_1970));
    let config = LinkConfig { signing: Some(signing), ..LinkConfig::new(drone(), 1) };
    let options = HubOptions { tlog: Some(folder.to_owned()), signing: Some(folder.to_owned()), watchers: Vec::new() };
    LinkHub::start(SocketAddr::from(([127, 0, 0, 1], 0)), vec![config], options).await.expect("a hub")
}

struct Aircraft {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Aircraft {
    fn start(python: &Path, hub: SocketAddr) -> Self {
        let mut process = Command::new(python)
            .arg(script("pymavlink_signing.py"))
            .args([&hub.port().to_string(), KEY])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Python starts");
        let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        Self { process, lines }
    }

    async fn says(&mut self, word: &str) {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await.expect("says something in time");
        assert_eq!(line.expect("readable").as_deref(), Some(word));
    }
}

async fn until(
    handle: &LinkHandle,
    reports: &mut mpsc::Receiver<LinkReport>,
    wanted: impl Fn(SigningStatus) -> bool,
) -> SigningStatus {
    let waiting = async {
        loop {
            let signing = handle.status(&drone()).and_then(|status| status.link.signing).expect("a signed link");
            if wanted(signing) {
                return signing;
            }
            reports.recv().await.expect("the hub runs");
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("in time")
}

#[tokio::test]
async fn pymavlink_takes_our_signatures_and_forged_old_unsigned_and_repeated_frames_of_its_are_refused() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (handle, mut reports) = signed_hub(folder.path()).await;
    let mut aircraft = Aircraft::start(&python, handle.local_addr());
    aircraft.says("verified").await;
    aircraft.says("attacked").await;
    let signing = until(&handle, &mut reports, |signing| signing.refused >= 40).await;
    assert_eq!((signing.refused, signing.latest_refusal), (40, Some(SigningRefusal::Old)));
    until(&handle, &mut reports, |signing| signing.verified).await;
    let status = handle.status(&drone()).expect("known");
    assert!(status.link.connected);
    assert_eq!(status.armed, Some(false), "none of the frames that were refused, which all say that it is armed");
    drop(aircraft.process.stdin.take());
    handle.shutdown().await;

    // After a restart the link goes on above the times it used, and pymavlink still takes its frames.
    let (handle, mut reports) = signed_hub(folder.path()).await;
    let mut aircraft = Aircraft::start(&python, handle.local_addr());
    aircraft.says("verified").await;
    until(&handle, &mut reports, |signing| signing.verified).await;
    handle.shutdown().await;

    let read = Command::new(&python).arg(script("pymavlink_tlog.py")).arg(folder.path().join("d1.tlog")).output();
    let read = tokio::time::timeout(PATIENCE, read).await.expect("in time").expect("Python starts");
    let said = String::from_utf8_lossy(&read.stdout).into_owned();
    assert!(read.status.success(), "{said}{}", String::from_utf8_lossy(&read.stderr));
    // Both runs may be over before the link's second heartbeat, and the first finds nobody yet.
    for part in ["1 HEARTBEAT ", "255 TIMESYNC ", "255 COMMAND_LONG ", "span "] {
        assert!(said.lines().any(|line| line.starts_with(part)), "{part} in {said}");
    }
}
