//! `.targetinfo`: targets and the profiles of their devices.
//!
//! ```text
//! Target: ramips/mt7621
//! Target-Arch-Packages: mipsel_24kc
//! Default-Packages: base-files ca-bundle ...
//!
//! Target-Profile: DEVICE_acme_r1
//! Target-Profile-Name: Acme R1
//! Target-Profile-Packages: kmod-usb3 -ppp
//! Target-Profile-Description:
//! any text
//! @@
//! ```

/// A target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetInfo {
    /// The CPU family: `mipsel`.
    pub arch: String,
    /// The architecture of packages: `mipsel_24kc`.
    pub arch_packages: String,
    /// `squashfs`, `usb`, `small_flash`, ...
    pub features: Vec<String>,
    /// Linux' version: `6.6.73`.
    pub linux_version: String,
    /// The packages of every image.
    pub default_packages: Vec<String>,
    /// Its devices. One of several titles is there once.
    pub profiles: Vec<Profile>,
}

/// A device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Its id: `acme_r1`.
    pub id: String,
    /// Its titles.
    pub names: Vec<String>,
    /// Packages of its images besides the target's, `-ppp` for one that goes.
    pub packages: Vec<String>,
    /// The names that images of it take: `acme,r1`.
    pub supported_devices: Vec<String>,
    /// Whether OpenWrt says that it does not work.
    pub broken: bool,
    /// Whether OpenWrt publishes images for it.
    pub published: bool,
}

impl TargetInfo {
    /// Reads what is said of one target; `None` when it is not named.
    pub fn read(text: &str, target: &str) -> Option<Self> {
        let mut found: Option<Self> = None;
        let (mut here, mut in_text) = (false, false);
        for line in text.lines() {
            if in_text {
                in_text = line != "@@";
                continue;
            }
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            if key == "Target" {
                here = value == target;
                if here {
                    found.get_or_insert_default();
                }
                continue;
            }
            in_text = key.ends_with("-Description");
            if let (true, Some(info)) = (here, found.as_mut()) {
                info.set(key, value);
            }
        }
        found
    }

    fn set(&mut self, key: &str, value: &str) {
        let words = || value.split_whitespace().map(str::to_owned).collect();
        match key {
            "Target-Arch" => self.arch = value.to_owned(),
            "Target-Arch-Packages" => self.arch_packages = value.to_owned(),
            "Target-Features" => self.features = words(),
            "Linux-Version" => self.linux_version = value.to_owned(),
            "Default-Packages" => self.default_packages = words(),
            "Target-Profile" => {
                let id = value.strip_prefix("DEVICE_").unwrap_or(value);
                // A device of several titles has a record for each; the last is the one that is filled.
                let old = self.profiles.iter().position(|profile| profile.id == id);
                let profile = match old {
                    Some(at) => self.profiles.remove(at),
                    None => Profile {
                        id: id.to_owned(),
                        published: true,
                        ..Profile::default()
                    },
                };
                self.profiles.push(profile);
            }
            _ => {
                let Some(profile) = self.profiles.last_mut() else {
                    return;
                };
                match key {
                    "Target-Profile-Name" => profile.names.push(value.to_owned()),
                    "Target-Profile-Packages" => profile.packages = words(),
                    "Target-Profile-SupportedDevices" => profile.supported_devices = words(),
                    "Target-Profile-Broken" => profile.broken = value != "n",
                    "Target-Profile-Default" => profile.published = value != "n",
                    _ => {}
                }
            }
        }
    }

    /// A device.
    pub fn profile(&self, id: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.id == id)
    }
}
