//! The scripts around a package's own: what OpenWrt's build system puts into every package, so that the functions in the router's
//! `/lib/functions.sh` enable services, add users and set alternatives.

use super::spec::Scripts;

/// Ends a script quietly where there are no functions to call.
const FUNCTIONS: &str = "\
[ -s ${IPKG_INSTROOT}/lib/functions.sh ] || exit 0
. ${IPKG_INSTROOT}/lib/functions.sh
";
/// Ends a script quietly where scripts are run later.
const UNLESS_LATER: &str = "[ \"${IPKG_NO_SCRIPT}\" = \"1\" ] && exit 0\n";
const SHELL: &str = "#!/bin/sh\n";

/// Of an `.ipk`: names and texts. A package's own scripts lie beside, where the functions look for them.
pub(super) fn of_ipk(own: &Scripts) -> Vec<(&'static str, String)> {
    let mut all = vec![
        (
            "postinst",
            format!("{SHELL}{UNLESS_LATER}{FUNCTIONS}default_postinst $0 $@\n"),
        ),
        ("prerm", format!("{SHELL}{FUNCTIONS}default_prerm $0 $@\n")),
    ];
    let own = [
        ("preinst", &own.preinst),
        ("postinst-pkg", &own.postinst),
        ("prerm-pkg", &own.prerm),
        ("postrm", &own.postrm),
    ];
    all.extend(
        own.into_iter()
            .filter_map(|(name, text)| Some((name, text.clone()?))),
    );
    all
}

/// Of an `.apk`: by apk's names. A package's own scripts are part of them.
pub(super) fn of_apk(
    name: &str,
    own: &Scripts,
) -> Vec<(openwrt_formats::apk::package::Script, String)> {
    use openwrt_formats::apk::package::Script;
    let names = format!("export root=\"${{IPKG_INSTROOT}}\"\nexport pkgname=\"{name}\"\n");
    let body = |text: &Option<String>| text.as_deref().map(without_shebang).unwrap_or_default();
    let after = format!(
        "{UNLESS_LATER}{FUNCTIONS}{names}add_group_and_user\ndefault_postinst\n{}",
        body(&own.postinst)
    );
    let upgrade = "export PKG_UPGRADE=1\n";
    let mut all = vec![
        (Script::PostInstall, format!("{SHELL}{after}")),
        (Script::PostUpgrade, format!("{SHELL}{upgrade}{after}")),
        (
            Script::PreDeinstall,
            format!(
                "{SHELL}{FUNCTIONS}{names}default_prerm\n{}",
                body(&own.prerm)
            ),
        ),
    ];
    if let Some(text) = &own.preinst {
        let pre = format!("{SHELL}{upgrade}{}", without_shebang(text));
        all.push((Script::PreInstall, text.clone()));
        all.push((Script::PreUpgrade, pre));
    }
    all.extend(own.postrm.clone().map(|text| (Script::PostDeinstall, text)));
    all
}

/// The text without lines that name its shell.
fn without_shebang(text: &str) -> String {
    let lines = text.split_inclusive('\n');
    lines
        .filter(|line| !line.trim_start().starts_with("#!"))
        .collect()
}
