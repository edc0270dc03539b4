//! What is told where something is not reached, or is not what it was taken for: place and remedy, and never silence.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, Finished, Invocation, free_address};

/// A server that is no daemon: it answers each request with these bytes, until the test ends.
fn stranger(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4096];
            drop(stream.read(&mut request));
            drop(stream.write_all(answer));
        }
    });
    address
}

const HTML: &[u8] =
    b"HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\ncontent-length: 11\r\nconnection: close\r\n\r\n<h1>No</h1>";

/// Runs a command whose settings are complete but for what `change` says.
fn online(change: impl FnOnce(&mut Invocation)) -> Finished {
    let directory = tempfile::tempdir().unwrap();
    let mut invocation = Invocation::bare();
    invocation
        .env("CXONE_CLIENT_ID", "autopilot")
        .env("CXONE_CLIENT_SECRET", "autopilot-secret")
        .env("CXONE_CAMPAIGN_ID", CAMPAIGN)
        .env("AUTOPILOT_STATE_DIR", directory.path())
        .args(&["check", "--online", "--request-timeout", "2s"]);
    change(&mut invocation);
    invocation.output()
}

fn holds(done: &Finished, code: i32, texts: &[&str]) {
    assert_eq!(done.code(), code, "{}{}", done.stdout, done.stderr);
    let told = format!("{}{}", done.stdout, done.stderr);
    for text in texts {
        assert!(told.contains(text), "{text} in\n{told}");
    }
}

#[test]
fn a_platform_that_is_not_reached_is_told_with_host_port_and_remedy() {
    let nobody = free_address();
    let refused = online(|run| {
        run.env("CXONE_BASE_URL", format!("http://{nobody}"));
    });
    let says = format!("{nobody} refuses connections");
    holds(&refused, 69, &[&says, "check the port"]);

    let unnamed = online(|run| {
        run.env("CXONE_BASE_URL", "https://platform.invalid");
    });
    let texts = ["platform.invalid:443 has no address", "DNS of this machine"];
    holds(&unnamed, 69, &texts);

    let plain = stranger(HTML);
    let not_tls = online(|run| {
        run.env("CXONE_BASE_URL", format!("https://{plain}"));
    });
    let says = format!("{plain} does not speak TLS");
    holds(&not_tls, 69, &[&says, "http://"]);

    let proxied = online(|run| {
        run.env("CXONE_BASE_URL", "https://platform.invalid")
            .env("HTTPS_PROXY", format!("http://{nobody}"));
    });
    let says = format!("http://{nobody} refuses connections");
    holds(&proxied, 69, &["by way of the proxy", "NO_PROXY", &says]);
    let proxied = online(|run| {
        run.env("CXONE_BASE_URL", "https://platform.invalid")
            .env("HTTPS_PROXY", format!("http://{plain}"));
    });
    let says = "opens no connection to platform.invalid:443";
    holds(&proxied, 69, &[says, "have the proxy let it through"]);
}

#[test]
fn a_daemon_that_is_none_is_told() {
    let to = |words: &[&str], server: &str| {
        let mut invocation = Invocation::bare();
        invocation.args(words).args(&["--server", server]);
        invocation.output()
    };
    let nobody = free_address();
    let refused = to(&["status"], &format!("http://{nobody}"));
    let says = format!("{nobody} refuses connections");
    holds(&refused, 69, &[&says, "is --server its --listen"]);
    let unnamed = to(&["status"], "http://daemon.invalid:9464");
    holds(&unnamed, 69, &["daemon.invalid:9464 has no address"]);
    let stranger = stranger(HTML);
    let secure = to(&["status"], &format!("https://{stranger}"));
    let says = format!("{stranger} does not speak TLS");
    holds(&secure, 69, &[&says]);
    let reload = ["reload"];
    let (history, explain) = (["history"], ["explain", CAMPAIGN]);
    for words in [
        &["status"][..],
        &history[..],
        &explain[..],
        &reload[..],
        &["healthcheck"][..],
    ] {
        let done = to(words, &format!("http://{stranger}"));
        let texts = [
            "answered 404 Not Found, and not as a daemon does",
            "--listen",
        ];
        holds(&done, 69, &texts);
        assert!(!done.stdout.contains("<h1>"), "{}", done.stdout);
    }
}

#[test]
fn a_campaign_that_is_not_managed_is_told_with_the_one_that_was_meant() {
    let centre = Centre::new();
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .start();
    centre.wait_for_polls(2);
    let api = Api::of(&daemon);
    let near = format!("{CAMPAIGN}x");
    let hold = [
        "hold", &near, "--paused", "--for", "1h", "--reason", "trial",
    ];
    let two = [
        "hold", &near, CAMPAIGN, "--paused", "--for", "1h", "--reason", "trial", "--yes",
    ];
    let meant = format!("did you mean `{CAMPAIGN}`?");
    for words in [
        &["explain", &near][..],
        &["history", "--campaign", &near][..],
        &["release", &near][..],
        &["release", &near, "--ours"][..],
        &hold[..],
    ] {
        let done = api.command(words).output();
        holds(&done, 1, &["is not managed", &meant]);
    }
    holds(&api.command(&two).output(), 78, &["not managed", &meant]);
    let far = api.command(&["explain", "nothing-alike-at-all"]).output();
    holds(&far, 1, &["is not managed"]);
    assert!(!far.stderr.contains("did you mean"), "{}", far.stderr);
    daemon.stop();
}

#[test]
fn settings_that_are_no_toml_and_a_path_too_many_are_told_once() {
    let directory = tempfile::tempdir().unwrap();
    for (text, says) in [
        (
            "# ours\nbase_url: https://x\ncampaigns:\n  - id: a\n",
            ":2: TOML: reads as YAML",
        ),
        ("---\nbase_url: x\n", ":1: TOML: reads as YAML"),
        ("{\"base_url\": \"https://x\"}\n", ":1: TOML: reads as JSON"),
    ] {
        let file = directory.path().join("settings.toml");
        std::fs::write(&file, text).unwrap();
        let mut invocation = Invocation::bare();
        invocation.args(&["check", "--config"]).arg(&file);
        let done = invocation.output();
        holds(&done, 78, &[says, "config init"]);
        assert_eq!(done.stderr.matches("TOML:").count(), 1, "{}", done.stderr);
    }
    let done = online(|run| {
        run.env("CXONE_BASE_URL", "https://api.example.com/api/v2/");
    });
    let texts = [
        "CXONE_BASE_URL: base_url: ends in `/api/v2`",
        "give what stands before it",
    ];
    holds(&done, 78, &texts);
}
