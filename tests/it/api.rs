//! A client of the admin API for tests: one request a connection, nothing hidden.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::centre::{Daemon, Invocation, PATIENCE};

/// A daemon's listener.
pub(crate) struct Api {
    pub(crate) address: String,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|wrong| panic!("{wrong}: {} {}", self.status, self.body))
    }
}

impl Api {
    /// That of a daemon with `AUTOPILOT_LISTEN` set.
    pub(crate) fn of(daemon: &Daemon) -> Self {
        let address = daemon.wait_for_log("started")["listening"]
            .as_str()
            .unwrap()
            .replace("0.0.0.0", "127.0.0.1");
        Self { address }
    }

    /// Sends a request with these headers and reads the answer to its end.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        );
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // A refusal may come before the whole body was taken.
        drop(stream.write_all(request.as_bytes()));
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("{method} {path}: {read:?} after {answer:?}"));
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &self.host(), "")
    }

    /// Sends a change.
    pub(crate) fn change(&self, method: &str, path: &str, body: &Value) -> Answer {
        let headers = format!("{}Content-Type: application/json\r\n", self.host());
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.send(method, path, &headers, &body)
    }

    pub(crate) fn host(&self) -> String {
        format!("Host: {}\r\n", self.address)
    }

    /// One campaign of the status.
    pub(crate) fn campaign(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/campaigns/{id}")).json()["campaign"].clone()
    }

    /// The value of one series.
    pub(crate) fn series(&self, name: &str) -> Option<f64> {
        let text = self.get("/metrics").body;
        let line = text.lines().find_map(|line| {
            let rest = line.strip_prefix(name)?;
            rest.strip_prefix(' ').map(str::to_owned)
        });
        line.map(|value| value.parse().unwrap())
    }

    /// A command of ours that talks to this daemon.
    pub(crate) fn command(&self, words: &[&str]) -> Invocation {
        let mut invocation = Invocation::bare();
        invocation
            .env("AUTOPILOT_SERVER", format!("http://{}", self.address))
            .env("USER", "anna")
            .args(words);
        invocation
    }

    /// Follows the events.
    pub(crate) fn follow(&self) -> Events {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = format!("GET /api/v1/events HTTP/1.1\r\n{}\r\n", self.host());
        stream.write_all(request.as_bytes()).unwrap();
        let mut lines = BufReader::new(stream);
        let mut status = String::new();
        lines.read_line(&mut status).unwrap();
        let status = status.split(' ').nth(1).unwrap().parse().unwrap();
        Events { lines, status }
    }
}

/// A stream of events.
pub(crate) struct Events {
    lines: BufReader<TcpStream>,
    pub(crate) status: u16,
}

impl Events {
    /// The next status that is told.
    pub(crate) fn next(&mut self) -> Value {
        loop {
            let mut line = String::new();
            assert_ne!(
                self.lines.read_line(&mut line).unwrap(),
                0,
                "the stream ended"
            );
            if let Some(data) = line.strip_prefix("data: ") {
                return serde_json::from_str(data).unwrap();
            }
        }
    }
}
