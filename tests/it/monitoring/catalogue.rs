//! The table of metrics says what the daemon exposes, and rules and dashboards ask for nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::tools::{run, text_of, there};
use super::watched::{Watched, address, get};
use crate::api::Api;
use crate::centre::{CAMPAIGN, wait_until};

/// What `/metrics` of a daemon with everything says, once it has polled and planned.
fn exposition() -> String {
    let watched = Watched::new();
    let daemon = watched.start();
    let address = address(&daemon);
    let mut text = String::new();
    let api = Api {
        address: address.clone(),
    };
    for answered in [1, 2] {
        // A share is there once two readings have shown a call.
        let now = api.get("/api/v1/status").json()["now"].clone();
        let row = json!({"campaign": CAMPAIGN, "since": "2024-05-15T08:00:00Z", "until": now,
            "dials": 9, "answered": answered, "connected": answered, "abandoned": 0});
        let fed = api.change("POST", "/api/v1/outcomes", &json!({ "outcomes": [row] }));
        assert_eq!(fed.status, 200, "{}", fed.body);
    }
    wait_until("everything is exposed", || {
        text = get(&address, "/metrics").unwrap_or_default();
        let late = [
            "agents",
            "assigned_agents",
            "campaign_abandoned_share",
            "campaign_aim_responds",
            "guard_share",
        ];
        late.iter()
            .all(|name| text.contains(&format!("autopilot_{name}{{")))
    });
    daemon.stop();
    text
}

/// The family of a series: what its parts belong to.
fn family<'a>(name: &'a str, known: &BTreeMap<String, Family>) -> &'a str {
    if known.contains_key(name) {
        return name;
    }
    ["_bucket", "_sum", "_count"]
        .iter()
        .find_map(|part| name.strip_suffix(part))
        .unwrap_or(name)
}

#[derive(Default)]
struct Family {
    kind: String,
    help: String,
    labels: BTreeSet<String>,
}

/// The rows that the table has to have.
fn rows(exposition: &str) -> Vec<String> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    for line in exposition.lines() {
        if let Some((name, help)) = line
            .strip_prefix("# HELP ")
            .and_then(|rest| rest.split_once(' '))
        {
            families.entry(name.to_owned()).or_default().help = help.to_owned();
        } else if let Some((name, kind)) = line
            .strip_prefix("# TYPE ")
            .and_then(|rest| rest.split_once(' '))
        {
            families.entry(name.to_owned()).or_default().kind = kind.to_owned();
        }
    }
    for line in exposition.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, labels)) = line.split_once('{') else {
            continue;
        };
        let family = family(name, &families).to_owned();
        // Values of labels hold no `="` of their own here.
        let pieces: Vec<&str> = labels.split("=\"").collect();
        for piece in &pieces[..pieces.len() - 1] {
            let label = piece.rsplit([',', '{']).next().unwrap();
            if label != "le" {
                families
                    .get_mut(&family)
                    .unwrap()
                    .labels
                    .insert(label.to_owned());
            }
        }
    }
    let row = |(name, family): (&String, &Family)| {
        let labels: Vec<String> = family.labels.iter().map(|l| format!("`{l}`")).collect();
        format!(
            "| `{name}` | {} | {} | {} |",
            family.kind,
            labels.join(", "),
            family.help
        )
    };
    families.iter().map(row).collect()
}

fn table() -> Vec<String> {
    text_of("docs/reference/metrics.md")
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_table_of_metrics_is_what_the_daemon_exposes() {
    let text = exposition();
    let (exposed, mut documented) = (rows(&text), table());
    // Only a daemon with [[tenant]] tables has one, and only one whose store is a server the other; `tests/it/tenants.rs` and
    // `tests/it/standby.rs` look at them there.
    let elsewhere = [
        "`autopilot_tenant_running`",
        "`autopilot_lease_held`",
        "`autopilot_member",
    ];
    let of_tenants = |row: &String| elsewhere.iter().any(|name| row.contains(name));
    assert_eq!(documented.iter().filter(|row| of_tenants(row)).count(), 5);
    documented.retain(|row| !of_tenants(row));
    let missing: Vec<_> = exposed.iter().filter(|r| !documented.contains(r)).collect();
    let stale: Vec<_> = documented.iter().filter(|r| !exposed.contains(r)).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "docs/reference/metrics.md lacks {missing:#?}\nand has {stale:#?}"
    );
    assert_eq!(exposed, documented, "the table is sorted by name");
    if there(&["promtool"]) {
        run("promtool", &["check", "metrics"], text.as_bytes());
    }
}

/// Words that name a metric of ours.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(|line| line.split(word))
        .filter(|word| word.starts_with("autopilot_"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn rules_dashboards_and_pages_ask_for_metrics_of_the_table() {
    let documented: BTreeMap<String, Family> = table()
        .iter()
        .map(|row| (row.split('`').nth(1).unwrap().to_owned(), Family::default()))
        .collect();
    for path in [
        "alerts/autopilot.rules.yml",
        "grafana/dashboards/overview.json",
        "grafana/dashboards/campaign.json",
        "grafana/dashboards/internals.json",
    ] {
        let asked = metrics_in(&text_of(path));
        assert!(!asked.is_empty(), "{path}");
        for name in asked {
            let known = documented.contains_key(family(&name, &documented));
            assert!(known, "{path} asks for {name}");
        }
    }
}
