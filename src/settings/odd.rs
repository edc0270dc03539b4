//! Values that are allowed and probably a slip: of the unit, or a zero that turns something off.
//!
//! They are warnings and no faults, since each can be meant. What is odd towards a shared platform is none towards this machine.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Url;

use crate::domain::{CampaignId, Limit, Policy};
use crate::notify::ReceiverUrl;
use crate::sockets::is_loopback;

use super::fault::{Origin, Problem};
use super::merge::Layers;
use super::row::Row;
use super::rows::{
    MANUAL_GRACE, MAX_SAMPLE_AGE, PAUSE_BELOW, POLL_INTERVAL, REMOVE_SEALED_AUDIT, REQUEST_TIMEOUT,
    RESUME_AT, STATUS_READS_PER_POLL, WEBHOOK_TIMEOUT,
};
use super::values::Values;

/// Polling a shared platform more often than this is probably a slip of the unit.
const BRISK_POLL: Duration = Duration::from_secs(1);

/// Agents come and go within minutes: who polls more seldom than this steers nothing.
const SELDOM_POLL: Duration = Duration::from_secs(10 * 60);

/// Connecting over TLS alone takes about as long on a way of some thousand kilometres.
const BRISK_TIMEOUT: Duration = Duration::from_millis(200);

/// Warns of every odd value that somebody gave; `address` is the tenant's.
pub(super) fn warn_of_odd_values(
    layers: &mut Layers<'_>,
    values: &Values,
    policies: &BTreeMap<CampaignId, Policy>,
    address: Option<&Url>,
) {
    let far = |url: Option<&Url>| url.is_some_and(|url| !is_loopback(url));
    let interval = values.poll_interval;
    if interval < BRISK_POLL && far(address) {
        let wrong = "polls a shared platform many times a second";
        warn(layers, POLL_INTERVAL.row(), wrong, "give 1s or more");
    }
    if interval > SELDOM_POLL {
        let wrong = "polls so seldom that agents come and go unseen";
        warn(layers, POLL_INTERVAL.row(), wrong, "give 10m or less");
    }
    let receiver = values.webhook_url.as_ref().map(ReceiverUrl::expose);
    for (row, timeout, url) in [
        (REQUEST_TIMEOUT.row(), values.request_timeout, address),
        (
            WEBHOOK_TIMEOUT.row(),
            values.webhook_timeout,
            receiver.as_ref(),
        ),
    ] {
        if timeout < BRISK_TIMEOUT && far(url) {
            let wrong = "gives up on most answers";
            warn(layers, row, wrong, "give 1s or more");
        }
    }
    if values.status_reads_per_poll == 0 {
        let wrong = "looks for manual changes only before commands";
        let remedy = "give 1 or more";
        warn(layers, STATUS_READS_PER_POLL.row(), wrong, remedy);
    }
    if values.keeping.remove_sealed && values.keeping.seal_audit_after.is_none() {
        let wrong = "removes nothing, since nothing is sealed";
        let remedy = "give seal_audit_after as well";
        warn(layers, REMOVE_SEALED_AUDIT.row(), wrong, remedy);
    }
    for (id, policy) in policies {
        warn_of_rules(layers, id, policy, interval);
    }
}

fn warn_of_rules(
    layers: &mut Layers<'_>,
    id: &CampaignId,
    policy: &Policy,
    poll_interval: Duration,
) {
    let is_zero = |limit: Limit| limit.to_string().trim_end_matches('%') == "0";
    let thresholds = policy.thresholds;
    let mut odd: Vec<(&'static Row, &str, &str)> = Vec::new();
    if is_zero(thresholds.pause_below()) {
        let wrong = "never pauses: there are never fewer agents than none";
        odd.push((PAUSE_BELOW.row(), wrong, "give 1 or more"));
    }
    if is_zero(thresholds.resume_at()) {
        let wrong = "resumes when nobody is available";
        odd.push((RESUME_AT.row(), wrong, "give 1 or more"));
    }
    if policy.manual_grace.is_zero() {
        let wrong = "pauses again at once what a person has just resumed";
        odd.push((MANUAL_GRACE.row(), wrong, "give some minutes"));
    }
    if policy.max_sample_age < poll_interval {
        let wrong = "is shorter than the poll interval, so that readings are stale between polls";
        odd.push((MAX_SAMPLE_AGE.row(), wrong, "give twice the poll interval"));
    }
    for (row, wrong, remedy) in odd {
        // What holds for all campaigns is told once: findings are a set.
        if let Some((key, origin)) = layers.source_of_rule(id, row) {
            push(layers, &origin, key, wrong, remedy);
        }
    }
}

fn warn(layers: &mut Layers<'_>, row: &Row, wrong: &str, remedy: &str) {
    if let Some((text, origin)) = layers.source(row) {
        let wrong = format!("`{text}` {wrong}");
        push(layers, &origin, row.key.to_owned(), wrong, remedy);
    }
}

fn push(
    layers: &mut Layers<'_>,
    origin: &Origin,
    key: String,
    wrong: impl Into<String>,
    remedy: &str,
) {
    let problem = Problem::new(wrong, remedy);
    layers.warnings.push(origin, key, problem);
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;

    fn warnings(line: &str, env: &[(&str, &str)], file: &str) -> Vec<String> {
        let resolved = run(line, env, file);
        let warnings = resolved.warnings.iter();
        warnings.map(ToString::to_string).collect()
    }

    #[test]
    fn a_slip_of_the_unit_or_a_zero_is_named() {
        for (line, told) in [
            (
                "--poll-interval 1ms",
                "--poll-interval: poll_interval: `1ms` polls a shared platform many times a second; give 1s or more",
            ),
            (
                "--poll-interval 30m",
                "--poll-interval: poll_interval: `30m` polls so seldom that agents come and go unseen; give 10m or less",
            ),
            (
                "--request-timeout 10ms",
                "--request-timeout: request_timeout: `10ms` gives up on most answers; give 1s or more",
            ),
            (
                "--status-reads-per-poll 0",
                "--status-reads-per-poll: status_reads_per_poll: `0` looks for manual changes only before commands; give 1 or more",
            ),
            (
                "--pause-below 0",
                "--pause-below: pause_below: never pauses: there are never fewer agents than none; give 1 or more",
            ),
            (
                "--pause-below 0% --resume-at 10%",
                "--pause-below: pause_below: never pauses: there are never fewer agents than none; give 1 or more",
            ),
            (
                "--manual-grace 0s",
                "--manual-grace: manual_grace: pauses again at once what a person has just resumed; give some minutes",
            ),
            (
                "--max-sample-age 5s",
                "--max-sample-age: max_sample_age: is shorter than the poll interval, so that readings are stale between polls; give twice the poll interval",
            ),
        ] {
            assert_eq!(warnings(line, &[], ""), [told], "{line}");
        }
        let both = warnings("--pause-below 0 --resume-at 0", &[], "");
        assert!(
            both.iter()
                .any(|told| told.contains("resumes when nobody is available")),
            "{both:?}"
        );
        let timeout = warnings(
            "--webhook-url https://wfm.example.com --webhook-timeout 5ms",
            &[(
                "AUTOPILOT_WEBHOOK_SECRET",
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            )],
            "",
        );
        assert_eq!(timeout.len(), 1, "{timeout:?}");
        assert!(timeout[0].contains("`5ms` gives up on most answers"));
    }

    #[test]
    fn a_campaigns_own_odd_value_is_named_with_its_line_and_one_for_all_once() {
        let file = "[[campaign]]\nid = \"x\"\npause_below = 0\n[[campaign]]\nid = \"y\"\n";
        let told = warnings("", &[], file);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(":3: campaign.x.pause_below: never pauses"));
        assert_eq!(warnings("--manual-grace 0s", &[], file).len(), 2);
    }

    #[test]
    fn towards_this_machine_short_times_are_no_slip() {
        let local = [("CXONE_BASE_URL", "http://127.0.0.1:8080")];
        let line = "--poll-interval 40ms --request-timeout 100ms";
        assert_eq!(warnings(line, &local, ""), [""; 0]);
    }
}
