//! Whole files, against what libuci's own `uci export` prints for them.

use super::{config, parse};

macro_rules! fixtures {
    ($($name:ident),+) => { $(
        #[test]
        fn $name() {
            let text = include_str!(concat!("../../../tests/fixtures/uci/", stringify!($name)));
            let libuci = include_str!(concat!("../../../tests/fixtures/uci/", stringify!($name), ".canonical"));
            let read = config(text);
            assert_eq!(read.to_string(), libuci);
            assert_eq!(parse(libuci), Ok(read));
        }
    )+ };
}

fixtures!(network, wireless, dhcp, firewall, system, uhttpd);
