//! Checks profiles: everything that could be built is read, merged and decoded.

use std::collections::BTreeSet;

use super::diagnostics::Diagnostics;
use super::layer::Layer;
use super::library::Library;
use super::load::{self, Loaded};
use super::source::{Kind, LayerId};

/// What to check; all of a kind where nothing is named.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// A site.
    pub site: Option<String>,
    /// A device.
    pub device: Option<String>,
    /// A node, by name or number.
    pub node: Option<String>,
}

/// What was checked, and what was found.
#[derive(Debug, Default)]
pub struct Checked {
    /// Sites.
    pub sites: usize,
    /// Combinations of site, device and node that could be built.
    pub builds: usize,
    /// All problems, each once.
    pub problems: Diagnostics,
}

/// Checks all builds in scope, and that every file of the library can be read.
///
/// `test` loads one build and gives all that is wrong with it.
pub fn check(
    library: &Library,
    scope: &Scope,
    test: impl Fn(&str, &str, Option<&str>) -> Diagnostics,
) -> Checked {
    let mut checked = Checked::default();
    let everything = scope.site.is_none() && scope.device.is_none() && scope.node.is_none();
    if everything {
        checked.problems.extend(library.problems().clone());
    }
    let sites = usable(
        library,
        Kind::Site,
        scope.site.as_deref(),
        everything,
        &mut checked.problems,
    );
    let devices = usable(
        library,
        Kind::Device,
        scope.device.as_deref(),
        everything,
        &mut checked.problems,
    );
    if everything {
        usable(library, Kind::Community, None, true, &mut checked.problems);
    }
    checked.sites = sites.len();
    for site in &sites {
        if scope.node.is_none() {
            // Sites that give addresses by node number cannot be built without one: a new node stands in.
            let number = load::free_number(library, site)
                .ok()
                .map(|number| number.to_string());
            for device in &devices {
                checked.builds += 1;
                checked
                    .problems
                    .extend(test(site, device, number.as_deref()));
            }
        }
        nodes(library, site, &devices, scope, &test, &mut checked);
    }
    checked.problems = std::mem::take(&mut checked.problems).deduplicated();
    checked
}

/// The names of the layers of a kind that can be built; problems of those that cannot be read.
fn usable(
    library: &Library,
    kind: Kind,
    named: Option<&str>,
    read_all: bool,
    problems: &mut Diagnostics,
) -> Vec<String> {
    if let Some(name) = named {
        return vec![name.to_owned()];
    }
    let mut names = Vec::new();
    for name in library.names(kind) {
        match library.read(&LayerId::new(kind, name), None) {
            Ok(layer) if layer.is_abstract => {}
            Ok(_) => names.push(name.to_owned()),
            // A layer that cannot be read is said once, not for each build.
            Err(found) if read_all => problems.extend(found),
            Err(_) => names.push(name.to_owned()),
        }
    }
    names
}

fn nodes(
    library: &Library,
    site: &str,
    devices: &[String],
    scope: &Scope,
    test: &impl Fn(&str, &str, Option<&str>) -> Diagnostics,
    checked: &mut Checked,
) {
    let names: Vec<String> = match &scope.node {
        Some(node) => vec![node.clone()],
        None => library.nodes_of(site).map(str::to_owned).collect(),
    };
    if scope.node.is_none() {
        match load::numbered(library, site) {
            Ok(numbered) => {
                let twice = numbered
                    .values()
                    .filter_map(|layers| match layers.as_slice() {
                        [first, second, ..] => Some(load::same_number(site, first, second)),
                        _ => None,
                    });
                checked.problems.extend(twice);
            }
            Err(found) => checked.problems.extend(found),
        }
    }
    for name in names {
        let read = library.read(&LayerId::new(Kind::Node, format!("{site}/{name}")), None);
        let own = match read {
            Ok(Layer {
                is_abstract: true, ..
            }) => continue,
            Ok(layer) => layer.device.map(|device| device.name),
            Err(_) => None,
        };
        let on: BTreeSet<&str> = match (&own, &scope.device) {
            (_, Some(device)) => [device.as_str()].into(),
            (Some(device), None) => [device.as_str()].into(),
            (None, None) => devices.iter().map(String::as_str).collect(),
        };
        for device in on {
            checked.builds += 1;
            checked.problems.extend(test(site, device, Some(&name)));
        }
    }
}

/// All that is wrong with one build: what `load` says, else its warnings and what `resolve` says.
pub fn problems<T>(
    loaded: Result<Loaded, Diagnostics>,
    resolve: impl FnOnce(&Loaded) -> Result<T, Diagnostics>,
) -> Diagnostics {
    match loaded {
        Err(problems) => problems,
        Ok(loaded) => {
            let mut problems = loaded.warnings.clone();
            problems.extend(resolve(&loaded).err().into_iter().flatten());
            problems
        }
    }
}
