//! The whole product on this machine: server with broker and database, aircraft, guards, a caller.
pub fn play_in_browser() -> anyhow::Result<()> {
    Ok(())
}
#[derive(clap::Args)]
pub struct Options {}
pub fn run(_: &Options) -> anyhow::Result<()> {
    Ok(())
}
