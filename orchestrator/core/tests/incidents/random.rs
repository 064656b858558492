//! Random lives: whatever comes in whatever order, the invariants hold after every entry, nothing panics, a replay of the log ends
//! in the same state, and only the caller's own code ends an incident.

use dispatch_core::Core;
use dispatch_core::config::{NoFlyZone, Policy};
use dispatch_core::effect::{Action, EffectId};
use dispatch_core::event::{Actor, CodeVerdict, EtaSource, Event, Fix, GuardCandidate, GuardsNear, Outcome, Trigger};
use dispatch_core::model::IncidentState;
use flight_types::{CallerId, DistrictId, GuardId, IncidentId, OfferId};
use proptest::prelude::*;

use crate::world::{BEGIN_MS, Terminal, World, at, site};

/// One thing that happens. Indices pick among what exists then, or name what does not.
#[derive(Debug, Clone)]
enum Happening {
    Call {
        caller: u8,
        key: u8,
        place: Option<(i16, i16)>,
        drill: bool,
    },
    Moved {
        caller: u8,
        place: (i16, i16),
        age_s: i32,
    },
    Code {
        caller: u8,
        cancel: bool,
        verdict: CodeVerdict,
    },
    Duty {
        guard: u8,
        on_duty: bool,
    },
    Silent {
        guard: u8,
        silent: bool,
    },
    Answer {
        offer: u8,
        accept: u8,
    },
    OnScene {
        guard: u8,
        incident: u8,
    },
    Ended {
        guard: u8,
        incident: u8,
    },
    Backup {
        guard: u8,
        incident: u8,
    },
    Acknowledge {
        incident: u8,
    },
    Wait {
        duration_ms: u32,
    },
    Clock {
        by_s: i32,
    },
    HoldIndex {
        hold: bool,
    },
    Configured {
        offers: usize,
        rings: Vec<u16>,
    },
    /// An answer to a question that was never asked, or was asked long ago.
    StrayAnswer {
        seq: u8,
        index: u8,
        guard: u8,
        kind: u8,
    },
}

fn verdict() -> impl Strategy<Value = CodeVerdict> {
    prop_oneof![3 => Just(CodeVerdict::Safe), 1 => Just(CodeVerdict::Duress), 1 => Just(CodeVerdict::Wrong)]
}

fn happening() -> impl Strategy<Value = Happening> {
    let place = || (-3_000_i16..3_000, -3_000_i16..3_000);
    prop_oneof![
        4 => (0_u8..4, 0_u8..4, proptest::option::weighted(0.8, place()), any::<bool>())
            .prop_map(|(caller, key, place, drill)| Happening::Call { caller, key, place, drill }),
        3 => (0_u8..4, place(), -100_i32..4_000).prop_map(|(caller, place, age_s)| Happening::Moved { caller, place, age_s }),
        3 => (0_u8..4, any::<bool>(), verdict()).prop_map(|(caller, cancel, verdict)| Happening::Code { caller, cancel, verdict }),
        4 => (0_u8..6, prop::bool::weighted(0.8)).prop_map(|(guard, on_duty)| Happening::Duty { guard, on_duty }),
        1 => (0_u8..6, any::<bool>()).prop_map(|(guard, silent)| Happening::Silent { guard, silent }),
        8 => (0_u8..8, 0_u8..5).prop_map(|(offer, accept)| Happening::Answer { offer, accept }),
        3 => (0_u8..6, 0_u8..4).prop_map(|(guard, incident)| Happening::OnScene { guard, incident }),
        3 => (0_u8..6, 0_u8..4).prop_map(|(guard, incident)| Happening::Ended { guard, incident }),
        1 => (0_u8..6, 0_u8..4).prop_map(|(guard, incident)| Happening::Backup { guard, incident }),
        1 => (0_u8..4).prop_map(|incident| Happening::Acknowledge { incident }),
        6 => (0_u32..40_000).prop_map(|duration_ms| Happening::Wait { duration_ms }),
        1 => (-4_000_i32..4_000).prop_map(|by_s| Happening::Clock { by_s }),
        1 => any::<bool>().prop_map(|hold| Happening::HoldIndex { hold }),
        1 => (0_usize..4, prop::collection::vec(0_u16..9_000, 0..4)).prop_map(|(offers, rings)| Happening::Configured { offers, rings }),
        2 => (0_u8..60, 0_u8..3, 0_u8..6, 0_u8..4)
            .prop_map(|(seq, index, guard, kind)| Happening::StrayAnswer { seq, index, guard, kind }),
    ]
}

fn guard_id(guard: u8) -> GuardId {
    GuardId::new(format!("g{guard}")).expect("an id")
}

fn caller_id(caller: u8) -> CallerId {
    CallerId::new(format!("c{caller}")).expect("an id")
}

fn incident_at(world: &World, index: u8) -> Option<IncidentId> {
    let all: Vec<&IncidentId> = world.core.incidents().map(|incident| &incident.id).collect();
    let newest = all.len().checked_sub(1 + usize::from(index))?;
    all.get(newest).map(|id| (*id).clone())
}

fn offer_at(world: &World, index: u8) -> Option<(OfferId, GuardId)> {
    let offers = world.seen.iter().rev().filter_map(|(_, effect)| match &effect.action {
        Action::SendOffer { offer } => Some((offer.offer.clone(), offer.guard.clone())),
        _ => None,
    });
    offers.into_iter().nth(usize::from(index))
}

/// Lets it happen, as far as it can: what refers to something that does not exist yet does not happen.
fn perform(world: &mut World, happening: &Happening) -> Option<()> {
    match happening {
        Happening::Call { caller, key, place, drill } => call(world, *caller, *key, *place, *drill),
        Happening::Moved { caller, place, age_s } => {
            let incident = incident_at(world, *caller)?;
            let fix = fix(world, *place, *age_s);
            let owner = world.core.incident(&incident)?.caller.clone();
            world.put(Actor::Caller { id: owner }, Event::CallerMoved { incident, fix });
        }
        Happening::Code { caller, cancel, verdict } => {
            let (incident, verdict) = (incident_at(world, *caller)?, *verdict);
            let owner = world.core.incident(&incident)?.caller.clone();
            let event =
                if *cancel { Event::CancelRequested { incident, verdict } } else { Event::ConfirmationGiven { incident, verdict } };
            world.put(Actor::Caller { id: owner }, event);
        }
        Happening::Duty { guard, on_duty } => duty(world, *guard, *on_duty),
        Happening::Silent { guard, silent } => {
            let now_ms = world.clock_ms;
            world.terminals.get_mut(&guard_id(*guard))?.silent_since_ms = silent.then_some(now_ms);
        }
        Happening::Answer { offer, accept } => {
            let (offer, guard) = offer_at(world, *offer)?;
            let event = match accept {
                0 => Event::OfferDeclined { offer, reason: Some("busy".to_owned()) },
                1 => Event::OfferReceived { offer },
                _ => Event::OfferAccepted { offer },
            };
            world.put(Actor::Guard { id: guard }, event);
        }
        Happening::OnScene { guard, incident } => {
            let (incident, guard) = (incident_at(world, *incident)?, guard_id(*guard));
            world.put(Actor::Guard { id: guard.clone() }, Event::GuardOnScene { incident, guard });
        }
        Happening::Ended { guard, incident } => {
            let (incident, guard) = (incident_at(world, *incident)?, guard_id(*guard));
            world.put(Actor::Guard { id: guard.clone() }, Event::SituationEnded { incident, guard });
        }
        Happening::Backup { guard, incident } => {
            let (incident, guard) = (incident_at(world, *incident)?, guard_id(*guard));
            world.put(Actor::Guard { id: guard.clone() }, Event::BackupRequested { incident, guard });
        }
        Happening::Acknowledge { incident } => {
            let incident = incident_at(world, *incident)?;
            world.put(crate::script::operator(), Event::EscalationAcknowledged { incident });
        }
        Happening::Wait { duration_ms } => world.wait(i64::from(*duration_ms)),
        Happening::Clock { by_s } => world.clock_ms += i64::from(*by_s) * 1_000,
        Happening::HoldIndex { hold: true } => world.index_held = true,
        Happening::HoldIndex { hold: false } => world.release_index(),
        Happening::Configured { offers, rings } => configure(world, *offers, rings),
        Happening::StrayAnswer { seq, index, guard, kind } => stray(world, *seq, *index, *guard, *kind),
    }
    Some(())
}

fn call(world: &mut World, caller: u8, key: u8, place: Option<(i16, i16)>, drill: bool) {
    let gps = place.map(|place| fix(world, place, 0));
    let caller = caller_id(caller);
    let call = Event::CallRaised {
        caller: caller.clone(),
        key: format!("k{key}"),
        trigger: Trigger::Presses,
        silent: false,
        drill,
        gps,
        address: None,
        last_known: None,
        home: None,
    };
    world.put(Actor::Caller { id: caller }, call);
}

fn fix(world: &World, (east_m, north_m): (i16, i16), age_s: i32) -> Fix {
    Fix {
        point: at(east_m.into(), north_m.into()),
        accuracy_m: 10.0,
        at_ms: world.clock_ms - i64::from(age_s) * 1_000,
        speed: None,
    }
}

fn duty(world: &mut World, guard: u8, on_duty: bool) {
    let number = f64::from(guard);
    let terminal = Terminal {
        eta_s: 30.0 + 20.0 * number,
        eta_to: Default::default(),
        distance_m: 600.0 * number,
        silent_since_ms: None,
        unreachable: guard == 5,
        without_fix: false,
    };
    world.terminals.entry(guard_id(guard)).or_insert(terminal);
    let guard = guard_id(guard);
    world.put(Actor::Guard { id: guard.clone() }, Event::GuardDutyChanged { guard, on_duty });
}

fn configure(world: &mut World, offers_per_ring: usize, rings: &[u16]) {
    let ring_radii_m = rings.iter().map(|radius_m| f64::from(*radius_m)).collect();
    let policy = Policy { offers_per_ring, ring_radii_m, ..Policy::default() };
    let configured = dispatch_core::config::SiteConfig { policy, no_fly_zones: Vec::<NoFlyZone>::new(), ..site() };
    world.put(Actor::System, Event::Configured { code_version: "test".to_owned(), site: Box::new(configured) });
}

fn stray(world: &mut World, seq: u8, index: u8, guard: u8, kind: u8) {
    let effect = EffectId { seq: seq.into(), index: index.into() };
    let candidate = GuardCandidate {
        guard: guard_id(guard),
        position: at(0.0, 0.0),
        position_age_ms: -5,
        distance_m: f64::NAN,
        eta_s: if index == 0 { f64::NAN } else { -1.0 },
        eta_by: EtaSource::Ruler,
    };
    let near = |incident| GuardsNear { incident, candidates: vec![candidate.clone(), candidate.clone()] };
    let event = match kind {
        0 => Event::EffectDone { effect, outcome: Outcome::Done },
        1 => Event::EffectDone { effect, outcome: Outcome::Failed { reason: "broken".to_owned() } },
        2 => Event::GuardSeen { effect, guard: guard_id(guard), silence_ms: Some(i64::MAX) },
        _ => Event::GuardsFound { effect, found: incident_at(world, index).map(near).into_iter().collect() },
    };
    world.put(Actor::System, event);
}

/// The log must tell why each incident ended: the caller's own code, and nothing else.
fn check_endings(world: &World) -> Result<(), TestCaseError> {
    for incident in world.core.incidents() {
        let ended = matches!(incident.state, IncidentState::Closed | IncidentState::Cancelled);
        let safe_code = |event: &Event| match event {
            Event::CancelRequested { incident: id, verdict } | Event::ConfirmationGiven { incident: id, verdict } => {
                id == &incident.id && *verdict == CodeVerdict::Safe
            }
            _ => false,
        };
        prop_assert!(!ended || world.log.iter().any(|entry| safe_code(&entry.event)), "{:?} ended by itself", incident.id);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_lives_keep_the_invariants_and_replay(happenings in prop::collection::vec(happening(), 1..120)) {
        let mut world = World::new();
        for happening in &happenings {
            perform(&mut world, happening);
        }
        check_endings(&world)?;
        let mut replayed = Core::new(DistrictId::new("town").expect("an id"));
        for entry in &world.log {
            replayed.step(entry);
        }
        prop_assert_eq!(replayed.state_hash(), world.core.state_hash());
        prop_assert_eq!(replayed.outstanding(), world.core.outstanding());
    }

    #[test]
    fn any_clock_is_survived(clocks in prop::collection::vec(prop_oneof![any::<i64>(), Just(BEGIN_MS), Just(i64::MAX), Just(0)], 1..30)) {
        let mut world = World::new();
        duty(&mut world, 1, true);
        call(&mut world, 1, 1, Some((0, 0)), false);
        for clock_ms in clocks {
            world.clock_ms = clock_ms;
            let before_ms = world.core.now_ms();
            world.put(Actor::System, Event::TimePassed);
            prop_assert!(before_ms <= world.core.now_ms());
        }
        // Whatever the clock did, the next deadlines come with it: the guard is asked again and can go.
        world.clock_ms = BEGIN_MS;
        world.put(Actor::System, Event::TimePassed);
        world.wait(60_000);
        prop_assert!(world.core.next_deadline_ms().is_some_and(|due_ms| due_ms <= world.clock_ms + 60_000));
    }
}
