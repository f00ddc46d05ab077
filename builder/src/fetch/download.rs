//! One try to get something from one server, into an unfinished download that may have a beginning.

use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_RANGE, ETAG, HeaderMap, IF_RANGE, LAST_MODIFIED,
    RANGE, RETRY_AFTER,
};
use reqwest::{Client, Response, StatusCode, Url};

use super::client::{deepest, problem};
use super::error::Problem;
use super::location::public;
use super::progress::Item;
use super::wanted::{Options, Wanted};
use crate::store::content::{Origin, Partial, StoreError};

/// Why a try ended without all bytes.
pub(super) enum Stop {
    /// The server or the way to it.
    Problem(Problem),
    /// The disk here: no other server will mend that.
    Store(StoreError),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Fills `partial` with all of what is wanted, checked as far as anything is known of it.
pub(super) async fn attempt(
    client: &Client,
    options: &Options,
    url: &Url,
    wanted: &Wanted,
    partial: &mut Partial,
    item: &Item<'_, '_>,
) -> Result<(), Stop> {
    if wanted.sha256.is_some_and(|hash| hash == partial.hash()) {
        return Ok(());
    }
    let origin = |validator| Origin {
        url: public(url).into(),
        validator,
    };
    // A beginning that is all there should be, and not right: start over.
    if !partial.is_empty() && wanted.size.is_some_and(|size| partial.len() >= size) {
        partial.restart(&origin(None))?;
    }
    let beginning = beginning(url, wanted, partial);
    let response = ask(client, options, url, beginning.as_ref()).await?;
    let begun_here = match accept(&response, beginning.as_ref())? {
        Answer::Rest => false,
        Answer::Whole => {
            partial.restart(&origin(validator(response.headers())))?;
            true
        }
        Answer::NoSuchRest => {
            partial.restart(&origin(None))?;
            return Err(Problem::Unresumable.into());
        }
    };
    item.at(partial.len());
    take(options, response, wanted, partial, item).await?;

    if let Some(expected) = wanted.sha256 {
        let got = partial.hash();
        if got != expected {
            partial.restart(&origin(None))?;
            return Err(match begun_here {
                true => Problem::WrongHash { got, expected }.into(),
                // The beginning may be to blame, from another mirror or from before a power cut.
                false => Problem::Unresumable.into(),
            });
        }
    }
    Ok(())
}

/// The beginning that is there: its length, and what the server is to check it by.
struct Beginning {
    len: u64,
    validator: Option<String>,
}

/// What of the unfinished download can be kept. With a known hash all can: it shows in the end whether the parts go
/// together. Without, only what came from this very URL, which the server must confirm.
fn beginning(url: &Url, wanted: &Wanted, partial: &Partial) -> Option<Beginning> {
    if partial.is_empty() {
        return None;
    }
    let validator = partial
        .origin()
        .filter(|origin| origin.url == public(url).as_str())
        .and_then(|origin| origin.validator);
    (validator.is_some() || wanted.sha256.is_some()).then_some(Beginning {
        len: partial.len(),
        validator,
    })
}

async fn ask(
    client: &Client,
    options: &Options,
    url: &Url,
    beginning: Option<&Beginning>,
) -> Result<Response, Problem> {
    // Hashes are of the bytes as published, so nothing on the way may change how they are written.
    let mut request = client.get(url.clone()).header(ACCEPT_ENCODING, "identity");
    if let Some(Beginning { len, validator }) = beginning {
        request = request.header(RANGE, format!("bytes={len}-"));
        if let Some(validator) = validator {
            request = request.header(IF_RANGE, validator);
        }
    }
    let patience = options.connect_timeout + options.stall_timeout;
    match tokio::time::timeout(patience, request.send()).await {
        Ok(answer) => answer.map_err(|error| problem(&error)),
        Err(_) => Err(stalled(patience, 0)),
    }
}

enum Answer {
    /// The bytes after the beginning.
    Rest,
    /// All bytes: the server knows no ranges, or has another file by now.
    Whole,
    /// There is nothing after the beginning.
    NoSuchRest,
}

fn accept(response: &Response, beginning: Option<&Beginning>) -> Result<Answer, Problem> {
    let headers = response.headers();
    let encoded = text(headers, CONTENT_ENCODING).filter(|coding| coding != "identity");
    match (response.status(), beginning) {
        (StatusCode::OK | StatusCode::PARTIAL_CONTENT, _) if encoded.is_some() => {
            Err(Problem::Protocol(format!(
                "it sends {}-encoded what should come as it is",
                encoded.unwrap_or_default()
            )))
        }
        (StatusCode::OK, _) => Ok(Answer::Whole),
        (StatusCode::PARTIAL_CONTENT, Some(beginning)) => {
            match content_range(headers).map(|(start, _)| start) {
                Some(start) if start == beginning.len => Ok(Answer::Rest),
                // Another rest than was asked for does not go with the beginning.
                _ => Ok(Answer::NoSuchRest),
            }
        }
        (StatusCode::RANGE_NOT_SATISFIABLE, Some(_)) => Ok(Answer::NoSuchRest),
        (StatusCode::PARTIAL_CONTENT, None) => Err(Problem::Protocol(
            "it sends a part when asked for all".into(),
        )),
        (status, _) => Err(Problem::Status {
            code: status.as_u16(),
            retry_after: text(headers, RETRY_AFTER).and_then(|text| text.trim().parse().ok()),
        }),
    }
}

async fn take(
    options: &Options,
    mut response: Response,
    wanted: &Wanted,
    partial: &mut Partial,
    item: &Item<'_, '_>,
) -> Result<(), Stop> {
    let announced = match response.status() {
        StatusCode::PARTIAL_CONTENT => content_range(response.headers()).and_then(|(_, of)| of),
        _ => response.content_length(),
    };
    if let Some(announced) = announced {
        check_size(announced, wanted)?;
        item.expect(announced);
    }
    let limit = wanted.size.unwrap_or(wanted.at_most).min(wanted.at_most);
    let cut_short = |got, why| Problem::CutShort {
        got,
        of: announced.or(wanted.size),
        why,
    };
    loop {
        match tokio::time::timeout(options.stall_timeout, response.chunk()).await {
            Ok(Ok(Some(bytes))) => {
                if partial.len() + bytes.len() as u64 > limit {
                    partial.restart(&Origin {
                        url: public(response.url()).into(),
                        validator: None,
                    })?;
                    return Err(Problem::TooLong { limit }.into());
                }
                partial.append(&bytes)?;
                item.at(partial.len());
            }
            Ok(Ok(None)) => break,
            Ok(Err(error)) => return Err(cut_short(partial.len(), deepest(&error)).into()),
            Err(_) => return Err(stalled(options.stall_timeout, partial.len()).into()),
        }
    }
    match announced.or(wanted.size) {
        Some(all) if partial.len() < all => {
            Err(cut_short(partial.len(), "it was closed".into()).into())
        }
        _ => Ok(check_size(partial.len(), wanted)?),
    }
}

fn check_size(got: u64, wanted: &Wanted) -> Result<(), Problem> {
    match wanted.size {
        Some(expected) if got != expected => Err(Problem::WrongSize { got, expected }),
        _ if got > wanted.at_most => Err(Problem::TooLong {
            limit: wanted.at_most,
        }),
        _ => Ok(()),
    }
}

fn stalled(patience: Duration, got: u64) -> Problem {
    Problem::Stalled {
        seconds: patience.as_secs(),
        got,
    }
}

/// What a server is to check a beginning by: an `ETag` that stands for the very bytes, else `Last-Modified`.
fn validator(headers: &HeaderMap) -> Option<String> {
    text(headers, ETAG)
        .filter(|tag| tag.starts_with('"'))
        .or_else(|| text(headers, LAST_MODIFIED))
}

/// First byte, and size of the whole if it is known, of `bytes FIRST-LAST/SIZE`.
fn content_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let value = text(headers, CONTENT_RANGE)?;
    let (range, size) = value.strip_prefix("bytes ")?.split_once('/')?;
    let (first, _last) = range.split_once('-')?;
    Some((first.trim().parse().ok()?, size.trim().parse().ok()))
}

fn text(headers: &HeaderMap, name: reqwest::header::HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}
