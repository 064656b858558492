//! Incidents from the press to the code, played through the public core. Cases are scripts with their expected story; adding one
//! needs a script, not Rust. `world` plays the guards' index, the terminals and the clock; it decides nothing.

mod invariants;
mod script;
mod world;

mod calls;
mod endings;
mod guards;
mod places;
mod requests;
mod together;

mod random;
mod replay;
