//! Stories about `[[receiver]]` tables.

use std::fs;

use crate::domain::{CampaignId, MessageKind};
use crate::notify::{Form, Receiver};

use super::tests::{faults, run, try_run};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ROUTING_KEY: &str = "0123456789abcdef0123456789abcdef";

const CAMPAIGNS: &str = "[[campaign]]\nid = \"b\"\nteam = \"Renewals\"\n[[campaign]]\nid = \"c\"\n";

fn with(tables: &str) -> String {
    format!("{CAMPAIGNS}{tables}")
}

#[test]
fn each_form_has_what_it_needs_and_shows_nothing_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let url = directory.path().join("teams-url");
    fs::write(&url, "https://prod-1.example.com/T0K3N?sig=hunter2\n").unwrap();
    let file = with(&format!(
        "[[receiver]]\nname = \"wfm\"\nurl = \"https://wfm.example.com/hooks/T0K3N\"\n\
         [[receiver]]\nname = \"slack-ops\"\nform = \"slack\"\n\
         [[receiver]]\nname = \"teams-ops\"\nform = \"teams\"\nurl_file = \"{}\"\n\
         [[receiver]]\nname = \"pages\"\nform = \"pagerduty\"\n",
        url.display()
    ));
    let env = [
        ("AUTOPILOT_RECEIVER_SECRET_WFM", SECRET),
        (
            "AUTOPILOT_RECEIVER_URL_SLACK_OPS",
            "https://hooks.slack.com/services/T0K3N",
        ),
        ("AUTOPILOT_RECEIVER_ROUTING_KEY_PAGES", ROUTING_KEY),
    ];
    let resolved = run("", &env, &file);
    let receivers = &resolved.settings.receivers;
    let told: Vec<(&str, &str, String)> = receivers
        .iter()
        .map(|one| (one.label(), one.form.name().word(), one.url.to_string()))
        .collect();
    let expected = [
        ("wfm", "signed", "https://wfm.example.com"),
        ("slack-ops", "slack", "https://hooks.slack.com"),
        ("teams-ops", "teams", "https://prod-1.example.com"),
        ("pages", "pagerduty", "https://events.pagerduty.com"),
    ];
    let expected = expected.map(|(name, form, url)| (name, form, url.to_owned()));
    assert_eq!(told, expected);
    let whole = "https://prod-1.example.com/T0K3N?sig=hunter2";
    assert_eq!(receivers[2].url.expose().as_str(), whole);
    assert!(matches!(receivers[3].form, Form::PagerDuty(_)));
    let shown = format!("{resolved:?}");
    for secret in ["T0K3N", "hunter2", "MfKQ9r8G", "0123456789abcdef"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    let origin = |key: &str| {
        let mut origins = resolved.origins.iter();
        let found = origins.find(|(known, ..)| known == key);
        found.map(|(_, text, _)| text.as_str())
    };
    assert_eq!(
        origin("receiver.slack-ops.url"),
        Some("https://hooks.slack.com")
    );
    assert_eq!(origin("receiver.pages.routing_key"), Some("(set)"));
    assert_eq!(origin("receiver.wfm.url"), Some("https://wfm.example.com"));
    assert!(resolved.settings.webhook.is_none());
    assert_eq!(resolved.settings.routes().len(), 4);
}

#[test]
fn filters_name_events_campaigns_and_teams() {
    let env = [
        ("AUTOPILOT_RECEIVER_URL_A", "https://hooks.slack.com/x"),
        ("AUTOPILOT_RECEIVER_ROUTING_KEY_P", ROUTING_KEY),
        ("AUTOPILOT_RECEIVER_ROUTING_KEY_Q", ROUTING_KEY),
    ];
    let resolved = run(
        "",
        &env,
        &with(
            "[[receiver]]\nname = \"a\"\nform = \"slack\"\nevents = [\"campaign.held\"]\ncampaigns = [\"c\"]\nteams = [\"Renewals\"]\n\
             [[receiver]]\nname = \"p\"\nform = \"pagerduty\"\n\
             [[receiver]]\nname = \"q\"\nform = \"pagerduty\"\nevents = [\"campaign.paused\"]\n",
        ),
    );
    let routes = resolved.settings.routes();
    let ids: Vec<CampaignId> = ["b", "c"].map(|id| id.parse().unwrap()).into();
    let campaigns = routes[0].campaigns.clone().unwrap();
    assert_eq!(campaigns.into_iter().collect::<Vec<_>>(), ids);
    assert_eq!(routes[0].events, Some([MessageKind::CampaignHeld].into()));
    let pages = routes[1].events.as_ref().unwrap();
    assert!(pages.contains(&MessageKind::DataStale));
    assert!(!pages.contains(&MessageKind::CampaignPaused));
    let ends = routes[2].events.as_ref().unwrap();
    assert!(ends.contains(&MessageKind::CampaignResumedByPerson));
}

#[test]
fn what_is_wrong_is_told_with_place_and_remedy_and_repeats_no_secret() {
    let file = with(
        "[[receiver]]\nname = \"Ops\"\n\
         [[receiver]]\nname = \"a\"\nform = \"slak\"\n\
         [[receiver]]\nname = \"b\"\nform = \"slack\"\nurl = \"https://hooks.slack.com/hunter2\"\n\
         [[receiver]]\nname = \"d\"\nurl = \"https://wfm.example.com\"\nsecret = \"hunter2\"\n\
         events = [\"campaign.pausd\", \"webhook.test\"]\ncampaigns = [\"bb\"]\nteams = [\"Renewal\"]\n\
         [[receiver]]\nname = \"e\"\nform = \"pagerduty\"\nevents = [\"audit.head\"]\nsecret_file = \"x\"\n\
         [[receiver]]\nname = \"e\"\nform = \"teams\"\n\
         [[receiver]]\nname = \"f\"\nform = \"teams\"\nevnts = []\n",
    );
    let env = [("AUTOPILOT_RECEIVER_ROUTING_KEY_E", "hunter2")];
    let told = faults("", &env, &file);
    assert!(
        told.iter().all(|fault| !fault.contains("hunter2")),
        "{told:#?}"
    );
    let expected = [
        "FILE:7: receiver.name: has a character that is none of a-z, 0-9 and -; write such as \"slack-ops\"",
        "FILE:10: receiver.form: is no form; did you mean `slack`?",
        "FILE:14: receiver.url: is a secret in this form, and does not belong into the settings file; put it into a file that url_file names, or into AUTOPILOT_RECEIVER_URL_B",
        "FILE:15: receiver.secret_file: is missing; name the file that holds the signing secret, or set AUTOPILOT_RECEIVER_SECRET_D",
        "FILE:18: receiver.secret: a secret does not belong into the settings file; put it into a file that secret_file names",
        "FILE:19: receiver.events: `campaign.pausd` is no event; did you mean `campaign.paused`?",
        "FILE:19: receiver.events: `webhook.test` is sent by `webhook test` alone; take it out",
        "FILE:20: receiver.campaigns: `bb` is none of the campaigns that are managed; did you mean `b`?",
        "FILE:21: receiver.teams: `Renewal` is no campaign's team; did you mean `Renewals`?",
        "FILE:25: receiver.events: `audit.head` neither begins nor ends an alert; take it out, or send it to a receiver of another form",
        "FILE:26: receiver.secret_file: has no effect: the form is pagerduty; leave it out, or give form = \"signed\"",
        "FILE:28: receiver.name: receiver `e` has a table already, at FILE:22; make one table of both",
        "FILE:30: receiver.url: is missing; name a file that holds it with url_file, or set AUTOPILOT_RECEIVER_URL_F",
        "FILE:33: receiver.evnts: is not known; did you mean `events`?",
        "AUTOPILOT_RECEIVER_ROUTING_KEY_E: receiver.e.routing_key: has 7 characters, and not 32; give the integration key of an Events API v2 integration",
    ];
    assert_eq!(told, expected, "{told:#?}");
}

#[test]
fn plain_http_leaves_this_machine_only_when_allowed() {
    let file = with("[[receiver]]\nname = \"a\"\nform = \"slack\"\n");
    let to = |url| [("AUTOPILOT_RECEIVER_URL_A", url)];
    let told = faults("", &to("http://hooks.example.com/T0K3N"), &file);
    assert_eq!(told.len(), 1);
    let expected = "AUTOPILOT_RECEIVER_URL_A: receiver.a.url: is plain http to another machine";
    assert!(told[0].starts_with(expected), "{told:?}");
    let local = run("", &to("http://127.0.0.1:9/x"), &file);
    assert_eq!(local.settings.receivers.len(), 1);
    let allowed = run(
        "--webhook-allow-http",
        &to("http://hooks.example.com/x"),
        &file,
    );
    assert_eq!(allowed.settings.receivers.len(), 1);
}

const TENANTS: &str = "[[tenant]]\nname = \"eu\"\nbase_url = \"https://eu.example.com\"\nclient_id = \"a\"\n\
    [[tenant]]\nname = \"us\"\nbase_url = \"https://us.example.com\"\nclient_id = \"a\"\n\
    [[campaign]]\ntenant = \"eu\"\nid = \"b\"\nteam = \"Renewals\"\n[[campaign]]\ntenant = \"us\"\nid = \"c\"\n";

#[test]
fn a_receiver_is_for_every_tenant_unless_it_names_one() {
    let env = [
        ("HOME", "/home/ops"),
        ("AUTOPILOT_CLIENT_SECRET_EU", "secret-of-eu"),
        ("AUTOPILOT_CLIENT_SECRET_US", "secret-of-us"),
        ("AUTOPILOT_RECEIVER_URL_ALL", "https://hooks.slack.com/x"),
        ("AUTOPILOT_RECEIVER_URL_ONE", "https://hooks.slack.com/y"),
    ];
    let tables = "[[receiver]]\nname = \"all\"\nform = \"slack\"\nteams = [\"Renewals\"]\n\
        [[receiver]]\nname = \"one\"\ntenant = \"us\"\nform = \"slack\"\ncampaigns = [\"c\"]\n";
    let file = format!("{TENANTS}{tables}");
    let resolved = try_run("", &env, Some(&file)).unwrap();
    let names: Vec<Vec<&str>> = resolved
        .all()
        .map(|one| one.receivers.iter().map(Receiver::label).collect())
        .collect();
    assert_eq!(names, [vec!["all"], vec!["all", "one"]]);
    let of_us = &resolved.others[0].receivers;
    assert!(of_us[0].route.campaigns.as_ref().unwrap().is_empty());
    assert_eq!(of_us[1].tenant.as_ref().unwrap().as_str(), "us");
    let wrong = tables
        .replace("tenant = \"us\"\n", "")
        .replace("Renewals", "Renewal");
    let file = format!("{TENANTS}{wrong}");
    let told = try_run("", &env, Some(&file)).unwrap_err();
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].contains("did you mean `Renewals`?"), "{told:#?}");
    assert!(
        told[1].contains("does not say whose campaigns they are; give `tenant`"),
        "{told:#?}"
    );
    let elsewhere = with("[[receiver]]\nname = \"a\"\ntenant = \"eu\"\nform = \"slack\"\n");
    let told = faults(
        "",
        &[("AUTOPILOT_RECEIVER_URL_A", "https://hooks.slack.com/x")],
        &elsewhere,
    );
    assert!(
        told[0].contains("names a tenant, and there are no [[tenant]] tables"),
        "{told:?}"
    );
}

#[test]
fn another_filter_is_another_configuration_and_another_secret_is_not() {
    let digest = |url: &str, events: &str| {
        let table =
            format!("[[receiver]]\nname = \"a\"\nform = \"slack\"\nevents = [\"{events}\"]\n");
        let env = [("AUTOPILOT_RECEIVER_URL_A", url)];
        run("", &env, &with(&table)).settings.digest()
    };
    let first = digest("https://hooks.slack.com/x", "campaign.held");
    assert_eq!(digest("https://hooks.slack.com/y", "campaign.held"), first);
    assert_ne!(
        digest("https://hooks.slack.com/x", "campaign.released"),
        first
    );
}
