//! Indexes of feeds, and control files.

use super::{Error, Package, Stanzas};

/// A feed's `Packages`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    /// In the feed's order.
    pub packages: Vec<Package>,
}

impl Index {
    /// Reads an index, uncompressed. Its signature is to be verified before, over the same bytes.
    ///
    /// # Errors
    /// Every [`Error`] but [`Error::Count`].
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let stanzas = Stanzas::parse(text)?.stanzas;
        let packages = stanzas.into_iter().map(Package::read);
        Ok(Self {
            packages: packages.collect::<Result<_, _>>()?,
        })
    }
}

impl Package {
    /// Reads the file `control` of a package.
    ///
    /// # Errors
    /// Every [`Error`].
    pub fn from_control(text: &[u8]) -> Result<Self, Error> {
        let mut stanzas = Stanzas::parse(text)?.stanzas;
        match (stanzas.pop(), stanzas.len()) {
            (Some(only), 0) => Self::read(only),
            (None, _) => Err(Error::Count { found: 0 }),
            (Some(_), more) => Err(Error::Count { found: more + 1 }),
        }
    }
}
