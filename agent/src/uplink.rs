//! Tier full: does the node reach the internet, and what time is it there?
//!
//! An HTTPS request every few minutes. The certificates to trust come from a PEM file of the system, which is
//! updated with its package; built-in roots would grow old inside images. Certificates are checked at the node's own
//! time, which never falls below its image's build time: a boot in 1970 must not make every certificate "not yet valid".
//!
//! Nothing is kept between two checks, so that the certificates take no memory meanwhile.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use reqwest::header::{DATE, HeaderMap};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};

use crate::clock::Clock;
use crate::config::UplinkSettings;
use crate::disk;
use crate::status::Uplink;

/// How long after the start of the agent, or of new settings, the first check is made.
const FIRST: Duration = Duration::from_secs(5);
/// How long a check may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How many redirects are followed.
const REDIRECTS: usize = 3;
/// No file of certificates is larger than this.
const MOST_ROOTS: usize = 2 * 1024 * 1024;

/// Checks for ever, and reports each result; first, that nothing is known.
pub async fn check_forever(settings: UplinkSettings, clock: Clock, report: impl Fn(Uplink)) {
    report(Uplink {
        ok: None,
        latency_ms: None,
        date_offset_s: None,
        error: None,
    });
    tokio::time::sleep(FIRST).await;
    let mut told = None;
    loop {
        let found = check(&settings, clock).await;
        if told != found.ok {
            match &found.error {
                Some(error) => log::warn!("uplink: {error}"),
                None => log::info!("uplink: {} answers", settings.url),
            }
            told = found.ok;
        }
        report(found);
        tokio::time::sleep(Duration::from_secs(u64::from(settings.interval))).await;
    }
}

/// Makes one check.
pub async fn check(settings: &UplinkSettings, clock: Clock) -> Uplink {
    match attempt(settings, clock).await {
        Ok((latency, date_offset_s)) => Uplink {
            ok: Some(true),
            latency_ms: u64::try_from(latency.as_millis()).ok(),
            date_offset_s,
            error: None,
        },
        Err(error) => Uplink {
            ok: Some(false),
            latency_ms: None,
            date_offset_s: None,
            error: Some(format!("{error:#}")),
        },
    }
}

async fn attempt(
    settings: &UplinkSettings,
    clock: Clock,
) -> anyhow::Result<(Duration, Option<i64>)> {
    let tls = ClientConfig::builder_with_details(
        Arc::new(ring::default_provider()),
        Arc::new(NodeTime(clock)),
    )
    .with_safe_default_protocol_versions()
    .context("cannot set up TLS")?
    .with_root_certificates(roots(&settings.roots)?)
    .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(true)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::limited(REDIRECTS))
        .user_agent(concat!("clomd/", env!("CARGO_PKG_VERSION")))
        .timeout(TIMEOUT)
        .build()
        .map_err(told)?;
    let start = Instant::now();
    let response = client.get(&settings.url).send().await.map_err(told)?;
    let latency = start.elapsed();
    if !response.status().is_success() {
        bail!("{} answers {}", settings.url, response.status());
    }
    let now = clock.read(SystemTime::now()).now;
    Ok((latency, date_offset(response.headers(), now)))
}

/// The certificates of a PEM file. Those that rustls cannot use are passed over.
fn roots(path: &Path) -> anyhow::Result<RootCertStore> {
    let bytes = disk::bounded(path, MOST_ROOTS).with_context(|| {
        format!(
            "{}: cannot read the trusted certificates (package ca-bundle)",
            path.display()
        )
    })?;
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(CertificateDer::pem_slice_iter(&bytes).flatten());
    if store.is_empty() {
        bail!("{}: holds no certificate", path.display());
    }
    Ok(store)
}

/// The server's clock minus ours, in seconds.
fn date_offset(headers: &HeaderMap, now: u64) -> Option<i64> {
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    let theirs = date.duration_since(UNIX_EPOCH).ok()?.as_secs();
    i64::try_from(theirs)
        .ok()?
        .checked_sub(i64::try_from(now).ok()?)
}

/// An error of reqwest with everything below it, on one line.
fn told(error: reqwest::Error) -> anyhow::Error {
    let mut said = error.to_string();
    let mut below = error.source();
    while let Some(cause) = below {
        let cause_said = cause.to_string();
        if !said.contains(&cause_said) {
            said += ": ";
            said += &cause_said;
        }
        below = cause.source();
    }
    anyhow::Error::msg(said)
}

/// The node's clock, as rustls asks for it.
#[derive(Debug)]
struct NodeTime(Clock);

impl TimeProvider for NodeTime {
    fn current_time(&self) -> Option<UnixTime> {
        let now = self.0.read(SystemTime::now()).now;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets() {
        let mut headers = HeaderMap::new();
        assert_eq!(date_offset(&headers, 784_111_777), None);
        headers.insert(DATE, "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap());
        assert_eq!(date_offset(&headers, 784_111_700), Some(77));
        assert_eq!(date_offset(&headers, 784_111_780), Some(-3));
        assert_eq!(date_offset(&headers, u64::MAX), None);
        headers.insert(DATE, "yesterday".parse().unwrap());
        assert_eq!(date_offset(&headers, 0), None);
    }

    #[test]
    fn certificates_that_are_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roots.pem");
        let said = |path: &Path| format!("{:#}", roots(path).unwrap_err());
        assert!(said(&path).contains("ca-bundle"));
        std::fs::write(
            &path,
            "no certificates\n-----BEGIN CERTIFICATE-----\nAAAA\n",
        )
        .unwrap();
        assert!(said(&path).contains("holds no certificate"));
    }
}
