//! One layer: what a file sets, and what it says about other layers.
//!
//! A few keys at the top level are not part of the profile but tell the engine what to do: `inherit`, `abstract`, `when`,
//! in a site `community`, in a node `site` and `device`.

use std::sync::Arc;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::source::{Kind, LayerId, Place, SourceFile};
use super::value::{Entry, Item, Scalar, Table, Value};
use super::when::When;

/// The name of another layer, and where it is written.
#[derive(Debug, Clone)]
pub struct Named {
    /// The name.
    pub name: String,
    /// Where it is written.
    pub place: Place,
}

/// One layer of a profile, read but not merged.
#[derive(Debug, Clone)]
pub struct Layer {
    /// The file; it knows the layer's kind and name.
    pub file: Arc<SourceFile>,
    /// What it sets.
    pub body: Table,
    /// What it sets on some devices only, in order.
    pub whens: Vec<When>,
    /// Layers of the same kind that lie below it, the lowest first.
    pub inherit: Vec<Named>,
    /// Whether it is only there to be inherited.
    pub is_abstract: bool,
    /// The community of a site.
    pub community: Option<Named>,
    /// The site of a node that lies in no site's folder.
    pub site: Option<Named>,
    /// The device of a node.
    pub device: Option<Named>,
}

impl Layer {
    /// Kind and name.
    pub fn id(&self) -> &LayerId {
        self.file.layer()
    }

    /// Takes a layer out of the tables of its text.
    ///
    /// # Errors
    /// Each engine key that is wrong: of the wrong type, or not for this kind of layer.
    pub fn read(file: &Arc<SourceFile>, mut body: Table) -> Result<Self, Diagnostics> {
        let kind = file.layer().kind;
        let mut reader = Reader {
            kind,
            problems: Diagnostics::new(),
        };
        let inherit = reader.names(&mut body);
        let is_abstract = reader.flag(&mut body, "abstract");
        let community = reader.reference(&mut body, Kind::Community);
        let site = reader.reference(&mut body, Kind::Site);
        let device = reader.reference(&mut body, Kind::Device);
        let whens = reader.whens(&mut body);
        reader.refuse_facts(&body);
        reader.problems.or(Self {
            file: Arc::clone(file),
            body,
            whens,
            inherit,
            is_abstract,
            community,
            site,
            device,
        })
    }

    /// What people call it, if the layer itself says.
    pub fn title(&self) -> Option<&str> {
        let (table, key) = match self.id().kind {
            Kind::Builtin => return None,
            Kind::Community => ("identity", "community"),
            Kind::Site => ("identity", "site"),
            Kind::Device => ("device", "title"),
            Kind::Node => ("node", "name"),
        };
        match &self.body.get(table)?.item.value {
            Value::Table(table) => text(&table.get(key)?.item),
            _ => None,
        }
    }

    /// The number of a node, if the layer itself says.
    pub fn number(&self) -> Option<i64> {
        let Value::Table(table) = &self.body.get("node")?.item.value else {
            return None;
        };
        match &table.get("number")?.item.value {
            Value::Scalar(Scalar::Integer(number)) => Some(*number),
            _ => None,
        }
    }
}

fn text(item: &Item) -> Option<&str> {
    match &item.value {
        Value::Scalar(scalar) => scalar.as_str(),
        _ => None,
    }
}

struct Reader {
    kind: Kind,
    problems: Diagnostics,
}

impl Reader {
    fn wrong(&mut self, key: &str, wanted: &str, item: &Item) {
        let found = item.value.type_name();
        self.problems.push(
            Diagnostic::error(format!("`{key}` must be {wanted}, but it is {found}"))
                .at(&item.place, ""),
        );
    }

    fn named(&mut self, key: &str, wanted: &str, item: &Item) -> Option<Named> {
        let Some(name) = text(item) else {
            self.wrong(key, wanted, item);
            return None;
        };
        Some(Named {
            name: name.to_owned(),
            place: item.place.clone(),
        })
    }

    /// `inherit = ["a", "b"]`, or `inherit = "a"`.
    fn names(&mut self, body: &mut Table) -> Vec<Named> {
        let Some(Entry { item, .. }) = body.shift_remove("inherit") else {
            return Vec::new();
        };
        let wanted = "a list of names";
        match &item.value {
            Value::List(items) => items
                .iter()
                .filter_map(|item| self.named("inherit", "a name", item))
                .collect(),
            _ => self.named("inherit", wanted, &item).into_iter().collect(),
        }
    }

    fn flag(&mut self, body: &mut Table, key: &str) -> bool {
        let Some(Entry { item, .. }) = body.shift_remove(key) else {
            return false;
        };
        match item.value {
            Value::Scalar(Scalar::Boolean(truth)) => truth,
            _ => {
                self.wrong(key, "`true` or `false`", &item);
                false
            }
        }
    }

    /// `community = "name"` and the like, where this kind of layer may say so.
    fn reference(&mut self, body: &mut Table, to: Kind) -> Option<Named> {
        let key = to.word();
        let here = matches!(
            (self.kind, to),
            (Kind::Site, Kind::Community) | (Kind::Node, Kind::Site | Kind::Device)
        );
        // Elsewhere a table of this name is a matter of the profile, a plain value a mistake.
        let is_table = |entry: &Entry| matches!(entry.item.value, Value::Table(_));
        if !here && body.get(key).is_none_or(is_table) {
            return None;
        }
        let Entry { item, key: place } = body.shift_remove(key)?;
        if here {
            return self.named(key, &format!("the name of a {to}"), &item);
        }
        let who = match to {
            Kind::Community => "a site",
            _ => "a node",
        };
        let error = format!("only {who} can name its {to}, and this is a {}", self.kind);
        self.problems.push(Diagnostic::error(error).at(&place, ""));
        None
    }

    fn whens(&mut self, body: &mut Table) -> Vec<When> {
        let Some(Entry { item, .. }) = body.shift_remove("when") else {
            return Vec::new();
        };
        let Value::List(items) = item.value else {
            let error =
                "`when` must be written `[[when]]`, with two brackets: there can be several";
            let error = Diagnostic::error(error).at(&item.place, "");
            self.problems.push(error);
            return Vec::new();
        };
        let read = items.into_iter().filter_map(|item| {
            When::read(item)
                .map_err(|problems| self.problems.extend(problems))
                .ok()
        });
        read.collect()
    }

    /// Device facts decide which `[[when]]` blocks count, so they come from the device alone.
    fn refuse_facts(&mut self, body: &Table) {
        if matches!(self.kind, Kind::Builtin | Kind::Device) {
            return;
        }
        if let Some(Entry { key, .. }) = body.get("device") {
            self.problems.push(
                Diagnostic::error(format!("a {} cannot set `[device]`", self.kind))
                    .at(key, "")
                    .help("facts of a device belong in its own file, in devices/"),
            );
        }
    }
}
