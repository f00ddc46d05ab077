//! OpenWrt's packages: what feeds offer, which of it an image gets, and how it gets into the root tree.
//!
//! ```text
//! feeds' indexes ─► Universe ─┐
//! profile: wanted, unwanted ──┼─ solve ─► Solution: keep, install, remove ─► archives ─ install ─► root tree
//! donor: what is installed ───┘
//! ```

pub mod catalogue;
pub mod feed;
pub mod install;
pub mod make;
pub mod query;
pub mod report;
pub mod sandbox;
pub mod selection;
pub mod software;
pub mod solve;
pub mod universe;
pub mod wants;
