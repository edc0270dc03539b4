//! Holds of several campaigns at once: one word that stops everything, and one that lets go.

use serde_json::{Value, json};

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, Daemon, Finished, of_kind, wait_until};
use crate::described::{Described, description};

/// Three campaigns of two teams, beside the one that every centre has.
fn teams() -> (Centre, Daemon, Api) {
    let centre = Centre::with(|platform| {
        let start = platform.clock.now();
        for id in ["north-1", "north-2", "south-1"] {
            platform.world.put_campaign(id, id, "RUNNING", start);
        }
    });
    let file = centre.directory.path().join("autopilot.toml");
    let tables = "[[campaign]]\nid = \"north-1\"\nteam = \"North\"\n\n\
        [[campaign]]\nid = \"north-2\"\nteam = \"North\"\n\n\
        [[campaign]]\nid = \"south-1\"\nteam = \"South\"\n";
    std::fs::write(&file, tables).unwrap();
    let mut daemon = centre.daemon();
    // Nothing but what is asked for happens between two polls.
    let daemon = daemon
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .arg("--config")
        .arg(&file);
    let daemon = daemon.start();
    let api = Api::of(&daemon);
    wait_until("every campaign is seen to run", || {
        let campaigns = api.get("/api/v1/campaigns").json();
        let campaigns = campaigns["campaigns"].as_array().unwrap().clone();
        campaigns.len() == 4 && campaigns.iter().all(|one| one["state"] == "running")
    });
    (centre, daemon, api)
}

fn paused(centre: &Centre) -> Vec<&'static str> {
    let all = [CAMPAIGN, "north-1", "north-2", "south-1"];
    let paused = |id: &&str| centre.platform.campaign_status(id).as_deref() == Some("PAUSED");
    all.into_iter().filter(paused).collect()
}

fn done(done: &Finished) -> &str {
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    done.stdout.trim_end()
}

#[test]
fn a_team_or_everything_is_stopped_and_let_go_in_one_piece() {
    let (centre, daemon, api) = teams();
    let run = |words: &[&str]| api.command(words).output();
    let reason = ["--reason", "wrong list", "--yes"];
    let north = [
        &["hold", "--team", "North", "--paused", "--for", "1h"],
        &reason[..],
    ]
    .concat();
    let told = run(&north);
    assert!(
        done(&told).starts_with("2 campaigns held paused until "),
        "{}",
        told.stdout
    );
    wait_until("the team is stopped", || {
        paused(&centre) == ["north-1", "north-2"]
    });

    let told = run(&[&["pause", "--all", "--for", "2h"], &reason[..]].concat());
    assert!(
        done(&told).starts_with("4 campaigns held paused until "),
        "{}",
        told.stdout
    );
    wait_until("everything is stopped", || paused(&centre).len() == 4);

    let told = run(&["release", "north-1", "south-1", "--yes"]);
    assert_eq!(done(&told), "2 campaigns no longer held");
    let told = run(&["resume", "--all", "--yes"]);
    assert!(
        done(&told).starts_with("2 campaigns no longer held\n  north-1: it was not held\n"),
        "{}",
        told.stdout
    );
    wait_until("everything runs again", || paused(&centre).is_empty());
    daemon.stop();

    // A row each, with who and why.
    let audit = centre.audit();
    let rows = of_kind(&audit, "operator");
    let of = |change: &str| {
        let of_change = rows
            .iter()
            .filter(|row| row["event"]["made"]["change"] == change);
        of_change
            .map(|row| row["campaign"].as_str().unwrap())
            .collect::<Vec<_>>()
    };
    let held = of("held");
    assert_eq!(held[..2], ["north-1", "north-2"]);
    assert_eq!(held[2..], [CAMPAIGN, "north-1", "north-2", "south-1"]);
    assert_eq!(of("released").len(), 4);
    assert!(rows.iter().all(|row| row["event"]["by"] == "anna"));
}

#[test]
fn several_are_asked_about_and_a_wrong_one_holds_none() {
    let (centre, daemon, api) = teams();
    let run = |words: &[&str]| api.command(words).output();
    let hold = ["--paused", "--for", "1h", "--reason", "trial"];
    let unasked = run(&[&["hold", "--all"], &hold[..]].concat());
    assert_eq!(unasked.code(), 78);
    assert!(
        unasked.stderr.contains(
            "4 campaigns to hold paused for 1h: campaign-1, north-1, north-2, south-1; nobody can be asked here"
        ),
        "{}",
        unasked.stderr
    );
    let unknown = run(&[&["hold", "north-1", "nowhere", "--yes"], &hold[..]].concat());
    assert_eq!(unknown.code(), 78);
    assert!(
        unknown.stderr.contains("`nowhere` is not managed"),
        "{}",
        unknown.stderr
    );
    let team = run(&[&["hold", "--team", "West", "--yes"], &hold[..]].concat());
    assert_eq!(team.code(), 78);
    assert!(team.stderr.contains("team `West`"), "{}", team.stderr);
    let faults = |body: Value| {
        let answer = api.change("PUT", "/api/v1/holds", &body);
        assert_eq!(answer.status, 400);
        answer.json()["faults"].to_string()
    };
    let both = json!({"all": true, "team": "North", "kind": "paused", "for": "1h", "reason": "x"});
    assert!(faults(both).contains("give one of them"));
    let west = json!({"team": "West", "kind": "stopped", "for": "soon", "reason": "x"});
    let west = faults(west);
    for fault in [
        "`North`, `South` are known",
        "kind: `stopped`",
        "for: `soon`",
    ] {
        assert!(west.contains(fault), "{fault} in {west}");
    }
    let none = api.change("DELETE", "/api/v1/holds?reason=done", &Value::Null);
    assert_eq!(none.status, 400);
    centre.wait_for_polls(2);
    daemon.stop();
    assert!(of_kind(&centre.audit(), "operator").is_empty());
    assert_eq!(centre.commands(), [""; 0]);
}

#[test]
fn an_answer_names_each_campaign_and_why_one_is_as_it_was() {
    let (centre, daemon, api) = teams();
    let asked = json!({"campaigns": ["north-1", "south-1"], "kind": "as-is", "for": "1h", "reason": "trial", "author": "anna"});
    let held = api.change("PUT", "/api/v1/holds", &asked);
    assert_eq!(held.status, 200, "{}", held.body);
    let mut described = Described::new(description());
    described.answer("/api/v1/holds", "PUT", 200, &held.json());
    let each = held.json()["campaigns"].clone();
    assert_eq!(each, json!([{"id": "north-1"}, {"id": "south-1"}]));

    // The hold of one is extended, and its row says so.
    let longer = json!({"kind": "as-is", "for": "2h", "reason": "still", "author": "otto"});
    let longer = api.change("PUT", "/api/v1/campaigns/north-1/hold", &longer);
    let made = longer.json()["made"].clone();
    assert_eq!(made["was_until"], held.json()["made"]["until"], "{made}");
    let told = api.command(&["history", "--campaign", "north-1"]).output();
    assert!(
        told.stdout.contains(", instead of until "),
        "{}",
        told.stdout
    );

    let path = "/api/v1/holds?team=North&reason=done&author=anna";
    let released = api.change("DELETE", path, &Value::Null);
    assert_eq!(released.status, 200, "{}", released.body);
    described.answer("/api/v1/holds", "DELETE", 200, &released.json());
    let each = released.json()["campaigns"].clone();
    let expected = json!([{"id": "north-1"}, {"id": "north-2", "refused": "it was not held"}]);
    assert_eq!(each, expected);
    let rest = api.command(&["resume", "--all", "--yes"]).output();
    let told = done(&rest);
    assert!(told.starts_with("one campaign no longer held\n"), "{told}");
    assert!(told.contains("\n  north-2: it was not held"), "{told}");
    let none = api.change(
        "DELETE",
        "/api/v1/holds?team=North&reason=done",
        &Value::Null,
    );
    assert_eq!(none.json()["made"]["campaigns"], 0, "{}", none.body);
    daemon.stop();
    let audit = centre.audit();
    assert_eq!(
        of_kind(&audit, "operator").len(),
        5,
        "a row for each campaign"
    );
}

#[test]
fn the_status_is_counted_and_cut_to_what_is_asked_for() {
    let (_centre, daemon, api) = teams();
    let page = daemon.wait_for_log("the page is at http://127.0.0.1:");
    assert!(page.to_string().contains(&api.address), "{page}");
    let run = |words: &[&str]| api.command(words).output();
    let all = run(&["status"]);
    assert!(
        done(&all).contains("\n4 campaigns: 4 running\n"),
        "{}",
        all.stdout
    );
    let one = run(&["status", "north-2"]);
    let told = done(&one);
    assert!(told.contains("\n1 campaign: 1 running\n"), "{told}");
    assert!(
        told.contains("north-2") && !told.contains("north-1"),
        "{told}"
    );
    let team = run(&["status", "--team", "North", "-o", "json"]);
    let team: Value = serde_json::from_str(done(&team)).unwrap();
    let ids = team["campaigns"].as_array().unwrap().iter();
    let ids: Vec<&str> = ids.map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["north-1", "north-2"]);
    let calm = run(&["status", "--attention"]);
    assert!(
        done(&calm).ends_with("\nno campaign wants attention"),
        "{}",
        calm.stdout
    );
    for (words, says) in [
        (&["status", "north-22"][..], "did you mean `north-2`?"),
        (&["status", "--team", "Nort"][..], "there are North, South"),
    ] {
        let wrong = run(words);
        assert_eq!(wrong.code(), 1, "{}", wrong.stderr);
        assert!(wrong.stderr.contains(says), "{}", wrong.stderr);
    }
    daemon.stop();
}
