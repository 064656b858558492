//! One target for every parser of ours that bytes from outside reach: each takes any bytes, and panics when a promise is broken.
//!
//! The targets are plain functions, built and run over their seeds with the other tests. The driver (`examples/drive.rs`) throws
//! coverage-guided inputs at them; `cargo xtask fuzz` builds and runs it.

mod bytes;

mod frames;
mod links;
mod routing;
mod station;
mod transfer;
mod vehicle;

mod pbf;
mod site;

mod calls;
mod codes;
mod config;
mod scenario;

mod feeds;
mod pictures;

mod mqtt;
mod requests;

mod log;

/// One parser under fire.
pub struct Target {
    /// As `cargo xtask fuzz NAME` takes it.
    pub name: &'static str,
    /// Takes any bytes; panics when a promise is broken.
    pub run: fn(&[u8]),
    /// Inputs from which the fuzzer starts: what the parser is meant for.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Inputs thrown at it by `cargo xtask fuzz --brief`: some seconds' worth.
    pub brief_runs: u32,
}

/// Every target, in the order of the data's way in.
pub const TARGETS: &[Target] = &[
    Target { name: "frames", run: frames::run, seeds: frames::seeds, brief_runs: 30_000 },
    Target { name: "links", run: links::run, seeds: links::seeds, brief_runs: 500 },
    Target { name: "router", run: routing::run_router, seeds: routing::router_seeds, brief_runs: 5_000 },
    Target { name: "signing_memory", run: routing::run_memory, seeds: routing::memory_seeds, brief_runs: 20_000 },
    Target { name: "gateway_toml", run: station::run_config, seeds: station::config_seeds, brief_runs: 8_000 },
    Target { name: "gateway_messages", run: station::run_messages, seeds: station::message_seeds, brief_runs: 3_000 },
    Target { name: "tlog", run: station::run_log, seeds: station::log_seeds, brief_runs: 20_000 },
    Target { name: "transfer", run: transfer::run, seeds: transfer::seeds, brief_runs: 200 },
    Target { name: "vehicle", run: vehicle::run, seeds: vehicle::seeds, brief_runs: 1_500 },
    Target { name: "site_toml", run: site::run_manifest, seeds: site::manifest_seeds, brief_runs: 5_000 },
    Target { name: "geojson", run: site::run_layer, seeds: site::layer_seeds, brief_runs: 1_500 },
    Target { name: "elevation", run: site::run_elevation, seeds: site::elevation_seeds, brief_runs: 5_000 },
    Target { name: "osm_pbf", run: pbf::run, seeds: pbf::seeds, brief_runs: 10_000 },
    Target { name: "calls_csv", run: calls::run, seeds: calls::seeds, brief_runs: 30_000 },
    Target { name: "config_toml", run: config::run, seeds: config::seeds, brief_runs: 8_000 },
    Target { name: "scenario_toml", run: scenario::run, seeds: scenario::seeds, brief_runs: 6_000 },
    Target { name: "code", run: codes::run, seeds: codes::seeds, brief_runs: 50_000 },
    Target { name: "pictures", run: pictures::run, seeds: pictures::seeds, brief_runs: 2_000 },
    Target { name: "camera_packets", run: feeds::run_packets, seeds: feeds::packet_seeds, brief_runs: 20_000 },
    Target { name: "viewer_datagrams", run: feeds::run_datagrams, seeds: feeds::datagram_seeds, brief_runs: 40_000 },
    Target { name: "recording", run: feeds::run_recording, seeds: feeds::recording_seeds, brief_runs: 20_000 },
    Target { name: "requests", run: requests::run, seeds: requests::seeds, brief_runs: 40_000 },
    Target { name: "mqtt", run: mqtt::run, seeds: mqtt::seeds, brief_runs: 40_000 },
    Target { name: "log", run: log::run, seeds: log::seeds, brief_runs: 150 },
];

/// The target of this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
