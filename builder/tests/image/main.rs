//! `clom image` as users run it, on images made by OpenWrt's usual tools and a few lines of Python; what comes out is checked by
//! tools that are not ours.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod diff;
mod extract;
mod fixture;
mod inspect;
mod look;
mod prove;
mod repack;
