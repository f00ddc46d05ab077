//! Signing and verifying files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use openwrt_formats::usign::{PublicKey, SecretKey};

use super::ring::signature_for;
use super::{file, signature_of};
use crate::failure::{Class, Failure, OrFail};
use crate::whole;

/// Signs a file into `file.sig`, which it gives, and says how long the file is. An older signature is replaced.
///
/// # Errors
/// [`Class::Source`] when the file cannot be read, [`Class::Output`] when the signature cannot be written.
pub fn sign(path: &Path, key: &SecretKey) -> Result<(PathBuf, u64), Failure> {
    let message = content(path)?;
    let text = key.sign(&message).to_text();
    let out = signature_of(path);
    whole::write(&out, &text)
        .with_context(|| format!("cannot write {}", out.display()))
        .or_fail(Class::Output)?;
    Ok((out, message.len() as u64))
}

/// Verifies a file with the key that `choose` gives for its signature, which lies beside it unless said otherwise; gives what
/// `choose` gave.
///
/// # Errors
/// [`Class::Source`] when the file or signature cannot be read, or does not verify.
pub fn verify<'k, T>(
    path: &Path,
    elsewhere: Option<&Path>,
    choose: impl FnOnce(&openwrt_formats::usign::Signature) -> Result<(T, &'k PublicKey), Failure>,
) -> Result<(T, &'k PublicKey), Failure> {
    let signature_path = signature_for(path, elsewhere);
    let message = content(path)?;
    let signature = file::signature(&signature_path)?;
    let (from, key) = choose(&signature)?;
    key.verify(&message, &signature)
        .with_context(|| format!("{} does not verify", path.display()))
        .or_fail(Class::Source)?;
    Ok((from, key))
}

fn content(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path)
        .with_context(|| format!("cannot read {}", path.display()))
        .or_fail(Class::Source)
}
