//! What devices publish, turned into the same requests as over HTTP.

use std::future::Future;
use std::pin::Pin;

use dispatch_core::event::Fix;
use flight_types::{CallerId, GuardId, IncidentId, OfferId};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::access::Identity;
use super::topics::{Parts, Topics};
use crate::engine::Engine;
use crate::limits;
use crate::live::Live;

/// A request as the HTTP surface takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Who asks; proved to the broker.
    pub who: Identity,
    /// Under `/api/v1`; always POST.
    pub path: String,
    /// The idempotency key.
    pub key: Option<String>,
    /// The body.
    pub body: Value,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// The answer, or problem details.
    pub body: Value,
}

/// The answer of [`Desk::ask`].
pub type Asking<'a> = Pin<Box<dyn Future<Output = Answered> + Send + 'a>>;

/// Takes requests: the handlers of the HTTP surface.
pub trait Desk: Send + Sync + 'static {
    /// Carries out a request with the identity's rights.
    fn ask(&self, ask: Ask) -> Asking<'_>;
    /// Judges a position: `{lat, lon, accuracy_m?, at?}`. The error says in words what is wrong.
    fn fix(&self, body: &Value) -> Result<Fix, String>;
}

/// What is published back to the device.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reply {
    pub topic: String,
    pub body: Value,
}

/// A sign of life; says nothing else.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Presence {}

/// A guard's reply.
#[derive(Debug, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case", deny_unknown_fields)]
enum GuardReply {
    Received { offer: OfferId },
    Accept { offer: OfferId },
    Decline { offer: OfferId, reason: Option<String> },
    OnScene { incident: IncidentId },
    SituationEnd { incident: IncidentId },
    Backup { incident: IncidentId },
    Duty { on_duty: bool },
}

/// A caller's reply.
#[derive(Debug, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case", deny_unknown_fields)]
enum CallerReply {
    Cancel { incident: IncidentId, code: String },
    Confirmation { incident: IncidentId, code: String },
}

/// What a message asks for, before any state is looked at.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// A guard's place.
    GuardPosition {
        /// Whose.
        guard: GuardId,
        /// `{lat, lon, accuracy_m?, at?}`, not judged yet.
        body: Value,
    },
    /// A guard is there, wherever that is.
    GuardPresence {
        /// Who.
        guard: GuardId,
    },
    /// A caller's place.
    CallerPosition {
        /// Whose.
        caller: CallerId,
        /// `{lat, lon, accuracy_m?, at?}`, not judged yet.
        body: Value,
    },
    /// A request as the HTTP surface takes it.
    Ask {
        /// The request.
        ask: Ask,
        /// What an answer says that it answers; never holds a code.
        shown: Value,
    },
}

impl Request {
    /// Reads a message's topic and payload; the error is the problem that its sender is told.
    pub fn read(parts: &Parts<'_>, payload: &[u8]) -> Result<Self, Value> {
        if payload.len() > limits::MQTT_DEVICE_MESSAGE_BYTES_MAX {
            return Err(refusal(413, &format!("longer than {} bytes", limits::MQTT_DEVICE_MESSAGE_BYTES_MAX)));
        }
        let body: Value = serde_json::from_slice(payload).map_err(|error| refusal(400, &format!("not JSON: {error}")))?;
        match (parts.kind, parts.what) {
            ("guards", "position") => Ok(Self::GuardPosition { guard: guard(parts.id)?, body }),
            ("guards", "presence") => {
                let Presence {} = read(body)?;
                Ok(Self::GuardPresence { guard: guard(parts.id)? })
            }
            ("guards", "replies") => {
                let guard = guard(parts.id)?;
                Ok(Self::Ask { ask: guard_ask(guard, read(body.clone())?), shown: body })
            }
            ("callers", "position") => Ok(Self::CallerPosition { caller: caller(parts.id)?, body }),
            ("callers", "calls") => Ok(Self::Ask { ask: call_ask(caller(parts.id)?, &body), shown: body }),
            ("callers", "replies") => {
                let reply: CallerReply = read(body.clone())?;
                Ok(Self::Ask { ask: caller_ask(caller(parts.id)?, reply), shown: without_code(body) })
            }
            _ => Err(refusal(404, "nothing listens to this topic")),
        }
    }
}

/// Handles what devices publish.
pub(super) struct Inbound {
    pub topics: Topics,
    pub engine: Engine,
    pub live: Live,
    pub desk: std::sync::Arc<dyn Desk>,
}

impl Inbound {
    /// Handles one message; what goes back to the device is returned. Never panics on anything a device can send.
    pub async fn handle(&self, topic: &str, payload: &[u8]) -> Option<Reply> {
        let parts = self.topics.parts(topic)?;
        let (kind, id) = (parts.kind, parts.id);
        let result = match Request::read(&parts, payload) {
            Ok(request) => self.act(request).await,
            Err(refusal) => Err(refusal),
        };
        match result {
            Ok(body) => body.map(|body| Reply { topic: self.topics.of(kind, id, "answers"), body }),
            Err(body) => {
                metrics::counter!("mqtt_messages_refused").increment(1);
                tracing::info!(topic = %topic.escape_debug(), problem = %body, "an MQTT message was refused");
                let body = json!({ "topic": topic, "problem": body });
                Some(Reply { topic: self.topics.errors(id), body })
            }
        }
    }

    async fn act(&self, request: Request) -> Result<Option<Value>, Value> {
        match request {
            Request::GuardPosition { guard, body } => self.guard_position(&guard, &body).map(|()| None),
            Request::GuardPresence { guard } => {
                self.live.heard_guard(&guard, self.engine.now_ms());
                Ok(None)
            }
            Request::CallerPosition { caller, body } => self.caller_position(caller, body).await,
            Request::Ask { ask, shown } => {
                if let Identity::Guard(guard) = &ask.who {
                    self.live.heard_guard(guard, self.engine.now_ms());
                }
                self.ask(ask, shown).await
            }
        }
    }

    /// Positions come often: they go straight to the live tables.
    fn guard_position(&self, guard: &GuardId, body: &Value) -> Result<(), Value> {
        let now_ms = self.engine.now_ms();
        match self.desk.fix(body) {
            Ok(fix) => self.live.report_guard(guard, fix, now_ms),
            Err(reason) => {
                // The terminal lives even when its satellites do not.
                self.live.heard_guard(guard, now_ms);
                return Err(refusal(400, &reason));
            }
        }
        metrics::counter!("mqtt_positions_taken").increment(1);
        Ok(())
    }

    /// During an incident a caller's position concerns the core; at other times it is only remembered.
    async fn caller_position(&self, caller: CallerId, body: Value) -> Result<Option<Value>, Value> {
        let fix = self.desk.fix(&body).map_err(|reason| refusal(400, &reason))?;
        self.live.report_caller(&caller, fix);
        let open = self.engine.read(|core| core.open_incident_of(&caller).map(|incident| incident.id.clone()));
        let Some(incident) = open else { return Ok(None) };
        let path = format!("/incidents/{incident}/position");
        let answered = self.desk.ask(Ask { who: Identity::Caller(caller), path, key: None, body }).await;
        if answered.status < 400 { Ok(None) } else { Err(answered.body) }
    }

    /// Answers name the request they answer.
    async fn ask(&self, ask: Ask, request: Value) -> Result<Option<Value>, Value> {
        let answered = self.desk.ask(ask).await;
        if 400 <= answered.status {
            return Err(json!({ "request": request, "status": answered.status, "problem": answered.body }));
        }
        Ok(Some(json!({ "request": request, "status": answered.status, "answer": answered.body })))
    }
}

fn guard_ask(guard: GuardId, reply: GuardReply) -> Ask {
    let (path, body) = match reply {
        GuardReply::Received { offer } => (format!("/offers/{offer}/received"), Value::Null),
        GuardReply::Accept { offer } => (format!("/offers/{offer}/accept"), Value::Null),
        GuardReply::Decline { offer, reason } => (format!("/offers/{offer}/decline"), json!({ "reason": reason })),
        GuardReply::OnScene { incident } => (format!("/incidents/{incident}/on-scene"), Value::Null),
        GuardReply::SituationEnd { incident } => (format!("/incidents/{incident}/situation-end"), Value::Null),
        GuardReply::Backup { incident } => (format!("/incidents/{incident}/backup"), Value::Null),
        GuardReply::Duty { on_duty } => ("/guards/me/duty".to_owned(), json!({ "on_duty": on_duty })),
    };
    Ask { who: Identity::Guard(guard), path, key: None, body }
}

fn caller_ask(caller: CallerId, reply: CallerReply) -> Ask {
    let (path, code) = match reply {
        CallerReply::Cancel { incident, code } => (format!("/incidents/{incident}/cancel"), code),
        CallerReply::Confirmation { incident, code } => (format!("/incidents/{incident}/confirmation"), code),
    };
    Ask { who: Identity::Caller(caller), path, key: None, body: json!({ "code": code }) }
}

/// The key travels in the payload, because a device may speak MQTT 3.1.1, which has no headers.
fn call_ask(caller: CallerId, body: &Value) -> Ask {
    let mut fields = body.as_object().cloned().unwrap_or_else(Map::new);
    let key = fields.remove("key").map(|key| key.as_str().map_or_else(|| key.to_string(), str::to_owned));
    let body = if body.is_object() { Value::Object(fields) } else { body.clone() };
    Ask { who: Identity::Caller(caller), path: "/calls".to_owned(), key, body }
}

/// A code must not travel back: answers may be kept by the broker for a device that is away.
fn without_code(mut body: Value) -> Value {
    if let Some(fields) = body.as_object_mut() {
        fields.remove("code");
    }
    body
}

fn read<T: serde::de::DeserializeOwned>(body: Value) -> Result<T, Value> {
    serde_json::from_value(body).map_err(|error| refusal(400, &error.to_string()))
}

fn guard(id: &str) -> Result<GuardId, Value> {
    GuardId::new(id).map_err(|error| refusal(400, &error.to_string()))
}

fn caller(id: &str) -> Result<CallerId, Value> {
    CallerId::new(id).map_err(|error| refusal(400, &error.to_string()))
}

fn refusal(status: u16, detail: &str) -> Value {
    json!({ "status": status, "detail": detail })
}
