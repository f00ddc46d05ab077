//! The network interfaces.

use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags;
use nix::sys::socket::SockaddrStorage;
use serde::Serialize;

use super::{parse, text};

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Whether it is up and has a carrier.
    pub up: bool,
    /// Its addresses with their prefix lengths, such as `10.7.4.1/24`.
    pub addresses: Vec<String>,
    /// Bytes received since it was made.
    pub rx_bytes: u64,
    /// Bytes sent since it was made.
    pub tx_bytes: u64,
}

pub(super) fn read() -> Vec<Interface> {
    let traffic = text("/proc/net/dev".as_ref()).unwrap_or_default();
    let addresses: Vec<InterfaceAddress> = getifaddrs().into_iter().flatten().collect();
    parse::traffic(&traffic)
        .into_iter()
        .map(|traffic| {
            let mine = || {
                addresses
                    .iter()
                    .filter(|address| address.interface_name == traffic.name)
            };
            let running = InterfaceFlags::IFF_UP | InterfaceFlags::IFF_RUNNING;
            Interface {
                up: mine().any(|address| address.flags.contains(running)),
                addresses: mine().filter_map(address).collect(),
                name: traffic.name,
                rx_bytes: traffic.rx_bytes,
                tx_bytes: traffic.tx_bytes,
            }
        })
        .collect()
}

fn address(interface: &InterfaceAddress) -> Option<String> {
    let address = interface.address.as_ref()?;
    let mask = interface.netmask.as_ref();
    if let Some(address) = address.as_sockaddr_in() {
        let mask = mask.and_then(SockaddrStorage::as_sockaddr_in);
        let prefix = mask.map(|mask| u32::from(mask.ip()).count_ones());
        return Some(with_prefix(&address.ip(), prefix));
    }
    let address = address.as_sockaddr_in6()?;
    let mask = mask.and_then(SockaddrStorage::as_sockaddr_in6);
    let prefix = mask.map(|mask| u128::from(mask.ip()).count_ones());
    Some(with_prefix(&address.ip(), prefix))
}

fn with_prefix(address: &dyn std::fmt::Display, prefix: Option<u32>) -> String {
    match prefix {
        Some(prefix) => format!("{address}/{prefix}"),
        None => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_there() {
        let found = read();
        let lo = found
            .iter()
            .find(|interface| interface.name == "lo")
            .unwrap();
        assert!(lo.up);
        assert!(
            lo.addresses.contains(&"127.0.0.1/8".to_owned()),
            "{:?}",
            lo.addresses
        );
    }
}
