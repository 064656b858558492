//! Every shape that the body of a request may have, as the handlers read it up to the point where they ask for state. For tests that
//! throw bytes at them; no handler is here.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::body::parse;
use super::input::{Belief, CodeInput, PositionInput, ReasonInput};
use super::problem::Problem;
use super::{accounts, callers, calls, drones, guards, session, surveys};
use crate::access::codes::IdentificationCode;

/// Reads a body of one shape.
pub type Read = fn(&[u8], &Belief) -> Result<(), Problem>;

/// Each shape by the request that carries it.
pub const SHAPES: &[(&str, Read)] = &[
    ("calls", call),
    ("callers", shape::<callers::Registration>),
    ("callers/terminal", shape::<callers::NewTerminal>),
    ("position", |bytes, belief| belief.fix(&parse::<PositionInput>(bytes)?).map(drop)),
    ("cancel", shape::<CodeInput>),
    ("decline", |bytes, _| parse::<ReasonInput>(bytes).map(|input| drop(input.bounded()))),
    ("duty", shape::<guards::Duty>),
    ("control", shape::<drones::ControlInput>),
    ("light", shape::<drones::LightInput>),
    ("accounts", shape::<accounts::AccountInput>),
    ("accounts/device-token", shape::<accounts::DeviceInput>),
    ("lots/surveys", shape::<surveys::SurveyInput>),
    ("session", shape::<session::SignIn>),
    ("session/password", shape::<session::PasswordChange>),
    ("identify", |bytes, _| code(bytes)),
];

fn shape<T: DeserializeOwned>(bytes: &[u8], _belief: &Belief) -> Result<(), Problem> {
    parse::<T>(bytes).map(drop)
}

/// A call that reads as JSON is never refused for what it says.
fn call(bytes: &[u8], belief: &Belief) -> Result<(), Problem> {
    let body = if bytes.is_empty() { Value::Null } else { parse(bytes)? };
    let understood = calls::understand(&body, belief);
    assert!(understood.gps.is_none_or(|fix| fix.at_ms <= belief.now_ms), "a fix from the future: {understood:?}");
    Ok(())
}

fn code(bytes: &[u8]) -> Result<(), Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| Problem::malformed(error.to_string()))?;
    IdentificationCode::parse(text).map(drop).map_err(|error| crate::access::AccessError::from(error).into())
}
