//! What a booted machine must show, worked out from the Plan and the image; the comparing is pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use openwrt_formats::uci::{Config, Value};

use crate::build::plan::{Plan, PlannedFile};

/// How a file is in the machine, as `stat` and `sha256sum` say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// `file`, `dir`, `symlink`.
    pub kind: String,
    /// Octal permissions.
    pub mode: String,
    /// `uid:gid`.
    pub owner: String,
    /// Hex SHA-256 of a file.
    pub sha256: Option<String>,
    /// A symlink's target.
    pub target: Option<String>,
}

/// The host name the machine must have; `mac` is its first card's address.
pub fn hostname(plan: &Plan, mac: &str) -> String {
    let bare: String = mac
        .chars()
        .filter(char::is_ascii_hexdigit)
        .map(|digit| digit.to_ascii_lowercase())
        .collect();
    let short = bare.get(6..).unwrap_or(&bare).to_owned();
    plan.hostname
        .replace("{mac6}", &short)
        .replace("{mac}", &bare)
}

/// Whether the path is a first-boot script.
pub fn first_boot(path: &str) -> bool {
    path.trim_start_matches('/')
        .starts_with("etc/uci-defaults/")
}

/// Whether the machine may rightly change the file on its own: configuration, and what UCI or the root password is kept in.
pub fn may_change(path: &str) -> bool {
    let path = path.trim_start_matches('/');
    path.starts_with("etc/config/") || matches!(path, "etc/shadow" | "etc/passwd" | "etc/group")
}

/// What differs, one line per difference; empty when all is as planned.
pub fn differences(path: &str, planned: &PlannedFile, found: Option<&Found>) -> Vec<String> {
    let Some(found) = found else {
        return vec![format!("{path}: is missing")];
    };
    let mut out = Vec::new();
    let mut compare = |what: &str, planned: &str, found: &str| {
        if planned != found {
            out.push(format!("{path}: {what} is {found}, planned is {planned}"));
        }
    };
    compare("kind", &planned.kind, &found.kind);
    if planned.kind != "symlink" {
        let bare = |mode: &str| mode.trim_start_matches('0').to_owned();
        compare("mode", &bare(&planned.mode), &bare(&found.mode));
    }
    compare("owner", &planned.owner, &found.owner);
    if let Some(sha256) = &planned.sha256 {
        compare(
            "SHA-256",
            sha256,
            found.sha256.as_deref().unwrap_or("unknown"),
        );
    }
    if let Some(target) = &planned.target {
        compare(
            "target",
            target,
            found.target.as_deref().unwrap_or("unknown"),
        );
    }
    out
}

/// The command that prints [`Found`] for the paths, under the folder `root`; read it with [`parse_found`].
pub fn find_command(root: &str, paths: &[&str]) -> String {
    let mut out = String::from("for f in");
    for path in paths {
        let _ = write!(
            out,
            " {}",
            quoted(&format!("{root}/{}", path.trim_start_matches('/')))
        );
    }
    out + "; do if [ -h \"$f\" ]; then stat -c '%n|symlink|%a|%u:%g' \"$f\"; readlink \"$f\"; \
           elif [ -d \"$f\" ]; then stat -c '%n|dir|%a|%u:%g' \"$f\"; echo; \
           elif [ -e \"$f\" ]; then stat -c '%n|file|%a|%u:%g' \"$f\"; sha256sum < \"$f\"; fi; done"
}

/// For the shell, in single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// What [`find_command`] printed, by path without `root`.
pub fn parse_found(root: &str, text: &str) -> BTreeMap<String, Found> {
    let mut out = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(head) = lines.next() {
        let mut fields = head.rsplitn(4, '|');
        let (Some(owner), Some(mode), Some(kind), Some(name)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let detail = lines.next().unwrap_or_default();
        let path = name
            .strip_prefix(root)
            .unwrap_or(name)
            .trim_start_matches('/');
        let found = Found {
            kind: kind.to_owned(),
            mode: mode.to_owned(),
            owner: owner.to_owned(),
            sha256: (kind == "file")
                .then(|| detail.split(' ').next().unwrap_or_default().to_owned()),
            target: (kind == "symlink").then(|| detail.to_owned()),
        };
        out.insert(path.to_owned(), found);
    }
    out
}

/// Where the running configuration differs from the baked one. Values that a first-boot script speaks of (`scripts` is
/// their text) may differ: that is what such scripts are for.
pub fn uci_differences(
    package: &str,
    baked: &Config,
    running: &Config,
    scripts: &str,
) -> Vec<String> {
    let mut out = Vec::new();
    for (at, section) in baked.sections().iter().enumerate() {
        let Some(reference) = baked.reference_at(at) else {
            continue;
        };
        let name = format!("{package}.{reference}");
        let Some(now) = running.section(&reference) else {
            if !scripts.contains(&name) && !scripts.contains(section.kind()) {
                out.push(format!("{name}: is missing"));
            }
            continue;
        };
        for (option, value) in section.options() {
            let found = now.get(option);
            if found == Some(value) || scripts.contains(option) {
                continue;
            }
            out.push(format!(
                "{name}.{option}: is {}, planned is {}",
                found.map_or_else(|| "not set".to_owned(), shown),
                shown(value)
            ));
        }
    }
    out
}

fn shown(value: &Value) -> String {
    let items: Vec<String> = value.items().map(quoted).collect();
    items.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned() -> PlannedFile {
        PlannedFile {
            kind: "file".into(),
            mode: "0600".into(),
            owner: "0:0".into(),
            size: Some(1),
            sha256: Some("ab".into()),
            target: None,
            secret: false,
            from: "overlay".into(),
        }
    }

    fn found() -> Found {
        Found {
            kind: "file".into(),
            mode: "600".into(),
            owner: "0:0".into(),
            sha256: Some("ab".into()),
            target: None,
        }
    }

    #[test]
    fn a_file_as_planned_has_no_differences() {
        assert!(differences("etc/x", &planned(), Some(&found())).is_empty());
        assert_eq!(
            differences("etc/x", &planned(), None),
            ["etc/x: is missing"]
        );
        let other = Found {
            mode: "644".into(),
            sha256: Some("cd".into()),
            ..found()
        };
        let differences = differences("etc/x", &planned(), Some(&other));
        assert_eq!(
            differences,
            [
                "etc/x: mode is 644, planned is 600",
                "etc/x: SHA-256 is cd, planned is ab"
            ]
        );
    }

    /// The command runs in the host's shell as in the machine's.
    #[test]
    fn what_the_command_prints_is_read() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_str().unwrap();
        std::fs::create_dir(dir.path().join("d")).unwrap();
        let file = dir.path().join("d/it's | odd");
        std::fs::write(&file, "").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o4755)).unwrap();
        std::os::unix::fs::symlink("/no/where", dir.path().join("l")).unwrap();
        let command = find_command(root, &["/d", "d/it's | odd", "l", "missing"]);
        let output = std::process::Command::new("sh")
            .args(["-c", &command])
            .output()
            .unwrap();
        let found = parse_found(root, &String::from_utf8(output.stdout).unwrap());
        assert_eq!(found.len(), 3);
        assert_eq!(found["d"].kind, "dir");
        assert_eq!(found["d/it's | odd"].mode, "4755");
        assert_eq!(
            found["d/it's | odd"].sha256.as_deref(),
            Some("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        );
        assert_eq!(found["l"].target.as_deref(), Some("/no/where"));
    }

    #[test]
    fn uci_may_differ_only_where_a_script_speaks_of_it() {
        let parse = |text| openwrt_formats::uci::parse(text).unwrap();
        let baked = parse("config a 'x'\n option p '1'\n list q '2'\nconfig b\n option r '3'\n");
        let same = baked.clone();
        assert!(uci_differences("k", &baked, &same, "").is_empty());
        let running = parse("config a 'x'\n option p '9'\n");
        assert_eq!(
            uci_differences("k", &baked, &running, "uci set k.x.p=9"),
            ["k.x.q: is not set, planned is '2'", "k.@b[0]: is missing"]
        );
    }
}
