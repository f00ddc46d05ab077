//! Damaged and hostile input, made from valid images by cutting, flipping and writing extremes into fields.
//!
//! Nothing may panic, take memory without bound, or be taken for an image that it is not. Every change is tried twice:
//! as it is, and with the checksums made right again, since whoever means harm computes them too.

mod containers;
mod images;
mod memory;
mod rootfs;
mod text;
