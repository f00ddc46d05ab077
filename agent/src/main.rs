//! `clomd`, the Clommunity cloud agent.

fn main() -> anyhow::Result<()> {
    Ok(())
}
