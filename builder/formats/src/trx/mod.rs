//! TRX, Broadcom's container of up to four partitions, and Asus' footer in it.
//!
//! All numbers are little endian.
//!
//! ```text
//! 0   magic (4): HDR0; other makers use others
//! 4   length of header, partitions and padding, a multiple of 4 KiB
//! 8   CRC-32 without final inversion, of all from offset 12 up to that length
//! 12  flags (2)
//! 14  version (2): 1 or 2
//! 16  offsets of the partitions (3 of them in version 1, 4 in version 2); 0 for none
//! 28  (version 2: 32) partitions, each padded with zeros to a multiple of 4 bytes
//! ```
//!
//! The recipes differ in what stands between the partitions and behind the last one:
//!
//! ```text
//! trx-with-loader     loader ‖ kernel ‖ to 1 KiB: squashfs ‖ to 64 KiB: overlay markers ‖ to 4 KiB
//! trx-without-loader  kernel ‖ to 1 KiB: squashfs ‖ to 64 KiB: overlay markers ‖ to 4 KiB
//! trx-v2-with-loader  loader ‖ kernel ‖ to 1 KiB: squashfs ‖ 32 bytes of a pattern ‖ to 64 KiB: overlay markers ‖ to 4 KiB
//! trx-serial          kernel ‖ to 1 KiB: squashfs ‖ to 64 KiB: overlay markers ‖ to 4 KiB
//! trx-nand            kernel ‖ up to offset 4 MiB: UBI ‖ DE AD C0 DE ‖ to 128 KiB
//! buffalo-trx         kernel ‖ up to a fixed offset: UBI ‖ DE AD C0 DE ‖ to 128 KiB
//! trx (ramips)        kernel ‖ squashfs ‖ to 4 KiB; overlay markers behind the TRX
//! asus-trx            the last 64 bytes are version (4) ‖ product id (12) ‖ 48 zeros
//! ```
//!
//! In version 2, bytes 22 to 29 of the pattern count as FF in the CRC.
//!
//! Sources: firmware-utils' `trx.c`, `otrx.c` and `asustrx.c`; OpenWrt's recipes for bcm47xx, bcm53xx, ramips and mediatek.

mod behind;
mod format;
mod read;
#[cfg(test)]
pub(crate) mod tests;
mod write;

pub use format::{Behind, Footer, Layout, Marks, Start};
