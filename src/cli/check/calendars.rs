//! Calendars: when each campaign may dial next.

use std::collections::BTreeMap;

use crate::cli::output;
use crate::domain::{CalendarId, Timestamp};
use crate::settings::Settings;

use super::findings::Findings;

/// Tells of each campaign with a calendar what that says, and warns of calendars that are closed.
pub(super) fn look_at_calendars(settings: &Settings, now: Timestamp) {
    let mut closed: BTreeMap<&CalendarId, (String, usize)> = BTreeMap::new();
    for (campaign, policy) in &settings.policies {
        let Some((name, calendar)) = settings.calendars.of(policy) else {
            continue;
        };
        let state = calendar.state_at(now);
        let says = calendar.in_words(&state, now);
        output::result(format_args!("campaign {campaign}: calendar {name} {says}"));
        if !state.is_open() {
            let (_, many) = closed.entry(name).or_insert((says, 0));
            *many = many.saturating_add(1);
        }
    }
    for (name, (says, many)) in closed {
        let campaigns = super::findings::counted(many, "campaign");
        Findings::doubtful(format_args!(
            "calendar {name} is {says}: {campaigns} paused till then"
        ));
    }
}
