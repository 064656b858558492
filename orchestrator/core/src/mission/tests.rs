//! Flights through the whole core: entries in, commands and timeline out.

mod bench;
mod following;
mod giving_way;
mod invariants;
mod orders;
mod rally;
mod relieving;
mod sending;
mod surveys;
