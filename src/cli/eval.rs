//! `eval`: one poll without a daemon, and what it would do. Nothing is commanded and nothing is written.
//!
//! What an earlier or running daemon remembers in the state directory is taken into account: the owner of a pause,
//! dwell, budget, holds and threshold overrides. Confirmation over several samples is not: there is only one.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use crate::control::ports::{Clock, SystemClock};
use crate::control::{CalendarViews, CampaignView, PollScope};
use crate::domain::throttle::PaceStep;
use crate::domain::{Autopilot, CampaignId, CampaignState, Sample, StatusFinding};
use crate::platform::port::Urgency;
use crate::serve::CampaignDetail;
use crate::settings::Settings;
use crate::store::{StoreFault, StoreReader};

use super::connection::Connection;
use super::exit::Exit;
use super::form::Form;
use super::operate::show_detail;
use super::output;
use super::store_place::store_at;

/// Polls once, decides, and prints the decision.
pub(crate) async fn eval(settings: &Settings, form: Form) -> Exit {
    let remembered = match remembered(settings) {
        Ok(states) => states,
        Err(fault) => {
            output::talk(format_args!("campaign-autopilot: {fault}"));
            return Exit::Io;
        }
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::real_time());
    let connection = match Connection::new(settings, &clock) {
        Ok(connection) => connection,
        Err(fault) => {
            output::talk(format_args!("campaign-autopilot: {fault}"));
            return fault.exit();
        }
    };
    let longest = settings.request_timeout.saturating_mul(4);
    let policies = settings.policies.clone();
    let mut pilot = Autopilot::new(0, policies, remembered, longest, clock.now())
        .on_platform(connection.platform.capabilities.traits)
        .with_calendars(settings.calendars.clone());
    // The polls of preview assignments ask for more; nothing is assigned here.
    let scope = PollScope::of(&pilot, false);
    let request = scope.request(clock.now().plus(longest));
    let observed = match connection.platform.agents.observe(request).await {
        Ok(observed) => observed,
        Err(failed) => {
            output::talk(format_args!("campaign-autopilot: agents: {}", failed.fault));
            return Exit::of(failed.fault.kind);
        }
    };
    let mut exit = Exit::Ok;
    let statuses = statuses(settings, &connection, &*clock).await;
    for (campaign, found) in statuses {
        match found {
            Ok(finding) => drop(pilot.observe_status(&campaign, &finding, clock.now())),
            Err((why, of)) => {
                output::talk(format_args!(
                    "campaign-autopilot: campaign {campaign}: {why}"
                ));
                exit = of;
            }
        }
    }
    let sample = Sample::Complete {
        taken_at: observed.taken_at,
        heads: observed.heads,
    };
    let now = clock.now();
    pilot.observe_sample(sample, now);
    let plan = pilot.decide(now);
    let mut calendars = CalendarViews::default();
    let details: Vec<CampaignDetail> = plan
        .reasons
        .iter()
        .filter_map(|(id, reason)| {
            let campaign = pilot.campaign(id)?;
            let calendar = calendars.of(pilot.calendars(), campaign.policy(), Some(reason));
            let view = CampaignView::of(id, campaign, Some(reason), calendar);
            Some(CampaignDetail::of(&view, now))
        })
        .collect();
    let acts = !plan.commands.is_empty() || !plan.paces.is_empty();
    match form {
        Form::Json => output::result(json!({
            "schema": 1,
            "would_act": acts,
            "campaigns": details,
        })),
        Form::Table => {
            details.iter().for_each(show_detail);
            for (campaign, wanted) in &plan.commands {
                output::result(format_args!("would {} {campaign}", wanted.direction));
            }
            for (campaign, step) in &plan.paces {
                let of = match step {
                    PaceStep::Down | PaceStep::Back => "",
                    PaceStep::SetReserve => "of ",
                };
                output::result(format_args!("would {step} {of}{campaign}"));
            }
            if !acts {
                output::result("would do nothing");
            }
        }
    }
    if exit == Exit::Ok && acts {
        exit = Exit::WouldAct;
    }
    exit
}

/// Reads what the state directory remembers; empty where no daemon has run yet.
fn remembered(settings: &Settings) -> Result<BTreeMap<CampaignId, CampaignState>, StoreFault> {
    match StoreReader::open(store_at(settings)) {
        Ok(reader) => reader.states(),
        Err(StoreFault::Absent { .. }) => Ok(BTreeMap::new()),
        Err(fault) => Err(fault),
    }
}

type Read = (CampaignId, Result<StatusFinding, (String, Exit)>);

async fn statuses(settings: &Settings, connection: &Connection, clock: &dyn Clock) -> Vec<Read> {
    let longest = settings.request_timeout.saturating_mul(4);
    let campaigns: Vec<CampaignId> = settings.policies.keys().cloned().collect();
    let deadline = clock.now().plus(longest);
    let reader = &connection.platform.campaigns;
    let found = reader.read(&campaigns, Urgency::Routine, deadline).await;
    let told = found
        .into_iter()
        .map(|found| found.map_err(|fault| (fault.detail.clone(), Exit::of(fault.kind))));
    campaigns.into_iter().zip(told).collect()
}
