//! The UCI options of a root file system, by key.

use std::collections::BTreeMap;

use openwrt_formats::tree::{Kind, Tree};
use openwrt_formats::uci::{self, Value};

/// Every option in `/etc/config`: `network.lan.ipaddr` to its value, as `uci show` writes them. What cannot be parsed is a remark.
pub(super) fn of(tree: &Tree, image: &str, remarks: &mut Vec<String>) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    let Some(Kind::Dir(files)) = tree.get("etc/config").map(|inode| &inode.kind) else {
        return settings;
    };
    for (name, id) in files {
        let Kind::File(content) = &tree.inode(*id).kind else {
            continue;
        };
        let package = String::from_utf8_lossy(name);
        // A file of holes that claims to be larger than memory is no configuration.
        if content.len() > 1 << 20 {
            remarks.push(format!(
                "{image}: /etc/config/{package} is too big to be compared by key"
            ));
            continue;
        }
        match uci::parse_bytes(&content.to_vec()) {
            Ok(config) => add(&mut settings, &package, &config),
            Err(error) => remarks.push(format!(
                "{image}: /etc/config/{package} is not compared by key: {error}"
            )),
        }
    }
    settings
}

fn add(settings: &mut BTreeMap<String, String>, package: &str, config: &uci::Config) {
    for (position, section) in config.sections().iter().enumerate() {
        let Some(reference) = config.reference_at(position) else {
            continue;
        };
        let key = format!("{package}.{reference}");
        settings.insert(key.clone(), section.kind().to_owned());
        for (option, value) in section.options() {
            let text = match value {
                Value::Option(text) => uci::quote(text),
                Value::List(items) => {
                    let items: Vec<_> = items.iter().map(|item| uci::quote(item)).collect();
                    items.join(" ")
                }
            };
            settings.insert(format!("{key}.{option}"), text);
        }
    }
}
