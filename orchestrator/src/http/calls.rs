//! The call. Whatever is wrong with what it carries, a call that proves its caller is kept.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use dispatch_core::event::{Event, Fix, GeocodedAddress, GroundSpeed, Trigger};
use flight_types::IncidentId;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::body::OptionalBody;
use super::callers::belief;
use super::input::{Belief, accuracy_m};
use super::limits::{FIX_OLD_MS, KEY_LENGTH_MAX};
use super::problem::Problem;
use super::views;
use crate::access::codes::IdentificationCode;
use crate::access::{ADDRESS_LENGTH_MAX, AccessError, CallerCard, Identity, random_digits};

/// These routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(call)).routes(routes!(current))
}

/// A call. Every field may be missing or wrong; the call is kept and `warnings` says what was not understood.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape as documented; a call is read leniently from any JSON object")]
pub struct Call {
    /// "hold", "presses", "device" or "operator".
    trigger: Option<String>,
    /// The terminal's fix: `{lat, lon, accuracy_m, at}`.
    #[schema(value_type = Option<super::input::PositionInput>)]
    position: Option<Value>,
    /// Where, in words.
    address: Option<String>,
    /// Quietly: nothing on the terminal may show it.
    silent: Option<bool>,
    /// An exercise; no aircraft leaves the ground.
    drill: Option<bool>,
    /// For an operator who enters a call for somebody on the telephone: whose.
    identification_code: Option<String>,
}

/// The call is on disk.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallAnswer {
    /// The incident it opened, the same for every repeat of the press.
    incident_id: String,
    /// Until when it can be taken back with the code, milliseconds since 1970-01-01 UTC.
    cancel_until_ms: Option<i64>,
    /// What could not be used, one sentence each.
    warnings: Vec<String>,
}

/// What was understood of a call.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Understood {
    pub trigger: Option<Trigger>,
    pub silent: bool,
    pub drill: bool,
    pub gps: Option<Fix>,
    pub address: Option<String>,
    pub warnings: Vec<String>,
}

/// Keeps a call and opens its incident.
#[utoipa::path(post, path = "/calls", tag = "calls", request_body = Call,
    params(("Idempotency-Key" = Option<String>, Header, description = "The press: repeats with the same key are the same incident")),
    responses((status = 202, body = CallAnswer), (status = 400, body = Problem), (status = 503, body = Problem)))]
async fn call(
    State(app): State<App>,
    identity: Identity,
    headers: HeaderMap,
    OptionalBody(body): OptionalBody<Value>,
) -> Result<(StatusCode, Json<CallAnswer>), Problem> {
    app.limiters().call.take(identity.id.as_str(), app.engine.now_ms()).map_err(Problem::too_often)?;
    let card = whose(&app, &identity, &body).await?;
    let caller = card.id.clone();
    let mut understood = understand(&body, &belief(&app));
    let key = key_of(&headers, &mut understood.warnings)?;
    // A repeat is answered from the state; two at once both reach the core, which makes one incident of them.
    if app.engine.read(|core| core.incident_by_key(&caller, &key).is_none()) {
        let event = raised(&app, &card, &key, &identity, &mut understood);
        app.engine.submit(identity.actor(), event).await?;
    }
    let opened =
        app.engine.read(|core| core.incident_by_key(&caller, &key).map(|incident| (incident.id.clone(), incident.cancel_until_ms)));
    let (id, cancel_until_ms) =
        opened.ok_or_else(|| Problem::unavailable("the call was stored but opened no incident; repeat it"))?;
    metrics::counter!("calls_accepted").increment(1);
    let answer = CallAnswer { incident_id: id.to_string(), cancel_until_ms: Some(cancel_until_ms), warnings: understood.warnings };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

/// The caller's open incident, or 204.
#[utoipa::path(get, path = "/calls/current", tag = "calls", responses((status = 200, body = views::IncidentView), (status = 204)))]
async fn current(State(app): State<App>, identity: Identity, _request: Request) -> Response {
    let id: Option<IncidentId> = app.engine.read(|core| views::current_incident(core, &identity));
    match id {
        Some(id) => match views::incident_view(&app, &identity, &id).await {
            Some(view) => Json(view).into_response(),
            None => StatusCode::NO_CONTENT.into_response(),
        },
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

/// A caller calls for themselves; an operator names whose call it is.
async fn whose(app: &App, identity: &Identity, body: &Value) -> Result<CallerCard, Problem> {
    let card = match identity.caller() {
        Some(caller) => app.access.caller_card(&caller).await?,
        None => {
            let code = body.get("identification_code").and_then(Value::as_str);
            let code = code.ok_or_else(|| Problem::invalid("identification_code", "an operator names the caller by their code"))?;
            app.access.by_code(&IdentificationCode::parse(code).map_err(AccessError::from)?).await?
        }
    };
    card.ok_or_else(|| Problem::unknown("caller", "with this code"))
}

/// Without a key the call is kept all the same; only its repeats cannot be recognised then.
fn key_of(headers: &HeaderMap, warnings: &mut Vec<String>) -> Result<String, Problem> {
    let given = headers.get("idempotency-key").map(|value| value.as_bytes()).filter(|key| !key.is_empty());
    let Some(given) = given else {
        warnings.push("Idempotency-Key: missing, so a repeat of this press would be a second call".to_owned());
        return Ok(format!("made-{}", random_digits(20)?));
    };
    match std::str::from_utf8(given) {
        Ok(key) if key.len() <= KEY_LENGTH_MAX => Ok(key.to_owned()),
        _ => Ok(hex::encode(Sha256::digest(given))),
    }
}

fn raised(app: &App, card: &CallerCard, key: &str, identity: &Identity, understood: &mut Understood) -> Event {
    let address: Option<GeocodedAddress> = understood.address.as_deref().map(|text| app.site.geocode(text));
    if address.as_ref().is_some_and(|address| address.point.is_none()) {
        understood.warnings.push("address: not found on the map of this site; it is passed on as typed".to_owned());
    }
    let last_known = app.live.caller(&card.id);
    if let Some(fix) = understood.gps {
        app.live.report_caller(&card.id, fix);
    }
    let by_terminal = identity.caller().is_some();
    Event::CallRaised {
        caller: card.id.clone(),
        key: key.to_owned(),
        trigger: understood.trigger.unwrap_or(if by_terminal { Trigger::Device } else { Trigger::Operator }),
        silent: understood.silent,
        drill: understood.drill,
        gps: understood.gps,
        address,
        last_known,
        home: card.home().cloned(),
    }
}

/// Reads what can be read, and says what cannot.
pub(crate) fn understand(body: &Value, belief: &Belief) -> Understood {
    let mut understood = Understood::default();
    let empty = Map::new();
    let fields = body.as_object().unwrap_or(&empty);
    if !body.is_object() && !body.is_null() {
        understood.warnings.push("body: a JSON object was expected; the call is kept without particulars".to_owned());
    }
    for (name, value) in fields {
        let read = match name.as_str() {
            "trigger" => trigger(value).map(|trigger| understood.trigger = Some(trigger)),
            "silent" => flag(value).map(|silent| understood.silent = silent),
            "drill" => flag(value).map(|drill| understood.drill = drill),
            "address" => address(value, &mut understood),
            "position" => position(value, belief, &mut understood.warnings).map(|fix| understood.gps = fix),
            "identification_code" => Ok(()),
            _ => Err("not known here".to_owned()),
        };
        if let Err(reason) = read {
            understood.warnings.push(format!("{name}: {reason}; the call is kept without it"));
        }
    }
    understood
}

fn trigger(value: &Value) -> Result<Trigger, String> {
    serde_json::from_value(value.clone()).map_err(|_| "\"hold\", \"presses\", \"device\" or \"operator\" is expected".to_owned())
}

fn flag(value: &Value) -> Result<bool, String> {
    match value {
        Value::Null => Ok(false),
        Value::Bool(flag) => Ok(*flag),
        Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => Err("true or false is expected".to_owned()),
    }
}

fn address(value: &Value, understood: &mut Understood) -> Result<(), String> {
    let text = match value {
        Value::Null => return Ok(()),
        Value::String(text) => text.trim(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => return Err("a text is expected".to_owned()),
    };
    if text.is_empty() {
        return Ok(());
    }
    let bounded: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(ADDRESS_LENGTH_MAX).collect();
    if text.chars().count() > ADDRESS_LENGTH_MAX {
        understood.warnings.push(format!("address: cut to {ADDRESS_LENGTH_MAX} characters"));
    }
    understood.address = Some(bounded);
    Ok(())
}

/// A place that is not believed is dropped; a wrong time or accuracy is replaced and pointed out.
fn position(value: &Value, belief: &Belief, warnings: &mut Vec<String>) -> Result<Option<Fix>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let degrees = |name: &str| value.get(name).and_then(Value::as_f64).ok_or_else(|| format!("{name} must be a number of degrees"));
    let point = belief.point(degrees("lat")?, degrees("lon")?)?;
    let accuracy_m = optional_number(value, "accuracy_m").and_then(accuracy_m).unwrap_or_else(|reason| {
        warnings.push(format!("position.accuracy_m: {reason}; taken as unknown"));
        super::limits::ACCURACY_UNKNOWN_M
    });
    let at_ms = optional_number(value, "at").and_then(|at| belief.time_ms(at.map(|at| at as i64))).unwrap_or_else(|reason| {
        warnings.push(format!("position.at: {reason}; taken as now"));
        belief.now_ms
    });
    if belief.now_ms - at_ms > FIX_OLD_MS {
        warnings.push(format!("position.at: this fix is {} s old", (belief.now_ms - at_ms) / 1_000));
    }
    let figure = |name: &str| value.get(name).and_then(Value::as_f64);
    let speed = GroundSpeed::believable(figure("speed_m_s"), figure("heading_deg"));
    Ok(Some(Fix { point, accuracy_m, at_ms, speed }))
}

fn optional_number(value: &Value, name: &str) -> Result<Option<f64>, String> {
    match value.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(number) => number.as_f64().map(Some).ok_or_else(|| "a number is expected".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use flight_types::GeoPoint;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn belief() -> Belief {
        Belief { centre: GeoPoint::new(37.5, 127.0).expect("a test point"), now_ms: 1_700_000_000_000 }
    }

    #[test]
    fn a_call_is_understood_as_far_as_it_can_be() {
        let here = json!({"lat": 37.5, "lon": 127.0, "accuracy_m": 8, "at": 1_700_000_000_000_i64});
        // (body, has a fix, has an address, words in the warnings)
        let cases: [(Value, bool, bool, &[&str]); 16] = [
            (Value::Null, false, false, &[]),
            (json!({}), false, false, &[]),
            (json!([1]), false, false, &["object was expected"]),
            (json!({"trigger": "hold", "position": here, "address": "1 Main St", "silent": true, "drill": false}), true, true, &[]),
            (json!({"trigger": "shout", "position": here}), true, false, &["trigger"]),
            (json!({"silent": "yes", "drill": 1, "position": here}), true, false, &["silent", "drill"]),
            (json!({"position": {"lat": "37.5", "lon": 127.0}, "address": "x"}), false, true, &["lat must be a number"]),
            (json!({"position": {"lat": 37.5}}), false, false, &["lon must be a number"]),
            (json!({"position": {"lat": 91, "lon": 0}}), false, false, &["outside"]),
            (json!({"position": {"lat": -37.5, "lon": -53.0}}), false, false, &["km from the site"]),
            (
                json!({"position": {"lat": 37.5, "lon": 127.0, "accuracy_m": -3, "at": "noon"}}),
                true,
                false,
                &["accuracy_m", "position.at"],
            ),
            (json!({"position": {"lat": 37.5, "lon": 127.0, "at": 1_800_000_000_000_i64}}), true, false, &["ahead"]),
            (json!({"position": {"lat": 37.5, "lon": 127.0, "at": 1_699_999_000_000_i64}}), true, false, &["1000 s old"]),
            (json!({"position": {"lat": 37.5, "lon": 127.0, "at": 1e300}}), true, false, &["ahead"]),
            (json!({"address": "x".repeat(1_000)}), false, true, &["cut to"]),
            (json!({"address": 5, "colour": "red"}), false, false, &["address", "colour"]),
        ];
        for (body, has_fix, has_address, words) in cases {
            let understood = understand(&body, &belief());
            assert_eq!((understood.gps.is_some(), understood.address.is_some()), (has_fix, has_address), "{body}");
            assert_eq!(understood.warnings.len(), words.len(), "{body}: {:?}", understood.warnings);
            let warnings = understood.warnings.join("\n");
            assert!(words.iter().all(|word| warnings.contains(word)), "{body}: {warnings}");
        }
    }

    proptest! {
        #[test]
        fn no_json_object_is_refused(text: String, number: f64, flag: bool) {
            let body = json!({"trigger": text, "position": {"lat": number, "lon": text, "at": number}, "address": text, "silent": flag, "drill": number});
            let understood = understand(&body, &belief());
            prop_assert!(understood.gps.is_none());
            prop_assert_eq!(understood.silent, flag);
        }
    }
}
