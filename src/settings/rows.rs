//! Every setting, one row each: names, form, default, meaning, how its texts are read and where the value lands.
//!
//! The flags and their help, the keys that the settings file may hold, the names of the environment variables and the table of settings
//! come from here. Code names a setting by its constant; a text is looked up only where it comes from a file.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Url;

use crate::domain::aim::{AbandonTarget, AimBy, AimSignal, HalfAgents};
use crate::domain::{
    Actuator, Confirmation, Counting, Limit, OnManualChange, OnStale, Policy, Zone,
};
use crate::identity::{AddressRange, Role};
use crate::notify::ReceiverUrl;
use crate::platform::dialect::{
    self, AgentSource, AlsoSteer, CampaignsVersion, Dialect, EmptyMeans, PauseMethod,
};
use crate::platform::http::AuthStyle;
use crate::telemetry::{LogFormat, TraceProtocol};

use super::row::DefaultValue::{FollowsFrom, Is, None as Nothing};
use super::row::{InFile, Kind, Landing, ListLanding, Parsed, Row, Setting};
use super::values::{AnySetting, Values};
use super::{keeping, value};

/// How credentials are sent, by its word.
pub(super) const AUTH_STYLES: &[(&str, AuthStyle)] = &[
    ("form", AuthStyle::Form),
    ("basic", AuthStyle::Basic),
    ("json", AuthStyle::Json),
];

/// Forms of the log, by their words.
pub(super) const LOG_FORMATS: &[(&str, LogFormat)] = &[
    ("auto", LogFormat::Auto),
    ("text", LogFormat::Text),
    ("json", LogFormat::Json),
];

/// Encodings of traces, by their words.
const OTLP_PROTOCOLS: &[(&str, TraceProtocol)] = &[
    ("http/json", TraceProtocol::Json),
    ("http/protobuf", TraceProtocol::Protobuf),
];

const AIM_BYS: &[(&str, AimBy)] = &[
    (AimBy::Counters.label(), AimBy::Counters),
    (AimBy::Shortage.label(), AimBy::Shortage),
];
const AIM_SIGNALS: &[(&str, AimSignal)] = &[
    (AimSignal::Available.label(), AimSignal::Available),
    (
        AimSignal::AvailableAndHalfWrapUp.label(),
        AimSignal::AvailableAndHalfWrapUp,
    ),
    (AimSignal::FreeAndServing.label(), AimSignal::FreeAndServing),
];

const ACTUATORS: &[(&str, Actuator)] = &[
    ("pause", Actuator::Pause),
    ("step-down", Actuator::StepDown),
    ("step-down-then-pause", Actuator::StepDownThenPause),
    ("idle-reserve", Actuator::IdleReserve),
];
const STALE_RULES: &[(&str, OnStale)] = &[("hold", OnStale::Hold), ("pause", OnStale::Pause)];

const COUNTING_RULES: &[(&str, Counting)] = &[
    ("free", Counting::Free),
    ("free-and-serving", Counting::FreeAndServing),
];

const MANUAL_CHANGE_RULES: &[(&str, OnManualChange)] = &[
    ("respect", OnManualChange::Respect),
    ("adopt", OnManualChange::Adopt),
    ("enforce", OnManualChange::Enforce),
];

/// Writes the constants of a group of settings and the list of them.
macro_rules! settings {
    ($list:ident $heading:literal $($name:ident: $type:ty = $make:ident($key:literal, $flag:expr, $env:expr,
        $kind:ident $value:expr, $default:expr, $file:ident, $meaning:literal $(, $how:expr)*);)+) => {
        $(pub(crate) static $name: $type = $make(
            Row {
                key: $key,
                flag: $flag,
                env: &$env,
                kind: Kind::$kind,
                value: $value,
                default: $default,
                file: InFile::$file,
                meaning: $meaning,
                heading: $heading,
            }
            $(, $how)*
        );)+
        static $list: &[&dyn AnySetting] = &[$(&$name),+];
    };
}

/// A row that is read in a way of its own.
const fn name(row: Row) -> Row {
    row
}

/// A setting whose value takes part in others.
const fn read<T>(row: Row, parse: fn(&str) -> Parsed<T>) -> Setting<T> {
    Setting { row, parse }
}

/// A setting whose value has a place of its own.
const fn land<T, L>(row: Row, parse: fn(&str) -> Parsed<T>, lands: fn(&mut L, T)) -> Landing<T, L> {
    let setting = Setting { row, parse };
    Landing { setting, lands }
}

/// The same for several texts that are read together.
const fn list<T, L>(
    row: Row,
    parse: fn(&[String]) -> Parsed<T>,
    lands: fn(&mut L, T),
) -> ListLanding<T, L> {
    ListLanding { row, parse, lands }
}

settings! { PLATFORM_ROWS "Platform"
    PLATFORM: Landing<Dialect, Values> = land("platform", Some("--platform"), ["AUTOPILOT_PLATFORM"], Word Dialect::NAMES, Is(Dialect::DEFAULT.name()), Tenant,
        "Which platform the tenant is on.",
        |text| value::word(text, Dialect::WORDS), |to, dialect| to.platform = dialect);
    BASE_URL: Landing<Url, Values> = land("base_url", Some("--base-url"), ["AUTOPILOT_BASE_URL", "CXONE_BASE_URL"], Text "URL", Nothing, Account,
        "Address of the tenant, with the API's paths behind it. On cxone-acd the API host, which the platform is asked for otherwise; on genesys-cloud and amazon-connect (that of the campaigns) the region gives it; on vicidial the web server, without /vicidial.",
        value::base_url, |to, url| to.base_url = Some(url));
    CLIENT_ID: Landing<String, Values> = land("client_id", Some("--client-id"), ["AUTOPILOT_CLIENT_ID", "CXONE_CLIENT_ID"], Text "ID", Nothing, Account,
        "Client id of the OAuth 2 client credentials; on cxone-acd the id of the access key, on vicidial the user; on amazon-connect an access key, without which the usual chain of credentials is asked.",
        value::text, |to, id| to.client_id = Some(id));
    CLIENT_SECRET: Row = name("client_secret", None, ["AUTOPILOT_CLIENT_SECRET", "CXONE_CLIENT_SECRET"], Secret "SECRET", Nothing, No,
        "Client secret, or that of the access key, or the user's password; never a flag and never in the settings file.");
    CLIENT_SECRET_FILE: Setting<String> = read("client_secret_file", Some("--client-secret-file"), ["AUTOPILOT_CLIENT_SECRET_FILE"], Text "FILE", Nothing, Account,
        "File that holds the client secret; it is read again when that may have changed, unlike AUTOPILOT_CLIENT_SECRET, which may hold it instead.",
        value::text);
    TOKEN_URL: Landing<Url, Values> = land("token_url", Some("--token-url"), ["AUTOPILOT_TOKEN_URL"], Text "URL", FollowsFrom("base URL + /oauth2/token; on cxone-acd the area's log-in, on genesys-cloud the region's"), Tenant,
        "Address that gives access tokens. On cxone-acd its path says which log-in it is.",
        value::url, |to, url| to.token_url = Some(url));
    AUTH: Landing<AuthStyle, Values> = land("auth", Some("--auth"), ["AUTOPILOT_AUTH"], Word "form|basic|json", Is("form"), Tenant,
        "How the credentials are sent to the token address.",
        |text| value::word(text, AUTH_STYLES), |to, style| to.auth = style);
    SCOPE: ListLanding<Vec<String>, Values> = list("scope", Some("--scope"), ["AUTOPILOT_SCOPE"], Texts "SCOPE", Nothing, Tenant,
        "Scope to ask for; may be repeated or be a comma list.",
        value::scopes, |to, scopes| to.scopes = scopes);
    AREA: Landing<Url, Values> = land("area", Some("--area"), ["AUTOPILOT_AREA"], Text "NAME", Nothing, Tenant,
        "Area of a tenant on cxone-acd, such as na1, whose log-in gives the tokens.",
        |text| value::as_dialect(dialect::area_token_url(text.trim()), "write the area as the vendor names it, such as na1"),
        |to, url| to.area_token_url = Some(url));
    REGION: Landing<String, Values> = land("region", Some("--region"), ["AUTOPILOT_REGION"], Text "NAME", Nothing, Tenant,
        "Region of an organisation on genesys-cloud, such as mypurecloud.ie, which gives the addresses of the API and of the log-in; `base_url` and `token_url` come before it. On amazon-connect that of the instance, such as eu-west-2; AWS_REGION, AWS_DEFAULT_REGION and the shared profile in force name it there as well.",
        value::text, |to, region| to.region = Some(region));
    INSTANCE_ID: Landing<String, Values> = land("instance_id", Some("--instance-id"), ["AUTOPILOT_INSTANCE_ID"], Text "ID", Nothing, Account,
        "Id or ARN of the instance on amazon-connect that the campaigns belong to.",
        value::text, |to, id| to.instance_id = Some(id));
    METRICS_URL: Landing<Url, Values> = land("metrics_url", Some("--metrics-url"), ["AUTOPILOT_METRICS_URL"], Text "URL", FollowsFrom("the region's"), Tenant,
        "Address of the service that counts agents on amazon-connect, such as that of a VPC endpoint; `base_url` is that of the campaigns.",
        value::url, |to, url| to.metrics_url = Some(url));
    CAMPAIGNS_VERSION: Landing<CampaignsVersion, Values> = land("campaigns_version", Some("--campaigns-version"), ["AUTOPILOT_CAMPAIGNS_VERSION"], Word "v2|v1", Is("v2"), Tenant,
        "Version of the API of campaigns on amazon-connect in which they were made.",
        |text| value::word(text, CampaignsVersion::WORDS), |to, version| to.campaigns_version = version);
    EMPTY_MEANS: Landing<EmptyMeans, Values> = land("empty_means", Some("--empty-means"), ["AUTOPILOT_EMPTY_MEANS"], Word "unknown|zero", Is("unknown"), Tenant,
        "What a queue means that amazon-connect leaves out of its counts and has never shown: that nothing is known of it, or that nobody is there.",
        |text| value::word(text, EmptyMeans::WORDS), |to, means| to.empty_means = means);
    ALSO_STEER: ListLanding<AlsoSteer, Values> = list("also_steer", Some("--also-steer"), ["AUTOPILOT_ALSO_STEER"], Texts "journeys,agentless", Nothing, Tenant,
        "Campaigns on amazon-connect that are steered only where this names them: those that journeys run, and those without agents or voice.",
        value::also_steer, |to, kinds| to.also_steer = kinds);
    REGISTERED_CLIENT_ID: Landing<String, Values> = land("registered_client_id", Some("--registered-client-id"), ["AUTOPILOT_REGISTERED_CLIENT_ID"], Text "ID", Nothing, Account,
        "Id of a client that is registered with the vendor of cxone-acd; needed for a token URL that ends in /auth/token.",
        value::text, |to, id| to.registered_client_id = Some(id));
    REGISTERED_CLIENT_SECRET: Row = name("registered_client_secret", None, ["AUTOPILOT_REGISTERED_CLIENT_SECRET"], Secret "SECRET", Nothing, No,
        "Secret of the registered client; never a flag and never in the settings file.");
    REGISTERED_CLIENT_SECRET_FILE: Setting<String> = read("registered_client_secret_file", Some("--registered-client-secret-file"), ["AUTOPILOT_REGISTERED_CLIENT_SECRET_FILE"], Text "FILE", Nothing, Account,
        "File that holds the secret of the registered client. Instead of it, AUTOPILOT_REGISTERED_CLIENT_SECRET may hold it.",
        value::text);
    API_VERSIONS: Landing<String, Values> = land("api_versions", Some("--api-versions"), ["AUTOPILOT_API_VERSIONS"], Text "VERSION,OPERATION=VERSION", FollowsFrom("v33.0"), Tenant,
        "Versions of the API on cxone-acd: one for all operations, and others for single ones, such as v33.0,stop-skill=v31.0.",
        |text| value::as_dialect(dialect::api_versions(text), "write such as v33.0,stop-skill=v31.0"),
        |to, versions| to.api_versions = Some(versions));
    READY_STATES: Landing<String, Values> = land("ready_states", Some("--ready-states"), ["AUTOPILOT_READY_STATES"], Text "STATE,STATE", FollowsFrom("Available,Dialer"), Tenant,
        "States in which agents are ready on cxone-acd, by name or number; a comma list.",
        |text| value::as_dialect(dialect::ready_states(text), "write such as Available,Dialer"),
        |to, states| to.ready_states = Some(states));
    AGENTS: Landing<AgentSource, Values> = land("agents", Some("--agents"), ["AUTOPILOT_AGENTS"], Word "states|activity", Is("states"), Tenant,
        "What agents are counted from on cxone-acd: the states of each, or counts that the platform makes; `activity` is unproven, since nobody has published whether those counts hold agents who wait in a dialler.",
        value::agent_source, |to, source| to.agents = source);
    NOTIFICATIONS: Landing<bool, Values> = land("notifications", Some("--notifications"), ["AUTOPILOT_NOTIFICATIONS"], Word "on|off", Is("on"), Tenant,
        "Whether genesys-cloud is asked to report changes by itself, so that a poll comes sooner, after a quarter of the interval at the earliest; without them it is polled at the interval.",
        value::on_or_off, |to, on| to.notifications = on);
    LONGEST_CALL: Landing<Duration, Values> = land("longest_call", Some("--longest-call"), ["AUTOPILOT_LONGEST_CALL"], Duration "DURATION", Is("60m"), Tenant,
        "The longest call with its wrap-up on cxone-acd: for so long a stop of ours may take to show, and is taken for ours.",
        value::positive_duration, |to, time| to.longest_call = time);
    PAUSE_METHOD: Landing<PauseMethod, Values> = land("pause_method", Some("--pause-method"), ["AUTOPILOT_PAUSE_METHOD"], Word "level|active", Is("level"), Tenant,
        "How campaigns are paused on vicidial: by a level that dials nothing and shows whose the pause is, or by making them inactive, after which no agent can log in.",
        |text| value::word(text, PauseMethod::WORDS), |to, method| to.pause_method = method);
    ALLOW_HTTP: Landing<bool, Values> = land("allow_http", Some("--allow-http"), ["AUTOPILOT_ALLOW_HTTP"], Switch "", Is("false"), Tenant,
        "Allow plain http to another machine on vicidial, where every request carries the password: anybody on the way can read it.",
        value::switch, |to, yes| to.allow_http = yes);
    REFUSED_LOGIN_WAIT: Landing<Duration, Values> = land("refused_login_wait", Some("--refused-login-wait"), ["AUTOPILOT_REFUSED_LOGIN_WAIT"], Duration "DURATION", Is("15m"), Tenant,
        "How long nothing is asked of vicidial after three refused log-ins in a row, 15m at the least: ten of them lock the account for that long, for everybody.",
        value::refused_login_wait, |to, time| to.refused_login_wait = time);
    STAGED_RESUME: Landing<Duration, Values> = land("staged_resume", Some("--staged-resume"), ["AUTOPILOT_STAGED_RESUME"], Duration "DURATION", Nothing, Tenant,
        "For how long a resume on vicidial dials at level 1 before it dials as it did before the pause, best as long as a call rings there; without it a resume dials for every agent who waits at once.",
        value::positive_duration, |to, time| to.staged_resume = Some(time));
}

settings! { CAMPAIGNS_ROWS "Campaigns"
    CAMPAIGN: Row = name("campaign", Some("--campaign"), ["CXONE_CAMPAIGN_ID"], Texts "ID", Nothing, No,
        "Campaign to manage, besides those of the settings file; may be repeated or be a comma list.");
}

settings! { RULES_ROWS "Rules"
    PAUSE_BELOW: Setting<Limit> = read("pause_below", Some("--pause-below"), ["AUTOPILOT_PAUSE_BELOW"], Limit "[CAMPAIGN=]N|P%", Is("5"), Rule,
        "Pause when fewer agents are available, as a number or as a share of those not offline; may be repeated or be a comma list.",
        value::limit);
    RESUME_AT: Setting<Limit> = read("resume_at", Some("--resume-at"), ["AUTOPILOT_RESUME_AT"], Limit "[CAMPAIGN=]N|P%", Is("8"), Rule,
        "Resume our own pause when at least so many agents are available; given like --pause-below.",
        value::limit);
    ABANDON_TARGET: Setting<AbandonTarget> = read("abandon_target", Some("--abandon-target"), ["AUTOPILOT_ABANDON_TARGET"], Limit "[CAMPAIGN=]P%", Nothing, Rule,
        "Share of the answered calls that may be abandoned: the threshold is found by it, instead of pause_below and resume_at; given like --pause-below.",
        value::abandon_target);
    AIM_BY: Setting<AimBy> = read("aim_by", Some("--aim-by"), ["AUTOPILOT_AIM_BY"], Word "counters|shortage", Is("counters"), Rule,
        "What an abandon_target learns from: counted calls, or, where nobody counts, the polls at which a running campaign has just run out of available agents, as a proxy.",
        |text| value::word(text, AIM_BYS));
    AIM_SIGNAL: Setting<AimSignal> = read("aim_signal", Some("--aim-signal"), ["AUTOPILOT_AIM_SIGNAL"], Word "available|available+wrap-up/2|free+serving", Is("available+wrap-up/2"), Rule,
        "Agents that an abandon_target compares with its threshold: those available, those and half of those who finish a call, or those available and those on the campaign's own calls.",
        |text| value::word(text, AIM_SIGNALS));
    AIM_GAP: Setting<HalfAgents> = read("aim_gap", Some("--aim-gap"), ["AUTOPILOT_AIM_GAP"], Number "AGENTS", Is("2"), Rule,
        "Agents that an abandon_target adds to its threshold for a resume, in steps of a half.",
        value::half_agents);
    AIM_START: Setting<HalfAgents> = read("aim_start", Some("--aim-start"), ["AUTOPILOT_AIM_START"], Number "AGENTS", Is("3"), Rule,
        "Threshold of an abandon_target before anything was learned, in steps of half an agent.",
        value::half_agents);
    ACTUATOR: Landing<Actuator, Policy> = land("actuator", Some("--actuator"), ["AUTOPILOT_ACTUATOR"], Word "pause|step-down|step-down-then-pause|idle-reserve", Is("pause"), Rule,
        "What is done when too few agents are available: pause the campaign, let it dial one call for each idle agent, or do that first and pause when it is not enough (only for campaigns that dial ahead, on platforms with a throttle); or have its dialler keep as many agents idle as an abandon_target finds, and never pause it (no real platform has that; the simulated cxone-v2 does).",
        |text| value::word(text, ACTUATORS), |to, actuator| to.actuator = actuator);
    MAX_PACE_CHANGES_PER_HOUR: Landing<u32, Policy> = land("max_pace_changes_per_hour", Some("--max-pace-changes-per-hour"), ["AUTOPILOT_MAX_PACE_CHANGES_PER_HOUR"], Count "N", Is("60"), Rule,
        "At most so many writes of a campaign's pace or idle reserve in any hour; a step down and its way back are two.",
        |text| value::count(text, 2..=3_600), |to, most| to.pace_changes_per_hour = most);
    CONFIRM_PAUSE: Landing<Confirmation, Policy> = land("confirm_pause", Some("--confirm-pause"), ["AUTOPILOT_CONFIRM_PAUSE"], Text "K/N", Is("1/1"), Rule,
        "Pause only when K of the last N samples ask for it.",
        value::confirmation, |to, samples| to.confirm_pause = samples);
    CONFIRM_RESUME: Landing<Confirmation, Policy> = land("confirm_resume", Some("--confirm-resume"), ["AUTOPILOT_CONFIRM_RESUME"], Text "K/N", Is("1/1"), Rule,
        "Resume only when K of the last N samples ask for it.",
        value::confirmation, |to, samples| to.confirm_resume = samples);
    MIN_RUNNING: Landing<Duration, Policy> = land("min_running", Some("--min-running"), ["AUTOPILOT_MIN_RUNNING"], Duration "DURATION", Is("0s"), Rule,
        "A resumed campaign runs at least this long.",
        value::duration, |to, time| to.min_running = time);
    MIN_PAUSED: Landing<Duration, Policy> = land("min_paused", Some("--min-paused"), ["AUTOPILOT_MIN_PAUSED"], Duration "DURATION", Is("0s"), Rule,
        "A paused campaign stays paused at least this long.",
        value::duration, |to, time| to.min_paused = time);
    MAX_RESUMES_PER_HOUR: Landing<Option<u32>, Policy> = land("max_resumes_per_hour", Some("--max-resumes-per-hour"), ["AUTOPILOT_MAX_RESUMES_PER_HOUR"], CountOrWord "N|none", Is("none"), Rule,
        "At most so many resumes of a campaign in any hour; pausing stays allowed.",
        value::budget, |to, most| to.max_resumes_per_hour = most);
    FLAP_LIMIT: Landing<Option<u32>, Policy> = land("flap_limit", Some("--flap-limit"), ["AUTOPILOT_FLAP_LIMIT"], CountOrWord "N|none", FollowsFrom("as often as its rule can swing"), Rule,
        "So many resumes of a campaign within an hour are reported as flapping, once; nothing is held back for it. Unless given, an hour divided by the shortest swing that the rule allows: 70s and the polls that confirm it, or the dwell; 27 at 30s, 40 at 10s.",
        value::budget, |to, most| to.flap_limit = most);
    COUNT: Landing<Counting, Policy> = land("count", Some("--count"), ["AUTOPILOT_COUNT"], Word "free|free-and-serving", Is("free"), Rule,
        "Which agents count as available: those who can take a call now, or also those on the campaign's own calls and in their wrap-up, where the platform reports them.",
        |text| value::word(text, COUNTING_RULES), |to, rule| to.counting = rule);
    ON_STALE: Landing<OnStale, Policy> = land("on_stale", Some("--on-stale"), ["AUTOPILOT_ON_STALE"], Word "hold|pause", Is("hold"), Rule,
        "What to do with running campaigns while readings stay away.",
        |text| value::word(text, STALE_RULES), |to, rule| to.on_stale = rule);
    STALE_AFTER: Landing<u32, Policy> = land("stale_after", Some("--stale-after"), ["AUTOPILOT_STALE_AFTER"], Count "POLLS", Is("3"), Rule,
        "So many polls in a row without a valid reading make the data stale.",
        |text| value::count(text, 1..=u32::MAX), |to, polls| to.stale_after = polls);
    MAX_SAMPLE_AGE: Landing<Duration, Policy> = land("max_sample_age", Some("--max-sample-age"), ["AUTOPILOT_MAX_SAMPLE_AGE"], Duration "DURATION", FollowsFrom("twice the poll interval, at least 10s"), Tenant,
        "An older reading is not acted on.",
        value::positive_duration, |to, age| to.max_sample_age = age);
    ON_MANUAL_CHANGE: Landing<OnManualChange, Policy> = land("on_manual_change", Some("--on-manual-change"), ["AUTOPILOT_ON_MANUAL_CHANGE"], Word "respect|adopt|enforce", Is("respect"), Rule,
        "What to do when a person has changed a campaign.",
        |text| value::word(text, MANUAL_CHANGE_RULES), |to, rule| to.on_manual_change = rule);
    MANUAL_GRACE: Landing<Duration, Policy> = land("manual_grace", Some("--manual-grace"), ["AUTOPILOT_MANUAL_GRACE"], Duration "DURATION", Is("15m"), Rule,
        "How long a person's resume of our pause is left alone.",
        value::duration, |to, time| to.manual_grace = time);
    ADOPT_PAUSED: Landing<bool, Policy> = land("adopt_paused", Some("--adopt-paused"), ["AUTOPILOT_ADOPT_PAUSED"], Switch "", Is("false"), Rule,
        "Take over a campaign that is found paused at its very first reading; never one that was known before.",
        value::switch, |to, yes| to.adopt_paused = yes);
    STRICT_OWNERSHIP: Landing<bool, Policy> = land("strict_ownership", Some("--strict-ownership"), ["AUTOPILOT_STRICT_OWNERSHIP"], Switch "", Is("false"), Rule,
        "Count a pause as ours only by the version in the platform's own answer to the command.",
        value::switch, |to, yes| to.strict_ownership = yes);
}

settings! { POLLING_ROWS "Reading and rate"
    POLL_INTERVAL: Landing<Duration, Values> = land("poll_interval", Some("--poll-interval"), ["AUTOPILOT_POLL_INTERVAL"], Duration "DURATION", Is("30s"), Tenant,
        "Time from the start of one poll to the start of the next.",
        value::positive_duration, |to, time| to.poll_interval = time);
    REQUESTS_PER_SECOND: Landing<Option<f64>, Values> = land("requests_per_second", Some("--requests-per-second"), ["AUTOPILOT_REQUESTS_PER_SECOND"], Number "N|unlimited", Is("10"), Tenant,
        "Requests a second to the platform, a decimal number or `unlimited`.",
        value::rate, |to, rate| to.requests_per_second = rate);
    BURST: Landing<u32, Values> = land("burst", Some("--burst"), ["AUTOPILOT_BURST"], Count "REQUESTS", Is("20"), Tenant,
        "Requests that may go out at once after a lull.",
        |text| value::count(text, 1..=1_000_000), |to, many| to.burst = many);
    PAGE_SIZE: Landing<usize, Values> = land("page_size", Some("--page-size"), ["AUTOPILOT_PAGE_SIZE"], Count "AGENTS", Is("100"), Tenant,
        "Agents in one page, 1 to 100.",
        |text| value::count(text, 1..=100), |to, many| to.page_size = many);
    PAGE_CONCURRENCY: Landing<usize, Values> = land("page_concurrency", Some("--page-concurrency"), ["AUTOPILOT_PAGE_CONCURRENCY"], Count "PAGES", Is("8"), Tenant,
        "Pages asked for at once, 1 to 64.",
        |text| value::count(text, 1..=64), |to, many| to.page_concurrency = many);
    REQUEST_TIMEOUT: Landing<Duration, Values> = land("request_timeout", Some("--request-timeout"), ["AUTOPILOT_REQUEST_TIMEOUT"], Duration "DURATION", Is("10s"), Tenant,
        "Longest time for one attempt of a request.",
        value::positive_duration, |to, time| to.request_timeout = time);
    STATUS_READS_PER_POLL: Landing<usize, Values> = land("status_reads_per_poll", Some("--status-reads-per-poll"), ["AUTOPILOT_STATUS_READS_PER_POLL"], Count "CAMPAIGNS", Is("1"), Tenant,
        "Campaigns whose status is read in each poll to see what people changed, 0 to 1000.",
        |text| value::count(text, 0..=1000), |to, many| to.status_reads_per_poll = many);
    RECORD_WORKLOAD: Landing<bool, Values> = land("record_workload", Some("--record-workload"), ["AUTOPILOT_RECORD_WORKLOAD"], Switch "", Is("false"), Tenant,
        "Record for `tune` what agents do, for 21 days: every agent is read at each poll, where those who are available would do.",
        value::switch, |to, yes| to.record_workload = yes);
    OUTCOMES_EVERY: Landing<Duration, Values> = land("outcomes_every", Some("--outcomes-every"), ["AUTOPILOT_OUTCOMES_EVERY"], Duration "DURATION", Is("60s"), Tenant,
        "Counters of a campaign's dials and of what became of them are read at most this often, where the platform has them; 0s never reads them.",
        value::duration, |to, time| to.outcomes_every = time);
    OUTCOMES_FILE: Landing<String, Values> = land("outcomes_file", Some("--outcomes-file"), ["AUTOPILOT_OUTCOMES_FILE"], Text "FILE", Nothing, Account,
        "File (JSON) by which the site feeds these counters; the platform is not asked for them then. It is read again when it has changed.",
        value::text, |to, path| to.outcomes_file = Some(path));
}

settings! { ASSIGNMENTS_ROWS "Assignments"
    ROSTER: Landing<String, Values> = land("roster", Some("--roster"), ["AUTOPILOT_ROSTER"], Text "FILE", Nothing, Tenant,
        "Roster of the agents whom [[preview]] campaigns may be given (CSV, or TOML where the name ends in .toml); needed with such campaigns.",
        value::text, |to, path| to.roster = Some(path));
    ASSIGN_INTERVAL: Landing<Duration, Values> = land("assign_interval", Some("--assign-interval"), ["AUTOPILOT_ASSIGN_INTERVAL"], Duration "DURATION", Is("1m"), Tenant,
        "A plan of the preview assignments is made at least this often.",
        value::positive_duration, |to, time| to.assign_interval = time);
    ASSIGN_MOVED_AGENTS: Landing<u32, Values> = land("assign_moved_agents", Some("--assign-moved-agents"), ["AUTOPILOT_ASSIGN_MOVED_AGENTS"], Count "AGENTS", Is("5"), Tenant,
        "A plan is made at once when so many more or fewer agents of the roster are there than at the last one.",
        |text| value::count(text, 1..=1_000_000), |to, many| to.assign_moved_agents = many);
    ASSIGN_HORIZON: Landing<Duration, Values> = land("assign_horizon", Some("--assign-horizon"), ["AUTOPILOT_ASSIGN_HORIZON"], Duration "DURATION", Is("5m"), Tenant,
        "Agents are placed only while their window stays open this long; longer than the time between two plans, or agents stay on a list after their window.",
        value::duration, |to, time| to.assign_horizon = time);
    ASSIGN_CHURN: Landing<u32, Values> = land("assign_churn", Some("--assign-churn"), ["AUTOPILOT_ASSIGN_CHURN"], Number "SCORE", Is("0.05"), Tenant,
        "What each change of a pair costs, as a part of a full score at weight 1, 0 to 1.",
        value::churn, |to, milli| to.assign_churn = milli);
    CALL_RATE_WINDOW: Landing<Duration, Values> = land("call_rate_window", Some("--call-rate-window"), ["AUTOPILOT_CALL_RATE_WINDOW"], Duration "DURATION", Is("1h"), Tenant,
        "Call starts are counted over this time for the recent call rate.",
        value::positive_duration, |to, time| to.call_rate_window = time);
}

settings! { NOTIFICATIONS_ROWS "Notifications"
    WEBHOOK_URL: Landing<ReceiverUrl, Values> = land("webhook_url", Some("--webhook-url"), ["AUTOPILOT_WEBHOOK_URL"], Text "URL", Nothing, Top,
        "Address that is notified of pauses, resumes, flapping and stale data; https, or http on this machine.",
        value::receiver, |to, url| to.webhook_url = Some(url));
    WEBHOOK_SECRET: Row = name("webhook_secret", None, ["AUTOPILOT_WEBHOOK_SECRET"], Secret "SECRET", Nothing, No,
        "Secret that messages are signed with, as whsec_ and base64; two, separated by a space, while it is being changed. Never a flag and never in the settings file.");
    WEBHOOK_SECRET_FILE: Setting<String> = read("webhook_secret_file", Some("--webhook-secret-file"), ["AUTOPILOT_WEBHOOK_SECRET_FILE"], Text "FILE", Nothing, Top,
        "File that holds the secret that messages are signed with. Instead of it, AUTOPILOT_WEBHOOK_SECRET may hold it.",
        value::text);
    WEBHOOK_ALLOW_HTTP: Landing<bool, Values> = land("webhook_allow_http", Some("--webhook-allow-http"), ["AUTOPILOT_WEBHOOK_ALLOW_HTTP"], Switch "", Is("false"), Top,
        "Allow plain http to another machine: anybody on the way can read the messages.",
        value::switch, |to, yes| to.webhook_allow_http = yes);
    WEBHOOK_TIMEOUT: Landing<Duration, Values> = land("webhook_timeout", Some("--webhook-timeout"), ["AUTOPILOT_WEBHOOK_TIMEOUT"], Duration "DURATION", Is("10s"), Top,
        "Longest time for one attempt to deliver a message.",
        value::positive_duration, |to, time| to.webhook_timeout = time);
    WEBHOOK_GIVE_UP_AFTER: Landing<Duration, Values> = land("webhook_give_up_after", Some("--webhook-give-up-after"), ["AUTOPILOT_WEBHOOK_GIVE_UP_AFTER"], Duration "DURATION", Is("24h"), Top,
        "A message that could not be delivered for this long becomes a dead letter.",
        value::positive_duration, |to, time| to.webhook_give_up_after = time);
}

settings! { OPERATING_ROWS "Operating"
    ADMIN_TOKEN: Row = name("admin_token", None, ["AUTOPILOT_ADMIN_TOKEN"], Secret "TOKEN", Nothing, No,
        "Token that the admin API asks for; needed beyond loopback. Never a flag and never in the settings file.");
    ADMIN_TOKEN_FILE: Setting<String> = read("admin_token_file", Some("--admin-token-file"), ["AUTOPILOT_ADMIN_TOKEN_FILE"], Text "FILE", Nothing, Top,
        "File that holds the token that the admin API asks for. Instead of it, AUTOPILOT_ADMIN_TOKEN may hold it.",
        value::text);
    NAMED_TOKENS: Setting<String> = read("named_tokens", Some("--named-tokens"), ["AUTOPILOT_NAMED_TOKENS"], Text "FILE", Nothing, Top,
        "File of named tokens for the admin API, a line each with name, role and hash, which `token add` writes; it is read again when it has changed.",
        value::text);
    TRUSTED_PROXY: ListLanding<Vec<AddressRange>, Values> = list("trusted_proxy", Some("--trusted-proxy"), ["AUTOPILOT_TRUSTED_PROXY"], Texts "ADDRESS|RANGE", Nothing, Top,
        "Address, or range such as 10.0.3.0/28, of proxies that authenticate people and say in a header who asks; may be repeated or be a comma list.",
        value::address_ranges, |to, ranges| to.trusted_proxies = ranges);
    USER_HEADER: Landing<String, Values> = land("user_header", Some("--user-header"), ["AUTOPILOT_USER_HEADER"], Text "NAME", Is("X-Forwarded-User"), Top,
        "Header in which a trusted proxy says who asks; from any other address it counts for nothing.",
        value::header_name, |to, name| to.user_header = name);
    PROXY_ROLE: Landing<Role, Values> = land("proxy_role", Some("--proxy-role"), ["AUTOPILOT_PROXY_ROLE"], Word "view|operate|admin", Is("view"), Top,
        "What users whom a trusted proxy names may do: see everything, also hold, release and set, or also reload.",
        |text| value::word(text, Role::WORDS), |to, role| to.proxy_role = Some(role));
    ALLOWED_HOST: ListLanding<Vec<String>, Values> = list("allowed_host", Some("--allowed-host"), ["AUTOPILOT_ALLOWED_HOST"], Texts "NAME", Nothing, Top,
        "Name by which clients may call the admin API besides addresses and localhost; may be repeated or be a comma list.",
        value::host_names, |to, names| to.allowed_hosts = names);
    ALLOW_ACTIONS: Landing<bool, Values> = land("allow_actions", Some("--allow-actions"), ["AUTOPILOT_ALLOW_ACTIONS"], Switch "", Is("false"), Top,
        "Let the page hold and release campaigns and override thresholds; without it, a change that a browser asks for is refused.",
        value::switch, |to, yes| to.allow_actions = yes);
}

settings! { RUNNING_ROWS "Running"
    CONFIG: Setting<String> = read("config", Some("--config"), ["AUTOPILOT_CONFIG"], Text "FILE", Nothing, No,
        "Settings file (TOML).",
        value::text);
    STATE_DIR: Landing<String, Values> = land("state_dir", Some("--state-dir"), ["AUTOPILOT_STATE_DIR"], Text "DIR", FollowsFrom("$STATE_DIRECTORY, else $XDG_STATE_HOME/campaign-autopilot, else $HOME/.local/state/campaign-autopilot"), Top,
        "Directory that keeps the campaigns' state and the audit.",
        value::text, |to, path| to.state_dir = Some(path.into()));
    STORE: Landing<String, Values> = land("store", Some("--store"), ["AUTOPILOT_STORE"], Text "URL", Nothing, Top,
        "PostgreSQL server that keeps the tables instead of a file in the state directory, as postgres://USER@HOST/DATABASE; several daemons may share it.",
        value::text, |to, address| to.store = Some(address));
    STORE_PASSWORD: Row = name("store_password", None, ["AUTOPILOT_STORE_PASSWORD"], Secret "PASSWORD", Nothing, No,
        "Password for that server. Never a flag and never in the settings file.");
    STORE_PASSWORD_FILE: Setting<String> = read("store_password_file", Some("--store-password-file"), ["AUTOPILOT_STORE_PASSWORD_FILE"], Text "FILE", Nothing, Top,
        "File that holds the password for that server. Instead of it, AUTOPILOT_STORE_PASSWORD may hold it.",
        value::text);
    LISTEN: Landing<Option<SocketAddr>, Values> = land("listen", Some("--listen"), ["AUTOPILOT_LISTEN"], Text "ADDR:PORT|off", Is("127.0.0.1:9464"), Top,
        "Address for metrics, health and the admin API, or `off`; beyond loopback it needs a token.",
        value::listen, |to, address| to.listen = address);
    ADVERTISE_ADDRESS: Landing<Url, Values> = land("advertise_address", Some("--advertise-address"), ["AUTOPILOT_ADVERTISE_ADDRESS"], Text "URL", FollowsFrom("--listen, where that is not loopback; the machine's name where it is every address"), Top,
        "Address at which other machines reach this daemon's listener, such as http://10.0.0.5:9464: where several share a store, the others name it to whoever asks them for a tenant that this one steers.",
        value::url, |to, url| to.advertise_address = Some(url));
    TIME_ZONE: Landing<Zone, Values> = land("time_zone", Some("--time-zone"), ["AUTOPILOT_TIME_ZONE"], Text "ZONE", FollowsFrom("the machine's"), Top,
        "IANA time zone on whose clock the page and the commands show times, such as Europe/Berlin. JSON, CSV, logs and the audit keep RFC 3339 in UTC.",
        value::zone, |to, zone| to.time_zone = Some(zone));
    DRY_RUN: Landing<bool, Values> = land("dry_run", Some("--dry-run"), ["AUTOPILOT_DRY_RUN"], Switch "", Is("false"), Top,
        "Decide and log, but command nothing.",
        value::switch, |to, yes| to.dry_run = yes);
    ONCE: Landing<bool, Values> = land("once", Some("--once"), ["AUTOPILOT_ONCE"], Switch "", Is("false"), Top,
        "Poll and decide once, then end.",
        value::switch, |to, yes| to.once = yes);
    LOG_FORMAT: Landing<LogFormat, Values> = land("log_format", Some("--log-format"), ["AUTOPILOT_LOG_FORMAT"], Word "auto|text|json", Is("auto"), Top,
        "Form of the log on standard error; `auto` is text on a terminal and JSON elsewhere.",
        |text| value::word(text, LOG_FORMATS), |to, form| to.log_format = form);
    OTLP_ENDPOINT: Landing<Url, Values> = land("otlp_endpoint", Some("--otlp-endpoint"), ["OTEL_EXPORTER_OTLP_ENDPOINT"], Text "URL", Nothing, Top,
        "Address of an OTLP collector that is sent traces of the polls over HTTP; only in a program built with the feature `otlp`.",
        value::collector, |to, url| to.otlp_endpoint = Some(url));
    OTLP_PROTOCOL: Landing<TraceProtocol, Values> = land("otlp_protocol", Some("--otlp-protocol"), ["OTEL_EXPORTER_OTLP_PROTOCOL"], Word "http/json|http/protobuf", Is("http/json"), Top,
        "Encoding of those traces; gRPC is not spoken.",
        |text| value::word(text, OTLP_PROTOCOLS), |to, protocol| to.otlp_protocol = protocol);
}

settings! { KEEPING_ROWS "Keeping"
    KEEP_INPUTS: Landing<Duration, Values> = land("keep_inputs", Some("--keep-inputs"), ["AUTOPILOT_KEEP_INPUTS"], Duration "DURATION", Is("8d"), Tenant,
        "Recorded inputs, by which decisions are replayed, are kept this long, at least 2d.",
        keeping::inputs, |to, time| to.keeping.inputs = time);
    KEEP_SERIES: Landing<Duration, Values> = land("keep_series", Some("--keep-series"), ["AUTOPILOT_KEEP_SERIES"], Duration "DURATION", Is("8d"), Tenant,
        "The series that plots are drawn from, and counted outcomes with them, are kept this long, at least 1h.",
        keeping::at_least_an_hour, |to, time| to.keeping.series = time);
    MAX_SERIES_MIB: Landing<u64, Values> = land("max_series_mib", Some("--max-series-mib"), ["AUTOPILOT_MAX_SERIES_MIB"], Count "MIB", Is("256"), Tenant,
        "The most that these series take, in MiB, 1 to 1000000; the oldest go first.",
        |text| value::count(text, 1..=1_000_000), |to, many| to.keeping.series_mib = many);
    KEEP_DEAD_LETTERS: Landing<Duration, Values> = land("keep_dead_letters", Some("--keep-dead-letters"), ["AUTOPILOT_KEEP_DEAD_LETTERS"], Duration "DURATION", Is("90d"), Tenant,
        "Messages that were given up are kept this long, at least 1h; that one is forgotten is in the audit.",
        keeping::at_least_an_hour, |to, time| to.keeping.dead_letters = time);
    MAX_MESSAGES: Landing<u64, Values> = land("max_messages", Some("--max-messages"), ["AUTOPILOT_MAX_MESSAGES"], Count "MESSAGES", Is("20000"), Tenant,
        "The most messages that wait, and the most that were given up, 100 to 1000000; the oldest are given up or forgotten first.",
        |text| value::count(text, 100..=1_000_000), |to, many| to.keeping.messages = many);
    SEAL_AUDIT_AFTER: Landing<Option<Duration>, Values> = land("seal_audit_after", Some("--seal-audit-after"), ["AUTOPILOT_SEAL_AUDIT_AFTER"], Text "DURATION|never", Is("never"), Tenant,
        "Rows of the audit are written to files of their own, sealed segments, once they are so old, at least 1d.",
        keeping::seal_audit_after, |to, time| to.keeping.seal_audit_after = time);
    AUDIT_SEGMENTS: Landing<String, Values> = land("audit_segments", Some("--audit-segments"), ["AUTOPILOT_AUDIT_SEGMENTS"], Text "DIR", FollowsFrom("segments in the state directory"), Tenant,
        "Directory of the sealed segments; a tenant's are in a directory of its name there.",
        value::text, |to, path| to.keeping.segments = Some(path.into()));
    REMOVE_SEALED_AUDIT: Landing<bool, Values> = land("remove_sealed_audit", Some("--remove-sealed-audit"), ["AUTOPILOT_REMOVE_SEALED_AUDIT"], Switch "", Is("false"), Tenant,
        "Remove sealed rows of the audit from the store, once their files were read and prove them: the files are then the only copy.",
        value::switch, |to, yes| to.keeping.remove_sealed = yes);
    PUBLISH_AUDIT_HEAD: Landing<Option<Duration>, Values> = land("publish_audit_head", Some("--publish-audit-head"), ["AUTOPILOT_PUBLISH_AUDIT_HEAD"], Text "DURATION|never", Is("1h"), Tenant,
        "The last row of the audit and its hash are published this often, in the log, in metrics and as a message.",
        keeping::publish_head_every, |to, time| to.keeping.publish_head_every = time);
    AUDIT_KEY_FILE: Landing<String, Values> = land("audit_key_file", Some("--audit-key-file"), ["AUTOPILOT_AUDIT_KEY_FILE"], Text "FILE", Nothing, Tenant,
        "File with the key that what is published is signed with; `audit key FILE` makes one.",
        value::text, |to, path| to.keeping.audit_key_file = Some(path.into()));
}

/// Every setting, in the order of the help.
pub(super) fn settings() -> impl Iterator<Item = &'static dyn AnySetting> {
    let groups = [
        PLATFORM_ROWS,
        CAMPAIGNS_ROWS,
        RULES_ROWS,
        POLLING_ROWS,
        ASSIGNMENTS_ROWS,
        NOTIFICATIONS_ROWS,
        OPERATING_ROWS,
        KEEPING_ROWS,
        RUNNING_ROWS,
    ];
    groups.into_iter().flatten().copied()
}

/// Every row, in the order of the help.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    settings().map(AnySetting::row)
}

/// The row whose key is written so, in a file or among values in force.
pub(crate) fn row_named(key: &str) -> Option<&'static Row> {
    rows().find(|row| row.key == key)
}

/// Whether a value can come into force in a run: what says how campaigns are steered, and which.
pub(crate) fn acts_at_once(key: &str) -> bool {
    let rule = row_named(key).is_some_and(|row| row.file == InFile::Rule);
    let others = [CAMPAIGN.key, MAX_SAMPLE_AGE.row().key];
    let tables = ["campaign.", "calendar."];
    rule || tables.iter().any(|table| key.starts_with(table)) || others.contains(&key)
}

/// The variable that names the zone in which people are shown times.
pub(crate) fn time_zone_variable() -> &'static str {
    TIME_ZONE.row().variable()
}

/// The keys of what says by what name people are known to the admin API: it comes into force in a run, though it is of the process.
pub(crate) fn identifying() -> [&'static str; 4] {
    [
        NAMED_TOKENS.row().key,
        TRUSTED_PROXY.row.key,
        USER_HEADER.row().key,
        PROXY_ROLE.row().key,
    ]
}

/// Whether a key is one of those.
pub(crate) fn identifies(key: &str) -> bool {
    identifying().contains(&key)
}

/// Whether a value holds for the whole process, also where there are several tenants.
pub(crate) fn is_of_process(key: &str) -> bool {
    let of_process = |row: &Row| {
        let secret = row.kind == Kind::Secret && !row.of_account();
        secret || row.file == InFile::Top || row.key == CONFIG.row().key
    };
    row_named(key).is_some_and(of_process) || key.starts_with("calendar.")
}
