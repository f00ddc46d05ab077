//! What a stanza says of a package.

use super::relation::{check_name, names};
use super::{Alternative, Dependency, Error, Stanza, Version};

/// A package as an index or control file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// `Package`. With an ABI version its end is that: `libubox20240329`.
    pub name: String,
    /// `Version`.
    pub version: Version,
    /// `Architecture`, such as `mipsel_24kc` or `all`.
    pub architecture: Option<String>,
    /// `ABIVersion`.
    pub abi_version: Option<String>,
    /// `Depends` and `Pre-Depends`.
    pub depends: Vec<Dependency>,
    /// `Recommends`.
    pub recommends: Vec<Dependency>,
    /// `Suggests`, which opkg does nothing about.
    pub suggests: Vec<Dependency>,
    /// `Provides`, without the package's own name, which it always provides.
    pub provides: Vec<String>,
    /// `Conflicts`.
    pub conflicts: Vec<Dependency>,
    /// `Replaces`.
    pub replaces: Vec<String>,
    /// `Alternatives`.
    pub alternatives: Vec<Alternative>,
    /// `Essential: yes`: never removed.
    pub essential: bool,
    /// `Filename`, relative to the index.
    pub filename: Option<String>,
    /// `Size` of the file, in bytes.
    pub size: Option<u64>,
    /// `SHA256sum` of the file.
    pub sha256: Option<[u8; 32]>,
    /// `Installed-Size`: of the packed files in OpenWrt's packages, in bytes.
    pub installed_size: Option<u64>,
    /// All fields, also those that are not above.
    pub stanza: Stanza,
}

impl Package {
    /// The name without the ABI version, as people and `index.json` write it.
    pub fn base_name(&self) -> &str {
        let abi = self.abi_version.as_deref().unwrap_or_default();
        match self.name.strip_suffix(abi) {
            Some(base) if !base.is_empty() => base,
            _ => &self.name,
        }
    }

    /// Reads a stanza.
    ///
    /// # Errors
    /// When `Package` or `Version` is missing, or a field makes no sense.
    pub fn read(stanza: Stanza) -> Result<Self, Error> {
        let fields = Fields(&stanza);
        let name = fields.needed("Package")?;
        fields.check("Package", check_name(&name))?;
        let version = Version::new(&fields.needed("Version")?);
        let mut depends = fields.list("Pre-Depends")?;
        depends.extend(fields.list("Depends")?);
        let filename = fields.text("Filename");
        if let Some(path) = &filename {
            let bad = path.starts_with('/')
                || path.split('/').any(|part| part == "..")
                || path.chars().any(char::is_control);
            let why = || format!("`{path}` leads out of the feed");
            fields.check("Filename", if bad { Err(why()) } else { Ok(()) })?;
        }
        Ok(Self {
            version,
            architecture: fields.text("Architecture"),
            abi_version: fields.text("ABIVersion"),
            depends,
            recommends: fields.list("Recommends")?,
            suggests: fields.list("Suggests")?,
            provides: fields
                .names("Provides")?
                .into_iter()
                .filter(|other| *other != name)
                .collect(),
            conflicts: fields.list("Conflicts")?,
            replaces: fields.names("Replaces")?,
            alternatives: fields.parsed("Alternatives", Alternative::list)?,
            essential: fields.text("Essential").is_some_and(|value| value == "yes"),
            filename,
            size: fields.number("Size")?,
            sha256: fields.sha256()?,
            installed_size: fields.number("Installed-Size")?,
            name,
            stanza,
        })
    }
}

/// A stanza, with errors that say where.
struct Fields<'a>(&'a Stanza);

impl Fields<'_> {
    fn text(&self, field: &str) -> Option<String> {
        self.0.value(field).map(|value| value.into_owned())
    }

    fn check<T>(&self, field: &str, result: Result<T, String>) -> Result<T, Error> {
        result.map_err(|why| Error::Field {
            package: self
                .text("Package")
                .unwrap_or_else(|| "without a name".to_owned()),
            line: self.0.line,
            field: field.to_owned(),
            why,
        })
    }

    fn needed(&self, field: &str) -> Result<String, Error> {
        let missing = || "it is missing or empty".to_owned();
        self.check(field, self.text(field).ok_or_else(missing))
    }

    fn parsed<T>(
        &self,
        field: &str,
        parse: impl Fn(&str) -> Result<Vec<T>, String>,
    ) -> Result<Vec<T>, Error> {
        match self.text(field) {
            Some(text) => self.check(field, parse(&text)),
            None => Ok(Vec::new()),
        }
    }

    fn list(&self, field: &str) -> Result<Vec<Dependency>, Error> {
        self.parsed(field, Dependency::list)
    }

    fn names(&self, field: &str) -> Result<Vec<String>, Error> {
        self.parsed(field, names)
    }

    fn number(&self, field: &str) -> Result<Option<u64>, Error> {
        let Some(text) = self.text(field) else {
            return Ok(None);
        };
        let number = text
            .parse()
            .map_err(|_| format!("`{text}` is not a number of bytes"));
        self.check(field, number).map(Some)
    }

    fn sha256(&self) -> Result<Option<[u8; 32]>, Error> {
        let field = "SHA256sum";
        let Some(text) = self.text(field) else {
            return Ok(None);
        };
        let wrong = || format!("`{text}` is not 64 hexadecimal digits");
        let mut sum = [0; 32];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let fits = pairs.len() == sum.len()
            && rest.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.check(field, if fits { Ok(()) } else { Err(wrong()) })?;
        for (byte, pair) in sum.iter_mut().zip(pairs) {
            let pair = std::str::from_utf8(pair).unwrap_or_default();
            *byte = u8::from_str_radix(pair, 16).unwrap_or_default();
        }
        Ok(Some(sum))
    }
}
