//! A webhook's receiver for tests: a real HTTP server in this process that answers as it is told and keeps what it was sent.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use serde_json::Value;

use crate::centre::wait_until;

/// An endless body is written in such pieces.
const CHUNK: usize = 1 << 14;
const CHUNK_BYTES: u64 = 1 << 14;

/// How it answers.
#[derive(Clone, Debug)]
pub(crate) enum Answering {
    /// With this status.
    Status(u16),
    /// It breaks every connection.
    Down,
    /// It takes the request and says nothing until it is told otherwise; then it answers in the new way.
    Silent,
    /// With a redirect to this address.
    Redirect(String),
    /// 200 with a body of so many bytes.
    Endless(u64),
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    /// The body as it came.
    pub(crate) bytes: Vec<u8>,
    /// Whether it was answered with a status of success.
    pub(crate) taken: bool,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("no {name} in {:?}", self.headers))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }
}

struct Shared {
    answering: Mutex<Answering>,
    changed: Condvar,
    received: Mutex<Vec<Received>>,
    /// Bytes of bodies that were written before the other side closed.
    written: AtomicU64,
    ending: AtomicBool,
}

/// The receiver; it ends when it is dropped.
pub(crate) struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    pub(crate) fn start(answering: Answering) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            answering: Mutex::new(answering),
            changed: Condvar::new(),
            received: Mutex::new(Vec::new()),
            written: AtomicU64::new(0),
            ending: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if serving.ending.load(Ordering::SeqCst) {
                    break;
                }
                let serving = Arc::clone(&serving);
                std::thread::spawn(move || serving.serve(stream));
            }
        });
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hooks/T0K3N", self.address)
    }

    /// From now on, and for those that wait in silence, it answers like this.
    pub(crate) fn answer(&self, answering: Answering) {
        *self.shared.answering.lock().unwrap() = answering;
        self.shared.changed.notify_all();
    }

    /// Every request so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    /// The requests that were answered with success.
    pub(crate) fn taken(&self) -> Vec<Received> {
        let mut received = self.received();
        received.retain(|request| request.taken);
        received
    }

    /// Waits until so many were answered with success; gives them.
    pub(crate) fn wait_for(&self, many: usize) -> Vec<Received> {
        wait_until(&format!("{many} messages are delivered"), || {
            self.taken().len() >= many
        });
        self.taken()
    }

    /// Waits until so many requests have come in, answered or not.
    pub(crate) fn wait_for_requests(&self, many: usize) {
        wait_until(&format!("{many} requests have come in"), || {
            self.received().len() >= many
        });
    }

    pub(crate) fn written(&self) -> u64 {
        self.shared.written.load(Ordering::SeqCst)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::SeqCst);
        self.answer(Answering::Down);
        // Wakes the listener up.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) {
        let down = matches!(*self.answering.lock().unwrap(), Answering::Down);
        // A client that goes away in the middle is part of the tests.
        let Some(request) = (!down).then(|| read(&stream)).and_then(Result::ok) else {
            return drop(stream.shutdown(Shutdown::Both));
        };
        let at = {
            let mut received = self.received.lock().unwrap();
            received.push(request);
            received.len() - 1
        };
        let mut answering = self.answering.lock().unwrap();
        while matches!(*answering, Answering::Silent) {
            answering = self.changed.wait(answering).unwrap();
        }
        let now = answering.clone();
        drop(answering);
        let success = matches!(now, Answering::Status(200..=299) | Answering::Endless(_));
        // Nobody looks between a short answer and its being noted: whoever was answered finds it noted. An endless one would block.
        let looking =
            (!matches!(now, Answering::Endless(_))).then(|| self.received.lock().unwrap());
        let sent = self.reply(stream, now);
        let mut received = looking.unwrap_or_else(|| self.received.lock().unwrap());
        // Whoever has gone away before the answer has not heard it.
        received[at].taken = success && sent.is_ok();
    }

    fn reply(&self, mut stream: TcpStream, answering: Answering) -> std::io::Result<()> {
        match answering {
            Answering::Down | Answering::Silent => stream.shutdown(Shutdown::Both),
            Answering::Status(status) => {
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Length: 4\r\nConnection: close\r\n\r\nseen"
                );
                stream.write_all(head.as_bytes())
            }
            Answering::Redirect(to) => {
                let head = format!(
                    "HTTP/1.1 307 X\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                );
                stream.write_all(head.as_bytes())
            }
            Answering::Endless(bytes) => {
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\nConnection: close\r\n\r\n"
                );
                stream.write_all(head.as_bytes())?;
                let chunk = [b'x'; CHUNK];
                while self.written.load(Ordering::SeqCst) < bytes {
                    stream.write_all(&chunk)?;
                    self.written.fetch_add(CHUNK_BYTES, Ordering::SeqCst);
                }
                Ok(())
            }
        }
    }
}

fn read(stream: &TcpStream) -> std::io::Result<Received> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            // Its sender is gone before it was complete.
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers
        .get("content-length")
        .and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    Ok(Received {
        path,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        bytes: body,
        taken: false,
    })
}
