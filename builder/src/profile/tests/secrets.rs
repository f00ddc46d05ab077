//! Secrets are found where references say, and nowhere else shown.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret as _;
use insta::assert_snapshot;

use super::{Shelf, Small};
use crate::profile::{Diagnostics, SecretRef};

/// The reference of a small profile whose site says `sae = TEXT`.
fn reference(shelf: Shelf, text: &str) -> (Shelf, SecretRef) {
    let shelf = shelf.with(
        "sites/valley.toml",
        &format!("community = \"net\"\n\n[wifi]\nsae = \"{text}\"\n"),
    );
    let sae = shelf.decoded().wifi.sae.unwrap();
    (shelf, sae)
}

/// Resolves with this environment alone.
fn resolve(shelf: &Shelf, reference: &SecretRef, env: &[(&str, &Path)]) -> Result<String, String> {
    let env: BTreeMap<String, PathBuf> = env
        .iter()
        .map(|(key, path)| ((*key).to_owned(), path.to_path_buf()))
        .collect();
    let get = |name: &str| {
        let value = env.get(name).ok_or(std::env::VarError::NotPresent)?;
        Ok(value.to_str().unwrap().to_owned())
    };
    match reference.resolve_with(&get) {
        Ok(secret) => Ok(secret.expose_secret().to_owned()),
        Err(problem) => Err(shelf.plain(&Diagnostics::from(problem).to_string())),
    }
}

/// Writes a key and gives its path and public key.
fn key(shelf: &Shelf, name: &str) -> (PathBuf, age::x25519::Recipient) {
    let identity = age::x25519::Identity::generate();
    let path = shelf.path().join(name);
    std::fs::write(
        &path,
        format!("# a key\n{}\n", identity.to_string().expose_secret()),
    )
    .unwrap();
    (path, identity.to_public())
}

#[test]
fn from_the_environment() {
    let (shelf, sae) = reference(Shelf::new(), "env:SAE");
    assert_eq!(
        resolve(&shelf, &sae, &[("SAE", Path::new("hush"))]),
        Ok("hush".into())
    );
    assert_snapshot!(resolve(&shelf, &sae, &[]).unwrap_err());
    assert!(
        resolve(&shelf, &sae, &[("SAE", Path::new(""))])
            .unwrap_err()
            .contains("is empty")
    );
}

#[test]
fn from_a_file_beside_the_profile() {
    let (shelf, sae) = reference(Shelf::new(), "file:keys/sae");
    assert_snapshot!("missing_file", resolve(&shelf, &sae, &[]).unwrap_err());
    let shelf = shelf.with("sites/keys/sae", "hush hush\n");
    assert_eq!(resolve(&shelf, &sae, &[]), Ok("hush hush".into()));
    assert_eq!(sae.path().unwrap(), shelf.path().join("sites/keys/sae"));
    let shelf = shelf.with("sites/keys/sae", "\n");
    assert!(resolve(&shelf, &sae, &[]).unwrap_err().contains("is empty"));
    let shelf = shelf.with("sites/keys/sae", &"x".repeat(70_000));
    assert!(
        resolve(&shelf, &sae, &[])
            .unwrap_err()
            .contains("is it the right file")
    );
    std::fs::write(shelf.path().join("sites/keys/sae"), [0xff, 0xfe]).unwrap();
    assert!(
        resolve(&shelf, &sae, &[])
            .unwrap_err()
            .contains("not UTF-8")
    );
}

#[test]
fn from_an_age_file() {
    let (shelf, sae) = reference(Shelf::new(), "age:sae.age");
    let (own, public) = key(&shelf, "own.key");
    let (other, _) = key(&shelf, "other.key");
    let sealed = age::encrypt(&public, b"hush\n").unwrap();
    let file = shelf.path().join("sites/sae.age");
    std::fs::write(&file, &sealed).unwrap();
    assert_eq!(
        resolve(&shelf, &sae, &[("CLOM_AGE_IDENTITY", &own)]),
        Ok("hush".into())
    );
    // Several keys, as in $PATH; the default place.
    let both = std::env::join_paths([&other, &own]).unwrap();
    assert_eq!(
        resolve(&shelf, &sae, &[("CLOM_AGE_IDENTITY", Path::new(&both))]),
        Ok("hush".into())
    );
    let home = shelf.path().join("home/.config/clom");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::copy(&own, home.join("age.key")).unwrap();
    assert_eq!(
        resolve(&shelf, &sae, &[("HOME", &shelf.path().join("home"))]),
        Ok("hush".into())
    );
    assert_snapshot!(
        "wrong_key",
        resolve(&shelf, &sae, &[("CLOM_AGE_IDENTITY", &other)]).unwrap_err()
    );
    let missing = shelf.path().join("no.key");
    assert_snapshot!(
        "no_key",
        resolve(&shelf, &sae, &[("CLOM_AGE_IDENTITY", &missing)]).unwrap_err()
    );
    assert!(
        resolve(&shelf, &sae, &[])
            .unwrap_err()
            .contains("no age identity")
    );
    // Armoured text opens too; a damaged file does not.
    let armored = age::encrypt_and_armor(&public, b"hush").unwrap();
    std::fs::write(&file, armored).unwrap();
    assert_eq!(
        resolve(&shelf, &sae, &[("CLOM_AGE_IDENTITY", &own)]),
        Ok("hush".into())
    );
    for cut in [0, 10, sealed.len() / 2, sealed.len() - 1] {
        std::fs::write(&file, &sealed[..cut]).unwrap();
        let error = resolve(&shelf, &sae, &[("CLOM_AGE_IDENTITY", &own)]).unwrap_err();
        assert!(
            error.contains("sae.age") && error.contains("valley.toml:4:7"),
            "{error}"
        );
    }
}

#[test]
fn paths_are_relative_to_the_file_that_says_them() {
    let shelf = Shelf::new()
        .with("communities/net.toml", "wifi.sae = \"file:sae\"\n")
        .with("communities/sae", "c\n");
    let sae = shelf.decoded().wifi.sae.unwrap();
    assert_eq!(resolve(&shelf, &sae, &[]), Ok("c".into()));
}

#[test]
fn debug_hides_secrets() {
    let (shelf, sae) = reference(Shelf::new(), "file:sae");
    let _shelf = shelf.with("sites/sae", "hunter2");
    assert!(!format!("{:?}", sae.resolve().unwrap()).contains("hunter2"));
    assert!(!format!("{:?}", SecretRef::parse("hunter2", None)).contains("hunter2"));
}

#[test]
fn small_profile_decodes_without_secrets() {
    assert!(
        Shelf::new()
            .merged()
            .decode::<Small>()
            .unwrap()
            .wifi
            .sae
            .is_none()
    );
}
