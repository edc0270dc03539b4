//! Skills that run or do not, and show neither a version nor a time: a stop is accepted at once and done when the last call is.

use std::collections::BTreeMap;
use std::time::Duration;

use campaign_autopilot::simulator::{
    self, AcdOperation, AcdSettings, Endpoint, NoChange, Quirks, Release, StopShows,
};
use hyper::Method;
use serde_json::Value;

use crate::whole::draw::{Dice, Where};
use crate::whole::schedule::{CAMPAIGNS, Pool, Setup};

use super::{Classified, Purpose};

pub(super) fn classify(method: &Method, segments: &[&str]) -> Option<Classified> {
    use AcdOperation as Op;
    let (get, put) = (*method == Method::GET, *method == Method::PUT);
    let (operation, purpose, target) = match segments {
        ["authentication", "v1", "token", "access-key"] => (Op::AreaToken, Purpose::Token, None),
        ["inContactAPI", "services", _, rest @ ..] => match rest {
            ["agents", "states"] => (Op::AgentStates, Purpose::Agents, None),
            ["skills"] => (Op::Skills, Purpose::Status, None),
            ["skills", id] if get => (Op::Skill, Purpose::Status, Some(*id)),
            ["skills", id, "start"] => (Op::StartSkill, Purpose::Command, Some(*id)),
            ["skills", id, "stop"] => (Op::StopSkill, Purpose::Command, Some(*id)),
            ["skills", id, "agents"] if get => (Op::SkillAgents, Purpose::Agents, Some(*id)),
            ["skills", id, "agents"] if put => (Op::ChangeAgents, Purpose::ListWrite, Some(*id)),
            ["skills", id, "agents"] => (Op::AssignAgents, Purpose::ListWrite, Some(*id)),
            ["skills", id, "summary"] => (Op::SkillSummary, Purpose::Other, Some(*id)),
            ["skills", id, "parameters"] => (Op::SkillParameters, Purpose::Other, Some(*id)),
            ["business-unit"] => (Op::BusinessUnit, Purpose::Other, None),
            _ => return None,
        },
        _ => return None,
    };
    Some(Classified {
        endpoint: Endpoint::Acd(operation),
        purpose,
        target: target.map(str::to_owned),
        asks: if operation == Op::StopSkill {
            Some("PAUSED")
        } else {
            (operation == Op::StartSkill).then_some("RUNNING")
        },
    })
}

/// What each skill of an answer shows, be it one skill or a listing.
pub(super) fn shown(body: &[u8]) -> Option<BTreeMap<String, String>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let body = body.get("resultSet").unwrap_or(&body);
    let rows = match body.get("skills") {
        Some(rows) => rows.as_array()?.as_slice(),
        None => std::slice::from_ref(body),
    };
    let shown = rows.iter().filter_map(|row| {
        let id = row.get("skillId")?;
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        let steered = CAMPAIGNS.iter().any(|(campaign, _)| *campaign == id);
        steered.then_some((id, word(row.get("isRunning")?)))
    });
    Some(shown.collect())
}

/// `isRunning` in the words of the world; one that is neither true nor false stays as it is.
fn word(running: &Value) -> String {
    let text = running
        .as_str()
        .map_or_else(|| running.to_string(), str::to_owned);
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => "RUNNING".to_owned(),
        "false" | "0" => "PAUSED".to_owned(),
        _ => text,
    }
}

pub(super) fn endpoints(place: Where, setup: &Setup) -> Vec<Endpoint> {
    use AcdOperation as Op;
    let commands = [Op::StopSkill, Op::StartSkill];
    let mut found = match place {
        Where::Any => vec![Op::AreaToken, Op::AgentStates, Op::Skill, Op::SkillAgents],
        Where::Agents => vec![Op::AgentStates],
        Where::Campaign => vec![Op::Skill],
        Where::Writes | Where::StateCommands => Vec::new(),
        // A stop takes its time by itself.
        Where::Commands | Where::Lists => return Vec::new(),
    };
    if place == Where::Any && setup.campaigns > 1 {
        found.push(Op::Skills);
    }
    if place != Where::Agents {
        found.extend(commands);
    }
    found.into_iter().map(Endpoint::Acd).collect()
}

/// Most tenants are as published; the others differ in a few things.
pub(super) fn draw(dice: &mut Dice, setup: &mut Setup) {
    setup.previews = false;
    setup.queue = false;
    setup.strict = false;
    setup.shows_after_s = 0;
    setup.quirks = Quirks::default();
    // So that a listing of all skills is one page.
    setup.page_size = setup.page_size.max(10);
    setup.longest_call_s = dice.one(&[60, 90, 90, 300]);
    let lasting = dice.number(1, setup.longest_call_s - 45);
    let lasting = Duration::from_secs(u64::from(lasting));
    let stop = match dice.number(0, 3) {
        0 => StopShows::UntilLastCall,
        1 => StopShows::Word(
            dice.one(&["Stopping", "Draining", "wird beendet"])
                .to_owned(),
            lasting,
        ),
        _ => StopShows::For(lasting),
    };
    let tenant = AcdSettings {
        page_limit: dice.one(&[10, 25, 100]),
        links: dice.chance(0.7),
        totals: dice.chance(0.9),
        release: dice.one(&[Release::Current, Release::Current, Release::Older]),
        no_change: dice.one(&[NoChange::Empty, NoChange::NoContent, NoChange::NotModified]),
        poll_times: dice.chance(0.85),
        dialer_has_skill: dice.chance(0.5),
        blended: dice.chance(0.4),
        stop,
        scheduled: dice.chance(0.1),
        daily_calls: 0,
        ..AcdSettings::default()
    };
    let own = own_diallers(&tenant);
    setup.platform = simulator::Dialect::CxoneAcd(Box::new(tenant));
    if own {
        setup.campaigns = setup.campaigns.min(2);
    }
    let teams = setup.pools().into_iter().zip(CAMPAIGNS);
    let skills = teams.filter_map(|(pool, (id, _))| Some((id.to_owned(), pool.team()?.to_owned())));
    let skills = skills.collect();
    if let simulator::Dialect::CxoneAcd(tenant) = &mut setup.platform {
        tenant.skills = skills;
    }
}

/// Whether an agent in the dialler of one skill is seen to be there for that skill alone.
fn own_diallers(tenant: &AcdSettings) -> bool {
    tenant.dialer_has_skill && !tenant.blended
}

/// Who is in one skill's dialler is not free for another, so that campaigns have teams of their own there.
pub(super) fn pools(setup: &Setup) -> [Pool; 4] {
    if setup.campaigns == 2 && tenant(setup).is_some_and(own_diallers) {
        [Pool::Alpha, Pool::Beta, Pool::Everyone, Pool::Everyone]
    } else {
        Pool::USUAL
    }
}

fn tenant(setup: &Setup) -> Option<&AcdSettings> {
    match &setup.platform {
        simulator::Dialect::CxoneV2
        | simulator::Dialect::GenesysCloud(_)
        | simulator::Dialect::Vicidial(_)
        | simulator::Dialect::AmazonConnect(_) => None,
        simulator::Dialect::CxoneAcd(tenant) => Some(tenant),
    }
}

pub(super) fn settings(setup: &Setup) -> String {
    format!(
        "platform = \"cxone-acd\"\ntoken_url = \"http://127.0.0.1:1/authentication/v1/token/access-key\"\nlongest_call = \"{}s\"\n",
        setup.longest_call_s
    )
}

pub(super) fn stops_within(setup: &Setup) -> i64 {
    let lasting = tenant(setup).map(|tenant| match &tenant.stop {
        StopShows::UntilLastCall => Duration::ZERO,
        StopShows::For(lasting) | StopShows::Word(_, lasting) => *lasting,
    });
    i64::try_from(lasting.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn properties(setup: &Setup) -> Vec<&'static str> {
    let Some(tenant) = tenant(setup) else {
        return Vec::new();
    };
    let named = [
        match tenant.release {
            Release::Current => None,
            Release::Older => Some("older-release"),
        },
        match tenant.no_change {
            NoChange::Empty => None,
            NoChange::NoContent => Some("no-change-204"),
            NoChange::NotModified => Some("no-change-304"),
        },
        match tenant.stop {
            StopShows::UntilLastCall => None,
            StopShows::For(_) => Some("slow-stop"),
            StopShows::Word(..) => Some("stop-word"),
        },
        (!tenant.poll_times).then_some("no-poll-times"),
        (!tenant.links).then_some("no-links"),
        (!tenant.totals).then_some("no-totals"),
        tenant.blended.then_some("blended"),
        (!tenant.dialer_has_skill).then_some("dialler-without-skill"),
        tenant.scheduled.then_some("scheduled"),
    ];
    named.into_iter().flatten().collect()
}
