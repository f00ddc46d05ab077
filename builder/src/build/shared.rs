//! What the images of one run share: the source, the agents, the block cache. Each is obtained once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::rc::Rc;

use anyhow::Context;

use super::Request;
use super::supply::{Choice, Supply};
use crate::crossbuild::{self, Cpu, Tier};
use crate::failure::{Class, Failure, OrFail};
use crate::profile::diagnostics::Diagnostics;
use crate::profile::resolve::{AgentTier, CpuKind, Profile};
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

/// What the images of one run share.
#[derive(Debug)]
pub(super) struct Shared {
    supplies: Vec<(Choice, Rc<Supply>)>,
    agents: BTreeMap<(Cpu, Tier), Agent>,
    /// The cache of compressed blocks.
    pub(super) blocks: DiskBlocks,
    warned: BTreeSet<String>,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            supplies: Vec::new(),
            agents: BTreeMap::new(),
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
        let supply = Rc::new(Supply::obtain(&choice, profile, ui)?);
        self.supplies.push((choice, Rc::clone(&supply)));
        Ok(supply)
    }

    /// The agent for this profile's device; `None` when the image gets none.
    pub(super) fn agent(&mut self, profile: &Profile, ui: &Ui) -> Result<Option<Agent>, Failure> {
        if !profile.agent.enabled {
            return Ok(None);
        }
        let cpu = cpu(profile.device.cpu);
        let tier = match profile.agent.tier {
            AgentTier::Lite => Tier::Lite,
            AgentTier::Full => Tier::Full,
        };
        if let Some(agent) = self.agents.get(&(cpu, tier)) {
            return Ok(Some(agent.clone()));
        }
        let binary = crossbuild::build(cpu, tier, ui)?;
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

fn cpu(kind: CpuKind) -> Cpu {
    match kind {
        CpuKind::Mips => Cpu::Mips,
        CpuKind::Mipsel => Cpu::Mipsel,
        CpuKind::Armv7Hf => Cpu::Armv7Hf,
        CpuKind::Armv7Sf => Cpu::Armv7Sf,
        CpuKind::Aarch64 => Cpu::Aarch64,
    }
}
