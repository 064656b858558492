//! Cameras at gates post what they read. A camera proves itself with its own token, in the header `Camera-Token`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use dispatch_core::event::Actor;
use parking_core::event::{ParkingEvent, PlateRead};
use parking_core::id::CameraId;
use parking_core::limits::READ_ID_LENGTH_MAX;
use parking_core::plate::Plate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::app::App;
use super::super::body::Body;
use super::{Problem, submit};
use crate::access::secret_digest;

/// Reads taken at once; a camera that was cut off sends its backlog in several.
const READS_AT_ONCE_MAX: usize = 200;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(reads))
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
    let mut answer = ReadsAnswer { taken: 0, repeated: 0, unreadable: Vec::new() };
    for read in input.reads {
        let Ok(plate) = Plate::parse(&read.plate) else {
            answer.unreadable.push(read.id);
            continue;
        };
        let read =
            PlateRead { id: read.id, camera: camera.clone(), plate, confidence_pct: read.confidence_pct, seen_at_ms: read.at_ms };
        if app.engine.read(|core| core.parking().knows_read(&read)) {
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

fn is_read(read: &PlateRead) -> bool {
    (1..=READ_ID_LENGTH_MAX).contains(&read.id.len()) && read.confidence_pct <= 100
}

/// A wrong token is answered like a camera that does not exist.
fn proved(app: &App, headers: &HeaderMap, camera: &str) -> Result<CameraId, Problem> {
    let unknown = || Problem::unknown("camera", camera);
    let id = CameraId::new(camera).map_err(|_| unknown())?;
    let shown = headers.get("camera-token").and_then(|value| value.to_str().ok()).map(secret_digest).ok_or_else(unknown)?;
    let kept = app.engine.read(|core| core.parking().config().camera(&id).map(|camera| camera.token_sha256.clone()));
    if kept.is_some_and(|kept| kept.eq_ignore_ascii_case(&shown)) { Ok(id) } else { Err(unknown()) }
}
