//! What a release says of a target: the signed list of its files, and its devices.

use anyhow::{Context, anyhow};

use super::{Listed, MAX_IMAGE, MAX_LIST, Obtain};
use crate::failure::{Class, Failure, OrFail};
use crate::lock;
use crate::openwrt::profiles_json::Published;
use crate::openwrt::sums::Sums;
use crate::openwrt::{Place, Release};
use crate::store::Sha256;
use crate::trust::Keyring;

/// A target of a release, as its signed list vouches for it.
#[derive(Debug, Clone)]
pub struct Target {
    /// The release.
    release: Release,
    /// Its folder.
    folder: Place,
    /// The hashes of its files.
    sums: Sums,
    /// The key that signed them.
    signed_by: String,
    /// Its devices.
    pub published: Published,
}

/// Gets the list of a target's files, checks its signature, and reads which devices there are.
///
/// # Errors
/// [`Class::Source`].
pub fn target(
    obtain: &Obtain<'_>,
    release: &Release,
    target: &str,
    keyring: &Keyring,
) -> Result<Target, Failure> {
    let folder = Place::OpenWrt(release.folder()).join(&format!("targets/{target}"));
    let what = format!("OpenWrt {release} for {target}");
    let files = [
        (folder.join("sha256sums"), MAX_LIST),
        (folder.join("sha256sums.sig"), MAX_LIST),
    ];
    let (sums, signed_by) = obtain
        .together(&what, &files, |files| {
            let [list, signature] = files else {
                return Err("sha256sums and sha256sums.sig did not both come".to_owned());
            };
            let signer = keyring.verify(list, signature).map_err(|why| format!("sha256sums: {why}"))?;
            let sums = Sums::parse(list).map_err(|error| error.to_string())?;
            Ok((sums, signer.identity()))
        })
        .map_err(|failure| {
            match failure.class() {
                Class::Trust => failure.help(
                    "if it is signed by a key that you trust, name that key in the profile: [keys.NAME] public = \"RWS...\"\n      \
                     (`clom keys show FILE` shows a key's fingerprint: compare it with what its owner says)",
                ),
                _ => failure.or_help(
                    "check the release, the target and the mirror (`clom profile show`): is there such a folder?",
                ),
            }
        })?;
    let place = folder.join("profiles.json");
    let sha256 = sums.get("profiles.json").map(Sha256::from).ok_or_else(|| {
        Failure::new(
            Class::Source,
            anyhow!("{what} has no profiles.json: releases before 19.07 have none"),
        )
        .help("download the device's image, and name it: [source] donor = \"FILE\"")
    })?;
    let bytes = obtain.one(Listed {
        what: format!("{what}: profiles.json"),
        place: place.clone(),
        sha256: Some(sha256),
        size: None,
        at_most: MAX_LIST,
    })?;
    let published = Published::parse(&bytes)
        .with_context(|| place.to_string())
        .or_fail(Class::Source)?;
    Ok(Target {
        release: release.clone(),
        folder,
        sums,
        signed_by,
        published,
    })
}

impl Target {
    /// Pins the image of a device. Its size may not be known before it is fetched: it is, here.
    ///
    /// # Errors
    /// [`Class::Source`] when the release has no such device or image.
    pub fn donor(
        &self,
        obtain: &Obtain<'_>,
        device: &str,
        image: &str,
    ) -> Result<lock::Donor, Failure> {
        let release = &self.release;
        let profile = self.published.device(device).ok_or_else(|| {
            let known = self.published.profiles.keys().map(String::as_str);
            let closest = crate::profile::suggest::closest(device, known);
            Failure::new(Class::Source, anyhow!("OpenWrt {release} has no device `{device}` in {}", self.folder)).help(match closest {
                Some(close) => format!("did you mean `{close}`? [device] id and target in the device's profile say what is looked for"),
                None => "[device] id and target in the device's profile say what is looked for".to_owned(),
            })
        })?;
        let found = profile.image(image).ok_or_else(|| {
            Failure::new(
                Class::Source,
                anyhow!("OpenWrt {release} has no image `{image}` with squashfs for {device}"),
            )
            .help(format!(
                "it has: {}; choose with [source.openwrt] image",
                profile.kinds().join(", ")
            ))
        })?;
        let place = self.folder.join(&found.name);
        let sha256 = self.sums.get(&found.name).map(Sha256::from);
        let sha256 = sha256.ok_or_else(|| {
            let error = anyhow!(
                "profiles.json of {} names {}, and sha256sums does not",
                self.folder,
                found.name
            );
            Failure::new(Class::Source, error)
        })?;
        if found
            .sha256
            .as_ref()
            .is_some_and(|said| *said != sha256.to_string())
        {
            let error = anyhow!(
                "profiles.json and sha256sums of {} give {} different hashes",
                self.folder,
                found.name
            );
            return Err(Failure::new(Class::Source, error).help(
                "the server is being updated, or broken: try again later or another mirror",
            ));
        }
        let what = format!("OpenWrt {release} for {device}");
        let bytes = obtain.one(Listed {
            what,
            place: place.clone(),
            sha256: Some(sha256),
            size: found.size,
            at_most: found.size.unwrap_or(MAX_IMAGE),
        })?;
        Ok(lock::Donor {
            place,
            release: release.to_string(),
            device: device.to_owned(),
            image: image.to_owned(),
            sha256,
            size: bytes.len() as u64,
            size_limit: profile.size_limit(),
            signed_by: self.signed_by.clone(),
        })
    }
}
