//! Lays layers over each other.
//!
//! Tables merge key by key. Plain values replace. Lists replace too, unless they are written as an edit:
//! `{ add = [...], remove = [...] }` takes elements out of the list below and then puts others in. Two layers that mean
//! different kinds of value by one key are an error, unless the key may hold both.

use indexmap::IndexMap;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::mask;
use super::merged::{Content, List, Merged, Node};
use super::path::KeyPath;
use super::provenance::{Action, Change};
use super::shape::{JsonKind, Shape};
use super::source::Place;
use super::suggest::did_you_mean;
use super::value::{Entry, Item, Scalar, Table, Value};

/// What one file, or one `[[when]]` block of it, sets.
#[derive(Debug, Clone, Copy)]
pub struct Body<'a> {
    /// The keys.
    pub table: &'a Table,
    /// The `[[when]]` block, if it is one.
    pub condition: Option<&'a Place>,
}

/// All bodies laid over each other, the lowest first, and what is wrong with that.
///
/// `remove` of an element that is not in the list is a warning: which elements are there may depend on the device, so it
/// cannot be an error; but it may be a slip.
pub fn merge<'a>(
    bodies: impl IntoIterator<Item = Body<'a>>,
    shape: &Shape,
) -> (Merged, Diagnostics) {
    let mut merged = Merged::default();
    let mut problems = Diagnostics::new();
    for body in bodies {
        let mut layer = Overlay {
            shape,
            condition: body.condition,
            problems: &mut problems,
        };
        if let Content::Table(into) = &mut merged.root.content {
            layer.table(into, body.table, &KeyPath::root());
        }
    }
    (merged, problems)
}

/// One body on its way onto the layers below.
struct Overlay<'a> {
    shape: &'a Shape,
    condition: Option<&'a Place>,
    problems: &'a mut Diagnostics,
}

/// A list written as `{ add = [...], remove = [...] }`.
struct Edit<'a> {
    add: &'a [Item],
    remove: &'a [Item],
}

impl Overlay<'_> {
    fn table(&mut self, into: &mut IndexMap<String, Node>, table: &Table, path: &KeyPath) {
        for (key, entry) in table {
            let path = path.key(key);
            match into.get_mut(key) {
                Some(below) => self.over(below, entry, &path),
                None => {
                    let node = self.fresh(entry, &path);
                    into.insert(key.clone(), node);
                }
            }
        }
    }

    /// Lays an entry over what lower layers say.
    fn over(&mut self, below: &mut Node, entry: &Entry, path: &KeyPath) {
        if let (Content::Table(into), Value::Table(table)) = (&mut below.content, &entry.item.value)
        {
            self.table(into, table, path);
            below
                .history
                .push(self.change(Action::Opened, &entry.key, &entry.item.place, ""));
            return;
        }
        if let Some(edit) = self.edit(&entry.item, Some(below), path) {
            match &mut below.content {
                Content::List(list) => {
                    let changes = self.apply(list, &edit, entry, path);
                    below.history.extend(changes);
                    return;
                }
                _ => return self.clash(below, entry, path, "a list"),
            }
        }
        let found = entry.item.value.type_name();
        if kind(&below.content) != value_kind(&entry.item.value)
            && !self.may_be_both(below, entry, path)
        {
            return self.clash(below, entry, path, found);
        }
        let mut node = self.fresh(entry, path);
        if let (Content::List(old), Content::List(new)) = (&mut below.content, &mut node.content) {
            inherit_history(old, new);
        }
        below.content = node.content;
        below.hidden = node.hidden;
        below.history.append(&mut node.history);
    }

    /// An entry that no lower layer has.
    fn fresh(&mut self, entry: &Entry, path: &KeyPath) -> Node {
        let Some(edit) = self.edit(&entry.item, None, path) else {
            // A table is shared by the layers that write keys into it.
            let action = match entry.item.value {
                Value::Table(_) => Action::Opened,
                _ => Action::Set,
            };
            return self.value(&entry.item, &entry.key, path, action);
        };
        let mut list = List::default();
        let history = self.apply(&mut list, &edit, entry, path);
        Node {
            content: Content::List(list),
            history,
            hidden: false,
            left_out: false,
        }
    }

    fn value(&mut self, item: &Item, key: &Place, path: &KeyPath, action: Action) -> Node {
        let mut hidden = false;
        let content = match &item.value {
            Value::Scalar(scalar) => {
                hidden = self.hides(scalar, path);
                Content::Scalar(scalar.clone())
            }
            Value::List(items) => {
                let items = items.iter().enumerate();
                let items = items.map(|(at, item)| self.element(item, &path.index(at), action));
                Content::List(List {
                    items: items.collect(),
                    removed: Vec::new(),
                })
            }
            Value::Table(table) => {
                let mut into = IndexMap::new();
                self.table(&mut into, table, path);
                Content::Table(into)
            }
        };
        let mut node = Node::new(content, self.change(action, key, &item.place, ""));
        node.hidden = hidden;
        let written = match action {
            Action::Opened => String::new(),
            _ => node.to_inline(),
        };
        if let Some(change) = node.history.last_mut() {
            change.written = written;
        }
        node
    }

    fn element(&mut self, item: &Item, path: &KeyPath, action: Action) -> Node {
        self.value(item, &item.place, path, action)
    }

    fn hides(&self, scalar: &Scalar, path: &KeyPath) -> bool {
        let typed = || {
            let reference = scalar.as_str().is_some_and(super::secrets::is_reference);
            !reference && self.shape.is_secret(path)
        };
        mask::must_hide(path, scalar) || typed()
    }

    fn change(&self, action: Action, key: &Place, value: &Place, written: &str) -> Change {
        Change {
            action,
            key: key.clone(),
            value: value.clone(),
            written: written.to_owned(),
            condition: self.condition.cloned(),
        }
    }

    /// Reads an item as an edit of a list, if it is one.
    fn edit<'i>(
        &mut self,
        item: &'i Item,
        below: Option<&Node>,
        path: &KeyPath,
    ) -> Option<Edit<'i>> {
        let Value::Table(table) = &item.value else {
            return None;
        };
        let edits = |key: &String| key == "add" || key == "remove";
        let looks = !table.is_empty() && table.keys().all(edits);
        match self.shape.kinds(path) {
            Some(kinds) if !kinds.contains(&JsonKind::Array) => return None,
            // What is no edit by its looks can only be meant as one where nothing but a list may stand.
            Some(kinds) if kinds.len() > 1 && !looks => return None,
            Some(_) => {}
            // An unknown key: by its looks, and by what it is below. It will be reported anyway.
            None if below.is_some_and(|node| matches!(node.content, Content::Table(_))) => {
                return None;
            }
            None if !looks => return None,
            None => {}
        }
        for (key, entry) in table.iter().filter(|(key, _)| !edits(key)) {
            let help = did_you_mean(key, ["add", "remove"]);
            self.problems.push(
                Diagnostic::error(format!("`{path}` is a list, so `{key}` cannot be a key of it"))
                    .at(&entry.key, "")
                    .help(help)
                    .help("write a list, `[...]`, or an edit of the list below: `{ add = [...], remove = [...] }`"),
            );
        }
        let mut part = |name: &str| -> &'i [Item] {
            match table.get(name).map(|entry| &entry.item) {
                None => &[],
                Some(Item {
                    value: Value::List(items),
                    ..
                }) => items,
                Some(other) => {
                    let found = other.value.type_name();
                    self.problems.push(
                        Diagnostic::error(format!(
                            "`{path}.{name}` must be a list, but it is {found}"
                        ))
                        .at(&other.place, ""),
                    );
                    &[]
                }
            }
        };
        Some(Edit {
            add: part("add"),
            remove: part("remove"),
        })
    }

    /// Takes elements out, then puts others in. An element that is there already stays where it is.
    /// Gives the changes to note in the list's history.
    fn apply(
        &mut self,
        list: &mut List,
        edit: &Edit<'_>,
        entry: &Entry,
        path: &KeyPath,
    ) -> Vec<Change> {
        let mut removed = Vec::new();
        for (at, item) in edit.remove.iter().enumerate() {
            let pattern = self.element(item, &path.index(at), Action::Removed);
            removed.push(pattern.to_inline());
            self.remove(list, &pattern, item, edit, path);
        }
        let mut added = Vec::new();
        for item in edit.add {
            let node = self.element(item, &path.index(list.items.len()), Action::Added);
            added.push(node.to_inline());
            self.refuse_contradiction(&node, edit, item, path);
            if let Some(there) = list.items.iter_mut().find(|there| **there == node) {
                there.history.extend(node.history);
                continue;
            }
            let gone = list.removed.iter().position(|gone| *gone == node);
            let mut history = gone.map_or_else(Vec::new, |at| list.removed.remove(at).history);
            history.extend(node.history);
            list.items.push(Node {
                content: node.content,
                hidden: node.hidden,
                history,
                left_out: false,
            });
        }
        let parts = [(Action::Removed, removed), (Action::Added, added)];
        // An edit that does nothing is still what this layer says.
        let nothing = parts.iter().all(|(_, texts)| texts.is_empty());
        let counts = |(action, texts): &(Action, Vec<String>)| {
            !texts.is_empty() || (nothing && *action == Action::Added)
        };
        let parts = parts.into_iter().filter(counts);
        parts
            .map(|(action, texts)| {
                let written = format!("[{}]", texts.join(", "));
                self.change(action, &entry.key, &entry.item.place, &written)
            })
            .collect()
    }

    fn remove(
        &mut self,
        list: &mut List,
        pattern: &Node,
        item: &Item,
        edit: &Edit<'_>,
        path: &KeyPath,
    ) {
        let (gone, stay): (Vec<Node>, Vec<Node>) =
            list.items.drain(..).partition(|node| fits(pattern, node));
        list.items = stay;
        let again = |other: &Item| pattern.as_str().is_some_and(|text| is_text(other, text));
        if gone.is_empty() && !edit.add.iter().any(again) {
            let named = pattern.to_inline();
            let there = list.items.iter().filter_map(Node::as_str);
            let help = pattern.as_str().map(|word| did_you_mean(word, there));
            self.problems.push(
                Diagnostic::warning(format!("{named} is not in `{path}`, so it is not removed"))
                    .at(&item.place, "")
                    .help(help.unwrap_or_default()),
            );
        }
        for mut node in gone {
            node.history.extend(pattern.history.iter().cloned());
            list.removed.push(node);
        }
    }

    /// `{ add = ["x"], remove = ["x"] }` means nothing.
    fn refuse_contradiction(&mut self, node: &Node, edit: &Edit<'_>, item: &Item, path: &KeyPath) {
        let Some(text) = node.as_str() else { return };
        if let Some(removed) = edit.remove.iter().find(|other| is_text(other, text)) {
            let named = node.to_inline();
            self.problems.push(
                Diagnostic::error(format!(
                    "{named} is both added to `{path}` and removed from it"
                ))
                .at(&item.place, "added here")
                .and(&removed.place, "removed here"),
            );
        }
    }

    /// Whether the key may hold what the lower layers say and also what this one says.
    fn may_be_both(&self, below: &Node, entry: &Entry, path: &KeyPath) -> bool {
        self.shape.kinds(path).is_some_and(|kinds| {
            kinds.contains(&kind(&below.content)) && kinds.contains(&value_kind(&entry.item.value))
        })
    }

    /// Reports it and leaves the lower layer's value in place.
    fn clash(&mut self, below: &mut Node, entry: &Entry, path: &KeyPath, found: &str) {
        let was = below.type_name();
        let mut error = Diagnostic::error(format!(
            "`{path}` is {was} in one layer and {found} in another"
        ))
        .at(
            &entry.item.place,
            format!("{found} in {}", entry.item.place.file().layer()),
        );
        if let Some(change) = below.history.last() {
            error = error.and(&change.value, format!("{was} in {}", change.layer()));
        }
        if let Some(kinds) = self.shape.kinds(path) {
            let names: Vec<&str> = kinds.into_iter().map(JsonKind::name).collect();
            error = error.help(format!("it must be {}", names.join(" or ")));
        }
        self.problems.push(error);
    }
}

fn is_text(item: &Item, text: &str) -> bool {
    match &item.value {
        Value::Scalar(scalar) => scalar.as_str() == Some(text),
        _ => false,
    }
}

/// Elements of a new list that were in the old one keep their history; what was taken out stays known.
fn inherit_history(old: &mut List, new: &mut List) {
    for node in &mut new.items {
        if let Some(at) = old.items.iter().position(|there| there == node) {
            let mut history = old.items.remove(at).history;
            history.append(&mut node.history);
            node.history = history;
        }
    }
    new.removed.append(&mut old.removed);
}

/// Whether an element is meant by a `remove`: it is the same, or it is a table that has all the keys named, with these values.
fn fits(pattern: &Node, node: &Node) -> bool {
    match (&pattern.content, &node.content) {
        (Content::Table(wanted), Content::Table(there)) => wanted
            .iter()
            .all(|(key, value)| there.get(key).is_some_and(|found| fits(value, found))),
        _ => pattern == node,
    }
}

fn kind(content: &Content) -> JsonKind {
    match content {
        Content::Scalar(scalar) => scalar_kind(scalar),
        Content::List(_) => JsonKind::Array,
        Content::Table(_) => JsonKind::Object,
    }
}

fn value_kind(value: &Value) -> JsonKind {
    match value {
        Value::Scalar(scalar) => scalar_kind(scalar),
        Value::List(_) => JsonKind::Array,
        Value::Table(_) => JsonKind::Object,
    }
}

fn scalar_kind(scalar: &Scalar) -> JsonKind {
    match scalar {
        Scalar::String(_) | Scalar::Datetime(_) => JsonKind::String,
        Scalar::Integer(_) | Scalar::Float(_) => JsonKind::Number,
        Scalar::Boolean(_) => JsonKind::Boolean,
    }
}
