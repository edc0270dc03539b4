//! An HTTP client for the tests, with none of the program's own code in it.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::{Settings, SimHandle, Simulator};

pub(super) const FORM: &str = "content-type: application/x-www-form-urlencoded";

/// Ends a test that hangs; decides nothing.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// A client and its simulator.
pub(super) struct Client {
    pub(super) simulator: Simulator,
}

#[derive(Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
    /// The body has the length that was announced.
    pub(super) complete: bool,
}

impl Client {
    pub(super) fn start(settings: Settings) -> Self {
        Self {
            simulator: Simulator::start(settings).unwrap(),
        }
    }

    pub(super) fn handle(&self) -> SimHandle {
        self.simulator.handle()
    }

    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &str,
    ) -> Option<Reply> {
        exchange(self.simulator.address(), method, path, headers, body)
    }

    pub(super) fn bearer(&self) -> String {
        let body =
            "grant_type=client_credentials&client_id=autopilot&client_secret=autopilot-secret";
        let reply = self.send("POST", "/oauth2/token", &[FORM], body).unwrap();
        format!(
            "authorization: Bearer {}",
            reply.json()["access_token"].as_str().unwrap()
        )
    }
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(super) fn message(&self) -> String {
        self.json()["errors"][0]["message"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// One request on a connection of its own; nothing when the connection ends before the answer's head does.
pub(super) fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[&str],
    body: &str,
) -> Option<Reply> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = format!("content-length: {}", body.len());
    let first = format!("{method} {path} HTTP/1.1");
    let head = [
        &[first.as_str(), "host: sim", "connection: close", &length],
        headers,
    ]
    .concat();
    let request = format!("{}\r\n\r\n{body}", head.join("\r\n"));
    stream.write_all(request.as_bytes()).ok()?;
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4_096]);
    // A reset after some bytes leaves them readable, so what has come counts.
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        bytes.extend_from_slice(&chunk[..count]);
    }
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().unwrap();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers: BTreeMap<_, _> = headers
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let announced = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    Some(Reply {
        status,
        complete: body.len() == announced,
        headers,
        body: body.to_owned(),
    })
}
