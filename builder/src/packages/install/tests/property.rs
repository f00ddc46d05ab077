//! Whatever is installed and removed again leaves the tree as it was.

use proptest::prelude::*;

use super::*;

/// What a random package has.
#[derive(Debug, Clone)]
struct Random {
    files: Vec<(u8, u8)>,
    service: bool,
    /// One of its own, or one that others ask for too.
    user: Option<bool>,
    link: Option<u8>,
    script: bool,
}

fn random() -> impl Strategy<Value = Random> {
    let files = prop::collection::vec((0u8..6, any::<u8>()), 0..6);
    let rest = (
        any::<bool>(),
        any::<Option<bool>>(),
        any::<Option<u8>>(),
        any::<bool>(),
    );
    (files, rest).prop_map(|(files, (service, user, link, script))| Random {
        files,
        service,
        user,
        link,
        script,
    })
}

impl Random {
    fn recipe(&self, manager: Manager, number: usize) -> Recipe {
        let name = format!("pkg{number}");
        let mut made = recipe(&name).file(&format!("usr/share/{name}/always"), &name);
        for (place, content) in &self.files {
            let folders = [
                "usr/bin",
                "etc/config",
                "var/state",
                "usr/share/common",
                "usr/share/a/b/c",
                "www",
            ];
            let folder = folders[usize::from(*place)];
            made = made.file(&format!("{folder}/{name}-{content}"), &format!("{content}"));
        }
        if self.service {
            let script = format!("#!/bin/sh /etc/rc.common\nSTART={}\n", 10 + number);
            made = made.program(&format!("etc/init.d/{name}"), &script);
        }
        let user = self.user.map(|own| {
            if own {
                format!("{name}={0}:{name}={0}", 600 + number)
            } else {
                "shared:shared".into()
            }
        });
        let link = self.link.map(|priority| {
            format!(
                "{}:/usr/bin/tool:/usr/share/{name}/always",
                u32::from(priority) + 1
            )
        });
        match manager {
            Manager::Opkg => {
                if let Some(user) = user {
                    made = made.field("Require-User", &user);
                }
                if let Some(link) = link {
                    made = made.field("Alternatives", &link);
                }
                if self.script {
                    made = made
                        .control("prerm", "#!/bin/sh\n")
                        .control("conffiles", &format!("/usr/share/{name}/always\n"));
                }
            }
            Manager::Apk => {
                if let Some(user) = user {
                    made = made.file(&format!("lib/apk/packages/{name}.rusers"), &user);
                }
                if let Some(link) = link {
                    made = made.file(&format!("lib/apk/packages/{name}.alternatives"), &link);
                }
                if self.script {
                    made = made
                        .control("pre-deinstall", "#!/bin/sh\n")
                        .field("triggers", "/usr/share");
                }
            }
        }
        made
    }
}

/// A finished tree with folders that packages share.
fn finished(manager: Manager) -> Tree {
    let mut tree = Tree::default();
    let more = recipe("more")
        .program("usr/bin/more", "")
        .file("etc/config/more", "")
        .file("usr/share/common/more", "")
        .file("www/more", "")
        .file("lib/more", "");
    install(&mut tree, manager, &[&base(), &more]).unwrap();
    prepare(&mut tree, &options()).unwrap();
    tree
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn installing_and_removing_changes_nothing(
        packages in prop::collection::vec(random(), 1..6),
        at_once in any::<bool>(),
        keys in prop::collection::vec(any::<u8>(), 6),
    ) {
        for manager in BOTH {
            let mut tree = finished(manager);
            let before = picture(&tree);
            let recipes: Vec<Recipe> = (0..).zip(&packages).map(|(number, random)| random.recipe(manager, number)).collect();
            if at_once {
                install(&mut tree, manager, &recipes.iter().collect::<Vec<_>>()).unwrap();
            } else {
                for recipe in &recipes {
                    install(&mut tree, manager, &[recipe]).unwrap();
                }
            }
            for recipe in &recipes {
                for entry in recipe.data.walk().filter(|entry| matches!(entry.inode.kind, NodeKind::File(_))) {
                    let real = tree.resolve(&entry.path).unwrap();
                    prop_assert!(matches!(tree.get(real).map(|inode| &inode.kind), Some(NodeKind::File(_))));
                }
            }
            // One of the highest priority has the link.
            let best = packages.iter().filter_map(|random| random.link).max();
            let winners = (0..).zip(&packages).filter(|(_, random)| random.link == best && best.is_some());
            let targets: Vec<String> = winners.map(|(number, _): (usize, _)| format!("/usr/share/pkg{number}/always")).collect();
            match best {
                Some(_) => prop_assert!(targets.contains(&target(&tree, "usr/bin/tool"))),
                None => prop_assert!(tree.get("usr/bin/tool").is_none()),
            }
            let mut names: Vec<&str> = recipes.iter().map(|recipe| recipe.name.as_str()).collect();
            names.sort_by_key(|name| keys[usize::from(name.as_bytes()[3] - b'0')]);
            if at_once {
                for name in names {
                    let report = remove(&mut tree, manager, &[name]).unwrap();
                    prop_assert!(report.modified.is_empty());
                }
            } else {
                remove(&mut tree, manager, &names).unwrap();
            }
            prop_assert_eq!(picture(&tree), before.clone());
        }
    }
}
