//! UCI for whatever has no typed section.

use std::collections::BTreeMap;

use openwrt_formats::uci::{self, Config, Section, SectionRef, Value};

use super::fault::{Fault, Problem, Problems};
use crate::profile::path::KeyPath;
use crate::profile::raw::{RawUciSection, RawUciValue};

/// What is to be done to one section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UciEdit {
    /// The section.
    pub section: SectionRef,
    /// Its type; `None`: it must be there already.
    pub kind: Option<String>,
    /// Options to set.
    pub set: BTreeMap<String, Value>,
    /// Options to take away.
    pub unset: Vec<String>,
    /// Whether the whole section goes.
    pub absent: bool,
    /// The key of the profile that says so.
    pub key: KeyPath,
}

/// Edits by package.
pub type UciEdits = BTreeMap<String, Vec<UciEdit>>;

pub(super) fn resolve(
    raw: &BTreeMap<String, BTreeMap<String, RawUciSection>>,
    problems: &mut Problems,
) -> UciEdits {
    let mut edits = UciEdits::new();
    for (package, sections) in raw {
        let key = KeyPath::root().key("uci").key(package);
        if !uci::is_valid_package(package) {
            problems.add(
                key.clone(),
                Fault::new(format!("`{package}` is no UCI package")).help(
                    "it is the name of a file in `/etc/config`: letters, digits, `-` and `_`",
                ),
            );
            continue;
        }
        let list = sections
            .iter()
            .filter_map(|(name, raw)| edit(name, raw, key.key(name), problems))
            .collect();
        edits.insert(package.clone(), list);
    }
    edits
}

fn edit(name: &str, raw: &RawUciSection, key: KeyPath, problems: &mut Problems) -> Option<UciEdit> {
    let section = problems.take(key.clone(), section(name));
    if let Some(kind) = &raw.kind
        && !uci::is_valid_type(kind)
    {
        problems.add(
            key.key("type"),
            Fault::new(format!("`{kind}` is no UCI section type")),
        );
    }
    if let (
        Some(kind),
        Some(SectionRef::Nth {
            kind: Some(named), ..
        }),
    ) = (&raw.kind, &section)
        && kind != named
    {
        problems.add(
            key.key("type"),
            Fault::new(format!(
                "section `{name}` is of type `{named}`, not `{kind}`"
            )),
        );
    }
    let mut set = BTreeMap::new();
    for (option, value) in &raw.options {
        let key = key.key("options").key(option);
        check_option(option, &key, problems);
        let value = match value {
            RawUciValue::Bool(flag) => Value::from(*flag),
            RawUciValue::Integer(number) => Value::from(number.to_string()),
            RawUciValue::Float(number) => Value::from(number.to_string()),
            RawUciValue::Text(text) => Value::from(text.clone()),
            RawUciValue::List(items) => Value::from(items.clone()),
        };
        let control = |text: &str| {
            text.chars()
                .any(|c| c < ' ' && !matches!(c, '\t' | '\n' | '\r'))
        };
        if value.items().any(control) {
            problems.add(
                key.clone(),
                Fault::new("UCI cannot hold this control character"),
            );
        }
        if value.is_empty() {
            problems.add(
                key,
                Fault::new("to UCI, an empty option is one that is not set")
                    .help(format!("take it away with `unset = [\"{option}\"]`")),
            );
            continue;
        }
        set.insert(option.clone(), value);
    }
    for (at, option) in raw.unset.iter().flatten().enumerate() {
        check_option(option, &key.key("unset").index(at), problems);
    }
    Some(UciEdit {
        section: section?,
        kind: raw.kind.clone(),
        set,
        unset: raw.unset.clone().unwrap_or_default(),
        absent: raw.absent.unwrap_or(false),
        key,
    })
}

fn check_option(option: &str, key: &KeyPath, problems: &mut Problems) {
    if !uci::is_valid_name(option) {
        problems.add(
            key.clone(),
            Fault::new(format!("`{option}` is no UCI option"))
                .help("use letters a-z, digits and underscores"),
        );
    }
}

/// `lan`, `@rule[0]`, `@rule[-1]`
fn section(name: &str) -> Result<SectionRef, Fault> {
    let bad = || {
        Fault::new(format!("`{name}` is no UCI section"))
            .help("write a name of letters, digits and underscores, or `\"@type[0]\"` for a nameless section")
    };
    let Some(rest) = name.strip_prefix('@') else {
        return match uci::is_valid_name(name) {
            true => Ok(SectionRef::Name(name.to_owned())),
            false => Err(bad()),
        };
    };
    let (kind, index) = rest
        .strip_suffix(']')
        .and_then(|rest| rest.split_once('['))
        .ok_or_else(bad)?;
    match (uci::is_valid_type(kind), index.parse()) {
        (true, Ok(index)) => Ok(SectionRef::Nth {
            kind: Some(kind.to_owned()),
            index,
        }),
        _ => Err(bad()),
    }
}

/// Lays raw UCI over a configuration: what the typed sections made, or the source image's own file, or nothing.
///
/// Sections that are not there yet are added at the end; `@type[n]` adds one when `n` is the next free number.
///
/// # Errors
/// Each edit that has nothing to change: its section is not there, and no `type` says what it would be.
pub fn merge_raw(base: Option<Config>, edits: &[UciEdit]) -> Result<Config, Vec<Problem>> {
    let mut config = base.unwrap_or_default();
    let mut problems = Vec::new();
    for edit in edits {
        if let Err(fault) = apply(&mut config, edit) {
            problems.push(Problem {
                key: edit.key.clone(),
                fault,
            });
        }
    }
    match problems.is_empty() {
        true => Ok(config),
        false => Err(problems),
    }
}

fn apply(config: &mut Config, edit: &UciEdit) -> Result<(), Fault> {
    let invalid = |error: uci::EditError| Fault::new(error.to_string());
    if edit.absent {
        if config.find(&edit.section).is_some() {
            config.delete_section(&edit.section).map_err(invalid)?;
        }
        return Ok(());
    }
    if config.find(&edit.section).is_none() {
        let section = new_section(config, edit)?;
        config.push(section).map_err(invalid)?;
    }
    if let (Some(kind), SectionRef::Name(name)) = (&edit.kind, &edit.section) {
        let held = config
            .section(&edit.section)
            .map(|section| section.kind().to_owned());
        if held.as_ref().is_some_and(|held| held != kind) {
            return Err(Fault::new(format!(
                "section `{name}` is of type `{}`, not `{kind}`",
                held.unwrap_or_default()
            )));
        }
    }
    let section = config.section_mut(&edit.section).map_err(invalid)?;
    for option in &edit.unset {
        section.delete(option);
    }
    for (option, value) in &edit.set {
        section.set(option, value.clone()).map_err(invalid)?;
    }
    Ok(())
}

fn new_section(config: &Config, edit: &UciEdit) -> Result<Section, Fault> {
    let invalid = |error: uci::EditError| Fault::new(error.to_string());
    match &edit.section {
        SectionRef::Name(name) => {
            let kind = edit.kind.as_ref().ok_or_else(|| {
                Fault::new(format!(
                    "there is no section `{name}` yet, and no `type` says what it would be"
                ))
                .help("set `type`, e.g. `type = \"interface\"`")
            })?;
            Section::named(kind, name).map_err(invalid)
        }
        SectionRef::Nth { kind, index } => {
            let kind = kind.as_deref().unwrap_or_default();
            let count = config.of_kind(kind).count();
            if usize::try_from(*index).ok() == Some(count) {
                return Section::new(kind).map_err(invalid);
            }
            Err(Fault::new(format!(
                "there is no section `@{kind}[{index}]`: there are {count} of that type"
            ))
            .help(format!("`@{kind}[{count}]` adds one")))
        }
    }
}
