//! The small tools of the lab machines' OpenWrt-shaped userland, in one binary.

fn main() -> anyhow::Result<()> {
    Ok(())
}
