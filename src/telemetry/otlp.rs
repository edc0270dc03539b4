//! Traces to an OTLP collector, in a build with the cargo feature `otlp`.
//!
//! The loop never waits for a collector: spans that have ended go into a bounded queue, from which a thread of its own sends
//! batches; what finds the queue full is dropped. A collector that is down is logged once, and once when it is back.
//!
//! OTLP goes over HTTP, as JSON, which a person can read, or as protocol buffers. The connection is made by the HTTP client that the
//! program has anyway.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::{Level, info, warn};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;

use crate::sockets::{ClientBounds, HttpClient as Sockets, causes};

use super::log::LogLayer;
use super::trace_protocol::TraceProtocol;

/// How the program calls itself in traces, unless `OTEL_SERVICE_NAME` says otherwise.
const SERVICE: &str = env!("CARGO_PKG_NAME");

/// The longest that one batch may take, all attempts together.
const LONGEST_EXPORT: Duration = Duration::from_secs(10);

/// Spans that wait at most. A tick of 10,000 agents and a few commands has some 150.
const QUEUE: usize = 4_096;

/// Spans in one request to the collector.
const BATCH: usize = 512;

/// A batch goes out at least this often.
const BETWEEN_BATCHES: Duration = Duration::from_secs(2);

/// An answer of the collector is read no further than this.
const LARGEST_ANSWER: usize = 64 << 10;

/// Sends spans to a collector until it is finished.
pub struct TraceExport {
    provider: SdkTracerProvider,
}

impl TraceExport {
    /// For a collector at this address, to which `/v1/traces` is added; together with the layer of the log that hands spans over.
    /// Headers come from `OTEL_EXPORTER_OTLP_HEADERS`, further attributes from `OTEL_RESOURCE_ATTRIBUTES`. Has to be called
    /// within the runtime.
    ///
    /// # Errors
    /// When the system's certificates cannot be used, or one of these variables holds something else than it should.
    pub fn start(
        endpoint: &reqwest::Url,
        protocol: TraceProtocol,
    ) -> Result<(Self, LogLayer), String> {
        let mut url = endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["v1", "traces"]);
        }
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Sender::new(&url)?)
            .with_protocol(match protocol {
                TraceProtocol::Json => Protocol::HttpJson,
                TraceProtocol::Protobuf => Protocol::HttpBinary,
            })
            .with_endpoint(url)
            .with_timeout(LONGEST_EXPORT)
            .build()
            .map_err(|wrong| causes(&wrong))?;
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(BETWEEN_BATCHES)
            .build();
        let processor = BatchSpanProcessor::builder(exporter)
            .with_batch_config(batches)
            .build();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(processor)
            .with_resource(resource())
            .build();
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer(SERVICE))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|metadata| {
                // What the HTTP client tells of itself would be traced in turn.
                metadata.target().starts_with(env!("CARGO_CRATE_NAME"))
                    && *metadata.level() <= Level::DEBUG
            }));
        Ok((Self { provider }, layer.boxed()))
    }

    /// Sends what waits, for at most `longest`.
    pub async fn finish(self, longest: Duration) {
        // Blocks on the thread that sends.
        let ended = tokio::task::spawn_blocking(move || {
            let ended = self.provider.shutdown_with_timeout(longest);
            ended.map_err(|wrong| causes(&wrong))
        });
        if let Ok(Err(why)) = ended.await {
            warn!(why, "traces of the last moments were not exported");
        }
    }
}

fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let named = Resource::builder().with_attribute(version).build();
    let name = named.get(&"service.name".into());
    if name.is_some_and(|name| !name.as_str().starts_with("unknown_service")) {
        return named;
    }
    let attributes = named.iter();
    let attributes = attributes.map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
    Resource::builder_empty()
        .with_attributes(attributes)
        .with_service_name(SERVICE)
        .build()
}

/// Sends requests of the thread that exports on the runtime, where the HTTP client lives.
#[derive(Debug)]
struct Sender {
    client: Sockets,
    runtime: Handle,
    works: AtomicBool,
}

impl Sender {
    fn new(endpoint: &reqwest::Url) -> Result<Self, String> {
        let bounds = ClientBounds {
            connect_timeout: LONGEST_EXPORT,
            timeout: Some(LONGEST_EXPORT),
            idle_connections: 1,
        };
        let client = Sockets::new(bounds)?;
        client
            .can_reach(endpoint)
            .map_err(|wrong| wrong.to_string())?;
        Ok(Self {
            client,
            runtime: Handle::current(),
            works: AtomicBool::new(true),
        })
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = reqwest::Request::try_from(request)?;
        let url = request.url().clone();
        let client = self.client.to(&url)?.clone();
        let sent = self.runtime.spawn(exchange(client, request)).await?;
        // Its address may hold a key.
        let sent = sent.map_err(|wrong| self.client.explain(&url, wrong));
        let wrong = match &sent {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("the collector answered {}", answer.status())),
            Err(why) => Some(why.clone()),
        };
        match wrong {
            Some(why) if self.works.swap(false, Ordering::Relaxed) => {
                warn!(
                    why,
                    "traces not exported: dropped until the collector takes them"
                );
            }
            None if !self.works.swap(true, Ordering::Relaxed) => {
                info!("traces are exported again");
            }
            Some(_) | None => {}
        }
        Ok(sent?)
    }
}

async fn exchange(
    client: reqwest::Client,
    request: reqwest::Request,
) -> Result<Response<Bytes>, reqwest::Error> {
    let mut answer = client.execute(request).await?;
    let mut read = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        read.extend_from_slice(&chunk);
        if read.len() > LARGEST_ANSWER {
            break;
        }
    }
    let mut whole = Response::new(Bytes::from(read));
    *whole.status_mut() = answer.status();
    std::mem::swap(whole.headers_mut(), answer.headers_mut());
    Ok(whole)
}

impl HttpClient for Sender {
    fn send_bytes<'life0, 'async_trait>(
        &'life0 self,
        request: Request<Bytes>,
    ) -> BoxFuture<'async_trait, Result<Response<Bytes>, HttpError>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(self.send(request))
    }
}
