//! Roles as words: in the database, in answers, in rules.

use dispatch_core::event::Role;

use super::AccessError;

/// Every role, in the order in which they are shown.
pub const ALL: [Role; 6] = [Role::Caller, Role::Guard, Role::Operator, Role::Pilot, Role::Manager, Role::Admin];

/// The role's word.
pub fn word(role: Role) -> &'static str {
    match role {
        Role::Caller => "caller",
        Role::Guard => "guard",
        Role::Operator => "operator",
        Role::Pilot => "pilot",
        Role::Manager => "manager",
        Role::Admin => "admin",
    }
}

/// The role with this word, if there is one.
pub fn from_word(text: &str) -> Option<Role> {
    ALL.into_iter().find(|role| word(*role) == text)
}

pub(super) fn stored(text: &str) -> Result<Role, AccessError> {
    from_word(text).ok_or_else(|| AccessError::Damaged { what: "role", detail: text.to_owned() })
}
