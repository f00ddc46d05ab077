//! A feed of apk.

use openwrt_formats::apk::adb::Compression;
use openwrt_formats::apk::package::Trust;
use openwrt_formats::apk::{Index, Package, PrivateKey};

use super::summary::Summary;
use super::{Feed, FeedError};

/// A feed in the making: packages one after the other, then its files.
#[derive(Debug, Default)]
pub struct Apk {
    architecture: Option<String>,
    summary: Summary,
    index: Index,
}

impl Apk {
    /// An empty feed; with the architecture that `index.json` is to say, whatever the packages are.
    pub fn new(architecture: Option<&str>) -> Self {
        Self {
            architecture: architecture.map(str::to_owned),
            ..Self::default()
        }
    }

    /// Adds a package: the name of its file, and its content. Who signed it does not count: the index names it by its hash.
    ///
    /// # Errors
    /// [`FeedError`].
    pub fn add(&mut self, file: &str, bytes: &[u8]) -> Result<(), FeedError> {
        let wrong = |source| FeedError::Apk {
            file: file.to_owned(),
            source,
        };
        let package = Package::read(bytes, Trust::Unverified).map_err(wrong)?;
        let mut info = package.info;
        info.hashes = package.identity.to_vec();
        info.file_size = bytes.len() as u64;
        let wanted = self.index.file_name(&info).map_err(wrong)?;
        if wanted != file {
            return Err(FeedError::Name {
                file: file.to_owned(),
                wanted,
            });
        }
        let version = info.version.to_string();
        if self.summary.note(file, bytes, &info.name, &version)? {
            self.summary
                .suits(file, &info.arch, self.architecture.as_deref())?;
            self.summary.list(&info.name, info.abi_version(), &version);
            self.index.packages.push(info);
        }
        Ok(())
    }

    /// The feed, signed by all these keys.
    ///
    /// # Errors
    /// [`FeedError::Index`].
    pub fn finish(self, keys: &[PrivateKey]) -> Result<Feed, FeedError> {
        let index = self.index.write(keys, Compression::Deflate);
        let json = self.summary.json(self.architecture.as_deref());
        Ok(Feed {
            files: vec![
                ("index.json".to_owned(), json),
                ("packages.adb".to_owned(), index.map_err(FeedError::Index)?),
            ],
            packages: self.summary.len(),
            remarks: self.summary.remarks,
        })
    }
}
