//! Tells the history of a key: every layer that had a say in it, and who won.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json, json};

use super::diagnostics::Diagnostic;
use super::load::Loaded;
use super::merged::{Content, List, Node};
use super::path::KeyPath;
use super::provenance::{Action, Change};
use super::shape::{JsonKind, Shape};
use super::show;
use super::suggest::closest;

/// What is known about a key.
#[derive(Debug)]
pub enum Explanation<'a> {
    /// The values at or below it that layers have set.
    Set(Vec<(KeyPath, &'a Node)>),
    /// A profile may have it, but no layer sets it. Says what it may hold.
    Unset(String),
}

/// Finds a key, or all keys below a table.
///
/// # Errors
/// When a profile cannot have such a key; the error suggests another.
pub fn explain<'a>(
    loaded: &'a Loaded,
    key: &str,
    shape: &Shape,
) -> Result<Explanation<'a>, Diagnostic> {
    let path = KeyPath::from(key);
    if let Some(node) = loaded.merged.get(&path) {
        let mut leaves = Vec::new();
        gather(node, &path, &mut leaves);
        return Ok(Explanation::Set(leaves));
    }
    if let Some(kinds) = shape.kinds(&path) {
        let names: Vec<&str> = kinds.into_iter().map(JsonKind::name).collect();
        return Ok(Explanation::Unset(names.join(" or ")));
    }
    Err(unknown(loaded, key, &path, shape))
}

fn unknown(loaded: &Loaded, key: &str, path: &KeyPath, shape: &Shape) -> Diagnostic {
    let error = Diagnostic::error(format!("a profile has no key `{key}`"));
    let mut leaves = Vec::new();
    gather(loaded.merged.root(), &KeyPath::root(), &mut leaves);
    let set: Vec<String> = leaves.iter().map(|(path, _)| path.to_string()).collect();
    let parent = path.parent().unwrap_or_default();
    let mut known: Vec<String> = set;
    known.extend(
        shape
            .keys(&parent)
            .iter()
            .map(|key| parent.key(*key).to_string()),
    );
    if let Some(best) = closest(&path.to_string(), known.iter().map(String::as_str)) {
        return error.help(format!("did you mean `{best}`?"));
    }
    let last = path.last_key().unwrap_or_default();
    let homes = shape.homes(last);
    if !homes.is_empty() {
        let homes: Vec<String> = homes.into_iter().take(4).collect();
        return error.help(format!("`{last}` is a key of {}", homes.join(" or ")));
    }
    let everywhere = shape.everywhere();
    let near = closest(last, everywhere.iter().map(|(_, key)| key.as_str()));
    let near = near.and_then(|near| everywhere.iter().find(|(_, key)| key == near));
    match near {
        Some((table, key)) if table.is_empty() => error.help(format!("did you mean `{key}`?")),
        Some((table, key)) => error.help(format!("did you mean `{table}.{key}`?")),
        None => error.help(
            "clom profile show lists all keys that are set, clom profile schema all that there are",
        ),
    }
}

/// The values below a node that hold no table, each list as one.
fn gather<'a>(node: &'a Node, path: &KeyPath, leaves: &mut Vec<(KeyPath, &'a Node)>) {
    match node.content() {
        Content::Table(table) if !table.is_empty() => {
            for (key, node) in table {
                gather(node, &path.key(key), leaves);
            }
        }
        _ => leaves.push((path.clone(), node)),
    }
}

/// The explanation as text: the value, then each layer's say, the lowest first; `=>` marks the one that counts.
pub fn to_text(key: &str, explanation: &Explanation<'_>) -> String {
    match explanation {
        Explanation::Unset(kinds) => format!("{key} is set by no layer; it may hold {kinds}\n"),
        Explanation::Set(leaves) => {
            let texts: Vec<String> = leaves.iter().map(|(path, node)| leaf(path, node)).collect();
            texts.join("\n")
        }
    }
}

fn leaf(path: &KeyPath, node: &Node) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{path} = {}", node.to_inline());
    let winner = winner(node.history());
    let rows = node.history().iter().enumerate().map(|(at, change)| {
        let mark = if at >= winner { "=>" } else { "  " };
        let written = match change.action {
            Action::Opened => String::new(),
            _ => change.written.clone(),
        };
        [
            format!("  {mark} {} by {}", change.action.word(), change.layer()),
            format!("{}{}", change.origin(), condition(change)),
            written,
        ]
    });
    columns(&mut out, rows);
    if let Content::List(list) = node.content() {
        elements(&mut out, list);
    }
    out
}

/// The first change that still shows: the last that set the whole value.
fn winner(history: &[Change]) -> usize {
    let set = |change: &Change| change.action == Action::Set;
    history.iter().rposition(set).unwrap_or(0)
}

fn elements(out: &mut String, list: &List) {
    let here = list.items().iter().map(|item| ("     ", item));
    let gone = list.removed().iter().map(|item| ("     not ", item));
    let rows = here.chain(gone).filter_map(|(mark, item)| {
        let last = item.history().last()?;
        let word = match last.action {
            Action::Set => "set",
            other => other.word(),
        };
        Some([
            format!("{mark}{}", item.to_inline()),
            format!("{word} by {}", last.layer()),
            format!("{}{}", last.origin(), condition(last)),
        ])
    });
    columns(out, rows);
}

fn condition(change: &Change) -> String {
    change.condition.as_ref().map_or_else(String::new, |place| {
        format!(" in [[when]] of line {}", place.origin().line)
    })
}

/// Rows of three cells, the first two padded to the width of the widest.
fn columns(out: &mut String, rows: impl Iterator<Item = [String; 3]>) {
    let rows: Vec<[String; 3]> = rows.collect();
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let (first, second) = (width(0), width(1));
    for [a, b, c] in &rows {
        let line = format!("{a:first$}  {b:second$}  {c}");
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// The explanation for machines: for each value `{key, value, history, elements, removed}`.
pub fn to_json(explanation: &Explanation<'_>) -> Vec<Map<String, Json>> {
    let Explanation::Set(leaves) = explanation else {
        return Vec::new();
    };
    let leaf = |(path, node): &(KeyPath, &Node)| {
        let mut map = Map::new();
        map.insert("key".into(), json!(path.to_string()));
        map.insert("value".into(), show::value(node));
        map.insert("history".into(), history(node));
        if let Content::List(list) = node.content() {
            map.insert("elements".into(), items(list.items()));
            map.insert("removed".into(), items(list.removed()));
        }
        map
    };
    leaves.iter().map(leaf).collect()
}

fn items(items: &[Node]) -> Json {
    let item = |node: &Node| json!({ "value": show::value(node), "history": history(node) });
    Json::Array(items.iter().map(item).collect())
}

fn history(node: &Node) -> Json {
    Json::Array(node.history().iter().map(change).collect())
}

/// One change as JSON.
pub(crate) fn change(change: &Change) -> Json {
    let origin = change.origin();
    json!({
        "action": change.action.word(),
        "layer": origin.layer.to_string(),
        "file": origin.file,
        "line": origin.line,
        "column": origin.column,
        "written": change.written,
        "when_line": change.condition.as_ref().map(|place| place.origin().line),
    })
}
