//! Secrets that are rotated under a running daemon, and texts of the platform that would act on a terminal.

use serde_json::{Value, json};

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, of_kind, wait_until, write_secret};

const WEBHOOK: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER_WEBHOOK: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

#[test]
fn a_reload_reads_secrets_of_files_again_and_says_so() {
    let centre = Centre::new();
    let path = |name: &str| centre.directory.path().join(name);
    let write = |name: &str, text: &str| write_secret(&path(name), text);
    write("client", "\u{feff}autopilot-secret\r\n");
    write("admin", "token-of-the-operators\n");
    write("webhook", WEBHOOK);
    let daemon = centre
        .daemon()
        .env_remove("CXONE_CLIENT_SECRET")
        .env("AUTOPILOT_CLIENT_SECRET_FILE", path("client"))
        .env("AUTOPILOT_ADMIN_TOKEN_FILE", path("admin"))
        .env("AUTOPILOT_WEBHOOK_SECRET_FILE", path("webhook"))
        .env("AUTOPILOT_WEBHOOK_URL", "http://127.0.0.1:9/hooks")
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .start()
        // The reload is a message, and nobody listens there.
        .tolerate(&["did not accept a message"]);
    let api = Api::of(&daemon);
    centre.wait_for_polls(2);
    let reload = |token: &str| {
        let headers = format!("{}Authorization: Bearer {token}\r\n", api.host());
        api.send("POST", "/-/reload?reason=trial&author=anna", &headers, "")
    };
    let same = reload("token-of-the-operators");
    assert_eq!(same.status, 200, "{}", same.body);
    assert_eq!(same.json()["made"]["changes"], json!([]));
    write("client", "another-secret");
    write("admin", "another-token-of-the-operators");
    write("webhook", OTHER_WEBHOOK);
    // The new token is good before the reload; the old one is none any more.
    let answer = reload("another-token-of-the-operators");
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(reload("token-of-the-operators").status, 401);
    let changes = answer.json()["made"]["changes"].clone();
    assert_eq!(
        changes,
        json!([
            "client_secret: (set) -> (set), another one",
            "webhook_secret: (set) -> (set), another one"
        ])
    );
    daemon.wait_for_log("the operators' token was read again: it has changed");
    daemon.wait_for_log("client_secret: (set) -> (set), another one");
    daemon.stop();
    let audit = centre.audit();
    let told = of_kind(&audit, "operator");
    assert_eq!(told.last().unwrap()["event"]["made"]["changes"], changes);
    let all = serde_json::to_string(&audit).unwrap();
    for secret in [
        "another-secret",
        "another-token",
        "C2FVsBQI",
        "autopilot-secret",
    ] {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[test]
fn a_reload_says_which_secrets_cannot_be_read_again() {
    let centre = Centre::new();
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .start();
    let api = Api::of(&daemon);
    centre.wait_for_polls(2);
    let done = api
        .command(&["reload", "--reason", "trial", "--author", "anna"])
        .output();
    assert_eq!(done.code(), 0, "{}", done.stderr);
    assert!(done.stdout.contains("nothing differs"), "{}", done.stdout);
    assert!(
        done.stdout.contains("CXONE_CLIENT_SECRET: not read again"),
        "{}",
        done.stdout
    );
    daemon.stop();
}

#[test]
fn what_stands_around_a_secret_is_told_by_check_and_never_shown() {
    let centre = Centre::new();
    let done = centre
        .daemon()
        .env("CXONE_CLIENT_SECRET", "\"autopilot-secret\" ")
        .args(&["--once", "--listen", "off"])
        .output();
    assert_ne!(done.code(), 0, "the quotes are a part of it");
    assert!(!done.stderr.contains("autopilot-secret"), "{}", done.stderr);
    for hint in ["blanks at an end", "with a quote"] {
        assert!(done.stderr.contains(hint), "{}", done.stderr);
    }
}

#[test]
fn a_text_of_the_platform_does_not_act_on_a_terminal() {
    let centre = Centre::new();
    centre
        .platform
        .put_campaign(CAMPAIGN, "ODD\u{1b}[2J\u{9b}1m\u{202e}\u{7f}");
    let mut check = crate::centre::Invocation::bare();
    let done = check
        .args(&["check", "--online"])
        .env("CXONE_BASE_URL", &centre.base_url)
        .env("CXONE_CLIENT_ID", "autopilot")
        .env("CXONE_CLIENT_SECRET", "autopilot-secret")
        .env("CXONE_CAMPAIGN_ID", CAMPAIGN)
        .env("AUTOPILOT_STATE_DIR", centre.state_dir())
        .output();
    assert!(
        done.stdout.contains("ODD\\u001b[2J\\u009b1m\\u202e\\u007f"),
        "{}",
        done.stdout
    );
    let acts = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!done.stdout.contains(acts) && !done.stderr.contains(acts));
}

#[test]
fn a_campaign_with_blanks_and_any_letters_is_steered_and_held() {
    const ID: &str = "Frühling 2: 50% = \u{1f469}\u{200d}\u{1f4bb} / a?b#c";
    const PATH: &str =
        "Fr%C3%BChling%202%3A%2050%25%20%3D%20%F0%9F%91%A9%E2%80%8D%F0%9F%92%BB%20%2F%20a%3Fb%23c";
    let centre = Centre::new();
    centre.platform.put_campaign(ID, "RUNNING");
    centre.platform.set_available(0);
    let daemon = centre
        .daemon()
        .env("CXONE_CAMPAIGN_ID", ID)
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .args(&["--pause-below", &format!("{ID}=4")])
        .start();
    let api = Api::of(&daemon);
    centre.wait_for_status(ID, "PAUSED");
    wait_until("it shows", || {
        let shown = api.get(&format!("/api/v1/campaigns/{PATH}"));
        shown.status == 200 && shown.json()["campaign"]["id"] == ID
    });
    let metrics = api.get("/metrics").body;
    assert!(metrics.contains(&format!("campaign=\"{ID}\"")), "{ID}");
    let held = api
        .command(&[
            "hold",
            ID,
            "--running",
            "--for",
            "10m",
            "--reason",
            "launch",
            "--author",
            "anna",
        ])
        .output();
    assert_eq!(held.code(), 0, "{}{}", held.stdout, held.stderr);
    centre.wait_for_status(ID, "RUNNING");
    daemon.stop();
    let audit = centre.audit();
    let commands = of_kind(&audit, "intent");
    assert!(!commands.is_empty());
    assert!(commands.iter().all(|row: &&Value| row["campaign"] == ID));
}
