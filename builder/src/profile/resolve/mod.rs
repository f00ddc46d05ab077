//! From what a profile says to what it means: checked values instead of text.
//!
//! [`resolve`] turns a merged [`RawProfile`] into a [`Profile`] or into every problem it has, each with the key it is
//! about. Nothing later asks again whether a value is good.

mod agent;
mod channel;
mod device;
mod dns;
mod fault;
mod feed;
mod firewall;
mod hostname;
mod identity;
mod loaded;
mod mesh;
mod network;
mod packages;
mod pool;
mod source;
mod system;
#[cfg(test)]
mod tests;
mod timezone;
mod tree;
mod uci;
mod wifi;
mod words;

use std::path::PathBuf;

pub use agent::{Agent, AgentTier};
pub use channel::{Channel, HtMode};
pub use device::{Band, CpuKind, Device, NetworkStyle, RadioFact, Standard, Switch};
pub use dns::{Dns, Host};
pub use fault::{Fault, Problem};
pub use feed::{Feed, Key};
pub use firewall::{Firewall, Redirect, Rule, Verdict, Zone};
pub use hostname::{Hostname, Piece};
pub use identity::Identity;
pub use loaded::check;
pub use mesh::{Babel, Batman, Bmx7, Mesh, MeshLink, Olsr, Protocol};
pub use network::{Dhcp, Network, Proto, Ra};
pub use packages::{Package, PackageOrigin, Packages, Services};
pub use pool::Pool;
pub use source::{Compression, Effort, Image, LabMachine, OpenWrt, PartsLayout, Source};
pub use system::{Log, Ntp, RootPassword, Ssh, System};
pub use timezone::Timezone;
pub use tree::{FileContent, FileOver, FirstBoot, Overlay};
pub use uci::{UciEdit, UciEdits, merge_raw};
pub use wifi::{AccessPoint, BandPlan, Encryption, MeshMode, MeshPoint, Radio, Wifi};
pub use words::{DomainName, HostName, Mac, Owner, Ports};

pub(crate) use mesh::{radio_device, radio_interface};

use fault::Problems;

use super::path::KeyPath;
use super::raw::RawProfile;
use super::secrets::SecretRef;

/// Ids of the profiles a build is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// The community.
    pub community: Option<String>,
    /// The site.
    pub site: Option<String>,
    /// The device.
    pub device: Option<String>,
    /// The node, without its site.
    pub node: Option<String>,
}

/// Where paths in profiles start from.
pub trait Folders {
    /// The folder of the file that set the value at `key`; `None` when it was set in no file.
    fn folder_of(&self, key: &KeyPath) -> Option<PathBuf>;

    /// The library's folders of overlays, in the order they are searched.
    fn overlays(&self) -> Vec<PathBuf>;
}

/// A checked profile: everything that decides the content of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Ids of the profiles it was made of.
    pub names: Names,
    /// Names: of the node, the community, the site.
    pub identity: Identity,
    /// Facts of the device.
    pub device: Device,
    /// Time, log, root password, SSH.
    pub system: System,
    /// Networks, by name.
    pub networks: Vec<Network>,
    /// Radios.
    pub wifi: Wifi,
    /// The mesh, if there is one.
    pub mesh: Option<Mesh>,
    /// The firewall, if the profile has one.
    pub firewall: Option<Firewall>,
    /// DNS and static leases, if the profile has them.
    pub dns: Option<Dns>,
    /// The agent.
    pub agent: Agent,
    /// Packages the image gains or loses.
    pub packages: Packages,
    /// Feeds besides those of the source's system, in the order of their names.
    pub feeds: Vec<Feed>,
    /// Keys besides those that are shipped.
    pub keys: Vec<Key>,
    /// Services started at boot, or not.
    pub services: Services,
    /// Single files, by path.
    pub files: Vec<FileOver>,
    /// Folders laid over the root file system, in order.
    pub overlays: Vec<Overlay>,
    /// Scripts of the first boot, in order.
    pub first_boot: Vec<FirstBoot>,
    /// UCI beyond the typed sections.
    pub uci: UciEdits,
    /// Where kernel and root file system come from, if the profile says.
    pub source: Option<Source>,
    /// How the image is made.
    pub image: Image,
}

impl Profile {
    /// The network of this name.
    pub fn network(&self, name: &str) -> Option<&Network> {
        self.networks.iter().find(|network| network.name == name)
    }

    /// Every secret that the image needs.
    pub fn secrets(&self) -> Vec<&SecretRef> {
        let plans = self
            .wifi
            .radios
            .iter()
            .filter_map(|radio| radio.plan.as_ref());
        let air = plans.flat_map(|plan| {
            let mesh = plan.mesh.iter().filter_map(|mesh| mesh.encryption.key());
            mesh.chain(
                plan.access_points
                    .iter()
                    .filter_map(|ap| ap.encryption.key()),
            )
        });
        let root = match &self.system.root_password {
            RootPassword::Hash(hash) => Some(hash),
            _ => None,
        };
        air.chain(root).collect()
    }
}

/// Checks a profile.
///
/// # Errors
/// Every problem it has.
pub fn resolve(
    raw: &RawProfile,
    names: &Names,
    folders: &dyn Folders,
) -> Result<Profile, Vec<Problem>> {
    let problems = &mut Problems::default();
    let device = device::resolve(&raw.device, names.device.as_deref(), problems);
    let facts = identity::facts(names, &raw.node, problems);
    let identity = identity::resolve(&raw.identity, &facts, problems);
    let system = system::resolve(&raw.system, problems);
    let networks = network::resolve(&raw.networks, &device, facts.number, problems);
    if let Some(network) = &system.ssh.network {
        networks.find(network, KeyPath::from("system.ssh.network"), problems);
    }
    let wifi = wifi::resolve(&raw.wifi, &device, &networks, &facts, problems);
    let mesh = mesh::resolve(&raw.mesh, names, &networks, &wifi, problems);
    let firewall = firewall::resolve(&raw.firewall, &networks, problems);
    let dns = dns::resolve(&raw.dns, &identity.domain, &networks.on, problems);
    let agent = agent::resolve(&raw.agent, &device, problems);
    let packages = packages::resolve(
        &raw.packages,
        mesh.as_ref(),
        &wifi,
        device.network_style,
        folders,
        problems,
    );
    let keys = feed::keys(&raw.keys, folders, problems);
    let feeds = feed::feeds(&raw.feeds, &keys, folders, problems);
    let services = packages::services(&raw.services, problems);
    let files = tree::files(&raw.files, folders, problems);
    let overlays = tree::overlays(&raw.overlays, folders, problems);
    let first_boot = tree::first_boot(&raw.first_boot, folders, problems);
    let uci = uci::resolve(&raw.uci, problems);
    let source = source::resolve(&raw.source, folders, problems);
    let image = source::image(&raw.image, &device, problems);
    let found = std::mem::take(problems).into_vec();
    if !found.is_empty() {
        return Err(found);
    }
    Ok(Profile {
        names: names.clone(),
        identity,
        device,
        system,
        networks: networks.on,
        wifi,
        mesh,
        firewall,
        dns,
        agent,
        packages,
        feeds,
        keys,
        services,
        files,
        overlays,
        first_boot,
        uci,
        source,
        image,
    })
}
