//! The room for an image by the device tree in its own kernel, where nothing else tells it.

use std::io::Read;

use openwrt_formats::kernel;

/// More than any unpacked kernel has, bytes.
const MAX_KERNEL: u64 = 64 << 20;
/// How far into a kernel its compressed part may begin: behind a header or a loader, bytes.
const MAX_HEADER: usize = 64 << 10;
/// Memory for the LZMA decoder, bytes.
const MAX_MEMORY: u64 = 128 << 20;
/// How many places that look like compressed kernels are tried.
const TRIES: usize = 8;

/// The size of the partition `firmware` by the kernel's device tree, bytes. The tree stands in the clear, or behind the kernel in what is
/// compressed with LZMA or gzip.
pub fn firmware(bytes: &[u8]) -> Option<u64> {
    let clear = kernel::describe(bytes).firmware;
    clear.or_else(|| kernel::describe(&unpacked(bytes)?).firmware)
}

fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let starts = (0..bytes.len().min(MAX_HEADER)).filter(|&at| {
        let head = bytes.get(at..).unwrap_or_default();
        // LZMA: properties of 5d or 6d, a dictionary of whole KiB.
        head.starts_with(&[0x1f, 0x8b, 8]) || matches!(head, [0x5d | 0x6d, 0, 0, ..])
    });
    starts.take(TRIES).find_map(|at| {
        let head = bytes.get(at..)?;
        let mut out = Vec::new();
        // What stands behind the compressed part is no error: all that came before it counts.
        let _ = match head.starts_with(&[0x1f, 0x8b]) {
            true => flate2::read::GzDecoder::new(head)
                .take(MAX_KERNEL)
                .read_to_end(&mut out),
            false => {
                let stream = liblzma::stream::Stream::new_lzma_decoder(MAX_MEMORY).ok()?;
                liblzma::read::XzDecoder::new_stream(head, stream)
                    .take(MAX_KERNEL)
                    .read_to_end(&mut out)
            }
        };
        // A chance match gives next to nothing.
        (out.len() > 64 << 10).then_some(out)
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn is_found_in_a_compressed_kernel() {
        let script = r#"cat > t.dts <<'DTS'
/dts-v1/;
/ { compatible = "acme,r1"; flash { partition@0 { label = "firmware"; reg = <0x50000 0xfb0000>; }; }; };
DTS
dtc -q -I dts -O dtb -o t.dtb t.dts
(seq 1 40000; cat t.dtb) > raw
xz --format=lzma -k -c raw > lzma; gzip -nc raw > gz
for k in lzma gz; do mkimage -A mips -O linux -T kernel -C lzma -a 0x80060000 -e 0x80060000 -n 'MIPS OpenWrt Linux-6.6.73' -d $k $k.uimage >/dev/null; done"#;
        let dir = tempfile::tempdir().unwrap();
        let made = Command::new("bash")
            .args(["-euc", script])
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        for name in ["lzma.uimage", "gz.uimage"] {
            let mut kernel = std::fs::read(dir.path().join(name)).unwrap();
            assert_eq!(firmware(&kernel), Some(0xfb_0000), "{name}");
            let middle = kernel.len() / 2;
            kernel.truncate(middle);
            assert_eq!(firmware(&kernel), None);
        }
        assert_eq!(firmware(b""), None);
    }
}
