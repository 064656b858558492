//! Draws Dalbit, the invented town of the demo, into `configs/demo-site`. The same on every machine.
//!
//! `cargo run -p site-model --example make_demo_site [-- OUT_DIR]`
//!
//! A river with two bridges, an old town north of it, a station, a school, a hospital whose helipad lies between the first launch
//! station and the streets where the demo's caller lives, a park, a market and three parking lots. Nothing here is a real place.

mod houses;
mod parking;
mod streets;
mod town;

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../configs/demo-site");
    let out = std::env::args_os().nth(1).map_or(default, PathBuf::from);
    let site = town::site();
    site.save(&out)?;
    let (roads, buildings, addresses) = (site.roads.len(), site.buildings.len(), site.addresses.len());
    let bays: usize = site.lots.iter().map(|lot| lot.bays.len()).sum();
    println!("{}: {roads} roads, {buildings} buildings, {addresses} addresses, {bays} bays", out.display());
    Ok(())
}
