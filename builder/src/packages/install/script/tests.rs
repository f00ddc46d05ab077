//! Scripts.

use super::{does_something, own_text};

const APK: &str = "#!/bin/sh
[ \"${IPKG_NO_SCRIPT}\" = \"1\" ] && exit 0
[ -s ${IPKG_INSTROOT}/lib/functions.sh ] || exit 0
. ${IPKG_INSTROOT}/lib/functions.sh
export root=\"${IPKG_INSTROOT}\"
export pkgname=\"libfoo1\"
add_group_and_user
default_postinst
";

const OPKG: &str = "#!/bin/sh
[ \"${IPKG_NO_SCRIPT}\" = \"1\" ] && exit 0
[ -s ${IPKG_INSTROOT}/lib/functions.sh ] || exit 0
. ${IPKG_INSTROOT}/lib/functions.sh
default_postinst $0 $@
";

#[test]
fn own_texts_are_told_from_the_standard_lines() {
    let own = |script: &str, extra: Option<&str>| {
        let text = own_text(Some(script.as_bytes()), extra.map(str::as_bytes));
        text.map(|text| String::from_utf8(text.to_vec()).unwrap())
    };
    assert_eq!(own(APK, None), None);
    assert_eq!(
        own(&format!("{APK}touch x\n"), None),
        Some("touch x\n".into())
    );
    assert_eq!(own(OPKG, None), None);
    assert_eq!(own(OPKG, Some("touch y\n")), Some("touch y\n".into()));
    // Another's script is all its own.
    let other = "#!/bin/sh\ntouch z\ndefault_postinst\n";
    assert_eq!(own(other, Some("never called")), Some(other.into()));
    assert_eq!(own("#!/bin/sh\n", None), Some("#!/bin/sh\n".into()));
    assert_eq!(own_text(None, Some(b"x")), None);
}

#[test]
fn scripts_that_leave_images_alone_do_not_run() {
    for text in [
        "",
        "#!/bin/sh\n# only words\n\n",
        "#!/bin/sh\nexit 0\ntouch x\n",
        "#!/bin/sh\n[ -n \"${IPKG_INSTROOT}\" ] && exit 0\ntouch x\n",
        "[ -n \"$IPKG_INSTROOT\" ] && exit 0\n/etc/init.d/x restart",
        "[ -z \"$IPKG_INSTROOT\" ] || exit 0\n/etc/init.d/x restart",
        "[ ! -z \"$IPKG_INSTROOT\" ] && exit 0\nx",
        "#!/bin/sh\n[ -n \"${IPKG_INSTROOT}\" ] || {\n\tif [ -x /x ]; then\n\t\t/etc/init.d/x restart\n\tfi\n}\n",
        "[ -n \"${IPKG_INSTROOT}\" ] || { /etc/init.d/rpcd reload; }\nexit 0",
        "[ -n \"${IPKG_INSTROOT}\" ] || /etc/init.d/rpcd reload\nexit 0",
        "[ -z \"${IPKG_INSTROOT}\" ] && killall -HUP rpcd 2>/dev/null\nexit 0",
        "if [ -z \"$IPKG_INSTROOT\" ]; then\n  if true; then\n a\n fi\n for i in 1 2; do\n echo $i\n done\nfi\n",
        "if [ -z \"${IPKG_INSTROOT}\" ]\nthen\n\trm x\nfi\nexit 0",
        "if [ -n \"$IPKG_INSTROOT\" ]; then\n\texit 0\nelse\n\ttouch x\nfi\ntouch y\n",
        "if [ -z \"$IPKG_INSTROOT\" -a -x /etc/init.d/x ]; then\n a\nfi",
        "restart() {\n\t/etc/init.d/x restart\n}\n[ -n \"$IPKG_INSTROOT\" ] || restart\n",
        "[ -n \"${IPKG_INSTROOT}\" ] || { \\\n  a; }\n",
        "if [ -z \"$IPKG_INSTROOT\" ]; then\n find / -name x\n file=1\nfi\n",
        // LuCI's.
        "[ -n \"${IPKG_INSTROOT}\" ] || { rm -f /tmp/luci-indexcache.*\n\trm -rf /tmp/luci-modulecache/\n\t/etc/init.d/rpcd reload 2>/dev/null\n\texit 0\n}\n",
        "if [ -z \"${PKG_INSTROOT}\" ] && [ -f /etc/config/uhttpd ]; then\n\tif ! uci -q get a | grep -sq b; then\n\t\tuci add_list c='d'\n\tfi\nfi\n\nexit 0\n",
    ] {
        assert!(!does_something(text.as_bytes()), "{text}");
    }
}

#[test]
fn all_other_scripts_run() {
    for text in [
        "touch $IPKG_INSTROOT/x",
        "#!/bin/sh\nln -sf a ${IPKG_INSTROOT}/b\nexit 0",
        "[ -n \"${IPKG_INSTROOT}\" ] && touch $IPKG_INSTROOT/x",
        "[ -z \"${IPKG_INSTROOT}\" ] || touch $IPKG_INSTROOT/x",
        "[ -z \"${IPKG_INSTROOT}\" ] && a || b",
        "[ -n \"${IPKG_INSTROOT}\" ] || a || b\n",
        "[ -n \"${IPKG_INSTROOT}\" ] || a; b\n",
        "[ -n \"${IPKG_INSTROOT}\" ] || {\n a\n} && b\n",
        "[ -n \"${IPKG_INSTROOT}\" ] || {\n a\n",
        "[ -n \"${IPKG_INSTROOT}\" ] || {\n cat <<E\n}\nE\n}\n",
        "if [ -n \"$IPKG_INSTROOT\" ]; then\n touch x\nfi",
        "if [ -z \"$IPKG_INSTROOT\" ]; then\n touch x\nelse\n touch y\nfi",
        "if [ -z \"$IPKG_INSTROOT\" ]; then\n a\nelif true; then\n b\nfi",
        "if [ -z \"$IPKG_INSTROOT\" -o 1 ]; then\n a\nfi",
        "if [ -z \"$IPKG_INSTROOT\" -a 1 -o 1 ]; then\n a\nfi",
        "if [ -z \"$IPKG_INSTROOT\" ]; then\n a\nfi && b",
        "if [ -z \"$IPKG_INSTROOT\" ]; then a; fi",
        "if [ -z \"$OTHER\" ]; then\n exit 0\nfi",
        "exit 1",
        "[ -n \"${IPKG_INSTROOT}\" ] && exit 1",
        "restart() {\n a\n}\nrestart",
        "[ -n \"${IPKG_INSTROOT}\" ] || sed 's/a/\n/'",
        "[ -n \"${IPKG_INSTROOT}\" ] || echo \"\nexit 0\"",
        "if [ -z \"${PKG_INSTROOT}\" ] && [ -f ${IPKG_INSTROOT}/etc/config/uhttpd ]; then\n a\nfi",
        "if touch x && [ -z \"$IPKG_INSTROOT\" ]; then\n a\nfi",
        "if [ \"$(touch x)\" ] && [ -z \"$IPKG_INSTROOT\" ]; then\n a\nfi",
        "if [ -z \"$IPKG_INSTROOT\" ] || true; then\n a\nfi",
        "[ -n \"${IPKG_INSTROOT}\" ] || { a; }; b\n",
        "[ -n \"${IPKG_INSTROOT}\" ] || { a\n b; }\nc\n}\n",
    ] {
        assert!(does_something(text.as_bytes()), "{text}");
    }
}
