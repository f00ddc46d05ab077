//! Where `clom` keeps things on the host.

use std::path::PathBuf;

/// The cache folder: `$CLOM_CACHE`, else `$XDG_CACHE_HOME/clom`, else `~/.cache/clom`.
/// All in it can be deleted at any time; it is only slower afterwards.
pub fn cache() -> PathBuf {
    let set = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("CLOM_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|dir| dir.join("clom")))
        .or_else(|| set("HOME").map(|dir| dir.join(".cache/clom")))
        .unwrap_or_else(|| PathBuf::from(".clom-cache"))
}
