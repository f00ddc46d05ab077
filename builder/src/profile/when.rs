//! `[[when]]`: keys that a layer sets on some devices only.

use globset::GlobBuilder;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::facts::{self, Facts};
use super::source::Place;
use super::suggest::{any_of, did_you_mean};
use super::value::{Entry, Item, Scalar, Table, Value};

/// A `[[when]]` block.
#[derive(Debug, Clone)]
pub struct When {
    /// Where it is written.
    pub place: Place,
    /// All of these must hold.
    tests: Vec<Test>,
    /// What it sets if they do.
    pub body: Table,
}

#[derive(Debug, Clone)]
struct Test {
    fact: Fact,
    wanted: Wanted,
    /// As written, for people.
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fact {
    Arch,
    Cpu,
    Target,
    Device,
    FlashMin,
    FlashMax,
    RamMin,
    RamMax,
}

#[derive(Debug, Clone)]
enum Wanted {
    /// One of these patterns.
    Like(Vec<globset::GlobMatcher>),
    /// This many bytes.
    Size(u64),
}

const FACTS: [(&str, Fact); 8] = [
    ("arch", Fact::Arch),
    ("cpu", Fact::Cpu),
    ("target", Fact::Target),
    ("device", Fact::Device),
    ("flash_min", Fact::FlashMin),
    ("flash_max", Fact::FlashMax),
    ("ram_min", Fact::RamMin),
    ("ram_max", Fact::RamMax),
];

/// Engine keys that cannot stand in a block, and why.
const NOT_HERE: [&str; 6] = ["inherit", "abstract", "when", "community", "site", "device"];

impl When {
    /// Reads a block.
    ///
    /// # Errors
    /// When `match` is missing, empty or holds what is no test; when the block sets facts or other layers.
    pub fn read(item: Item) -> Result<Self, Diagnostics> {
        let Item { value, place } = item;
        let Value::Table(mut body) = value else {
            let error = "each `[[when]]` must be a table with `match` and the keys to set";
            return Err(Diagnostic::error(error).at(&place, "").into());
        };
        let Some(tests) = body.shift_remove("match") else {
            let error = Diagnostic::error("`match` is missing in `[[when]]`").at(&place, "");
            return Err(error.help(MATCH_HELP).into());
        };
        let mut problems = Diagnostics::new();
        for key in NOT_HERE {
            if let Some(Entry { key: place, .. }) = body.get(key) {
                let error = match key {
                    "device" => "facts of a device cannot depend on facts of the device".to_owned(),
                    _ => format!("`{key}` cannot stand in `[[when]]`"),
                };
                problems.push(Diagnostic::error(error).at(place, ""));
            }
        }
        let tests = read_tests(&tests, &mut problems);
        problems.or(Self { place, tests, body })
    }

    /// Whether the block counts for a device with these facts. A fact that is not known fails its test.
    pub fn counts(&self, facts: &Facts) -> bool {
        self.tests.iter().all(|test| test.holds(facts))
    }

    /// The tests as written: `target = "ath79/*", flash_max = "8M"`.
    pub fn text(&self) -> String {
        let texts: Vec<&str> = self.tests.iter().map(|test| test.text.as_str()).collect();
        texts.join(", ")
    }
}

const MATCH_HELP: &str =
    "name what the device must be, e.g. match = { target = \"ath79/*\", flash_max = \"8M\" }";

fn read_tests(entry: &Entry, problems: &mut Diagnostics) -> Vec<Test> {
    let Value::Table(table) = &entry.item.value else {
        let found = entry.item.value.type_name();
        let error = Diagnostic::error(format!("`match` must be a table, but it is {found}"));
        problems.push(error.at(&entry.item.place, "").help(MATCH_HELP));
        return Vec::new();
    };
    if table.is_empty() {
        let error = Diagnostic::error("`match` is empty: it would always hold");
        problems.push(error.at(&entry.item.place, "").help(MATCH_HELP));
    }
    let mut tests = Vec::new();
    for (key, entry) in table {
        match read_test(key, entry) {
            Ok(test) => tests.push(test),
            Err(problem) => problems.push(problem),
        }
    }
    tests
}

fn read_test(key: &str, entry: &Entry) -> Result<Test, Diagnostic> {
    let names = FACTS.iter().map(|(name, _)| *name);
    let Some((_, fact)) = FACTS.iter().find(|(name, _)| *name == key) else {
        return Err(Diagnostic::error(format!("unknown key `{key}` in `match`"))
            .at(&entry.key, "")
            .help(did_you_mean(key, names.clone()))
            .help(format!("a device can be matched by {}", any_of(names))));
    };
    let (wanted, written) = match fact {
        Fact::FlashMin | Fact::FlashMax | Fact::RamMin | Fact::RamMax => size(key, &entry.item)?,
        Fact::Arch | Fact::Cpu | Fact::Target | Fact::Device => patterns(key, &entry.item)?,
    };
    Ok(Test {
        fact: *fact,
        wanted,
        text: format!("{key} = {written}"),
    })
}

fn size(key: &str, item: &Item) -> Result<(Wanted, String), Diagnostic> {
    let wrong = |message: &str| facts::wrong_size(key, message).at(&item.place, "");
    let Value::Scalar(scalar) = &item.value else {
        return Err(wrong(&format!("{} is no size", item.value.type_name())));
    };
    let size = match scalar {
        Scalar::Integer(bytes) => u64::try_from(*bytes).ok(),
        Scalar::String(text) => facts::size(text),
        _ => None,
    };
    let size = size.ok_or_else(|| wrong(&format!("{scalar} is no size")))?;
    Ok((Wanted::Size(size), scalar.to_string()))
}

fn patterns(key: &str, item: &Item) -> Result<(Wanted, String), Diagnostic> {
    let one = |item: &Item| -> Result<(globset::GlobMatcher, String), Diagnostic> {
        let Value::Scalar(Scalar::String(text)) = &item.value else {
            let found = item.value.type_name();
            let error =
                format!("`{key}` must be a pattern or a list of patterns, but it is {found}");
            return Err(Diagnostic::error(error).at(&item.place, ""));
        };
        let glob = GlobBuilder::new(text).backslash_escape(true).build();
        let glob = glob.map_err(|error| {
            Diagnostic::error(format!("not a pattern: {}", error.kind()))
                .at(&item.place, "")
                .help("`*` stands for any text, `?` for one character, `{a,b}` for one of several")
        })?;
        Ok((
            glob.compile_matcher(),
            Scalar::String(text.clone()).to_string(),
        ))
    };
    match &item.value {
        Value::List(items) => {
            let read: Vec<_> = items.iter().map(one).collect::<Result<_, _>>()?;
            let (globs, texts): (Vec<_>, Vec<_>) = read.into_iter().unzip();
            Ok((Wanted::Like(globs), format!("[{}]", texts.join(", "))))
        }
        _ => one(item).map(|(glob, text)| (Wanted::Like(vec![glob]), text)),
    }
}

impl Test {
    fn holds(&self, facts: &Facts) -> bool {
        let like = |fact: &str| match &self.wanted {
            Wanted::Like(globs) => globs.iter().any(|glob| glob.is_match(fact)),
            Wanted::Size(_) => false,
        };
        let size = |fact: Option<u64>, fits: fn(u64, u64) -> bool| match (&self.wanted, fact) {
            (Wanted::Size(wanted), Some(fact)) => fits(fact, *wanted),
            _ => false,
        };
        let known = |fact: &Option<String>| fact.as_deref().is_some_and(like);
        match self.fact {
            Fact::Arch => known(&facts.cpu) || known(&facts.arch_packages),
            Fact::Cpu => known(&facts.cpu),
            Fact::Target => known(&facts.target),
            Fact::Device => facts.names.iter().any(|name| like(name)),
            Fact::FlashMin => size(facts.flash, |fact, wanted| fact >= wanted),
            Fact::FlashMax => size(facts.flash, |fact, wanted| fact <= wanted),
            Fact::RamMin => size(facts.ram, |fact, wanted| fact >= wanted),
            Fact::RamMax => size(facts.ram, |fact, wanted| fact <= wanted),
        }
    }
}

/// The JSON Schema of `match`.
pub(crate) fn match_schema() -> serde_json::Value {
    use serde_json::json;
    let pattern = json!({ "type": "string" });
    let properties = FACTS.iter().map(|(name, fact)| {
        let schema = match fact {
            Fact::Arch | Fact::Cpu | Fact::Target | Fact::Device => {
                json!({ "anyOf": [pattern, { "type": "array", "items": pattern }] })
            }
            Fact::FlashMin | Fact::FlashMax | Fact::RamMin | Fact::RamMax => {
                json!({ "type": ["string", "integer"] })
            }
        };
        ((*name).to_owned(), schema)
    });
    json!({
        "type": "object",
        "description": "What the device must be; all of it must hold.",
        "additionalProperties": false,
        "minProperties": 1,
        "properties": properties.collect::<serde_json::Map<_, _>>(),
    })
}
