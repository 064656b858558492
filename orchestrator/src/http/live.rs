//! `GET /live`: one task per page; everything its role may see, then every change of it.
//!
//! The queues are the bounded receivers of the engine, the live data and the notices. A page that does not keep up is cut off
//! with a reason and resumes with `?after=SEQ`; it can never make the server hold its backlog.

mod changed;
mod message;
mod page;

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval, timeout};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::body::Query;
use super::limits::{LIVE_CHECK, LIVE_CONNECTIONS_MAX, LIVE_MESSAGE_MAX, LIVE_SEND_MAX, LIVE_STEP};
use super::problem::Problem;
use super::who::{BEARER_PROTOCOL, Credential, may_concern, still_stands};
use crate::access::Identity;
pub use message::LiveMessage;
use page::Page;

/// Pings that may go unanswered before a page counts as gone.
const PINGS_UNANSWERED_MAX: u32 = 2;

/// This route.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(live))
}

/// Where to resume.
#[derive(Debug, Deserialize, IntoParams)]
struct Resume {
    /// Incident changes after this entry come first.
    after: Option<u64>,
}

/// Everything that the asker's role may see, as it changes. A WebSocket; each message is a `LiveMessage`.
#[utoipa::path(get, path = "/live", tag = "live", params(Resume),
    responses((status = 101, description = "each message is a LiveMessage"), (status = 401, body = Problem)))]
async fn live(
    State(app): State<App>,
    identity: Identity,
    credential: Credential,
    Query(resume): Query<Resume>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return Problem::malformed(format!("this path is a WebSocket: {rejection}")).into_response(),
    };
    let Some(seat) = Seat::take(&app) else {
        return Problem::unavailable("too many live connections").into_response();
    };
    upgrade.protocols([BEARER_PROTOCOL]).max_message_size(LIVE_MESSAGE_MAX).on_upgrade(async move |mut socket| {
        let goodbye = converse(&app, &identity, &credential, resume.after, &mut socket).await;
        if let Some(frame) = goodbye.frame() {
            // A page that cannot be told is gone already.
            let _ = timeout(LIVE_SEND_MAX, socket.send(Message::Close(Some(frame)))).await;
        }
        drop(seat);
    })
}

/// One of the bounded number of live connections.
struct Seat(App);

impl Seat {
    fn take(app: &App) -> Option<Self> {
        let seats = app.live_connections();
        let free =
            seats.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| (taken < LIVE_CONNECTIONS_MAX).then_some(taken + 1));
        free.is_ok().then(|| Self(app.clone()))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.live_connections().fetch_sub(1, Ordering::Relaxed);
    }
}

/// Why a conversation ended.
enum Goodbye {
    Gone,
    TooSlow { after: u64 },
    SignedOut,
    Stopping,
}

impl Goodbye {
    fn frame(&self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Gone => return None,
            Self::TooSlow { after } => (close_code::AGAIN, format!("too slow; resume with ?after={after}")),
            Self::SignedOut => (close_code::POLICY, "signed out".to_owned()),
            Self::Stopping => (close_code::AWAY, "the server is stopping; resume shortly".to_owned()),
        };
        Some(CloseFrame { code, reason: reason.into() })
    }
}

async fn converse(app: &App, identity: &Identity, credential: &Credential, after: Option<u64>, socket: &mut WebSocket) -> Goodbye {
    // Listening begins before the first look, so that nothing falls between the two.
    let (mut steps, mut changes, mut notices) = (app.engine.subscribe(), app.live.subscribe(), app.notices.subscribe());
    let mut revoked = app.access.revocations();
    let mut page = Page::new(app.clone(), identity.clone());
    let first = page.snapshot(after).await;
    if send(socket, first).await.is_err() {
        return Goodbye::Gone;
    }
    let (mut step_tick, mut check_tick) = (interval(LIVE_STEP), interval(LIVE_CHECK));
    step_tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    check_tick.reset();
    let mut pings_unanswered = 0;
    loop {
        let messages = tokio::select! {
            step = steps.recv() => match step {
                Ok(step) => page.step(&step).await,
                Err(RecvError::Lagged(_)) => return Goodbye::TooSlow { after: page.seq() },
                Err(RecvError::Closed) => return Goodbye::Stopping,
            },
            notice = notices.recv() => match notice {
                Ok(notice) => page.notice(&notice).into_iter().collect(),
                Err(RecvError::Lagged(_)) => return Goodbye::TooSlow { after: page.seq() },
                Err(RecvError::Closed) => return Goodbye::Stopping,
            },
            change = changes.recv() => {
                match change {
                    Ok(change) => page.changed(change),
                    Err(RecvError::Lagged(_)) => page.all_changed(),
                    Err(RecvError::Closed) => return Goodbye::Stopping,
                }
                continue;
            },
            revoked = revoked.recv() => {
                if may_concern(&revoked, identity) && !still_stands(app, identity, credential).await {
                    return Goodbye::SignedOut;
                }
                continue;
            },
            _ = step_tick.tick() => page.flush(),
            _ = check_tick.tick() => {
                pings_unanswered += 1;
                if pings_unanswered > PINGS_UNANSWERED_MAX || ping(socket).await.is_err() {
                    return Goodbye::Gone;
                }
                if !still_stands(app, identity, credential).await {
                    return Goodbye::SignedOut;
                }
                continue;
            },
            heard = socket.recv() => match heard {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Goodbye::Gone,
                Some(Ok(Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => {
                    pings_unanswered = 0;
                    continue;
                }
            },
            () = app.stopping().cancelled() => return Goodbye::Stopping,
        };
        if send(socket, messages).await.is_err() {
            return Goodbye::Gone;
        }
    }
}

async fn ping(socket: &mut WebSocket) -> Result<(), ()> {
    send_one(socket, Message::Ping(Default::default())).await
}

async fn send(socket: &mut WebSocket, messages: Vec<String>) -> Result<(), ()> {
    for text in messages {
        send_one(socket, Message::Text(text.into())).await?;
    }
    Ok(())
}

async fn send_one(socket: &mut WebSocket, message: Message) -> Result<(), ()> {
    match timeout(LIVE_SEND_MAX, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(()),
    }
}
