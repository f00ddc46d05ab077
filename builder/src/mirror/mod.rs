//! `clom mirror`: everything that builds fetch, in one folder, for places without a network.
//!
//! ```text
//! DIR/releases/...            OpenWrt's files, as on its own server: images, feeds' indexes with their signatures, packages
//! DIR/elsewhere/HOST/...      files of other feeds
//! DIR/agents/clomd-CPU-TIER   the cloud agent, compiled for the devices
//! ```
//!
//! `clom build --mirror DIR` takes all from there; `clom serve DIR` serves it to routers as feeds.

mod copy;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::anyhow;

use crate::crossbuild::{self, Program, Tier};
use crate::failure::{Class, Failure, OrFail};
use crate::lock::{Build, Lock};
use crate::obtain::{Net, Origins, Pinned, path_in_mirror};
use crate::openwrt::place;
use crate::profile::load::free_number;
use crate::profile::resolve::{self, AgentTier, Source};
use crate::profile::{Library, load};
use crate::ui::Ui;

/// The folder of agents in a mirror.
pub const AGENTS: &str = "agents";
/// How many files are held in memory at a time.
const AT_ONCE: usize = 32;

/// What is to be mirrored.
#[derive(Debug)]
pub struct Request {
    /// Where the profiles are.
    pub library: Library,
    /// The lock, all of whose files are mirrored.
    pub lock: PathBuf,
    /// The mirror's folder.
    pub to: PathBuf,
    /// Another offline mirror to copy from.
    pub from: Option<String>,
    /// Use no network.
    pub offline: bool,
    /// Leave the agents out.
    pub no_agents: bool,
}

/// What was mirrored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mirrored {
    /// Files that the mirror has.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were not there before, or were others.
    pub new: usize,
    /// Agents.
    pub agents: Vec<String>,
}

/// Makes the mirror, or brings it up to date.
///
/// # Errors
/// When there is no lock, something pinned cannot be had any more, or the folder cannot be written.
pub fn mirror(request: &Request, ui: &Ui) -> Result<Mirrored, Failure> {
    let lock = Lock::read(&request.lock).or_fail(Class::Source)?.ok_or_else(|| {
        let error = anyhow!("there is no lock {}", request.lock.display());
        Failure::new(Class::Source, error).help("`clom update SITE -d DEVICE` makes it, for each build that is to be made without a network")
    })?;
    let Needs { servers, agents } = Needs::of(request, &lock)?;
    let net = Net::open(request.offline, ui);
    let obtain = net.obtain(match &request.from {
        Some(mirror) => Origins::Mirror(mirror.clone()),
        None => Origins::Servers(servers),
    });
    let files = pinned(&lock);
    let step = ui.step(
        "mirror",
        &format!("{} files into {}", files.len(), request.to.display()),
    );
    step.total(files.len() as u64);
    let mut mirrored = Mirrored::default();
    for some in files.chunks(AT_ONCE) {
        for (file, bytes) in some.iter().zip(obtain.pinned(some)?) {
            let path = request.to.join(path_in_mirror(&file.place));
            if copy::put(&path, &bytes, file.sha256).or_fail(Class::Output)? {
                mirrored.new += 1;
            }
            mirrored.files += 1;
            mirrored.bytes += file.size;
            step.at(mirrored.files as u64);
        }
    }
    step.done(&format!("{} new", mirrored.new));
    if !request.no_agents {
        for (cpu, tier) in agents {
            let binary = crossbuild::build(cpu, tier, ui)?;
            let name = crossbuild::prebuilt_name(Program::Agent(tier), cpu);
            let bytes = std::fs::read(&binary.path).or_fail(Class::Host)?;
            let path = request.to.join(AGENTS).join(&name);
            copy::put(&path, &bytes, crate::store::Sha256::of(&bytes)).or_fail(Class::Output)?;
            mirrored.agents.push(name);
        }
    }
    Ok(mirrored)
}

/// What the builds of a lock need besides its files.
struct Needs {
    /// The servers that they take OpenWrt's files from.
    servers: Vec<String>,
    /// The agents that they put into images.
    agents: BTreeSet<(crossbuild::Cpu, Tier)>,
}

impl Needs {
    fn of(request: &Request, lock: &Lock) -> Result<Self, Failure> {
        let library = &request.library;
        let mut servers: Vec<String> = Vec::new();
        let mut agents = BTreeSet::new();
        for Build { site, device } in &lock.builds {
            let number = free_number(library, site)
                .ok()
                .map(|number| number.to_string());
            let loaded = load(library, site, device, number.as_deref())?;
            let profile = resolve::check(&loaded, library)?;
            if let Some(Source::OpenWrt(openwrt)) = &profile.source {
                let new = openwrt
                    .mirrors
                    .iter()
                    .filter(|mirror| !servers.contains(mirror));
                let new: Vec<String> = new.cloned().collect();
                servers.extend(new);
            }
            if profile.agent.enabled {
                let tier = match profile.agent.tier {
                    AgentTier::Lite => Tier::Lite,
                    AgentTier::Full => Tier::Full,
                };
                agents.insert((crossbuild::Cpu::from(profile.device.cpu), tier));
            }
        }
        if servers.is_empty() {
            servers.push(place::DOWNLOADS.to_owned());
        }
        Ok(Self { servers, agents })
    }
}

/// All files of a lock.
fn pinned(lock: &Lock) -> Vec<Pinned> {
    let donors = lock.donors.iter().map(|donor| Pinned {
        what: format!("OpenWrt {} for {}", donor.release, donor.device),
        place: donor.place.clone(),
        sha256: donor.sha256,
        size: donor.size,
    });
    let feeds = lock.feeds.iter().flat_map(|feed| {
        let what = format!("feed {}", feed.place.parent());
        let index = Pinned {
            what: what.clone(),
            place: feed.place.clone(),
            sha256: feed.sha256,
            size: feed.size,
        };
        let signature = feed.signature.as_ref().map(|signature| Pinned {
            what: format!("{what}: signature"),
            place: feed.place.parent().join(crate::obtain::SIGNATURE),
            sha256: signature.sha256,
            size: signature.size,
        });
        std::iter::once(index).chain(signature)
    });
    let packages = lock.packages.iter().map(|package| Pinned {
        what: format!("package {} {}", package.name, package.version),
        place: package.place.clone(),
        sha256: package.sha256,
        size: package.size,
    });
    donors.chain(feeds).chain(packages).collect()
}

/// The agent of this kind in a mirror that is a folder.
///
/// # Errors
/// When it is there and is no binary for this CPU.
pub fn agent(
    mirror: &Path,
    cpu: crossbuild::Cpu,
    tier: Tier,
) -> Result<Option<crossbuild::AgentBinary>, Failure> {
    let folder = mirror.join(AGENTS);
    match folder.is_dir() {
        true => crossbuild::prebuilt(&folder, Program::Agent(tier), cpu),
        false => Ok(None),
    }
}
