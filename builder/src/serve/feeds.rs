//! The feeds in a folder, and what to write on a router to use them.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use super::site::encode;

/// Folders that are looked into, at most: a home folder served by mistake must not take minutes.
const MAX_FOLDERS: usize = 20_000;

/// A folder with a package index in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Path below the folder that is served, `/` between its parts; empty for that folder itself.
    pub path: String,
    /// The name for opkg's configuration, different from all others.
    pub name: String,
    /// Whether opkg can read it: `Packages.gz` is there.
    pub opkg: bool,
    /// Whether apk can read it: `packages.adb` is there.
    pub apk: bool,
}

impl Feed {
    /// The line for `/etc/opkg/customfeeds.conf`, when opkg can read it. `base` is a URL without a slash at its end.
    pub fn opkg_line(&self, base: &str) -> Option<String> {
        self.opkg
            .then(|| format!("src/gz {} {}", self.name, self.url(base)))
    }

    /// The line for `/etc/apk/repositories.d/customfeeds.list`, when apk can read it.
    pub fn apk_line(&self, base: &str) -> Option<String> {
        self.apk.then(|| format!("{}/packages.adb", self.url(base)))
    }

    fn url(&self, base: &str) -> String {
        match self.path.as_str() {
            "" => base.to_owned(),
            path => format!("{base}/{}", encode(path)),
        }
    }
}

/// All feeds in a folder and its folders, by path. Symlinks are not followed.
///
/// # Errors
/// When the folder cannot be read.
pub fn find(root: &Path) -> io::Result<Vec<Feed>> {
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    let mut looked = 0;
    while let Some(path) = folders.pop() {
        looked += 1;
        if looked > MAX_FOLDERS {
            break;
        }
        let entries = match std::fs::read_dir(root.join(&path)) {
            Ok(entries) => entries,
            Err(error) if path.is_empty() => return Err(error),
            // Not ours to read: not ours to serve.
            Err(_) => continue,
        };
        let (mut opkg, mut apk) = (false, false);
        for entry in entries.flatten() {
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
                continue;
            };
            opkg |= name == "Packages.gz" && kind.is_file();
            apk |= name == "packages.adb" && kind.is_file();
            if kind.is_dir() {
                folders.push(match path.as_str() {
                    "" => name,
                    path => format!("{path}/{name}"),
                });
            }
        }
        if opkg || apk {
            found.push((path, opkg, apk));
        }
    }
    found.sort();
    let mut taken = HashSet::new();
    Ok(found
        .into_iter()
        .map(|(path, opkg, apk)| Feed {
            name: name(&path, &mut taken),
            path,
            opkg,
            apk,
        })
        .collect())
}

/// The shortest end of the path that no other feed has as name, of characters that opkg takes.
fn name(path: &str, taken: &mut HashSet<String>) -> String {
    let parts: Vec<String> = path
        .split('/')
        .map(|part| {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
            part.replace(|c| !plain(c), "_")
        })
        .collect();
    let ends = (0..parts.len()).rev().filter_map(|from| {
        let end = parts.get(from..)?.join("_");
        (!end.is_empty()).then_some(end)
    });
    let longest = parts.join("_");
    let numbered = (2..).map(|number| format!("{longest}_{number}"));
    let own = |end: &String| match end.as_str() {
        "packages" | "" => false,
        _ => !taken.contains(end),
    };
    let mut all = ends
        .chain(std::iter::once("local".to_owned()))
        .chain(numbered);
    let name = all.find(own).unwrap_or_default();
    taken.insert(name.clone());
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn feeds_are_found_and_named_apart() {
        let dir = tempfile::tempdir().unwrap();
        for path in [
            "packages/mips_24kc/base/Packages.gz",
            "packages/mips_24kc/my feed/Packages.gz",
            "packages/arm/base/packages.adb",
            "targets/ath79/generic/packages/Packages.gz",
            "targets/ath79/generic/packages/packages.adb",
            "packages.adb",
            "none/Packages",
        ] {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let feeds = find(dir.path()).unwrap();
        let base = "http://10.0.0.1:8080";
        let lines: Vec<String> = feeds
            .iter()
            .filter_map(|feed| feed.opkg_line(base))
            .collect();
        assert_eq!(
            lines,
            [
                "src/gz mips_24kc_base http://10.0.0.1:8080/packages/mips_24kc/base",
                "src/gz my_feed http://10.0.0.1:8080/packages/mips_24kc/my%20feed",
                "src/gz generic_packages http://10.0.0.1:8080/targets/ath79/generic/packages",
            ]
        );
        let lines: Vec<String> = feeds
            .iter()
            .filter_map(|feed| feed.apk_line(base))
            .collect();
        assert_eq!(
            lines,
            [
                "http://10.0.0.1:8080/packages.adb",
                "http://10.0.0.1:8080/packages/arm/base/packages.adb",
                "http://10.0.0.1:8080/targets/ath79/generic/packages/packages.adb",
            ]
        );
        assert!(find(&dir.path().join("no")).is_err());
    }
}
