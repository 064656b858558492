//! What is refused before it is written down, and in which words; and what a repeat of it would do: nothing.

use dispatch_core::event::{Actor, CodeVerdict, Event, Role};
use expect_test::{Expect, expect};
use flight_types::{AccountId, CallerId, GuardId, IncidentId, OfferId};

use crate::script::{operator, run};
use crate::world::World;

fn guard(name: &str) -> (Actor, GuardId) {
    let id = GuardId::new(name).expect("an id");
    (Actor::Guard { id: id.clone() }, id)
}

fn caller(name: &str) -> Actor {
    Actor::Caller { id: CallerId::new(name).expect("an id") }
}

fn pilot() -> Actor {
    Actor::Account { id: AccountId::new("paul").expect("an id"), role: Role::Pilot }
}

/// Asks whether the request would be taken after the script; a refused one, written down all the same, must change nothing.
fn check(script: &str, request: impl Fn(&World) -> (Actor, Event), answer: Expect) {
    let mut world = run(script);
    let (actor, event) = request(&world);
    let admitted = world.core.admit(&actor, &event);
    answer.assert_eq(&admitted.as_ref().map_or_else(ToString::to_string, |()| "taken".to_owned()));
    if admitted.is_err() {
        let before = (format!("{:?}", world.core.incidents().collect::<Vec<_>>()), world.seen.len());
        world.put(actor, event);
        let after = (format!("{:?}", world.core.incidents().collect::<Vec<_>>()), world.seen.len());
        assert_eq!(before, after, "a refused request changed something");
    }
}

const ASKED: &str = "guard g1 60
    guard g2 90
    guard g3 120
    call ann k1 gps 0,0
";

fn accept(world: &World, name: &str) -> (Actor, Event) {
    (guard(name).0, Event::OfferAccepted { offer: world.offer_of(name) })
}

#[test]
fn a_guard_answers_their_own_offers_only() {
    let g2_for_g1 = |world: &World| (guard("g2").0, Event::OfferAccepted { offer: world.offer_of("g1") });
    check(ASKED, |world| accept(world, "g1"), expect!["taken"]);
    check(ASKED, g2_for_g1, expect!["offer offer-000006 is not yours"]);
    check(ASKED, |world| (operator(), Event::OfferAccepted { offer: world.offer_of("g1") }), expect!["taken"]);
    check(
        ASKED,
        |world| (pilot(), Event::OfferDeclined { offer: world.offer_of("g1"), reason: None }),
        expect!["offer offer-000006 is not yours"],
    );
    let unknown = |_: &World| (guard("g1").0, Event::OfferReceived { offer: OfferId::new("offer-7").expect("an id") });
    check(ASKED, unknown, expect!["there is no offer offer-7"]);
}

#[test]
fn offers_that_no_longer_stand_say_why() {
    check(&format!("{ASKED} wait 20"), |world| accept(world, "g1"), expect!["this offer has expired"]);
    check(&format!("{ASKED} decline g1"), |world| accept(world, "g1"), expect!["this offer was declined"]);
    check(
        &format!("{ASKED} accept g1\n accept g2"),
        |world| accept(world, "g3"),
        expect!["somebody else goes, or the call is over"],
    );
    check(&format!("{ASKED} accept g1\n accept g2"), |world| accept(world, "g2"), expect!["taken"]);
    check(&format!("{ASKED} accept g1\n off g1"), |world| accept(world, "g1"), expect!["you were replaced on this incident"]);
    check(&format!("{ASKED} cancel ann safe"), |world| accept(world, "g1"), expect!["somebody else goes, or the call is over"]);
}

#[test]
fn only_assigned_guards_act_on_an_incident() {
    let end = |name: &'static str| {
        move |world: &World| {
            let (actor, guard) = guard(name);
            (actor, Event::SituationEnded { incident: world.incident_of("ann"), guard })
        }
    };
    check(&format!("{ASKED} accept g1\n accept g2"), end("g1"), expect!["taken"]);
    check(&format!("{ASKED} accept g1\n accept g2"), end("g2"), expect!["taken"]);
    check(&format!("{ASKED} accept g1\n accept g2"), end("g3"), expect!["incident incident-000004 is not yours"]);
    check(&format!("{ASKED} accept g1\n wait 6\n confirm ann safe"), end("g1"), expect!["this incident is over"]);
    let for_another =
        |world: &World| (guard("g3").0, Event::GuardOnScene { incident: world.incident_of("ann"), guard: guard("g1").1 });
    check(&format!("{ASKED} accept g1"), for_another, expect!["incident incident-000004 is not yours"]);
    let duty = |_: &World| (guard("g3").0, Event::GuardDutyChanged { guard: guard("g1").1, on_duty: false });
    check(ASKED, duty, expect!["guard g1 is not yours"]);
}

#[test]
fn codes_come_from_the_callers_own_terminal() {
    let code = |actor: Actor, verdict: CodeVerdict| {
        move |world: &World| (actor.clone(), Event::ConfirmationGiven { incident: world.incident_of("ann"), verdict })
    };
    check(ASKED, code(caller("ann"), CodeVerdict::Safe), expect!["taken"]);
    check(ASKED, code(caller("ben"), CodeVerdict::Safe), expect!["incident incident-000004 is not yours"]);
    check(ASKED, code(operator(), CodeVerdict::Safe), expect!["incident incident-000004 is not yours"]);
    check(ASKED, code(guard("g1").0, CodeVerdict::Safe), expect!["incident incident-000004 is not yours"]);
    check(&format!("{ASKED} confirm ann safe"), code(caller("ann"), CodeVerdict::Safe), expect!["taken"]);
    check(&format!("{ASKED} confirm ann safe"), code(caller("ann"), CodeVerdict::Wrong), expect!["this incident is over"]);
    check(&format!("{ASKED} confirm ann safe\n wait 3600\n off g1"), code(caller("ann"), CodeVerdict::Duress), expect!["taken"]);
}

#[test]
fn taking_back_has_its_time_but_duress_has_none() {
    let cancel = |verdict: CodeVerdict| {
        move |world: &World| (caller("ann"), Event::CancelRequested { incident: world.incident_of("ann"), verdict })
    };
    // The core's time is that of its latest entry, so something must have happened since.
    let late = &format!("{ASKED} wait 16");
    check(ASKED, cancel(CodeVerdict::Safe), expect!["taken"]);
    check(late, cancel(CodeVerdict::Safe), expect!["the time to take the call back is over; confirm that you are safe instead"]);
    check(late, cancel(CodeVerdict::Wrong), expect!["taken"]);
    check(late, cancel(CodeVerdict::Duress), expect!["taken"]);
    check(&format!("{late}\n cancel ann duress"), cancel(CodeVerdict::Safe), expect!["taken"]);
}

#[test]
fn incidents_are_known_and_callers_move_only_themselves() {
    let moved = |actor: Actor, incident: Option<&'static str>| {
        move |world: &World| {
            let id = incident.map_or_else(|| world.incident_of("ann"), |id| IncidentId::new(id).expect("an id"));
            let fix = dispatch_core::event::Fix {
                point: crate::world::at(1.0, 1.0),
                accuracy_m: 5.0,
                at_ms: world.clock_ms,
                speed: None,
            };
            (actor.clone(), Event::CallerMoved { incident: id, fix })
        }
    };
    check(ASKED, moved(caller("ann"), None), expect!["taken"]);
    check(ASKED, moved(caller("ben"), None), expect!["incident incident-000004 is not yours"]);
    check(ASKED, moved(caller("ann"), Some("incident-9")), expect!["there is no incident incident-9"]);
    check(&format!("{ASKED} confirm ann safe"), moved(caller("ann"), None), expect!["this incident is over"]);
    let acknowledge =
        |actor: Actor| move |world: &World| (actor.clone(), Event::EscalationAcknowledged { incident: world.incident_of("ann") });
    check(ASKED, acknowledge(operator()), expect!["taken"]);
    check(ASKED, acknowledge(caller("ann")), expect!["incident incident-000004 is not yours"]);
}
