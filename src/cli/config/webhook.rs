//! Who is told: an address that may be trusted with messages, and the secret that they are signed with.
//!
//! The address is https, or http to this machine, or http anywhere when somebody allows it. Its path and query may hold a
//! token: no fault, origin or digest shows more of it than where it leads.

use std::time::Duration;

use reqwest::Url;
use secrecy::ExposeSecret;

use crate::notify::{Receiver, ReceiverUrl, SigningKeys};

use super::fault::{Origin, Wrong};
use super::merge::Layers;
use super::secret::{Found, secret};
use super::value::{self, Read};

/// How long an attempt may take when nobody says.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long a message is tried when nobody says.
const GIVE_UP_AFTER: Duration = Duration::from_secs(24 * 3600);

/// The receiver, if there is one; `base` is the tenant whose events are told.
pub(super) fn receiver(layers: &mut Layers<'_>, base: Option<&Url>) -> Option<Receiver> {
    let given = layers.read("webhook_url", address);
    let allow_http = layers.read("webhook_allow_http", value::switch);
    let timeout = layers.read("webhook_timeout", value::positive_duration);
    let give_up_after = layers.read("webhook_give_up_after", value::positive_duration);
    let found = secret(
        layers,
        "webhook_secret",
        "webhook_secret_file",
        "webhook's secret",
    );
    if matches!(found, Found::Nothing) {
        layers.note("webhook_secret", "", Origin::Default);
    }
    let keys = keys(layers, &found);
    let cell = given.general()?;
    // A text that is no address is told without being shown; it may hold a token all the same.
    let url = cell.value.clone();
    let shown = url.as_ref().map_or("(set)".to_owned(), ToString::to_string);
    layers.note("webhook_url", &shown, cell.origin.clone());
    if matches!(found, Found::Nothing) && !layers.file.broken {
        let remedy = "set AUTOPILOT_WEBHOOK_SECRET to whsec_ and the base64 of 24 to 64 random bytes, or name a file with --webhook-secret-file";
        let wrong = Wrong::new("is missing", remedy);
        layers
            .faults
            .push(&Origin::Default, "webhook_secret", wrong);
    }
    let url = url?;
    let open = url.expose().scheme() == "http" && !value::is_loopback(url.expose());
    if open && !allow_http.value().unwrap_or_default() {
        let wrong = Wrong::new(
            "is plain http to another machine",
            "give an https address, or --webhook-allow-http if anybody on the way may read the messages",
        );
        layers.faults.push(&cell.origin, "webhook_url", wrong);
    }
    Some(Receiver {
        url,
        keys: keys?,
        source: source(base?),
        timeout: timeout.value().unwrap_or(TIMEOUT),
        give_up_after: give_up_after.value().unwrap_or(GIVE_UP_AFTER),
    })
}

fn keys(layers: &mut Layers<'_>, found: &Found) -> Option<SigningKeys> {
    let Found::Secret(secret, origin) = found else {
        return None;
    };
    match SigningKeys::parse(secret.expose_secret()) {
        Ok(keys) => Some(keys),
        Err(wrong) => {
            let remedy = "write whsec_ and the base64 of 24 to 64 random bytes, such as of `openssl rand -base64 32`";
            let wrong = Wrong::new(wrong.to_string(), remedy);
            layers.faults.push(origin, "webhook_secret", wrong);
            None
        }
    }
}

/// Which autopilot tells: the tenant that it steers, without the path.
fn source(base: &Url) -> String {
    let host = base.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match base.port() {
        Some(port) => format!("urn:campaign-autopilot:{host}:{port}"),
        None => format!("urn:campaign-autopilot:{host}"),
    }
}

/// A receiver's address. A refusal does not repeat it.
fn address(text: &str) -> Read<ReceiverUrl> {
    const EXAMPLE: &str = "write such as https://wfm.example.com/hooks/autopilot";
    let url = Url::parse(text.trim())
        .map_err(|wrong| Wrong::new(format!("is no URL ({wrong})"), EXAMPLE))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        let wrong = "is neither an http nor an https address";
        return Err(Wrong::new(wrong, EXAMPLE));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let wrong = "holds a user name or a password";
        return Err(Wrong::new(
            wrong,
            "take them out; messages are signed with the webhook's secret",
        ));
    }
    if url.fragment().is_some() {
        let wrong = "has a part behind `#`, which no receiver sees";
        return Err(Wrong::new(wrong, "leave that part away"));
    }
    Ok(ReceiverUrl::new(url))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, run};

    const SECRET: (&str, &str) = (
        "AUTOPILOT_WEBHOOK_SECRET",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    );

    #[test]
    fn without_an_address_nobody_is_told() {
        let resolved = run("", &[SECRET], "");
        assert!(resolved.settings.webhook.is_none());
    }

    #[test]
    fn an_address_is_used_whole_and_shown_without_its_path() {
        let url = "https://wfm.example.com/hooks/T0K3N?key=T0K3N";
        let resolved = run(
            "--webhook-timeout 3s",
            &[SECRET, ("AUTOPILOT_WEBHOOK_URL", url)],
            "",
        );
        let receiver = resolved.settings.webhook.as_ref().unwrap();
        assert_eq!(receiver.url.expose().as_str(), url);
        assert_eq!(receiver.source, "urn:campaign-autopilot:api.example.com");
        assert_eq!(receiver.timeout.as_secs(), 3);
        assert_eq!(receiver.give_up_after.as_secs(), 86_400);
        let shown = format!("{resolved:?}");
        assert!(
            !shown.contains("T0K3N") && !shown.contains("MfKQ9r8G"),
            "{shown}"
        );
        assert!(shown.contains("\"https://wfm.example.com\""));
    }

    #[test]
    fn plain_http_leaves_this_machine_only_when_allowed() {
        let to = |url| [SECRET, ("AUTOPILOT_WEBHOOK_URL", url)];
        let refused = faults("", &to("http://wfm.example.com/T0K3N"), "");
        assert_eq!(refused.len(), 1);
        assert!(refused[0].starts_with("AUTOPILOT_WEBHOOK_URL: webhook_url: is plain http"));
        assert!(!refused[0].contains("T0K3N"));
        for (line, url) in [
            ("", "http://127.0.0.1:9/x"),
            ("", "http://[::1]:9"),
            ("--webhook-allow-http", "http://wfm.example.com"),
        ] {
            assert!(run(line, &to(url), "").settings.webhook.is_some(), "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_at_once_and_repeats_nothing() {
        let env = [
            ("AUTOPILOT_WEBHOOK_URL", "https://hunter2@wfm.example.com"),
            ("AUTOPILOT_WEBHOOK_SECRET", "whsec_hunter2!"),
        ];
        let told = faults("", &env, "webhook_secret = \"hunter2\"\n");
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told.iter().all(|fault| !fault.contains("hunter2")));
        assert!(told[0].contains("a secret does not belong into the settings file"));
        let lonely = faults("--webhook-url https://wfm.example.com", &[], "");
        assert_eq!(lonely.len(), 1);
        assert!(
            lonely[0].contains("webhook_secret: is missing"),
            "{lonely:?}"
        );
    }
}
