//! Reading what campaigns are set to, and setting it.

use std::time::Duration;

use super::super::super::journal::Actor;
use super::super::super::time::SimTime;
use super::super::super::world::World;
use super::DialerState;
use super::form::Form;
use super::ids::shown;
use super::pages::refused;
use super::settings::{DialerCampaign, DialerUser};
use super::users::wrong_source;

const COLUMNS: [&str; 12] = [
    "campaign_id",
    "campaign_name",
    "active",
    "user_group",
    "dial_method",
    "dial_level",
    "lead_order",
    "dial_statuses",
    "dial_timeout",
    "dial_prefix",
    "manual_dial_prefix",
    "three_way_dial_prefix",
];

/// Methods that can be set: those that share agents between servers cannot.
const METHODS: [&str; 6] = [
    "MANUAL",
    "RATIO",
    "INBOUND_MAN",
    "ADAPT_AVERAGE",
    "ADAPT_HARD_LIMIT",
    "ADAPT_TAPERED",
];

/// Characters of a level that are kept.
const LEVEL_LENGTH: usize = 6;

impl DialerState {
    pub(super) fn version(&self, now: SimTime) -> String {
        let seconds = now
            .as_unix_millis()
            .div_euclid(1_000)
            .saturating_add(self.settings.clock_ahead);
        let shown = SimTime::from_unix_millis(seconds.saturating_mul(1_000)).rfc3339();
        let date = shown.get(..19).unwrap_or_default().replace('T', " ");
        let build = &self.settings.build;
        format!(
            "VERSION: 2.14-194|BUILD: {build}|DATE: {date}|EPOCH: {seconds}|DST: 0|TZ: 0.00|TZNOW: 0.00|\n"
        )
    }

    pub(super) fn campaigns_list(
        &self,
        form: &Form,
        user: &DialerUser,
        world: &World,
    ) -> Result<String, String> {
        const FUNCTION: &str = "campaigns_list";
        if let Some(wrong) = wrong_source(form) {
            return Err(wrong);
        }
        let name = &user.name;
        if user.level < 8 || !user.api_access || !user.reports {
            let why = format!("USER DOES NOT HAVE PERMISSION TO GET CAMPAIGN INFO: |{name}|0|");
            return Err(refused(FUNCTION, &why));
        }
        let asked = form.name("campaign_id");
        let separator = form.separator();
        let mut rows = String::new();
        for (place, (id, set)) in self.campaigns.iter().enumerate() {
            let shown = shown(id, place);
            let wanted = asked.is_empty() || shown.eq_ignore_ascii_case(&asked);
            if !wanted || !user.sees(&shown) {
                continue;
            }
            let in_world = world.campaign(id).map(|campaign| campaign.name.as_str());
            let called = Some(set.name.as_str()).filter(|name| !name.is_empty());
            let timeout = set.timeout.to_string();
            let fields = [
                shown.as_str(),
                called.or(in_world).unwrap_or_default(),
                if set.active { "Y" } else { "N" },
                &set.user_group,
                &set.method,
                &set.level,
                "DOWN",
                &set.statuses,
                &timeout,
                "9",
                "",
                "",
            ];
            rows.push_str(&fields.join(separator));
            rows.push('\n');
        }
        if rows.is_empty() {
            let why = format!("THIS USER HAS NO VIEWABLE CAMPAIGNS: {name}|");
            return Err(refused(FUNCTION, &why));
        }
        if form.wants_header() {
            rows.insert_str(0, &format!("{}\n", COLUMNS.join(separator)));
        }
        Ok(rows)
    }

    pub(super) fn update_campaign(
        &mut self,
        form: &Form,
        user: &DialerUser,
        world: &mut World,
        place: (Duration, SimTime),
    ) -> Result<String, String> {
        const FUNCTION: &str = "update_campaign";
        if let Some(wrong) = wrong_source(form) {
            return Err(wrong);
        }
        let name = &user.name;
        let refuse = |why: String| Err(refused(FUNCTION, &why));
        if user.level < 8 || !user.api_access || !user.modifies {
            return refuse(format!(
                "USER DOES NOT HAVE PERMISSION TO UPDATE CAMPAIGNS: |{name}|0"
            ));
        }
        let asked = form.name("campaign_id");
        if !(2..=8).contains(&asked.len()) {
            return refuse(format!(
                "YOU MUST USE ALL REQUIRED FIELDS: |{name}|{asked}||{asked}"
            ));
        }
        let there = self.world_id(&asked).filter(|(_, shown)| user.sees(shown));
        let Some((id, _)) = there else {
            return refuse(format!("CAMPAIGN DOES NOT EXIST: |{name}|{asked}"));
        };
        let before = self.campaigns.get(&id).cloned().unwrap_or_default();
        let (set, mut fields) = match self.asked_for(form, &before) {
            Ok(asked) => asked,
            Err((why, value)) => {
                return refuse(format!("{why}, THIS IS AN OPTIONAL FIELD: |{name}|{value}"));
            }
        };
        if !form.raw("hopper_level").is_empty() {
            fields = fields.saturating_add(1);
        }
        let emptied = (form.flag("reset_hopper") == "Y")
            .then(|| format!("NOTICE: update_campaign HOPPER HAS BEEN RESET - {name}|{asked}|\n"));
        let emptied = emptied.unwrap_or_default();
        if fields == 0 {
            return Err(format!(
                "NOTICE: update_campaign NO UPDATES DEFINED: |{name}|\n{emptied}"
            ));
        }
        let decision = Some(form.raw("decision")).filter(|id| !id.is_empty());
        let by = Actor::Client {
            request_id: decision.map(str::to_owned),
            token_client: name.clone(),
        };
        self.set(&id, &set, by, world, place);
        Ok(format!(
            "SUCCESS: update_campaign CAMPAIGN HAS BEEN UPDATED - {name}|{asked}\n{emptied}"
        ))
    }

    /// What the campaign is to be set to, and how many fields say so; or the first one that is wrong, with its value.
    fn asked_for(
        &self,
        form: &Form,
        before: &DialerCampaign,
    ) -> Result<(DialerCampaign, u32), (String, String)> {
        let mut set = before.clone();
        let mut fields = 0_u32;
        let active = form.flag("active");
        match active.as_str() {
            "" => {}
            "Y" | "N" => {
                set.active = active == "Y";
                fields = fields.saturating_add(1);
            }
            _ => return Err(("ACTIVE MUST BE Y OR N".to_owned(), active)),
        }
        let level = form.number("auto_dial_level");
        if !form.raw("auto_dial_level").is_empty() {
            let most = f64::from(self.settings.highest_level) + 0.001;
            let number = level.parse::<f64>().ok();
            if number.is_none_or(|number| number > most) {
                let why = format!("AUTO DIAL LEVEL MUST BE FROM 0 TO {most}");
                return Err((why, level));
            }
            set.level = level.chars().take(LEVEL_LENGTH).collect();
            fields = fields.saturating_add(1);
        }
        let maximum = form.number("adaptive_maximum_level");
        if !form.raw("adaptive_maximum_level").is_empty() {
            if !(1..=5).contains(&maximum.len()) {
                let why = "ADAPT MAXIMUM DIAL LEVEL MUST BE FROM 1 TO 5 CHARACTERS".to_owned();
                return Err((why, maximum));
            }
            set.maximum = maximum;
            fields = fields.saturating_add(1);
        }
        let method = form.word("dial_method");
        if !method.is_empty() {
            if !METHODS.contains(&method.as_str()) {
                return Err(("DIAL METHOD IS NOT VALID".to_owned(), method));
            }
            set.method = method;
            fields = fields.saturating_add(1);
        }
        Ok((set, fields))
    }
}
