//! `clom build` as users run it, on donor images made by OpenWrt's usual tools; what comes out is checked by tools
//! that are not ours.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad_input;
mod donor;
mod fixture;
mod imagebuilder;
mod interruption;
mod parts;
mod reproducible;
