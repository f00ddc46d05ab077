use std::fs;
use std::process::Command;

use super::*;

/// What a shell script leaves in `out`, made in a folder of its own.
fn made_by(script: &str) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{script}: {output:?}");
    fs::read(dir.path().join("out")).unwrap()
}

/// A kernel as OpenWrt's MIPS devices have it.
const UIMAGE: &str = "head -c 50000 /dev/zero | xz --format=lzma > k; SOURCE_DATE_EPOCH=1700000000 mkimage -A mips -O linux \
     -T kernel -C lzma -a 0x80060000 -e 0x80060400 -n 'MIPS OpenWrt Linux-6.6.73' -d k out >/dev/null";

const FIT: &str = r#"
cat > tree.dts <<'DTS'
/dts-v1/;
/ { compatible = "acme,r1-v2", "acme,r1"; model = "Acme R1"; #address-cells = <1>; partitions { compatible = "fixed-partitions";
  #address-cells = <1>; #size-cells = <1>; partition@0 { reg = <0x0 0x20000>; label = "u-boot"; };
  partition@20000 { label = "firmware"; reg = <0x20000 0x7d0000>; }; partition@7f0000 { label = "art"; reg = <0x7f0000 0x10000>; }; }; };
DTS
dtc -q -I dts -O dtb -o tree.dtb tree.dts
head -c 9000 /dev/zero | xz --format=lzma > k
cat > fit.its <<'ITS'
/dts-v1/;
/ {
  description = "ARM64 OpenWrt FIT (Flattened Image Tree)"; #address-cells = <1>;
  images {
    kernel-1 { description = "ARM64 OpenWrt Linux-6.12.40"; data = /incbin/("k"); type = "kernel"; arch = "arm64"; os = "linux";
      compression = "lzma"; load = <0x48080000>; entry = <0x48080000>; hash-1 { algo = "crc32"; }; hash-2 { algo = "sha1"; }; };
    fdt-1 { description = "tree"; data = /incbin/("tree.dtb"); type = "flat_dt"; arch = "arm64"; compression = "none";
      hash-1 { algo = "crc32"; }; };
  };
  configurations { default = "config-1"; config-1 { description = "OpenWrt acme_r1"; kernel = "kernel-1"; fdt = "fdt-1"; }; };
};
ITS
"#;

#[test]
fn tells_a_uimage() {
    let kernel = describe(&made_by(UIMAGE));
    assert_eq!(kernel.wrapping, ["uImage", "LZMA"]);
    assert_eq!(kernel.arch.as_deref(), Some("mips"));
    assert_eq!(kernel.name.as_deref(), Some("MIPS OpenWrt Linux-6.6.73"));
    assert_eq!(kernel.linux.as_deref(), Some("6.6.73"));
    assert_eq!(
        (kernel.load, kernel.entry),
        (Some(0x8006_0000), Some(0x8006_0400))
    );
    assert_eq!(kernel.time, Some(1_700_000_000));
    assert_eq!(kernel.checks.len(), 2);
    assert!(kernel.checks.iter().all(Check::holds));
}

#[test]
fn a_damaged_uimage_is_still_told() {
    let mut bytes = made_by(UIMAGE);
    bytes[80] ^= 1;
    let kernel = describe(&bytes);
    let bad: Vec<_> = kernel
        .checks
        .iter()
        .filter(|check| !check.holds())
        .collect();
    assert_eq!(
        (bad.len(), bad[0].what, bad[0].at),
        (1, "CRC-32 of the data", 24)
    );
    let kernel = describe(&bytes[..100]);
    assert_eq!(kernel.linux.as_deref(), Some("6.6.73"));
    assert_eq!(kernel.facts[0].name, "cut off");
}

#[test]
fn tells_a_fit_with_data_inside_and_outside() {
    let inside = made_by(&format!("{FIT} mkimage -f fit.its out >/dev/null"));
    let outside = made_by(&format!(
        "{FIT} mkimage -E -B 0x1000 -p 0x1000 -f fit.its out >/dev/null"
    ));
    let behind = made_by(&format!("{FIT} mkimage -E -f fit.its out >/dev/null"));
    for bytes in [inside, outside, behind] {
        let kernel = describe(&bytes);
        assert_eq!(kernel.wrapping, ["FIT"]);
        assert_eq!(kernel.arch.as_deref(), Some("arm64"));
        assert_eq!(kernel.linux.as_deref(), Some("6.12.40"));
        assert_eq!(kernel.load, Some(0x4808_0000));
        assert_eq!(kernel.compatible, ["acme,r1-v2", "acme,r1"]);
        assert_eq!(kernel.firmware, Some(0x7d_0000));
        assert_eq!(kernel.checks.len(), 2);
        assert!(
            kernel.checks.iter().all(Check::holds),
            "{:?}",
            kernel.checks
        );
        let items: Vec<_> = kernel
            .items
            .iter()
            .map(|item| (&item.name[..], &item.kind[..]))
            .collect();
        assert_eq!(items, [("kernel-1", "kernel"), ("fdt-1", "flat_dt")]);
        let at = kernel.items[1].at.unwrap() as usize;
        assert!(bytes[at..].starts_with(&fdt::MAGIC));
    }
}

#[test]
fn tells_loaders_and_what_is_appended() {
    let loader = made_by(
        "head -c 3000 /dev/zero > k; mkimage -A mips -T kernel -C lzma -a 1 -e 2 -n 'Linux-5.15.1' -d k i >/dev/null; \
         python3 - <<'P'\n\
import zlib,struct\n\
b=bytearray(open('i','rb').read()); b[:8]=b'OKLI'+bytes(4); b[4:8]=struct.pack('>I',zlib.crc32(bytes(b[:64])))\n\
open('out','wb').write(b'\\x01'*4096+b)\nP",
    );
    let kernel = describe(&loader);
    assert_eq!(kernel.wrapping, ["loader", "OKLI kernel", "LZMA"]);
    assert_eq!(kernel.linux.as_deref(), Some("5.15.1"));
    let appended = made_by(&format!(
        "{FIT} (head -c 4444 <(yes abc); cat tree.dtb) > raw; mkimage -A arm -T kernel -C none -a 1 -e 1 -n 'ARM OpenWrt Linux-4.14.9' -d raw out >/dev/null"
    ));
    let kernel = describe(&appended);
    assert_eq!(kernel.arch.as_deref(), Some("arm"));
    assert_eq!(kernel.compatible, ["acme,r1-v2", "acme,r1"]);
    assert_eq!(kernel.firmware, Some(0x7d_0000));
    assert_eq!(kernel.linux.as_deref(), Some("4.14.9"));
    let elf = describe(&fs::read("/bin/true").unwrap());
    assert_eq!(elf.wrapping, ["ELF"]);
}

#[test]
fn tells_tplinks_kernel_headers() {
    let mut v1 = vec![0; 0x200];
    v1[0] = 1;
    v1[0x74..0x78].copy_from_slice(&0x8006_0000u32.to_be_bytes());
    v1[0x80..0x84].copy_from_slice(&0x200u32.to_be_bytes());
    v1[0x84..0x88].copy_from_slice(&13u32.to_be_bytes());
    v1.extend([0x5d, 0, 0, 0x80, 0, 0, 0, 0x10, 0, 0, 0, 0, 0]);
    let kernel = describe(&v1);
    assert_eq!(kernel.wrapping, ["TP-Link v1 kernel header", "LZMA"]);
    assert_eq!(kernel.load, Some(0x8006_0000));
    assert_eq!(kernel.facts[0].value, "1048576 bytes");
}

#[test]
fn versions() {
    let of = |text: &str| linux_version(text.as_bytes());
    assert_eq!(of("MIPS OpenWrt Linux-6.6.73").as_deref(), Some("6.6.73"));
    assert_eq!(
        of("Linux version 5.10.176 (x)").as_deref(),
        Some("5.10.176")
    );
    assert_eq!(of("Linux-next Linux-4.4-rc1.").as_deref(), Some("4.4-rc1"));
    assert_eq!(of("OpenWrt fullimage"), None);
    assert_eq!(of("Linux-"), None);
}

/// Never panics, whatever is changed or cut off.
#[test]
fn bears_damage() {
    let fit = made_by(&format!("{FIT} mkimage -f fit.its out >/dev/null"));
    for at in 0..fit.len().min(1500) {
        let mut bytes = fit.clone();
        bytes[at] ^= 0xFF;
        let _ = describe(&bytes);
        let _ = describe(&fit[..at]);
    }
}
