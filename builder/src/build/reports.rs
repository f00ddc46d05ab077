//! The files beside the images that tell what is in them.

use openwrt_formats::tree::Tree;

use super::Plan;
use crate::packages::report::{self, Bom, Component};
use crate::ui::Ui;

/// The reports on a finished root tree by name: list of packages, bill of materials, licences. Those that would be empty are left out,
/// and so are all, with a warning, when the tree's own list of packages is damaged.
pub(super) fn reports(plan: &Plan, hash: &str, tree: &Tree, ui: &Ui) -> Vec<(String, String)> {
    let mut components = match report::installed(tree) {
        Ok(components) => components,
        Err(error) => {
            ui.warn(&format!(
                "there will be no list of packages, licences and bill of materials: {error}"
            ));
            return Vec::new();
        }
    };
    for component in &mut components {
        if let Some(package) = plan.packages.installed.get(&component.name) {
            component.sha256 = Some(package.sha256.clone());
            component.feed = package
                .from
                .rsplit_once('/')
                .map(|(feed, _)| feed.to_owned());
        }
    }
    let prefix = plan.prefix();
    let mut files = Vec::new();
    if !components.is_empty() {
        files.push((format!("{prefix}.manifest"), report::manifest(&components)));
    }
    components.extend(plan.agent.as_ref().map(|agent| Component {
        name: "clomd".to_owned(),
        base: "clomd".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        architecture: Some(agent.cpu.clone()),
        license: Some("MIT OR Apache-2.0".to_owned()),
        description: Some(format!(
            "The agent of Clommunity nodes, tier {}",
            agent.tier
        )),
        sha256: Some(agent.sha256.clone()),
        ..Component::default()
    }));
    if !components.is_empty() {
        let bom = Bom {
            image: &prefix,
            plan: hash,
            clom: &plan.clom,
            epoch: plan.epoch,
        };
        files.push((
            format!("{prefix}.bom.cdx.json"),
            report::cyclonedx(&bom, &components),
        ));
        files.push((
            format!("{prefix}.licenses.txt"),
            report::licenses(&components),
        ));
    }
    files
}
