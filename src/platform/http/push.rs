//! A connection over which a platform reports changes by itself: text messages over a websocket.
//!
//! Proxies, certificates and their explanations are those of every other request: the websocket takes over a connection of the same
//! client.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use futures_util::{SinkExt, StreamExt};
use hyper::StatusCode;
use hyper::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::sockets::HttpClient;

use super::send_fault::{LARGEST_BODY, SendFault};

/// A connection that is open.
pub trait PushConnection: Send {
    /// Waits for the next text. `None` when the platform has ended the connection in order. Dropped before its end, it loses nothing.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<String>, SendFault>>;

    /// Sends a text.
    fn send(&mut self, text: String) -> BoxFuture<'_, Result<(), SendFault>>;
}

type Socket = WebSocketStream<reqwest::Upgraded>;

/// Opens a connection to this address, whose scheme is `ws` or `wss`.
pub(super) async fn open(
    client: &HttpClient,
    url: &reqwest::Url,
    timeout: Duration,
) -> Result<Box<dyn PushConnection>, SendFault> {
    let connected = tokio::time::timeout(timeout, connect(client, url)).await;
    connected.map_err(|_| SendFault::Timeout)?
}

async fn connect(
    client: &HttpClient,
    url: &reqwest::Url,
) -> Result<Box<dyn PushConnection>, SendFault> {
    let url = as_http(url)?;
    let via = client.to(&url);
    let via = via.map_err(|lacking| SendFault::Connect(lacking.to_string()))?;
    let key = STANDARD.encode(fastrand::u128(..).to_be_bytes());
    let asked = via
        .get(url.clone())
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_KEY, &key)
        .send();
    let broken = |wrong| SendFault::Broken(client.explain(&url, wrong));
    let answer = asked.await.map_err(broken)?;
    let refused = |what: String| SendFault::Broken(format!("no websocket: {what}"));
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(refused(format!("status {}", answer.status().as_u16())));
    }
    let accepted = answer.headers().get(SEC_WEBSOCKET_ACCEPT);
    if accepted
        .is_none_or(|accepted| accepted.as_bytes() != derive_accept_key(key.as_bytes()).as_bytes())
    {
        return Err(refused("the answer is to another request".to_owned()));
    }
    let upgraded = answer.upgrade().await.map_err(broken)?;
    let bounds = WebSocketConfig::default()
        .max_message_size(Some(LARGEST_BODY))
        .max_frame_size(Some(LARGEST_BODY));
    let socket = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(bounds)).await;
    Ok(Box::new(Connection(socket)))
}

fn as_http(url: &reqwest::Url) -> Result<reqwest::Url, SendFault> {
    let scheme = match url.scheme() {
        "ws" => "http",
        "wss" => "https",
        other => {
            let why = format!("no websocket has the scheme {other:?}");
            return Err(SendFault::Connect(why));
        }
    };
    let rest = url.as_str().split_once(':').map_or("", |(_, rest)| rest);
    let url = reqwest::Url::parse(&format!("{scheme}:{rest}"));
    url.map_err(|wrong| SendFault::Connect(wrong.to_string()))
}

struct Connection(Socket);

impl PushConnection for Connection {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<String>, SendFault>> {
        Box::pin(async {
            while let Some(message) = self.0.next().await {
                match message.map_err(broken)? {
                    Message::Text(text) => return Ok(Some(text.as_str().to_owned())),
                    Message::Close(_) => return Ok(None),
                    // Pings of the protocol are answered by the library.
                    Message::Binary(_)
                    | Message::Ping(_)
                    | Message::Pong(_)
                    | Message::Frame(_) => {}
                }
            }
            Ok(None)
        })
    }

    fn send(&mut self, text: String) -> BoxFuture<'_, Result<(), SendFault>> {
        Box::pin(async move { self.0.send(Message::text(text)).await.map_err(broken) })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form of map_err")]
fn broken(wrong: tokio_tungstenite::tungstenite::Error) -> SendFault {
    SendFault::Broken(wrong.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schemes_of_websockets_alone_are_taken() {
        let of = |text: &str| as_http(&text.parse().unwrap()).map(|url| url.to_string());
        assert_eq!(
            of("wss://a.example/x?y=1").unwrap(),
            "https://a.example/x?y=1"
        );
        assert_eq!(of("ws://127.0.0.1:9/x").unwrap(), "http://127.0.0.1:9/x");
        assert!(of("https://a.example/").is_err());
    }
}
