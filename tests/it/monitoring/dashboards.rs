//! The dashboards keep the rules of `grafana/dashboard-linter`, and their queries can be parsed.

use std::fmt::Write;
use std::fs;

use serde_json::Value;

use super::tools::{run, text_of, there};

/// The files.
pub(super) const DASHBOARDS: [&str; 3] = ["overview", "campaign", "internals"];

/// One query of a dashboard, and where it stands.
pub(super) struct Query {
    pub(super) place: String,
    pub(super) expr: String,
}

pub(super) fn read(name: &str) -> Value {
    serde_json::from_str(&text_of(&format!("grafana/dashboards/{name}.json"))).unwrap()
}

pub(super) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).unwrap()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Every query: of panels, of marks, and of variables as an expression that gives their values.
pub(super) fn queries(name: &str) -> Vec<Query> {
    let dashboard = read(name);
    let mut found = Vec::new();
    for panel in list(&dashboard, "/panels") {
        for target in panel["targets"].as_array().into_iter().flatten() {
            found.push(Query {
                place: format!(
                    "{name}/{}/{}",
                    text(panel, "/title"),
                    text(target, "/refId")
                ),
                expr: text(target, "/expr").to_owned(),
            });
        }
    }
    for mark in list(&dashboard, "/annotations/list") {
        if let Some(expr) = mark.pointer("/target/expr").and_then(Value::as_str) {
            found.push(Query {
                place: format!("{name}/mark {}", text(mark, "/name")),
                expr: expr.to_owned(),
            });
        }
    }
    for variable in list(&dashboard, "/templating/list") {
        let query = text(variable, "/query/query");
        if let Some(inside) = query
            .strip_prefix("label_values(")
            .and_then(|rest| rest.strip_suffix(')'))
        {
            let (series, label) = inside.rsplit_once(", ").unwrap();
            found.push(Query {
                place: format!("{name}/${}", text(variable, "/name")),
                expr: format!("count by ({label}) ({series})"),
            });
        }
    }
    found
}

/// The query as Grafana would send it.
pub(super) fn filled(expr: &str, job: &str, interval: &str) -> String {
    let filled = expr
        .replace("$__rate_interval", interval)
        .replace("$job", job)
        .replace("$instance", ".+")
        .replace("$tenant", ".*")
        .replace("$campaign", ".+");
    assert!(!filled.contains('$'), "{filled}");
    filled
}

#[test]
fn every_query_is_promql() {
    if !there(&["promtool"]) {
        return;
    }
    let mut rules = "groups:\n".to_owned();
    for name in DASHBOARDS {
        writeln!(rules, "  - name: {name}\n    rules:").unwrap();
        for (number, query) in queries(name).iter().enumerate() {
            let expr = filled(&query.expr, ".+", "1m").replace('\n', " ");
            writeln!(
                rules,
                "      # {}
      - {{record: 'dashboard:{name}:{number}', expr: '{expr}'}}",
                query.place
            )
            .unwrap();
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("queries.yml");
    fs::write(&file, rules).unwrap();
    run("promtool", &["check", "rules", file.to_str().unwrap()], b"");
}

#[test]
fn dashboards_can_be_provisioned_and_lead_to_each_other() {
    for name in DASHBOARDS {
        let dashboard = read(name);
        assert_eq!(dashboard["uid"], format!("autopilot-{name}"));
        assert_eq!(dashboard["schemaVersion"], 39);
        assert_eq!(dashboard["editable"], false, "uneditable-dashboard");
        assert_eq!(dashboard["graphTooltip"], 1, "{name}: shared crosshair");
        let links: Vec<&str> = list(&dashboard, "/links")
            .iter()
            .map(|l| text(l, "/url"))
            .collect();
        for other in DASHBOARDS.iter().filter(|other| **other != name) {
            let url = format!("/d/autopilot-{other}");
            assert!(links.contains(&url.as_str()), "{name}: {url}");
        }
    }
}

#[test]
fn variables_let_somebody_choose() {
    for name in DASHBOARDS {
        let dashboard = read(name);
        let variables = list(&dashboard, "/templating/list");
        let named = |wanted: &str| variables.iter().find(|v| v["name"] == wanted);
        let datasource = named("datasource").expect("template-datasource");
        assert_eq!(datasource["type"], "datasource");
        assert_eq!(datasource["query"], "prometheus");
        let mut wanted = vec!["job", "instance", "tenant"];
        if name != "internals" {
            wanted.push("campaign");
        }
        for wanted in wanted {
            let variable = named(wanted).unwrap_or_else(|| panic!("{name}: template-{wanted}"));
            assert_eq!(
                variable["refresh"], 2,
                "{name}: template-on-time-change-reload"
            );
            assert_eq!(variable["multi"], true);
            assert_eq!(variable["includeAll"], true);
            // Without [[tenant]] tables no series has the label, which counts as empty.
            let all = if wanted == "tenant" { ".*" } else { ".+" };
            assert_eq!(variable["allValue"], all);
            assert_eq!(variable["datasource"]["uid"], "${datasource}");
            assert!(text(variable, "/query/query").starts_with("label_values("));
        }
    }
}

#[test]
fn panels_explain_themselves() {
    for name in DASHBOARDS {
        let dashboard = read(name);
        let (mut ids, mut areas) = (Vec::new(), Vec::new());
        for panel in list(&dashboard, "/panels") {
            let title = text(panel, "/title");
            assert!(!title.is_empty(), "{name}: panel-title-description");
            assert!(!ids.contains(&panel["id"]), "{name}/{title}: id");
            ids.push(panel["id"].clone());
            let side = |key: &str| panel["gridPos"][key].as_u64().unwrap();
            let area = (side("x"), side("y"), side("w"), side("h"));
            assert!(area.0 + area.2 <= 24, "{name}/{title}: beyond the edge");
            for (x, y, w, h) in &areas {
                let apart = area.0 >= x + w
                    || area.0 + area.2 <= *x
                    || area.1 >= y + h
                    || area.1 + area.3 <= *y;
                assert!(apart, "{name}/{title} lies over another panel");
            }
            areas.push(area);
            if panel["type"] == "row" {
                continue;
            }
            let described = text(panel, "/description");
            assert!(
                described.ends_with('.'),
                "{name}/{title}: panel-title-description"
            );
            assert!(
                !text(panel, "/fieldConfig/defaults/unit").is_empty(),
                "{name}/{title}: panel-units"
            );
            assert_eq!(
                panel["datasource"]["uid"], "${datasource}",
                "{name}/{title}"
            );
            assert!(
                !list(panel, "/targets").is_empty(),
                "{name}/{title}: panel-no-targets"
            );
        }
    }
}

#[test]
fn queries_select_job_and_instance_and_rate_their_counters() {
    for name in DASHBOARDS {
        for query in queries(name) {
            let Query { place, expr } = &query;
            if place.contains("/$") {
                continue;
            }
            let selectors = expr.matches('{').count();
            assert!(selectors > 0, "{place}");
            assert_eq!(
                expr.matches("job=~\"$job\"").count(),
                selectors,
                "{place}: target-job"
            );
            // AutopilotDown has no instance.
            if !expr.starts_with("ALERTS") {
                assert_eq!(
                    expr.matches("instance=~\"$instance\"").count(),
                    selectors,
                    "{place}: target-instance"
                );
            }
            // What the process has once has no tenant.
            let once = [
                "process_",
                "autopilot_build_info{",
                "autopilot_member",
                "up{",
                "ALERTS{",
            ];
            let once: usize = once.iter().map(|name| expr.matches(name).count()).sum();
            assert_eq!(
                expr.matches("tenant=~\"$tenant\"").count() + once,
                selectors,
                "{place}: target-tenant"
            );
            for rate in expr.split("rate(").skip(1) {
                let window = rate.split('[').nth(1).unwrap();
                assert!(
                    window.starts_with("$__rate_interval]"),
                    "{place}: target-rate-interval"
                );
            }
            let pieces: Vec<&str> = expr.split("_total{").collect();
            for before in &pieces[..pieces.len() - 1] {
                let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let function = before.trim_end_matches(name);
                assert!(
                    function.ends_with("rate(") || function.ends_with("increase("),
                    "{place}: target-counter-agg"
                );
            }
        }
    }
}
