//! What is in an image, for people who answer for it: the list of packages, a software bill of materials, the licences.
//!
//! ```text
//! PREFIX.manifest        name - version                 as OpenWrt's
//! PREFIX.bom.cdx.json    CycloneDX 1.5                  as OpenWrt's, with more in it
//! PREFIX.licenses.txt    licence, then its packages
//! ```
//!
//! All are made of the finished root tree, so that they tell what is there, whoever put it there.

mod component;
mod cyclonedx;
mod licenses;
mod manifest;

pub use component::{Component, installed};
pub use cyclonedx::{Bom, cyclonedx};
pub use licenses::licenses;
pub use manifest::manifest;

#[cfg(test)]
mod tests;
