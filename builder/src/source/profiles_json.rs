//! `profiles.json`, which OpenWrt publishes beside the images of a target.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

/// What is read of it; there is more, and releases add to it.
#[derive(Debug, Deserialize)]
struct Published {
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
}

#[derive(Debug, Deserialize)]
struct Profile {
    #[serde(default)]
    file_size_limits: Limits,
}

#[derive(Debug, Default, Deserialize)]
struct Limits {
    image: Option<u64>,
}

/// The largest image of `device` by the `profiles.json` in the folder of `image`; `None` when there is no such file, or it says nothing of it. Bytes.
///
/// # Errors
/// When the file is there but cannot be read.
pub fn size_limit(image: &Path, device: &str) -> anyhow::Result<Option<u64>> {
    let path = image.with_file_name("profiles.json");
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let published: Published = serde_json::from_str(&text).with_context(|| {
        format!(
            "{} is damaged; download it again, or remove it",
            path.display()
        )
    })?;
    let profile = published.profiles.get(device);
    Ok(profile.and_then(|profile| profile.file_size_limits.image))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_where_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let image = dir.path().join("image.bin");
        assert_eq!(size_limit(&image, "acme_r1").unwrap(), None);
        let json = dir.path().join("profiles.json");
        let text = r#"{"metadata_version":1,"profiles":{"acme_r1":{"file_size_limits":{"image":7929856,"kernel":null}},"other":{"titles":[]}}}"#;
        std::fs::write(&json, text).unwrap();
        assert_eq!(size_limit(&image, "acme_r1").unwrap(), Some(7_929_856));
        assert_eq!(size_limit(&image, "other").unwrap(), None);
        assert_eq!(size_limit(&image, "absent").unwrap(), None);
        std::fs::write(&json, "{").unwrap();
        let error = size_limit(&image, "acme_r1").unwrap_err().to_string();
        assert!(error.contains("profiles.json is damaged"), "{error}");
    }
}
