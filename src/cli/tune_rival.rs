//! The rival of a campaign that is tuned: another campaign on some of the same agents, from its own record.

use std::collections::BTreeMap;

use crate::domain::workload::WorkloadSlot;
use crate::domain::{CampaignId, Policy, Timestamp};
use crate::experiment::tune::{DialRule, History, RivalRule};
use crate::simulator::Mode;
use crate::store::StoreReader;

use super::output;
use super::tune_record::{Refusal, fixed_thresholds, mode, policy};

/// What is said of a rival.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum RivalChoice {
    /// There is none in the model.
    None,
    /// This one, which dials so.
    Campaign(CampaignId, DialRule),
}

/// How a rival dials of which nothing is said.
const PROGRESSIVE: DialRule = DialRule {
    mode: Mode::Progressive,
    lines: None,
};

impl RivalChoice {
    /// Reads `none`, or an id with how the campaign dials behind its last colon.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self::None);
        }
        let (id, dial) = match text.rsplit_once(':') {
            Some((id, dial)) => (id, dial_rule(dial)?),
            None => (text, PROGRESSIVE),
        };
        let id = id
            .parse()
            .map_err(|fault| format!("`{id}` is not the id of a campaign: {fault}"))?;
        Ok(Self::Campaign(id, dial))
    }
}

/// Reads `MODE`, `lines=N` or both with a comma between them.
fn dial_rule(text: &str) -> Result<DialRule, String> {
    let mut dial = PROGRESSIVE;
    for part in text.split(',') {
        match part.split_once('=') {
            Some(("lines", lines)) => {
                let lines = lines.parse().ok().filter(|lines| *lines > 0);
                dial.lines = Some(lines.ok_or_else(|| {
                    format!("`{part}`: expected the most dials in flight at once, such as lines=6")
                })?);
            }
            _ => dial.mode = mode(part)?,
        }
    }
    Ok(dial)
}

/// A campaign of which something is recorded.
pub(super) struct Pool<'a> {
    pub(super) reader: &'a StoreReader,
    pub(super) campaign: &'a CampaignId,
    pub(super) history: History,
    pub(super) since: Timestamp,
}

/// Returns the history beside the rival that is asked for, or else beside the one that shares most agents, where there is one.
///
/// A rival that nobody asked for and whose record is of no use is left out, which is said; the gate tells whether that matters.
pub(super) fn beside_rival(
    pool: Pool<'_>,
    choice: Option<&RivalChoice>,
    own: &Policy,
) -> Result<(History, Option<CampaignId>), Refusal> {
    let mut shared: BTreeMap<CampaignId, Vec<WorkloadSlot>> = BTreeMap::new();
    for (other, slot) in pool.reader.shared_workload(pool.campaign, pool.since)? {
        shared.entry(other).or_default().push(slot);
    }
    let time = |slots: &Vec<WorkloadSlot>| slots.iter().map(|slot| slot.staffed).sum();
    let most = shared
        .iter()
        .max_by_key(|(_, slots)| -> std::time::Duration { time(slots) });
    let (rival, slots, dial) = match (choice, most) {
        (Some(RivalChoice::None), _) | (None, None) => return Ok((pool.history, None)),
        (Some(RivalChoice::Campaign(id, dial)), _) => {
            let slots = shared
                .get(id)
                .ok_or_else(|| Refusal::Record(not_shared(pool.campaign, id, shared.keys())))?;
            (id, slots, *dial)
        }
        (None, Some((id, slots))) => (id, slots, PROGRESSIVE),
    };
    let joined = joined(&pool, (rival, slots), dial, own)?;
    match joined {
        Ok(history) => Ok((history, Some(rival.clone()))),
        Err(why) if choice.is_none() => {
            output::talk(format_args!(
                "campaign `{rival}` shares agents and is left out of the model: {why}"
            ));
            Ok((pool.history, None))
        }
        Err(why) => Err(Refusal::Record(format!(
            "rival `{rival}` since {}: {why}; without it: --rival none",
            pool.since
        ))),
    }
}

/// The history beside a rival, or why that one is of no use.
fn joined(
    pool: &Pool<'_>,
    (rival, shared): (&CampaignId, &[WorkloadSlot]),
    dial: DialRule,
    own: &Policy,
) -> Result<Result<History, String>, Refusal> {
    let workload = pool.reader.workload(rival, pool.since)?;
    let outcomes = pool.reader.recorded_outcomes(rival, pool.since)?;
    let joined = || {
        let theirs = pool.history.of_rival(&workload, &outcomes);
        let theirs = theirs.map_err(|fault| fault.to_string())?;
        let thresholds = fixed_thresholds(&theirs)?;
        let rule = RivalRule {
            dial,
            // Whatever else the policies of one daemon have is mostly the same.
            policy: Policy {
                thresholds: policy(thresholds).thresholds,
                ..own.clone()
            },
        };
        let history = pool.history.clone().beside(&theirs, shared, rule);
        history.map_err(|_| "there is no day on which both are recorded".to_owned())
    };
    Ok(joined())
}

fn not_shared<'a>(
    campaign: &CampaignId,
    rival: &CampaignId,
    known: impl Iterator<Item = &'a CampaignId>,
) -> String {
    let known: Vec<&str> = known.map(CampaignId::as_str).collect();
    let found = if known.is_empty() {
        "no campaign is recorded that does".to_owned()
    } else {
        format!("recorded are {}", known.join(", "))
    };
    format!(
        "no agents are recorded whom campaign `{campaign}` shares with `{rival}`; {found}. Expected ID or ID:MODE, such as {rival}:power=1.8"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rival_is_read_with_how_it_dials() {
        let read = |text: &str| RivalChoice::parse(text).unwrap();
        let campaign = |dial| RivalChoice::Campaign("sales-1".parse().unwrap(), dial);
        assert_eq!(read("none"), RivalChoice::None);
        assert_eq!(read("sales-1"), campaign(PROGRESSIVE));
        let predictive = DialRule {
            mode: Mode::Predictive {
                abandon_target: 0.02,
            },
            lines: Some(6),
        };
        assert_eq!(read("sales-1:predictive=2%,lines=6"), campaign(predictive));
        let limited = DialRule {
            lines: Some(3),
            ..PROGRESSIVE
        };
        assert_eq!(read("sales-1:lines=3"), campaign(limited));
    }

    #[test]
    fn what_is_no_rival_is_named() {
        for (text, words) in [
            ("sales-1:preview", "expected progressive"),
            ("sales-1:lines=0", "such as lines=6"),
            (":progressive", "not the id of a campaign"),
        ] {
            let said = RivalChoice::parse(text).unwrap_err();
            assert!(said.contains(words), "{said}");
        }
    }
}
