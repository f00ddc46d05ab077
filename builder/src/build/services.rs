//! Start and stop links of init scripts, as `rc.common enable` makes them.
//!
//! OpenWrt's image build sources each script to learn `START` and `STOP`; here the assignments are read from the text,
//! which is what practically all scripts have at top level, and no script is run on the host.

use openwrt_formats::tree::{Kind, Tree, TreeError};
use thiserror::Error;

/// Where the scripts lie.
const INIT_DIR: &str = "etc/init.d";
/// Where the links lie.
const RC_DIR: &str = "etc/rc.d";

/// Why a service could not be enabled or disabled.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// There is no such init script in the root file system.
    #[error("service `{0}`: the root file system has no /etc/init.d/{0}")]
    Unknown(String),
    /// The script sets neither `START` nor `STOP`, so that there is nothing to link.
    #[error("service `{0}`: /etc/init.d/{0} sets neither START nor STOP to a number")]
    NoOrder(String),
    /// The tree refused the link.
    #[error("service `{0}`: {1}")]
    Tree(String, TreeError),
}

/// The order numbers an init script asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Order {
    start: Option<u8>,
    stop: Option<u8>,
}

/// Reads `START=` and `STOP=` at the beginning of a line, in or out of quotes; the last one wins, as in a shell.
fn order(script: &str) -> Order {
    let mut order = Order::default();
    for line in script.lines() {
        let number = |value: &str| {
            let value = value
                .split(['#', ';', ' ', '\t'])
                .next()
                .unwrap_or_default();
            value
                .trim_matches(['"', '\''])
                .parse()
                .ok()
                .filter(|n| *n < 100)
        };
        if let Some(value) = line.strip_prefix("START=") {
            order.start = number(value);
        } else if let Some(value) = line.strip_prefix("STOP=") {
            order.stop = number(value);
        }
    }
    order
}

/// Whether the file at `/etc/init.d/NAME` is an init script for `rc.common`.
fn script(tree: &Tree, name: &str) -> Option<String> {
    let bytes = tree.read(format!("{INIT_DIR}/{name}"))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.starts_with("#!/bin/sh /etc/rc.common").then_some(text)
}

/// The names of all init scripts in the tree, sorted.
pub fn scripts(tree: &Tree) -> Vec<String> {
    let Some(Kind::Dir(entries)) = tree.get(INIT_DIR).map(|inode| &inode.kind) else {
        return Vec::new();
    };
    let names = entries
        .keys()
        .filter_map(|name| String::from_utf8(name.clone()).ok());
    names.filter(|name| script(tree, name).is_some()).collect()
}

/// Whether the tree has an init script of this name.
pub fn is_known(tree: &Tree, name: &str) -> bool {
    script(tree, name).is_some()
}

/// Links `/etc/rc.d/S<START>name` and `K<STOP>name` to the script; old links of the service are replaced.
///
/// # Errors
/// [`ServiceError::Unknown`], [`ServiceError::NoOrder`].
pub fn enable(tree: &mut Tree, name: &str, mtime: u32) -> Result<(), ServiceError> {
    let text = script(tree, name).ok_or_else(|| ServiceError::Unknown(name.to_owned()))?;
    let order = order(&text);
    if order == Order::default() {
        return Err(ServiceError::NoOrder(name.to_owned()));
    }
    unlink(tree, name);
    let target = format!("../init.d/{name}");
    for (letter, number) in [('S', order.start), ('K', order.stop)] {
        if let Some(number) = number {
            tree.put_symlink(
                format!("{RC_DIR}/{letter}{number:02}{name}"),
                &target,
                mtime,
            )
            .map_err(|error| ServiceError::Tree(name.to_owned(), error))?;
        }
    }
    Ok(())
}

/// Removes the service's start and stop links.
///
/// # Errors
/// [`ServiceError::Unknown`] when there is neither such a script nor such a link: a typo would leave it running.
pub fn disable(tree: &mut Tree, name: &str) -> Result<(), ServiceError> {
    let known = tree.get(format!("{INIT_DIR}/{name}")).is_some();
    if !unlink(tree, name) && !known {
        return Err(ServiceError::Unknown(name.to_owned()));
    }
    Ok(())
}

/// Removes all `S??name` and `K??name`; whether there were any.
fn unlink(tree: &mut Tree, name: &str) -> bool {
    let Some(Kind::Dir(entries)) = tree.get(RC_DIR).map(|inode| &inode.kind) else {
        return false;
    };
    let links: Vec<Vec<u8>> = entries
        .keys()
        .filter(|link| is_link_of(link, name))
        .cloned()
        .collect();
    for link in &links {
        tree.remove([RC_DIR.as_bytes(), b"/", link].concat());
    }
    !links.is_empty()
}

fn is_link_of(link: &[u8], name: &str) -> bool {
    match link {
        [b'S' | b'K', a, b, rest @ ..] => {
            a.is_ascii_digit() && b.is_ascii_digit() && rest == name.as_bytes()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use openwrt_formats::tree::Meta;

    use super::*;

    fn tree(text: &str) -> Tree {
        let mut tree = Tree::default();
        tree.put_file("etc/init.d/cron", text, Meta::file(0o755))
            .unwrap();
        tree
    }

    fn links(tree: &Tree) -> Vec<String> {
        let below = tree.walk().filter(|e| e.path.starts_with(b"etc/rc.d/"));
        below.map(|e| String::from_utf8(e.path).unwrap()).collect()
    }

    #[test]
    fn enables_by_the_scripts_own_numbers_and_replaces_old_links() {
        let mut tree = tree("#!/bin/sh /etc/rc.common\nSTART=5\nSTOP=\"90\" # late\n");
        tree.put_symlink("etc/rc.d/S50cron", "../init.d/cron", 0)
            .unwrap();
        tree.put_symlink("etc/rc.d/S50crond", "../init.d/crond", 0)
            .unwrap();
        enable(&mut tree, "cron", 3).unwrap();
        assert_eq!(
            links(&tree),
            ["etc/rc.d/K90cron", "etc/rc.d/S05cron", "etc/rc.d/S50crond"]
        );
        assert_eq!(
            tree.get("etc/rc.d/S05cron").unwrap().kind,
            Kind::Symlink(b"../init.d/cron".to_vec())
        );
        disable(&mut tree, "cron").unwrap();
        assert_eq!(links(&tree), ["etc/rc.d/S50crond"]);
    }

    #[test]
    fn errors_name_the_service() {
        let mut tree = tree("#!/bin/sh /etc/rc.common\nSTART=$(date)\n");
        let error = enable(&mut tree, "cron", 0).unwrap_err().to_string();
        assert_eq!(
            error,
            "service `cron`: /etc/init.d/cron sets neither START nor STOP to a number"
        );
        let error = disable(&mut tree, "crom").unwrap_err().to_string();
        assert_eq!(
            error,
            "service `crom`: the root file system has no /etc/init.d/crom"
        );
    }
}
