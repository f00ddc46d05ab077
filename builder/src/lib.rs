//! `clom` builds OpenWrt-compatible firmware images for community clouds from TOML profiles.

pub mod build;
pub mod cli;
pub mod crossbuild;
pub mod dirs;
pub mod facts;
pub mod failure;
pub mod fetch;
#[cfg(test)]
mod hostile;
pub mod image;
pub mod keys;
pub mod lab;
pub mod lock;
pub mod mirror;
pub mod obtain;
pub mod openwrt;
pub mod packages;
pub mod profile;
pub mod serve;
pub mod source;
pub mod store;
pub mod terminal;
pub mod trust;
pub mod ui;
pub mod update;
pub mod vm;
pub mod whole;
