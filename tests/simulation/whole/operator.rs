//! An operator at the daemon's own API, over a connection without a socket.

use campaign_autopilot::cli::Listener;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;

/// The token that the API asks for; a secret.
pub(crate) const ADMIN_TOKEN: &str = "admin-token-6b1f0c9e";

/// Asks the daemon; nothing comes back when it is gone.
pub(crate) async fn ask(
    listener: Listener,
    method: Method,
    path: &str,
    body: Option<String>,
) -> Option<(u16, Bytes)> {
    let io = TokioIo::new(listener.connect());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.ok()?;
    let driving = tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1")
        .header("authorization", format!("Bearer {ADMIN_TOKEN}"))
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body.unwrap_or_default())))
        .ok()?;
    let answer = sender.send_request(request).await.ok()?;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.ok()?.to_bytes();
    driving.abort();
    Some((status, body))
}
