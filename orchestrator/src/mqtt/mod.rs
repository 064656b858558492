//! MQTT 5: an embedded broker, the identities it admits, and the bridge between topics and the engine.

pub mod access;
