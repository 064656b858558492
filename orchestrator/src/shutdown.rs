//! Signals: the first asks the server to finish, the second ends it at once.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that ask a server to stop, listened to from the moment this is made: one that comes during the start is kept.
pub struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Listens from now on.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Returns at the first SIGTERM or Ctrl-C. From then on a second one ends the process at once.
    pub async fn asked_to_stop(mut self) {
        self.next().await;
        tokio::spawn(async move {
            self.next().await;
            tracing::warn!("second signal: stopping at once");
            // Nothing is lost: what was acknowledged is on disk, and what is open is given again at the next start.
            std::process::exit(130);
        });
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
