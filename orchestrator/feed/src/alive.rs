//! How much of one stream is in memory, whoever holds it: subscribers that are behind, recordings, the group for those who join. Pure.

use std::sync::{Arc, Weak};

use crate::limits::ALIVE_BYTES_MAX;
use crate::unit::AccessUnit;

/// The pictures of one stream that somebody still holds.
#[derive(Debug, Default)]
pub struct Alive {
    units: Vec<Weak<AccessUnit>>,
    needs_key: bool,
}

impl Alive {
    /// Whether there is room for this picture. After one without room, those that build on it are refused too, up to the next key picture.
    pub fn takes(&mut self, unit: &Arc<AccessUnit>) -> bool {
        self.units.retain(|unit| 0 < unit.strong_count());
        let held_bytes: usize = self.units.iter().filter_map(Weak::upgrade).map(|unit| unit.annex_b.len()).sum();
        self.needs_key = ALIVE_BYTES_MAX < held_bytes + unit.annex_b.len() || (self.needs_key && !unit.key);
        if !self.needs_key {
            self.units.push(Arc::downgrade(unit));
        }
        !self.needs_key
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn unit(key: bool, bytes: usize) -> Arc<AccessUnit> {
        let (annex_b, arrived_at) = (vec![0; bytes].into(), Instant::now());
        Arc::new(AccessUnit { annex_b, key, media_time: 0, arrived_at, late: Duration::ZERO, stamp: None })
    }

    #[test]
    fn what_nobody_lets_go_of_fills_it_and_it_goes_on_at_a_key_picture() {
        let mut alive = Alive::default();
        let held: Vec<_> = (0..4).map(|_| unit(true, ALIVE_BYTES_MAX / 4)).filter(|unit| alive.takes(unit)).collect();
        assert_eq!(held.len(), 4);
        assert!(!alive.takes(&unit(false, 1)), "full");
        drop(held);
        assert!(!alive.takes(&unit(false, 1)), "it builds on one that was refused");
        assert!(alive.takes(&unit(true, 1)) && alive.takes(&unit(false, 1)));
    }

    #[test]
    fn a_stream_whose_pictures_are_let_go_of_never_fills_it() {
        let mut alive = Alive::default();
        for _ in 0..3 {
            assert!(alive.takes(&unit(false, ALIVE_BYTES_MAX)));
        }
    }
}
