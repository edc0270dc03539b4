//! The requests of the credential chain over the client that is there: its certificates, proxies and bounds hold for them too.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest as ChainRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue};

use crate::control::ports::Clock;
use crate::platform::http::{HttpRequest, HttpSend, SendFault};
use crate::telemetry::{Code, Metrics};

use super::endpoints;

/// Makes the requests of the credential chain.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) transport: Arc<dyn HttpSend>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) timeout: Duration,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl HttpClient for Connector {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let asked = settings.read_timeout().or(settings.connect_timeout());
        let timeout = asked.map_or(self.timeout, |asked| asked.min(self.timeout));
        SharedHttpConnector::new(Self {
            timeout,
            ..self.clone()
        })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: ChainRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move { this.send(request).await })
    }
}

impl Connector {
    async fn send(&self, request: ChainRequest) -> Result<HttpResponse, ConnectorError> {
        let request = self.read(&request)?;
        let started = self.clock.monotonic();
        let answer = self.transport.send(request).await;
        let took = self.clock.monotonic().saturating_sub(started).as_secs_f64();
        let code = match &answer {
            Ok(response) if response.status.is_success() => Code::Success,
            Ok(response) if response.status.is_server_error() => Code::Server,
            Ok(_) => Code::Client,
            Err(SendFault::Timeout) => Code::Timeout,
            Err(SendFault::TooLarge(_)) => Code::Decode,
            Err(SendFault::Connect(_) | SendFault::Broken(_)) => Code::Connect,
        };
        self.metrics.api.attempt(endpoints::CREDENTIALS, code, took);
        let answer = answer.map_err(|fault| match fault {
            SendFault::Timeout => ConnectorError::timeout(fault.into()),
            SendFault::Connect(_) | SendFault::Broken(_) => ConnectorError::io(fault.into()),
            SendFault::TooLarge(_) => ConnectorError::other(fault.into(), None),
        })?;
        let status = StatusCode::try_from(answer.status.as_u16());
        let status = status.map_err(|wrong| ConnectorError::other(wrong.into(), None))?;
        let mut response = HttpResponse::new(status, SdkBody::from(answer.body.to_vec()));
        for (name, value) in &answer.headers {
            if let Ok(value) = value.to_str() {
                let value = value.to_owned();
                let kept = response
                    .headers_mut()
                    .try_append(name.as_str().to_owned(), value);
                kept.map_err(|wrong| ConnectorError::other(wrong.into(), None))?;
            }
        }
        Ok(response)
    }

    fn read(&self, request: &ChainRequest) -> Result<HttpRequest, ConnectorError> {
        let user = |wrong: &str| ConnectorError::user(wrong.to_owned().into());
        let method = request.method().parse();
        let url = request.uri().parse();
        let headers = request.headers().iter().filter_map(|(name, value)| {
            let mut value = HeaderValue::from_str(value).ok()?;
            value.set_sensitive(true);
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
        });
        Ok(HttpRequest {
            method: method.map_err(|_| user("a method that is not known"))?,
            url: url.map_err(|_| user("an address that cannot be read"))?,
            headers: headers.collect(),
            body: Bytes::copy_from_slice(request.body().bytes().unwrap_or_default()),
            timeout: self.timeout,
            writes: false,
        })
    }
}
