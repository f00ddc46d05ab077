//! The JSON Schema of profile files, for editors that complete and check.
//!
//! Made from that of the typed sections: a file sets only part of a profile, may write lists as edits, and has the engine's
//! own keys.

use serde_json::{Map, Value, json};

use super::shape::Shape;
use super::source::Kind;
use super::when;

/// The schema of files of a kind, or of any profile file.
pub fn schema(shape: &Shape, kind: Option<Kind>) -> Value {
    let mut root = shape.schema().clone();
    loosen(&mut root);
    let object = root.as_object_mut();
    let (properties, definitions) = match object {
        Some(root) => (take(root, "properties"), take(root, "$defs")),
        None => (Map::new(), Map::new()),
    };
    let mut out = file(&properties, kind);
    let title = match kind {
        Some(kind) => format!("Clommunity profile: {kind}"),
        None => "Clommunity profile".to_owned(),
    };
    let described = [
        (
            "$schema",
            json!("https://json-schema.org/draft/2020-12/schema"),
        ),
        ("title", json!(title)),
        ("$defs", Value::Object(definitions)),
    ];
    for (key, value) in described {
        out.insert(key.to_owned(), value);
    }
    if matches!(kind, None | Some(Kind::Node)) {
        add_nodes(&mut out, &properties);
    }
    Value::Object(out)
}

fn take(object: &mut Map<String, Value>, key: &str) -> Map<String, Value> {
    match object.remove(key) {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// What a file of this kind may hold.
fn file(sections: &Map<String, Value>, kind: Option<Kind>) -> Map<String, Value> {
    let mut properties = sections.clone();
    if !matches!(kind, None | Some(Kind::Device | Kind::Builtin)) {
        properties.remove("device");
    }
    let is = |wanted: Kind| kind.is_none_or(|kind| kind == wanted);
    let text = |what: &str| json!({ "type": "string", "description": what });
    let mut add = |key: &str, schema: Value| {
        let both = properties
            .remove(key)
            .map(|section| json!({ "anyOf": [section, schema] }));
        properties.insert(key.to_owned(), both.unwrap_or(schema));
    };
    if is(Kind::Site) {
        add("community", text("The community that the site belongs to."));
    }
    if is(Kind::Node) {
        add(
            "site",
            text("The site of a node that lies in no site's folder."),
        );
        add("device", text("The node's device: its name in devices/."));
    }
    let one = json!({ "type": "string" });
    add(
        "inherit",
        json!({
            "description": "Layers of the same kind that lie below this one, the lowest first.",
            "anyOf": [one, { "type": "array", "items": one, "uniqueItems": true }],
        }),
    );
    add(
        "abstract",
        json!({ "type": "boolean", "description": "Is it only there to be inherited?" }),
    );
    add("when", whens(sections));
    object(properties)
}

fn object(properties: Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("type".into(), json!("object"));
    out.insert("additionalProperties".into(), json!(false));
    out.insert("properties".into(), Value::Object(properties));
    out
}

/// `[[when]]`: tests, and what to set.
fn whens(sections: &Map<String, Value>) -> Value {
    let mut properties = sections.clone();
    properties.remove("device");
    properties.insert("match".into(), when::match_schema());
    let mut item = object(properties);
    item.insert("required".into(), json!(["match"]));
    json!({
        "type": "array",
        "description": "What is set on some devices only.",
        "items": item,
    })
}

/// A file in `nodes/` may hold several nodes of one site.
fn add_nodes(file_schema: &mut Map<String, Value>, sections: &Map<String, Value>) {
    let nodes = json!({
        "type": "object",
        "description": "Several nodes of the site that the file is named after.",
        "additionalProperties": file(sections, Some(Kind::Node)),
    });
    if let Some(Value::Object(properties)) = file_schema.get_mut("properties") {
        properties.insert("nodes".into(), nodes);
    }
}

/// Makes the schema of a whole profile that of a part: nothing is required, lists may be edits.
fn loosen(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(loosen),
        Value::Object(map) => {
            map.remove("required");
            // TOML has no null; defaults are said in the descriptions.
            map.remove("default");
            if let Some(Value::Array(words)) = map.get_mut("type") {
                words.retain(|word| word != "null");
                if let [only] = words.as_slice() {
                    let only = only.clone();
                    map.insert("type".into(), only);
                }
            }
            for choice in ["anyOf", "oneOf"] {
                if let Some(Value::Array(choices)) = map.get_mut(choice) {
                    choices.retain(|choice| choice.get("type").is_none_or(|word| word != "null"));
                }
            }
            map.values_mut().for_each(loosen);
            if map.get("type").is_some_and(|word| word == "array") {
                *schema = editable(std::mem::take(map));
            }
        }
        _ => {}
    }
}

/// A list, or an edit of one.
fn editable(mut list: Map<String, Value>) -> Value {
    let description = list.remove("description");
    let edit = json!({
        "type": "object",
        "description": "An edit of the list that lower layers made.",
        "additionalProperties": false,
        "minProperties": 1,
        "properties": { "add": list.clone(), "remove": list.clone() },
    });
    let mut out = Map::new();
    if let Some(description) = description {
        out.insert("description".into(), description);
    }
    out.insert("anyOf".into(), json!([list, edit]));
    Value::Object(out)
}
