//! `clom profile show` and `clom profile explain`.

use serde_json::Value;

use super::{BuildArgs, ExplainBuild, Format, print};
use crate::failure::Failure;
use crate::profile::{self, Diagnostics, Library, explain, show};
use crate::ui::{Mode, Ui};

/// Shows a merged profile.
pub(super) fn show(
    library: &Library,
    build: &BuildArgs,
    format: Format,
    ui: &Ui,
) -> Result<(), Failure> {
    let loaded = build.load(library)?;
    match (ui.mode(), format) {
        (Mode::Json, _) => {
            ui.result("profile", show::to_json(&loaded));
            Ok(())
        }
        (_, Format::Toml) => print(&show::to_toml(&loaded)),
        (_, Format::Json) => print(&format!("{:#}\n", Value::Object(show::to_json(&loaded)))),
    }
}

/// Explains a key.
pub(super) fn explain(library: &Library, args: &ExplainBuild, ui: &Ui) -> Result<(), Failure> {
    let loaded = args.build.load(library)?;
    let explanation =
        explain::explain(&loaded, &args.key, profile::shape()).map_err(Diagnostics::from)?;
    for value in explain::to_json(&explanation) {
        ui.result("explanation", value);
    }
    match ui.mode() {
        Mode::Json => Ok(()),
        _ => print(&explain::to_text(&args.key, &explanation)),
    }
}
