//! Who did it: named tokens with roles, users of a trusted proxy, and whom a token is not sent to.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::api::{Answer, Api};
use crate::centre::{
    CAMPAIGN, Centre, Daemon, Finished, Invocation, free_address, message, of_kind, wait_until,
    write_secret,
};
use crate::configured::Configured;
use crate::described::{Described, description};
use crate::machine::{certificate, secure_server};
use crate::members::{Member, Site, wait_for_shares};
use crate::tenants::Two;

const HOLD: &str = "/api/v1/campaigns/campaign-1/hold";

/// A file of named tokens, made by the command.
pub(crate) struct Tokens(PathBuf);

impl Tokens {
    pub(crate) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    fn run(&self, words: &[&str]) -> Finished {
        let mut invocation = Invocation::bare();
        let invocation = invocation.arg("token").args(words);
        invocation.arg("--named-tokens").arg(&self.0).output()
    }

    /// Makes a token and returns its secret.
    pub(crate) fn add(&self, name: &str, role: &str) -> String {
        let made = self.run(&["add", name, "--role", role]);
        assert_eq!(made.code(), 0, "{}", made.stderr);
        let secret = made.stdout.trim_end().to_owned();
        assert!(secret.starts_with("autopilot_"), "{}", made.stdout);
        assert!(!secret.contains(char::is_whitespace));
        secret
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

fn with_token(api: &Api, method: &str, path: &str, token: &str, body: &Value) -> Answer {
    let headers = format!(
        "{}Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n",
        api.host()
    );
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    api.send(method, path, &headers, &body)
}

fn hold() -> Value {
    json!({"kind": "as-is", "for": "1h", "reason": "trial", "author": "desk 3"})
}

/// A centre whose daemon asks for named tokens, and the tokens.
fn named() -> (Centre, Tokens, [String; 3], Daemon, Api) {
    let centre = Centre::new();
    let tokens = Tokens::at(&centre.directory.path().join("tokens"));
    let secrets = [("wall", "view"), ("otto", "operate"), ("root", "admin")];
    let secrets = secrets.map(|(name, role)| tokens.add(name, role));
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .env("AUTOPILOT_NAMED_TOKENS", tokens.path())
        .start();
    let api = Api::of(&daemon);
    wait_until("it is ready", || api.get("/readyz").status == 200);
    (centre, tokens, secrets, daemon, api)
}

#[test]
fn a_role_says_what_a_token_may_and_a_refusal_names_the_role_that_is_needed() {
    let (centre, _, [wall, otto, root], daemon, api) = named();
    let mut described = Described::new(description());
    for (token, name, role) in [
        (&wall, "wall", "view"),
        (&otto, "otto", "operate"),
        (&root, "root", "admin"),
    ] {
        let me = with_token(&api, "GET", "/api/v1/me", token, &Value::Null);
        described.answer("/api/v1/me", "GET", me.status, &me.json());
        let expected = json!({"schema": 1, "name": name, "role": role, "known_by": "named_token"});
        assert_eq!(me.json(), expected);
        let status = with_token(&api, "GET", "/api/v1/status", token, &Value::Null);
        assert_eq!(status.status, 200, "{name}: {}", status.body);
    }
    let refused = with_token(&api, "PUT", HOLD, &wall, &hold());
    assert_eq!(refused.status, 403, "{}", refused.body);
    described.answer("/api/v1/campaigns/{id}/hold", "PUT", 403, &refused.json());
    assert_eq!(refused.json()["error"], "role");
    for says in [
        "needs the role operate",
        "`wall` has the role view",
        "--role operate",
    ] {
        assert!(refused.body.contains(says), "{says}: {}", refused.body);
    }
    let everything = json!({"all": true, "kind": "paused", "for": "1h", "reason": "trial"});
    let refused = with_token(&api, "PUT", "/api/v1/holds", &wall, &everything);
    assert_eq!(refused.status, 403, "{}", refused.body);
    let held = with_token(&api, "PUT", HOLD, &otto, &hold());
    assert_eq!(held.status, 200, "{}", held.body);
    let refused = with_token(&api, "POST", "/-/reload?reason=trial", &otto, &Value::Null);
    assert_eq!(refused.status, 403);
    assert!(
        refused.body.contains("needs the role admin"),
        "{}",
        refused.body
    );
    let reloaded = with_token(&api, "POST", "/-/reload?reason=trial", &root, &Value::Null);
    assert_eq!(reloaded.status, 200, "{}", reloaded.body);

    // The author is whom the token stands for; what they type is an addition.
    let campaign = with_token(
        &api,
        "GET",
        "/api/v1/campaigns/campaign-1",
        &wall,
        &Value::Null,
    );
    let campaign = campaign.json()["campaign"].clone();
    assert_eq!(campaign["hold"]["author"], "otto");
    let history = with_token(&api, "GET", "/api/v1/history", &wall, &Value::Null);
    assert!(
        history.body.contains("by otto (\\\"desk 3\\\"): trial"),
        "{}",
        history.body
    );
    daemon.stop();
    let audit = centre.audit();
    let rows: Vec<[&Value; 2]> = of_kind(&audit, "operator")
        .into_iter()
        .map(|row| ["by", "typed"].map(|name| &row["event"][name]))
        .collect();
    assert_eq!(
        rows,
        [
            [&json!("otto"), &json!("desk 3")],
            [&json!("root"), &Value::Null]
        ]
    );
    let all = serde_json::to_string(&audit).unwrap();
    for secret in [&wall, &otto, &root] {
        assert!(!all.contains(secret.as_str()));
    }
}

#[test]
fn a_missing_and_a_wrong_token_are_told_apart_and_the_flag_is_named() {
    let (_centre, tokens, [wall, ..], daemon, api) = named();
    let status = |token: Option<&str>| {
        let mut command = api.command(&["status"]);
        if let Some(token) = token {
            command.env("AUTOPILOT_ADMIN_TOKEN", token);
        }
        command.output()
    };
    let missing = status(None);
    let wrong = status(Some("another-token-of-somebody"));
    for (done, says) in [
        (&missing, "no token came"),
        (&wrong, "none of this daemon's"),
    ] {
        assert_eq!(done.code(), 77, "{}", done.stderr);
        for says in [says, "--token-file", "AUTOPILOT_ADMIN_TOKEN"] {
            assert!(done.stderr.contains(says), "{says}: {}", done.stderr);
        }
    }
    let good = status(Some(&wall));
    assert_eq!(good.code(), 0, "{}", good.stderr);
    // The hash that is kept opens nothing.
    let text = std::fs::read_to_string(tokens.path()).unwrap();
    let line = text.lines().find(|line| line.starts_with("wall ")).unwrap();
    let hash = line.split(' ').next_back().unwrap();
    assert_eq!(status(Some(hash)).code(), 77);
    assert!(!text.contains(&wall));
    daemon.stop();
}

#[test]
fn tokens_are_added_listed_and_removed_under_a_running_daemon() {
    let (_centre, tokens, [wall, otto, _], daemon, api) = named();
    let me = |token: &str| with_token(&api, "GET", "/api/v1/me", token, &Value::Null);
    let again = tokens.run(&["add", "otto", "--role", "admin"]);
    assert_eq!(again.code(), 78);
    assert!(again.stderr.contains("--replace"), "{}", again.stderr);
    let replaced = tokens.run(&["add", "otto", "--role", "admin", "--replace"]);
    let secret = replaced.stdout.trim_end();
    wait_until("the new secret is good", || me(secret).status == 200);
    assert_eq!(me(secret).json()["role"], "admin");
    assert_eq!(me(&otto).status, 401);
    let ci = tokens.add("ci@build", "operate");
    wait_until("one more is good", || me(&ci).status == 200);
    let listed = tokens.run(&["list"]);
    let rows: Vec<Vec<&str>> = listed
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        rows,
        [
            ["wall", "view"],
            ["otto", "admin"],
            ["root", "admin"],
            ["ci@build", "operate"]
        ]
    );
    let listed: Value = serde_json::from_str(&tokens.run(&["list", "-o", "json"]).stdout).unwrap();
    assert_eq!(
        listed["tokens"][3],
        json!({"name": "ci@build", "role": "operate"})
    );
    let unknown = tokens.run(&["remove", "wal"]);
    assert_eq!(unknown.code(), 1);
    assert!(
        unknown.stderr.contains("did you mean `wall`?"),
        "{}",
        unknown.stderr
    );
    assert_eq!(me(&wall).status, 200);
    assert_eq!(tokens.run(&["remove", "wall"]).code(), 0);
    wait_until("it is none any more", || me(&wall).status == 401);
    daemon.wait_for_log("named tokens were read again");
    // A file that somebody breaks leaves what works, and is told once.
    std::fs::write(tokens.path(), "broken\n").unwrap();
    wait_until("that is told", || {
        assert_eq!(me(&ci).status, 200);
        let told = |line: &Value| line.to_string().contains("cannot be used");
        daemon.log().iter().any(told)
    });
    daemon.tolerate(&["cannot be used"]).stop();
}

#[test]
fn the_file_may_be_named_changed_and_taken_out_by_a_reload() {
    let configured = Configured::new("");
    let centre = &configured.centre;
    let path = |name: &str| centre.directory.path().join(name);
    let (first, second) = (Tokens::at(&path("first")), Tokens::at(&path("second")));
    let anna = first.add("anna", "admin");
    let otto = second.add("otto", "admin");
    let (daemon, api) = configured.start();
    centre.wait_for_polls(2);
    let me = |token: &str| with_token(&api, "GET", "/api/v1/me", token, &Value::Null);
    assert_eq!(me("any").json()["known_by"], "nothing");
    let named = |tokens: &Tokens| format!("named_tokens = \"{}\"\n", tokens.path().display());
    configured.write(&named(&first));
    wait_until("a token is asked for", || me("any").status == 401);
    assert_eq!(me(&anna).json()["name"], "anna");
    let added = second.run(&["add", "eve", "--role", "view", "--json"]);
    let added: Value = serde_json::from_str(&added.stdout).unwrap();
    assert_eq!(
        [&added["schema"], &added["name"], &added["role"]],
        ["token-add/1", "eve", "view"]
    );
    assert!(added["secret"].as_str().unwrap().starts_with("autopilot_"));
    let removed = second.run(&["remove", "eve", "-o", "json"]);
    let removed: Value = serde_json::from_str(&removed.stdout).unwrap();
    assert_eq!(
        removed,
        json!({"schema": "token-remove/1", "name": "eve", "file": second.path()})
    );
    // One that the settings file names is found without a flag.
    let mut listing = Invocation::bare();
    let listed = listing
        .args(&["token", "list", "--config"])
        .arg(&configured.file)
        .output();
    assert_eq!(listed.stdout.trim_end(), "anna  admin", "{}", listed.stderr);
    configured.write(&named(&second));
    let reload =
        |token: &str| with_token(&api, "POST", "/-/reload?reason=trial", token, &Value::Null);
    wait_until("the other file is in force", || me(&otto).status == 200);
    assert_eq!(reload(&anna).status, 401);
    std::fs::write(second.path(), "nonsense\n").unwrap();
    configured.write(&format!("{}pause_below = 4\n", named(&second)));
    let refused = reload(&otto);
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(
        refused
            .body
            .contains("line 1: is not a name, a role and a hash"),
        "{}",
        refused.body
    );
    configured.write("");
    wait_until("nobody is asked any more", || me("any").status == 200);
    daemon.wait_for_log("removed otto");
    daemon.tolerate(&["not reloaded", "cannot be used"]).stop();
    let audit = centre.audit();
    let told: Vec<String> = of_kind(&audit, "operator")
        .iter()
        .map(|row| row["event"]["made"]["changes"].to_string())
        .collect();
    for says in [
        "added anna (admin)",
        "added otto (admin), removed anna",
        "removed otto",
    ] {
        assert!(
            told.iter().any(|changes| changes.contains(says)),
            "{says} in {told:#?}"
        );
    }
}

#[test]
fn every_tenant_has_it_in_its_audit_who_may_ask_from_now_on() {
    let two = Two::new();
    let tokens = Tokens::at(&two.path("tokens"));
    let otto = tokens.add("otto", "operate");
    let text = std::fs::read_to_string(two.path("autopilot.toml")).unwrap();
    let (daemon, api) = two.started();
    let named = format!("named_tokens = \"{}\"\n{text}", tokens.path().display());
    std::fs::write(two.path("autopilot.toml"), named).unwrap();
    wait_until("a token is asked for", || {
        api.get("/api/v1/status").status == 401
    });
    // Tokens are in force before the loops have recorded it.
    wait_until("both tenants have recorded it", || {
        let log = daemon.log();
        let told = |line: &&Value| message(line).contains("added otto (operate)");
        log.iter().filter(told).count() == 2
    });
    let both = json!({"all": true, "kind": "as-is", "for": "1h", "reason": "trial"});
    let held = with_token(&api, "PUT", "/api/v1/holds", &otto, &both);
    assert_eq!(held.status, 200, "{}", held.body);
    daemon.stop();
    for tenant in ["eu", "us"] {
        let audit = crate::centre::audit(&two.path("state").join("tenants").join(tenant));
        let rows = of_kind(&audit, "operator");
        let reloaded = rows[0]["event"]["made"]["changes"].to_string();
        assert!(
            reloaded.contains("added otto (operate)"),
            "{tenant}: {reloaded}"
        );
        assert_eq!(rows[1]["event"]["by"], "otto", "{tenant}");
    }
}

#[test]
fn a_member_that_is_asked_in_anothers_place_knows_the_author_by_the_same_token() {
    let Some(site) = Site::new() else {
        return;
    };
    let tokens = Tokens::at(&site.path("tokens"));
    let (otto, wall) = (tokens.add("otto", "operate"), tokens.add("wall", "view"));
    let start = |machine: &str| {
        let address = free_address();
        let mut invocation = site.invocation(machine);
        let daemon = invocation
            .env("AUTOPILOT_NAMED_TOKENS", tokens.path())
            .env("AUTOPILOT_LISTEN", &address)
            .env("AUTOPILOT_ADVERTISE_ADDRESS", format!("http://{address}"))
            .start();
        let api = Api::of(&daemon);
        Member { daemon, api }
    };
    let first = start("first");
    wait_for_shares(&[&first], &[6]);
    let second = start("second");
    wait_for_shares(&[&first, &second], &[3, 3]);
    let run = |token: &str| {
        let words = ["pause", "--all", "--for", "1h", "--reason", "x", "--yes"];
        let mut command = second.api.command(&words);
        command.env("AUTOPILOT_ADMIN_TOKEN", token).output()
    };
    let refused = run(&wall);
    assert_eq!(refused.code(), 77, "{}{}", refused.stdout, refused.stderr);
    assert!(
        refused.stderr.contains("needs the role operate"),
        "{}",
        refused.stderr
    );
    let held = run(&otto);
    assert_eq!(held.code(), 0, "{}{}", held.stdout, held.stderr);
    for tenant in crate::members::TENANTS {
        site.centre.wait_for_status(tenant, "PAUSED");
    }
    let by = site.psql("SELECT count(*) FROM audit WHERE kind = 'operator' AND body LIKE '%otto%'");
    assert_eq!(by, "6");
    first.daemon.stop();
    second.daemon.stop();
}

#[test]
fn a_proxys_user_is_the_author_where_the_proxy_calls_from_its_address() {
    let with_header = |api: &Api, method: &str, path: &str, more: &str| {
        let headers = format!("{}Content-Type: application/json\r\n{more}", api.host());
        let body = if method == "PUT" {
            hold().to_string()
        } else {
            String::new()
        };
        api.send(method, path, &headers, &body)
    };
    for (address, trusted) in [("127.0.0.0/8", true), ("10.0.0.0/8", false)] {
        let centre = Centre::new();
        write_secret(
            &centre.directory.path().join("token"),
            "token-of-the-operators",
        );
        let daemon = centre
            .daemon()
            .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
            .env(
                "AUTOPILOT_ADMIN_TOKEN_FILE",
                centre.directory.path().join("token"),
            )
            .env("AUTOPILOT_TRUSTED_PROXY", address)
            .env("AUTOPILOT_USER_HEADER", "X-Remote-User")
            .env("AUTOPILOT_PROXY_ROLE", "operate")
            .start();
        let api = Api::of(&daemon);
        centre.wait_for_polls(2);
        let user = "X-Remote-User: anna@example.com\r\n";
        let held = with_header(&api, "PUT", HOLD, user);
        let reload = with_header(&api, "POST", "/-/reload?reason=trial", user);
        if trusted {
            assert_eq!(held.status, 200, "{}", held.body);
            assert_eq!(reload.status, 403, "{}", reload.body);
            assert!(
                reload
                    .body
                    .contains("the user `anna@example.com` of the proxy"),
                "{}",
                reload.body
            );
            let twice = with_header(&api, "PUT", HOLD, &format!("{user}{user}"));
            assert_eq!(twice.status, 401, "{}", twice.body);
            assert!(twice.body.contains("x-remote-user"), "{}", twice.body);
        } else {
            assert_eq!((held.status, reload.status), (401, 401), "{}", held.body);
        }
        assert_eq!(with_header(&api, "PUT", HOLD, "").status, 401);
        // Whoever has the operators' token is an operator by what they type, as ever.
        let bearer = "Authorization: Bearer token-of-the-operators\r\n";
        assert_eq!(with_header(&api, "PUT", HOLD, bearer).status, 200);
        daemon.tolerate(&["trusts this machine"]).stop();
        let audit = centre.audit();
        let rows: Vec<[&Value; 2]> = of_kind(&audit, "operator")
            .into_iter()
            .map(|row| ["by", "typed"].map(|name| &row["event"][name]))
            .collect();
        let by_proxy = [json!("anna@example.com"), json!("desk 3"), Value::Null];
        let by_token = [&by_proxy[1], &by_proxy[2]];
        let expected = if trusted {
            vec![[&by_proxy[0], &by_proxy[1]], by_token]
        } else {
            vec![by_token]
        };
        assert_eq!(rows, expected, "{address}");
    }
}

#[test]
fn a_listener_for_others_is_satisfied_with_any_way_to_tell_who_asks() {
    let centre = Centre::new();
    let tokens = Tokens::at(&centre.directory.path().join("tokens"));
    let check = |name: &str, value: &str| {
        let mut check = Invocation::bare();
        check
            .env("CXONE_BASE_URL", &centre.base_url)
            .env("CXONE_CLIENT_ID", "autopilot")
            .env("CXONE_CLIENT_SECRET", "autopilot-secret")
            .env("CXONE_CAMPAIGN_ID", CAMPAIGN)
            .env("AUTOPILOT_STATE_DIR", centre.state_dir())
            .env("AUTOPILOT_LISTEN", "0.0.0.0:9464")
            .env(name, value)
            .arg("check")
            .output()
    };
    let path = tokens.path().to_str().unwrap();
    let open = check("AUTOPILOT_USER_HEADER", "X-User");
    assert_eq!(open.code(), 78, "{}", open.stdout);
    assert!(
        open.stderr.contains("--named-tokens"),
        "{}{}",
        open.stdout,
        open.stderr
    );
    let lacking = check("AUTOPILOT_NAMED_TOKENS", path);
    assert_eq!(lacking.code(), 78);
    assert!(lacking.stderr.contains("token add"), "{}", lacking.stderr);
    tokens.add("anna", "view");
    let named = check("AUTOPILOT_NAMED_TOKENS", path);
    assert_eq!(named.code(), 0, "{}", named.stderr);
    let proxy = check("AUTOPILOT_TRUSTED_PROXY", "10.0.3.7,10.0.4.0/28");
    assert_eq!(proxy.code(), 0, "{}", proxy.stderr);
    let wrong = check("AUTOPILOT_TRUSTED_PROXY", "10.0.3.7/8");
    assert_eq!(wrong.code(), 78);
    assert!(
        wrong.stderr.contains("is 10.0.0.0/8 meant?"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn a_token_is_not_sent_on_in_clear_text_where_it_came_by_https() {
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    plain.set_nonblocking(true).unwrap();
    let address = plain.local_addr().unwrap();
    let fault = json!({"error": "standby", "faults": ["another daemon steers it"],
        "elsewhere": [{"member": "other", "address": format!("http://{address}")}]})
    .to_string();
    let length = fault.len();
    let secure = secure_server(format!(
        "HTTP/1.1 421 Misdirected Request\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{fault}"
    ));
    let run = |words: &[&str], token: Option<&str>| {
        let mut command = Invocation::bare();
        command
            .env("SSL_CERT_FILE", certificate("authority.pem"))
            .args(words)
            .args(&["--server", &secure]);
        if let Some(token) = token {
            command.env("AUTOPILOT_ADMIN_TOKEN", token);
        }
        command.output()
    };
    let words = ["hold", CAMPAIGN, "--paused", "--for", "1h", "--reason", "x"];
    let several = ["resume", "a", "b", "--yes"];
    for words in [&words[..], &["explain", CAMPAIGN], &several] {
        let refused = run(words, Some("a-token-of-the-operators"));
        assert_ne!(refused.code(), 0, "{}", refused.stdout);
        for says in ["in clear text", &format!("http://{address}")] {
            assert!(refused.stderr.contains(says), "{says}: {}", refused.stderr);
        }
        assert!(!refused.stderr.contains("a-token-of-the-operators"));
    }
    let nobody = plain.accept().unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::WouldBlock, "it was connected to");
    // Where there is no token, there is none to be read on the way: the daemon is asked, and it is not one.
    drop(plain);
    let asked = run(&["explain", CAMPAIGN], None);
    assert_eq!(asked.code(), 69, "{}", asked.stderr);
    assert!(!asked.stderr.contains("in clear text"), "{}", asked.stderr);
    assert!(
        asked.stderr.contains("refuses connections"),
        "{}",
        asked.stderr
    );
}
