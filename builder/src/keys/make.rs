//! Making a pair of keys.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use openwrt_formats::usign::{KeyNumber, PublicKey, SecretKey};
use zeroize::Zeroizing;

use super::beside;
use crate::failure::{Class, Failure, OrFail};
use crate::whole::{self, Ready};

/// A pair that was made.
#[derive(Debug)]
pub struct Made {
    /// The file of the secret key, readable by its owner only.
    pub secret: PathBuf,
    /// The file of the public key.
    pub public: PathBuf,
    /// The public key.
    pub key: PublicKey,
}

/// Makes a pair: the secret key into `path`, the public key into `path.pub` (of `NAME.sec`, into `NAME.pub`). Neither is overwritten.
///
/// # Errors
/// [`Class::Output`] when a file is there already or cannot be written, [`Class::Profile`] when the comment is not one line.
pub fn make(path: &Path, comment: Option<&str>) -> Result<Made, Failure> {
    // signify wants the names NAME.sec and NAME.pub; usign takes any.
    let public_path = match path.extension() {
        Some(sec) if sec == "sec" => path.with_extension("pub"),
        _ => beside(path, ".pub"),
    };
    for there in [path, &public_path] {
        if fs::symlink_metadata(there).is_ok() {
            return Err(taken(there));
        }
    }
    let seed = Zeroizing::new(random::<32>()?);
    let number = KeyNumber(random()?);
    // Without a comment the two are told apart as usign does, with one as signify does.
    let [of_secret, of_public] = match comment {
        None => [
            format!("private key {number}"),
            format!("public key {number}"),
        ],
        Some(comment) => [
            format!("{comment} secret key"),
            format!("{comment} public key"),
        ],
    };
    let secret = SecretKey::new(&seed, number, random()?, of_secret).or_fail(Class::Profile)?;
    let key = secret.public(of_public).or_fail(Class::Profile)?;

    create(path, &secret.to_text(), 0o600)?;
    if let Err(failure) = create(&public_path, &key.to_text(), 0o644) {
        // A secret key that nobody was told of is of no use.
        let _ = fs::remove_file(path);
        return Err(failure);
    }
    Ok(Made {
        secret: path.to_owned(),
        public: public_path,
        key,
    })
}

pub(super) fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| io::Error::other(error.to_string()))
        .context("this machine gives no random bytes")
        .or_fail(Class::Host)?;
    Ok(bytes)
}

pub(super) fn taken(path: &Path) -> Failure {
    let error = anyhow!(
        "{} is there already, and keys are never overwritten",
        path.display()
    );
    Failure::new(Class::Output, error).help("take another name, or move the old key away")
}

/// Writes a file that was not there: all of it or nothing.
pub(super) fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let cannot = || format!("cannot write {}", path.display());
    let dir = whole::folder(path);
    if !dir.is_dir() {
        let error = anyhow!("there is no folder {}", dir.display());
        return Err(Failure::new(Class::Output, error.context(cannot())));
    }
    let ready = Ready::new(path, bytes, mode)
        .with_context(cannot)
        .or_fail(Class::Output)?;
    ready.put_new().map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => taken(path),
        _ => Failure::new(Class::Output, anyhow!(error).context(cannot())),
    })?;
    whole::sync(dir);
    Ok(())
}
