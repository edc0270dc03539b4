//! What a receiver that refuses is answered with, and what is repeated of its words.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::forms::Form;
use super::ports::OutboxEntry;
use super::post::{HttpPost, Post};
use super::receiver::{Receiver, ReceiverUrl};
use super::retry::Answer;
use super::signature::SigningKeys;
use crate::domain::{DecisionId, Route, Timestamp};
use crate::secrets::{Place, Secret};

/// A part of the address that is as good as a secret.
const TOKEN: &str = "T0K3N-of-the-address";

/// Answers a request each and ends; the requests come back.
fn receiver(answers: Vec<(u16, String)>) -> (reqwest::Url, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        let serve = |(status, body): (u16, String)| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 1024];
            // The body is the last thing of it, and is known.
            while !request.ends_with(b"{\"a\":1}") {
                let read = stream.read(&mut buffer).unwrap();
                assert!(read > 0, "the request breaks off");
                request.extend_from_slice(&buffer[..read]);
            }
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
            );
            stream.write_all((head + &body).as_bytes()).unwrap();
            String::from_utf8(request).unwrap()
        };
        answers.into_iter().map(serve).collect()
    });
    let url = format!("http://{address}/hooks/{TOKEN}");
    (url.parse().unwrap(), serving)
}

fn text(byte: u8) -> String {
    format!("whsec_{}", STANDARD.encode([byte; 24]))
}

fn poster(url: reqwest::Url, secret: String, file: &Path) -> HttpPost {
    std::fs::write(file, &secret).unwrap();
    let secret = Secret::new(secret.into(), Place::File(file.to_owned()));
    let receiver = Receiver {
        url: ReceiverUrl::new(url),
        route: Route::everything(None),
        form: Form::Signed(SigningKeys::new(secret).unwrap()),
        tenant: None,
        source: "trial".to_owned(),
        timeout: Duration::from_secs(20),
        give_up_after: Duration::from_secs(60),
    };
    HttpPost::new(receiver, 1).unwrap()
}

fn entry() -> OutboxEntry {
    let at = Timestamp::from_unix_millis(1_800_000_000_000);
    OutboxEntry {
        id: "e1".to_owned(),
        event: "campaign.paused".to_owned(),
        key: "c".to_owned(),
        subject: "c".to_owned(),
        body: "{\"a\":1}".to_owned(),
        at,
        since: at,
        attempts: 0,
        decision: DecisionId { run: 1, tick: 1 },
    }
}

fn signature(secret: String) -> String {
    let keys = SigningKeys::new(Secret::new(secret.into(), Place::Given)).unwrap();
    keys.sign("e1", 1_800_000_000, b"{\"a\":1}")
}

#[tokio::test]
async fn a_secret_that_was_rotated_is_read_again_when_the_receiver_refuses() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secret");
    for status in [400, 401, 403] {
        let (url, serving) = receiver(vec![(status, String::new()), (204, String::new())]);
        let post = poster(url, text(1), &file);
        std::fs::write(&file, format!("\u{feff}{}\r\n", text(2))).unwrap();
        let entry = entry();
        let answer = post.post(&entry, entry.at).await;
        assert!(
            matches!(answer, Answer::Status { status: 204, .. }),
            "{answer:?}"
        );
        let requests = serving.join().unwrap();
        assert!(requests[0].contains(&signature(text(1))), "the old one");
        assert!(requests[1].contains(&signature(text(2))), "the new one");
    }
}

#[tokio::test]
async fn a_secret_that_is_the_same_or_cannot_be_one_is_tried_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secret");
    for rewritten in [text(1), "no secret at all".to_owned()] {
        // A second request would find nobody.
        let (url, serving) = receiver(vec![(401, String::new())]);
        let post = poster(url, text(1), &file);
        std::fs::write(&file, rewritten).unwrap();
        let entry = entry();
        let answer = post.post(&entry, entry.at).await;
        assert!(
            matches!(answer, Answer::Status { status: 401, .. }),
            "{answer:?}"
        );
        assert_eq!(serving.join().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn what_a_receiver_repeats_of_a_secret_is_masked() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secret");
    let key = STANDARD.encode([1; 24]);
    let said = format!("no: {}, nor {key} at /hooks/{TOKEN}\n\u{7}", text(1));
    // Cut off within a secret, its beginning would remain.
    let long = format!("{}{key}", "x".repeat(180));
    let (url, serving) = receiver(vec![(422, said), (422, long)]);
    let post = poster(url, text(1), &file);
    let entry = entry();
    for expected in ["no: ***, nor *** at /hooks/***", "xxx***"] {
        let answer = post.post(&entry, entry.at).await;
        let Answer::Status { excerpt, .. } = answer else {
            panic!("{answer:?}");
        };
        assert!(excerpt.ends_with(expected), "{excerpt}");
    }
    serving.join().unwrap();
    // Nobody listens any more.
    let answer = post.post(&entry, entry.at).await;
    let Answer::Connect { why } = answer else {
        panic!("{answer:?}");
    };
    assert!(!why.contains(TOKEN) && !why.is_empty(), "{why}");
}
