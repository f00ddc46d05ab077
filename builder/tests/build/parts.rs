//! A kernel and a root file system put together.

use crate::fixture::{Fixture, image};

#[test]
fn a_kernel_and_a_tarball_become_a_sysupgrade_tarball() {
    let fixture = Fixture::new();
    fixture.sh("tar -C root --sort=name --numeric-owner --owner=0 --group=0 -czf root.tar.gz .");
    let arguments = [
        "--kernel",
        "kernel.uimage",
        "--rootfs",
        "root.tar.gz",
        "--layout",
        "sysupgrade-tar",
    ];
    let image = image(&fixture.build(&arguments));
    let list = fixture.sh(&format!(
        "mkdir t && tar -C t -xf '{0}' && cat t/*/CONTROL && cmp t/*/kernel kernel.uimage && tar -tf '{0}' && \
         unsquashfs -cat t/*/root etc/motd bin/busybox | cmp - <(cat <(echo hello) root/bin/busybox)",
        image.display()
    ));
    assert_eq!(
        list,
        "BOARD=acme_r1\nsysupgrade-acme_r1/\nsysupgrade-acme_r1/CONTROL\nsysupgrade-acme_r1/kernel\nsysupgrade-acme_r1/root\n"
    );

    // The same without metadata, as before LEDE: the board in it says what it is for.
    fixture.sh(&format!(
        "len=$((0x$(tail -c 4 '{0}' | od -An -tx1 | tr -d ' '))) && head -c -$len '{0}' > old.tar && tar -tf old.tar > /dev/null",
        image.display()
    ));
    fixture.build(&["--donor", "old.tar"]);
    let device = String::from_utf8(fixture.read("profiles/devices/acme_r1.toml")).unwrap();
    let other = device.replace("acme,r1", "acme,r2");
    fixture.write("profiles/devices/acme_r2.toml", &other);
    let text = fixture.fails(&["build", "here", "-d", "acme_r2", "--donor", "old.tar"]);
    assert!(text.contains("it is for acme_r1, and"), "{text}");
}

#[test]
fn a_kernel_and_a_squashfs_become_a_plain_image() {
    let fixture = Fixture::new();
    let image = image(&fixture.build(&["--kernel", "kernel.uimage", "--rootfs", "root.squashfs"]));
    fixture.sh(&format!(
        "cmp -n $(stat -c %s kernel.uimage) '{0}' kernel.uimage && at=$(grep -abo hsqs '{0}' | head -1 | cut -d: -f1) && \
         test $((at % 65536)) = 0 && dd if='{0}' of=r.squashfs bs=65536 skip=$((at / 65536)) status=none && \
         unsquashfs -cat r.squashfs etc/motd | grep -qx hello && tail -c 400 '{0}' | grep -aq '\"supported_devices\":\\[\"acme,r1\"\\]'",
        image.display()
    ));
}
