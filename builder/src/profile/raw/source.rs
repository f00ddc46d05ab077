use schemars::JsonSchema;
use serde::Deserialize;

/// Where the kernel and the root file system come from: a release of OpenWrt, a donor image, an ImageBuilder, a kernel and a root
/// file system, or a lab machine.
/// Set one kind; a later layer that sets another kind replaces it with `kind`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawSource {
    /// `"openwrt"`, `"donor"`, `"imagebuilder"`, `"parts"` or `"lab"`: which of the below counts when several layers set different ones.
    pub kind: Option<String>,
    /// A release of OpenWrt: `clom update` finds the device's image and the feeds, and pins them in `clom.lock`.
    pub openwrt: Option<RawOpenWrt>,
    /// An official image for the device; relative to the profile file that says so.
    pub donor: Option<String>,
    /// OpenWrt's ImageBuilder for the device's target, as a folder or as the file it is published in (`.tar.zst`): its kernel, and a root
    /// file system made of packages alone; relative to the profile file that says so.
    pub imagebuilder: Option<String>,
    /// A kernel as the device's boot loader or QEMU takes it; relative to the profile file that says so.
    pub kernel: Option<String>,
    /// A root file system: squashfs or tarball; relative to the profile file that says so.
    pub rootfs: Option<String>,
    /// How kernel and root file system are put together: `"plain"` (the default; NOR flash: the root file system at a multiple
    /// of 64 KiB behind the kernel) or `"sysupgrade-tar"` (most devices with NAND flash).
    pub layout: Option<String>,
    /// A lab machine: `"mips"`, `"mipsel"`, `"armv7"` or `"aarch64"`.
    pub lab: Option<String>,
}

/// A release of OpenWrt.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawOpenWrt {
    /// `"25.12.5"`, `"24.10-SNAPSHOT"` for the daily build of a branch, `"snapshot"` for that of the main branch.
    pub release: Option<String>,
    /// Download servers with the layout of OpenWrt's own, tried in this order: https addresses, or folders relative to this file.
    /// Default: OpenWrt's.
    pub mirror: Option<Vec<String>>,
    /// Which of the device's images is the donor. Default: `"sysupgrade"`.
    pub image: Option<String>,
}
