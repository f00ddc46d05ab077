//! What the images of one run share: the source, the agents, the block cache. Each is obtained once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context, anyhow};

use super::plan::PackagesPlan;
use super::software::{self, Changed};
use super::supply::{Choice, Supply};
use super::{Inquiry, Request};
use crate::crossbuild::{self, Cpu, Tier};
use crate::failure::{Class, Failure, OrFail};
use crate::lock::Lock;
use crate::mirror;
use crate::obtain::Net;
use crate::profile::diagnostics::Diagnostics;
use crate::profile::merged::Merged;
use crate::profile::resolve::{AgentTier, Feed, Packages, Profile};
use crate::store::blocks::DiskBlocks;
use crate::ui::Ui;

/// What compressed blocks may take on the disk, bytes: those of some hundred images.
const MAX_BLOCKS: u64 = 2 << 30;

/// The agent for one kind of CPU.
#[derive(Debug, Clone)]
pub(super) struct Agent {
    pub(super) cpu: Cpu,
    pub(super) tier: Tier,
    pub(super) sha256: String,
    pub(super) bytes: Vec<u8>,
}

/// What decides the packages of a root tree.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    choice: Choice,
    epoch: u32,
    packages: Packages,
    feeds: Vec<Feed>,
}

/// What the images of one run share.
#[derive(Debug)]
pub(super) struct Shared {
    supplies: Vec<(Choice, Rc<Supply>)>,
    agents: BTreeMap<(Cpu, Tier), Agent>,
    lock: Option<Rc<Lock>>,
    /// Root trees by what was asked of their packages; `None`: nothing had to be done.
    changed: Vec<(Asked, Option<Rc<Changed>>)>,
    /// The cache of compressed blocks.
    pub(super) blocks: DiskBlocks,
    warned: BTreeSet<String>,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            supplies: Vec::new(),
            agents: BTreeMap::new(),
            lock: None,
            changed: Vec::new(),
            blocks: DiskBlocks::open(&crate::dirs::cache()),
            warned: BTreeSet::new(),
        }
    }

    /// The source of this profile, or the one the request names instead.
    pub(super) fn supply(
        &mut self,
        profile: &Profile,
        request: &Request,
        ui: &Ui,
    ) -> Result<Rc<Supply>, Failure> {
        let choice = Choice::of(profile, request)?;
        if let Some((_, supply)) = self.supplies.iter().find(|(known, _)| *known == choice) {
            return Ok(Rc::clone(supply));
        }
        let supply = match &choice {
            Choice::OpenWrt { openwrt, .. } => {
                let net = Net::open(request.offline, ui);
                let obtain = net.obtain(request.origins(Some(openwrt)));
                let lock = self.lock(request)?;
                Supply::of_release(openwrt, profile, &lock, &obtain, &request.update_hint())?
            }
            _ => Supply::obtain(&choice, profile, ui)?,
        };
        let supply = Rc::new(supply);
        self.supplies.push((choice, Rc::clone(&supply)));
        Ok(supply)
    }

    /// The lock; an empty one where there is none.
    fn lock(&mut self, request: &Request) -> Result<Rc<Lock>, Failure> {
        if let Some(lock) = &self.lock {
            return Ok(Rc::clone(lock));
        }
        let lock = Rc::new(
            Lock::read(&request.lock)
                .or_fail(Class::Source)?
                .unwrap_or_default(),
        );
        self.lock = Some(Rc::clone(&lock));
        Ok(lock)
    }

    /// The source's root tree with its packages as the profile wants them; `None` when they are so already, or the source has none.
    pub(super) fn changed(
        &mut self,
        supply: &Supply,
        profile: &Profile,
        merged: &Merged,
        epoch: u32,
        request: &Request,
        ui: &Ui,
    ) -> Result<Option<Rc<Changed>>, Failure> {
        let asks = profile.packages != Packages::default() || supply.scratch().is_some();
        // A build of which nothing is asked must not unpack its source only to see that.
        if !supply.has_packages() || !asks {
            return Ok(None);
        }
        let asked = Asked {
            choice: Choice::of(profile, request)?,
            epoch,
            packages: profile.packages.clone(),
            feeds: profile.feeds.clone(),
        };
        if let Some((_, changed)) = self.changed.iter().find(|(known, _)| *known == asked) {
            return Ok(changed.clone());
        }
        let changed = self.change(supply, profile, merged, &asked, request, ui)?;
        let changed = changed.map(Rc::new);
        self.changed.push((asked, changed.clone()));
        Ok(changed)
    }

    fn change(
        &mut self,
        supply: &Supply,
        profile: &Profile,
        merged: &Merged,
        asked: &Asked,
        request: &Request,
        ui: &Ui,
    ) -> Result<Option<Changed>, Failure> {
        let tree = supply.tree()?;
        let Some(selection) = software::select(supply, &tree, profile, merged)? else {
            return self.no_list(profile, request, ui);
        };
        let unmet = selection.unmet();
        if unmet.is_empty() {
            return Ok(None);
        }
        if request.allow_package_mismatch && selection.alone {
            let error = anyhow!("an ImageBuilder has no root file system to be left as it is");
            return Err(Failure::new(Class::Other, error)
                .help("leave --allow-package-mismatch away, or build from a donor image"));
        }
        if request.allow_package_mismatch {
            unmet.iter().for_each(|line| self.warn_once(line, ui));
            return Ok(None);
        }
        let openwrt = asked.choice.openwrt();
        let step = ui.step("packages", &format!("Packages for {}", profile.device.id));
        let hint = request.update_hint();
        let net = Net::open(request.offline, ui);
        let obtain = net.obtain(request.origins(openwrt));
        let lock = self.lock(request)?;
        let (catalogue, solution) = software::choose(&selection, &hint, || {
            let release = openwrt.map(|openwrt| &openwrt.release);
            let lines = software::feeds(supply, &tree, &selection, profile, release)?;
            software::pinned_feeds(&selection, &lines, &lock, &obtain)
        })?;
        let files = software::pinned_packages(&selection, &solution, &catalogue, &lock, &hint)?;
        let pinned: Vec<_> = files.iter().map(|(_, file)| file.clone()).collect();
        let bytes = obtain.pinned(&pinned)?;
        let changed = software::apply(
            &tree,
            &selection,
            &solution,
            &catalogue,
            &files,
            &bytes,
            asked.epoch,
        )?;
        changed
            .notes
            .iter()
            .for_each(|note| self.warn_once(note, ui));
        let PackagesPlan { installed, removed } = &changed.plan;
        step.done(&format!(
            "{} installed, {} removed",
            installed.len(),
            removed.len()
        ));
        Ok(Some(changed))
    }

    /// The packages of a source with all pinned feeds of the build.
    pub(super) fn inquire(
        &mut self,
        supply: &Supply,
        profile: &Profile,
        merged: &Merged,
        request: &Request,
        ui: &Ui,
    ) -> Result<Inquiry, Failure> {
        let tree = supply.tree()?;
        let selection = software::select(supply, &tree, profile, merged)?.ok_or_else(|| {
            let error = anyhow!(
                "the root file system of {} has no list of packages",
                profile.device.id
            );
            Failure::new(Class::Source, error)
                .help("take an image of OpenWrt as source; the QEMU machines have none")
        })?;
        let choice = Choice::of(profile, request)?;
        let openwrt = choice.openwrt();
        let net = Net::open(request.offline, ui);
        let obtain = net.obtain(request.origins(openwrt));
        let lock = self.lock(request)?;
        let release = openwrt.map(|openwrt| &openwrt.release);
        let lines = software::feeds(supply, &tree, &selection, profile, release)?;
        let (catalogue, feeds) = software::pinned_feeds(&selection, &lines, &lock, &obtain)?;
        Ok(Inquiry {
            selection,
            catalogue,
            feeds,
        })
    }

    /// For a source whose root tree has no list of packages: nothing can be installed, and only what is wanted can be missed.
    fn no_list(
        &mut self,
        profile: &Profile,
        request: &Request,
        ui: &Ui,
    ) -> Result<Option<Changed>, Failure> {
        let packages = &profile.packages;
        let wanted: Vec<&str> = packages
            .install
            .iter()
            .map(|package| package.name.as_str())
            .collect();
        if wanted.is_empty() && packages.files.is_empty() {
            return Ok(None);
        }
        let text = format!(
            "the source's root file system has no list of packages, so none can be installed: {}",
            wanted.join(", ")
        );
        if request.allow_package_mismatch {
            self.warn_once(&text, ui);
            return Ok(None);
        }
        Err(Failure::new(Class::Source, anyhow!(text)).help(
            "take an image of OpenWrt as source, or pass --allow-package-mismatch to build without",
        ))
    }

    fn warn_once(&mut self, text: &str, ui: &Ui) {
        if self.warned.insert(text.to_owned()) {
            ui.warn(text);
        }
    }

    /// The agent for this profile's device; `None` when the image gets none.
    pub(super) fn agent(
        &mut self,
        profile: &Profile,
        request: &Request,
        ui: &Ui,
    ) -> Result<Option<Agent>, Failure> {
        if !profile.agent.enabled {
            return Ok(None);
        }
        let cpu = Cpu::from(profile.device.cpu);
        let tier = match profile.agent.tier {
            AgentTier::Lite => Tier::Lite,
            AgentTier::Full => Tier::Full,
        };
        if let Some(agent) = self.agents.get(&(cpu, tier)) {
            return Ok(Some(agent.clone()));
        }
        let mirrored = match &request.mirror {
            Some(mirror) => mirror::agent(Path::new(mirror), cpu, tier)?,
            None => None,
        };
        let binary = match mirrored {
            Some(binary) => binary,
            None => crossbuild::build(cpu, tier, ui)?,
        };
        let bytes = fs::read(&binary.path)
            .with_context(|| format!("cannot read the agent {}", binary.path.display()))
            .or_fail(Class::Host)?;
        let agent = Agent {
            cpu,
            tier,
            sha256: binary.sha256,
            bytes,
        };
        self.agents.insert((cpu, tier), agent.clone());
        Ok(Some(agent))
    }

    /// Warns when compressed blocks could not be kept, and keeps the cache of them from growing without end.
    pub(super) fn settle(&self, ui: &Ui) {
        if let Some(why) = self.blocks.failure() {
            ui.warn(&format!(
                "compressed blocks could not be kept, so the next build will be slower: {why}; \
                 make room there, or name another folder with CLOM_CACHE"
            ));
        } else if self.blocks.has_written()
            && let Err(error) = self.blocks.prune(MAX_BLOCKS)
        {
            ui.warn(&format!(
                "old compressed blocks could not be removed: {error}"
            ));
        }
    }

    /// Shows warnings, each once in a run.
    pub(super) fn warn(&mut self, warnings: &Diagnostics, ui: &Ui) {
        let text = warnings.render_for_stderr();
        if !warnings.is_empty() && self.warned.insert(text.clone()) {
            ui.warn(text.trim_start_matches("warning: "));
        }
    }
}
