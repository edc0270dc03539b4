//! The receiver of webhooks: an address that may be trusted with messages, and the secret that they are signed with.
//!
//! The address is https, or http to this machine, or http anywhere when somebody allows it. Its path and query may hold a
//! token: no fault, origin or digest shows more of it than where it leads.

use crate::domain::Route;
use crate::notify::{Form, Receiver, SigningKeys};
use crate::sockets::is_loopback;
use reqwest::Url;

use super::fault::{Origin, Problem};
use super::merge::Layers;
use super::rows::{WEBHOOK_SECRET, WEBHOOK_SECRET_FILE, WEBHOOK_URL};
use super::secret::{SecretLookup, secret};
use super::values::Values;

/// The receiver, if there is one; `base` is the tenant whose events are sent.
pub(super) fn receiver(
    layers: &mut Layers<'_>,
    values: &Values,
    base: Option<&Url>,
) -> Option<Receiver> {
    let found = secret(
        layers,
        &WEBHOOK_SECRET,
        &WEBHOOK_SECRET_FILE,
        "webhook's secret",
    );
    if matches!(found, SecretLookup::Nothing) {
        layers.note(&WEBHOOK_SECRET, "", Origin::Default);
    }
    let keys = keys(layers, &found);
    let (_, origin) = layers.source(WEBHOOK_URL.row())?;
    // A text that is not an address is told without being shown; it may hold a token all the same.
    let url = values.webhook_url.clone();
    let shown = url.as_ref().map_or("(set)".to_owned(), ToString::to_string);
    layers.note(WEBHOOK_URL.row(), &shown, origin.clone());
    if matches!(found, SecretLookup::Nothing) && !layers.file.broken {
        let remedy = format!(
            "set {} to whsec_ and the base64 of 24 to 64 random bytes, or name a file with --webhook-secret-file",
            WEBHOOK_SECRET.variable()
        );
        let problem = Problem::new("is missing", remedy);
        layers
            .faults
            .push(&Origin::Default, WEBHOOK_SECRET.key, problem);
    }
    let url = url?;
    let exposed = url.expose();
    let open = exposed.scheme() == "http" && !is_loopback(&exposed);
    if open && !values.webhook_allow_http {
        let problem = Problem::new(
            "is plain http to another machine",
            "give an https address, or --webhook-allow-http if anybody on the way may read the messages",
        );
        layers.faults.push(&origin, WEBHOOK_URL.row().key, problem);
    }
    Some(Receiver {
        route: Route::everything(None),
        url,
        form: Form::Signed(keys?),
        source: source(base?),
        tenant: layers.tenant.as_ref().map(|tenant| tenant.name.clone()),
        timeout: values.webhook_timeout,
        give_up_after: values.webhook_give_up_after,
    })
}

fn keys(layers: &mut Layers<'_>, found: &SecretLookup) -> Option<SigningKeys> {
    let SecretLookup::Secret(secret, origin) = found else {
        return None;
    };
    match SigningKeys::new(secret.clone()) {
        Ok(keys) => Some(keys),
        Err(wrong) => {
            let remedy = "write whsec_ and the base64 of 24 to 64 random bytes, such as of `openssl rand -base64 32`";
            let wrong = Problem::new(wrong.to_string(), remedy);
            layers.faults.push(origin, WEBHOOK_SECRET.key, wrong);
            None
        }
    }
}

/// Returns the source of messages: the tenant that the daemon manages, without the path.
pub(super) fn source(base: &Url) -> String {
    let host = base.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match base.port() {
        Some(port) => format!("urn:campaign-autopilot:{host}:{port}"),
        None => format!("urn:campaign-autopilot:{host}"),
    }
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
