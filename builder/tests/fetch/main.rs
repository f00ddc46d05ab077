//! Fetching from a real HTTPS server that misbehaves, and keeping what came.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/https.rs"]
mod https;

mod desk;
mod local;
mod mirrors;
mod processes;
mod resume;
mod trust;
