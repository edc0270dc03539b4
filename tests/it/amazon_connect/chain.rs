//! The vendor's chain of credentials, each place of it with a service on this machine: profiles, programs, roles, web identities, pods and
//! single sign-on.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use campaign_autopilot::simulator::ConnectSettings;

use crate::centre::{Centre, Invocation};

use super::tenant::{PAUSED, anonymous, centre, command, pause, told, wait_for_polls};

const ROLE: &str = "arn:aws:iam::111122223333:role/autopilot";

/// A service that gives credentials out, and keeps what it was asked.
struct Service {
    address: String,
    asked: Arc<Mutex<VecDeque<String>>>,
}

impl Service {
    fn giving(answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<VecDeque<String>>> = Arc::default();
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                let mut reader = BufReader::new(stream);
                let Some(request) = whole(&mut reader) else {
                    continue;
                };
                let body = answer(&request);
                kept.lock().unwrap().push_back(request);
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                drop(reader.get_mut().write_all((head + &body).as_bytes()));
            }
        });
        Self { address, asked }
    }

    /// A service of temporary credentials, which answers in its own form. Its sessions are numbered from one on.
    fn of_roles() -> Self {
        let given = AtomicUsize::new(0);
        Self::giving(move |request| {
            let session = given.fetch_add(1, Ordering::SeqCst) + 1;
            let action = if request.contains("AssumeRoleWithWebIdentity") {
                "AssumeRoleWithWebIdentity"
            } else {
                "AssumeRole"
            };
            format!(
                "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result><AssumedRoleUser>\
                 <Arn>{ROLE}/autopilot</Arn><AssumedRoleId>AROA:autopilot</AssumedRoleId></AssumedRoleUser><Credentials>\
                 <AccessKeyId>autopilot</AccessKeyId><SecretAccessKey>autopilot-secret</SecretAccessKey>\
                 <SessionToken>session-{session}-of-a-role</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>\
                 </Credentials></{action}Result></{action}Response>"
            )
        })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().cloned().collect()
    }
}

/// Head and body of a request.
fn whole(reader: &mut impl BufRead) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0_u8; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(head + &String::from_utf8_lossy(&body))
}

/// A file beside the centre's.
fn file(centre: &Centre, name: &str, text: &str) -> PathBuf {
    let path = centre.directory.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path
}

/// A daemon whose profile is in this file.
fn with_profile(centre: &Centre, config: &Path) -> Invocation {
    let mut daemon = anonymous(centre);
    daemon
        .env("AWS_CONFIG_FILE", config)
        .env("AWS_SHARED_CREDENTIALS_FILE", config.with_extension("none"))
        .env("AWS_PROFILE", "dialler");
    daemon
}

/// It pauses and has commanded nothing else.
fn pauses(centre: &Centre, daemon: &mut Invocation) {
    let running = daemon.start();
    pause(centre, &running);
    running.stop();
    assert_eq!(centre.commands(), [PAUSED]);
}

#[test]
fn a_profile_gives_the_region_and_names_a_program_for_its_keys() {
    let centre = centre(ConnectSettings::default());
    let keys = r#"{"Version":1,"AccessKeyId":"autopilot","SecretAccessKey":"autopilot-secret"}"#;
    let keys = file(&centre, "keys.json", keys);
    let config = format!(
        "[profile dialler]\nregion = eu-west-2\ncredential_process = /bin/cat {}\n",
        keys.display()
    );
    let config = file(&centre, "config", &config);
    let mut daemon = with_profile(&centre, &config);
    daemon.env_remove("AUTOPILOT_REGION");
    pauses(&centre, &mut daemon);
}

#[test]
fn a_program_that_fails_is_told_and_its_words_are_not() {
    let centre = centre(ConnectSettings::default());
    let config = "[profile dialler]\ncredential_process = /bin/false\n";
    let config = file(&centre, "config", config);
    let mut check = command(&centre);
    let checked = check
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env("AWS_CONFIG_FILE", &config)
        .env("AWS_PROFILE", "dialler")
        .args(&["check", "--online"])
        .output();
    assert_ne!(checked.code(), 0);
    let told = told(&checked);
    assert!(told.contains("no credentials could be loaded"), "{told}");
}

#[test]
fn a_role_is_assumed_with_the_keys_of_another_profile() {
    let service = Service::of_roles();
    let centre = centre(ConnectSettings::default());
    let config = format!(
        "[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = base-secret\nregion = eu-west-2\n\
         [profile dialler]\nrole_arn = {ROLE}\nsource_profile = base\n"
    );
    let config = file(&centre, "config", &config);
    let mut daemon = with_profile(&centre, &config);
    daemon
        .env_remove("AUTOPILOT_REGION")
        .env("AWS_ENDPOINT_URL_STS", &service.address);
    pauses(&centre, &mut daemon);
    let asked = service.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].contains("Action=AssumeRole&"), "{asked:?}");
    assert!(asked[0].contains("Credential=AKIDBASE/"), "{asked:?}");
    assert!(!asked[0].contains("base-secret"), "{asked:?}");
}

#[test]
fn a_web_identity_is_exchanged_with_the_token_that_is_in_the_file_now() {
    let service = Service::of_roles();
    let centre = centre(ConnectSettings::default());
    let token = file(&centre, "token", "first-web-token");
    let mut daemon = anonymous(&centre);
    daemon
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", &token)
        .env("AWS_ROLE_ARN", ROLE)
        .env("AWS_ROLE_SESSION_NAME", "autopilot")
        .env("AWS_ENDPOINT_URL_STS", &service.address);
    let running = daemon.start();
    wait_for_polls(&centre, 3);
    std::fs::write(&token, "second-web-token").unwrap();
    assert!(centre.platform.change_connect(|settings| {
        let first = "session-1-of-a-role".to_owned();
        settings.expired_sessions.insert(first);
    }));
    crate::centre::wait_until("the token is read anew", || service.asked().len() >= 2);
    running.kill();
    let asked = service.asked();
    assert!(
        asked[0].contains("WebIdentityToken=first-web-token"),
        "{asked:?}"
    );
    assert!(
        asked[1].contains("WebIdentityToken=second-web-token"),
        "{asked:?}"
    );
    assert!(asked[0].contains("RoleSessionName=autopilot"), "{asked:?}");
}

#[test]
fn a_pod_shows_its_token_to_the_service_beside_it() {
    let service = Service::giving(|_| {
        r#"{"AccessKeyId":"autopilot","SecretAccessKey":"autopilot-secret","Token":"session-of-a-pod","Expiration":"2099-01-01T00:00:00Z"}"#.to_owned()
    });
    let centre = centre(ConnectSettings::default());
    let token = file(&centre, "token", "token-of-the-pod");
    let mut daemon = anonymous(&centre);
    daemon
        .env(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            format!("{}/v1/credentials", service.address),
        )
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &token);
    pauses(&centre, &mut daemon);
    let asked = service.asked();
    assert!(asked[0].starts_with("GET /v1/credentials "), "{asked:?}");
    let shown = asked[0].to_lowercase();
    assert!(
        shown.contains("authorization: token-of-the-pod"),
        "{asked:?}"
    );
}

/// The file in which a session named `admin` is kept: by the digest of its name.
const SESSION: &str = "home/.aws/sso/cache/d033e22ae348aeb5660fc2140aec35850c4da997.json";

/// A profile of single sign-on.
fn signed_on(centre: &Centre, expires: &str) -> PathBuf {
    let session = format!(
        r#"{{"accessToken":"token-of-the-session","expiresAt":"{expires}","region":"eu-west-1","startUrl":"https://corp.example/start"}}"#
    );
    file(centre, SESSION, &session);
    let config = "[sso-session admin]\nsso_region = eu-west-1\nsso_start_url = https://corp.example/start\n\
        [profile dialler]\nregion = eu-west-2\nsso_session = admin\nsso_account_id = 111122223333\nsso_role_name = autopilot\n";
    file(centre, "config", config)
}

#[test]
fn a_session_of_single_sign_on_gives_the_keys_of_its_role() {
    let service = Service::giving(|_| {
        r#"{"roleCredentials":{"accessKeyId":"autopilot","secretAccessKey":"autopilot-secret","sessionToken":"session-of-the-role","expiration":4070908800000}}"#.to_owned()
    });
    let centre = centre(ConnectSettings::default());
    let config = signed_on(&centre, "2099-01-01T00:00:00Z");
    let mut daemon = with_profile(&centre, &config);
    daemon
        .env_remove("AUTOPILOT_REGION")
        .env("HOME", centre.directory.path().join("home"))
        .env("AWS_ENDPOINT_URL_SSO", &service.address);
    pauses(&centre, &mut daemon);
    let asked = service.asked();
    assert!(
        asked[0].starts_with("GET /federation/credentials?"),
        "{asked:?}"
    );
    for part in [
        "role_name=autopilot",
        "account_id=111122223333",
        "token-of-the-session",
    ] {
        assert!(asked[0].contains(part), "{part}: {asked:?}");
    }
}

#[test]
fn a_session_that_is_over_is_told_with_what_begins_another() {
    let centre = centre(ConnectSettings::default());
    let config = signed_on(&centre, "2020-01-01T00:00:00Z");
    let mut check = command(&centre);
    let checked = check
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env("AWS_CONFIG_FILE", &config)
        .env("AWS_PROFILE", "dialler")
        .env("HOME", centre.directory.path().join("home"))
        .args(&["check", "--online"])
        .output();
    assert_ne!(checked.code(), 0);
    let told = told(&checked);
    assert!(told.contains("aws sso login"), "{told}");
    assert!(!told.contains("token-of-the-session"), "{told}");
}
