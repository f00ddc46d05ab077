//! `clom profile check`.

use serde_json::{Value, json};

use super::{fields, print};
use crate::failure::Failure;
use crate::profile::check::{self, Scope, check};
use crate::profile::{Diagnostics, Library, Loaded, Severity, load, resolve};
use crate::ui::{Mode, Ui};

/// Checks all builds in scope and shows all problems at once.
pub(super) fn run(
    library: &Library,
    scope: &Scope,
    strict: bool,
    secrets: bool,
    ui: &Ui,
) -> Result<(), Failure> {
    let resolve = |loaded: &Loaded| -> Result<(), Diagnostics> {
        let profile = resolve::check(loaded, library)?;
        let wanted = profile.secrets().into_iter().filter(|_| secrets);
        let unknown: Diagnostics = wanted.filter_map(|secret| secret.resolve().err()).collect();
        unknown.or(())
    };
    let checked = check(library, scope, |site, device, node| {
        check::problems(load(library, site, device, node), resolve)
    });
    let problems = checked.problems;
    for problem in problems.iter() {
        if let Value::Object(map) = problem.to_json() {
            ui.result("problem", map);
        }
    }
    let errors = problems
        .iter()
        .filter(|p| p.severity() == Severity::Error)
        .count();
    let warnings = problems.len() - errors;
    let event = [
        ("sites", json!(checked.sites)),
        ("builds", json!(checked.builds)),
        ("errors", json!(errors)),
        ("warnings", json!(warnings)),
    ];
    ui.result("checked", fields(event));
    if errors > 0 || (strict && warnings > 0) {
        return Err(problems.into());
    }
    if ui.mode() != Mode::Json {
        if warnings > 0 {
            eprintln!("{}\n", problems.render_for_stderr());
        }
        let noun = |count: usize, word: &str| match count {
            1 => format!("1 {word}"),
            _ => format!("{count} {word}s"),
        };
        let text = format!(
            "{} checked: no errors, {}\n",
            noun(checked.builds, "build"),
            noun(warnings, "warning")
        );
        print(&text)?;
    }
    Ok(())
}
