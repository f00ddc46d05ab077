//! From mirror to mirror until one gives what is wanted.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use reqwest::{Client, Url};
use tokio::sync::Semaphore;

use super::download::{Stop, attempt};
use super::error::{FetchError, Problem};
use super::location::Location;
use super::progress::Item;
use super::wanted::{Options, Wanted};
use crate::store::content::Partial;
use crate::ui::Ui;

/// How often a mirror that hangs up early is asked at once for the rest, as long as each time brings some.
const GO_ON: u32 = 100;
/// A host that could not be reached this often is asked last from then on.
const UNREACHABLE: u32 = 2;
/// The longest that a server can ask to be left alone.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The hosts of one call: how many downloads each may have, and which cannot be reached.
pub(super) struct Hosts {
    all: Semaphore,
    per_host: usize,
    each: RefCell<HashMap<String, Rc<Host>>>,
}

struct Host {
    downloads: Semaphore,
    unreachable: std::cell::Cell<u32>,
}

impl Hosts {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            all: Semaphore::new(options.parallel.max(1)),
            per_host: options.per_host.max(1),
            each: RefCell::default(),
        }
    }

    fn of(&self, url: &Url) -> Rc<Host> {
        let name = url.host_str().unwrap_or_default().to_owned();
        let new = || {
            Rc::new(Host {
                downloads: Semaphore::new(self.per_host),
                unreachable: 0.into(),
            })
        };
        self.each
            .borrow_mut()
            .entry(name)
            .or_insert_with(new)
            .clone()
    }
}

/// What a round over the mirrors needs to know.
pub(super) struct Net<'a> {
    pub(super) client: &'a Client,
    pub(super) options: &'a Options,
    pub(super) hosts: &'a Hosts,
    pub(super) ui: &'a Ui,
}

/// One mirror and what happened there last.
struct Mirror<'a> {
    place: &'a Location,
    url: &'a Url,
    problem: Option<Problem>,
}

impl Mirror<'_> {
    fn is_worth_a_try(&self) -> bool {
        self.problem.as_ref().is_none_or(Problem::may_pass)
    }
}

/// Fills `partial` from the first of the mirrors that can, and names that. `before` is what happened at places that
/// are not on the network.
pub(super) async fn download<'w>(
    net: &Net<'_>,
    wanted: &'w Wanted,
    partial: &mut Partial,
    item: &Item<'_, '_>,
    before: Vec<(Location, Problem)>,
) -> Result<&'w Location, FetchError> {
    let mut mirrors: Vec<_> = wanted
        .urls
        .iter()
        .filter_map(|place| {
            let url = place.url()?;
            let proves_nothing =
                url.scheme() != "https" && wanted.sha256.is_none() && !wanted.signed;
            Some(Mirror {
                place,
                url,
                problem: proves_nothing.then_some(Problem::PlainHttp),
            })
        })
        .collect();
    let several = mirrors.len() > 1;
    for round in 0..=net.options.retries {
        if round > 0 {
            tokio::time::sleep(wait(net.options, round, &mirrors)).await;
        }
        mirrors.sort_by_key(|mirror| net.hosts.of(mirror.url).unreachable.get() >= UNREACHABLE);
        for mirror in mirrors.iter_mut().filter(|mirror| mirror.is_worth_a_try()) {
            match from_one(net, mirror.url, wanted, partial, item).await {
                Ok(()) => return Ok(mirror.place),
                Err(Stop::Store(error)) => {
                    return Err(FetchError::Store {
                        what: wanted.what.clone(),
                        error,
                    });
                }
                Err(Stop::Problem(problem)) => {
                    if several && problem.is_a_lie() {
                        net.ui.warn(&format!(
                            "{} is not what it should be, so another mirror is asked: {problem}",
                            mirror.place
                        ));
                    }
                    mirror.problem = Some(problem);
                }
            }
        }
        if !mirrors.iter().any(Mirror::is_worth_a_try) {
            break;
        }
    }
    let tried = mirrors
        .into_iter()
        .filter_map(|mirror| Some((mirror.place.clone(), mirror.problem?)));
    Err(FetchError::Mirrors {
        what: wanted.what.clone(),
        tried: before.into_iter().chain(tried).collect(),
    })
}

/// Asks one mirror, again and again at once while it brings something.
async fn from_one(
    net: &Net<'_>,
    url: &Url,
    wanted: &Wanted,
    partial: &mut Partial,
    item: &Item<'_, '_>,
) -> Result<(), Stop> {
    let host = net.hosts.of(url);
    // Neither semaphore is ever closed. The host's comes first: who waits for a busy host keeps no other from going.
    let _turn = host.downloads.acquire().await;
    let _turn_of_all = net.hosts.all.acquire().await;
    let mut broke_off = None;
    let mut started_over = false;
    for _ in 0..GO_ON {
        let before = partial.len();
        match attempt(net.client, net.options, url, wanted, partial, item).await {
            Err(Stop::Problem(problem @ Problem::CutShort { .. })) if partial.len() > before => {
                broke_off = Some(problem);
            }
            // The beginning was given up. Once: a server that always breaks off and never goes on stays as it is.
            Err(Stop::Problem(Problem::Unresumable)) if !started_over => started_over = true,
            Err(Stop::Problem(Problem::Connect(why))) => {
                host.unreachable.set(host.unreachable.get() + 1);
                return Err(Problem::Connect(why).into());
            }
            Err(Stop::Problem(Problem::Unresumable)) => break,
            end => return end,
        }
    }
    Err(broke_off.unwrap_or(Problem::Unresumable).into())
}

/// How long to wait before this round: twice as long each time, some of it by chance, so that fifty laptops in a
/// workshop do not come back at one moment; and what the servers asked for.
fn wait(options: &Options, round: u32, mirrors: &[Mirror<'_>]) -> Duration {
    let doubled = options.backoff.saturating_mul(1 << (round - 1).min(10));
    let chance = getrandom::u32().unwrap_or(0);
    let spread = doubled.mul_f64(0.5 + f64::from(chance) / f64::from(u32::MAX) / 2.0);
    let asked = mirrors.iter().filter_map(|mirror| match mirror.problem {
        Some(Problem::Status { retry_after, .. }) => retry_after.map(Duration::from_secs),
        _ => None,
    });
    spread
        .max(asked.min().unwrap_or_default())
        .min(LONGEST_WAIT)
}
