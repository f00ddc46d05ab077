//! Which packages an image gets.
//!
//! [`solve`] takes a [`Question`] (what feeds offer, what a donor has installed, what a profile wants and does not want) and
//! answers with a [`Solution`], or with [`Unsolvable`], which says why not in a few lines. It is a pure function: the same
//! question has the same answer. The search itself is that of the crate `resolvo`; what it searches, in what order it tries
//! candidates, and the words are here.
//!
//! # Rules of both managers
//! - A package goes by its own name and by those it provides. At most one version of a name is installed.
//! - What is installed stays, at its version, as long as something wants or needs it. It is upgraded when that is the only
//!   way; never downgraded. Of all ways one is taken that leaves no smaller set of changes.
//! - A dependency that what is installed did not meet before is not looked at: a donor may be incomplete.
//! - What was installed only as a dependency and is no longer needed is removed, and listed as such.
//! - An unwanted package is in no solution. (The ImageBuilder only takes `-name` from its list, and a dependency brings it back.)
//! - Of the same version in several feeds that of the first feed is taken.
//! - The kernel is the image's. Kernel modules are bound to theirs by a dependency on its exact version.
//!
//! # opkg
//! Source: opkg-lede's `libopkg/{pkg_hash,pkg_depends,opkg_install}.c`.
//! - Version conditions are about the package's own version, also where it is meant by a name it provides.
//! - For a dependency, alternatives `a | b` and all their providers: first what is installed, in order of alternatives; then the
//!   alternatives in order. For one name: the package of that very name, then the provider *last* in order of names; then
//!   the newest version.
//! - For a name given by a person that only others provide: the *first* in order of names, those made for the architecture
//!   before those for all.
//! - `Conflicts` is about packages' own names only. An installed package that somebody asked for gives way only to one that
//!   names it in `Replaces`.
//! - `Recommends` are installed where that is possible, and their absence is no error; no package of OpenWrt has any.
//!   The same holds for dependencies marked `*`, of which all providers are installed. `Suggests` does nothing.
//! - `Essential` packages, and those that were needed by nothing before, are kept.
//!
//! # apk
//! Source: apk-tools' `src/{solver,package,version}.c`.
//! - A name is provided with a version or without. With: nothing else of that name can be there. Without: it meets every
//!   condition, and others can provide the name besides, also without.
//! - Between several: what is installed; the newest version of the name asked for; the highest `provider_priority`; the newest
//!   version of the package; the first feed. Where some provide the name without version, the priority counts before the
//!   version. (apk lets a higher priority win over what is installed if both are without version; here it stays.)
//! - A package that has the name without version and without priority is not taken by itself when others have the name too:
//!   something must name it. That is an error which lists them.
//! - `!name` excludes all that go by the name but the package itself.
//! - A name in the world is met by any package that goes by it, so `dnsmasq-full` can take the place of `dnsmasq`.
//! - `install_if` brings a package in when all its conditions hold, if it can be installed. `recommends` does nothing.

mod change;
mod error;
mod explain;
mod extra;
mod finish;
mod index;
mod order;
mod prefer;
mod provider;
mod search;
mod similar;
mod solution;
mod term;

#[cfg(test)]
pub(super) mod notation;
#[cfg(test)]
mod tests;

pub use error::{Cause, Unsolvable};
pub use solution::{Because, Origin, Package, Removed, Replaced, Solution, Why};

use super::universe::{Description, Manager, PackageId, Universe};

/// A package that is in the image already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// What its database says of it.
    pub description: Description,
    /// Asked for by name (apk's world, opkg's flag `user`), and not only as a dependency.
    pub wanted: bool,
}

/// A package that is to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// Its name, that of something it provides, or its name without the ABI version.
    pub name: String,
    /// Operator and version, in the manager's own notation: `>=` and `1.2-r3`.
    pub constraint: Option<(String, String)>,
    /// Who wants it, as the subject of a sentence: `site lone-village (profiles/sites/lone-village.toml:14)`.
    pub why: String,
    /// From a list of defaults, of the release or the device: an [`Unwanted`] of the same name takes it away.
    pub default: bool,
}

/// A package that is not to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwanted {
    /// Its name, with or without ABI version.
    pub name: String,
    /// Who does not want it, as in [`Want::why`].
    pub why: String,
}

/// What is asked of [`solve`].
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What feeds offer.
    pub universe: &'a Universe,
    /// The architectures that the image takes: `mipsel_24kc` and `all` (opkg) or `noarch` (apk).
    pub architectures: &'a [String],
    /// What is in the image already; nothing when it is made from packages alone.
    pub installed: &'a [Installed],
    /// What is to be there, in order.
    pub want: &'a [Want],
    /// What is not to be there.
    pub unwanted: &'a [Unwanted],
    /// The version of the image's kernel package, with the hash of its configuration. With it the package `kernel` counts as
    /// there even if nothing describes it, as in opkg's feeds, which do not list it.
    pub kernel: Option<&'a str>,
}

/// Finds the packages. The answer is the same every time.
///
/// # Errors
/// [`Unsolvable`] when it cannot be done; it says why.
pub fn solve(question: &Question<'_>) -> Result<Solution, Unsolvable> {
    let version = question.kernel;
    let kernel = version.and_then(|version| index::kernel(question.universe.manager, version));
    let asked = search::asked(question)?;
    let index = index::Index::new(
        question.universe,
        question.architectures,
        question.installed,
        kernel.as_ref(),
    );
    search::Search::new(question, &index, &asked)?.solve()
}
