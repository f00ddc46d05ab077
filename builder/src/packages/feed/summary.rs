//! What both kinds of feeds keep in mind: what was there before, and for whom it is.

use std::collections::BTreeMap;

use super::FeedError;
use crate::store::Sha256;

/// What was there before.
#[derive(Debug, Default)]
pub(super) struct Summary {
    /// By name and version: the file and its hash.
    seen: BTreeMap<(String, String), (String, Sha256)>,
    /// Architecture and the first file of it, of packages that do not suit all.
    architecture: Option<(String, String)>,
    /// Names without ABI version, with versions, in order.
    list: Vec<(String, String)>,
    /// What its maker should know.
    pub remarks: Vec<String>,
}

impl Summary {
    /// Notes a package; `false` when the same was there before.
    pub(super) fn note(
        &mut self,
        file: &str,
        bytes: &[u8],
        name: &str,
        version: &str,
    ) -> Result<bool, FeedError> {
        let sum = Sha256::of(bytes);
        let key = (name.to_owned(), version.to_owned());
        match self.seen.get(&key) {
            Some((first, other)) if *other == sum => {
                let remark = format!("{file} is the same as {first}, and left out");
                self.remarks.push(remark);
                Ok(false)
            }
            Some((first, _)) => Err(FeedError::Twice {
                first: first.clone(),
                second: file.to_owned(),
                name: key.0,
                version: key.1,
            }),
            None => {
                self.seen.insert(key, (file.to_owned(), sum));
                Ok(true)
            }
        }
    }

    /// Notes for which routers a package is. With `forced` any will do.
    pub(super) fn suits(
        &mut self,
        file: &str,
        architecture: &str,
        forced: Option<&str>,
    ) -> Result<(), FeedError> {
        if ["all", "noarch"].contains(&architecture) || forced.is_some() {
            return Ok(());
        }
        match &self.architecture {
            Some((first, of_first)) if of_first != architecture => Err(FeedError::Architectures {
                first: first.clone(),
                of_first: of_first.clone(),
                second: file.to_owned(),
                of_second: architecture.to_owned(),
            }),
            Some(_) => Ok(()),
            None => {
                self.architecture = Some((file.to_owned(), architecture.to_owned()));
                Ok(())
            }
        }
    }

    /// Adds a package to `index.json`, by its name without ABI version. Of several versions the last counts.
    pub(super) fn list(&mut self, name: &str, abi: Option<&str>, version: &str) {
        let base = name.strip_suffix(abi.unwrap_or_default());
        let base = base.filter(|base| !base.is_empty()).unwrap_or(name);
        match self.list.iter_mut().find(|(there, _)| there == base) {
            Some((_, older)) => *older = version.to_owned(),
            None => self.list.push((base.to_owned(), version.to_owned())),
        }
    }

    /// How many packages are listed.
    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    /// `index.json`, version 2, as Python writes it with an indent of 2.
    pub(super) fn json(&self, forced: Option<&str>) -> Vec<u8> {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let found = self.architecture.as_ref().map(|(_, found)| found.as_str());
        let architecture = forced.or(found).unwrap_or("all");
        let packages: Vec<_> = self
            .list
            .iter()
            .map(|(name, version)| format!("\n    {}: {}", quoted(name), quoted(version)))
            .collect();
        let packages = match packages.is_empty() {
            true => "{}".to_owned(),
            false => format!("{{{}\n  }}", packages.join(",")),
        };
        format!(
            "{{\n  \"version\": 2,\n  \"architecture\": {},\n  \"packages\": {packages}\n}}\n",
            quoted(architecture)
        )
        .into_bytes()
    }
}
