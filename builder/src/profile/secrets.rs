//! Secrets: a profile says where they are, never what they are.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use age::armor::ArmoredReader;
use age::{Decryptor, Identity, IdentityFile};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
pub use secrecy::{ExposeSecret, SecretString};
use serde::de::{Error as _, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use super::diagnostics::Diagnostic;
use super::placed;
use super::shape::SECRET_MARK;
use super::source::Place;

/// What a literal secret is called in errors: never by its value.
pub(crate) const LITERAL: &str = "a secret written down";
const WANTED: &str = "a reference to a secret: `env:NAME`, `file:PATH` or `age:PATH`";

/// The files that hold age identities (keys to open `age:` secrets), separated as in `$PATH`.
const IDENTITIES: &str = "CLOM_AGE_IDENTITY";

/// The largest secret, in bytes. More is surely the wrong file.
const LARGEST: u64 = 64 * 1024;

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Store {
    Env(String),
    File(PathBuf),
    Age(PathBuf),
}

/// A reference to a secret: `env:NAME`, `file:PATH` or `age:PATH`.
///
/// Relative paths are relative to the profile file that says them.
#[derive(Debug, Clone)]
pub struct SecretRef {
    store: Store,
    place: Option<Place>,
}

/// Whether a text has the form of a reference.
pub(crate) fn is_reference(text: &str) -> bool {
    split(text).is_some()
}

fn split(text: &str) -> Option<Store> {
    let (scheme, rest) = text.split_once(':')?;
    if rest.is_empty() {
        return None;
    }
    match scheme {
        "env" => Some(Store::Env(rest.to_owned())),
        "file" => Some(Store::File(rest.into())),
        "age" => Some(Store::Age(rest.into())),
        _ => None,
    }
}

impl SecretRef {
    /// Reads a reference written at `place`.
    ///
    /// # Errors
    /// When it is none; the error does not show the text, which may be a secret.
    pub fn parse(text: &str, place: Option<&Place>) -> Result<Self, Diagnostic> {
        if let Some(store) = split(text) {
            return Ok(Self {
                store,
                place: place.cloned(),
            });
        }
        let error = literal();
        Err(match place {
            Some(place) => error.at(place, "").hide(place),
            None => error,
        })
    }

    /// Where it is written, if it came from a profile.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// The secret itself, without the line break at its end.
    ///
    /// # Errors
    /// When it is not there or cannot be opened; the error says where the reference is written and what to do.
    pub fn resolve(&self) -> Result<SecretString, Diagnostic> {
        self.resolve_with(&|name| std::env::var(name))
    }

    pub(crate) fn resolve_with(&self, env: &Env<'_>) -> Result<SecretString, Diagnostic> {
        let secret = match &self.store {
            Store::Env(name) => from_env(name, env),
            Store::File(path) => from_file(&self.located(path)),
            Store::Age(path) => from_age(&self.located(path), &identities(env)),
        };
        let secret = secret.map_err(|Trouble { message, help }| {
            let error = Diagnostic::error(message).help(help);
            match &self.place {
                Some(place) => error.at(place, "this secret is wanted"),
                None => error,
            }
        })?;
        Ok(secret)
    }

    /// The path of the file, if it is one, as it will be opened: for those who watch for changes.
    pub fn path(&self) -> Option<PathBuf> {
        match &self.store {
            Store::Env(_) => None,
            Store::File(path) | Store::Age(path) => Some(self.located(path)),
        }
    }

    fn located(&self, path: &Path) -> PathBuf {
        let origin = self.place.as_ref().map(Place::origin);
        match origin.as_ref().and_then(|origin| origin.directory()) {
            Some(directory) => directory.join(path),
            None => path.to_owned(),
        }
    }
}

pub(crate) fn literal() -> Diagnostic {
    Diagnostic::error("a secret must not be written in a profile")
        .help("write where it is instead: `env:NAME` (environment variable), `file:PATH` (plain file, keep it out of git) or `age:PATH` (file encrypted with age)")
        .help("if it was ever committed or shared, change the secret itself")
}

/// As written.
impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.store {
            Store::Env(name) => write!(f, "env:{name}"),
            Store::File(path) => write!(f, "file:{}", path.display()),
            Store::Age(path) => write!(f, "age:{}", path.display()),
        }
    }
}

/// Equal if they refer to the same.
impl PartialEq for SecretRef {
    fn eq(&self, other: &Self) -> bool {
        self.store == other.store && self.path() == other.path()
    }
}

impl Eq for SecretRef {}

impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reference;

        /// Any plain value that is no reference may be a secret: none is shown.
        impl Visitor<'_> for Reference {
            type Value = Store;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(WANTED)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Store, E> {
                split(text).ok_or_else(|| refuse())
            }

            fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Store, E> {
                Err(refuse())
            }

            fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Store, E> {
                Err(refuse())
            }

            fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Store, E> {
                Err(refuse())
            }
        }

        fn refuse<E: serde::de::Error>() -> E {
            E::invalid_value(Unexpected::Other(LITERAL), &WANTED)
        }

        let place = placed::current();
        let store = deserializer.deserialize_str(Reference)?;
        if let Store::Env(name) = &store
            && name.contains(['=', '\0'])
        {
            return Err(D::Error::custom(
                "an environment variable has no `=` in its name",
            ));
        }
        Ok(Self { store, place })
    }
}

impl JsonSchema for SecretRef {
    fn schema_name() -> Cow<'static, str> {
        "SecretRef".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(env|file|age):.+$",
            "description": "Where a secret is: `env:NAME`, `file:PATH` or `age:PATH`. Paths are relative to this file.",
            SECRET_MARK: true,
        })
    }
}

pub(crate) type Env<'a> = dyn Fn(&str) -> Result<String, std::env::VarError> + 'a;

/// What went wrong, and the cure.
struct Trouble {
    message: String,
    help: String,
}

fn trouble(message: impl Into<String>, help: impl Into<String>) -> Trouble {
    Trouble {
        message: message.into(),
        help: help.into(),
    }
}

fn from_env(name: &str, env: &Env<'_>) -> Result<SecretString, Trouble> {
    match env(name) {
        Ok(value) if value.is_empty() => Err(trouble(
            format!("the environment variable `{name}` is empty"),
            format!("set it before you run clom: export {name}=..."),
        )),
        Ok(value) => Ok(value.into()),
        Err(std::env::VarError::NotPresent) => Err(trouble(
            format!("the environment variable `{name}` is not set"),
            format!("set it before you run clom: export {name}=..."),
        )),
        Err(std::env::VarError::NotUnicode(_)) => Err(trouble(
            format!("the environment variable `{name}` is not UTF-8 text"),
            "secrets must be UTF-8 text",
        )),
    }
}

fn from_file(path: &Path) -> Result<SecretString, Trouble> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    text(path, file)
}

fn unreadable(path: &Path, error: &io::Error) -> Trouble {
    let help = match error.kind() {
        io::ErrorKind::NotFound => {
            "make the file, or mend the path: it is relative to the profile file that says it"
        }
        io::ErrorKind::PermissionDenied => {
            "let yourself read it: chmod u+r, or run clom as its owner"
        }
        _ => "the path must be a file that can be read",
    };
    trouble(
        format!("cannot read the secret file {}: {error}", path.display()),
        help,
    )
}

/// UTF-8 text up to [`LARGEST`], without the line break at its end.
fn text(path: &Path, source: impl Read) -> Result<SecretString, Trouble> {
    let mut value = String::new();
    let read = source.take(LARGEST + 1).read_to_string(&mut value);
    let size = read.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => trouble(
            format!("the secret in {} is not UTF-8 text", path.display()),
            "secrets must be UTF-8 text; is it the right file?",
        ),
        _ => unreadable(path, &error),
    })?;
    if size as u64 > LARGEST {
        return Err(trouble(
            format!("the secret in {} is over {LARGEST} bytes", path.display()),
            "is it the right file?",
        ));
    }
    value.truncate(value.trim_end_matches(['\n', '\r']).len());
    if value.is_empty() {
        return Err(trouble(
            format!("the secret file {} is empty", path.display()),
            "write the secret into it",
        ));
    }
    Ok(value.into())
}

/// The identity files: from `$CLOM_AGE_IDENTITY`, else `~/.config/clom/age.key`.
fn identities(env: &Env<'_>) -> Vec<PathBuf> {
    let set = |name| env(name).ok().filter(|value| !value.is_empty());
    if let Some(files) = set(IDENTITIES) {
        return std::env::split_paths(&files).collect();
    }
    let config = set("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| Path::new(&home).join(".config")));
    config
        .map(|dir| dir.join("clom/age.key"))
        .into_iter()
        .collect()
}

fn from_age(path: &Path, identities: &[PathBuf]) -> Result<SecretString, Trouble> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let keys = keys(path, identities)?;
    let damaged = |error: &dyn fmt::Display| {
        trouble(
            format!("cannot open the age file {}: {error}", path.display()),
            "it must be a file made by age: age -e -r RECIPIENT -o FILE",
        )
    };
    let armored = ArmoredReader::new(BufReader::new(file));
    let decryptor = Decryptor::new_buffered(armored).map_err(|error| damaged(&error))?;
    let keys = keys.iter().map(|key| &**key as &dyn Identity);
    let plain = decryptor.decrypt(keys).map_err(|error| match error {
        age::DecryptError::NoMatchingKeys => trouble(
            format!("none of the age identities opens {}", path.display()),
            format!(
                "tried {}: ask someone who can open it to encrypt it for your key too (age-keygen -y shows the public key)",
                listed(identities)
            ),
        ),
        error => damaged(&error),
    })?;
    text(path, plain)
}

fn keys(
    path: &Path,
    identities: &[PathBuf],
) -> Result<Vec<Box<dyn Identity + Send + Sync>>, Trouble> {
    let mut keys: Vec<Box<dyn Identity + Send + Sync>> = Vec::new();
    for file in identities {
        let cannot = |error: &dyn fmt::Display| {
            trouble(
                format!(
                    "cannot read the age identity {}, needed to open {}: {error}",
                    file.display(),
                    path.display()
                ),
                format!("make one with age-keygen -o FILE, or name yours in ${IDENTITIES}"),
            )
        };
        let identity =
            IdentityFile::from_file(file.display().to_string()).map_err(|error| cannot(&error))?;
        keys.extend(identity.into_identities().map_err(|error| cannot(&error))?);
    }
    if keys.is_empty() {
        return Err(trouble(
            format!("no age identity to open {} with", path.display()),
            format!(
                "make one with age-keygen -o ~/.config/clom/age.key, or name yours in ${IDENTITIES}"
            ),
        ));
    }
    Ok(keys)
}

fn listed(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    names.join(", ")
}
