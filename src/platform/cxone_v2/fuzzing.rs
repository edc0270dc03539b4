//! What holds for the dialect's readers on any input.

use crate::domain::assignment::Dispatch;
use crate::domain::queue::{Members, Setting, WriteForm, overlaid};
use crate::domain::{CampaignId, QueueId, Timestamp};

use super::page::agents_page;
use super::page_model::disagreement;
use super::rows::AgentsPage;
use super::{campaign, list, queue, queue_statistics};

/// The shortest text of an agent, `{"id":1}`: no page can hold more agents than fit into it.
const SHORTEST_AGENT: usize = 8;

/// A page is no larger than its text allows, and how many rows it has does not depend on whether skills are wanted.
pub(crate) fn page(body: &[u8]) {
    let plain = agents_page(body, false);
    let skilled = agents_page(body, true);
    assert_eq!(plain.is_ok(), skilled.is_ok(), "skills change what is read");
    if let (Ok(plain), Ok(skilled)) = (&plain, &skilled) {
        assert_eq!(plain.rows(), skilled.rows(), "skills change the page");
        assert!(
            plain.unreadable.rows <= skilled.unreadable.rows,
            "more rows can be read with their skills than without"
        );
    }
    let shape = |page: AgentsPage| (page.builder.rows(), page.ends);
    for (rows, ends) in [plain, skilled].into_iter().flatten().map(shape) {
        assert!(
            rows.saturating_mul(SHORTEST_AGENT) <= body.len(),
            "{rows} agents in {} bytes",
            body.len()
        );
        assert_eq!(rows > 0, ends.is_some(), "ends of {rows} agents");
    }
}

/// The daemon's reader of pages does not differ from the model.
pub(crate) fn page_against_model(body: &[u8]) {
    for skills in [false, true] {
        assert_eq!(disagreement(body, skills), None, "(skills: {skills})");
    }
}

/// A list that was read is read the same when it is sent back, and a refusal names only agents that are on it.
pub(crate) fn assignment_list(body: &[u8]) {
    drop(list::answer(body));
    let campaign = named(body, "campaignId").unwrap_or_else(|| "campaign".to_owned());
    let Ok(campaign) = campaign.parse::<CampaignId>() else {
        return;
    };
    let Ok(agents) = list::read(&campaign, body) else {
        return;
    };
    let dispatch = Dispatch {
        campaign,
        agents,
        joining: Vec::new(),
        leaving: Vec::new(),
    };
    let again = list::read(&dispatch.campaign, &list::body(&dispatch));
    assert_eq!(again.as_ref(), Ok(&dispatch.agents), "sent back");
    let refusal = String::from_utf8_lossy(body);
    for agent in list::named(&dispatch, &refusal) {
        assert!(
            dispatch.agents.contains_key(&agent),
            "{agent} is not listed"
        );
    }
}

/// A queue that is sent back unchanged, whole or with one of its own members written anew, says what it said.
pub(crate) fn queue(body: &[u8]) {
    if let Ok(campaign) = "campaign".parse() {
        drop(campaign::campaign(&campaign, body));
    }
    drop(queue::skills(body));
    if let Ok(queue) = "queue".parse() {
        let at = Timestamp::from_unix_millis(0);
        drop(queue_statistics::reading(&queue, body, at));
    }
    let id = named(body, "id").unwrap_or_else(|| "queue".to_owned());
    let Ok(id) = id.parse::<QueueId>() else {
        return;
    };
    let Ok(reading) = queue::reading(&id, body) else {
        return;
    };
    let back = |change: &Members| {
        let sent = queue::body(&reading, change, WriteForm::Whole);
        sent.map(|sent| queue::reading(&id, &sent))
    };
    let Some(Ok(unchanged)) = back(&Members::new()) else {
        panic!("a queue that was read cannot be sent back");
    };
    assert_eq!(unchanged.members, reading.members);
    assert_eq!(
        (unchanged.version, &unchanged.sha256),
        (reading.version.clone(), &reading.sha256)
    );
    for (member, setting) in &reading.members {
        let change = Members::from([(*member, setting.clone())]);
        drop(queue::body(&reading, &change, WriteForm::Members));
        let carried = queue::form_faults(&reading, &change, WriteForm::Whole).is_empty();
        // What could not be read is never written.
        if !carried || matches!(setting, Setting::Unreadable(_)) {
            continue;
        }
        let Some(Ok(written)) = back(&change) else {
            panic!("{member} as it was read cannot be written");
        };
        assert_eq!(
            written.members,
            overlaid(&reading.members, &change),
            "{member}"
        );
    }
}

/// The id that an answer says it is about, so that it is not refused for being about something else.
fn named(body: &[u8], member: &str) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    answer.get(member)?.as_str().map(str::to_owned)
}
