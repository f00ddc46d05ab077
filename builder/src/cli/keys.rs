//! `clom keys`: makes, lists and shows keys; signs and verifies files.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use openwrt_formats::usign;
use serde_json::{Map, Value, json};

use super::image::{for_people, print};
use crate::failure::Failure;
use crate::keys::{self, Any, Ring, Signer};
use crate::ui::Ui;

mod pem;

const EXAMPLES: &str = "\
Keys and signatures are those of usign, which is on every OpenWrt router up to 24.10, and of OpenBSD's signify. With --apk they are those
of apk, from OpenWrt 25.12 on: PEM files on the curve P-256, as openssl makes them. Keys with a passphrase are not supported.

Examples:
  clom keys new greenvale.sec --comment \"Greenvale's feed\"     greenvale.sec (keep it secret) and greenvale.pub
  clom keys show greenvale.pub                                 its number and fingerprint
  clom keys sign --key greenvale.sec Packages                  Packages.sig
  clom keys verify --keys keys/ Packages                       with the key in keys/ that the signature names
  clom keys new --apk greenvale.pem                            greenvale.pem (keep it secret) and greenvale.pub.pem
  clom keys sign --key greenvale.pem packages.adb hello.apk    these hold their signatures themselves

A folder of trusted keys is laid out as /etc/opkg/keys: each public key in a file named by its number.";

/// Make, list and show signing keys, sign and verify files
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a pair of keys: the secret key in FILE, the public key in FILE.pub, or in NAME.pub when FILE is NAME.sec
    New {
        /// The file of the secret key; it is never overwritten
        file: PathBuf,
        /// Whose keys they are, for the first line of both files
        #[arg(long)]
        comment: Option<String>,
        /// Make keys of apk, for feeds from OpenWrt 25.12 on: in PEM, on P-256; the public key of NAME.pem goes into NAME.pub.pem
        #[arg(long)]
        apk: bool,
    },
    /// List the keys in a folder
    List {
        /// The folder
        folder: PathBuf,
    },
    /// Show what is in a key or signature, with the fingerprint to compare
    Show {
        /// Keys and signatures
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Sign files: the signature of FILE goes into FILE.sig, that of a key of apk into FILE itself
    Sign {
        /// The secret key
        #[arg(long, value_name = "SECRET")]
        key: PathBuf,
        /// What to sign
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Verify files by the signatures beside them
    Verify {
        /// The public key
        #[arg(long, value_name = "PUBLIC", required_unless_present = "keys")]
        key: Option<PathBuf>,
        /// A folder of trusted keys, each named by its number
        #[arg(long, value_name = "FOLDER", conflicts_with = "key")]
        keys: Option<PathBuf>,
        /// Where the signature is, when not in FILE.sig
        #[arg(long, value_name = "FILE")]
        signature: Option<PathBuf>,
        /// What to verify; several only without --signature
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

/// Runs `clom keys`.
///
/// # Errors
/// When a key or file cannot be read or written, or does not verify.
pub fn run(args: Args, ui: &Ui) -> Result<(), Failure> {
    match args.verb {
        Verb::New {
            file,
            comment,
            apk: true,
        } => pem::new(&file, comment.as_deref(), ui),
        Verb::New { file, comment, .. } => new(&file, comment.as_deref(), ui),
        Verb::List { folder } => list(&folder, ui),
        Verb::Show { files } => {
            files
                .iter()
                .try_for_each(|file| match keys::apk::is_pem_file(file) {
                    true => pem::show(file, ui),
                    false => show(file, ui),
                })
        }
        Verb::Sign { key, files } => match Signer::read(&key)? {
            Signer::Usign(key) => sign(&key, &files, ui),
            Signer::Apk(key) => pem::sign(&key, &files, ui),
        },
        Verb::Verify {
            key, keys, files, ..
        } if files.iter().any(|file| keys::apk::is_adb_file(file)) => {
            pem::verify(key.as_deref(), keys.as_deref(), &files, ui)
        }
        Verb::Verify {
            key,
            keys,
            signature,
            files,
        } => {
            let trusted = match (key, keys) {
                (Some(key), _) => Trusted::Key(keys::public(&key)?, key),
                (None, folder) => Trusted::Ring(Ring::open(&folder.unwrap_or_default())?),
            };
            if let (Some(_), [_, second, ..]) = (&signature, files.as_slice()) {
                let error = anyhow::anyhow!(
                    "--signature is for one file, and there is {} too",
                    second.display()
                );
                return Err(Failure::new(crate::failure::Class::Other, error)
                    .help("verify them one by one"));
            }
            files
                .iter()
                .try_for_each(|file| verify(file, signature.as_deref(), &trusted, ui))
        }
    }
}

fn new(file: &Path, comment: Option<&str>, ui: &Ui) -> Result<(), Failure> {
    let made = keys::make(file, comment)?;
    let (number, fingerprint) = (made.key.number(), made.key.fingerprint());
    event(
        ui,
        "created",
        [
            ("secret", json!(made.secret)),
            ("public", json!(made.public)),
            ("number", json!(number.to_string())),
            ("fingerprint", json!(fingerprint.to_string())),
        ],
    );
    people(ui, || {
        format!(
            "secret key   {}   keep it secret and keep a copy: nobody can make it again\npublic key   {}   routers look for it in /etc/opkg/keys/{number}\nnumber       {number}\nfingerprint  {fingerprint}\n",
            made.secret.display(),
            made.public.display(),
        )
    })
}

fn list(folder: &Path, ui: &Ui) -> Result<(), Failure> {
    let ring = Ring::open(folder)?;
    let mut text = pem::list(folder, ui)?;
    for entry in ring.entries() {
        let name = entry.path.file_name().unwrap_or_default().to_string_lossy();
        let remark = match &entry.key {
            Any::Public(_) if entry.is_named_by_number() => String::new(),
            Any::Public(_) => format!("   (in {name}: not found by its number)"),
            _ => format!("   ({} in {name})", entry.key.kind()),
        };
        text += &format!("{}  {}{remark}\n", entry.key.number(), entry.key.comment());
        key_event(ui, &entry.path, &entry.key);
    }
    if ring.entries().is_empty() && text.is_empty() {
        ui.warn(&format!("there are no keys in {}", folder.display()));
    }
    people(ui, || text)
}

fn show(file: &Path, ui: &Ui) -> Result<(), Failure> {
    let key = keys::any(file)?;
    key_event(ui, file, &key);
    people(ui, || {
        let fingerprint = key.fingerprint();
        let fingerprint =
            fingerprint.map_or_else(String::new, |text| format!("  fingerprint  {text}\n"));
        let by = match key {
            Any::Signature(_) => "by key     ",
            _ => "number     ",
        };
        format!(
            "{}: {}\n  {by}  {}\n{fingerprint}  comment      {}\n",
            file.display(),
            key.kind(),
            key.number(),
            key.comment()
        )
    })
}

fn sign(key: &usign::SecretKey, files: &[PathBuf], ui: &Ui) -> Result<(), Failure> {
    for file in files {
        if keys::apk::is_adb_file(file) {
            ui.warn(&format!(
                "{} is a file of apk, which looks for a signature of its own keys inside: make one with `clom keys new --apk`",
                file.display()
            ));
        }
        let (signature, size) = keys::sign(file, key)?;
        event(
            ui,
            "signed",
            [
                ("file", json!(file)),
                ("signature", json!(signature)),
                ("number", json!(key.number().to_string())),
            ],
        );
        if usign::misread_by_old_usign(size) {
            ui.warn(&format!(
                "usign from before August 2019 wrongly refuses any signature of a file of {size} bytes: for routers that have it, append two empty lines to {} and sign it again",
                file.display()
            ));
        }
        people(ui, || format!("{}\n", signature.display()))?;
    }
    Ok(())
}

enum Trusted {
    Key(usign::PublicKey, PathBuf),
    Ring(Ring),
}

fn verify(
    file: &Path,
    signature: Option<&Path>,
    trusted: &Trusted,
    ui: &Ui,
) -> Result<(), Failure> {
    let (from, key) = keys::verify(file, signature, |signature| match trusted {
        Trusted::Key(key, path) => Ok((path.as_path(), key)),
        Trusted::Ring(ring) => ring.find(file, signature),
    })?;
    let any = Any::Public(key.clone());
    event(
        ui,
        "verified",
        [
            ("file", json!(file)),
            ("key", json!(from)),
            ("number", json!(key.number().to_string())),
            ("fingerprint", json!(any.fingerprint())),
            ("comment", json!(any.comment())),
        ],
    );
    people(ui, || {
        format!(
            "{}: good signature by key {} ({})\n",
            file.display(),
            key.number(),
            any.comment()
        )
    })
}

fn key_event(ui: &Ui, file: &Path, key: &Any) {
    event(
        ui,
        "key",
        [
            ("file", json!(file)),
            ("kind", json!(key.kind().to_string())),
            ("number", json!(key.number().to_string())),
            ("fingerprint", json!(key.fingerprint())),
            ("comment", json!(key.comment())),
        ],
    );
}

fn event<const N: usize>(ui: &Ui, event: &str, fields: [(&str, Value); N]) {
    let fields = fields
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value));
    ui.result(event, fields.collect::<Map<_, _>>());
}

fn people(ui: &Ui, text: impl FnOnce() -> String) -> Result<(), Failure> {
    match for_people(ui) {
        true => print(&text()),
        false => Ok(()),
    }
}
