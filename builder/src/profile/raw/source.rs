use schemars::JsonSchema;
use serde::Deserialize;

/// Where the kernel and the root file system come from: a donor image, or a kernel and a root file system, or a lab machine.
/// Set one kind; a later layer that sets another kind replaces it with `kind`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawSource {
    /// `"donor"`, `"parts"` or `"lab"`: which of the below counts when several layers set different ones.
    pub kind: Option<String>,
    /// An official image for the device; relative to the profile file that says so.
    pub donor: Option<String>,
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
