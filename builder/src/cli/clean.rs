//! `clom clean`: makes room in the cache.

use std::time::{Duration, SystemTime};

use anyhow::Context;
use indicatif::HumanBytes;
use serde_json::{Map, json};

use super::image::{for_people, print};
use crate::failure::{Class, Failure, OrFail};
use crate::source::imagebuilder;
use crate::store::blocks::DiskBlocks;
use crate::store::clean::{self, Entry, Policy, Shelf};
use crate::store::content::ContentStore;
use crate::ui::Ui;
use crate::{crossbuild, dirs};

const EXAMPLES: &str = "\
Examples:
  clom clean                                    what was not used for 30 days
  clom clean --older-than 1w --dry-run          what would go
  clom clean --max-size 2G                      what was not used for longest, until the rest has 2 GiB
  clom clean --all                              everything: the next build fetches and compiles anew

The cache is $CLOM_CACHE, else $XDG_CACHE_HOME/clom, else ~/.cache/clom. What was used within the last hour stays, as another
clom may be reading it, and so does the newest agent per CPU and tier; --all takes them too. The cross-compiler stays in any case.";

/// Make room in the cache: downloads, compressed blocks, compiled agents
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// Remove what was not used for this long: 90min, 12h, 30d, 2w [default: 30d, unless --max-size is given]
    #[arg(long, value_name = "AGE", value_parser = age)]
    older_than: Option<Duration>,
    /// Remove what was not used for longest, until the rest has at most this size: 500M, 2G
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_size: Option<u64>,
    /// Remove everything
    #[arg(long, conflicts_with_all = ["older_than", "max_size"])]
    all: bool,
    /// Remove nothing, say what would go
    #[arg(long)]
    dry_run: bool,
}

/// Runs `clom clean`.
///
/// # Errors
/// When the cache cannot be read or something in it cannot be removed.
pub fn run(args: Args, ui: &Ui) -> Result<(), Failure> {
    let cache = dirs::cache();
    let entries = || -> std::io::Result<Vec<Entry>> {
        let mut entries = ContentStore::open(&cache).entries()?;
        entries.extend(DiskBlocks::open(&cache).entries()?);
        entries.extend(crossbuild::entries(&cache)?);
        entries.extend(imagebuilder::entries(&cache)?);
        Ok(entries)
    };
    let entries = entries()
        .with_context(|| format!("cannot read the cache in {}", cache.display()))
        .or_fail(Class::Other)?;
    let before: u64 = entries.iter().map(|entry| entry.bytes).sum();
    let policy = policy(&args);
    let mut freed = [(0_u64, 0_u64); Shelf::ALL.len()];
    let mut kept = None;
    for entry in clean::choose(entries, &policy, SystemTime::now()) {
        match args.dry_run || remove(&entry, &mut kept) {
            true => {
                if let Some((count, bytes)) = freed.get_mut(entry.shelf as usize) {
                    *count += 1;
                    *bytes += entry.bytes;
                }
            }
            false => continue,
        }
    }
    let total: u64 = freed.iter().map(|(_, bytes)| bytes).sum();
    let mut text = String::new();
    let would = if args.dry_run { "would free" } else { "freed" };
    for (shelf, (count, bytes)) in Shelf::ALL.into_iter().zip(freed) {
        if count > 0 {
            text += &format!(
                "{:>12}  {} ({count})\n",
                HumanBytes(bytes).to_string(),
                shelf.name()
            );
        }
        let mut fields = Map::new();
        fields.insert("what".into(), json!(shelf.name()));
        fields.insert("entries".into(), json!(count));
        fields.insert("bytes".into(), json!(bytes));
        fields.insert("dry_run".into(), json!(args.dry_run));
        ui.result("freed", fields);
    }
    text += &format!(
        "{would} {}; {} left in {}\n",
        HumanBytes(total),
        HumanBytes(before - total),
        cache.display()
    );
    if for_people(ui) {
        print(&text)?;
    }
    match kept {
        Some(why) => Err(Failure::new(Class::Output, why)),
        None => Ok(()),
    }
}

fn policy(args: &Args) -> Policy {
    const DEFAULT_AGE: Duration = Duration::from_secs(30 * 24 * 3600);
    Policy {
        older_than: match (args.older_than, args.max_size) {
            (None, None) => Some(DEFAULT_AGE),
            (age, _) => age,
        },
        max_bytes: args.max_size,
        all: args.all,
    }
}

/// Whether it is gone; goes on after an error, and remembers the first.
fn remove(entry: &Entry, kept: &mut Option<anyhow::Error>) -> bool {
    clean::remove(entry).unwrap_or_else(|error| {
        kept.get_or_insert_with(|| {
            anyhow::Error::new(error).context(format!("cannot remove {}", entry.path.display()))
        });
        false
    })
}

fn split(text: &str) -> Result<(u64, &str), String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = text.get(digits.len()..).unwrap_or_default();
    let number = digits.parse().map_err(|_| "it begins with a number")?;
    Ok((number, unit))
}

fn age(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text)?;
    let seconds: u64 = match unit {
        "s" => 1,
        "min" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        "w" => 7 * 24 * 3600,
        _ => return Err("the unit is s, min, h, d or w, as in 30d".into()),
    };
    let seconds = number.checked_mul(seconds).ok_or("that is too long ago")?;
    Ok(Duration::from_secs(seconds))
}

fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text)?;
    let shift = match unit.trim_end_matches('B').trim_end_matches('i') {
        "" => 0,
        "K" | "k" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return Err("the unit is K, M, G or T, as in 2G".into()),
    };
    number
        .checked_mul(1 << shift)
        .ok_or_else(|| "that is too big".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_sizes_have_units() {
        assert_eq!(age("90min"), Ok(Duration::from_secs(5400)));
        assert_eq!(age("2w"), Ok(Duration::from_secs(14 * 24 * 3600)));
        assert_eq!(size("2G"), Ok(2 << 30));
        assert_eq!(size("10MiB"), Ok(10 << 20));
        assert_eq!(size("0"), Ok(0));
        for wrong in ["", "d", "30", "1y", "-1d", "99999999999999999w"] {
            assert!(age(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "G", "2X", "-1", "99999999999999T"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
