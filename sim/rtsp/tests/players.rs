//! Players that nobody here wrote play the stream: ffprobe and ffmpeg, over TCP and UDP.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Output;

use sim_rtsp::{CameraStream, Pose, RtspServer, StreamSettings, TestPattern};
use tokio::process::Command;

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

async fn served() -> (RtspServer, CameraStream) {
    let pose = Pose { lat_deg: 37.5, lon_deg: 127.0, amsl_m: 90.0, pitch_deg: -60.0, ..Pose::default() };
    let camera = TestPattern::from_pose(pose);
    let stream = CameraStream::start(Box::new(camera), StreamSettings::default()).expect("an encoder");
    let server = RtspServer::start(LOOPBACK, BTreeMap::from([("d1".to_owned(), stream.clone())])).await.expect("a free port");
    (server, stream)
}

async fn run(program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program).args(arguments).kill_on_drop(true).output().await;
    output.unwrap_or_else(|error| panic!("{program} is needed (apt install ffmpeg): {error}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn ffprobe_and_ffmpeg_play_both_streams_over_tcp_and_udp() {
    let (server, stream) = served().await;
    for transport in ["tcp", "udp"] {
        for (which, size) in [("main", "1280,720"), ("sub", "640,360")] {
            let url = format!("rtsp://{}/d1/{which}", server.address());
            let probe = ["-v", "error", "-rtsp_transport", transport, "-show_entries", "stream=codec_name,profile,width,height"];
            let output = run("ffprobe", &[&probe[..], &["-of", "csv=p=0", &url]].concat()).await;
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(text.starts_with("h264,Constrained Baseline,") && text.contains(size), "{transport} {which}: {text}{output:?}");
            let play =
                ["-v", "error", "-xerror", "-rtsp_transport", transport, "-i", &url, "-frames:v", "10", "-f", "framemd5", "-"];
            let output = run("ffmpeg", &play).await;
            let text = String::from_utf8_lossy(&output.stdout);
            let pictures = text.lines().filter(|line| !line.starts_with('#')).count();
            assert!(output.status.success() && pictures == 10, "{transport} {which}: {pictures} pictures, {output:?}");
        }
    }
    drop(server);
    assert!(stream.players() <= 1, "players that left are forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_does_not_exist_is_not_found() {
    let (server, _stream) = served().await;
    let url = format!("rtsp://{}/d2/main", server.address());
    let output = run("ffprobe", &["-v", "error", "-rtsp_transport", "tcp", &url]).await;
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("404"), "{output:?}");
}
