//! The program `sim px4` with its sockets: two aircraft, two stand-ins, and one that hangs up.

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
    fn start(drones: usize) -> (Self, Vec<SocketAddr>) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sim"))
            .args(["px4", "--listen", "127.0.0.1:0", "--speed", "50", "--for", "60", "--drones", &drones.to_string()])
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
    let (mut program, addresses) = Program::start(2);
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
