//! The program `sim px4` with its sockets: two aircraft, two stand-ins; one that hangs up, one that breaks, cameras that run.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::stand_in::StandIn;

/// No wait of this test is longer; a longer one is a hang.
const PATIENCE: Duration = Duration::from_secs(20);

struct Program {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Program {
    fn start(drones: usize, further: &[&str]) -> (Self, Vec<SocketAddr>) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sim"))
            .args(["px4", "--listen", "127.0.0.1:0", "--speed", "50", "--for", "60", "--drones", &drones.to_string()])
            .args(further)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the simulator starts");
        let lines = BufReader::new(child.stdout.take().expect("piped"));
        let mut program = Self { child, lines };
        let addresses = (0..drones).map(|_| {
            let line = program.line();
            line.rsplit(' ').next().and_then(|address| address.trim().parse().ok()).expect("an address at the end")
        });
        let addresses = addresses.collect();
        (program, addresses)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("readable");
        assert!(!line.is_empty(), "the simulator ended");
        line.trim().to_owned()
    }

    fn until(&mut self, words: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(words) {
                return line;
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Speaks until the stand-in has answered so many messages.
fn speak(stream: &mut TcpStream, stand_in: &mut StandIn, answers: u32) {
    let mut buffer = [0; 2_048];
    while stand_in.answers < answers {
        let length = stream.read(&mut buffer).expect("the simulator speaks in time");
        assert!(length > 0, "the simulator hung up");
        let answer = stand_in.take(&buffer[..length]);
        stream.write_all(&answer).expect("writable");
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the simulator listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    stream.set_nodelay(true).expect("no delay");
    stream.write_all(&StandIn::hello()).expect("writable");
    stream
}

#[test]
fn two_autopilots_fly_and_one_that_hangs_up_can_be_started_anew() {
    let (mut program, addresses) = Program::start(2, &[]);
    let mut first = (connect(addresses[0]), StandIn::default());
    let mut second = (connect(addresses[1]), StandIn::default());
    speak(&mut first.0, &mut first.1, 500);
    speak(&mut second.0, &mut second.1, 500);
    first.1.arm().expect("ready");
    first.1.outputs = [0.8, 0.8, 0.8, 0.8, 1.0];
    speak(&mut first.0, &mut first.1, 900);
    program.until("aircraft 1 2.1 s: light 100 %");
    program.until("in the air");
    drop(first);
    program.until("aircraft 1 3.7 s: the autopilot is gone");
    let mut again = (connect(addresses[0]), StandIn::default());
    speak(&mut again.0, &mut again.1, 100);
    assert!(program.until("aircraft 1").contains("connected"));
    speak(&mut second.0, &mut second.1, 600);
}

/// How many pictures ffmpeg shows of a stream when it is to show three.
fn pictures(address: &str) -> usize {
    let arguments = ["-v", "error", "-rtsp_transport", "tcp", "-i", address, "-frames:v", "3", "-f", "framemd5", "-"];
    let output = Command::new("ffmpeg").args(arguments).output().expect("ffmpeg is needed (apt install ffmpeg)");
    String::from_utf8_lossy(&output.stdout).lines().filter(|line| !line.starts_with('#')).count()
}

#[test]
fn a_fault_meets_the_aircraft_that_it_is_meant_for_and_each_has_its_camera() {
    let fault = ["--fault", "2@3:motor-lost=0", "--wind", "5", "--wind-from", "180"];
    let (mut program, addresses) = Program::start(2, &[&fault[..], &["--rtsp", "127.0.0.1:0"]].concat());
    let cameras: Vec<String> =
        (0..2).map(|_| program.until("camera ").rsplit(' ').next().expect("an address at the end").to_owned()).collect();
    assert!(cameras[0].ends_with("/1/main") && cameras[1].ends_with("/2/main"), "{cameras:?}");
    // One after the other: whoever is connected and not spoken to lets its time run on.
    let [first, second] = [0, 1].map(|index| {
        let (mut stream, mut stand_in) = (connect(addresses[index]), StandIn::default());
        speak(&mut stream, &mut stand_in, 500);
        stand_in.arm().expect("ready");
        stand_in.outputs = [0.8; 5];
        speak(&mut stream, &mut stand_in, 2_500);
        stand_in
    });
    assert!(program.until("crashed").starts_with("aircraft 2 "));
    let turning = |stand_in: &StandIn| stand_in.sensors[745..800].iter().any(|sensor| sensor.rates_rad_s[0].abs() > 0.5);
    assert_eq!((turning(&first), turning(&second)), (false, true));
    let north_m_s = first.gps.expect("fixes").velocity_m_s[0];
    assert!(north_m_s > 0.5, "carried north by the wind from the south: {north_m_s} m/s");
    for camera in cameras {
        assert_eq!(pictures(&camera), 3, "{camera}");
    }
}
