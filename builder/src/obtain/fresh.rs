//! A feed's index as it is now, with its signature checked.

use bytes::Bytes;

use super::{MAX_LIST, Obtain};
use crate::failure::Failure;
use crate::lock;
use crate::openwrt::feeds::APK_INDEX;
use crate::openwrt::{FeedLine, Place};
use crate::packages::catalogue::{Index, OPKG_INDEX, unpack};
use crate::packages::universe::Manager;
use crate::store::Sha256;
use crate::trust::Keyring;

/// The signature of opkg's index.
pub const SIGNATURE: &str = "Packages.sig";

/// A feed's index as it is now.
#[derive(Debug, Clone)]
pub struct FreshFeed {
    /// How it is pinned.
    pub pin: lock::Feed,
    /// What it offers.
    pub index: Index,
}

/// Who may sign a feed.
#[derive(Debug, Clone, Copy)]
pub enum Signers<'a> {
    /// These keys.
    Keys(&'a Keyring),
    /// Nobody has to: it is a folder on this machine.
    Nobody,
}

/// Gets a feed's index.
///
/// # Errors
/// [`crate::failure::Class::Source`] when it cannot be had, nobody trusted signed it, or it is damaged.
pub fn feed(
    obtain: &Obtain<'_>,
    line: &FeedLine,
    signers: Signers<'_>,
) -> Result<FreshFeed, Failure> {
    let what = format!("feed {} ({})", line.name, line.place);
    let fresh = |place: Place,
                 bytes: &Bytes,
                 index: Index,
                 signed_by: String,
                 signature: Option<&Bytes>| FreshFeed {
        pin: lock::Feed {
            place,
            sha256: Sha256::of(bytes),
            size: bytes.len() as u64,
            signed_by,
            signature: signature.map(|signature| lock::Signature {
                sha256: Sha256::of(signature),
                size: signature.len() as u64,
            }),
        },
        index,
    };
    let nobody = || "nobody: a folder of this machine".to_owned();
    let result = match line.manager {
        Manager::Apk => {
            let place = line.place.join(APK_INDEX);
            obtain.together(&what, &[(place.clone(), MAX_LIST)], |files| {
                let [file] = files else {
                    return Err("it did not come".to_owned());
                };
                let (index, signer) = match signers {
                    Signers::Keys(keyring) => {
                        let (index, signer) =
                            keyring.read_apk(file).map_err(|why| why.to_string())?;
                        (Index::Apk(index), signer.identity())
                    }
                    Signers::Nobody => {
                        let index = Index::read_pinned(Manager::Apk, file)
                            .map_err(|error| error.to_string())?;
                        (index, nobody())
                    }
                };
                Ok(fresh(place.clone(), file, index, signer, None))
            })
        }
        Manager::Opkg => {
            let place = line.place.join(OPKG_INDEX);
            let mut files = vec![(place.clone(), MAX_LIST)];
            if matches!(signers, Signers::Keys(_)) {
                files.push((line.place.join(SIGNATURE), MAX_LIST));
            }
            obtain.together(&what, &files, |files| {
                let Some(file) = files.first() else {
                    return Err("it did not come".to_owned());
                };
                let text = unpack(file).map_err(|error| format!("{OPKG_INDEX}: {error}"))?;
                let signer = match (signers, files.get(1)) {
                    (Signers::Keys(keyring), Some(signature)) => {
                        let signer = keyring.verify(&text, signature);
                        signer.map_err(|why| format!("Packages: {why}"))?.identity()
                    }
                    _ => nobody(),
                };
                let index = Index::read_pinned(Manager::Opkg, file)
                    .map_err(|error| format!("{OPKG_INDEX}: {error}"))?;
                Ok(fresh(place.clone(), file, index, signer, files.get(1)))
            })
        }
    };
    result.map_err(|failure| {
        if failure.class() != crate::failure::Class::Trust {
            return failure.or_help("check the feed's address: is there such a folder?");
        }
        failure.help(
            "if the feed is signed by a key that you trust, name that key in the profile: [keys.NAME] (and in [feeds.NAME] keys);\n      \
             for a feed of your own on this machine, `clom feed index` signs it, or [feeds.NAME] unsigned = true",
        )
    })
}
