//! `clom keys` with keys of apk.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use openwrt_formats::apk::{PrivateKey, PublicKey};
use serde_json::json;

use super::{event, people};
use crate::failure::{Class, Failure, OrFail};
use crate::keys::apk;
use crate::ui::Ui;

pub(super) fn new(file: &Path, comment: Option<&str>, ui: &Ui) -> Result<(), Failure> {
    let made = apk::make(file, comment)?;
    let (id, fingerprint) = (made.key.id(), made.key.fingerprint().or_fail(Class::Other)?);
    event(
        ui,
        "created",
        [
            ("secret", json!(made.secret)),
            ("public", json!(made.public)),
            ("number", json!(id.to_string())),
            ("fingerprint", json!(fingerprint)),
        ],
    );
    people(ui, || {
        format!(
            "private key  {}   keep it secret and keep a copy: nobody can make it again\npublic key   {}   routers look for it in /etc/apk/keys\nid           {id}\nfingerprint  {fingerprint}\n",
            made.secret.display(),
            made.public.display(),
        )
    })
}

/// The lines of a folder's keys of apk.
pub(super) fn list(folder: &Path, ui: &Ui) -> Result<String, Failure> {
    let mut text = String::new();
    for (path, key) in apk::ring(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        text += &format!("{}  apk, {} in {name}\n", key.id(), key.curve());
        key_event(ui, &path, "public key of apk", &key)?;
    }
    Ok(text)
}

pub(super) fn show(file: &Path, ui: &Ui) -> Result<(), Failure> {
    let read = apk::any(file)?;
    let key = read.public();
    key_event(ui, file, read.kind(), &key)?;
    let fingerprint = key.fingerprint().or_fail(Class::Other)?;
    people(ui, || {
        format!(
            "{}: {}\n  id           {}\n  fingerprint  {fingerprint}\n  curve        {}\n",
            file.display(),
            read.kind(),
            key.id(),
            key.curve()
        )
    })
}

pub(super) fn sign(key: &PrivateKey, files: &[PathBuf], ui: &Ui) -> Result<(), Failure> {
    // All or none: what is no file of apk is found before the first is changed.
    for file in files {
        if !apk::is_adb_file(file) {
            let error = anyhow!("{} is no file of apk version 3", file.display());
            return Err(Failure::new(Class::Source, error)
                .help("keys of apk sign indexes (.adb) and packages (.apk); for other files take a key made without --apk"));
        }
    }
    for file in files {
        apk::sign(file, key)?;
        let id = key.public().id().to_string();
        event(
            ui,
            "signed",
            [
                ("file", json!(file)),
                ("signature", json!(file)),
                ("number", json!(id)),
            ],
        );
        people(ui, || format!("{}\n", file.display()))?;
    }
    Ok(())
}

pub(super) fn verify(
    key: Option<&Path>,
    folder: Option<&Path>,
    files: &[PathBuf],
    ui: &Ui,
) -> Result<(), Failure> {
    let trusted: Vec<(PathBuf, PublicKey)> = match (key, folder) {
        (Some(path), _) => vec![(path.to_owned(), apk::public(path)?)],
        (None, folder) => apk::ring(folder.unwrap_or(Path::new("")))?,
    };
    let keys: Vec<PublicKey> = trusted.iter().map(|(_, key)| key.clone()).collect();
    for file in files {
        let signer = apk::verify(file, &keys)?;
        let (from, key) = trusted
            .iter()
            .find(|(_, key)| key == signer)
            .ok_or_else(|| Failure::new(Class::Other, anyhow!("the key is not there any more")))?;
        event(
            ui,
            "verified",
            [
                ("file", json!(file)),
                ("key", json!(from)),
                ("number", json!(key.id().to_string())),
                (
                    "fingerprint",
                    json!(key.fingerprint().or_fail(Class::Other)?),
                ),
            ],
        );
        people(ui, || {
            format!(
                "{}: good signature by key {} ({})\n",
                file.display(),
                key.id(),
                from.display()
            )
        })?;
    }
    Ok(())
}

fn key_event(ui: &Ui, file: &Path, kind: &str, key: &PublicKey) -> Result<(), Failure> {
    event(
        ui,
        "key",
        [
            ("file", json!(file)),
            ("kind", json!(kind)),
            ("number", json!(key.id().to_string())),
            (
                "fingerprint",
                json!(key.fingerprint().or_fail(Class::Other)?),
            ),
            ("curve", json!(key.curve().to_string())),
        ],
    );
    Ok(())
}
