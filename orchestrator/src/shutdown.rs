//! Signals: the first asks the server to finish, the second ends it at once.

use tokio::signal::unix::{SignalKind, signal};

/// Returns at the first SIGTERM or Ctrl-C. From then on a second one ends the process at once.
pub async fn asked_to_stop() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::warn!("second signal: stopping at once");
        // Nothing is lost: what was acknowledged is on disk, and what is open is given again at the next start.
        std::process::exit(130);
    });
    Ok(())
}
