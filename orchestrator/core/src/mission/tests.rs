//! Flights through the whole core: entries in, commands and timeline out.

mod bench;
mod flows;
mod giving_way;
mod invariants;
mod rally;
mod surveys;
