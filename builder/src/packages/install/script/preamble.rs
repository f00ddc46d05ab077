//! The lines that OpenWrt's build puts before a package's own post-install text.
//!
//! ```text
//! opkg, postinst              the standard lines, with `default_postinst $0 $@` last; the own text is the file postinst-pkg
//! apk, post-install           the standard lines, with `default_postinst` last; the own text behind them
//! ```
//!
//! Source: OpenWrt's `include/package-pack.mk`.

/// A package's own text in its post-install script, if it has any. A script that does not begin as OpenWrt's build makes them is
/// its own from the first line on. `extra` is opkg's file `postinst-pkg`, which the standard lines call.
pub(in super::super) fn own_text<'a>(
    script: Option<&'a [u8]>,
    extra: Option<&'a [u8]>,
) -> Option<&'a [u8]> {
    let script = script?;
    match behind_preamble(script) {
        Some(rest) if rest.trim_ascii().is_empty() => extra,
        Some(rest) => Some(rest),
        None => Some(script),
    }
}

/// What is behind the standard lines; `None` where they are not there.
fn behind_preamble(script: &[u8]) -> Option<&[u8]> {
    let mut rest = script;
    loop {
        let end = rest.iter().position(|byte| *byte == b'\n');
        let (line, behind) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
        let behind = behind.get(1..).unwrap_or_default();
        let line: String = String::from_utf8_lossy(line)
            .chars()
            .filter(|c| !matches!(c, '"' | '\'' | '{' | '}'))
            .collect();
        match line.trim() {
            "default_postinst" | "default_postinst $0 $@" => return Some(behind),
            ""
            | "#!/bin/sh"
            | "[ $IPKG_NO_SCRIPT = 1 ] && exit 0"
            | "[ -x $IPKG_INSTROOT/lib/functions.sh ] || exit 0"
            | "[ -s $IPKG_INSTROOT/lib/functions.sh ] || exit 0"
            | ". $IPKG_INSTROOT/lib/functions.sh"
            | "export root=$IPKG_INSTROOT"
            | "add_group_and_user" => {}
            line if line.starts_with("export pkgname=")
                && !line.contains([';', '&', '|', '`', '$']) => {}
            _ => return None,
        }
        end?;
        rest = behind;
    }
}
