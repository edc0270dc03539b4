//! The simulated platform gives the answers that a real one gave, to the same requests in the same state.
//!
//! `exchanges.json` has the exchanges whose functions are offered. Where the whole record lies, named by `VICIDIAL_EXCHANGES` or beside
//! the project, it is replayed as well.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use campaign_autopilot::simulator::{
    Dialect, DialerAgent, DialerCalls, DialerCampaign, DialerSettings, DialerUser, Outcome, Script,
    SentRequest, Settings, SimClock, SimHandle, SimTime,
};
use hyper::HeaderMap;
use serde_json::Value;

const OFFERED: [&str; 8] = [
    "",
    "version",
    "campaigns_list",
    "logged_in_agents",
    "update_campaign",
    "call_status_stats",
    "no_such_function",
    "coffee",
];

const START: SimTime = SimTime::from_unix_millis(1_795_636_512_000);

/// The system that the exchanges are with.
struct System {
    handle: SimHandle,
    clock: SimClock,
}

fn user(name: &str, change: impl FnOnce(&mut DialerUser)) -> DialerUser {
    let mut user = DialerUser::new(name, "Secret-pass_1");
    change(&mut user);
    user
}

fn only(one: &str) -> BTreeSet<String> {
    BTreeSet::from([one.to_owned()])
}

fn users() -> Vec<DialerUser> {
    vec![
        user("autopilot", |_| {}),
        user("apioff", |user| user.active = false),
        user("apilevel6", |user| user.level = 6),
        user("apilevel7", |user| user.level = 7),
        user("apilevel8", |user| user.level = 8),
        user("apispec", |user| user.password = "ab&c+d e%f".to_owned()),
        user("apinorep", |user| user.reports = false),
        user("apinoapi", |user| user.api_access = false),
        user("apinomod", |user| user.modifies = false),
        user("apifew", |user| user.functions = Some(only("version"))),
        user("apinone", |user| user.campaigns = Some(BTreeSet::new())),
        user("apione", |user| user.campaigns = Some(only("OUTBA"))),
        user("apilock", |_| {}),
    ]
}

fn campaigns() -> BTreeMap<String, DialerCampaign> {
    let rows = [
        ("OUTBA", "Outbound A", "RATIO", "2.0"),
        ("OUTBB", "Outbound B", "ADAPT_TAPERED", "1.5"),
        ("BLEND", "Blended C", "RATIO", "1.0"),
        ("PREVW", "Preview D", "MANUAL", "0"),
        ("INMAN", "Inbound manual E", "INBOUND_MAN", "0"),
        ("SHARE", "Shared F", "SHARED_RATIO", "1.0"),
        ("DASH-1", "Dashed G", "RATIO", "1.0"),
        ("CLOSED", "Closed H", "RATIO", "1.0"),
        ("ODDNAM", "Odd|Name, \"I\" Zoë", "RATIO", "1.0"),
    ];
    let set = rows.map(|(id, name, method, level)| {
        let mut campaign = DialerCampaign {
            name: name.to_owned(),
            ..DialerCampaign::dialling(method, level)
        };
        match id {
            "OUTBA" => campaign.statuses = "DROP NA NEW".to_owned(),
            "CLOSED" => {
                campaign.active = false;
                campaign.user_group = "AGENTS".to_owned();
            }
            _ => {}
        }
        (id.to_owned(), campaign)
    });
    BTreeMap::from(set)
}

fn agents() -> Vec<DialerAgent> {
    let rows = [
        "1001 OUTBA 8600001 READY 0 - Agent One/AGENTS",
        "1002 OUTBA 8600002 INCALL 101 V1125145401000000101 Agent Two/AGENTS",
        "1003 OUTBA 8600003 PAUSED 0 - Agent Three/AGENTS",
        "1004 OUTBA 8600004 QUEUE 102 V1125145401000000102 Agent Four/AGENTS",
        "1005 BLEND 8600005 CLOSER 0 - Agent Five/CLOSERS",
        "1006 BLEND 8600006 READY 0 - Agent Six/CLOSERS",
        "1007 PREVW 8600007 PAUSED 0 - Pipe|Name, Co/AGENTS",
        "1008 OUTBB 8600008 READY 0 - Zoë Ünïcode/AGENTS",
    ];
    let rows = rows.map(|row| {
        let fields: Vec<&str> = row.splitn(7, ' ').collect();
        let (name, group) = fields[6].split_once('/').unwrap();
        DialerAgent {
            user: fields[0].to_owned(),
            campaign: fields[1].to_owned(),
            session: fields[2].to_owned(),
            status: fields[3].to_owned(),
            lead: fields[4].parse().unwrap(),
            call: fields[5].replace('-', ""),
            calls_today: 3,
            name: name.to_owned(),
            group: group.to_owned(),
        }
    });
    rows.to_vec()
}

fn calls() -> BTreeMap<String, Vec<DialerCalls>> {
    let of = |rows: &[(u8, &str, u64)]| {
        let rows = rows.iter().map(|(hour, status, count)| DialerCalls {
            hour: *hour,
            status: (*status).to_owned(),
            count: *count,
        });
        rows.collect::<Vec<_>>()
    };
    let of_a = [
        (9, "A", 30),
        (9, "AA", 4),
        (9, "B", 6),
        (9, "DROP", 3),
        (9, "NA", 40),
        (9, "NI", 12),
        (9, "PDROP", 2),
        (9, "SALE", 5),
        (10, "DROP", 1),
        (10, "NA", 10),
        (10, "NI", 4),
    ];
    BTreeMap::from([
        ("OUTBA".to_owned(), of(&of_a)),
        ("OUTBB".to_owned(), of(&[(11, "NI", 7)])),
        ("DASH-1".to_owned(), of(&[(11, "NI", 2)])),
    ])
}

impl System {
    fn new() -> Self {
        let clock = SimClock::manual(START);
        let mut platform = Settings::new(clock.clone(), Script::Fixed);
        platform.world.remove_campaign("campaign-1");
        for id in campaigns().keys() {
            platform.world.put_campaign(id, id, "RUNNING", START);
        }
        platform.dialect = Dialect::Vicidial(Box::new(DialerSettings {
            users: users(),
            campaigns: campaigns(),
            agents: Some(agents()),
            calls: Some(calls()),
            ..DialerSettings::default()
        }));
        Self {
            handle: SimHandle::without_sockets(platform),
            clock,
        }
    }

    fn change(&self, change: impl FnOnce(&mut DialerSettings)) {
        assert!(self.handle.change_dialer(change));
    }

    fn campaign(&self, id: &str) -> DialerCampaign {
        self.handle.dialer_campaign(id).unwrap()
    }

    fn put(&self, id: &str, campaign: &DialerCampaign) {
        assert!(self.handle.person_saves_dialer_campaign(id, campaign));
    }

    fn send(&self, method: &str, form: &str) -> (u16, Vec<u8>) {
        const PATH: &str = "/vicidial/non_agent_api.php";
        let (uri, body) = match method {
            "GET" => (format!("{PATH}?{form}"), ""),
            _ => (PATH.to_owned(), form),
        };
        let exchange = self.handle.exchange(SentRequest {
            method: method.parse().unwrap(),
            uri,
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        });
        let Outcome::Answered { status, body, .. } = exchange.outcome else {
            panic!("{exchange:?}");
        };
        (status.as_u16(), body.to_vec())
    }
}

/// One exchange of a record.
struct Recorded {
    name: String,
    method: String,
    fields: Vec<(String, String)>,
    form: String,
    status: u16,
    body: Vec<u8>,
    after: Option<String>,
}

impl Recorded {
    fn read(pair: &Value) -> Self {
        let request = &pair["request"];
        let fields: Vec<(String, String)> = request["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|field| {
                let text = |place: usize| field[place].as_str().unwrap().to_owned();
                (text(0), text(1))
            })
            .collect();
        let encoded: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let raw = request["raw_body"].as_str().map(str::to_owned);
        let response = &pair["response"];
        let body = match response["body_base64"].as_str() {
            Some(coded) => STANDARD.decode(coded).unwrap(),
            None => response["body"].as_str().unwrap().as_bytes().to_vec(),
        };
        Self {
            name: pair["name"].as_str().unwrap().to_owned(),
            method: request["method"].as_str().unwrap().to_owned(),
            fields,
            form: raw.unwrap_or_else(|| encoded.join("&")),
            status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
            body,
            after: pair["database_after"].as_str().map(str::to_owned),
        }
    }

    fn field(&self, name: &str) -> &str {
        let found = self.fields.iter().rfind(|(field, _)| field == name);
        found.map_or("", |(_, value)| value)
    }

    fn text(&self) -> String {
        self.body.iter().copied().map(char::from).collect()
    }

    /// Why the simulated platform does not have it.
    fn left_out(&self) -> bool {
        // Fields with three dots were shortened in the record.
        !OFFERED.contains(&self.field("function"))
            || self.field("show_sub_status") == "YES"
            || self.fields.iter().any(|(_, value)| value.contains("..."))
    }

    /// The rows of an answer that is a list.
    fn rows(&self) -> Vec<Vec<String>> {
        let text = String::from_utf8_lossy(&self.body).into_owned();
        if text.starts_with("ERROR") {
            return Vec::new();
        }
        let rows = text.lines().map(|line| {
            let fields = line.split(if self.field("stage") == "tab" {
                '\t'
            } else {
                '|'
            });
            fields.map(str::to_owned).collect()
        });
        rows.collect()
    }

    /// Brings the system into the state that the exchange was recorded in.
    fn prepare(&self, system: &System) {
        let (body, right) = (self.text(), self.field("pass") != "wrong");
        system.change(|settings| {
            settings.database_away = self.status == 500 && body.is_empty() && right;
            settings.notes_failures = !(self.status == 500 && body.is_empty());
            settings.address_blocked = body.contains("IPBLOCK");
            settings.agents = Some(agents());
        });
        if body.contains("|LOCK|") {
            for _ in 0..10 {
                system.send("POST", &self.form.replace("Secret-pass_1", "wrong"));
            }
        }
        if self.field("user") == "apilock" && right && !body.contains("LOCK") {
            system.clock.advance(Duration::from_secs(16 * 60));
        }
        match self.field("function") {
            "campaigns_list" => {
                for row in self.rows() {
                    let known = campaigns().contains_key(&row[0]) && row[0] != "ODDNAM";
                    if known && row.len() > 5 {
                        let mut set = system.campaign(&row[0]);
                        set.active = row[2] == "Y";
                        set.method.clone_from(&row[4]);
                        set.level.clone_from(&row[5]);
                        system.put(&row[0], &set);
                    }
                }
            }
            "logged_in_agents" => self.log_in(system),
            "update_campaign" => self.unsettle(system),
            _ => {}
        }
    }

    /// The agents whom the answer shows are logged in as it shows them.
    fn log_in(&self, system: &System) {
        let nobody = self.text().contains("NO LOGGED IN") && self.field("campaigns").is_empty();
        let mut rows = if nobody { Vec::new() } else { agents() };
        if self.field("stage") == "tab" {
            for shown in self.rows() {
                if shown[0] == "user" || shown[0].is_empty() {
                    continue;
                }
                let row = rows
                    .iter_mut()
                    .find(|row| row.user == shown[0] && row.campaign == shown[1]);
                if let Some(row) = row {
                    row.status.clone_from(&shown[3]);
                    row.lead = shown[4].parse().unwrap();
                    if shown[7].is_ascii() {
                        row.name.clone_from(&shown[7]);
                    }
                } else {
                    let mut row = rows[0].clone();
                    row.campaign.clone_from(&shown[1]);
                    row.session.clone_from(&shown[2]);
                    row.status.clone_from(&shown[3]);
                    row.calls_today = shown[6].parse().unwrap();
                    rows.push(row);
                }
            }
        }
        system.change(|settings| settings.agents = Some(rows));
    }

    /// What the campaign was after it, where that is recorded: active, method and level.
    fn left(&self) -> Option<(String, [String; 3])> {
        let row = self.after.as_deref()?.lines().next()?.to_owned();
        let fields: Vec<&str> = row.split('\t').collect();
        let [active, method, level, ..] = fields.as_slice() else {
            return None;
        };
        let known = ["Y", "N"].contains(active);
        let three = [active, method, level].map(|text| (*text).to_owned());
        known.then(|| (self.field("campaign_id").to_owned(), three))
    }

    /// What the request is to set is something else before it.
    fn unsettle(&self, system: &System) {
        let Some((id, [active, method, level])) = self.left() else {
            return;
        };
        let changes = self.text().starts_with("SUCCESS");
        let sets = |field: &str| changes && !self.field(field).is_empty();
        let mut before = system.campaign(&id);
        before.active = (active == "Y") != sets("active");
        before.method = if sets("dial_method") {
            "ADAPT_AVERAGE".to_owned()
        } else {
            method
        };
        before.level = if sets("auto_dial_level") {
            "3.3".to_owned()
        } else {
            level
        };
        system.put(&id, &before);
    }

    fn replay(&self, system: &System) {
        self.prepare(system);
        let (status, body) = system.send(&self.method, &self.form);
        let of_list = |body: &[u8]| {
            let text: String = body.iter().copied().map(char::from).collect();
            // Which clock and zone the server had, and the row of a queue of calls that come in.
            let text = text.split("|DATE").next().unwrap().to_owned();
            let mut lines: Vec<String> = text
                .lines()
                .filter(|line| !line.starts_with("SALES|"))
                .map(str::to_owned)
                .collect();
            lines.sort();
            lines
        };
        assert_eq!(status, self.status, "{}", self.name);
        assert_eq!(of_list(&body), of_list(&self.body), "{}", self.name);
        if let Some((id, [active, method, level])) = self.left() {
            let set = system.campaign(&id);
            let found = [if set.active { "Y" } else { "N" }, &set.method, &set.level];
            assert_eq!(found, [active, method, level], "{}", self.name);
        }
    }
}

fn encode(text: &str) -> String {
    let bytes = text.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    });
    bytes.collect()
}

/// Replays a record; returns how many exchanges it has of functions that are offered, and how many of others.
fn replay(record: &str) -> (usize, usize) {
    let record: Value = serde_json::from_str(record).unwrap();
    let system = System::new();
    let (mut replayed, mut others) = (0, 0);
    for pair in record["pairs"].as_array().unwrap() {
        let recorded = Recorded::read(pair);
        if recorded.left_out() {
            others += 1;
            continue;
        }
        recorded.replay(&system);
        replayed += 1;
    }
    (replayed, others)
}

#[test]
fn the_simulated_platform_answers_as_the_exchanges_show() {
    let (replayed, others) = replay(include_str!("exchanges.json"));
    assert_eq!((replayed, others), (132, 0));
}

#[test]
#[expect(clippy::print_stderr, reason = "says why it is skipped")]
fn and_as_the_whole_record_shows_where_that_lies_beside_the_project() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/api/vicidial-pairs");
    let place = std::env::var_os("VICIDIAL_EXCHANGES").map_or(beside, PathBuf::from);
    let Ok(files) = std::fs::read_dir(&place) else {
        eprintln!(
            "skipped: there is no record of exchanges; VICIDIAL_EXCHANGES may name its folder"
        );
        return;
    };
    let mut replayed = 0;
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in files {
        if file.extension().is_some_and(|kind| kind == "json") {
            replayed += replay(&std::fs::read_to_string(&file).unwrap()).0;
        }
    }
    assert!(replayed > 100, "{replayed} exchanges");
}

#[test]
fn a_filter_of_ten_thousand_characters_is_dropped_without_a_word() {
    let system = System::new();
    let rows = |campaigns: &str| {
        let form = format!(
            "source=autopilot&user=autopilot&pass=Secret-pass_1&function=logged_in_agents&campaigns={campaigns}"
        );
        let (_, body) = system.send("POST", &form);
        let text: String = body.into_iter().map(char::from).collect();
        text.lines()
            .filter(|line| !line.starts_with("ERROR"))
            .count()
    };
    let long = "C0000000|".repeat(1_111);
    assert_eq!(rows(&long), 0);
    assert_eq!(rows(&format!("{long}C")), 8);
}

#[test]
fn the_level_of_an_adaptive_campaign_moves_by_itself_and_undoes_a_bare_mark() {
    let system = System::new();
    let before = system.campaign("OUTBB").level;
    let levels: BTreeSet<String> = (0..8)
        .map(|_| {
            system.clock.advance(Duration::from_secs(15));
            system.campaign("OUTBB").level
        })
        .collect();
    assert!(
        levels.len() > 1 && levels != BTreeSet::from([before]),
        "{levels:?}"
    );
    let update = "source=autopilot&user=autopilot&pass=Secret-pass_1&function=update_campaign&campaign_id=OUTBB";
    system.send("POST", &format!("{update}&auto_dial_level=0.0001"));
    assert_eq!(
        system.handle.campaign_status("OUTBB").as_deref(),
        Some("PAUSED")
    );
    system.clock.advance(Duration::from_secs(16));
    assert_ne!(system.campaign("OUTBB").level, "0.0001");
    assert_eq!(
        system.handle.campaign_status("OUTBB").as_deref(),
        Some("RUNNING")
    );
    system.send(
        "POST",
        &format!("{update}&dial_method=RATIO&auto_dial_level=0.0001"),
    );
    system.clock.advance(Duration::from_secs(60));
    assert_eq!(system.campaign("OUTBB").level, "0.0001");
    assert_eq!(
        system.handle.campaign_status("OUTBB").as_deref(),
        Some("PAUSED")
    );
}

#[test]
fn a_threshold_dials_over_the_mark() {
    let system = System::new();
    let mut set = system.campaign("OUTBA");
    set.threshold = 5;
    system.put("OUTBA", &set);
    let update = "source=autopilot&user=autopilot&pass=Secret-pass_1&function=update_campaign&campaign_id=OUTBA";
    system.send("POST", &format!("{update}&auto_dial_level=0.0001"));
    // Four agents are logged in.
    assert_eq!(
        system.handle.campaign_status("OUTBA").as_deref(),
        Some("RUNNING")
    );
}
