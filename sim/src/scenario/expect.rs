//! Whether a timeline shows what its scenario expects.

use dispatch_core::Core;
use dispatch_core::model::TimelineItem;

use super::file::{Expectation, Shown};
use super::run::Line;

/// One expectation or invariant, and whether it held.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Verdict {
    /// What was expected, in words.
    pub expected: String,
    /// What was wrong; `None` when it held.
    pub wrong: Option<String>,
}

/// Judges one expectation against a timeline.
pub(crate) fn judge(expectation: &Expectation, lines: &[Line]) -> Verdict {
    let seen: Vec<f64> =
        lines.iter().filter(|line| line.text.contains(&expectation.line)).map(|line| line.at_ms as f64 / 1_000.0).collect();
    let inside = |at_s: &&f64| {
        expectation.from_s.is_none_or(|from_s| from_s <= **at_s) && expectation.until_s.is_none_or(|until_s| **at_s <= until_s)
    };
    let count = seen.iter().filter(inside).count();
    let holds = match expectation.times {
        Some(times) => count == times,
        None => count > 0,
    };
    let wrong = (!holds).then(|| match seen.as_slice() {
        [] => "never seen".to_owned(),
        at_s => format!(
            "seen {count} times inside, {} in all, first at {:.1} s, last at {:.1} s",
            at_s.len(),
            at_s[0],
            at_s[at_s.len() - 1]
        ),
    });
    Verdict { expected: describe(expectation), wrong }
}

/// Judges whether some incident's timeline has such a line. The same words in the wrong particulars are told, so that a slip is seen.
pub(crate) fn judge_shown(shown: &Shown, core: &Core) -> Verdict {
    let items = || core.incidents().flat_map(|incident| &incident.timeline).filter(|item| item.what == shown.what);
    let wrong = (!items().any(|item| has_parts(item, shown))).then(|| {
        let others: Vec<String> = items().map(|item| format!("{:?}", item.detail)).collect();
        format!("not in any incident's timeline; there: [{}]", others.join(", "))
    });
    Verdict { expected: format!("shown {:?}", shown.en), wrong }
}

fn has_parts(item: &TimelineItem, shown: &Shown) -> bool {
    shown.detail.iter().all(|(key, part)| item.detail.get(key).is_some_and(|whole| whole.contains(part)))
}

fn describe(expectation: &Expectation) -> String {
    let mut text = format!("{:?}", expectation.line);
    if let Some(times) = expectation.times {
        text += &format!(" {times} times");
    }
    if let Some(from_s) = expectation.from_s {
        text += &format!(" from {from_s} s");
    }
    if let Some(until_s) = expectation.until_s {
        text += &format!(" until {until_s} s");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(expectation: &str) -> Option<String> {
        let expectation: Expectation = toml::from_str(expectation).expect("a test expectation");
        let line = |at_ms, text: &str| Line { at_ms, text: text.to_owned() };
        judge(&expectation, &[line(1_000, "d1 armed"), line(9_000, "d1 armed")]).wrong
    }

    #[test]
    fn expectations_can_fail() {
        assert_eq!(verdict("line = 'd1 armed'"), None);
        assert_eq!(verdict("line = 'd1 armed'\ntimes = 2"), None);
        assert!(verdict("line = 'd1 armed'\ntimes = 0").is_some());
        assert!(verdict("line = 'd2 armed'").is_some());
        assert!(verdict("line = 'd1 armed'\nuntil_s = 0.5").is_some());
        assert_eq!(verdict("line = 'd1 armed'\nfrom_s = 2\ntimes = 1"), None);
    }
}
