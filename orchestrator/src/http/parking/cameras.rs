//! Cameras at gates post what they read, or pictures for a person to read. A camera proves itself with its own token, in the header `Camera-Token`.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use dispatch_core::event::Actor;
use parking_core::event::{GateFrame, ParkingEvent, PlateRead};
use parking_core::id::CameraId;
use parking_core::limits::READ_ID_LENGTH_MAX;
use parking_core::plate::Plate;
use serde::{Deserialize, Serialize};
use survey_vision::{decode_picture, picture_size};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::app::App;
use super::super::body::{Body, Query, read_at_most};
use super::super::limits::{FRAME_BYTES_MAX, FRAME_PIXELS_MAX};
use super::{Problem, submit};
use crate::access::secret_digest;

/// Reads taken at once; a camera that was cut off sends its backlog in several.
const READS_AT_ONCE_MAX: usize = 200;

/// Start of image and the marker that follows it (ISO/IEC 10918-1, annex B).
const JPEG_BEGINS: [u8; 3] = [0xff, 0xd8, 0xff];

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(reads)).routes(routes!(frame))
}

/// One read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadInput {
    /// The camera's own name for it; a repeat is the same read.
    id: String,
    /// What it read.
    plate: String,
    /// How sure it is, 0 to 100 per cent.
    confidence_pct: u8,
    /// When it saw the car by its own clock, milliseconds since 1970-01-01 UTC.
    at_ms: i64,
}

/// Several reads, oldest first.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reads {
    reads: Vec<ReadInput>,
    /// What the camera's clock said when it sent this, milliseconds since 1970-01-01 UTC. With it a clock that is off is noticed, and one that
    /// is off a little set right; without, a slow clock looks like a line that was down, and stays begin too early.
    sent_at_ms: Option<i64>,
}

/// What became of them.
#[derive(Serialize, ToSchema)]
pub struct ReadsAnswer {
    /// New ones.
    taken: usize,
    /// Known before.
    repeated: usize,
    /// What was no plate, or no read at all, by the camera's names; the others are taken all the same.
    unreadable: Vec<String>,
}

/// Takes plate reads of one camera.
#[utoipa::path(post, path = "/cctv/{camera}/reads", tag = "parking", request_body = Reads,
    params(("camera" = String, Path), ("Camera-Token" = String, Header)),
    responses((status = 202, body = ReadsAnswer), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn reads(
    State(app): State<App>,
    headers: HeaderMap,
    Path(camera): Path<String>,
    Body(input): Body<Reads>,
) -> Result<(StatusCode, Json<ReadsAnswer>), Problem> {
    let camera = proved(&app, &headers, &camera)?;
    if READS_AT_ONCE_MAX < input.reads.len() {
        return Err(Problem::invalid("reads", format!("at most {READS_AT_ONCE_MAX} at once")));
    }
    let clock_behind_ms = clock_behind_ms(&app, input.sent_at_ms);
    let mut answer = ReadsAnswer { taken: 0, repeated: 0, unreadable: Vec::new() };
    for read in input.reads {
        let Ok(plate) = Plate::parse(&read.plate) else {
            answer.unreadable.push(read.id);
            continue;
        };
        let ReadInput { id, confidence_pct, at_ms: seen_at_ms, .. } = read;
        let read = PlateRead { id, camera: camera.clone(), plate, confidence_pct, seen_at_ms, clock_behind_ms };
        if app.engine.read(|core| core.parking().knows_read(&read.camera, &read.id)) {
            answer.repeated += 1;
            continue;
        }
        // A read that can never be taken must not stop those behind it: the camera would send the same batch for ever.
        if !is_read(&read) {
            answer.unreadable.push(read.id);
            continue;
        }
        submit(&app, Actor::Visitor, ParkingEvent::Seen { read }).await?;
        answer.taken += 1;
    }
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

/// How far a camera's clock is behind ours, with what the message took on its way: seconds, where minutes matter.
fn clock_behind_ms(app: &App, sent_at_ms: Option<i64>) -> Option<i64> {
    sent_at_ms.map(|sent_at_ms| app.engine.now_ms().saturating_sub(sent_at_ms))
}

fn is_read(read: &PlateRead) -> bool {
    (1..=READ_ID_LENGTH_MAX).contains(&read.id.len()) && read.confidence_pct <= 100
}

/// Which picture it is.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FrameInput {
    /// The camera's own name for it; a repeat is the same picture.
    id: String,
    /// When it saw the car by its own clock, milliseconds since 1970-01-01 UTC.
    at_ms: i64,
    /// What that clock said when the camera sent this; left out, a clock that is off is not noticed.
    sent_at_ms: Option<i64>,
}

/// What became of a picture.
#[derive(Serialize, ToSchema)]
pub struct FrameAnswer {
    /// Known before: nothing was done.
    repeated: bool,
}

/// Takes one picture of a car, a JPEG of at most 2 MB and 12 million pixels. Nobody reads its plate but a person: it waits among the reviews, and
/// what they type opens or ends a stay as a read does.
#[utoipa::path(post, path = "/cctv/{camera}/frames", tag = "parking",
    params(("camera" = String, Path), ("Camera-Token" = String, Header), FrameInput),
    request_body(content = Vec<u8>, content_type = "image/jpeg"),
    responses((status = 202, body = FrameAnswer), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
async fn frame(
    State(app): State<App>,
    headers: HeaderMap,
    Path(camera): Path<String>,
    Query(input): Query<FrameInput>,
    request: Request,
) -> Result<(StatusCode, Json<FrameAnswer>), Problem> {
    // Before the body: strangers do not make the server read megabytes.
    let camera = proved(&app, &headers, &camera)?;
    let frame =
        GateFrame { id: input.id, camera, seen_at_ms: input.at_ms, clock_behind_ms: clock_behind_ms(&app, input.sent_at_ms) };
    let event = ParkingEvent::Pictured { frame: frame.clone() };
    let now_ms = app.engine.now_ms();
    app.engine.read(|core| core.parking().admit(now_ms, &event))?;
    let jpeg = read_at_most(request, FRAME_BYTES_MAX).await?;
    if app.engine.read(|core| core.parking().knows_read(&frame.camera, &frame.id)) {
        return Ok((StatusCode::ACCEPTED, Json(FrameAnswer { repeated: true })));
    }
    let shelf = app.gate_frames.clone().ok_or_else(|| Problem::unavailable("this server keeps no pictures of gates"))?;
    let kept = frame.clone();
    // Unpacking a picture takes tens of milliseconds.
    let keeping = tokio::task::spawn_blocking(move || {
        check(&jpeg)?;
        shelf.keep(&kept, &jpeg).map_err(|error| Problem::fault(&error))
    });
    keeping.await.map_err(|_| Problem::panicked())??;
    if let Err(problem) = submit(&app, Actor::Visitor, event).await {
        forget(&app, &frame);
        return Err(problem);
    }
    Ok((StatusCode::ACCEPTED, Json(FrameAnswer { repeated: false })))
}

/// Whether bytes are a whole JPEG of a size that a gate's camera has; its size is looked at before a pixel is unpacked.
fn check(jpeg: &[u8]) -> Result<(), Problem> {
    let wrong = |reason: String| Problem::invalid("picture", reason);
    if !jpeg.starts_with(&JPEG_BEGINS) {
        return Err(wrong("is no JPEG".to_owned()));
    }
    let (width, height) = picture_size(jpeg).map_err(|error| wrong(error.to_string()))?;
    if FRAME_PIXELS_MAX < u64::from(width) * u64::from(height) {
        return Err(wrong(format!("says it is {width} x {height}; at most {FRAME_PIXELS_MAX} pixels are taken")));
    }
    decode_picture(jpeg).map(drop).map_err(|error| wrong(error.to_string()))
}

/// A picture that nobody needs any more. One that cannot be deleted is at the next start.
pub(super) fn forget(app: &App, frame: &GateFrame) {
    if let Some(error) = app.gate_frames.as_ref().and_then(|shelf| shelf.forget(frame).err()) {
        tracing::warn!(error = %error, camera = %frame.camera, "a gate's picture could not be deleted");
    }
}

/// A wrong token is answered like a camera that does not exist.
fn proved(app: &App, headers: &HeaderMap, camera: &str) -> Result<CameraId, Problem> {
    let unknown = || Problem::unknown("camera", camera);
    let id = CameraId::new(camera).map_err(|_| unknown())?;
    let shown = headers.get("camera-token").and_then(|value| value.to_str().ok()).map(secret_digest).ok_or_else(unknown)?;
    let kept = app.engine.read(|core| core.parking().config().camera(&id).map(|camera| camera.token_sha256.clone()));
    if kept.is_some_and(|kept| kept.eq_ignore_ascii_case(&shown)) { Ok(id) } else { Err(unknown()) }
}
