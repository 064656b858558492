//! The aircraft's texts: chunks joined, the latest kept. They carry the reason of every refusal.

use std::collections::VecDeque;

/// How PX4 1.16 says that it refuses something, without why: the cause stands in another text, before or after. A disturbed link is no cause.
const WITHOUT_CAUSE: [&str; 3] = ["Switching to ", "Arming denied: Resolve system health failures", crate::disturbance::BEGINNING];
/// MAV_SEVERITY of a warning; smaller is worse.
const SEVERITY_WARNING: u8 = 4;
/// Texts kept for reasons and for the status page.
const KEPT_MAX: usize = 8;
/// Chunks of one text: 5 × 50 characters, more than any autopilot sends.
const CHUNKS_MAX: u8 = 5;
/// Length of a full chunk; a shorter one is the last.
const CHUNK_LENGTH: usize = 50;
/// How long a text with missing chunks is waited for before it is shown with a gap.
const JOIN_LIMIT_MS: u64 = 2_000;

/// A whole text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub at_ms: u64,
    pub severity: u8,
    pub text: String,
}

impl Text {
    pub fn is_warning(&self) -> bool {
        self.severity <= SEVERITY_WARNING
    }
}

/// A text of which chunks are still missing.
#[derive(Debug)]
struct Partial {
    id: u16,
    severity: u8,
    since_ms: u64,
    chunks: Vec<Option<String>>,
    last: Option<u8>,
}

/// Joins chunks and remembers the latest texts.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    partial: Option<Partial>,
    kept: VecDeque<Text>,
    fresh: VecDeque<Text>,
}

impl Texts {
    /// Takes one STATUSTEXT. `id` 0 means that it is whole.
    pub fn take(&mut self, severity: u8, text: String, id: u16, chunk: u8, now_ms: u64) {
        if id == 0 {
            return self.keep(Text { at_ms: now_ms, severity, text });
        }
        if self.partial.as_ref().is_some_and(|partial| partial.id != id) {
            self.give_up_joining(now_ms);
        }
        if chunk >= CHUNKS_MAX {
            return;
        }
        let partial = self.partial.get_or_insert_with(|| Partial {
            id,
            severity,
            since_ms: now_ms,
            chunks: vec![None; usize::from(CHUNKS_MAX)],
            last: None,
        });
        if text.len() < CHUNK_LENGTH || chunk == CHUNKS_MAX - 1 {
            partial.last = Some(chunk);
        }
        partial.chunks[usize::from(chunk)] = Some(text);
        let whole = partial.last.is_some_and(|last| partial.chunks[..=usize::from(last)].iter().all(Option::is_some));
        if whole {
            self.give_up_joining(now_ms);
        }
    }

    /// Keeps a warning of ours among the aircraft's own.
    pub fn note(&mut self, text: &str, now_ms: u64) {
        self.keep(Text { at_ms: now_ms, severity: SEVERITY_WARNING, text: text.to_owned() });
    }

    /// Shows a text whose missing chunks did not come.
    pub fn handle_timeout(&mut self, now_ms: u64) {
        if self.partial.as_ref().is_some_and(|partial| now_ms.saturating_sub(partial.since_ms) >= JOIN_LIMIT_MS) {
            self.give_up_joining(now_ms);
        }
    }

    fn give_up_joining(&mut self, now_ms: u64) {
        let Some(partial) = self.partial.take() else { return };
        let end = partial.chunks.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let text = partial.chunks[..end].iter().map(|chunk| chunk.as_deref().unwrap_or("…")).collect();
        self.keep(Text { at_ms: now_ms, severity: partial.severity, text });
    }

    fn keep(&mut self, text: Text) {
        if text.text.is_empty() {
            return;
        }
        for list in [&mut self.kept, &mut self.fresh] {
            if list.len() == KEPT_MAX {
                list.pop_front();
            }
            list.push_back(text.clone());
        }
    }

    /// Whole texts not taken yet, oldest first.
    pub fn next_fresh(&mut self) -> Option<Text> {
        self.fresh.pop_front()
    }

    /// The latest warnings, newest last.
    pub fn warnings(&self) -> Vec<String> {
        self.kept.iter().filter(|text| text.is_warning()).map(|text| text.text.clone()).collect()
    }

    /// The latest text that may explain a refusal at this time; one that only says that something is refused comes last.
    pub fn reason(&self, now_ms: u64, age_max_ms: u64) -> Option<String> {
        let young = |text: &&Text| text.is_warning() && now_ms.saturating_sub(text.at_ms) <= age_max_ms;
        let told = || self.kept.iter().rev().filter(young);
        let cause = told().find(|text| !WITHOUT_CAUSE.iter().any(|beginning| text.text.starts_with(beginning)));
        cause.or_else(|| told().next()).map(|text| text.text.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_explained_by_what_says_why_and_not_by_what_points_there() {
        let mut texts = Texts::default();
        let denied = "Arming denied: Resolve system health failures first";
        let mut say = |severity, text: &str, at_ms| texts.take(severity, text.to_owned(), 0, 0, at_ms);
        say(4, "an older matter", 0);
        say(4, "Preflight Fail: compass not calibrated", 9_000);
        say(2, denied, 9_100);
        say(6, "a note", 9_200);
        assert_eq!(texts.reason(10_000, 5_000).as_deref(), Some("Preflight Fail: compass not calibrated"));
        assert_eq!(texts.reason(14_050, 5_000).as_deref(), Some(denied), "where nothing else is known, it is better than nothing");
        assert_eq!(texts.reason(20_000, 5_000), None);
    }

    #[test]
    fn the_cause_is_told_rather_than_that_something_is_refused() {
        let reason = |said: &[&str]| {
            let mut texts = Texts::default();
            said.iter().zip(0..).for_each(|(text, at_ms)| texts.take(2, (*text).to_owned(), 0, 0, at_ms));
            texts.reason(10, 1_000)
        };
        let refused = "Switching to Mission is currently not available";
        assert_eq!(reason(&["Geofence violation for waypoint 1", refused]).as_deref(), Some("Geofence violation for waypoint 1"));
        assert_eq!(reason(&[refused]).as_deref(), Some(refused));
        assert_eq!(reason(&["older", "newer"]).as_deref(), Some("newer"));
        assert_eq!(reason(&[]), None);
    }

    fn joined(chunks: &[(u16, u8, &str)]) -> Vec<String> {
        let mut texts = Texts::default();
        for (id, chunk, text) in chunks {
            texts.take(4, (*text).to_owned(), *id, *chunk, 0);
        }
        texts.handle_timeout(JOIN_LIMIT_MS);
        std::iter::from_fn(|| texts.next_fresh()).map(|text| text.text).collect()
    }

    #[test]
    fn chunks_are_joined_in_any_order_and_gaps_are_shown() {
        let full = "x".repeat(CHUNK_LENGTH);
        let check = |chunks: &[(u16, u8, &str)], expected: &[String]| assert_eq!(joined(chunks), expected);
        check(&[(0, 0, "short")], &["short".to_owned()]);
        check(&[(7, 0, &full), (7, 1, "end")], &[format!("{full}end")]);
        check(&[(7, 1, "end"), (7, 0, &full)], &[format!("{full}end")]);
        check(&[(7, 0, &full), (7, 0, &full), (7, 1, "end")], &[format!("{full}end")]);
        check(&[(7, 1, "end")], &["…end".to_owned()]);
        check(&[(7, 0, &full), (8, 0, "next")], &[full.clone(), "next".to_owned()]);
        check(&[(7, 200, "far")], &[]);
    }
}
