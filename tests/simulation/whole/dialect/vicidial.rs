//! Campaigns that dial by a level: a pause is a level that nobody else would choose, or the switch that makes a campaign inactive.
//!
//! A level that is our mark shows that the pause is ours, whenever it was made; an inactive campaign shows nobody. People save pages,
//! which have every setting as it was when the page was opened.

use std::collections::{BTreeMap, BTreeSet};

use campaign_autopilot::simulator::{
    self, DialerCampaign, DialerOperation, DialerSettings, Endpoint, Quirks, SimHandle,
};
use hyper::Method;

use crate::whole::dialling::Dialling;
use crate::whole::draw::{Dice, Where};
use crate::whole::schedule::{CAMPAIGNS, Pool, Setup};

use super::{Classified, Purpose, Told};

/// The level that is the daemon's pause.
const MARK: &str = "0.0001";

/// A page that is saved was opened this long ago.
const PAGE_OPEN_MS: i64 = 45_000;

/// What people do. `old-page` saves a page that was opened before; `faster` and `other-method` are changes of how it dials.
pub(super) const WORDS: &[&str] = &[
    "PAUSED",
    "PAUSED",
    "RUNNING",
    "RUNNING",
    "STOPPED",
    "level-0",
    "old-page",
    "old-page",
    "faster",
    "other-method",
];

pub(super) fn classify(method: &Method, segments: &[&str], body: &[u8]) -> Option<Classified> {
    use DialerOperation as Op;
    let posted = *method == Method::POST && segments == ["vicidial", "non_agent_api.php"];
    let form = posted.then(|| form(body))?;
    let campaign = form.get("campaign_id").cloned();
    let (operation, purpose) = match form.get("function")?.as_str() {
        "version" => (Op::Version, Purpose::Other),
        "campaigns_list" => (Op::CampaignsList, Purpose::Status),
        "logged_in_agents" => (Op::LoggedInAgents, Purpose::Agents),
        "update_campaign" => (Op::UpdateCampaign, Purpose::Command),
        "call_status_stats" => (Op::CallStatusStats, Purpose::Other),
        _ => return None,
    };
    Some(Classified {
        endpoint: Endpoint::Dialer(operation),
        purpose,
        target: campaign,
        asks: (purpose == Purpose::Command).then(|| asked(&form)),
    })
}

fn asked(form: &BTreeMap<String, String>) -> &'static str {
    let is = |field: &str, value: &str| form.get(field).is_some_and(|set| set == value);
    if is("active", "N") || is("auto_dial_level", MARK) {
        "PAUSED"
    } else {
        "RUNNING"
    }
}

fn form(body: &[u8]) -> BTreeMap<String, String> {
    form_urlencoded::parse(body).into_owned().collect()
}

/// The decision that a change names.
pub(super) fn decision(body: &[u8]) -> Option<String> {
    form(body).remove("decision")
}

/// A form without the password, which each request has; one that ends with it keeps it, since the platform's log does.
pub(super) fn without_log_in(body: &[u8]) -> Vec<u8> {
    let fields: Vec<_> = form_urlencoded::parse(body).into_owned().collect();
    let last = fields.len().saturating_sub(1);
    let kept = fields.iter().enumerate();
    let kept = kept.filter(|(place, (name, _))| name != "pass" || *place == last);
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(kept.map(|(_, field)| field));
    form.finish().into_bytes()
}

/// The status that an answer comes to, whose own says little: the first line decides, and a 500 may carry a whole answer.
pub(super) fn meaning(status: u16, body: &[u8]) -> u16 {
    if ![200, 500].contains(&status) || body.is_empty() || body.starts_with(b"<") {
        return status;
    }
    let line = body.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let says = |words: &str| line.contains(words);
    if says("Login incorrect") || says("Too many login attempts") {
        401
    } else if says("PERMISSION") || says("IP Address") {
        403
    } else if says("NO VIEWABLE CAMPAIGNS") || says("CAMPAIGN DOES NOT EXIST") {
        404
    } else if says("MySQL") {
        503
    } else if says("NO LOGGED IN AGENTS") || !(says("ERROR:") || says("NOTICE:")) {
        200
    } else {
        422
    }
}

/// What the rows of a list show; a campaign that a whole list does not have is not there.
pub(super) fn told(target: Option<&str>, body: &[u8]) -> Option<Told> {
    let text = String::from_utf8_lossy(body);
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next()?.split('\t').collect();
    let column = |name: &str| head.iter().position(|column| *column == name);
    let columns = ["campaign_id", "active", "dial_method", "dial_level"];
    let mut places = Vec::new();
    for name in columns {
        places.push(column(name)?);
    }
    let mut statuses = BTreeMap::new();
    for line in lines {
        let fields: Vec<&str> = line.split('\t').collect();
        let field = |place: usize| fields.get(places[place]).copied();
        let (id, active) = (field(0)?, field(1)?);
        statuses.insert(id.to_owned(), word(active, field(2)?, field(3)?).to_owned());
    }
    let all = CAMPAIGNS.iter().map(|(id, _)| *id);
    let absent = all.filter(|id| target.is_none() && !statuses.contains_key(*id));
    let absent: BTreeSet<String> = absent.map(str::to_owned).collect();
    Some(Told { statuses, absent })
}

/// What settings come to, in the words of the world.
fn word(active: &str, method: &str, level: &str) -> &'static str {
    let by_level = ["RATIO", "SHARED_RATIO"].contains(&method);
    let level: f64 = level.parse().unwrap_or(1.0);
    if ["MANUAL", "INBOUND_MAN"].contains(&method) {
        "STOPPED"
    } else if active != "Y" || (by_level && level <= 0.0001) {
        "PAUSED"
    } else {
        "RUNNING"
    }
}

pub(super) fn endpoints(place: Where) -> Vec<Endpoint> {
    use DialerOperation as Op;
    let found: &[Op] = match place {
        Where::Any => &[
            Op::LoggedInAgents,
            Op::CampaignsList,
            Op::UpdateCampaign,
            Op::UpdateCampaign,
        ],
        Where::Agents => &[Op::LoggedInAgents],
        Where::Campaign => &[Op::CampaignsList, Op::UpdateCampaign],
        Where::Writes => &[Op::UpdateCampaign],
        // What is written is in force at once, and no state refuses it.
        Where::Commands | Where::StateCommands | Where::Lists => &[],
    };
    found.iter().copied().map(Endpoint::Dialer).collect()
}

/// Systems differ in their campaigns and in the version of what they run on.
pub(super) fn draw(dice: &mut Dice, setup: &mut Setup) {
    setup.previews = false;
    setup.queue = false;
    setup.shows_after_s = 0;
    setup.quirks = Quirks::default();
    // An agent is logged into one campaign.
    setup.campaigns = setup.campaigns.min(2);
    setup.by_switch = dice.chance(0.25);
    setup.others_leave = dice.chance(0.4);
    let mut system = DialerSettings {
        strict_log: dice.chance(0.7),
        latin: dice.chance(0.5),
        clock_ahead: dice.one(&[0, 0, 0, -90, 45]),
        old_language: dice.chance(0.3),
        ..DialerSettings::default()
    };
    let teams = pools(setup).into_iter().zip(CAMPAIGNS);
    for (pool, (id, _)) in teams.take(setup.campaigns) {
        let (method, level) = dice.one(&[
            ("RATIO", "2.0"),
            ("RATIO", "1"),
            ("RATIO", "1.75"),
            ("SHARED_RATIO", "1.5"),
            ("ADAPT_TAPERED", "1.733"),
            ("ADAPT_AVERAGE", "1.0"),
        ]);
        let set = DialerCampaign {
            // A quote breaks the log, and the status with it.
            name: dice
                .one(&["Spring", "Spring|Summer", "Don't wait"])
                .to_owned(),
            ..DialerCampaign::dialling(method, level)
        };
        system.campaigns.insert(id.to_owned(), set);
        let team = pool.team().map(str::to_owned);
        system.skills.extend(team.map(|team| (id.to_owned(), team)));
    }
    setup.platform = simulator::Dialect::Vicidial(Box::new(system));
}

pub(super) fn pools(setup: &Setup) -> [Pool; 4] {
    if setup.campaigns == 2 {
        [Pool::Alpha, Pool::Beta, Pool::Everyone, Pool::Everyone]
    } else {
        Pool::USUAL
    }
}

pub(super) fn settings(setup: &Setup) -> String {
    let method = if setup.by_switch { "active" } else { "level" };
    format!("platform = \"vicidial\"\nallow_http = true\npause_method = \"{method}\"\n")
}

pub(super) fn properties(setup: &Setup) -> Vec<&'static str> {
    let simulator::Dialect::Vicidial(system) = &setup.platform else {
        return Vec::new();
    };
    let mut campaigns = system.campaigns.values();
    let methods = |begins: &str| {
        let mut campaigns = system.campaigns.values();
        campaigns.any(|campaign| campaign.method.starts_with(begins))
    };
    let named = [
        setup.by_switch.then_some("paused-by-switch"),
        setup.others_leave.then_some("others-log-out"),
        methods("ADAPT_").then_some("adaptive"),
        methods("SHARED_").then_some("shared"),
        (system.strict_log && campaigns.any(|campaign| campaign.name.contains('\'')))
            .then_some("500-with-answer"),
        system.old_language.then_some("old-language"),
        (system.clock_ahead != 0).then_some("clock-differs"),
    ];
    named.into_iter().flatten().collect()
}

/// A person does something at the pages; returns whether what they left shows as our pause, which nobody can tell from one.
pub(super) fn person(
    platform: &SimHandle,
    dialling: &Dialling,
    id: &str,
    does: &str,
    now: i64,
) -> bool {
    let Some(there) = platform.dialer_campaign(id) else {
        return false;
    };
    // What agents dial by hand is left alone until it is set to dial by itself again.
    if there.method == "MANUAL" && !["RUNNING", "old-page"].contains(&does) {
        return false;
    }
    let page = match does {
        // In an adaptive method a level lasts for seconds only.
        "level-0" if !there.method.starts_with("ADAPT") => DialerCampaign {
            level: "0".to_owned(),
            ..there
        },
        "PAUSED" | "level-0" => DialerCampaign {
            active: false,
            ..there
        },
        "faster" if there.level != MARK || there.method.starts_with("ADAPT") => DialerCampaign {
            level: "3.0".to_owned(),
            ..there
        },
        // The new level of a campaign that is paused ends the pause.
        "faster" => DialerCampaign {
            level: "3.0".to_owned(),
            active: true,
            ..there
        },
        "other-method" => {
            let adapts = there.method.starts_with("ADAPT");
            let (method, level) = if adapts {
                ("RATIO", "2.0")
            } else {
                ("ADAPT_TAPERED", "1.5")
            };
            DialerCampaign {
                method: method.to_owned(),
                level: level.to_owned(),
                ..there
            }
        }
        "old-page" => dialling.at(id, now - PAGE_OPEN_MS).unwrap_or(there),
        // Also the way in which a campaign that nobody steers is named.
        _ => {
            platform.person_sets(id, does);
            return shows_mark(platform, id);
        }
    };
    if page.method == "MANUAL" {
        platform.person_sets(id, "STOPPED");
        return false;
    }
    let saved = platform.person_saves_dialer_campaign(id, &page);
    saved && shows_mark(platform, id)
}

fn shows_mark(platform: &SimHandle, id: &str) -> bool {
    let set = platform.dialer_campaign(id);
    set.is_some_and(|set| set.active && set.level == MARK && !set.method.contains("ADAPT"))
}

/// Whether two settings dial alike: the platform itself sets the level of an adaptive method.
pub(super) fn dial_alike(one: &DialerCampaign, other: &DialerCampaign) -> bool {
    let adapts = one.method.starts_with("ADAPT");
    one.method == other.method && (adapts || one.level == other.level)
}
