//! A published index, dpkg for the order of versions, packages made by tar and Python, and bad input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod index;
mod ipk;
mod relations;
mod status;
mod versions;

use super::*;
