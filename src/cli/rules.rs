//! `rules`: the alerts of `alerts/autopilot.rules.yml`, adapted to the installation.
//!
//! The file is built in, so that rules and metrics are of one version. Adapting replaces exact texts of that file; what it is
//! held against by promtool is therefore what comes out.

use super::exit::Exit;
use super::output;

/// The rules as they lie in the repository.
const RULES: &str = include_str!("../../alerts/autopilot.rules.yml");

/// The text by which the file selects the daemon's series.
const SELECTOR: &str = r#"job="autopilot""#;

/// Where the file's links to the pages begin: those that the instance serves which an alert is about, and those of a package, where none
/// may be there to serve them.
const RUNBOOKS: [&str; 2] = [
    "runbook_url: \"http://{{ $labels.instance }}/page/docs/runbooks/",
    "runbook_url: \"file:///usr/share/doc/campaign-autopilot/alerts/runbooks/",
];

/// Where the file's links to the dashboards begin.
const DASHBOARDS: &str = "dashboard_url: \"/d/";

/// Flags of `rules`.
#[derive(Debug, clap::Args)]
pub(crate) struct RulesArgs {
    /// Label matchers that select the daemon's series, as in queries
    #[arg(long, value_name = "MATCHERS", default_value = SELECTOR, value_parser = matchers)]
    selector: String,
    /// Without effect: the rules read each campaign's limit from `autopilot_campaign_flap_limit_resumes`
    #[arg(long, value_name = "N", hide = true)]
    flap_limit: Option<u32>,
    /// Address at which the pages of alerts/runbooks are published [default: each instance's own, and the files of the package where
    /// none may answer]
    #[arg(long, value_name = "URL", value_parser = address)]
    runbooks: Option<String>,
    /// Address of Grafana
    #[arg(long, value_name = "URL", default_value = "", value_parser = address)]
    grafana: String,
}

/// Prints the adapted rules.
pub(crate) fn rules(args: &RulesArgs) -> Exit {
    if args.flap_limit.is_some() {
        output::talk(
            "campaign-autopilot: --flap-limit has no effect on rules any more: they read each campaign's own limit from its metrics",
        );
    }
    output::result(adapted(args).trim_end());
    Exit::Ok
}

fn adapted(args: &RulesArgs) -> String {
    let grafana = args.grafana.trim_end_matches('/');
    let mut rules = RULES.to_owned();
    if let Some(runbooks) = &args.runbooks {
        let own = format!("runbook_url: \"{}/", runbooks.trim_end_matches('/'));
        for theirs in RUNBOOKS {
            rules = rules.replace(theirs, &own);
        }
    }
    rules
        .replace(DASHBOARDS, &format!("dashboard_url: \"{grafana}/d/"))
        .replace(SELECTOR, &args.selector)
}

/// Matchers such as `job="dialler", site=~"a|b"`: put into every expression, so that a slip would break all of them.
fn matchers(text: &str) -> Result<String, String> {
    let wrong = |what: &str| Err(format!("{what}; write it like job=\"dialler\""));
    let mut rest = text.trim();
    let mut kept = Vec::new();
    while !rest.is_empty() {
        let name = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let Some((label, after)) = name.and_then(|end| rest.split_at_checked(end)) else {
            return wrong("a label without a matcher");
        };
        if label.is_empty() || label.starts_with(|c: char| c.is_ascii_digit()) {
            return wrong("a label's name is missing");
        }
        let operator = ["=~", "!~", "!=", "="]
            .into_iter()
            .find(|operator| after.starts_with(operator));
        let Some((operator, after)) =
            operator.and_then(|operator| Some((operator, after.strip_prefix(operator)?)))
        else {
            return wrong("no =, !=, =~ or !~ after the label");
        };
        let Some((value, after)) = after.strip_prefix('"').and_then(|v| v.split_once('"')) else {
            return wrong("the value is not in double quotes");
        };
        if value.contains(['\\', '\n', '\r']) {
            return wrong("a value with a backslash or a line break");
        }
        kept.push(format!("{label}{operator}\"{value}\""));
        rest = after.trim_start();
        if let Some(more) = rest.strip_prefix(',') {
            rest = more.trim_start();
        } else if !rest.is_empty() {
            return wrong("no comma between two matchers");
        }
    }
    if kept.is_empty() {
        return wrong("nothing is selected");
    }
    Ok(kept.join(", "))
}

/// An address that can stand in YAML as it is.
fn address(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?=&%+,@".contains(c);
    if text.chars().all(plain) && !text.starts_with(['-', '?', '@', '&', '%', ':']) {
        Ok(text.to_owned())
    } else {
        Err("is not a plain address".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> RulesArgs {
        RulesArgs {
            selector: SELECTOR.to_owned(),
            flap_limit: None,
            runbooks: None,
            grafana: String::new(),
        }
    }

    #[test]
    fn without_flags_it_is_the_file() {
        assert_eq!(adapted(&args()), RULES);
    }

    #[test]
    fn everything_that_can_be_adapted_is() {
        let alerts = RULES.matches("- alert: ").count();
        let links = RUNBOOKS.map(|begin| RULES.matches(begin).count());
        assert_eq!(links.iter().sum::<usize>(), alerts);
        assert_eq!(RULES.matches(DASHBOARDS).count(), alerts);
        let text = adapted(&RulesArgs {
            selector: "site=\"north\"".to_owned(),
            flap_limit: None,
            runbooks: Some("https://wiki.example.com/autopilot/".to_owned()),
            grafana: "https://grafana.example.com/".to_owned(),
        });
        assert!(!text.contains(SELECTOR));
        assert!(text.contains("up{site=\"north\"}"));
        for alert in ["AutopilotDown", "AutopilotPollErrors"] {
            let link = format!("runbook_url: \"https://wiki.example.com/autopilot/{alert}.md\"\n");
            assert!(text.contains(&link), "{alert}");
        }
        assert!(
            text.contains("dashboard_url: \"https://grafana.example.com/d/autopilot-overview\"\n")
        );
    }

    #[test]
    fn matchers_are_read_and_slips_are_told() {
        for (given, read) in [
            ("job=\"a\"", "job=\"a\""),
            (" job=~\"a|b\" ,x!=\"\", ", "job=~\"a|b\", x!=\"\""),
            ("a_1!~\"{,}\"", "a_1!~\"{,}\""),
        ] {
            assert_eq!(matchers(given), Ok(read.to_owned()));
        }
        for slip in [
            "",
            "job",
            "job=a",
            "job=\"a",
            "=\"a\"",
            "1a=\"b\"",
            "a=\"b\" c=\"d\"",
            "a==\"b\"",
            "a=\"\\\"",
            "job=\"a\"} or vector(1) #",
        ] {
            assert!(matchers(slip).is_err(), "{slip}");
        }
    }

    #[test]
    fn addresses_cannot_break_the_file() {
        assert!(address("https://g.example.com/x").is_ok());
        for slip in ["a b", "a\"b", "a\nb", "#a", "-a", "{a}"] {
            assert!(address(slip).is_err(), "{slip}");
        }
    }
}
