//! The tenant's addresses and its log-in, as its platform needs them.

use reqwest::Url;

use crate::domain::CampaignId;
use crate::given_file::read_text;
use crate::platform::dialect::{RegionHosts, SpecialSettings};
use crate::secrets::Secret;

use super::fault::{Origin, Problem};
use super::merge::Layers;
use super::rows::{
    AREA, BASE_URL, CAMPAIGN, INSTANCE_ID, METRICS_URL, PLATFORM, REGION, REGISTERED_CLIENT_ID,
    REGISTERED_CLIENT_SECRET, REGISTERED_CLIENT_SECRET_FILE, TOKEN_URL, rows,
};
use super::secret::{SecretLookup, secret};
use super::values::Values;

/// A tenant's addresses, and what not every platform has.
pub(super) struct TenantPlace {
    pub(super) base_url: Option<Url>,
    pub(super) token_url: Url,
    pub(super) special: SpecialSettings,
}

/// A longer file is none of those that people write profiles into.
const LONGEST_SHARED: u64 = 1 << 20;

/// Finds the addresses; returns `None` when one is missing or wrong, and reports every fault.
pub(super) fn tenant(layers: &mut Layers<'_>, values: &Values) -> Option<TenantPlace> {
    let secret = registered_secret(layers);
    refuse_foreign_settings(layers, values);
    refuse_foreign_campaigns(layers, values);
    if let Some(why) = values.platform.absent() {
        let origin = layers.source(PLATFORM.row());
        let origin = origin.map_or(Origin::Default, |(_, origin)| origin);
        let problem = Problem::new("is not in this build", why);
        layers.faults.push(&origin, PLATFORM.row().key, problem);
    }
    let region = region(layers, values);
    let base = base_url(layers, values, region.as_ref());
    require_instance(layers, values);
    let token_url = token_url(layers, values, region.as_ref())?;
    let registered_client = registered_client(layers, values, &token_url, secret);
    if base.is_none() && values.platform.needs_base_url() {
        return None;
    }
    Some(TenantPlace {
        base_url: base,
        token_url,
        special: SpecialSettings {
            registered_client,
            api_versions: values.api_versions.clone(),
            ready_states: values.ready_states.clone(),
            longest_call: Some(values.longest_call),
            notifications: values.notifications,
            agents: values.agents,
            pause_method: values.pause_method,
            refused_login_wait: Some(values.refused_login_wait),
            staged_resume: values.staged_resume,
            instance_id: values.instance_id.clone(),
            metrics_url: metrics_url(layers, values, region.as_ref()),
            region: region.map(|region| region.name),
            campaigns_version: values.campaigns_version,
            empty_means: values.empty_means,
            also_steer: values.also_steer,
        },
    })
}

/// The region that is given, or else the one that a variable or a file names which the platform's other clients read as well.
fn region(layers: &mut Layers<'_>, values: &Values) -> Option<RegionHosts> {
    if !values.platform.has_regions() {
        return None;
    }
    let given = layers.source(REGION.row());
    let given = values.region.clone().zip(given.map(|(_, origin)| origin));
    let given = given.or_else(|| {
        let mut named = values
            .platform
            .region_variables()
            .iter()
            .filter_map(|name| {
                let text = layers.env(name).filter(|text| !text.trim().is_empty())?;
                Some((text, Origin::Env((*name).into())))
            });
        named.next()
    });
    let (text, origin) = given.or_else(|| region_of_files(layers, values))?;
    match values.platform.region_hosts(&text) {
        Ok(hosts) => {
            if layers.source(REGION.row()).is_none() {
                layers.note(REGION.row(), &hosts.name, origin);
            }
            Some(hosts)
        }
        Err(wrong) => {
            let problem = Problem::new(wrong, "write the region as the vendor names it");
            layers.faults.push(&origin, REGION.row().key, problem);
            None
        }
    }
}

/// The region of a file that is shared with other clients. One that cannot be read names none, as for those.
fn region_of_files(layers: &Layers<'_>, values: &Values) -> Option<(String, Origin)> {
    let files = values.platform.region_files()?;
    let variables = |name: &str| layers.env(name);
    let paths = (files.paths)(&variables);
    let texts = paths
        .iter()
        .map(|path| read_text(path, LONGEST_SHARED).unwrap_or_default());
    let texts: Vec<String> = texts.collect();
    let (region, number) = (files.region)(&variables, &texts)?;
    let path = paths.get(number)?.display().to_string();
    let origin = Origin::File {
        path: path.into(),
        line: None,
    };
    Some((region, origin))
}

/// Requests that are signed need a region whatever their address, and an instance.
fn require_instance(layers: &mut Layers<'_>, values: &Values) {
    if values.platform.signs_requests() && values.instance_id.is_none() {
        let remedy = format!("give {}", layers.ways(INSTANCE_ID.row()));
        layers.missing(INSTANCE_ID.row(), remedy);
    }
}

/// The address of the service that counts agents: what is given, or that of the region.
fn metrics_url(
    layers: &mut Layers<'_>,
    values: &Values,
    region: Option<&RegionHosts>,
) -> Option<Url> {
    let of_region = region.and_then(|region| region.metrics.clone());
    if let Some(url) = of_region.as_ref().filter(|_| values.metrics_url.is_none()) {
        layers.note(METRICS_URL.row(), url.as_str(), Origin::Default);
    }
    values.metrics_url.clone().or(of_region)
}

/// The address of the API: what is given, or that of the region.
fn base_url(layers: &mut Layers<'_>, values: &Values, region: Option<&RegionHosts>) -> Option<Url> {
    let nameless = values.platform.signs_requests()
        && region.is_none()
        // One that cannot be read is reported already.
        && !layers.faults.tell_of(REGION.row().key);
    if nameless {
        let variables = values.platform.region_variables().join(" or ");
        let elsewhere = match values.platform.region_files() {
            Some(_) => ", or name one in the profile that is in force",
            None => "",
        };
        let remedy = format!(
            "give {}, or set {variables}{elsewhere}",
            layers.ways(REGION.row())
        );
        layers.missing(REGION.row(), remedy);
        return values.base_url.clone();
    }
    if layers.source(BASE_URL.row()).is_some() || !values.platform.needs_base_url() {
        return values.base_url.clone();
    }
    if !values.platform.has_regions() {
        let remedy = format!("give {}", layers.ways(BASE_URL.row()));
        layers.missing(BASE_URL.row(), remedy);
        return None;
    }
    if let Some(region) = region {
        layers.note(BASE_URL.row(), region.api.as_str(), Origin::Default);
        return Some(region.api.clone());
    }
    // One that cannot be read is reported already.
    if !layers.faults.tell_of(REGION.row().key) {
        let remedy = format!(
            "give {}, or {}",
            layers.ways(REGION.row()),
            layers.ways(BASE_URL.row())
        );
        layers.missing(BASE_URL.row(), remedy);
    }
    None
}

/// A value that is the default says nothing and is let through. Of one that cannot be read, that is all there is to say.
fn refuse_foreign_settings(layers: &mut Layers<'_>, values: &Values) {
    // Which platform is meant may not be known.
    let unread = layers.platform_unread || layers.faults.tell_of(PLATFORM.row().key);
    let foreign: Vec<&str> = values.platform.foreign_settings().collect();
    for row in rows().filter(|row| foreign.contains(&row.key)) {
        if let Some((text, origin)) = layers.source(row)
            && text != row.default_text()
            && !(unread && layers.faults.tell_of(row.key))
        {
            layers.faults.take_back(|key| key == row.key);
            let problem = Problem::new(
                format!("means nothing on {}", values.platform),
                format!("take it out, or name another {}", PLATFORM.row().key),
            );
            layers.faults.push(&origin, row.key, problem);
        }
    }
}

fn refuse_foreign_campaigns(layers: &mut Layers<'_>, values: &Values) {
    let campaigns: Vec<CampaignId> = layers.campaigns.keys().cloned().collect();
    for (id, wrong) in values.platform.campaign_faults(&campaigns) {
        let origin = layers.campaigns.get(&id).cloned();
        let problem = Problem::new(
            wrong,
            format!("name each once, as {} has it", values.platform),
        );
        let origin = origin.unwrap_or(Origin::Default);
        layers.faults.push(&origin, CAMPAIGN.key, problem);
    }
}

fn token_url(
    layers: &mut Layers<'_>,
    values: &Values,
    region: Option<&RegionHosts>,
) -> Option<Url> {
    let log_in = if values.platform.has_regions() {
        region.map(|region| &region.token_url)
    } else {
        values.area_token_url.as_ref()
    };
    let base = values.base_url.as_ref();
    if layers.source(TOKEN_URL.row()).is_some() {
        if let Some((_, origin)) = layers.source(AREA.row())
            && !values.platform.has_regions()
        {
            let problem = Problem::new(
                "says where tokens come from, and so does the token URL",
                "keep one of them",
            );
            layers.faults.push(&origin, AREA.row().key, problem);
        }
        return values.token_url.clone();
    }
    if let Some(url) = values.platform.token_url(base, log_in) {
        if !values.platform.signs_requests() {
            layers.note(TOKEN_URL.row(), url.as_str(), Origin::Default);
        }
        return Some(url);
    }
    if values.platform.has_regions() {
        // Without any address the one of the API is reported.
        let signs = values.platform.signs_requests();
        if !signs
            && layers.source(REGION.row()).is_none()
            && layers.source(BASE_URL.row()).is_some()
        {
            let (region, token_url) = (layers.ways(REGION.row()), layers.ways(TOKEN_URL.row()));
            layers.missing(TOKEN_URL.row(), format!("give {region}, or {token_url}"));
        }
        return None;
    }
    let area_is_wrong = layers.source(AREA.row()).is_some();
    if !values.platform.needs_base_url() && !area_is_wrong {
        let remedy = format!(
            "give {}, or {}",
            layers.ways(AREA.row()),
            layers.ways(TOKEN_URL.row())
        );
        layers.missing(TOKEN_URL.row(), remedy);
    }
    None
}

fn registered_secret(layers: &mut Layers<'_>) -> SecretLookup {
    let found = secret(
        layers,
        &REGISTERED_CLIENT_SECRET,
        &REGISTERED_CLIENT_SECRET_FILE,
        "registered client's secret",
    );
    if matches!(found, SecretLookup::Nothing) {
        layers.note(&REGISTERED_CLIENT_SECRET, "", Origin::Default);
    }
    found
}

/// The registered client, where the log-in needs one.
fn registered_client(
    layers: &mut Layers<'_>,
    values: &Values,
    token_url: &Url,
    secret: SecretLookup,
) -> Option<(String, Secret)> {
    match values.platform.needs_registered_client(token_url) {
        Ok(true) => {}
        Ok(false) => return None,
        Err(wrong) => {
            let origin = layers.source(TOKEN_URL.row());
            let origin = origin.map_or(Origin::Default, |(_, origin)| origin);
            let problem = Problem::new(wrong, "give the address of one of them");
            layers.faults.push(&origin, TOKEN_URL.row().key, problem);
            return None;
        }
    }
    if layers.source(REGISTERED_CLIENT_ID.row()).is_none() {
        let remedy = format!("give {}", layers.ways(REGISTERED_CLIENT_ID.row()));
        layers.missing(REGISTERED_CLIENT_ID.row(), remedy);
    }
    let secret = match secret {
        SecretLookup::Secret(secret, _) => Some(secret),
        SecretLookup::Nothing => {
            let remedy = format!(
                "set {}, or give {}",
                layers.ways(&REGISTERED_CLIENT_SECRET),
                layers.ways(REGISTERED_CLIENT_SECRET_FILE.row())
            );
            layers.missing(&REGISTERED_CLIENT_SECRET, remedy);
            None
        }
        SecretLookup::Unreadable => None,
    };
    values.registered_client_id.clone().zip(secret)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::super::tests::{faults, run, try_run};

    const AREA_LOG_IN: &str = "https://na1.nice-incontact.com/authentication/v1/token/access-key";

    /// A tenant of the platform whose API host is asked for.
    const ACD: [(&str, &str); 5] = [
        ("AUTOPILOT_PLATFORM", "cxone-acd"),
        ("CXONE_CLIENT_ID", "key"),
        ("CXONE_CLIENT_SECRET", "secret===="),
        ("CXONE_CAMPAIGN_ID", "4711"),
        ("HOME", "/home/ops"),
    ];

    fn told(line: &str, env: &[(&str, &str)]) -> Vec<String> {
        let env = [&ACD, env].concat();
        let faults = try_run(line, &env, None).unwrap_err();
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_area_says_where_tokens_come_from_and_the_host_is_asked_for() {
        let resolved = try_run("--area na1", &ACD, None).unwrap();
        let settings = &resolved.settings;
        assert_eq!(settings.token_url.as_str(), AREA_LOG_IN);
        assert_eq!(settings.base_url, None);
        assert_eq!(settings.address().as_str(), AREA_LOG_IN);
        let host = try_run(
            "--area na1 --base-url https://api-c42.nice-incontact.com",
            &ACD,
            None,
        );
        let host = host.unwrap().settings;
        assert_eq!(host.token_url.as_str(), AREA_LOG_IN);
        assert_eq!(
            host.base_url.unwrap().as_str(),
            "https://api-c42.nice-incontact.com/"
        );
        assert_ne!(
            settings.digest(),
            try_run("--area na2", &ACD, None).unwrap().settings.digest()
        );
    }

    #[test]
    fn no_token_address_is_made_up_from_the_host() {
        let told = told("--base-url https://api-na1.niceincontact.com", &[]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with("token_url: is missing; give --area"),
            "{told:?}"
        );
    }

    #[test]
    fn the_address_says_which_log_in_it_is_and_what_that_needs() {
        let global = (
            "AUTOPILOT_TOKEN_URL",
            "https://cxone.niceincontact.com/auth/token",
        );
        let missing = told("", &[global]);
        assert_eq!(missing.len(), 2, "{missing:?}");
        assert!(
            missing[0].starts_with("registered_client_id: is missing"),
            "{missing:?}"
        );
        assert!(
            missing[1].starts_with("registered_client_secret: is missing"),
            "{missing:?}"
        );
        let env = [
            &ACD[..],
            &[global, ("AUTOPILOT_REGISTERED_CLIENT_SECRET", "hidden====")],
        ]
        .concat();
        let resolved = try_run("--registered-client-id app", &env, None).unwrap();
        let (id, secret) = resolved.settings.special.registered_client.clone().unwrap();
        assert_eq!(
            (id.as_str(), secret.text().expose_secret()),
            ("app", "hidden====")
        );
        assert!(!format!("{resolved:?}").contains("hidden"));
        let neither = told(
            "--token-url https://cxone.niceincontact.com/oauth2/token",
            &[],
        );
        assert_eq!(neither.len(), 1);
        assert!(
            neither[0].contains("/authentication/v1/token/access-key"),
            "{neither:?}"
        );
        let both = told(&format!("--area na1 --token-url {AREA_LOG_IN}"), &[]);
        assert!(
            both[0].starts_with("--area: area: says where tokens come from"),
            "{both:?}"
        );
        assert!(
            told("--area na/1", &[])[0].contains("is not an area"),
            "only that is told"
        );
    }

    #[test]
    fn versions_and_states_are_read_before_anything_is_asked() {
        let line =
            "--area na1 --api-versions v32.0,stop-skill=v31.0 --ready-states Available,Dialer,-13";
        let special = try_run(line, &ACD, None).unwrap().settings.special;
        assert_eq!(
            special.api_versions.as_deref(),
            Some("v32.0,stop-skill=v31.0")
        );
        assert_eq!(
            special.ready_states.as_deref(),
            Some("Available,Dialer,-13")
        );
        let told = told(
            "--area na1 --api-versions v3,fly=v31.0 --ready-states Dialer --agents own",
            &[],
        );
        assert_eq!(told.len(), 3, "{told:?}");
        for (fault, part) in told.iter().zip([
            "belongs to one campaign",
            "is not a version",
            "lacks Available",
        ]) {
            assert!(
                told.iter().any(|fault| fault.contains(part)),
                "{part}: {fault}"
            );
        }
    }

    #[test]
    fn ids_of_campaigns_are_those_of_the_platform_and_each_is_there_once() {
        let told = told(
            "--area na1 --campaign 4711,skill:4711,spring,campaign:300",
            &[],
        );
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told.iter()
                .any(|fault| fault.contains("`spring` is neither the number of a skill"))
        );
        assert!(
            told.iter()
                .any(|fault| fault.contains("`skill:4711` is the same as `4711`"))
        );
    }

    #[test]
    fn what_another_platform_understands_is_refused_unless_it_says_nothing() {
        let told = told("--area na1 --auth json --scope a", &[]);
        assert_eq!(
            told,
            [
                "--auth: auth: means nothing on cxone-acd; take it out, or name another platform",
                "--scope: scope: means nothing on cxone-acd; take it out, or name another platform",
            ]
        );
        assert!(try_run("--area na1 --auth form", &ACD, None).is_ok());
        let told = faults(
            "--area na1 --api-versions v33.0",
            &[],
            "agents = \"states\"\n",
        );
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with("--area: area: means nothing on cxone-v2"),
            "{told:?}"
        );
        assert_eq!(
            run("", &[], "").settings.token_url.as_str(),
            "https://api.example.com/oauth2/token"
        );
    }

    #[test]
    fn a_region_gives_both_addresses_and_either_can_be_given_by_itself() {
        let platform = ("AUTOPILOT_PLATFORM", "genesys-cloud");
        let secret = ("AUTOPILOT_CLIENT_SECRET", "hunter2");
        let enough = [
            platform,
            secret,
            ("AUTOPILOT_CLIENT_ID", "us"),
            ("CXONE_CAMPAIGN_ID", "3f0d7c52-5f0e-4c7b-9d0a-1c6f2f7d8a11"),
            ("HOME", "/home/ops"),
        ];
        let resolved = |flags: &str| {
            let settings = try_run(flags, &enough, None).unwrap().settings;
            let base = settings.base_url.unwrap();
            (base.to_string(), settings.token_url.to_string())
        };
        let both = (
            "https://api.mypurecloud.ie/",
            "https://login.mypurecloud.ie/oauth/token",
        );
        let (api, log_in) = resolved("--region mypurecloud.ie");
        assert_eq!((api.as_str(), log_in.as_str()), both);
        let (api, log_in) =
            resolved("--region mypurecloud.ie --base-url https://gate.example/genesys");
        assert_eq!(api, "https://gate.example/genesys");
        assert_eq!(log_in, both.1);
        let (api, log_in) = resolved(
            "--base-url https://gate.example/ --token-url https://gate.example/oauth/token",
        );
        assert_eq!(api, "https://gate.example/");
        assert_eq!(log_in, "https://gate.example/oauth/token");
        let wrong = |flags: &str| -> Vec<String> {
            let faults = try_run(flags, &enough, None).unwrap_err();
            faults.iter().map(ToString::to_string).collect()
        };
        let told = wrong("");
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("--region"), "{told:?}");
        let told = wrong("--region atlantis");
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("mypurecloud.de"), "{told:?}");
        let told = wrong("--region mypurecloud.ie --area na1 --auth json");
        assert_eq!(told.len(), 2, "{told:?}");
        let told = wrong("--base-url https://gate.example/");
        assert!(told[0].starts_with("token_url: is missing"), "{told:?}");
    }

    /// What is needed of an account whose requests are signed.
    const SIGNED: [(&str, &str); 4] = [
        ("AUTOPILOT_PLATFORM", "amazon-connect"),
        ("AUTOPILOT_INSTANCE_ID", "i-1"),
        ("CXONE_CAMPAIGN_ID", "3f0d7c52-5f0e-4c7b-9d0a-1c6f2f7d8a11"),
        ("HOME", "/home/ops"),
    ];

    #[cfg(feature = "amazon-connect")]
    #[test]
    fn an_account_needs_a_region_and_an_instance_and_no_client() {
        let region = ("AWS_REGION", "eu-west-2");
        let with = |line: &str, env: &[(&str, &str)]| {
            let env = [&SIGNED, env].concat();
            try_run(line, &env, None)
        };
        let settings = with("", &[region]).unwrap().settings;
        let special = &settings.special;
        assert_eq!(special.region.as_deref(), Some("eu-west-2"));
        assert_eq!(
            settings.base_url.clone().unwrap().as_str(),
            "https://connect-campaigns.eu-west-2.amazonaws.com/"
        );
        let counts = special.metrics_url.clone().unwrap();
        assert_eq!(counts.as_str(), "https://connect.eu-west-2.amazonaws.com/");
        assert_eq!(settings.credentials.client_id, "");
        // What is given by our own names comes first, and each address by itself.
        let line =
            "--region us-east-1 --metrics-url https://vpce-1.example/ --also-steer agentless";
        let settings = with(line, &[region]).unwrap().settings;
        let special = &settings.special;
        assert_eq!(special.region.as_deref(), Some("us-east-1"));
        let counts = special.metrics_url.clone().unwrap();
        assert_eq!(counts.as_str(), "https://vpce-1.example/");
        assert!(special.also_steer.agentless && !special.also_steer.journeys);
        let told = |line: &str, env: &[(&str, &str)]| -> Vec<String> {
            let faults = with(line, env).unwrap_err();
            faults.iter().map(ToString::to_string).collect()
        };
        for (line, expected) in [
            ("", "AWS_REGION or AWS_DEFAULT_REGION"),
            ("--base-url https://gate.example/", "region: is missing"),
            ("--region Ireland", "`ireland` is not the name of a region"),
            (
                "--region eu-west-2 --also-steer robots",
                "`robots` is not a kind of campaign",
            ),
            (
                "--region eu-west-2 --token-url https://x.example/",
                "means nothing on amazon-connect",
            ),
            (
                "--region eu-west-2 --client-id KEY",
                "client_secret: is missing",
            ),
        ] {
            let told = told(line, &[]);
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(told[0].contains(expected), "{told:?}");
        }
        // Then the profile's, which the vendor's other clients sign for.
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config");
        let path = file.to_str().unwrap();
        std::fs::write(&file, "[profile dialler]\nregion = eu-west-2\n").unwrap();
        let profile = [("AWS_CONFIG_FILE", path), ("AWS_PROFILE", "dialler")];
        let resolved = with("", &profile).unwrap();
        assert_eq!(
            resolved.settings.special.region.as_deref(),
            Some("eu-west-2")
        );
        let shown = resolved.origins.iter().find(|(key, ..)| key == "region");
        let (_, _, origin) = shown.unwrap();
        assert_eq!(origin.to_string(), path);
        let variable = [profile[0], profile[1], ("AWS_REGION", "us-east-1")];
        let settings = with("", &variable).unwrap().settings;
        assert_eq!(settings.special.region.as_deref(), Some("us-east-1"));
        let other = told("", &[profile[0], ("AWS_PROFILE", "another")]);
        assert!(
            other[0].contains("in the profile that is in force"),
            "{other:?}"
        );
        std::fs::write(&file, "[profile dialler]\nregion = Ireland\n").unwrap();
        let wrong = told("", &profile);
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert!(wrong[0].starts_with(path), "{wrong:?}");
        let nowhere = SIGNED
            .into_iter()
            .filter(|(name, _)| *name != "AUTOPILOT_INSTANCE_ID");
        let nowhere: Vec<(&str, &str)> = nowhere.chain([region]).collect();
        let told = try_run("", &nowhere, None).unwrap_err();
        assert!(
            told[0].to_string().starts_with("instance_id: is missing"),
            "{told:?}"
        );
    }

    #[cfg(not(feature = "amazon-connect"))]
    #[test]
    fn a_build_without_a_platform_says_which_build_has_it() {
        let env = [&SIGNED[..], &[("AWS_REGION", "eu-west-2")]].concat();
        let told = try_run("", &env, None).unwrap_err();
        assert_eq!(told.len(), 1, "{told:?}");
        let told = told[0].to_string();
        assert!(told.contains("released package or the image"), "{told}");
        assert!(told.contains("--features amazon-connect"), "{told}");
    }
}
