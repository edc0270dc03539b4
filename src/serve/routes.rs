//! The routes of the listener.

use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};
use serde::Serialize;

use super::answer::{Body, text};
use super::api::described;
use super::assets;
use super::connections::Slot;
use super::documents::{CampaignDocument, StatusDocument};
use super::encoding;
use super::sources::{Rendered, Sources};
use super::summary::not_ready;
use crate::telemetry::exposition;

/// Documents of one version are rendered again after this, so that the time in them is nearly the one at which they are read.
const RENDERED_FOR_MS: i64 = 5_000;

/// The header that says what time it is for the daemon, and in which zone people are shown times: a command shows them as the page does.
pub const CLOCK: &str = "autopilot-clock";

/// Every campaign.
#[derive(Serialize)]
struct CampaignsDocument<'a> {
    schema: u32,
    version: u64,
    campaigns: &'a [CampaignDocument],
}

/// Whether a path is one by which it is decided whether the daemon lives and works.
fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/-/healthy" | "/-/ready")
}

/// Returns the answer where only health probes are answered; the connection ends with it.
fn busy() -> Response<Body> {
    let mut refusal = text(
        StatusCode::SERVICE_UNAVAILABLE,
        "every connection is in use; try again in a moment\n",
    );
    let headers = refusal.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    refusal
}

impl Sources {
    /// Answers a request, in gzip where the client accepts that.
    pub(super) async fn answer(
        self: &Arc<Self>,
        request: Request<Incoming>,
        slot: &Arc<Slot>,
    ) -> Response<Body> {
        let accepted = encoding::is_accepted(request.headers());
        let mut answer = self.plain_answer(request, slot).await;
        let clock = self.shown.time_zone.clock(self.shown.clock.now());
        if let Ok(clock) = HeaderValue::try_from(clock) {
            answer.headers_mut().insert(CLOCK, clock);
        }
        encoding::encoded(answer, accepted).await
    }

    async fn plain_answer(
        self: &Arc<Self>,
        request: Request<Incoming>,
        slot: &Arc<Slot>,
    ) -> Response<Body> {
        let path = request.uri().path();
        if slot.probes_only() && !is_probe(path) {
            return busy();
        }
        // It holds nothing of the daemon, and a link to it carries no token.
        if path == "/api/v1/openapi.json" && request.method() == Method::GET {
            return described();
        }
        if path.starts_with("/api/") || (path.starts_with("/-/") && !is_probe(path)) {
            return self.operate(request, slot).await;
        }
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
        match path {
            path if assets::is_one(path) => assets::answer(path, request.headers()),
            "/metrics" => {
                let _busy = slot.busy();
                self.exposition().await
            }
            "/healthz" | "/-/healthy" => self.health(),
            "/readyz" | "/-/ready" => self.readiness(),
            _ => text(
                StatusCode::NOT_FOUND,
                "not here; there are /, /metrics, /healthz, /readyz and what /api/v1/openapi.json describes\n",
            ),
        }
    }

    /// The status, rendered once for each version.
    pub(super) async fn status(&self) -> Bytes {
        self.rendered().await.status
    }

    /// The status with its version.
    pub(super) async fn versioned_status(&self) -> (u64, Bytes) {
        let rendered = self.rendered().await;
        (rendered.of.0, rendered.status)
    }

    /// Every campaign, rendered once for each version.
    pub(super) async fn campaigns(&self) -> Bytes {
        self.rendered().await.campaigns
    }

    async fn rendered(&self) -> Rendered {
        let now = self.shown.clock.now();
        let ending = self.shown.ending.is_cancelled();
        // Cheap: the campaigns are shared, so no loop waits while they are rendered.
        let tenants = self.tenants();
        let not_ready = not_ready(&tenants, ending);
        let alive = tenants.entries.iter().all(|entry| entry.alive(now));
        let span = now.as_unix_millis().div_euclid(RENDERED_FOR_MS);
        // Read before the states: what is shown is that version or a later one, which is sent once more then.
        let version = tenants.version();
        let of = (version, alive, not_ready, span);
        let actions = self.api.access.actions();
        let started_at = self.shown.started_at;
        let zone = self.shown.time_zone.clone();
        let mut last = self.rendered.lock().await;
        if let Some(rendered) = last.as_ref().filter(|rendered| rendered.of == of) {
            return rendered.clone();
        }
        let rendering = tokio::task::spawn_blocking(move || {
            let document = StatusDocument::of(
                (&tenants, version),
                (now, &zone),
                ending,
                actions,
                started_at,
            );
            let campaigns = CampaignsDocument {
                schema: document.schema,
                version: document.version,
                campaigns: &document.campaigns,
            };
            // Documents of ours hold nothing that JSON cannot.
            Rendered {
                of,
                status: serde_json::to_vec(&document).unwrap_or_default().into(),
                campaigns: serde_json::to_vec(&campaigns).unwrap_or_default().into(),
            }
        });
        match rendering.await {
            Ok(rendered) => {
                *last = Some(rendered.clone());
                rendered
            }
            // Only when the runtime ends.
            Err(_) => Rendered {
                of: (0, false, Vec::new(), 0),
                status: Bytes::new(),
                campaigns: Bytes::new(),
            },
        }
    }

    async fn exposition(&self) -> Response<Body> {
        let place = self.scrape.acquire().await;
        let (process, tenants) = (Arc::clone(&self.shown.metrics), self.tenants());
        let shared = tenants.shared;
        let (tenants, standing) = (tenants.metrics(), tenants.standing());
        // On a thread of its own: encoding many campaigns takes longer than the loop may wait.
        let encoded =
            tokio::task::spawn_blocking(move || exposition(&process, &tenants, &standing, shared))
                .await;
        drop(place);
        match encoded
            .map_err(|wrong| wrong.to_string())
            .and_then(|text| text.map_err(|wrong| wrong.to_string()))
        {
            Ok((content_type, body)) => {
                let mut answer = Response::new(Full::from(body).boxed_unsync());
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

    fn health(&self) -> Response<Body> {
        let now = self.shown.clock.now();
        let tenants = self.tenants();
        let silent = tenants.entries.iter().filter_map(|entry| {
            let seconds = entry.silent_for(now)?;
            Some(match &entry.name {
                Some(name) => format!("the loop of tenant {name} has been silent for {seconds} s"),
                None => format!("the loop has been silent for {seconds} s"),
            })
        });
        let silent: Vec<String> = silent.collect();
        match (silent.is_empty(), tenants.is_named()) {
            (true, false) => text(StatusCode::OK, "the loop is running\n"),
            (true, true) => text(StatusCode::OK, "every loop is running\n"),
            (false, _) => text(
                StatusCode::SERVICE_UNAVAILABLE,
                &format!("{}\n", silent.join("; ")),
            ),
        }
    }

    fn readiness(&self) -> Response<Body> {
        let tenants = self.tenants();
        let not_ready = not_ready(&tenants, self.shown.ending.is_cancelled());
        if not_ready.is_empty() {
            return match tenants.elsewhere().len() {
                0 => text(StatusCode::OK, "ready\n"),
                others => {
                    let told = format!("ready; other daemons steer {others} of the tenants\n");
                    text(StatusCode::OK, &told)
                }
            };
        }
        text(
            StatusCode::SERVICE_UNAVAILABLE,
            &format!("not ready: {}\n", not_ready.join("; ")),
        )
    }
}
