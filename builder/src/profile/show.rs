//! Writes a merged profile for people and for machines, with the origin of every value.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json, json};

use super::load::Loaded;
use super::merged::{Content, List, Node};
use super::path::{KeyPath, write_key};
use super::provenance::{Action, Change};
use super::value::Scalar;

/// A merged profile as TOML, with comments that name the layer and line each value comes from.
pub fn to_toml(loaded: &Loaded) -> String {
    let mut out = String::new();
    head(&mut out, loaded);
    if let Content::Table(_) = loaded.merged.root().content() {
        table(&mut out, loaded.merged.root(), &KeyPath::root());
    }
    out
}

fn head(out: &mut String, loaded: &Loaded) {
    let node = loaded
        .node
        .as_ref()
        .map_or_else(String::new, |node| format!(", node {node}"));
    let _ = writeln!(
        out,
        "# community {}, site {}, device {}{node}",
        loaded.community, loaded.site, loaded.device
    );
    let layers: Vec<String> = loaded.layers.iter().map(ToString::to_string).collect();
    let _ = writeln!(out, "# layers, later wins: {}", layers.join(" < "));
    for condition in &loaded.conditions {
        let counts = if condition.counted {
            "counts"
        } else {
            "does not count"
        };
        let place = condition.place.origin();
        let _ = writeln!(
            out,
            "# [[when]] {} ({}:{}) {counts}",
            condition.text, place.file, place.line
        );
    }
}

/// Plain values and lists first, then the tables, as TOML wants it.
fn table(out: &mut String, node: &Node, path: &KeyPath) {
    let Content::Table(entries) = node.content() else {
        return;
    };
    for (key, value) in entries.iter().filter(|(_, value)| !is_section(value)) {
        let mut name = String::new();
        let _ = write_key(&mut name, key);
        match value.content() {
            Content::List(list) if edited(value) => long_list(out, &name, list),
            _ => {
                let _ = writeln!(out, "{name} = {}  # {}", value.to_inline(), origin(value));
            }
        }
    }
    for (key, value) in entries.iter().filter(|(_, value)| is_section(value)) {
        let path = path.key(key);
        match value.content() {
            Content::List(list) => {
                for item in list.items() {
                    let _ = writeln!(out, "\n[[{path}]]  # {}", origin(item));
                    table(out, item, &path);
                }
            }
            _ => {
                // A table that only holds tables needs no line of its own, unless it is empty.
                if value
                    .as_table()
                    .is_none_or(|table| table.is_empty() || !table.values().all(is_section))
                {
                    let _ = writeln!(out, "\n[{path}]");
                }
                table(out, value, &path);
            }
        }
    }
}

/// Whether a value is written as `[table]` or `[[table]]`.
fn is_section(node: &Node) -> bool {
    match node.content() {
        Content::Scalar(_) => false,
        Content::Table(_) => true,
        Content::List(list) => {
            let tables = |item: &Node| matches!(item.content(), Content::Table(_));
            !list.items().is_empty() && list.items().iter().all(tables)
        }
    }
}

/// Whether a list still holds elements of more than one layer's writing.
fn edited(node: &Node) -> bool {
    let set = |change: &Change| change.action == Action::Set;
    !node.history().last().is_some_and(set)
        && matches!(node.content(), Content::List(list) if !list.items().is_empty())
}

fn long_list(out: &mut String, name: &str, list: &List) {
    let _ = writeln!(out, "{name} = [");
    for item in list.items() {
        let _ = writeln!(out, "    {},  # {}", item.to_inline(), origin(item));
    }
    out.push_str("]\n");
}

/// `site valley, sites/valley.toml:3`
fn origin(node: &Node) -> String {
    node.history().last().map_or_else(String::new, |change| {
        let origin = change.origin();
        format!("{}, {}:{}", origin.layer, origin.file, origin.line)
    })
}

/// A merged profile as JSON: `values` as a tree, `origins` by path.
pub fn to_json(loaded: &Loaded) -> Map<String, Json> {
    let mut origins = Map::new();
    gather(loaded.merged.root(), &KeyPath::root(), &mut origins);
    let layers: Vec<String> = loaded.layers.iter().map(ToString::to_string).collect();
    let conditions = loaded.conditions.iter().map(|condition| {
        let place = condition.place.origin();
        json!({ "match": condition.text, "file": place.file, "line": place.line, "counts": condition.counted })
    });
    let mut map = Map::new();
    map.insert("community".into(), json!(loaded.community));
    map.insert("site".into(), json!(loaded.site));
    map.insert("device".into(), json!(loaded.device));
    map.insert("node".into(), json!(loaded.node));
    map.insert("layers".into(), json!(layers));
    map.insert("when".into(), Json::Array(conditions.collect()));
    map.insert("values".into(), value(loaded.merged.root()));
    map.insert("origins".into(), Json::Object(origins));
    map
}

/// A value as JSON; what may be a secret is left out.
pub(crate) fn value(node: &Node) -> Json {
    if node.hidden {
        return json!("(hidden)");
    }
    match node.content() {
        Content::Scalar(Scalar::String(text) | Scalar::Datetime(text)) => json!(text),
        Content::Scalar(Scalar::Integer(number)) => json!(number),
        Content::Scalar(Scalar::Float(number)) => json!(number),
        Content::Scalar(Scalar::Boolean(truth)) => json!(truth),
        Content::List(list) => Json::Array(list.items().iter().map(value).collect()),
        Content::Table(table) => Json::Object(
            table
                .iter()
                .map(|(key, node)| (key.clone(), value(node)))
                .collect(),
        ),
    }
}

fn gather(node: &Node, path: &KeyPath, origins: &mut Map<String, Json>) {
    match node.content() {
        Content::Table(table) => {
            for (key, node) in table {
                gather(node, &path.key(key), origins);
            }
        }
        Content::List(list) if !list.items().is_empty() => {
            for (at, node) in list.items().iter().enumerate() {
                gather(node, &path.index(at), origins);
            }
        }
        _ => {
            if let Some(change) = node.history().last() {
                origins.insert(path.to_string(), super::explain::change(change));
            }
        }
    }
}
