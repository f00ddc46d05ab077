//! Proves that images can be donors: `cargo run --example prove FILE...` opens each, closes it, compares, and says what it is.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut failed = false;
    for path in std::env::args_os().skip(1) {
        let name = path.display().to_string();
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                println!("{name}: {error}");
                failed = true;
                continue;
            }
        };
        match openwrt_formats::container::prove(&bytes) {
            Ok(opened) => {
                println!("{name}: {}", opened.container);
                if let Some(kind) = &opened.kernel_kind {
                    println!("  kernel {kind}");
                }
                println!(
                    "  kernel at {:?}, root file system at {:?}",
                    opened.kernel, opened.rootfs
                );
                println!("  metadata {:?}", opened.metadata);
            }
            Err(error) => {
                println!("{name}: {error}");
                failed = true;
            }
        }
    }
    ExitCode::from(u8::from(failed))
}
