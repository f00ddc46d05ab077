//! What a test of a machine found.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What, in a few words.
    pub name: String,
    /// What was found; for a failed one, what was expected too.
    pub detail: String,
    /// Whether it was as asked.
    pub ok: bool,
    /// How long it took.
    pub took: Duration,
}

/// A machine's test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The device id.
    pub device: String,
    /// Everything looked at, in order. A test stops at what makes going on pointless.
    pub checks: Vec<Check>,
    /// The console's log.
    pub log: PathBuf,
    /// The console's last lines, when something failed.
    pub tail: String,
}

impl Report {
    /// Whether all was as asked.
    pub fn passed(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|check| check.ok)
    }

    /// One line per check.
    pub fn table(&self) -> String {
        let width = self
            .checks
            .iter()
            .map(|check| check.name.len())
            .max()
            .unwrap_or(0);
        let mut out = format!(
            "{}: {}\n",
            self.device,
            if self.passed() { "passed" } else { "FAILED" }
        );
        for check in &self.checks {
            out += &format!(
                "  {}  {:width$}  {:>6.1} s  {}\n",
                if check.ok { "ok  " } else { "FAIL" },
                check.name,
                check.took.as_secs_f64(),
                check.detail.replace('\n', "\n        "),
            );
        }
        out
    }

    /// For machines.
    pub fn json(&self) -> serde_json::Map<String, Value> {
        let checks: Vec<Value> = self
            .checks
            .iter()
            .map(|check| {
                json!({
                    "name": check.name,
                    "ok": check.ok,
                    "detail": check.detail,
                    "ms": check.took.as_millis() as u64,
                })
            })
            .collect();
        let mut out = serde_json::Map::new();
        out.insert("device".into(), json!(self.device));
        out.insert("passed".into(), json!(self.passed()));
        out.insert("checks".into(), json!(checks));
        out.insert("log".into(), json!(self.log.display().to_string()));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, ok: bool, detail: &str) -> Check {
        Check {
            name: name.into(),
            ok,
            detail: detail.into(),
            took: Duration::from_millis(1250),
        }
    }

    #[test]
    fn the_table_is_for_people() {
        let report = Report {
            device: "lab-mips".into(),
            checks: vec![
                check("boot", true, "a shell"),
                check("host name", false, "is a\nexpected b"),
            ],
            log: "/x/console.log".into(),
            tail: String::new(),
        };
        assert!(!report.passed());
        insta::assert_snapshot!(report.table());
        assert_eq!(report.json()["checks"][1]["ms"], 1250);
    }

    #[test]
    fn nothing_checked_is_not_passed() {
        let report = Report {
            device: "lab-mips".into(),
            checks: Vec::new(),
            log: PathBuf::new(),
            tail: String::new(),
        };
        assert!(!report.passed());
    }
}
