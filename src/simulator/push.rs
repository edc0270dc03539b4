//! Changes that a platform tells by itself, over a websocket.
//!
//! What a channel has to tell is looked at in short turns of real time, and what has changed since the last turn is sent. A connection
//! begins with nothing: its client reads what is so by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::header::{
    CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE,
};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::handle::Shared;
use super::payload::Payload;

/// From one look to the next.
const TURN: Duration = Duration::from_millis(25);

/// Returns the answer to a client that asks for a websocket, or nothing where it asks for none.
pub(super) fn accepted(headers: &HeaderMap) -> Option<Response<Payload>> {
    let upgrade = headers.get(UPGRADE)?.to_str().ok()?;
    if !upgrade.eq_ignore_ascii_case("websocket") {
        return None;
    }
    let key = headers.get(SEC_WEBSOCKET_KEY)?;
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()?;
    let mut response = Response::new(Payload::whole(bytes::Bytes::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    Some(response)
}

/// Tells a client of changes until either side ends the connection.
pub(super) async fn tell(shared: &Shared, channel: &str, stream: TcpStream) {
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    let mut told: BTreeMap<String, Value> = look(shared, channel).unwrap_or_default();
    loop {
        let came = tokio::select! {
            came = socket.next() => Some(came),
            () = tokio::time::sleep(TURN) => None,
        };
        let answer = match came {
            Some(Some(Ok(Message::Text(text)))) if text.as_str().contains("ping") => {
                vec![json!({"topicName": "channel.metadata", "eventBody": {"message": "pong"}})]
            }
            Some(Some(Ok(Message::Close(_)) | Err(_)) | None) => return,
            Some(Some(Ok(_))) => Vec::new(),
            None => {
                // The channel was ended: so is its connection.
                let Some(now) = look(shared, channel) else {
                    return;
                };
                let news = now
                    .iter()
                    .filter(|(topic, body)| told.get(*topic) != Some(*body))
                    .map(|(_, body)| body.clone())
                    .collect();
                told = now;
                news
            }
        };
        for body in answer {
            if socket.send(Message::text(body.to_string())).await.is_err() {
                return;
            }
        }
    }
}

/// What each topic has to tell; nothing where there is no such channel.
fn look(shared: &Shared, channel: &str) -> Option<BTreeMap<String, Value>> {
    shared.with(|platform, now| platform.cloud_topics(channel, now))
}
