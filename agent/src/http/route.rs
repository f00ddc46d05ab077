//! Which page a request gets.

use super::request::{Method, Request};
use super::response::Response;

/// What is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `/`: a page for people.
    Page,
    /// `/api/v1/status`: JSON for programs.
    Json,
    /// `/status.txt`: the text that `clomd status` prints.
    Text,
    /// `/metrics`: for Prometheus.
    Metrics,
    /// `/healthz`: `ok`.
    Health,
}

/// The route of a request, or the answer when there is none.
///
/// # Errors
/// 404 for an unknown path, 405 for a method other than GET and HEAD.
pub fn route(request: &Request) -> Result<Route, Response> {
    let route = match request.path.as_str() {
        "/" => Route::Page,
        "/api/v1/status" => Route::Json,
        "/status.txt" => Route::Text,
        "/metrics" => Route::Metrics,
        "/healthz" => Route::Health,
        _ if request.method == Method::Other => return Err(not_allowed()),
        _ => {
            return Err(Response::error(
                404,
                "there are /, /api/v1/status, /status.txt, /metrics and /healthz",
            ));
        }
    };
    match request.method {
        Method::Get | Method::Head => Ok(route),
        Method::Other => Err(not_allowed()),
    }
}

fn not_allowed() -> Response {
    Response::error(405, "only GET and HEAD are served")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes() {
        let at = |method, path: &str| {
            let request = Request {
                method,
                path: path.to_owned(),
                keep_alive: true,
            };
            route(&request).map_err(|response| response.status)
        };
        assert_eq!(at(Method::Get, "/"), Ok(Route::Page));
        assert_eq!(at(Method::Head, "/metrics"), Ok(Route::Metrics));
        assert_eq!(at(Method::Get, "/metrics/"), Err(404));
        assert_eq!(at(Method::Get, "/../etc/passwd"), Err(404));
        assert_eq!(at(Method::Other, "/"), Err(405));
        assert_eq!(at(Method::Other, "*"), Err(405));
    }
}
