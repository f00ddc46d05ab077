//! `clom profile list`.

use serde_json::json;

use super::{fields, print};
use crate::failure::Failure;
use crate::profile::{Kind, LayerId, Library};
use crate::ui::{Mode, Ui};

/// Lists the layers of a kind, or of all.
pub(super) fn list(library: &Library, kind: Option<Kind>, ui: &Ui) -> Result<(), Failure> {
    let mut problems = library.problems().clone();
    let mut text = String::new();
    for of in Kind::FILES
        .into_iter()
        .filter(|of| kind.is_none_or(|kind| kind == *of))
    {
        let names: Vec<&str> = library.names(of).collect();
        let width = names
            .iter()
            .map(|name| name.chars().count())
            .max()
            .unwrap_or(0);
        if !names.is_empty() {
            text.push_str(&format!("{}:\n", of.folder()));
        }
        for name in names {
            let id = LayerId::new(of, name);
            let layer = match library.read(&id, None) {
                Ok(layer) => layer,
                Err(found) => {
                    problems.extend(found);
                    continue;
                }
            };
            let title = layer
                .title()
                .map_or_else(String::new, |title| format!("  {title}"));
            let note = if layer.is_abstract {
                "  (only to inherit)"
            } else {
                ""
            };
            text.push_str(format!("  {name:width$}{title}{note}").trim_end());
            text.push('\n');
            let community = layer
                .community
                .as_ref()
                .map(|community| community.name.as_str());
            ui.result(
                "profile",
                fields([
                    ("kind", json!(of.word())),
                    ("name", json!(name)),
                    ("title", json!(layer.title())),
                    ("abstract", json!(layer.is_abstract)),
                    ("community", json!(community)),
                    ("number", json!(layer.number())),
                    ("file", json!(layer.file.path())),
                ]),
            );
        }
    }
    if ui.mode() != Mode::Json {
        print(&text)?;
    }
    Ok(problems.or(())?)
}
