//! Finds the layers of a build and merges them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::chain::chain;
use super::diagnostics::{Diagnostic, Diagnostics};
use super::facts::Facts;
use super::layer::{Layer, Named};
use super::library::Library;
use super::merge::{Body, merge};
use super::merged::Merged;
use super::parse::parse;
use super::shape::Shape;
use super::source::{Kind, LayerId, Place, SourceFile};

/// The lowest layer, the same for all.
const DEFAULTS: &str = include_str!("defaults.toml");

/// All layers of one build, merged.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The merged values.
    pub merged: Merged,
    /// Id of the community that the site belongs to.
    pub community: String,
    /// Id of the site.
    pub site: String,
    /// Id of the device's entry in the library.
    pub device: String,
    /// Id of the node, if the build is for one; its number, if it has one, is `node.number` in the merged values.
    pub node: Option<String>,
    /// Facts of the device that decided the `[[when]]` blocks.
    pub facts: Facts,
    /// The layers that were merged, the lowest first, inherited ones included.
    pub layers: Vec<LayerId>,
    /// The `[[when]]` blocks of these layers, and whether they counted.
    pub conditions: Vec<Condition>,
    /// What is worth mending but does not keep the profile from being used.
    pub warnings: Diagnostics,
}

/// What became of a `[[when]]` block.
#[derive(Debug, Clone)]
pub struct Condition {
    /// Where it is written.
    pub place: Place,
    /// What it asks for.
    pub text: String,
    /// Whether the device is so.
    pub counted: bool,
}

/// The layers of one build, read but not merged; those that could not be read are missing.
struct Stack {
    layers: Vec<Layer>,
    community: String,
    node: Option<String>,
    facts: Facts,
}

/// Finds, reads and merges the layers for a site, a device and, if given, a node, for a profile that decodes to `T`;
/// `shape` is that of `T`.
///
/// `node` is a node's name, or its number. A number for which no node is written down is a node of its own, known by
/// nothing but its number: so a workshop can flash node 1 to node 50 without fifty files.
///
/// # Errors
/// All that is wrong with the layers and with how they fit together.
pub fn load_as<T: DeserializeOwned + JsonSchema>(
    library: &Library,
    site: &str,
    device: &str,
    node: Option<&str>,
    shape: &Shape,
) -> Result<Loaded, Diagnostics> {
    let (stack, mut problems) = stack(library, site, device, node, shape);
    let mut conditions = Vec::new();
    let mut bodies = Vec::new();
    for layer in &stack.layers {
        bodies.push(Body {
            table: &layer.body,
            condition: None,
        });
        for when in &layer.whens {
            let counted = when.counts(&stack.facts);
            conditions.push(Condition {
                place: when.place.clone(),
                text: when.text(),
                counted,
            });
            if counted {
                bodies.push(Body {
                    table: &when.body,
                    condition: Some(&when.place),
                });
            }
        }
    }
    let (merged, found) = merge(bodies, shape);
    problems.extend(found);
    if problems.has_errors() {
        // Say at once what else is wrong with the values, but nothing twice.
        let places: Vec<_> = problems.iter().filter_map(Diagnostic::origin).collect();
        let values = merged.decode::<T>().err().into_iter().flatten();
        let news = |found: &Diagnostic| found.origin().is_none_or(|at| !places.contains(&at));
        problems.extend(values.filter(news));
        return Err(problems);
    }
    Ok(Loaded {
        merged,
        community: stack.community,
        site: site.to_owned(),
        device: device.to_owned(),
        node: stack.node,
        facts: stack.facts,
        layers: stack
            .layers
            .iter()
            .map(|layer| layer.id().clone())
            .collect(),
        conditions,
        warnings: problems,
    })
}

fn stack(
    library: &Library,
    site: &str,
    device: &str,
    node: Option<&str>,
    shape: &Shape,
) -> (Stack, Diagnostics) {
    let mut problems = Diagnostics::new();
    let mut keep = |result: Result<Vec<Layer>, Diagnostics>| {
        result.unwrap_or_else(|found| {
            problems.extend(found);
            Vec::new()
        })
    };
    let defaults = keep(defaults().map(|layer| vec![layer]));
    let sites = keep(top(library, Kind::Site, site).and_then(|top| chain(library, top)));
    let named = sites.iter().rev().find_map(|layer| layer.community.clone());
    let communities = match (&named, sites.last()) {
        (Some(named), _) => keep(community(library, named)),
        (None, Some(site)) => keep(Err(no_community(library, site).into())),
        (None, None) => Vec::new(),
    };
    let devices = keep(top(library, Kind::Device, device).and_then(|top| chain(library, top)));
    let nodes = match node {
        Some(node) if !sites.is_empty() => keep(nodes(library, site, device, node)),
        _ => Vec::new(),
    };
    let node = nodes.last().map(|layer| {
        let name = &layer.id().name;
        name.split_once('/')
            .map_or(name.as_str(), |(_, node)| node)
            .to_owned()
    });
    let bodies = devices.iter().map(|layer| Body {
        table: &layer.body,
        condition: None,
    });
    // Clashes between device layers are reported when all layers are merged.
    let (facts, _) = merge(bodies, shape);
    let facts = Facts::read(device, &facts).unwrap_or_else(|found| {
        problems.extend(found);
        Facts::default()
    });
    let stack = Stack {
        layers: [defaults, communities, sites, devices, nodes].concat(),
        community: named.map(|named| named.name).unwrap_or_default(),
        node,
        facts,
    };
    (stack, problems)
}

/// A layer that a build names itself: it must not be there only to be inherited.
fn top(library: &Library, kind: Kind, name: &str) -> Result<Layer, Diagnostics> {
    let layer = library.read(&LayerId::new(kind, name), None)?;
    refuse_abstract(&layer, None)?;
    Ok(layer)
}

fn refuse_abstract(layer: &Layer, asked: Option<&Named>) -> Result<(), Diagnostic> {
    if !layer.is_abstract {
        return Ok(());
    }
    let error = format!("{} is only there to be inherited", layer.id());
    let error = Diagnostic::error(error);
    let error = match asked {
        Some(asked) => error.at(&asked.place, ""),
        None => error,
    };
    Err(error.help(format!(
        "{} says `abstract = true`; name a {} that inherits it",
        layer.file.name(),
        layer.id().kind
    )))
}

fn community(library: &Library, named: &Named) -> Result<Vec<Layer>, Diagnostics> {
    let id = LayerId::new(Kind::Community, named.name.clone());
    let layer = library.read(&id, Some(named))?;
    refuse_abstract(&layer, Some(named))?;
    chain(library, layer)
}

fn no_community(library: &Library, site: &Layer) -> Diagnostic {
    let names: Vec<&str> = library.names(Kind::Community).collect();
    Diagnostic::error(format!(
        "{} does not say to which community it belongs",
        site.id()
    ))
    .at(&Place::new(&site.file, 0..0), "")
    .help("write `community = \"NAME\"` at the top of the file, before the first table")
    .help(format!("communities: {}", names.join(", ")))
}

fn defaults() -> Result<Layer, Diagnostics> {
    let id = LayerId::new(Kind::Builtin, "defaults");
    let file = SourceFile::in_memory(id, "<built-in defaults>", DEFAULTS);
    Layer::read(&file, parse(&file)?)
}

fn nodes(
    library: &Library,
    site: &str,
    device: &str,
    node: &str,
) -> Result<Vec<Layer>, Diagnostics> {
    let layer = find_node(library, site, node)?;
    refuse_abstract(&layer, None)?;
    if let Some(own) = layer.site.as_ref().filter(|own| own.name != site) {
        let error = format!(
            "this node is filed under site `{site}` but says it is at `{}`",
            own.name
        );
        return Err(Diagnostic::error(error).at(&own.place, "").into());
    }
    let layers = chain(library, layer)?;
    let own = layers.iter().rev().find_map(|layer| layer.device.as_ref());
    if let Some(own) = own.filter(|own| own.name != device) {
        let error = format!(
            "node `{node}` is a `{}`, but the image is for a `{device}`",
            own.name
        );
        return Err(Diagnostic::error(error)
            .at(&own.place, "")
            .help(format!(
                "pass --device {}, or change the node's entry if the router was replaced",
                own.name
            ))
            .into());
    }
    Ok(layers)
}

/// A node by its name, else by its number, else a new one of this number.
fn find_node(library: &Library, site: &str, node: &str) -> Result<Layer, Diagnostics> {
    let id = LayerId::new(Kind::Node, format!("{site}/{node}"));
    let number = node
        .parse::<u32>()
        .ok()
        .filter(|_| node.bytes().all(|b| b.is_ascii_digit()));
    let named = library.nodes_of(site).any(|name| name == node);
    let Some(number) = number.filter(|_| !named) else {
        return library.read(&id, None);
    };
    let numbered = numbered(library, site)?;
    match numbered.get(&i64::from(number)).map(Vec::as_slice) {
        Some([only]) => Ok(only.clone()),
        Some([first, second, ..]) => Err(same_number(site, first, second).into()),
        _ => {
            let text = format!("[node]\nnumber = {number}\n");
            let file = SourceFile::in_memory(id, "<command line>", text);
            Layer::read(&file, parse(&file)?)
        }
    }
}

/// The nodes of a site by their numbers, as their own files say.
pub(crate) fn numbered(
    library: &Library,
    site: &str,
) -> Result<BTreeMap<i64, Vec<Layer>>, Diagnostics> {
    let mut numbered: BTreeMap<i64, Vec<Layer>> = BTreeMap::new();
    for name in library.nodes_of(site) {
        let layer = library.read(&LayerId::new(Kind::Node, format!("{site}/{name}")), None)?;
        if let Some(number) = layer.number() {
            numbered.entry(number).or_default().push(layer);
        }
    }
    Ok(numbered)
}

/// Two nodes of a site with one number would have the same addresses.
pub(crate) fn same_number(site: &str, first: &Layer, second: &Layer) -> Diagnostic {
    let number = first.number().unwrap_or_default();
    let place = |layer: &Layer| {
        let entry = layer.body.get("node")?;
        match &entry.item.value {
            super::value::Value::Table(table) => Some(table.get("number")?.item.place.clone()),
            _ => None,
        }
    };
    let mut error = Diagnostic::error(format!(
        "two nodes of site `{site}` have the number {number}"
    ));
    if let Some(place) = place(second) {
        error = error.at(&place, second.id().to_string());
    }
    if let Some(place) = place(first) {
        error = error.and(&place, first.id().to_string());
    }
    error.help("addresses follow from the number: give each node its own")
}

/// The lowest number that no node of a site has.
///
/// # Errors
/// When the site's nodes cannot be read.
pub fn free_number(library: &Library, site: &str) -> Result<u32, Diagnostics> {
    let taken = numbered(library, site)?;
    let free = (1..=u32::MAX).find(|number| !taken.contains_key(&i64::from(*number)));
    Ok(free.unwrap_or(u32::MAX))
}
