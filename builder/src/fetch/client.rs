//! The HTTPS client: whom it trusts, and where it lets itself be sent.

use std::error::Error;
use std::io;
use std::sync::Arc;

use reqwest::redirect::{Attempt, Policy};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::error::Problem;
use super::wanted::Options;

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 8;

/// A client for these options, or why there is none.
pub(super) fn build(options: &Options) -> Result<reqwest::Client, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots(options)?)
        .with_no_client_auth();
    let mut client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("clom/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(options.connect_timeout)
        .redirect(Policy::custom(follow))
        .referer(false);
    if !options.proxy {
        client = client.no_proxy();
    }
    client.build().map_err(|error| deepest(&error))
}

/// The certificates to trust: the system's, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name, so that a company's
/// or community's own authority works; and the options'.
fn roots(options: &Options) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    // Systems have odd old certificates among the good ones; only when there is none is that worth a word.
    if system.certs.is_empty() && options.extra_roots.is_empty() {
        let why = system.errors.first().map(ToString::to_string);
        return Err(why.unwrap_or_else(|| "this machine trusts no certificate authority".into()));
    }
    roots.add_parsable_certificates(system.certs);
    for path in &options.extra_roots {
        let failed = |error: &dyn Error| format!("{}: {error}", path.display());
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| failed(&error))? {
            let certificate = certificate.map_err(|error| failed(&error))?;
            roots.add(certificate).map_err(|error| failed(&error))?;
        }
    }
    Ok(roots)
}

fn follow(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let came_by_https = attempt.previous().iter().any(|url| url.scheme() == "https");
    if came_by_https && attempt.url().scheme() != "https" {
        let to = super::location::public(attempt.url());
        return attempt.error(Refused(format!(
            "it redirects from https to {to}, which is not safe"
        )));
    }
    if attempt.previous().len() > MAX_REDIRECTS {
        return attempt.error(Refused(format!(
            "it redirects more than {MAX_REDIRECTS} times"
        )));
    }
    attempt.follow()
}

/// A redirect that is not followed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

/// What an error of a request means.
pub(super) fn problem(error: &reqwest::Error) -> Problem {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(this) = cause {
        if let Some(tls) = tls_error(this) {
            return match tls {
                rustls::Error::InvalidCertificate(why) => Problem::Certificate(why.to_string()),
                other => Problem::Connect(other.to_string()),
            };
        }
        if let Some(Refused(why)) = this.downcast_ref() {
            return Problem::Redirect(why.clone());
        }
        cause = this.source();
    }
    if error.is_redirect() || error.is_builder() {
        return Problem::Redirect(format!("it redirects to nowhere: {}", deepest(error)));
    }
    if error.is_connect() {
        return Problem::Connect(deepest(error));
    }
    Problem::CutShort {
        got: 0,
        of: None,
        why: deepest(error),
    }
}

/// The error of TLS in this one; input and output errors wrap others, and do not name them as their sources.
fn tls_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    if let Some(io) = error.downcast_ref::<io::Error>() {
        return tls_error(io.get_ref()?);
    }
    error.downcast_ref()
}

/// The text of the cause of all causes.
pub(super) fn deepest(error: &dyn Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}
