//! The environment that compilers run in: what is set in the user's must not decide the bytes.

use std::process::Command;

/// Variables that change what cargo, rustc or the C compiler make, by whole name.
const NAMES: [&str; 18] = [
    "AR",
    "CARGO",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_INCREMENTAL",
    "CARGO_MANIFEST_DIR",
    "CARGO_TARGET_DIR",
    "CC",
    "CFLAGS",
    "CPATH",
    "CXX",
    "CXXFLAGS",
    "LDFLAGS",
    "PYTHONHOME",
    "PYTHONPATH",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
];

/// The same, by how the name begins.
const BEGINNINGS: [&str; 14] = [
    "AR_",
    "CARGO_BIN_",
    "CARGO_BUILD_",
    "CARGO_CFG_",
    "CARGO_FEATURE_",
    "CARGO_PKG_",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
    "CARGO_UNSTABLE_",
    "CC_",
    "CFLAGS_",
    "RUSTUP_TOOLCHAIN",
    "RUST_RECURSION_COUNT",
    "TARGET_",
];

/// Takes these variables from the command's environment.
pub(super) fn clean(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        if NAMES.contains(&text) || BEGINNINGS.iter().any(|start| text.starts_with(start)) {
            command.env_remove(&name);
        }
    }
    // `cargo run` and `cargo test` put their own toolchain's libraries first; another toolchain's compiler
    // would load those instead of its own.
    if std::env::var_os("CARGO").is_some() {
        command.env_remove("LD_LIBRARY_PATH");
    }
    // Messages are read by machine.
    command.env("LC_ALL", "C.UTF-8");
    command.env("CARGO_TERM_COLOR", "never");
    command.env("SOURCE_DATE_EPOCH", "0");
}
