//! Notices that a link is disturbed: data that is no frame at all, from a broken radio or from somebody who tries.
//!
//! Never decides anything: such data is dropped where frames are found. It only says so, because a pilot should know.

/// So many unreadable datagrams within [`WINDOW_MS`] are told. A radio at its limit loses whole frames and seldom delivers a broken one.
const MANY: u32 = 20;
/// The time over which they are counted, milliseconds.
const WINDOW_MS: u64 = 10_000;
/// Told again so long after it was told, while it goes on, milliseconds: a warning each minute is read, one each second hides the others.
const AGAIN_MS: u64 = 60_000;
/// How its text begins.
pub(crate) const BEGINNING: &str = "unreadable data on the link";
/// The first byte of MAVLink 1, which autopilots speak until they are spoken to: no disturbance, though nothing of it is read here.
const MAGIC_V1: u8 = 0xFE;

/// Counts what could not be read.
#[derive(Debug, Default)]
pub(crate) struct Disturbance {
    since_ms: u64,
    count: u32,
    told_ms: Option<u64>,
}

impl Disturbance {
    /// Takes a datagram without a sound frame; gives what is to be told, if anything is.
    pub fn note(&mut self, datagram: &[u8], now_ms: u64) -> Option<String> {
        if datagram.first() == Some(&MAGIC_V1) {
            return None;
        }
        if now_ms.saturating_sub(self.since_ms) > WINDOW_MS {
            (self.since_ms, self.count) = (now_ms, 0);
        }
        self.count = self.count.saturating_add(1);
        let told_lately = self.told_ms.is_some_and(|told_ms| now_ms.saturating_sub(told_ms) < AGAIN_MS);
        if self.count < MANY || told_lately {
            return None;
        }
        self.told_ms = Some(now_ms);
        let span_s = now_ms.saturating_sub(self.since_ms).div_ceil(1_000).max(1);
        Some(format!("{BEGINNING}: {} broken messages in {span_s} s, refused", self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(every_ms: u64, datagram: &[u8], until_ms: u64) -> Vec<u64> {
        let mut disturbance = Disturbance::default();
        (0..until_ms).step_by(every_ms as usize).filter(|now_ms| disturbance.note(datagram, *now_ms).is_some()).collect()
    }

    #[test]
    fn many_unreadable_messages_are_told_once_a_minute_and_few_never() {
        assert_eq!(told(100, &[1, 2, 3], 130_000), [1_900, 62_500, 123_100]);
        assert_eq!(told(1_000, &[1, 2, 3], 130_000), [] as [u64; 0]);
        assert_eq!(told(100, &[MAGIC_V1, 2, 3], 130_000), [] as [u64; 0]);
        let mut disturbance = Disturbance::default();
        let texts: Vec<String> = (0..20).filter_map(|number| disturbance.note(&[7], number * 200)).collect();
        assert_eq!(texts, ["unreadable data on the link: 20 broken messages in 4 s, refused"]);
    }
}
