//! Flights: choice, authority, progress, recall.
//!
//! Reading order: `desk` asks for aircraft and hears who can; `launch` makes the flight and waits for authority; `flight` hears the
//! link's reports; `giving_way` has it let other people's aircraft pass; `escort` keeps the light on the caller and lets go in the end; `height` has it come down where their place is well known; `survey` has lots flown over, sortie by
//! sortie; `control` is people's orders; `orders` is the one
//! place from which a command leaves, and where recall wins.

mod control;
mod desk;
mod escort;
mod flight;
mod giving_way;
mod height;
mod launch;
mod orders;
mod person;
mod survey;

pub(crate) use control::{
    admit, continue_requested, control_released, control_taken, hold_requested, land_requested, light_requested, recall_requested,
};
pub(crate) use desk::{DroneSearch, begin, drone_retry, drones_found, lacks_aircraft, look_again, order_failed};
pub(crate) use escort::{charge_short, follow, is_relieved_too_late, leave_due, release, relief_due, stops};
pub(crate) use flight::{flight, link_silent};
pub(crate) use height::{post_due, settle};
pub(crate) use launch::{approval_due, launch_approved, launch_denied};
pub(crate) use orders::standing;
pub(crate) use survey::{go_on as survey_goes_on, survey_cancelled, survey_requested};

#[cfg(test)]
mod tests;
