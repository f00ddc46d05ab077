//! Images of packages alone, out of ImageBuilders that are small and otherwise laid out as OpenWrt's.

use std::path::PathBuf;

use crate::fixture::{Fixture, image};

/// Packages: the sources that `clom package build` takes.
const SOURCES: &str = r#"
package() { # NAME VERSION MORE-LINES-OF-TOML
    mkdir -p src/$1/files
    printf 'name = "%s"\nversion = "%s"\ndescription = "x"\narchitecture = "aarch64_generic"\n%s\n' "$1" "$2" "$3" > src/$1/package.toml
}
package base-files 1.2 'conffiles = ["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/config/uhttpd"]'
cd src/base-files/files
mkdir -p etc/config etc/init.d lib tmp dev proc sys rom overlay
ln -s tmp var
echo root:x:0:0:root:/root:/bin/ash > etc/passwd
echo root:x:0: > etc/group
echo 'root:::0:99999:7:::' > etc/shadow
printf "DISTRIB_RELEASE='24.10.2'\n" > etc/openwrt_release
printf "config uhttpd main\n\tlist listen_http '0.0.0.0:80'\n" > etc/config/uhttpd
printf '#!/bin/sh /etc/rc.common\nSTART=50\n' > etc/init.d/cron
chmod 755 etc/init.d/cron
cd ../../..
package libc 1.2.5 ''
package kernel 6.6.1 ''
for tool in opkg apk-mbedtls ppp mine; do package $tool 3 'depends = ["libc"]'; done
package libfoo 7 ''
package netd 2 'depends = ["libfoo", "kernel (= 6.6.1-r1)"]
users = ["netd=410:netd=410"]'
mkdir -p src/netd/files/etc/init.d src/netd/files/usr/sbin
printf '#!/bin/sh /etc/rc.common\nSTART=20\nSTOP=90\n' > src/netd/files/etc/init.d/netd
echo netd > src/netd/files/usr/sbin/netd
chmod 755 src/netd/files/etc/init.d/netd src/netd/files/usr/sbin/netd
# The feed has a kernel of another build, which must not be taken.
cp -r src/kernel src/other-kernel; sed -i s/6.6.1/6.6.9/ src/other-kernel/package.toml
"#;

const TARGET_INFO: &str = "\
Target: acme/r1
Target-Arch: aarch64
Target-Arch-Packages: aarch64_generic
Linux-Version: 6.6.1
Default-Packages: base-files ppp libc

Target-Profile: DEVICE_acme_r1
Target-Profile-Name: Acme R1
Target-Profile-Packages: netd -ppp
Target-Profile-SupportedDevices: acme,r1
@@

Target-Profile: DEVICE_acme_r9
Target-Profile-Name: Acme R9
@@
";

struct Ib {
    fixture: Fixture,
}

impl Ib {
    /// An ImageBuilder in `ib`, its signed feed in `feed`, and a profile that takes it.
    fn new(apk: bool) -> Self {
        let fixture = Fixture::new();
        let ib = Self { fixture };
        let format = if apk { "apk" } else { "ipk" };
        ib.fixture.sh(SOURCES);
        let (packages, feed) = (
            ["base-files", "libc", "kernel"],
            [
                "opkg",
                "apk-mbedtls",
                "ppp",
                "mine",
                "libfoo",
                "netd",
                "other-kernel",
            ],
        );
        for (folder, names) in [("ib/packages", &packages[..]), ("feed", &feed[..])] {
            ib.fixture.sh(&format!("mkdir -p {folder}"));
            for name in names {
                ib.clom(&[
                    "package",
                    "build",
                    &format!("src/{name}"),
                    "--format",
                    format,
                    "-o",
                    folder,
                ]);
            }
        }
        match apk {
            true => ib.clom(&["keys", "new", "--apk", "feed.pem"]),
            false => ib.clom(&["keys", "new", "feed.sec"]),
        };
        ib.clom(&[
            "feed",
            "index",
            "feed",
            "--key",
            if apk { "feed.pem" } else { "feed.sec" },
        ]);
        let use_apk = if apk { "CONFIG_USE_APK=y\n" } else { "" };
        ib.fixture.write(
            "ib/.config",
            &format!("CONFIG_TARGET_BOARD=\"acme\"\nCONFIG_TARGET_SUBTARGET=\"r1\"\n{use_apk}CONFIG_VERSION_NUMBER=\"24.10.2\"\nCONFIG_TARGET_SQUASHFS_BLOCK_SIZE=64\n"),
        );
        ib.fixture.write("ib/.targetinfo", TARGET_INFO);
        ib.fixture.write(
            "ib/include/version.mk",
            "REVISION:=r1-abc\nSOURCE_DATE_EPOCH:=1721081658\n",
        );
        let feed = ib.fixture.path("feed");
        let feed = feed.display();
        match apk {
            true => {
                ib.fixture
                    .write("ib/repositories", &format!("{feed}/packages.adb\n"));
                ib.fixture
                    .sh("mkdir ib/keys && cp feed.pub.pem ib/keys/feed.pem");
            }
            false => {
                ib.fixture.write("ib/repositories.conf", &format!("src/gz mine file:{feed}\nsrc imagebuilder file:packages\noption check_signature\n"));
                ib.fixture
                    .sh("mkdir ib/keys && cp feed.pub ib/keys/0123456789abcdef");
            }
        }
        ib.fixture.write(
            "ib/build_dir/target-aarch64_generic_musl/linux-acme_r1/acme_r1-kernel.bin",
            "this stands for a kernel",
        );
        ib.fixture.write("ib/staging_dir/host/bin/make", "unused");
        ib.source("imagebuilder = \"../../ib\"");
        ib
    }

    fn clom(&self, arguments: &[&str]) -> String {
        let output = self.fixture.clom(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Sets the device's source.
    fn source(&self, source: &str) {
        self.fixture
            .write("profiles/devices/acme_r1.toml", &device(source));
    }

    fn build(&self, more: &[&str]) -> PathBuf {
        self.fixture.build(&[&["--force"], more].concat())
    }

    /// Builds, and unpacks the image with tar and unsquashfs into the folder `new`.
    fn unpack(&self) -> String {
        let image = image(&self.build(&[]));
        self.fixture.sh(&format!(
            "rm -rf t new && mkdir t && tar -C t -xf '{}' && unsquashfs -quiet -no-progress -d new t/*/root >/dev/null 2>&1 && \
             cat t/*/kernel && unsquashfs -s t/*/root | grep -iE 'block size|compression'",
            image.display()
        ))
    }
}

fn device(source: &str) -> String {
    format!(
        "[device]\ntitle = \"Acme R1\"\ncpu = \"aarch64\"\ntarget = \"acme/r1\"\nports = {{ lan = [\"eth0\"] }}\n\
         [packages]\ninstall = [\"mine\"]\n[source]\nlayout = \"sysupgrade-tar\"\n{source}\n"
    )
}

#[test]
fn an_image_of_opkgs_packages_alone() {
    let ib = Ib::new(false);
    let not_pinned = ib.fixture.fails(&["build", "here", "-d", "acme_r1"]);
    assert!(
        not_pinned.contains("no feed is pinned for this build: `clom update here -d acme_r1`"),
        "{not_pinned}"
    );
    ib.clom(&["update", "here", "-d", "acme_r1"]);
    // What came along is no business of the lock.
    let lock = String::from_utf8(ib.fixture.read("profiles/clom.lock")).unwrap();
    assert!(
        lock.contains("netd_2-r1_aarch64_generic.ipk") && !lock.contains("base-files"),
        "{lock}"
    );

    let told = ib.unpack();
    assert!(told.starts_with("this stands for a kernel"), "{told}");
    assert!(told.contains("65536") && told.contains("xz"), "{told}");
    let status = ib.fixture.sh(
        "grep -E '^(Package|Version|Status)' new/usr/lib/opkg/status | paste -d' ' - - - | sort",
    );
    let user = [
        "base-files 1.2",
        "kernel 6.6.1",
        "libc 1.2.5",
        "mine 3",
        "netd 2",
        "opkg 3",
    ]
    .map(|package| (package, "user"));
    let mut expected: Vec<String> = [("libfoo 7", "ok")]
        .into_iter()
        .chain(user)
        .map(|(package, flag)| {
            let (name, version) = package.split_once(' ').unwrap();
            format!("Package: {name} Version: {version}-r1 Status: install {flag} installed\n")
        })
        .collect();
    expected.sort();
    assert_eq!(status, expected.concat());
    assert_eq!(
        ib.fixture.sh(
            "readlink new/etc/rc.d/S20netd new/etc/rc.d/K90netd; test ! -e new/etc/rc.d/S50cron"
        ),
        "../init.d/netd\n../init.d/netd\n"
    );
    assert_eq!(
        ib.fixture
            .sh("tail -n 1 new/etc/passwd; tail -n 1 new/etc/group"),
        "netd:x:410:410:netd:/var/run/netd:/bin/false\nnetd:x:410:netd\n"
    );
    assert_eq!(ib.fixture.sh("cat new/usr/sbin/netd new/etc/motd; stat -c %Y new/etc/openwrt_release; find new -newermt @1721081658"), "netd\nhello\n1721081658\n");
    let image = image(&ib.build(&[]));
    let said = ib.fixture.sh(&format!(
        "tail -c 400 '{}' | tr -d '\\0' | grep -ao '{{.*}}'",
        image.display()
    ));
    for part in ["\"acme,r1\"", "\"24.10.2\"", "\"r1-abc\"", "\"acme/r1\""] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn folder_and_archives_give_the_same_bytes() {
    let ib = Ib::new(false);
    ib.clom(&["update", "here", "-d", "acme_r1"]);
    let read = |image: PathBuf| std::fs::read(image).unwrap();
    let first = read(image(&ib.build(&[])));
    assert_eq!(first, read(image(&ib.build(&[]))));
    ib.fixture.sh("tar --transform 's,^ib,openwrt-imagebuilder-x,' -cf - ib | zstd -q -19 --ultra --long=31 -o ib.tar.zst; tar -cJf ib.tar.xz ib");
    for archive in ["ib.tar.zst", "ib.tar.xz"] {
        ib.source(&format!("imagebuilder = \"../../{archive}\""));
        // It is unpacked once: the second time from the cache.
        for _ in 0..2 {
            assert_eq!(first, read(image(&ib.build(&[]))), "{archive}");
        }
    }
    assert_eq!(
        ib.fixture
            .sh("ls cache/imagebuilders | wc -l; find cache/imagebuilders -path '*staging*'"),
        "2\n"
    );
    // By the command line, with what is pinned.
    ib.source("lab = \"aarch64\"");
    let built = ib.build(&["--imagebuilder", "ib", "--layout", "sysupgrade-tar"]);
    assert_eq!(first, read(image(&built)));
}

#[test]
fn an_image_of_apks_packages_alone() {
    let ib = Ib::new(true);
    ib.clom(&["update", "here", "-d", "acme_r1"]);
    ib.unpack();
    let world = ib.fixture.sh("cat new/etc/apk/world");
    assert_eq!(
        world,
        "apk-mbedtls\nbase-files=1.2-r1\nkernel=6.6.1-r1\nlibc=1.2.5-r1\nmine\nnetd\n"
    );
    let installed = ib
        .fixture
        .sh("grep ^P: new/lib/apk/db/installed | tr '\\n' ' '; cat new/etc/apk/arch");
    assert_eq!(
        installed,
        "P:apk-mbedtls P:base-files P:kernel P:libc P:libfoo P:mine P:netd aarch64_generic\n"
    );
    assert_eq!(
        ib.fixture
            .sh("readlink new/etc/rc.d/S20netd; tail -n 1 new/etc/passwd"),
        "../init.d/netd\nnetd:x:410:410:netd:/var/run/netd:/bin/false\n"
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let ib = Ib::new(false);
    let fails = |device: &str, more: &[&str]| {
        ib.fixture
            .fails(&[&["build", "here", "-d", device], more].concat())
    };
    let write = |name: &str, text: &str| {
        ib.fixture
            .write(&format!("profiles/devices/{name}.toml"), text)
    };
    let own = device("imagebuilder = \"../../ib\"");
    write("acme_r2", &own);
    let unknown = fails("acme_r2", &[]);
    assert!(
        unknown.contains("the ImageBuilder for acme/r1 does not know device `acme_r2`"),
        "{unknown}"
    );
    assert!(unknown.contains("did you mean `acme_r"), "{unknown}");
    write("acme_r9", &own);
    let no_kernel = fails("acme_r9", &[]);
    assert!(
        no_kernel.contains(
            "there is no kernel for acme_r9 in build_dir/target-aarch64_generic_musl/linux-acme_r1"
        ),
        "{no_kernel}"
    );
    for (from, to, why) in [
        (
            "acme/r1",
            "acme/r3",
            "it is for target acme/r1, and acme_r9 is of acme/r3",
        ),
        (
            "aarch64\"",
            "mips\"",
            "it is for CPUs of the kind aarch64, and acme_r9 has mips",
        ),
        (
            "[device]\n",
            "[device]\narch_packages = \"mips_24kc\"\n",
            "its packages are for aarch64_generic, and those of acme_r9 for mips_24kc",
        ),
    ] {
        write("acme_r9", &own.replace(from, to));
        let text = fails("acme_r9", &[]);
        assert!(
            text.contains(why) && text.starts_with("exit code 4"),
            "{text}"
        );
    }
    let left = fails("acme_r1", &["--allow-package-mismatch"]);
    assert!(
        left.contains("has no root file system to be left as it is"),
        "{left}"
    );
    ib.fixture.sh("echo x > ib.tar.zst");
    let other = fails("acme_r1", &["--imagebuilder", "ib.tar.zst"]);
    assert!(
        other.contains("cannot unpack ib.tar.zst") || other.contains("no ImageBuilder"),
        "{other}"
    );
    let update = ib
        .fixture
        .clom(&["build", "here", "-d", "acme_r1", "--imagebuilder", "ib"]);
    let update = String::from_utf8_lossy(&update.stderr).into_owned();
    assert!(
        update
            .contains("name it in the profile ([source] imagebuilder = \"ib\"); then `clom update"),
        "{update}"
    );
    ib.fixture
        .sh("cp ib/packages/kernel_6.6.1-r1_aarch64_generic.ipk ib/packages/kernel_2.ipk");
    let two = fails("acme_r1", &[]);
    assert!(two.contains("there are two packages of kernel"), "{two}");
}
