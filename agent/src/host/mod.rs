//! The edge to the machine: what this node is and how it is doing.
//!
//! What cannot be read is `None` or left out: the agent must run on kernels built without this or that.

mod interfaces;
mod parse;
mod process;
mod release;
mod storage;

use serde::Serialize;

pub use interfaces::Interface;
pub use process::Process;
pub use release::Release;
pub use storage::Storage;

use crate::root::Root;

/// The machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Host {
    /// The host name.
    pub hostname: String,
    /// The kernel's name and release, as `uname -sr` prints it.
    pub kernel: String,
    /// The CPU, as `uname -m` prints it.
    pub machine: String,
    /// The device's name, as OpenWrt found it.
    pub model: Option<String>,
    /// The OpenWrt release.
    pub release: Option<Release>,
    /// Seconds since the kernel started.
    pub uptime_s: Option<f64>,
    /// Load averages over 1, 5 and 15 minutes.
    pub load: Option<[f64; 3]>,
    /// Main memory.
    pub memory: Option<Memory>,
    /// Where the node keeps what it writes.
    pub storage: Option<Storage>,
    /// The network interfaces, as the kernel orders them.
    pub interfaces: Vec<Interface>,
}

/// Main memory, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// All that the kernel manages.
    pub total_bytes: u64,
    /// What programs could still get without swapping.
    pub available_bytes: u64,
}

/// Reads everything about the machine.
pub fn read(root: &Root) -> Host {
    let (hostname, kernel, machine) = uname();
    Host {
        hostname,
        kernel,
        machine,
        model: text(&root.at("/tmp/sysinfo/model"))
            .map(|text| text.trim().to_owned())
            .filter(|model| !model.is_empty()),
        release: text(&root.at("/etc/openwrt_release")).and_then(|text| Release::parse(&text)),
        uptime_s: text("/proc/uptime".as_ref()).and_then(|text| parse::uptime(&text)),
        load: text("/proc/loadavg".as_ref()).and_then(|text| parse::load(&text)),
        memory: text("/proc/meminfo".as_ref()).and_then(|text| parse::memory(&text)),
        storage: storage::read(root),
        interfaces: interfaces::read(),
    }
}

/// Reads what the agent itself uses.
pub fn process() -> Process {
    process::read()
}

fn uname() -> (String, String, String) {
    match nix::sys::utsname::uname() {
        Ok(name) => (
            name.nodename().to_string_lossy().into_owned(),
            format!(
                "{} {}",
                name.sysname().to_string_lossy(),
                name.release().to_string_lossy()
            ),
            name.machine().to_string_lossy().into_owned(),
        ),
        Err(_) => Default::default(),
    }
}

/// A small file's text.
fn text(path: &std::path::Path) -> Option<String> {
    let bytes = crate::disk::bounded(path, 64 * 1024).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
