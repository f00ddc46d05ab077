//! Keys of apk: PEM files, as openssl has them, and the files that they sign.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use openwrt_formats::apk::adb::{self, File, Limits};
use openwrt_formats::apk::{PrivateKey, PublicKey};
use zeroize::Zeroizing;

use super::make::{create, random, taken};
use super::{beside, file};
use crate::failure::{Class, Failure, OrFail};
use crate::whole;

/// A pair that was made.
#[derive(Debug)]
pub struct Made {
    /// The file of the private key, readable by its owner only.
    pub secret: PathBuf,
    /// The file of the public key.
    pub public: PathBuf,
    /// The public key.
    pub key: PublicKey,
}

/// A key in a PEM file.
#[derive(Debug)]
pub enum Key {
    /// One that verifies.
    Public(PublicKey),
    /// One that signs.
    Private(PrivateKey),
}

impl Key {
    /// The public key.
    pub fn public(&self) -> PublicKey {
        match self {
            Self::Public(key) => key.clone(),
            Self::Private(key) => key.public(),
        }
    }

    /// `public key of apk`, for people.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Public(_) => "public key of apk",
            Self::Private(_) => "private key of apk",
        }
    }
}

/// Whether this is a PEM file.
pub fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(11).any(|part| part == b"-----BEGIN ")
}

/// Whether this file is a PEM file; `false` too when it cannot be read.
pub fn is_pem_file(path: &Path) -> bool {
    file::read(path).is_ok_and(|bytes| is_pem(&bytes))
}

/// Whether this file is one of apk's, which hold their signatures themselves.
pub fn is_adb_file(path: &Path) -> bool {
    use std::io::Read;
    let mut head = [0; 3];
    fs::File::open(path).is_ok_and(|mut file| file.read_exact(&mut head).is_ok()) && head == *b"ADB"
}

fn text(path: &Path, class: Class) -> Result<Zeroizing<String>, Failure> {
    let bytes = file::read(path).or_fail(class)?;
    Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Reads a private key.
///
/// # Errors
/// [`Class::Profile`] when it is none or has a password.
pub fn private(path: &Path) -> Result<PrivateKey, Failure> {
    PrivateKey::from_pem(&text(path, Class::Profile)?)
        .with_context(|| path.display().to_string())
        .or_fail(Class::Profile)
}

/// Reads a public key.
///
/// # Errors
/// [`Class::Source`] when it is none.
pub fn public(path: &Path) -> Result<PublicKey, Failure> {
    PublicKey::from_pem(&text(path, Class::Source)?)
        .with_context(|| path.display().to_string())
        .or_fail(Class::Source)
}

/// Reads either.
///
/// # Errors
/// [`Class::Source`] when it is neither.
pub fn any(path: &Path) -> Result<Key, Failure> {
    let text = text(path, Class::Source)?;
    if text.contains("PRIVATE KEY-----") {
        let key = PrivateKey::from_pem(&text).with_context(|| path.display().to_string());
        return key.or_fail(Class::Source).map(Key::Private);
    }
    public(path).map(Key::Public)
}

/// Reads the public keys in a folder, laid out as `/etc/apk/keys`: any names.
///
/// # Errors
/// [`Class::Source`] when the folder cannot be read.
pub fn ring(folder: &Path) -> Result<Vec<(PathBuf, PublicKey)>, Failure> {
    let cannot = || format!("cannot read the folder of keys {}", folder.display());
    let listed = fs::read_dir(folder)
        .with_context(cannot)
        .or_fail(Class::Source)?;
    let mut keys = Vec::new();
    for entry in listed {
        let path = entry.with_context(cannot).or_fail(Class::Source)?.path();
        // Fifos would make us wait.
        if path.is_file()
            && is_pem_file(&path)
            && let Ok(Key::Public(key)) = any(&path)
        {
            keys.push((path, key));
        }
    }
    keys.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(keys)
}

/// Makes a pair on P-256: the private key into `path`, the public key into `path.pub` (of `NAME.pem`, into `NAME.pub.pem`). Neither is
/// overwritten.
///
/// # Errors
/// [`Class::Output`] when a file is there already or cannot be written, [`Class::Profile`] when the comment is not one line.
pub fn make(path: &Path, comment: Option<&str>) -> Result<Made, Failure> {
    let public_path = match path.extension() {
        Some(pem) if pem == "pem" => path.with_extension("pub.pem"),
        _ => beside(path, ".pub"),
    };
    for there in [path, &public_path] {
        if fs::symlink_metadata(there).is_ok() {
            return Err(taken(there));
        }
    }
    if comment.is_some_and(|comment| comment.contains(char::is_control)) {
        let error = anyhow!("the comment is not one line");
        return Err(Failure::new(Class::Profile, error));
    }
    let number = Zeroizing::new(random::<32>()?);
    let key = PrivateKey::new(&number).or_fail(Class::Host)?;
    // OpenWrt's ImageBuilder writes such a line too; readers skip what is before the key.
    let comment = comment.map_or_else(String::new, |text| format!("untrusted comment: {text}\n"));
    let of_public = key.public().to_pem().or_fail(Class::Other)?;
    let of_secret = Zeroizing::new(format!("{comment}{}", *key.to_pem()));
    create(path, of_secret.as_bytes(), 0o600)?;
    if let Err(failure) = create(
        &public_path,
        format!("{comment}{of_public}").as_bytes(),
        0o644,
    ) {
        // A private key that nobody was told of is of no use.
        let _ = fs::remove_file(path);
        return Err(failure);
    }
    Ok(Made {
        secret: path.to_owned(),
        public: public_path,
        key: key.public(),
    })
}

/// Signs a package or an index of apk, in its place.
///
/// # Errors
/// [`Class::Source`] when it is none, [`Class::Output`] when it cannot be written.
pub fn sign(path: &Path, key: &PrivateKey) -> Result<(), Failure> {
    let signed = adb::sign(&content(path)?, key)
        .with_context(|| path.display().to_string())
        .or_fail(Class::Source)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut batch = whole::Batch::new(whole::folder(path))?;
    batch.add(&name, &signed)?;
    batch.commit()
}

/// Verifies a package or an index of apk, and gives the key that signed it.
///
/// # Errors
/// [`Class::Source`] when none of the keys did, or it is damaged.
pub fn verify<'k>(path: &Path, trusted: &'k [PublicKey]) -> Result<&'k PublicKey, Failure> {
    let bytes = content(path)?;
    let check = || {
        let plain = adb::unpack(&bytes, Limits::PACKAGE)?;
        let file = File::read(&plain)?;
        let key = file.verify(trusted)?;
        // The signature covers the hashes of a package's files, not these themselves.
        if file.schema == adb::Schema::PACKAGE {
            let trust = openwrt_formats::apk::package::Trust::Keys(trusted);
            openwrt_formats::apk::Package::read(&bytes, trust)?;
        }
        Ok::<_, openwrt_formats::apk::Error>(key)
    };
    check()
        .with_context(|| format!("{} does not verify", path.display()))
        .or_fail(Class::Source)
}

fn content(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path)
        .with_context(|| format!("cannot read {}", path.display()))
        .or_fail(Class::Source)
}
