//! One request and one response: the interface between the client and real sockets.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};

use crate::sockets::{ClientBounds, HttpClient, NoCertificates};

use super::push::{self, PushConnection};
use super::send_fault::{LARGEST_BODY, SendFault};

/// A request with everything that its transport needs.
#[derive(Clone)]
pub struct HttpRequest {
    /// The HTTP method.
    pub method: Method,
    /// The address.
    pub url: reqwest::Url,
    /// Headers; secrets among them are marked sensitive.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Bytes,
    /// The longest that the attempt may take, in real time.
    pub timeout: Duration,
    /// Whether it is to change something.
    pub writes: bool,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct HttpResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// Sends one request.
pub trait HttpSend: Send + Sync + 'static {
    /// Sends `request` and reads the answer to its end.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, SendFault>>;

    /// Opens a connection over which the platform reports changes by itself, within `timeout` (real time). A transport without
    /// sockets has none.
    fn open_push(
        &self,
        url: reqwest::Url,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<Box<dyn PushConnection>, SendFault>> {
        drop((url, timeout));
        let why = "this transport has no sockets".to_owned();
        Box::pin(std::future::ready(Err(SendFault::Connect(why))))
    }
}

/// Bounds of the transport, in real time.
#[derive(Clone, Copy, Debug)]
pub struct Transport {
    /// The longest that connecting may take.
    pub connect_timeout: Duration,
    /// The largest answer that is read.
    pub largest_body: usize,
    /// Idle connections kept open.
    pub idle_connections: usize,
}

impl Default for Transport {
    /// 5 s; the largest body of any answer; as many connections as pages are asked for at once.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            largest_body: LARGEST_BODY,
            idle_connections: 32,
        }
    }
}

/// Real sockets: one client, connections kept open, TLS by rustls.
pub struct ReqwestSend {
    client: HttpClient,
    largest_body: usize,
}

impl ReqwestSend {
    /// Creates a client with these bounds.
    ///
    /// # Errors
    /// When the client cannot be set up; missing certificates are no error before they are needed.
    pub fn new(transport: Transport) -> Result<Self, String> {
        let client = HttpClient::new(ClientBounds {
            connect_timeout: transport.connect_timeout,
            timeout: None,
            idle_connections: transport.idle_connections,
        })?;
        Ok(Self {
            client,
            largest_body: transport.largest_body,
        })
    }

    /// Returns whether certificates are there if this address needs them.
    ///
    /// # Errors
    /// When they are not, with what to install.
    pub fn can_reach(&self, url: &reqwest::Url) -> Result<(), NoCertificates> {
        self.client.can_reach(url)
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, SendFault> {
        let HttpRequest {
            method,
            url,
            headers,
            body,
            timeout,
            writes: _,
        } = request;
        let headers: HeaderMap = headers.into_iter().collect();
        let client = self.client.to(&url);
        let client = client.map_err(|lacking| SendFault::Connect(lacking.to_string()))?;
        let fault = |wrong: reqwest::Error| self.fault(&url, wrong);
        let sent = client
            .request(method, url.clone())
            .headers(headers)
            .body(body)
            .timeout(timeout)
            .send()
            .await;
        let mut response = sent.map_err(fault)?;
        let too_large = SendFault::TooLarge(self.largest_body);
        let announced = response
            .content_length()
            .and_then(|length| usize::try_from(length).ok())
            .unwrap_or(0);
        if announced > self.largest_body {
            return Err(too_large);
        }
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let mut body = Vec::with_capacity(announced);
        while let Some(chunk) = response.chunk().await.map_err(fault)? {
            if body.len().saturating_add(chunk.len()) > self.largest_body {
                return Err(too_large);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpResponse {
            status,
            headers,
            body: Bytes::from(body),
        })
    }

    fn fault(&self, url: &reqwest::Url, wrong: reqwest::Error) -> SendFault {
        if wrong.is_connect() {
            SendFault::Connect(self.client.explain(url, wrong))
        } else if wrong.is_timeout() {
            SendFault::Timeout
        } else {
            SendFault::Broken(self.client.explain(url, wrong))
        }
    }
}

impl HttpSend for ReqwestSend {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, SendFault>> {
        Box::pin(self.exchange(request))
    }

    fn open_push(
        &self,
        url: reqwest::Url,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<Box<dyn PushConnection>, SendFault>> {
        Box::pin(async move { push::open(&self.client, &url, timeout).await })
    }
}
