//! The one table of who may call what. A route that is not in it answers nobody, and a test says so.

use axum::http::Method;
use dispatch_core::event::Role;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// Anybody, signed in or not.
    Anybody,
    /// Anybody who proved who they are.
    SignedIn,
    /// These roles. What belongs to one person (an incident, an offer) is checked again where it is known whose it is.
    Roles(&'static [Role]),
}

/// One route and who may call it.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// "GET", "POST", "PUT", "PATCH", "DELETE".
    pub method: &'static str,
    /// As in the OpenAPI document.
    pub path: &'static str,
    /// Who.
    pub allowed: Allowed,
    /// Of which lot, for managers who have some only.
    pub lot: LotOf,
}

/// Which lot a route is about: what a manager of some lots is held to, before any handler runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LotOf {
    /// Of none. A test lists the managers' routes of which that is true.
    None,
    /// Of the one that `{id}` names.
    Path,
    /// Of the one in which the stay that `{id}` names is.
    Stay,
    /// Of the one that the review is about which `{id}` names.
    Review,
    /// Of several: the handler shows those of the asker.
    Shown,
    /// Of one that nobody has yet: for managers of every lot.
    New,
}

const ADMIN: Allowed = Allowed::Roles(&[Role::Admin]);
const CALLER: Allowed = Allowed::Roles(&[Role::Caller]);
/// Who sees plates and money.
const MANAGER: Allowed = Allowed::Roles(&[Role::Manager]);
/// Who may see how the lots are drawn: no plates and no money.
const GROUNDS: Allowed = Allowed::Roles(&[Role::Operator, Role::Pilot, Role::Manager, Role::Admin]);
/// Who has lots flown over, and sees how far it has come.
const SURVEYING: Allowed = Allowed::Roles(&[Role::Operator, Role::Manager]);
/// Who runs the site's people.
const STAFFING: Allowed = Allowed::Roles(&[Role::Manager, Role::Admin]);
const GUARD: Allowed = Allowed::Roles(&[Role::Guard]);
/// Who may take an aircraft home or hold it.
const FLIGHT_WATCH: Allowed = Allowed::Roles(&[Role::Operator, Role::Pilot]);
/// Who watches the whole site.
const WATCH: Allowed = Allowed::Roles(&[Role::Operator, Role::Pilot, Role::Admin]);

/// Who may see the aircraft's pictures at all.
const PICTURES: Allowed = Allowed::Roles(&[Role::Guard, Role::Operator, Role::Pilot]);

const fn rule(method: &'static str, path: &'static str, allowed: Allowed) -> Rule {
    Rule { method, path, allowed, lot: LotOf::None }
}

const fn of_lot(method: &'static str, path: &'static str, allowed: Allowed, lot: LotOf) -> Rule {
    Rule { method, path, allowed, lot }
}

/// Every route.
pub const RULES: &[Rule] = &[
    rule("GET", "/healthz", Allowed::Anybody),
    rule("GET", "/readyz", Allowed::Anybody),
    // Numbers about the server, for a collector beside it; the server binds to loopback unless told otherwise.
    rule("GET", "/metrics", Allowed::Anybody),
    rule("GET", "/openapi.json", Allowed::Anybody),
    rule("POST", "/api/v1/session", Allowed::Anybody),
    rule("GET", "/api/v1/session", Allowed::SignedIn),
    rule("DELETE", "/api/v1/session", Allowed::SignedIn),
    rule(
        "POST",
        "/api/v1/session/password",
        Allowed::Roles(&[Role::Guard, Role::Operator, Role::Pilot, Role::Manager, Role::Admin]),
    ),
    rule("POST", "/api/v1/callers", Allowed::Anybody),
    rule("GET", "/api/v1/callers/me", CALLER),
    rule("DELETE", "/api/v1/callers/me", CALLER),
    rule("POST", "/api/v1/callers/me/phone-check", CALLER),
    rule("POST", "/api/v1/callers/me/phone-code", CALLER),
    // The old phone may be gone with its token; the two codes prove who asks.
    rule("POST", "/api/v1/callers/me/terminal", Allowed::Anybody),
    rule("POST", "/api/v1/callers/me/position", CALLER),
    rule("GET", "/api/v1/identification/{code}", Allowed::Roles(&[Role::Operator])),
    rule("POST", "/api/v1/calls", Allowed::Roles(&[Role::Caller, Role::Operator])),
    rule("GET", "/api/v1/calls/current", CALLER),
    rule("POST", "/api/v1/incidents/{id}/position", CALLER),
    rule("POST", "/api/v1/incidents/{id}/cancel", CALLER),
    rule("POST", "/api/v1/incidents/{id}/confirmation", CALLER),
    rule("POST", "/api/v1/guards/me/duty", GUARD),
    rule("POST", "/api/v1/guards/me/position", GUARD),
    rule("POST", "/api/v1/guards/me/presence", GUARD),
    rule("GET", "/api/v1/guards/me", GUARD),
    rule("POST", "/api/v1/offers/{id}/received", GUARD),
    rule("POST", "/api/v1/offers/{id}/accept", GUARD),
    rule("POST", "/api/v1/offers/{id}/decline", GUARD),
    rule("POST", "/api/v1/incidents/{id}/on-scene", GUARD),
    rule("POST", "/api/v1/incidents/{id}/situation-end", GUARD),
    rule("POST", "/api/v1/incidents/{id}/backup", GUARD),
    rule("GET", "/api/v1/incidents", WATCH),
    rule("GET", "/api/v1/incidents/{id}", Allowed::Roles(&[Role::Caller, Role::Guard, Role::Operator, Role::Pilot, Role::Admin])),
    rule("POST", "/api/v1/incidents/{id}/acknowledge", Allowed::Roles(&[Role::Operator])),
    rule("GET", "/api/v1/alerts", WATCH),
    rule("POST", "/api/v1/launches/{id}/approve", Allowed::Roles(&[Role::Operator])),
    rule("POST", "/api/v1/launches/{id}/deny", Allowed::Roles(&[Role::Operator])),
    rule("GET", "/api/v1/drones", WATCH),
    rule("GET", "/api/v1/drones/{id}", WATCH),
    rule("GET", "/api/v1/drones/{id}/tlog", Allowed::Roles(&[Role::Pilot, Role::Admin])),
    rule("POST", "/api/v1/drones/{id}/recall", FLIGHT_WATCH),
    rule("POST", "/api/v1/drones/{id}/rally", FLIGHT_WATCH),
    rule("POST", "/api/v1/drones/{id}/hold", FLIGHT_WATCH),
    rule("POST", "/api/v1/drones/{id}/continue", FLIGHT_WATCH),
    rule("POST", "/api/v1/drones/{id}/land", FLIGHT_WATCH),
    rule("POST", "/api/v1/drones/{id}/control", Allowed::Roles(&[Role::Pilot])),
    // A guard may switch the light of the aircraft that escorts their own incident.
    rule("POST", "/api/v1/drones/{id}/light", Allowed::Roles(&[Role::Guard, Role::Operator, Role::Pilot])),
    // Pictures: of which aircraft and for how long is checked where the incident is known.
    rule("GET", "/api/v1/feeds", PICTURES),
    rule("POST", "/api/v1/feeds/{drone}/whep", PICTURES),
    rule("PATCH", "/api/v1/feeds/{drone}/whep/{viewing}", PICTURES),
    rule("DELETE", "/api/v1/feeds/{drone}/whep/{viewing}", PICTURES),
    rule("GET", "/api/v1/feeds/{drone}/still.jpg", PICTURES),
    rule("GET", "/api/v1/guards", WATCH),
    of_lot("GET", "/api/v1/lots", GROUNDS, LotOf::Shown),
    of_lot("POST", "/api/v1/lots", MANAGER, LotOf::New),
    of_lot("GET", "/api/v1/lots/{id}", GROUNDS, LotOf::Path),
    of_lot("GET", "/api/v1/lots/{id}/versions", MANAGER, LotOf::Path),
    of_lot("GET", "/api/v1/lots/{id}/sheets", MANAGER, LotOf::Path),
    of_lot("PUT", "/api/v1/lots/{id}/layout", MANAGER, LotOf::Path),
    of_lot("GET", "/api/v1/lots/{id}/sheets.pdf", MANAGER, LotOf::Path),
    of_lot("GET", "/api/v1/lots/{id}/sheets/{beacon}", MANAGER, LotOf::Path),
    of_lot("POST", "/api/v1/lots/{id}/surveys", SURVEYING, LotOf::Path),
    of_lot("GET", "/api/v1/lots/{id}/surveys", SURVEYING, LotOf::Path),
    of_lot("DELETE", "/api/v1/lots/{id}/surveys/{survey}", SURVEYING, LotOf::Path),
    // Pictures of a lot show cars and people.
    of_lot("GET", "/api/v1/lots/{id}/surveys/{survey}/pictures/{picture}", MANAGER, LotOf::Path),
    of_lot("GET", "/api/v1/lots/{id}/surveys/{survey}/film", MANAGER, LotOf::Path),
    of_lot("GET", "/api/v1/lots/{id}/findings", MANAGER, LotOf::Path),
    of_lot("POST", "/api/v1/lots/{id}/findings/{number}/acknowledge", MANAGER, LotOf::Path),
    of_lot("POST", "/api/v1/lots/{id}/findings/{number}/fixed", MANAGER, LotOf::Path),
    of_lot("GET", "/api/v1/lots/{id}/bays", MANAGER, LotOf::Path),
    // Drivers, payers and cameras have no account: each proves itself by a secret of its own stay, code or camera.
    rule("GET", "/api/v1/areas/{id}", Allowed::Anybody),
    rule("POST", "/api/v1/parking/entries", Allowed::Anybody),
    rule("GET", "/api/v1/parking/sessions/{id}", Allowed::Anybody),
    rule("GET", "/api/v1/parking/sessions/{id}/fee", Allowed::Anybody),
    rule("POST", "/api/v1/parking/sessions/{id}/extend", Allowed::Anybody),
    rule("POST", "/api/v1/parking/sessions/{id}/exit", Allowed::Anybody),
    rule("POST", "/api/v1/parking/sessions/{id}/payments", Allowed::Anybody),
    rule("POST", "/api/v1/parking/sessions/{id}/payments/orders", Allowed::Anybody),
    rule("POST", "/api/v1/parking/sessions/{id}/proxy", Allowed::Anybody),
    rule("DELETE", "/api/v1/parking/sessions/{id}/proxy/{proxy}", Allowed::Anybody),
    rule("GET", "/api/v1/pay/{token}", Allowed::Anybody),
    rule("POST", "/api/v1/pay/{token}/payments", Allowed::Anybody),
    rule("POST", "/api/v1/pay/{token}/payments/orders", Allowed::Anybody),
    rule("GET", "/api/v1/payments/orders/{order}", Allowed::Anybody),
    rule("POST", "/api/v1/payments/orders/{order}", Allowed::Anybody),
    rule("POST", "/api/v1/payments/webhooks/{provider}", Allowed::Anybody),
    rule("POST", "/api/v1/cctv/{camera}/reads", Allowed::Anybody),
    rule("POST", "/api/v1/cctv/{camera}/frames", Allowed::Anybody),
    of_lot("GET", "/api/v1/parking/lots", MANAGER, LotOf::Shown),
    of_lot("GET", "/api/v1/parking/lots/{id}/statement", MANAGER, LotOf::Path),
    of_lot("GET", "/api/v1/parking/sessions", MANAGER, LotOf::Shown),
    of_lot("POST", "/api/v1/parking/sessions/{id}/close", MANAGER, LotOf::Stay),
    of_lot("POST", "/api/v1/parking/sessions/{id}/refunds", MANAGER, LotOf::Stay),
    of_lot("GET", "/api/v1/parking/reviews", MANAGER, LotOf::Shown),
    of_lot("POST", "/api/v1/parking/reviews/{id}", MANAGER, LotOf::Review),
    of_lot("GET", "/api/v1/parking/reviews/{id}/picture", MANAGER, LotOf::Review),
    // Nothing personal, but where stations and fences lie is for the people of the site.
    rule("GET", "/api/v1/site", Allowed::SignedIn),
    rule("GET", "/api/v1/site/map", Allowed::SignedIn),
    rule("POST", "/api/v1/site/address", Allowed::SignedIn),
    rule("GET", "/api/v1/site/lots", ADMIN),
    rule("GET", "/api/v1/accounts", ADMIN),
    rule("POST", "/api/v1/accounts", ADMIN),
    rule("PUT", "/api/v1/accounts/{id}/lots", ADMIN),
    rule("DELETE", "/api/v1/accounts/{id}", ADMIN),
    rule("POST", "/api/v1/accounts/{id}/device-token", ADMIN),
    rule("GET", "/api/v1/devices", Allowed::SignedIn),
    rule("DELETE", "/api/v1/devices", Allowed::SignedIn),
    rule("DELETE", "/api/v1/devices/{id}", Allowed::SignedIn),
    // Whoever runs the site's people ends a lost phone; other accounts are the administrator's, whole.
    rule("GET", "/api/v1/guards/terminals", STAFFING),
    rule("DELETE", "/api/v1/guards/{id}/terminals", STAFFING),
    rule("DELETE", "/api/v1/guards/{id}/terminals/{terminal}", STAFFING),
    rule("GET", "/api/v1/live", Allowed::SignedIn),
];

/// The rule of this route; `None` when the table does not know it, and then nobody may.
pub fn rule_of(method: &Method, path: &str) -> Option<&'static Rule> {
    // HEAD answers what GET would, without a body.
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    RULES.iter().find(|rule| rule.method == method && rule.path == path)
}

impl Allowed {
    /// Whether somebody with this role, or nobody known, may.
    pub fn takes(self, role: Option<Role>) -> bool {
        match self {
            Allowed::Anybody => true,
            Allowed::SignedIn => role.is_some(),
            Allowed::Roles(roles) => role.is_some_and(|role| roles.contains(&role)),
        }
    }
}
