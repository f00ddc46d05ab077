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
        match openwrt_formats::container::prove(bytes) {
            Ok(opened) => {
                println!("{name}: {}", opened.container);
                for slot in opened.container.root().walk() {
                    let kind = slot.layer().map(|layer| layer.layout.kind());
                    println!(
                        "  {:?} {} {} bytes {kind:?}",
                        slot.at,
                        slot.name,
                        slot.bytes.len()
                    );
                }
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
