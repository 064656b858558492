//! Workers that carry out what the core orders, idempotent by effect id.

mod notices;

use dispatch_core::effect::Action;

pub use notices::{Notice, Notices};

/// An action's name, for counters.
pub fn action_name(action: &Action) -> &'static str {
    match action {
        Action::FindGuards { .. } => "find_guards",
        Action::SendOffer { .. } => "send_offer",
        Action::NotifyGuard { .. } => "notify_guard",
        Action::NotifyCaller { .. } => "notify_caller",
        Action::NotifyContact { .. } => "notify_contact",
        Action::AlertOperators { .. } => "alert_operators",
        Action::CheckGuard { .. } => "check_guard",
        Action::FindDrones { .. } => "find_drones",
        Action::AskApproval { .. } => "ask_approval",
        Action::Command { .. } => "command",
    }
}
