//! Which path gives what.

use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::control::ObservableState;
use crate::control::ports::Clock;
use crate::telemetry::Metrics;

/// What the answers are made from.
pub(super) struct Sources {
    pub(super) metrics: Arc<Metrics>,
    pub(super) observed: watch::Receiver<ObservableState>,
    pub(super) clock: Arc<dyn Clock>,
    /// Set when the daemon has begun to end.
    pub(super) ending: CancellationToken,
    /// One exposition at a time: with thousands of campaigns it is tens of megabytes.
    pub(super) scrape: Semaphore,
}

impl Sources {
    pub(super) async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            let mut refusal = text(
                StatusCode::METHOD_NOT_ALLOWED,
                "only GET is answered here\n",
            );
            refusal
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return refusal;
        }
        match request.uri().path() {
            "/metrics" => self.exposition().await,
            "/healthz" => self.health(),
            "/readyz" => self.readiness(),
            _ => text(
                StatusCode::NOT_FOUND,
                "not here; there are /metrics, /healthz and /readyz\n",
            ),
        }
    }

    async fn exposition(&self) -> Response<Full<Bytes>> {
        let place = self.scrape.acquire().await;
        let metrics = Arc::clone(&self.metrics);
        // On a thread of its own: encoding many campaigns takes longer than the loop may be kept from its own.
        let encoded = tokio::task::spawn_blocking(move || metrics.exposition()).await;
        drop(place);
        match encoded
            .map_err(|wrong| wrong.to_string())
            .and_then(|text| text.map_err(|wrong| wrong.to_string()))
        {
            Ok((content_type, body)) => {
                let mut answer = Response::new(Full::from(body));
                let content_type = HeaderValue::try_from(content_type);
                let content_type =
                    content_type.unwrap_or(HeaderValue::from_static("text/plain; version=0.0.4"));
                answer.headers_mut().insert(CONTENT_TYPE, content_type);
                answer
            }
            Err(wrong) => text(
                StatusCode::INTERNAL_SERVER_ERROR,
                &format!("metrics: {wrong}\n"),
            ),
        }
    }

    fn health(&self) -> Response<Full<Bytes>> {
        let now = self.clock.now();
        let observed = self.observed.borrow();
        if observed.alive(now) {
            return text(StatusCode::OK, "the loop turns\n");
        }
        let silent = now.since(observed.alive_at).as_secs();
        text(
            StatusCode::SERVICE_UNAVAILABLE,
            &format!("the loop has been silent for {silent} s\n"),
        )
    }

    fn readiness(&self) -> Response<Full<Bytes>> {
        if self.ending.is_cancelled() {
            return text(
                StatusCode::SERVICE_UNAVAILABLE,
                "not ready: shutting down\n",
            );
        }
        match self.observed.borrow().not_ready() {
            None => text(StatusCode::OK, "ready\n"),
            Some(why) => text(
                StatusCode::SERVICE_UNAVAILABLE,
                &format!("not ready: {why}\n"),
            ),
        }
    }
}

fn text(status: StatusCode, body: &str) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::from(body.to_owned()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
