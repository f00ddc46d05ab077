//! The keys that are part of the program.

use include_dir::{Dir, include_dir};

use super::{AnyKey, Trusted};

static KEYS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/keys/openwrt");

/// OpenWrt's keys, of which a test reads every one.
pub(super) fn keys() -> Vec<Trusted> {
    let files = KEYS.files();
    files
        .filter_map(|file| {
            let key = AnyKey::parse(file.contents()).ok()?;
            let name = file.path().display().to_string();
            Some(Trusted {
                key,
                name,
                from: "shipped with clom".to_owned(),
                not_after: None,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_key_named_by_its_number() {
        let keys = keys();
        assert_eq!(keys.len(), KEYS.files().count());
        for trusted in keys {
            if let AnyKey::Usign(key) = &trusted.key {
                assert_eq!(trusted.name, key.number().to_string());
            }
        }
    }
}
