//! The server as a process of its own, in release, configured as it comes.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context;

/// Where the demo's site lies; its district is the one of all data here.
const SITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/demo-site");
/// The demo site's district.
pub const DISTRICT: &str = "dalbit";
/// The root of all topics with the default prefix.
pub const ROOT: &str = "escort/dalbit";

/// A running server; ended with this.
pub struct Server {
    process: Child,
    /// Where HTTP listens.
    pub http: SocketAddr,
    /// Where its broker is.
    pub mqtt: SocketAddr,
}

impl Server {
    /// Starts it on `data`; `mqtt` is what that section of the configuration says.
    pub fn start(data: &Path, mqtt: &str) -> anyhow::Result<Self> {
        let config = data.join("load.toml");
        let text = format!(
            "site = {SITE:?}\n[store]\ndata_dir = {data:?}\n[http]\nbind = \"127.0.0.1:0\"\n[links]\nbind = \"127.0.0.1:0\"\n\
             [log]\nfilter = \"warn\"\n[mqtt]\n{mqtt}\n"
        );
        std::fs::write(&config, text).with_context(|| format!("cannot write {}", config.display()))?;
        let mut process = Command::new(env!("CARGO_BIN_EXE_orchestrator"))
            .args(["serve", "--config"])
            .arg(&config)
            .stdout(Stdio::piped())
            .spawn()
            .context("the server does not start")?;
        let mut ready = String::new();
        BufReader::new(process.stdout.take().context("no output")?).read_line(&mut ready)?;
        let address = |name: &str| {
            let found = ready.split_whitespace().find_map(|word| word.strip_prefix(name));
            found.and_then(|address| address.parse().ok()).with_context(|| format!("no {name} in {ready:?}"))
        };
        let (http, mqtt) = (address("http=http://"), address("mqtt=mqtt://"));
        let mut server = Self { process, http: SocketAddr::from(([127, 0, 0, 1], 0)), mqtt: SocketAddr::from(([127, 0, 0, 1], 0)) };
        (server.http, server.mqtt) = (http?, mqtt?);
        Ok(server)
    }

    /// Processor time it has used so far, seconds, as Linux counts it.
    pub fn processor_s(&self) -> f64 {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap_or_default();
        // The fields after the name in brackets; user and system time are the 12th and 13th of them, in hundredths of a second.
        let fields: Vec<&str> = text.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks = |index: usize| fields.get(index).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(f64::NAN);
        (ticks(11) + ticks(12)) / 100.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is gone already, or goes now; its data directory is thrown away in any case.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
