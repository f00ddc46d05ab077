//! A disk image with partitions, as SD cards and eMMC memory hold it.
//!
//! ```text
//! MBR, sector 0:                                GPT, sectors 1 and, as a rule, 2 to 33:
//! 1b8h  disk signature                          0   "EFI PART"
//! 1beh  four entries of 16 bytes:               0ch header length    10h header CRC-32
//!       0  80h active, 0 not                    38h disk GUID        48h first sector of the entries
//!       4  type, EEh before a GPT               50h how many         54h length of each   58h their CRC-32
//!       8  first sector                         each entry: type GUID, own GUID, first sector, last sector,
//!       0ch sectors                               attributes (64 bits each), name (72 bytes of UTF-16)
//! 1feh  55h AAh
//! ```
//!
//! All numbers are little endian, and sectors have 512 bytes. The table has the sizes that OpenWrt's configuration gives the
//! partitions, whatever is in them, and so does not depend on the root file system. That lies at the beginning of its
//! partition. Either the partition is filled with zeros (`gen_image_generic.sh` with padding: armsr, rockchip), or the file
//! ends behind the root file system (sunxi, bcm27xx) or 128 KiB of zeros later (mvebu, and `pad-extra 128k` of imx and
//! tegra). All else stays as it is.
//!
//! Source of the format: the UEFI specification, chapter 5; firmware-utils' `ptgen.c`; OpenWrt's scripts named above.

mod layer;
mod table;

pub use layer::Layout;
pub use table::{Partition, Scheme, Table};

#[cfg(test)]
mod tests;
