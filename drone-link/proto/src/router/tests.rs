//! Routers and whole rings of them, in virtual time.

use super::framing::tests::framed;
use super::*;

const HEARTBEAT: [u8; 9] = [0, 0, 0, 0, 2, 12, 81, 4, 3];

fn heartbeat(system_id: u8, component_id: u8, sequence: u8) -> Vec<u8> {
    framed(0, &HEARTBEAT, system_id, component_id, sequence)
}

/// COMMAND_LONG from a ground station.
fn command(number: u16, system_id: u8, component_id: u8, sequence: u8) -> Vec<u8> {
    let mut payload = vec![0; 28];
    payload.extend_from_slice(&number.to_le_bytes());
    payload.extend_from_slice(&[system_id, component_id, 1]);
    framed(76, &payload, 255, 190, sequence)
}

fn waiting(router: &mut Router, id: EndpointId) -> Vec<Vec<u8>> {
    router.take_waiting(id, usize::MAX).iter().map(|frame| frame.to_vec()).collect()
}

/// Two aircraft, and one ground station of each role.
fn station() -> (Router, [EndpointId; 4]) {
    let mut router = Router::new();
    let full = [EndpointRole::Full; 3].map(|role| router.open(role));
    let watcher = router.open(EndpointRole::Watcher);
    let [first, second, server] = full;
    router.receive(first, &heartbeat(1, 1, 0), 0);
    router.receive(second, &heartbeat(2, 1, 0), 0);
    router.receive(server, &heartbeat(255, 190, 0), 0);
    for id in [first, second, server, watcher] {
        waiting(&mut router, id);
    }
    (router, [first, second, server, watcher])
}

#[test]
fn broadcasts_reach_all_but_their_origin_and_messages_with_a_target_only_it() {
    let (mut router, [first, second, server, watcher]) = station();
    let broadcast = heartbeat(1, 1, 7);
    assert_eq!(router.receive(first, &broadcast, 10), [second, server, watcher].into());
    for id in [second, server, watcher] {
        assert_eq!(waiting(&mut router, id), std::slice::from_ref(&broadcast));
    }
    assert_eq!(waiting(&mut router, first), Vec::<Vec<u8>>::new());
    // (component, who gets it)
    for (component_id, reached) in [(1, vec![second]), (0, vec![second]), (9, vec![])] {
        let order = command(400, 2, component_id, component_id);
        assert_eq!(router.receive(server, &order, 20), reached.into_iter().collect(), "component {component_id}");
    }
    assert_eq!(router.receive(server, &command(400, 3, 1, 50), 20), BTreeSet::new(), "nobody has it");
    assert_eq!(router.receive(server, &command(400, 2, 1, 51), HEARD_MS), BTreeSet::new(), "silent for too long");
}

#[test]
fn unknown_messages_and_values_pass_byte_for_byte() {
    let (mut router, [first, _, server, _]) = station();
    let unknown = framed(0xABCDE, &[9, 8, 7, 0, 0], 1, 1, 3);
    let strange = framed(0, &[255; 9], 1, 1, 4);
    router.receive(first, &[unknown.clone(), strange.clone()].concat(), 10);
    assert_eq!(waiting(&mut router, server), [unknown, strange]);
}

#[test]
fn who_watches_may_ask_and_flies_only_what_was_handed_over() {
    let (mut router, [first, second, _, watcher]) = station();
    let tried = |router: &mut Router, frame: &[u8], now_ms: u64| {
        router.receive(watcher, frame, now_ms);
        (waiting(router, first).len(), waiting(router, second).len())
    };
    // PARAM_REQUEST_READ, REQUEST_MESSAGE; then arming, PARAM_SET, MISSION_COUNT, a broadcast order, an unknown message.
    assert_eq!(tried(&mut router, &framed(20, &[0xFF, 0xFF, 1, 1, 65], 254, 190, 0), 10), (1, 0));
    assert_eq!(tried(&mut router, &command(512, 1, 1, 1), 10), (1, 0));
    let orders = [
        command(400, 1, 1, 2),
        framed(23, &[0, 0, 0, 0, 1, 1, 65], 254, 190, 3),
        framed(44, &[1, 0, 1, 1], 254, 190, 4),
        command(400, 0, 0, 5),
        framed(0xABCDE, &[1, 1], 254, 190, 6),
    ];
    for order in &orders {
        assert_eq!(tried(&mut router, order, 20), (0, 0), "{order:?}");
    }
    assert_eq!(router.counts(watcher).map(|counts| counts.withheld), Some(5));
    router.hand_over(1, true);
    let passed = orders.iter().map(|order| tried(&mut router, order, 2_000)).collect::<Vec<_>>();
    assert_eq!(passed, [(1, 0), (1, 0), (1, 0), (0, 0), (0, 0)], "only to the one that was handed over");
    assert_eq!(tried(&mut router, &command(400, 2, 1, 9), 2_000), (0, 0));
    router.hand_over(1, false);
    assert_eq!(tried(&mut router, &orders[0], 4_000), (0, 0), "taken back");
}

#[test]
fn keys_and_frames_in_the_name_of_an_aircraft_are_not_passed_on() {
    let (mut router, [first, _, server, watcher]) = station();
    let key = framed(256, &[7; 42], 255, 190, 1);
    assert_eq!(router.receive(server, &key, 10), BTreeSet::new(), "not even of the server");
    assert_eq!(router.receive(watcher, &heartbeat(1, 1, 99), 10), BTreeSet::new());
    assert_eq!(router.counts(watcher).map(|counts| counts.withheld), Some(1));
    assert_eq!(router.receive(first, &heartbeat(1, 1, 100), 10).len(), 3);
}

#[test]
fn a_full_queue_keeps_the_newest_and_counts_what_it_drops() {
    let (mut router, [first, _, server, _]) = station();
    for number in 0..QUEUE_MAX + 10 {
        router.receive(first, &framed(30, &(number as u32).to_le_bytes(), 1, 1, number as u8), 10);
    }
    let queued = waiting(&mut router, server);
    assert_eq!(queued.len(), QUEUE_MAX);
    assert_eq!(queued[0], framed(30, &10_u32.to_le_bytes(), 1, 1, 10));
    let counts = router.counts(server).expect("open");
    assert_eq!((counts.dropped, counts.sent), (10, QUEUE_MAX as u64 + 2));
}

/// Routers joined to a ring, and to each an aircraft.
struct Ring {
    /// How long frames are under way from one to the next.
    step_ms: u64,
    routers: Vec<Router>,
    /// Of each router: to the one before, to the next, its aircraft.
    ends: Vec<[EndpointId; 3]>,
    now_ms: u64,
}

impl Ring {
    fn new(count: usize, step_ms: u64) -> Self {
        let mut routers: Vec<Router> = (0..count).map(|_| Router::new()).collect();
        let ends = routers.iter_mut().map(|router| [EndpointRole::Full; 3].map(|role| router.open(role))).collect();
        Self { step_ms, routers, ends, now_ms: 0 }
    }

    /// Moves everything one step on. Returns how many frames moved, and what each aircraft was given.
    fn step(&mut self) -> (usize, Vec<Vec<Vec<u8>>>) {
        self.now_ms += self.step_ms;
        let count = self.routers.len();
        let mut moving = Vec::new();
        let mut given = Vec::new();
        for (at, [before, next, aircraft]) in self.ends.iter().enumerate() {
            let router = &mut self.routers[at];
            let back = (at + count - 1) % count;
            let forth = (at + 1) % count;
            moving.extend(waiting(router, *before).into_iter().map(|frame| (back, self.ends[back][1], frame)));
            moving.extend(waiting(router, *next).into_iter().map(|frame| (forth, self.ends[forth][0], frame)));
            given.push(waiting(router, *aircraft));
        }
        for (to, end, frame) in &moving {
            self.routers[*to].receive(*end, frame, self.now_ms);
        }
        (moving.len(), given)
    }
}

#[test]
fn in_a_ring_every_frame_arrives_once_and_comes_to_rest() {
    // The longest steps make paths of five seconds.
    for (count, step_ms) in [(2, 1), (3, 1), (4, 1), (7, 1), (2, 2_500), (3, 2_500), (4, 1_250), (7, 1_250)] {
        let mut ring = Ring::new(count, step_ms);
        let mut arrived = vec![0; count];
        for round in 0..50_u8 {
            for at in 0..count {
                let aircraft = ring.ends[at][2];
                ring.routers[at].receive(aircraft, &heartbeat(1 + at as u8, 1, round), ring.now_ms);
            }
            let mut steps = 0;
            loop {
                let (moved, given) = ring.step();
                given.iter().zip(&mut arrived).for_each(|(given, arrived)| *arrived += given.len());
                if moved == 0 {
                    break;
                }
                steps += 1;
                assert!(steps <= count + 1, "{count} routers, {step_ms} ms: frames go round for ever");
            }
        }
        assert!(arrived.iter().all(|arrived| *arrived == 50 * (count - 1)), "{count} routers, {step_ms} ms: {arrived:?}");
    }
}

#[test]
fn a_copy_that_comes_late_is_known_among_many_frames() {
    // A hundred aircraft that say 200 things a second.
    const FRAMES: u32 = 100_000;
    const LATE_MS: u64 = 5_000;
    let mut router = Router::new();
    let [aircraft, ring] = [EndpointRole::Full; 2].map(|role| router.open(role));
    let frame = |number: u32| framed(30, &number.to_le_bytes(), 1, 1, number as u8);
    let at_ms = |number: u32| u64::from(number) * LATE_MS / u64::from(FRAMES);
    for number in 0..FRAMES {
        router.receive(aircraft, &frame(number), at_ms(number));
    }
    for number in 0..FRAMES {
        router.receive(ring, &frame(number), LATE_MS + at_ms(number));
    }
    let passed = u64::from(FRAMES) - router.counts(ring).expect("open").repeated;
    assert!(passed < u64::from(FRAMES) / 50, "{passed} copies of {FRAMES} went on");
}

#[test]
fn a_sender_that_repeats_itself_is_heard_each_time() {
    let (mut router, [first, ..]) = station();
    for _ in 0..3 {
        assert_eq!(router.receive(first, &heartbeat(1, 1, 0), 10).len(), 3, "the same number each time");
    }
}
