//! Secrets on their way into files.

use crate::profile::diagnostics::Diagnostic;
use crate::profile::path::KeyPath;
use crate::profile::resolve::Fault;
use crate::profile::secrets::{ExposeSecret, SecretRef, SecretString};

use super::error::RenderError;

/// Finds the value of a secret.
pub type Resolver<'a> = dyn Fn(&SecretRef) -> Result<SecretString, Diagnostic> + 'a;

/// What to write where a secret belongs.
#[derive(Clone, Copy)]
pub enum Secrets<'a> {
    /// The secret, for an image.
    Reveal(&'a Resolver<'a>),
    /// Its reference, for people to look at: `<env:NAME>`.
    Hide,
}

impl std::fmt::Debug for Secrets<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Reveal(_) => "Reveal",
            Self::Hide => "Hide",
        })
    }
}

impl Secrets<'_> {
    /// A key for the air: 8 to 63 printable ASCII characters, or 64 hex digits (IEEE 802.11, annex J).
    pub(super) fn air_key(&self, secret: &SecretRef, key: &KeyPath) -> Result<String, RenderError> {
        self.checked(secret, key, |text| {
            let printable = text.chars().all(|c| (' '..='~').contains(&c));
            let hex = text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit());
            if (printable && (8..=63).contains(&text.len())) || hex {
                return Ok(());
            }
            Err(
                Fault::new(format!("the secret `{secret}` is no key for the air"))
                    .help("it must have 8 to 63 printable ASCII characters (it is not shown here)"),
            )
        })
    }

    /// A password's hash, as `crypt(3)` makes it.
    pub(super) fn password_hash(
        &self,
        secret: &SecretRef,
        key: &KeyPath,
    ) -> Result<String, RenderError> {
        self.checked(secret, key, |text| {
            let parts: Vec<&str> = text.split('$').collect();
            let whole = matches!(parts.as_slice(), ["", "1" | "5" | "6" | "y" | "2a" | "2b" | "2y", _, .., last] if !last.is_empty());
            let plain = text.chars().all(|c| c.is_ascii_graphic() && c != ':');
            if whole && plain {
                return Ok(());
            }
            Err(Fault::new(format!("the secret `{secret}` is no password hash"))
                .help("make one with `openssl passwd -6`; the password itself is never needed"))
        })
    }

    fn checked(
        &self,
        secret: &SecretRef,
        key: &KeyPath,
        check: impl FnOnce(&str) -> Result<(), Fault>,
    ) -> Result<String, RenderError> {
        match self {
            Self::Hide => Ok(format!("<{secret}>")),
            Self::Reveal(resolve) => {
                let value = resolve(secret)
                    .map_err(|diagnostic| RenderError::Secret(Box::new(diagnostic)))?;
                let text = value.expose_secret();
                check(text).map_err(|fault| RenderError::at(key.clone(), fault))?;
                Ok(text.to_owned())
            }
        }
    }
}
