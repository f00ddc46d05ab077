//! How long it takes to find which packages an image gets: see `ci/bench/packages`, which calls this.

use std::time::Instant;

use anyhow::{Result, bail, ensure};
use clom::packages::solve::{Installed, Question, Solution, Want, solve};
use clom::packages::universe::{Manager, Universe};

mod feed;

const PACKAGES: usize = 8_000;
/// The most that one answer may take.
const BAR_MS: f64 = 50.0;

fn main() -> Result<()> {
    let rounds: usize = match std::env::args().nth(1) {
        Some(text) => text.parse()?,
        None => bail!("usage: packages-bench ROUNDS"),
    };
    let made = feed::made(PACKAGES);
    println!("{} packages in the feeds", made.len());
    println!(
        "{:<44}{:>10}{:>10}{:>9}{:>7}",
        "", "installed", "median ms", "max ms", "bar"
    );
    let mut missed = 0;
    for manager in [Manager::Opkg, Manager::Apk] {
        let universe = feed::universe(manager, &made)?;
        // A donor has what a release's default list comes to.
        let donor = answer(&universe, &[], &feed::wants(&made, 40))?;
        let donor = installed(&universe, &donor);
        for (what, installed) in [("from nothing", &[][..]), ("on a donor", &donor)] {
            for wants in [60, 200] {
                let names = feed::wants(&made, wants);
                let mut times = Vec::new();
                let mut found = 0;
                for _ in 0..rounds.max(1) {
                    let start = Instant::now();
                    let solution = answer(&universe, installed, &names)?;
                    times.push(start.elapsed().as_secs_f64() * 1e3);
                    found = solution.packages.len();
                }
                times.sort_by(f64::total_cmp);
                let median = times.get(times.len() / 2).copied().unwrap_or_default();
                let most = times.last().copied().unwrap_or_default();
                println!(
                    "{:<44}{found:>10}{median:>10.1}{most:>9.1}{BAR_MS:>7.0}",
                    format!("{manager}, {wants} packages {what}"),
                );
                missed += usize::from(median > BAR_MS);
            }
        }
    }
    ensure!(missed == 0, "{missed} bars missed");
    Ok(())
}

fn answer(universe: &Universe, installed: &[Installed], names: &[String]) -> Result<Solution> {
    let want: Vec<Want> = names
        .iter()
        .map(|name| Want {
            name: name.clone(),
            constraint: None,
            why: "the bench".to_owned(),
            default: false,
        })
        .collect();
    let architectures = [feed::ARCHITECTURE, "all", "noarch"].map(str::to_owned);
    Ok(solve(&Question {
        universe,
        architectures: &architectures,
        installed,
        want: &want,
        unwanted: &[],
        kernel: Some(feed::KERNEL),
    })?)
}

fn installed(universe: &Universe, solution: &Solution) -> Vec<Installed> {
    let all = solution
        .packages
        .iter()
        .filter_map(|package| match package.origin {
            clom::packages::solve::Origin::Feed(id) => Some(Installed {
                description: universe.get(id)?.clone(),
                wanted: package.named,
            }),
            _ => None,
        });
    all.collect()
}
