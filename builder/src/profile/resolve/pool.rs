//! Addresses by node number.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::fault::Fault;

/// A range of addresses that nodes share out among themselves by their numbers.
///
/// With a prefix length each node gets the subnet at its number (number 0 stays free) and the first address in it. Without
/// one all nodes are in one subnet, the whole pool, and the number is added to its network address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    net: IpNet,
    prefix: Option<u8>,
}

impl Pool {
    /// Checks a pool.
    ///
    /// # Errors
    /// When the text is no subnet, has host bits set, or the prefix does not fit in.
    pub fn new(net: IpNet, prefix: Option<u8>) -> Result<Self, Fault> {
        if net.trunc() != net {
            return Err(
                Fault::new(format!("`{net}` is an address, and a pool is a subnet"))
                    .help(format!("write `{}`", net.trunc())),
            );
        }
        if let Some(prefix) = prefix
            && (prefix > net.max_prefix_len() || prefix <= net.prefix_len())
        {
            return Err(Fault::new(format!(
                "subnets of length {prefix} do not fit into the pool `{net}`"
            ))
            .help(format!(
                "use {} to {}",
                net.prefix_len() + 1,
                net.max_prefix_len()
            )));
        }
        Ok(Self { net, prefix })
    }

    /// The whole pool.
    pub fn net(&self) -> IpNet {
        self.net
    }

    /// The highest number that gets an address.
    pub fn last(&self) -> u128 {
        let bits = match self.prefix {
            Some(prefix) => prefix - self.net.prefix_len(),
            None => self.net.max_prefix_len() - self.net.prefix_len(),
        };
        let places = 1u128
            .checked_shl(bits.into())
            .map_or(u128::MAX, |all| all - 1);
        // The last address of a shared IPv4 subnet is for broadcasts.
        match (self.net, self.prefix) {
            (IpNet::V4(_), None) => places.saturating_sub(1),
            _ => places,
        }
    }

    /// The address of node `number`, with the length of its subnet.
    ///
    /// # Errors
    /// When the number is 0 or too high.
    pub fn address(&self, number: u32) -> Result<IpNet, Fault> {
        let last = self.last();
        if number == 0 {
            return Err(Fault::new("node numbers start at 1"));
        }
        if u128::from(number) > last {
            return Err(Fault::new(match self.prefix {
                Some(prefix) => format!(
                    "node number {number} is beyond the pool: `{}` has subnets of length {prefix} for numbers 1 to {last}",
                    self.net
                ),
                None => format!(
                    "node number {number} is beyond the pool: `{}` has addresses for numbers 1 to {last}",
                    self.net
                ),
            })
            .help("give the site a larger pool, a longer prefix, or the node a lower number"));
        }
        let length = self.prefix.unwrap_or(self.net.prefix_len());
        // A subnet of one or two addresses has no network address of its own.
        let host = match self.prefix {
            Some(prefix) if self.net.max_prefix_len() - prefix >= 2 => 1,
            _ => 0,
        };
        let step =
            u32::from(self.net.max_prefix_len() - self.prefix.unwrap_or(self.net.max_prefix_len()));
        let offset = (u128::from(number) << step) + host;
        Ok(match self.net {
            IpNet::V4(net) => {
                let offset = u32::try_from(offset).unwrap_or(0);
                let address = Ipv4Addr::from(u32::from(net.network()) | offset);
                IpNet::V4(Ipv4Net::new_assert(address, length))
            }
            IpNet::V6(net) => {
                let address = Ipv6Addr::from(u128::from(net.network()) | offset);
                IpNet::V6(Ipv6Net::new_assert(address, length))
            }
        })
    }
}

/// Reads an address with prefix: `192.168.7.1/24`.
///
/// # Errors
/// When it is none, or not one a machine can have.
pub(super) fn interface_address(text: &str) -> Result<IpNet, Fault> {
    let net: IpNet = text.parse().map_err(|_| {
        let fault = Fault::new(format!("`{text}` is no address with prefix length"));
        match text.parse::<IpAddr>() {
            Ok(IpAddr::V4(ip)) => fault.help(format!("write `{ip}/24`, or whatever the subnet is")),
            Ok(IpAddr::V6(ip)) => fault.help(format!("write `{ip}/64`, or whatever the subnet is")),
            Err(_) => fault.help("write it as `192.168.7.1/24` or `fd12:3456:7::1/64`"),
        }
    })?;
    let addr = net.addr();
    if addr.is_multicast() || addr.is_unspecified() || addr.is_loopback() {
        return Err(Fault::new(format!(
            "`{addr}` is an address no network interface can have"
        )));
    }
    let host_bits = net.max_prefix_len() - net.prefix_len();
    if let IpNet::V4(v4) = net
        && host_bits >= 2
        && (addr == IpAddr::V4(v4.network()) || addr == IpAddr::V4(v4.broadcast()))
    {
        return Err(Fault::new(format!(
            "`{addr}` is the subnet's own or its broadcast address, and no machine can have it"
        ))
        .help(format!(
            "the first address is `{}`",
            Ipv4Addr::from(u32::from(v4.network()) + 1)
        )));
    }
    Ok(net)
}

/// Reads a subnet; host bits are an error.
///
/// # Errors
/// When it is none.
pub(super) fn subnet(text: &str) -> Result<IpNet, Fault> {
    text.parse().map_err(|_| {
        Fault::new(format!("`{text}` is no subnet"))
            .help("write it as `10.130.0.0/16` or `fd12:3456:7800::/48`")
    })
}

/// Reads an address without prefix.
///
/// # Errors
/// When it is none.
pub(super) fn address(text: &str) -> Result<IpAddr, Fault> {
    text.parse()
        .map_err(|_| Fault::new(format!("`{text}` is no IP address")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pool(net: &str, prefix: Option<u8>) -> Pool {
        Pool::new(net.parse().unwrap(), prefix).unwrap()
    }

    #[test]
    fn shares_by_number() {
        let at = |net, prefix, n| pool(net, prefix).address(n).unwrap().to_string();
        assert_eq!(at("10.130.0.0/16", Some(26), 5), "10.130.1.65/26");
        assert_eq!(at("10.131.0.0/16", Some(32), 258), "10.131.1.2/32");
        assert_eq!(at("10.132.0.0/16", None, 5), "10.132.0.5/16");
        assert_eq!(
            at("fd12:3456:7800::/48", Some(64), 255),
            "fd12:3456:7800:ff::1/64"
        );
        assert_eq!(
            at("fd12:3456:7801::/64", Some(128), 7),
            "fd12:3456:7801::7/128"
        );
        assert_eq!(at("fd12:3456:7801::/64", None, 7), "fd12:3456:7801::7/64");
        assert_eq!(at("10.0.0.0/8", Some(31), 1), "10.0.0.2/31");
    }

    #[test]
    fn refuses_what_does_not_fit() {
        assert!(pool("10.130.0.0/24", Some(26)).address(4).is_err());
        assert!(pool("10.130.0.0/24", Some(26)).address(3).is_ok());
        assert!(pool("10.130.0.0/24", None).address(255).is_err());
        assert!(pool("10.130.0.0/24", None).address(0).is_err());
        assert!(Pool::new("10.130.0.1/24".parse().unwrap(), None).is_err());
        assert!(Pool::new("10.130.0.0/24".parse().unwrap(), Some(24)).is_err());
        assert!(Pool::new("10.130.0.0/24".parse().unwrap(), Some(33)).is_err());
        assert!(interface_address("10.0.0.0/24").is_err());
        assert!(interface_address("10.0.0.255/24").is_err());
        assert!(interface_address("10.0.0.0/31").is_ok());
        assert!(interface_address("224.0.0.1/24").is_err());
    }

    proptest! {
        #[test]
        fn two_numbers_never_meet(
            v6: bool, bits in any::<u128>(), base in 1u8..=30, extra in proptest::option::of(1u8..=24), a in 1u32.., b in 1u32..
        ) {
            let net: IpNet = if v6 {
                Ipv6Net::new(Ipv6Addr::from(bits), base + 16).unwrap().trunc().into()
            } else {
                Ipv4Net::new(Ipv4Addr::from(bits as u32), base).unwrap().trunc().into()
            };
            let prefix = extra.map(|extra| (net.prefix_len() + extra).min(net.max_prefix_len()));
            let pool = Pool::new(net, prefix).unwrap();
            let last = u32::try_from(pool.last()).unwrap_or(u32::MAX);
            prop_assume!(last >= 2);
            let (a, b) = (1 + a % last, 1 + b % last);
            let (x, y) = (pool.address(a).unwrap(), pool.address(b).unwrap());
            prop_assert!(net.contains(&x.addr()), "{} outside {}", x, net);
            prop_assert!(net.contains(&x));
            if a == b {
                prop_assert_eq!(x, y);
            } else {
                prop_assert_ne!(x.addr(), y.addr());
                if prefix.is_some() {
                    prop_assert!(!x.contains(&y) && !y.contains(&x), "{} meets {}", x, y);
                }
            }
            prop_assert!(interface_address(&x.to_string()).is_ok() || x.addr().is_unspecified()
                || x.addr().is_multicast() || x.addr().is_loopback());
        }
    }
}
