//! Independent clients fly `sim fly`: MAVSDK and pymavlink, each in its own process over UDP.

use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Virtual seconds per real second; the clients' own timeouts still hold at this pace.
const SPEED: &str = "5";
/// Set to leave these tests out on a machine without Python; anything else fails when the clients are missing.
const LEAVE_OUT: &str = "SIM_WITHOUT_PYTHON";

/// Stops the simulator when the test ends, however it ends.
struct Simulator(Child);

impl Drop for Simulator {
    fn drop(&mut self) {
        // It may be gone already; then there is nothing to stop.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn python() -> PathBuf {
    let given = std::env::var_os("SIM_PYTHON").map(PathBuf::from);
    let python = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../.venv/bin/python"));
    assert!(
        python.exists(),
        "no Python with the clients at {}: `cargo xtask test` makes it, or set SIM_PYTHON, or {LEAVE_OUT}=1 to leave these tests out",
        python.display()
    );
    python
}

fn fly_with(script: &str) {
    if std::env::var_os(LEAVE_OUT).is_some() {
        eprintln!("left out: {script}");
        return;
    }
    let port = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port();
    let simulator = Command::new(env!("CARGO_BIN_EXE_sim"))
        .args(["fly", "--speed", SPEED, "--rtsp", "127.0.0.1:0", "--mavlink", &format!("udpout:127.0.0.1:{port}")])
        .stdout(Stdio::null())
        .spawn()
        .expect("the simulator starts");
    let _simulator = Simulator(simulator);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(script);
    let output = Command::new(python()).arg(&script).arg(port.to_string()).output().expect("Python starts");
    let said = format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}:\n{said}", script.display());
}

#[test]
fn mavsdk_flies_missions() {
    fly_with("mavsdk_mission.py");
}

#[test]
fn mavsdk_looks_at_the_parts() {
    fly_with("mavsdk_parts.py");
}

#[test]
fn mavsdk_meets_fences_streams_setpoints_and_has_somebody_followed() {
    fly_with("mavsdk_limits.py");
}

#[test]
fn pymavlink_times_the_failsafes() {
    fly_with("pymavlink_failsafes.py");
}

#[test]
fn pymavlink_transfers_parameters_and_missions_over_losses() {
    fly_with("pymavlink_transfers.py");
}

#[test]
fn mavsdk_flies_the_whole_job() {
    fly_with("mavsdk_escort.py");
}

#[test]
fn pymavlink_looks_through_the_camera() {
    fly_with("pymavlink_camera.py");
}

#[test]
fn pymavlink_flies_the_whole_job() {
    fly_with("pymavlink_escort.py");
}
