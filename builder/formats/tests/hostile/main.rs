//! Damaged and hostile input, made from valid images by cutting, flipping and writing extremes into fields.
//!
//! Nothing may panic, take memory without bound, or be taken for an image that it is not. Every change is tried twice:
//! as it is, and with the checksums made right again, since whoever means harm computes them too.

// What mends checksums is one type of function, whether or not it lengthens the image.
#![allow(clippy::ptr_arg)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod containers;
mod images;
mod memory;
mod rootfs;
mod text;
