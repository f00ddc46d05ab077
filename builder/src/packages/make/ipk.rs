//! A source as `.ipk`.

use std::collections::BTreeMap;

use openwrt_formats::opkg::{Dependency, Field, Stanza, write_ipk};
use openwrt_formats::tree::{Kind, Tree};

use super::spec::Spec;
use super::{Made, Problems, Source, scripts};

/// Makes the package. opkg's packages are not signed themselves: their feed's index is.
///
/// # Errors
/// When the files hold what packages cannot.
pub fn ipk(source: &Source) -> Result<Made, Problems> {
    let spec = &source.spec;
    let name = spec.full_name();
    let wrong = |error: String| Problems::one(&name, error);
    let files = source.kept().map_err(|error| wrong(error.to_string()))?;
    let mut control: BTreeMap<String, (u16, Vec<u8>)> = BTreeMap::new();
    for (script, text) in scripts::of_ipk(&spec.scripts) {
        control.insert(script.to_owned(), (0o755, text.into_bytes()));
    }
    let conffiles = conffiles(spec, &files);
    if !conffiles.is_empty() {
        control.insert("conffiles".to_owned(), (0o644, conffiles.into_bytes()));
    }
    let bytes = write_ipk(&stanza(spec, source.epoch), &control, &files, source.epoch)
        .map_err(|error| wrong(error.to_string()))?;
    // The epoch of a version is not in the file's name.
    let version = match spec.version.split_once(':') {
        Some((_, version)) => version,
        None => &spec.version,
    };
    Ok(Made {
        name: format!("{name}_{version}_{}.ipk", spec.architecture),
        bytes,
    })
}

/// The files that the configuration paths lead to, sorted: folders stand for all in them.
fn conffiles(spec: &Spec, files: &Tree) -> String {
    let mut found: Vec<String> = Vec::new();
    for entry in files.walk() {
        let Kind::File(_) = entry.inode.kind else {
            continue;
        };
        let path = format!("/{}", String::from_utf8_lossy(&entry.path));
        let named = |conffile: &String| match path.strip_prefix(conffile.trim_end_matches('/')) {
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        };
        if spec.conffiles.iter().any(named) {
            found.push(path);
        }
    }
    found.sort();
    found.iter().map(|path| format!("{path}\n")).collect()
}

/// The control file, its fields in OpenWrt's order.
fn stanza(spec: &Spec, epoch: u32) -> Stanza {
    let mut fields = Vec::new();
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            fields.push(Field::new(name, value));
        }
    };
    let list = |all: &[Dependency]| {
        let all: Vec<_> = all.iter().map(dependency).collect();
        all.join(", ")
    };
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    add("Package", &spec.full_name());
    add("Version", &spec.version);
    add("Depends", &list(&spec.depends));
    add("Conflicts", &list(&spec.conflicts));
    add("Provides", &provides(spec).join(", "));
    // OpenWrt's makefiles do not write this one, and opkg reads it.
    add("Replaces", &spec.replaces.join(", "));
    let alternatives: Vec<_> = spec.alternatives.iter().map(ToString::to_string).collect();
    add("Alternatives", &alternatives.join(", "));
    add("Source", &text(&spec.source));
    add("SourceName", &text(&spec.source_name));
    add("License", &text(&spec.license));
    add("LicenseFiles", &spec.license_files.join(" "));
    add("Section", &text(&spec.section));
    let users: Vec<_> = spec.users.iter().map(ToString::to_string).collect();
    add("Require-User", &users.join(" "));
    add("SourceDateEpoch", &epoch.to_string());
    add("URL", &text(&spec.url));
    add("ABIVersion", &text(&spec.abi_version));
    add("CPE-ID", &text(&spec.cpe_id));
    add("Essential", if spec.essential { "yes" } else { "" });
    add("Maintainer", &text(&spec.maintainer));
    add("Architecture", &spec.architecture);
    // Known when the files are packed.
    add("Installed-Size", "0");
    let lines = spec.description.trim().lines().map(str::trim_start);
    let lines: Vec<_> = lines.map(|line| format!(" {line}")).collect();
    add("Description", &lines.join("\n"));
    Stanza::new(fields)
}

/// A library is found by its name without ABI version too, and what it provides by the name with it.
fn provides(spec: &Spec) -> Vec<String> {
    let plain = spec
        .provides
        .iter()
        .map(|name| name.trim_start_matches('@').to_owned());
    let mut all: Vec<String> = plain.collect();
    if let Some(abi) = &spec.abi_version {
        let with: Vec<_> = all.iter().map(|name| format!("{name}{abi}")).collect();
        all.push(spec.name.clone());
        all.extend(with);
    }
    let own = spec.full_name();
    all.retain(|name| *name != own);
    all
}

fn dependency(dependency: &Dependency) -> String {
    let all: Vec<_> = dependency
        .alternatives
        .iter()
        .map(ToString::to_string)
        .collect();
    all.join(" | ")
}
