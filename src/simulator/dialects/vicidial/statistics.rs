//! Calls by hour and by status.

use std::collections::BTreeMap;

use super::super::super::centre::CampaignFigures;
use super::super::super::time::SimTime;
use super::DialerState;
use super::form::Form;
use super::ids::shown;
use super::pages::refused;
use super::settings::{DialerCalls, DialerUser};

/// Statuses of calls that somebody answered.
const ANSWERED: [&str; 5] = ["DROP", "PDROP", "XDROP", "NI", "SALE"];

/// Words for every campaign.
const EVERY: [&str; 2] = ["ALLCAMPAIGNS", "---ALL---"];

impl DialerState {
    /// The only function that does not ask for a source.
    pub(super) fn call_status_stats(
        &mut self,
        form: &Form,
        user: &DialerUser,
        figures: &[CampaignFigures],
        now: SimTime,
    ) -> Result<String, String> {
        const FUNCTION: &str = "call_status_stats";
        let name = &user.name;
        if user.level < 9 || !user.reports {
            let why = format!("USER DOES NOT HAVE PERMISSION TO VIEW STATS: |{name}|0|");
            return Err(refused(FUNCTION, &why));
        }
        let asked = form.raw("campaigns");
        if asked.is_empty() {
            let why = format!(
                "INVALID OR MISSING CAMPAIGNS - {name}\nERROR: Invalid Source: |{}|",
                form.source()
            );
            return Err(refused(FUNCTION, &why));
        }
        let ids: Vec<String> = if EVERY.contains(&asked) {
            let all = self.campaigns.keys().enumerate();
            all.map(|(place, id)| shown(id, place)).collect()
        } else {
            asked.split('-').map(str::to_owned).collect()
        };
        let mut ids: Vec<String> = ids.into_iter().filter(|id| !id.is_empty()).collect();
        ids.sort();
        let statuses: Vec<&str> = form
            .raw("statuses")
            .split('-')
            .filter(|status| !status.is_empty())
            .collect();
        let (from, until) = (
            hour(form.raw("query_time"), 0),
            hour(form.raw("end_time"), 23),
        );
        let figures = match &mut self.frozen {
            Some(frozen) => frozen.calls.get_or_insert_with(|| figures.to_vec()).clone(),
            None => figures.to_vec(),
        };
        let today = now.rfc3339();
        let date = form.raw("query_date");
        let today = date.is_empty() || today.starts_with(date);
        let rows = ids.into_iter().map(|id| {
            let calls = self.calls(&id, &figures, now).into_iter().filter(|calls| {
                today
                    && (from..=until).contains(&calls.hour)
                    && (statuses.is_empty() || statuses.contains(&calls.status.as_str()))
            });
            row(&id, &calls.collect::<Vec<_>>())
        });
        Ok(rows.collect())
    }

    /// The calls of a campaign as they are today.
    fn calls(&self, id: &str, figures: &[CampaignFigures], now: SimTime) -> Vec<DialerCalls> {
        if let Some(calls) = &self.settings.calls {
            return calls.get(id).cloned().unwrap_or_default();
        }
        let Some((world, _)) = self.world_id(id) else {
            return Vec::new();
        };
        let Some(figures) = figures.iter().find(|one| one.id == world) else {
            return Vec::new();
        };
        let in_day = now.as_unix_millis().div_euclid(3_600_000).rem_euclid(24);
        let hour = u8::try_from(in_day).unwrap_or(0);
        let counts = [
            ("NA", figures.dials.saturating_sub(figures.answered)),
            ("DROP", figures.abandoned),
            ("SALE", figures.answered.saturating_sub(figures.abandoned)),
        ];
        counts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(status, count)| DialerCalls {
                hour,
                status: status.to_owned(),
                count,
            })
            .collect()
    }
}

fn hour(text: &str, usual: u8) -> u8 {
    let hour = text.split(':').next().unwrap_or_default();
    hour.parse().unwrap_or(usual)
}

fn row(id: &str, calls: &[DialerCalls]) -> String {
    let sum = |takes: &dyn Fn(&DialerCalls) -> bool| -> u64 {
        let taken = calls.iter().filter(|calls| takes(calls));
        taken.map(|calls| calls.count).sum()
    };
    let all = sum(&|_| true);
    let answered = sum(&|calls| ANSWERED.contains(&calls.status.as_str()));
    let hours: Vec<String> = (0..24)
        .map(|hour| format!("{hour:02}-{}", sum(&|calls| calls.hour == hour)))
        .collect();
    let mut by_status: BTreeMap<&str, u64> = BTreeMap::new();
    for calls in calls {
        *by_status.entry(&calls.status).or_default() += calls.count;
    }
    let statuses: Vec<String> = by_status
        .iter()
        .map(|(status, count)| format!("{status}-{count}"))
        .collect();
    format!(
        "{id}|{all}|{answered}|{}|{}|\n",
        hours.join(","),
        statuses.join(",")
    )
}
