//! What the agent itself uses.

use nix::unistd::{SysconfVar, sysconf};
use serde::Serialize;

use super::{parse, text};

/// The agent as a process.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Process {
    /// Its process id.
    pub pid: u32,
    /// Resident memory, in bytes.
    pub rss_bytes: Option<u64>,
    /// CPU time used since its start, in seconds.
    pub cpu_s: Option<f64>,
}

pub(super) fn read() -> Process {
    let stat = text("/proc/self/stat".as_ref());
    let statm = text("/proc/self/statm".as_ref());
    Process {
        pid: std::process::id(),
        rss_bytes: statm
            .and_then(|text| parse::resident_pages(&text))
            .zip(system(SysconfVar::PAGE_SIZE))
            .and_then(|(pages, size)| pages.checked_mul(size)),
        cpu_s: stat
            .and_then(|text| parse::cpu_ticks(&text))
            .zip(system(SysconfVar::CLK_TCK))
            .map(|(ticks, per_second)| ticks as f64 / per_second as f64),
    }
}

/// A number that is fixed for this system and above zero.
fn system(variable: SysconfVar) -> Option<u64> {
    let value = sysconf(variable).ok()??;
    u64::try_from(value).ok().filter(|value| *value > 0)
}
