//! The `[[tenant]]` tables: which part of the settings file belongs to whom.
//!
//! Each tenant is resolved like a file of its own: its table's keys come before those at top level, and the tables that name it are its
//! own. Without `[[tenant]]` tables the whole file is one tenant's, which has no name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::{TenantName, meant};

use super::fault::{Findings, Origin, Problem};

use super::given::{CampaignTable, FileValues, ListedTable, RawValue, TenantTable};
use super::row::Row;
use super::table_keys::{campaign, group, guard, preview, queue, receiver};

/// A tenant while its settings are read.
#[derive(Debug)]
pub(super) struct TenantLayer {
    pub(super) name: TenantName,
    /// Where its table stands.
    pub(super) origin: Origin,
    /// The names of all.
    pub(super) among: Arc<[TenantName]>,
    table: TenantTable,
}

impl TenantLayer {
    /// What its table says of a setting.
    pub(super) fn get(&self, row: &Row) -> Option<&RawValue> {
        self.table.get(row)
    }

    /// The variable of its own that holds the secret of a setting.
    pub(super) fn variable(&self, row: &Row) -> String {
        format!("{}_{}", row.variable(), self.name.in_variable())
    }

    /// Every way to give it one of its account's settings.
    pub(super) fn ways(&self, row: &Row) -> String {
        format!("{} in the [[tenant]] table of {}", row.key, self.name)
    }
}

/// Takes the file apart: one part for each tenant, or the whole file where there are no such tables.
pub(super) fn split(
    mut file: FileValues,
    faults: &mut Findings,
) -> Vec<(Option<TenantLayer>, FileValues)> {
    let tables = std::mem::take(&mut file.tenants);
    let teams = file.campaigns.iter().filter_map(|table| {
        let team = table.label(&campaign::TEAM)?.texts.first()?;
        Some(team.trim().to_owned())
    });
    file.teams = teams.collect();
    let names: Vec<TenantName> = tables.iter().filter_map(|one| one.name.clone()).collect();
    let mut owners = Owners {
        there_are_tables: !tables.is_empty(),
        names: &names,
        faults,
    };
    if tables.is_empty() {
        owners.refuse_tenants(&file);
        return vec![(None, file)];
    }
    let among: Arc<[TenantName]> = names.iter().cloned().collect();
    let mut parts: BTreeMap<TenantName, FileValues> = BTreeMap::new();
    let campaigns = std::mem::take(&mut file.campaigns);
    let lists = [
        std::mem::take(&mut file.previews),
        std::mem::take(&mut file.queues),
        std::mem::take(&mut file.groups),
        std::mem::take(&mut file.guards),
    ];
    let receivers = std::mem::take(&mut file.receivers);
    for name in &names {
        parts.insert(name.clone(), file.shared());
    }
    for table in receivers {
        if table.get(&receiver::TENANT).is_none() {
            // It is everybody's, as calendars are.
            let everybody = parts.values_mut();
            everybody.for_each(|part| part.receivers.push(table.clone()));
            continue;
        }
        let owner = owners.of_table(&table, "receiver");
        if let Some(part) = owner.and_then(|owner| parts.get_mut(&owner)) {
            part.receivers.push(table);
        }
    }
    for table in campaigns {
        let owner = owners.of_campaign(&table);
        if let Some(part) = owner.and_then(|owner| parts.get_mut(&owner)) {
            part.campaigns.push(table);
        }
    }
    let places: [fn(&mut FileValues) -> &mut Vec<ListedTable>; 4] = [
        |part| &mut part.previews,
        |part| &mut part.queues,
        |part| &mut part.groups,
        |part| &mut part.guards,
    ];
    for ((tables, list), place) in lists.into_iter().zip(LISTS).zip(places) {
        for table in tables {
            let owner = owners.of_table(&table, list);
            if let Some(part) = owner.and_then(|owner| parts.get_mut(&owner)) {
                place(part).push(table);
            }
        }
    }
    let layers = tables.into_iter().filter_map(|table| {
        let name = table.name.clone()?;
        let part = parts.remove(&name)?;
        let layer = TenantLayer {
            origin: table.origin.clone(),
            among: Arc::clone(&among),
            name,
            table,
        };
        Some((Some(layer), part))
    });
    layers.collect()
}

/// The lists of tables beside the campaigns' that belong to a tenant.
const LISTS: [&str; 4] = ["preview", "queue", "group", "guard"];

/// Finds out to whom tables belong.
struct Owners<'a> {
    there_are_tables: bool,
    names: &'a [TenantName],
    faults: &'a mut Findings,
}

impl Owners<'_> {
    fn of_campaign(&mut self, table: &CampaignTable) -> Option<TenantName> {
        self.owner("campaign", table.label(&campaign::TENANT), &table.origin)
    }

    fn of_table(&mut self, table: &ListedTable, list: &str) -> Option<TenantName> {
        self.owner(list, given_by(table), &table.origin)
    }

    /// Where there are no tenants, no table can belong to one.
    fn refuse_tenants(&mut self, file: &FileValues) {
        for table in &file.campaigns {
            self.of_campaign(table);
        }
        let lists = [&file.previews, &file.queues, &file.groups, &file.guards];
        for (tables, list) in lists.into_iter().zip(LISTS) {
            for table in tables {
                self.of_table(table, list);
            }
        }
        for table in &file.receivers {
            self.of_table(table, "receiver");
        }
    }

    fn owner(
        &mut self,
        list: &str,
        given: Option<&RawValue>,
        table: &Origin,
    ) -> Option<TenantName> {
        let key = format!("{list}.tenant");
        let Some(given) = given else {
            if self.there_are_tables {
                let remedy = format!("name the tenant that it belongs to: {}", self.known());
                self.faults
                    .push(table, key, Problem::new("is missing", remedy));
            }
            return None;
        };
        if !self.there_are_tables {
            let wrong = "names a tenant, and there are no [[tenant]] tables";
            let remedy = "take it out, or write a [[tenant]] table for each account";
            self.faults
                .push(&given.origin, key, Problem::new(wrong, remedy));
            return None;
        }
        // No text: its type was wrong, and that is told.
        let text = given.texts.first()?.trim();
        if let Some(name) = self.names.iter().find(|name| name.as_str() == text) {
            return Some(name.clone());
        }
        let remedy = meant(text, self.names.iter().map(TenantName::as_str)).map_or_else(
            || format!("name one of {}", self.known()),
            |meant| format!("did you mean `{meant}`?"),
        );
        let shown: String = text.escape_debug().take(60).collect();
        let wrong = format!("`{shown}` is no tenant");
        self.faults
            .push(&given.origin, key, Problem::new(wrong, remedy));
        None
    }

    /// The names, as many as fit a line.
    fn known(&self) -> String {
        const MOST: usize = 12;
        let names: Vec<&str> = self
            .names
            .iter()
            .take(MOST)
            .map(TenantName::as_str)
            .collect();
        let more = self.names.len().saturating_sub(MOST);
        match (names.is_empty(), more) {
            (true, _) => "none has a name that holds".to_owned(),
            (false, 0) => names.join(", "),
            (false, more) => format!("{} and {more} more", names.join(", ")),
        }
    }
}

/// The tenant that a table names, whichever list it is of.
fn given_by(table: &ListedTable) -> Option<&RawValue> {
    [
        &preview::TENANT,
        &queue::TENANT,
        &group::TENANT,
        &guard::TENANT,
        &receiver::TENANT,
    ]
    .into_iter()
    .find_map(|key| table.get(key))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::super::Settings;
    use super::super::tests::{try_run, written};

    const HOME: (&str, &str) = ("HOME", "/home/ops");
    const SECRETS: [(&str, &str); 3] = [
        HOME,
        ("AUTOPILOT_CLIENT_SECRET_EU", "secret-of-eu"),
        ("AUTOPILOT_CLIENT_SECRET_US_2", "secret-of-us"),
    ];

    const TWO: &str = r#"poll_interval = "20s"
pause_below = 4

[[tenant]]
name = "eu"
base_url = "https://eu.example.com"
client_id = "autopilot-eu"

[[tenant]]
name = "us-2"
platform = "genesys-cloud"
region = "mypurecloud.com"
client_id = "autopilot-us"
poll_interval = "40s"
pause_below = 3

[[campaign]]
tenant = "eu"
id = "a"

[[campaign]]
tenant = "us-2"
id = "a"
resume_at = 9

[[campaign]]
tenant = "us-2"
id = "b"
"#;

    fn told(line: &str, env: &[(&str, &str)], file: &str) -> Vec<String> {
        let env = [&SECRETS, env].concat();
        let faults = try_run(line, &env, Some(file)).unwrap_err();
        faults.iter().map(ToString::to_string).collect()
    }

    fn lines(settings: &Settings, id: &str) -> String {
        let policy = &settings.policies[&id.parse().unwrap()];
        let thresholds = policy.thresholds;
        format!("{}/{}", thresholds.pause_below(), thresholds.resume_at())
    }

    #[test]
    fn each_tenant_has_settings_of_its_own() {
        let resolved = try_run("", &SECRETS, Some(TWO)).unwrap();
        let all: Vec<&Settings> = resolved.all().collect();
        let [eu, us] = all.as_slice() else {
            panic!("two tenants: {all:?}");
        };
        assert_eq!(eu.tenant.as_ref().unwrap().as_str(), "eu");
        assert_eq!(us.tenant.as_ref().unwrap().as_str(), "us-2");
        assert_eq!(eu.address().as_str(), "https://eu.example.com/");
        assert_eq!(us.platform.name(), "genesys-cloud");
        let secret = |of: &Settings| {
            let secret = of.credentials.client_secret.text();
            secret.expose_secret().to_owned()
        };
        assert_eq!(
            (secret(eu), secret(us)),
            ("secret-of-eu".into(), "secret-of-us".into())
        );
        assert_eq!(
            (eu.poll_interval.as_secs(), us.poll_interval.as_secs()),
            (20, 40)
        );
        assert_eq!(lines(eu, "a"), "4/8");
        assert_eq!(
            (lines(us, "a"), lines(us, "b")),
            ("3/9".into(), "3/8".into())
        );
        assert_eq!(
            eu.state_dir.to_str(),
            Some("/home/ops/.local/state/campaign-autopilot/tenants/eu")
        );
        assert_ne!(eu.digest(), us.digest());
        let noted = |key: &str| {
            let found = resolved.origins.iter().find(|(known, ..)| known == key);
            found.map(|(_, text, _)| text.as_str())
        };
        assert_eq!(noted("tenant.eu.client_id"), Some("autopilot-eu"));
        assert_eq!(noted("tenant.us-2.poll_interval"), Some("40s"));
        assert_eq!(noted("tenant.us-2.campaign.a.resume_at"), Some("9"));
        assert_eq!(noted("poll_interval"), None, "each tenant has it");
        assert!(noted("listen").is_some() && noted("tenant.eu.listen").is_none());
        let shown = format!("{resolved:?}");
        assert!(!shown.contains("secret-of"), "{shown}");
    }

    #[test]
    fn a_flag_for_all_beats_the_tables_and_limits_name_tenant_and_campaign() {
        let resolved = try_run(
            "--poll-interval 5s --pause-below us-2/a=1,eu/a=2",
            &SECRETS,
            Some(TWO),
        )
        .unwrap();
        let all: Vec<&Settings> = resolved.all().collect();
        assert!(all.iter().all(|one| one.poll_interval.as_secs() == 5));
        assert_eq!(lines(all[0], "a"), "2/8");
        assert_eq!(
            (lines(all[1], "a"), lines(all[1], "b")),
            ("1/9".into(), "3/8".into())
        );
        assert_eq!(
            told("--pause-below a=1", &[], TWO),
            [
                "--pause-below: campaign.a.pause_below: `a` does not say whose campaign it is; write TENANT/a"
            ]
        );
        assert_eq!(
            told("--pause-below eu/c=1", &[], TWO),
            [
                "--pause-below: campaign.eu/c.pause_below: campaign `c` is not managed; did you mean `a`?"
            ]
        );
    }

    #[test]
    fn what_names_one_account_stands_in_its_table_alone() {
        let env = [
            ("CXONE_BASE_URL", "https://x.example.com"),
            ("AUTOPILOT_CLIENT_SECRET", "hunter2"),
            ("CXONE_CAMPAIGN_ID", "a"),
        ];
        let file = format!("outcomes_file = \"counts.json\"\n{TWO}");
        let found = told("--client-id us", &env, &file);
        assert_eq!(
            found,
            [
                "FILE:1: outcomes_file: is one account's, and there are [[tenant]] tables; write it into the table of each",
                "--client-id: client_id: is one account's, and there are [[tenant]] tables; write it into the table of each",
                "AUTOPILOT_CLIENT_SECRET: client_secret: is one account's, and there are [[tenant]] tables; set AUTOPILOT_CLIENT_SECRET_EU and its like, or client_secret_file in each table",
                "CXONE_BASE_URL: base_url: is one account's, and there are [[tenant]] tables; write it into the table of each",
                "CXONE_CAMPAIGN_ID: campaign: does not say whose campaigns they are; write a [[campaign]] table with `tenant` for each",
            ]
        );
    }

    #[test]
    fn whose_a_table_is_has_to_be_known() {
        let file = format!(
            "{TWO}[[campaign]]\nid = \"c\"\n[[queue]]\ntenant = \"ue\"\nid = \"q\"\n[[group]]\ntenant = \"nobody\"\nname = \"g\"\n"
        );
        assert_eq!(
            told("", &[], &file),
            [
                "FILE:30: campaign.tenant: is missing; name the tenant that it belongs to: eu, us-2",
                "FILE:32: queue.tenant: `ue` is no tenant; name one of eu, us-2",
                "FILE:35: group.tenant: `nobody` is no tenant; name one of eu, us-2",
            ]
        );
        let without = told(
            "",
            &[
                ("CXONE_BASE_URL", "https://x.example.com"),
                ("CXONE_CLIENT_ID", "x"),
                ("CXONE_CLIENT_SECRET", "x"),
            ],
            "[[campaign]]\ntenant = \"eu\"\nid = \"a\"\n",
        );
        assert_eq!(
            without,
            [
                "FILE:2: campaign.tenant: names a tenant, and there are no [[tenant]] tables; take it out, or write a [[tenant]] table for each account"
            ]
        );
    }

    #[test]
    fn a_table_is_named_once_by_a_slug_and_holds_what_is_a_tenants() {
        let file = format!(
            "{TWO}[[tenant]]\nname = \"eu\"\n[[tenant]]\nname = \"E U\"\n[[tenant]]\nclient_id = \"x\"\nlisten = \"off\"\nclient_secret = \"hunter2\"\nregoin = \"x\"\n"
        );
        let found = told("", &[], &file);
        assert_eq!(
            found,
            [
                "FILE:30: tenant.name: tenant `eu` has a table already, at FILE:5; make one table of both",
                "FILE:32: tenant.name: has another character than a-z, 0-9 and -; write such as \"acme-eu\"",
                "FILE:33: tenant.name: is missing; write such as \"acme-eu\"",
                "FILE:35: tenant.listen: holds for the whole process; move it above the first table",
                "FILE:36: tenant.client_secret: a secret does not belong into the settings file; put it into a file that client_secret_file names, or into AUTOPILOT_CLIENT_SECRET_ and the tenant's name in upper case",
                "FILE:37: tenant.regoin: is not known; did you mean `region`?",
            ]
        );
    }

    #[test]
    fn what_is_missing_names_the_tenant() {
        let file = "[[tenant]]\nname = \"eu\"\n[[tenant]]\nname = \"us\"\nbase_url = \"https://us.example.com\"\nclient_id = \"x\"\n[[campaign]]\ntenant = \"us\"\nid = \"a\"\n";
        assert_eq!(
            told("", &[], file),
            [
                "FILE:2: tenant.eu.base_url: is missing; give base_url in the [[tenant]] table of eu",
                "FILE:2: tenant.eu.campaign: is missing; write a [[campaign]], [[preview]] or [[queue]] table with tenant = \"eu\"",
                "FILE:2: tenant.eu.client_id: is missing; give client_id in the [[tenant]] table of eu",
                "FILE:4: tenant.us.client_secret: is missing; set AUTOPILOT_CLIENT_SECRET_US, or give client_secret_file in the [[tenant]] table of us",
            ]
        );
    }

    #[test]
    fn a_file_of_each_tenant_may_hold_its_secret() {
        let (_directory, path) = written("from-file\n");
        let file = TWO.replace(
            "client_id = \"autopilot-eu\"",
            &format!("client_id = \"autopilot-eu\"\nclient_secret_file = '{path}'"),
        );
        let env = [HOME, SECRETS[2]];
        let resolved = try_run("", &env, Some(&file)).unwrap();
        let eu = resolved.all().next().unwrap();
        assert_eq!(
            eu.credentials.client_secret.text().expose_secret(),
            "from-file"
        );
        let both = try_run("", &SECRETS, Some(&file)).unwrap();
        let eu = both.all().next().unwrap();
        assert_eq!(
            eu.credentials.client_secret.text().expose_secret(),
            "secret-of-eu",
            "the variable comes first, as without tables"
        );
    }

    #[test]
    fn one_account_is_one_tenants() {
        let file = TWO.replace(
            "platform = \"genesys-cloud\"\nregion = \"mypurecloud.com\"\nclient_id = \"autopilot-us\"",
            "base_url = \"https://eu.example.com\"\nclient_id = \"autopilot-eu\"",
        );
        assert_eq!(
            told("", &[], &file),
            [
                "FILE:22: tenant.us-2.campaign.a: is steered by the tenant eu too, on the same account; take it out of one of them"
            ]
        );
    }
}
