//! Names that several packages have and none owns.

use std::collections::HashSet;

use super::super::search::{Kind, Search, add};
use super::super::similar::either;
use super::super::term::Ask;
use super::super::{Cause, Unsolvable};
use crate::packages::universe::Manager;

impl Search<'_> {
    /// apk takes nothing by itself that has a name without version and without priority, when others have the name too.
    pub(in super::super) fn check_named(&self, chosen: &[u32]) -> Result<(), Unsolvable> {
        if self.index.manager == Manager::Opkg {
            return Ok(());
        }
        let present: HashSet<u32> = chosen.iter().copied().collect();
        let mut named: HashSet<u32> = HashSet::new();
        let mut doubtful: Vec<(u32, String, String)> = Vec::new();
        let mut look = |subject: String, ask: &Ask<'_>, candidate: u32| {
            if self.index.is_automatic(ask, candidate) {
                named.insert(candidate);
            } else {
                let name = ask.terms.first().map_or("", |term| term.name());
                doubtful.push((candidate, subject, name.to_owned()));
            }
        };
        for one in chosen {
            for ask in self.index.needs(*one) {
                let there: Vec<u32> = self
                    .index
                    .takers(&ask)
                    .filter(|taker| present.contains(taker))
                    .collect();
                for taker in there {
                    look(
                        format!("{} needs {ask}", self.index.name_of(*one)),
                        &ask,
                        taker,
                    );
                }
            }
        }
        for root in &self.roots {
            if let Kind::Want(at) = root.kind
                && let Some(asked) = self.asked.get(at)
            {
                let there = root
                    .options
                    .iter()
                    .filter(|option| present.contains(option));
                for option in there {
                    look(self.subject(root), &asked.ask(), *option);
                }
            }
        }
        let others = self
            .roots
            .iter()
            .filter(|root| !matches!(root.kind, Kind::Want(_)));
        named.extend(others.flat_map(|root| root.options.iter().copied()));
        let mut all = None;
        for (candidate, subject, name) in doubtful {
            if named.contains(&candidate) || self.index.is_installed(candidate) {
                continue;
            }
            let offers = self.index.offers(&name).iter();
            let mut providers: Vec<String> = offers
                .map(|offer| self.index.name_of(offer.candidate).to_owned())
                .collect();
            providers.sort();
            providers.dedup();
            let reason = format!(
                "{subject}; {} would do, and none is preferred",
                either(&providers)
            );
            let help = format!("name the one to have: {}", either(&providers));
            add(
                &mut all,
                Unsolvable::new(Cause::Ambiguous, reason, Some(help)),
            );
        }
        all.map_or(Ok(()), Err)
    }
}
