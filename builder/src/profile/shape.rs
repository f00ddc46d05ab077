//! What a profile may hold where, read from the JSON Schema of the typed sections.
//!
//! Merging asks it whether a key holds a list (so that `{ add, remove }` edits it) and whether a key may hold values of
//! two kinds (`channel = 36` over `channel = "auto"` is no clash). Messages ask it where else a key exists.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde_json::Value;

use super::path::{KeyPath, Segment};

/// The key in a schema that marks strings that are references to secrets.
pub(crate) const SECRET_MARK: &str = "x-secret-reference";

/// Kinds of values, as JSON Schema names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum JsonKind {
    Array,
    Boolean,
    Number,
    Object,
    String,
}

impl JsonKind {
    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "array" => Self::Array,
            "boolean" => Self::Boolean,
            "number" | "integer" => Self::Number,
            "object" => Self::Object,
            "string" => Self::String,
            _ => return None,
        })
    }

    fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Array(_) => Self::Array,
            Value::Bool(_) => Self::Boolean,
            Value::Number(_) => Self::Number,
            Value::Object(_) => Self::Object,
            Value::String(_) => Self::String,
            Value::Null => return None,
        })
    }

    /// `a list`: for messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Array => "a list",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::Object => "a table",
            Self::String => "a string",
        }
    }
}

/// What a profile may hold where.
#[derive(Debug, Clone)]
pub struct Shape {
    root: Value,
}

/// Schemas may refer to themselves; nobody nests this deep.
const DEEPEST: usize = 24;

impl Shape {
    /// The shape of what decodes to `T`.
    pub fn of<T: JsonSchema>() -> Self {
        let schema = schemars::SchemaGenerator::default().into_root_schema_for::<T>();
        Self {
            root: schema.to_value(),
        }
    }

    /// The JSON Schema.
    pub(crate) fn schema(&self) -> &Value {
        &self.root
    }

    /// What may stand at a path; `None` where the schema does not say.
    pub(crate) fn kinds(&self, path: &KeyPath) -> Option<BTreeSet<JsonKind>> {
        let mut kinds = BTreeSet::new();
        for schema in self.at(path) {
            match schema.get("type") {
                Some(Value::String(word)) => kinds.extend(JsonKind::from_word(word)),
                Some(Value::Array(words)) => {
                    let words = words.iter().filter_map(Value::as_str);
                    kinds.extend(words.filter_map(JsonKind::from_word));
                }
                _ => {
                    if let Some(value) = schema.get("const") {
                        kinds.extend(JsonKind::of(value));
                    } else {
                        let values = schema.get("enum")?.as_array()?;
                        kinds.extend(values.iter().filter_map(JsonKind::of));
                    }
                }
            }
        }
        (!kinds.is_empty()).then_some(kinds)
    }

    /// Whether the value at a path is a reference to a secret.
    pub(crate) fn is_secret(&self, path: &KeyPath) -> bool {
        self.at(path)
            .iter()
            .any(|schema| schema.get(SECRET_MARK).is_some())
    }

    /// The keys that a table at a path may have; empty where any may.
    pub(crate) fn keys(&self, path: &KeyPath) -> Vec<&str> {
        let tables = self.at(path);
        let properties = tables
            .iter()
            .filter_map(|s| s.get("properties")?.as_object());
        properties
            .flat_map(|map| map.keys().map(String::as_str))
            .collect()
    }

    /// The tables that have a key of this name, as `[wifi.2g]` or `[networks.NAME]`, the shortest first.
    pub(crate) fn homes(&self, key: &str) -> Vec<String> {
        let mut found: Vec<String> = self
            .everywhere()
            .into_iter()
            .filter(|(_, name)| name == key)
            .map(|(table, _)| table)
            .collect();
        found.sort_by_key(|table| (table.matches('.').count(), table.clone()));
        let named = |table: String| match table.is_empty() {
            true => "the top level".to_owned(),
            false => format!("`[{table}]`"),
        };
        found.into_iter().map(named).collect()
    }

    /// Every key that a profile may have, with the table it belongs to.
    pub(crate) fn everywhere(&self) -> BTreeSet<(String, String)> {
        let mut found = BTreeSet::new();
        self.search(&self.root, &mut Vec::new(), &mut Vec::new(), &mut found);
        found
    }

    fn search<'a>(
        &'a self,
        schema: &'a Value,
        path: &mut Vec<String>,
        open: &mut Vec<&'a Value>,
        found: &mut BTreeSet<(String, String)>,
    ) {
        for schema in self.alternatives(schema) {
            if path.len() > DEEPEST || open.iter().any(|seen| std::ptr::eq(*seen, schema)) {
                continue;
            }
            open.push(schema);
            let named = schema.get("properties").and_then(Value::as_object);
            for (name, inner) in named.into_iter().flatten() {
                found.insert((path.join("."), name.clone()));
                path.push(name.clone());
                self.search(inner, path, open, found);
                path.pop();
            }
            if let Some(inner) = schema.get("additionalProperties").filter(|v| v.is_object()) {
                path.push("NAME".to_owned());
                self.search(inner, path, open, found);
                path.pop();
            }
            if let Some(inner) = schema.get("items") {
                self.search(inner, path, open, found);
            }
            open.pop();
        }
    }

    /// The schemas that describe what may stand at a path.
    fn at(&self, path: &KeyPath) -> Vec<&Value> {
        let mut here = self.alternatives(&self.root);
        for segment in path.segments() {
            let below = here.iter().filter_map(|schema| Self::step(schema, segment));
            let below: Vec<&Value> = below.collect();
            here = below
                .into_iter()
                .flat_map(|s| self.alternatives(s))
                .collect();
        }
        here
    }

    fn step<'a>(schema: &'a Value, segment: &Segment) -> Option<&'a Value> {
        match segment {
            Segment::Index(_) => schema.get("items"),
            Segment::Key(key) => {
                let named = schema.get("properties").and_then(|map| map.get(key));
                named.or_else(|| schema.get("additionalProperties").filter(|v| v.is_object()))
            }
        }
    }

    /// A schema with its references followed and its choices spread out.
    fn alternatives<'a>(&'a self, schema: &'a Value) -> Vec<&'a Value> {
        let mut out = Vec::new();
        self.spread(schema, 0, &mut out);
        out
    }

    fn spread<'a>(&'a self, schema: &'a Value, depth: usize, out: &mut Vec<&'a Value>) {
        if depth > DEEPEST {
            return;
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str)
            && let Some(target) = self.root.pointer(target.trim_start_matches('#'))
        {
            self.spread(target, depth + 1, out);
        }
        for choice in ["anyOf", "oneOf", "allOf"] {
            for schema in schema
                .get(choice)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                self.spread(schema, depth + 1, out);
            }
        }
        let says = ["type", "properties", "enum", "const", SECRET_MARK];
        if says.iter().any(|word| schema.get(word).is_some()) {
            out.push(schema);
        }
    }
}
