//! What a machine may lack or have in the way: certificates, proxies, files that are none, secrets open to all.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::centre::{CAMPAIGN, Centre, Finished, Invocation};

/// Where no certificate is.
const NOWHERE: &str = "/nonexistent/certificates.pem";

pub(crate) fn certificate(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/certificates");
    folder.join(name)
}

fn check_of(base_url: &str, directory: &Path) -> Invocation {
    let mut invocation = Invocation::bare();
    invocation
        .env("CXONE_BASE_URL", base_url)
        .env("CXONE_CLIENT_ID", "autopilot")
        .env("CXONE_CLIENT_SECRET", "autopilot-secret")
        .env("CXONE_CAMPAIGN_ID", CAMPAIGN)
        .env("AUTOPILOT_STATE_DIR", directory.join("state"))
        .args(&["check", "--online"]);
    invocation
}

/// A platform that answers 404 over TLS.
fn secure_platform() -> String {
    let answer = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    secure_server(answer.to_owned())
}

/// Gives this answer over TLS, with a certificate of an authority that no system knows, and returns its address.
pub(crate) fn secure_server(answer: String) -> String {
    let chain = CertificateDer::pem_file_iter(certificate("server.pem")).unwrap();
    let chain = chain.collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(certificate("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            let mut read = [0; 4096];
            // A client that does not trust the certificate ends here.
            if stream.read(&mut read).is_ok() {
                drop(stream.write_all(answer.as_bytes()));
                drop(stream.flush());
            }
        }
    });
    address
}

fn told(done: &Finished) -> String {
    format!("{}{}", done.stdout, done.stderr)
}

#[test]
fn without_certificates_plain_http_works_and_https_tells_what_to_install() {
    let centre = Centre::new();
    let plain = check_of(&centre.base_url, centre.directory.path())
        .env("SSL_CERT_FILE", NOWHERE)
        .output();
    assert_eq!(plain.code(), 0, "{}", told(&plain));
    let secure = check_of("https://platform.invalid", centre.directory.path())
        .env("SSL_CERT_FILE", NOWHERE)
        .output();
    assert_eq!(secure.code(), 74, "{}", told(&secure));
    for text in ["ca-certificates", "SSL_CERT_FILE"] {
        assert!(secure.stderr.contains(text), "{}", secure.stderr);
    }
    let run = centre
        .daemon()
        .env("CXONE_BASE_URL", "https://platform.invalid")
        .env("SSL_CERT_FILE", NOWHERE)
        .output();
    assert_eq!(run.code(), 74, "{}", told(&run));
    assert!(run.stderr.contains("ca-certificates"), "{}", run.stderr);
    let webhook = Invocation::bare()
        .env("CXONE_BASE_URL", &centre.base_url)
        .env("CXONE_CLIENT_ID", "autopilot")
        .env("CXONE_CLIENT_SECRET", "autopilot-secret")
        .env("CXONE_CAMPAIGN_ID", CAMPAIGN)
        .env("AUTOPILOT_STATE_DIR", centre.state_dir())
        .env("AUTOPILOT_WEBHOOK_URL", "https://receiver.invalid/in")
        .env(
            "AUTOPILOT_WEBHOOK_SECRET",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        )
        .env("SSL_CERT_FILE", NOWHERE)
        .args(&["webhook", "test"])
        .output();
    assert_eq!(webhook.code(), 74, "{}", told(&webhook));
    assert!(
        webhook.stderr.contains("ca-certificates"),
        "{}",
        webhook.stderr
    );
}

#[test]
fn the_demonstration_needs_no_certificates() {
    let done = Invocation::bare()
        .args(&["demo", "--for", "4s"])
        .env("TMPDIR", std::env::temp_dir())
        .env("SSL_CERT_FILE", NOWHERE)
        .output();
    assert_eq!(done.code(), 0, "{}", told(&done));
    assert!(
        done.stdout.contains("the hash chain holds"),
        "{}",
        done.stdout
    );
}

#[test]
fn an_authority_of_ones_own_is_trusted_where_it_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let platform = secure_platform();
    let mut trusting = check_of(&platform, directory.path());
    let trusting = trusting
        .env("SSL_CERT_FILE", certificate("authority.pem"))
        .output();
    assert!(
        trusting.stdout.contains("404 Not Found"),
        "{}",
        told(&trusting)
    );
    // The server's own certificate is of another authority than itself.
    let mut wary = check_of(&platform, directory.path());
    let wary = wary
        .env("SSL_CERT_FILE", certificate("server.pem"))
        .output();
    assert!(!wary.stdout.contains("404 Not Found"), "{}", told(&wary));
    assert!(
        wary.stdout
            .contains("name a PEM file with that one in SSL_CERT_FILE"),
        "{}",
        told(&wary)
    );
}

#[test]
fn a_proxy_that_is_down_is_named_and_this_machine_is_not_asked_through_it() {
    let centre = Centre::new();
    let proxy = "http://ana:hidden@127.0.0.1:1";
    let behind = |base_url: &str| {
        let mut invocation = check_of(base_url, centre.directory.path());
        for name in ["HTTP_PROXY", "HTTPS_PROXY"] {
            invocation.env(name, proxy);
        }
        invocation.output()
    };
    for elsewhere in ["http://platform.invalid", "https://platform.invalid"] {
        let mut invocation = check_of(elsewhere, centre.directory.path());
        let down = invocation
            .env("HTTP_PROXY", proxy)
            .env("HTTPS_PROXY", proxy)
            .env("SSL_CERT_FILE", certificate("authority.pem"))
            .output();
        assert_eq!(down.code(), 69, "{}", told(&down));
        assert!(
            down.stdout
                .contains("by way of the proxy http://127.0.0.1:1"),
            "{}",
            told(&down)
        );
        assert!(!told(&down).contains("hidden"), "{}", told(&down));
    }
    let near = behind(&centre.base_url);
    assert_eq!(near.code(), 0, "{}", told(&near));
    let named = centre.base_url.replace("127.0.0.1", "localhost");
    let near = behind(&named);
    assert_eq!(near.code(), 0, "{}", told(&near));
}

#[test]
fn what_is_no_file_or_has_no_end_is_refused_and_nothing_waits() {
    let centre = Centre::new();
    let pipe = centre.directory.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    for (path, what) in [
        (pipe.as_path(), "it is a pipe, not a file"),
        (Path::new("/dev/zero"), "it is a device, not a file"),
        (centre.directory.path(), "it is a directory, not a file"),
    ] {
        for flag in ["--config", "--roster", "--client-secret-file"] {
            let mut invocation = check_of(&centre.base_url, centre.directory.path());
            if flag == "--client-secret-file" {
                invocation.env_remove("CXONE_CLIENT_SECRET");
            }
            let done = invocation.arg(flag).arg(path).output();
            assert_eq!(done.code(), 78, "{flag}: {}", told(&done));
            assert!(done.stderr.contains(what), "{flag}: {}", done.stderr);
        }
        for flag in ["--scenario", "--replay"] {
            let mut invocation = Invocation::bare();
            let done = invocation.args(&["simulate", flag]).arg(path).output();
            assert_ne!(done.code(), 0, "{flag}");
            assert!(done.stderr.contains(what), "{flag}: {}", done.stderr);
        }
    }
}

#[test]
fn a_scenario_that_cannot_end_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("endless.toml");
    let text = campaign_autopilot::simulator::Scenario::text("lunch-dip").unwrap();
    let endless = text.replace("no_answer_after = \"20s\"", "no_answer_after = \"1ns\"");
    assert_ne!(endless, text);
    fs::write(&path, endless).unwrap();
    let mut invocation = Invocation::bare();
    let done = invocation
        .args(&["demo", "--for", "4s", "--scenario"])
        .arg(&path)
        .output();
    assert_eq!(done.code(), 78, "{}", told(&done));
    assert!(
        done.stderr.contains("no_answer_after: below 1 second"),
        "{}",
        done.stderr
    );
}

#[test]
fn a_secret_that_everybody_can_read_is_told() {
    let centre = Centre::new();
    let file = centre.directory.path().join("secret");
    fs::write(&file, "autopilot-secret\n").unwrap();
    for (mode, open) in [(0o644, true), (0o640, false), (0o600, false)] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let mut invocation = check_of(&centre.base_url, centre.directory.path());
        let done = invocation
            .env_remove("CXONE_CLIENT_SECRET")
            .arg("--client-secret-file")
            .arg(&file)
            .output();
        assert_eq!(done.code(), 0, "{}", told(&done));
        let warned = done.stderr.contains(
            "everybody on this machine can read (mode 0644); let its owner alone read it",
        );
        assert_eq!(warned, open, "{mode:o}: {}", done.stderr);
    }
}

#[test]
fn a_roster_of_another_spreadsheet_is_explained() {
    let centre = Centre::new();
    let mut roster = "id;skills;start;end;zone;concurrency\n".to_owned();
    for number in 0..3_000 {
        writeln!(roster, "a{number};sales;09:00;17:00;UTC;1").unwrap();
    }
    let file = centre.directory.path().join("roster.csv");
    fs::write(&file, &roster).unwrap();
    let mut invocation = check_of(&centre.base_url, centre.directory.path());
    let done = invocation.arg("--roster").arg(&file).output();
    assert_eq!(done.code(), 78);
    assert_eq!(
        done.stderr.matches("roster.csv").count(),
        1,
        "{}",
        done.stderr
    );
    assert!(
        done.stderr.contains("is separated by semicolons"),
        "{}",
        done.stderr
    );
}
