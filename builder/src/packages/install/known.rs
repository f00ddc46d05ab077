//! What is known of an installed package, in one form for both managers.

use openwrt_formats::apk::{Dependency, Version};

/// An installed package.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) name: String,
    pub(super) version: String,
    /// Its files, from the root, without `/` in front, in the order of its list.
    pub(super) files: Vec<Vec<u8>>,
    /// Its folders, which only apk records.
    pub(super) folders: Vec<Vec<u8>>,
    /// What it provides, its own name too.
    pub(super) provides: Vec<String>,
    /// What it needs: how its manager says it, and the names of which one is enough.
    pub(super) needs: Vec<(String, Vec<String>)>,
    /// What it may overwrite.
    pub(super) claims: Claims,
    /// The links it gives targets: priority, path with `/`, target.
    pub(super) alternatives: Vec<(i32, String, String)>,
    /// Whether its list of files is not as it was read.
    pub(super) changed: bool,
}

/// Whose files a package may overwrite.
#[derive(Debug, Clone)]
pub(super) enum Claims {
    /// By name.
    Opkg(Vec<String>),
    /// By dependencies, the source package, and a priority.
    Apk {
        origin: String,
        replaces: Vec<Dependency>,
        priority: u64,
        version: Option<Version>,
    },
}

/// What happens to a file that two packages bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The later package gets it.
    Take,
    /// The earlier one keeps it.
    Leave,
    /// Nobody has the right.
    Clash,
}

impl Known {
    /// What happens when `self` brings a file that `owner` has.
    ///
    /// Source: opkg-lede's `check_data_file_clashes`, apk-tools' `apk_pkg_replaces_file`.
    pub(super) fn verdict(&self, owner: &Self) -> Verdict {
        match (&self.claims, &owner.claims) {
            (Claims::Opkg(replaces), _) => {
                if replaces.iter().any(|name| owner.provides.contains(name)) {
                    Verdict::Take
                } else {
                    Verdict::Clash
                }
            }
            (
                Claims::Apk {
                    origin,
                    replaces,
                    priority,
                    version,
                },
                Claims::Apk {
                    origin: other_origin,
                    replaces: other_replaces,
                    priority: other_priority,
                    version: other_version,
                },
            ) => {
                let means = |list: &[Dependency], package: &Self, version: &Option<Version>| {
                    list.iter().any(|dependency| {
                        dependency.name == package.name
                            && version
                                .as_ref()
                                .is_some_and(|version| dependency.means(version))
                    })
                };
                let mine = means(replaces, owner, other_version).then_some(*priority);
                let theirs = means(other_replaces, self, version).then_some(*other_priority);
                if theirs > mine {
                    Verdict::Leave
                } else if mine.is_some() || (!origin.is_empty() && origin == other_origin) {
                    Verdict::Take
                } else {
                    Verdict::Clash
                }
            }
            (Claims::Apk { .. }, Claims::Opkg(_)) => Verdict::Clash,
        }
    }

    /// Whether a folder that both bring gets the mode and owners of `self`.
    ///
    /// Source: apk-tools' `apk_pkg_replaces_dir`; opkg gives it those of the package that comes last.
    pub(super) fn shapes_folder_of(&self, owner: &Self) -> bool {
        let (
            Claims::Apk {
                origin, priority, ..
            },
            Claims::Apk {
                origin: other_origin,
                priority: other_priority,
                ..
            },
        ) = (&self.claims, &owner.claims)
        else {
            return true;
        };
        // The package of the same source that bears its name: `busybox` of the source `busybox`.
        let same = !origin.is_empty() && origin == other_origin;
        match priority.cmp(other_priority) {
            std::cmp::Ordering::Equal if same && *other_origin == owner.name => false,
            std::cmp::Ordering::Equal if same && *origin == self.name => true,
            std::cmp::Ordering::Equal => owner.name > self.name,
            order => order.is_gt(),
        }
    }
}
