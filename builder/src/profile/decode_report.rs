//! Says what is wrong with a value that could not be decoded.

use super::decode_error::Problem;
use super::diagnostics::Diagnostic;
use super::merged::{Content, Node};
use super::path::KeyPath;
use super::secrets;
use super::shape::{JsonKind, Shape};
use super::suggest::{any_of, closest, did_you_mean};

/// More keys than this are not listed.
const MOST_LISTED: usize = 16;

/// The problem with the value (or the key) at a path.
pub(crate) fn report(
    root: &Node,
    problem: &Problem,
    path: &KeyPath,
    at_key: bool,
    shape: &Shape,
) -> Diagnostic {
    let node = || {
        path.segments()
            .iter()
            .try_fold(root, |node, step| node.child(step))
    };
    let diagnostic = match problem {
        Problem::UnknownKey(key) => unknown_key(key, path, shape),
        Problem::UnknownWord { found, expected } => {
            let words = expected.iter().copied();
            let error = Diagnostic::error(format!("`{path}` cannot be `{found}`"));
            error
                .help(did_you_mean(found, words.clone()))
                .help(format!("it can be {}", any_of(words)))
        }
        Problem::Missing(key) => missing(key, path),
        Problem::WrongKind { found, expected } => {
            let error =
                Diagnostic::error(format!("`{path}` must be {expected}, but it is {found}"));
            match node() {
                Some(node)
                    if expected == "a list" && matches!(node.content, Content::Scalar(_)) =>
                {
                    error.help(format!("write it in brackets: [{}]", node.to_inline()))
                }
                _ => error,
            }
        }
        Problem::LiteralSecret => {
            let error = secrets::literal();
            match node().and_then(Node::place) {
                Some(place) => error.hide(place),
                None => error,
            }
        }
        Problem::Other(message) => other(message, node(), path, shape),
    };
    point(diagnostic, node(), problem, at_key)
}

fn unknown_key(key: &str, path: &KeyPath, shape: &Shape) -> Diagnostic {
    let table = path.parent().unwrap_or_default();
    let known = shape.keys(&table);
    let within = match table.is_root() {
        true => "at the top level".to_owned(),
        false => format!("in `[{table}]`"),
    };
    let error = Diagnostic::error(format!("unknown key `{key}` {within}"));
    if let Some(best) = closest(key, known.iter().copied()) {
        return error.help(format!("did you mean `{best}`?"));
    }
    let homes = shape.homes(key);
    if !homes.is_empty() {
        let homes: Vec<String> = homes.into_iter().take(4).collect();
        return error.help(format!("`{key}` is a key of {}", homes.join(" or ")));
    }
    match known.len() {
        0 => error,
        1..=MOST_LISTED => error.help(format!("known keys here: {}", known.join(", "))),
        _ => error.help(format!(
            "known keys here: {}, ... (clom profile schema shows all)",
            known.get(..MOST_LISTED).unwrap_or_default().join(", ")
        )),
    }
}

fn missing(key: &str, path: &KeyPath) -> Diagnostic {
    let within = match path.is_root() {
        true => "at the top level".to_owned(),
        false => format!("in `{path}`"),
    };
    Diagnostic::error(format!("`{key}` is missing {within}"))
        .help(format!("add `{key} = ...`; it has no default"))
}

/// A message of a type's own check, or serde's remark that none of several kinds fits.
fn other(message: &str, node: Option<&Node>, path: &KeyPath, shape: &Shape) -> Diagnostic {
    let untagged = message.starts_with("data did not match any variant");
    let kinds = shape.kinds(path).filter(|_| untagged);
    let (Some(kinds), Some(node)) = (kinds, node) else {
        return match path.is_root() {
            true => Diagnostic::error(message),
            false => Diagnostic::error(format!("`{path}`: {message}")),
        };
    };
    let names: Vec<&str> = kinds.into_iter().map(JsonKind::name).collect();
    let found = node.type_name();
    let wanted = names.join(" or ");
    // The kind may be right and something inside it wrong: serde does not tell what.
    match names.contains(&found) {
        true => Diagnostic::error(format!(
            "`{path}` is {found} with something in it that cannot be there"
        )),
        false => Diagnostic::error(format!("`{path}` must be {wanted}, but it is {found}")),
    }
}

fn point(error: Diagnostic, node: Option<&Node>, problem: &Problem, at_key: bool) -> Diagnostic {
    let Some((last, earlier)) = node.and_then(|node| node.history.split_last()) else {
        return error;
    };
    let opens = matches!(problem, Problem::Missing(_));
    let mut error = match at_key || opens {
        true => error.at(&last.key, ""),
        false => error.at(&last.value, ""),
    };
    if at_key {
        for change in earlier {
            error = error.and(&change.key, "also here");
        }
    }
    error
}
