//! What holds on every platform, by the real daemon over HTTP: one function a promise, one test of it a platform.

use std::fs;

use campaign_autopilot::platform::dialect::Dialect as Named;
#[cfg(feature = "amazon-connect")]
use campaign_autopilot::simulator::ConnectOperation;
use campaign_autopilot::simulator::{
    AcdOperation, AcdSettings, CloudOperation, CloudSettings, Dialect, DialerOperation, Endpoint,
    Fault, FaultPlan, FaultRule, FaultTiming, SimClock, StopLasts, StopShows,
};
use hyper::StatusCode;

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, Invocation, of_kind, wait_until};

/// Another campaign of the world, where a test needs two.
const OTHER: &str = "campaign-2";

const SECRET: &str = "autopilot-secret";

/// What is logged while the platform is faulty.
const TROUBLE: [&str; 7] = [
    "poll invalid",
    "too long",
    "status not read",
    "could not",
    "outcome was unknown",
    "not to be shown to be ours",
    "nobody can say whose pause",
];

/// A platform as the tests see it.
struct Platform {
    /// Its name in settings.
    name: &'static str,
    /// The simulated one, whose commands take no time.
    simulated: fn() -> Dialect,
    /// Variables beside those of every daemon here; `BASE` stands for the platform's address.
    environment: &'static [(&'static str, &'static str)],
    /// By which operations campaigns are paused and resumed.
    commands: &'static [Endpoint],
    /// Statuses of the world in which a campaign has ended or was never begun.
    ended: &'static [&'static str],
    /// Whether the agents of a queue or skill can be counted by themselves. Without it one listing counts for all, and no
    /// group fails alone.
    counts_queues: bool,
    /// Whether refused log-ins lock the account, so that after three in a row nothing is asked for a quarter of an hour.
    locks_accounts: bool,
}

const CXONE_V2: Platform = Platform {
    name: "cxone-v2",
    simulated: || Dialect::CxoneV2,
    environment: &[],
    commands: &[Endpoint::CampaignPut],
    ended: &["COMPLETED", "STOPPED", "ARCHIVED"],
    counts_queues: false,
    locks_accounts: false,
};

const CXONE_ACD: Platform = Platform {
    name: "cxone-acd",
    simulated: || {
        Dialect::CxoneAcd(Box::new(AcdSettings {
            daily_calls: 0,
            stop: StopShows::UntilLastCall,
            // Nobody has that skill: its dialler takes no agent from the other.
            skills: [(OTHER.to_owned(), "another".to_owned())].into(),
            ..AcdSettings::default()
        }))
    },
    environment: &[(
        "AUTOPILOT_TOKEN_URL",
        "BASE/authentication/v1/token/access-key",
    )],
    commands: &[
        Endpoint::Acd(AcdOperation::StopSkill),
        Endpoint::Acd(AcdOperation::StartSkill),
    ],
    // A skill runs or does not; its end is a pause that is not ours.
    ended: &["PAUSED"],
    counts_queues: true,
    locks_accounts: false,
};

const GENESYS_CLOUD: Platform = Platform {
    name: "genesys-cloud",
    simulated: || {
        Dialect::GenesysCloud(Box::new(CloudSettings {
            stop: StopLasts::NoTime,
            ..CloudSettings::default()
        }))
    },
    environment: &[("AUTOPILOT_TOKEN_URL", "BASE/oauth/token")],
    commands: &[
        Endpoint::Cloud(CloudOperation::StopCampaign),
        Endpoint::Cloud(CloudOperation::StartCampaign),
    ],
    ended: &["COMPLETED", "INVALID", "FORCED_OFF"],
    counts_queues: true,
    locks_accounts: false,
};

const VICIDIAL: Platform = Platform {
    name: "vicidial",
    simulated: || Dialect::Vicidial(Box::default()),
    environment: &[],
    commands: &[Endpoint::Dialer(DialerOperation::UpdateCampaign)],
    // A campaign is active or not; its end is a pause that is not ours.
    ended: &["PAUSED"],
    counts_queues: true,
    locks_accounts: true,
};

#[cfg(feature = "amazon-connect")]
const AMAZON_CONNECT: Platform = Platform {
    name: "amazon-connect",
    simulated: || Dialect::AmazonConnect(Box::default()),
    // The client id and secret of every daemon here are taken for an access key.
    environment: &[
        ("AUTOPILOT_REGION", "eu-west-2"),
        (
            "AUTOPILOT_INSTANCE_ID",
            "aaaaaaaa-0000-4000-8000-000000000000",
        ),
        ("AUTOPILOT_METRICS_URL", "BASE"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ],
    commands: &[
        Endpoint::Connect(ConnectOperation::PauseCampaign),
        Endpoint::Connect(ConnectOperation::ResumeCampaign),
    ],
    ended: &["INITIALIZED", "COMPLETED", "STOPPED", "FAILED"],
    counts_queues: true,
    locks_accounts: false,
};

/// One test of each promise for each platform, and a test that none is forgotten.
macro_rules! on_every_platform {
    ($($(#[$built:meta])? $module:ident: $platform:ident),*; $promises:tt) => {
        $($(#[$built])? mod $module {
            on_every_platform!(@tests $platform $promises);
        })*

        #[test]
        fn no_platform_is_left_out() {
            let told: Vec<&str> = vec![$($(#[$built])? $platform.name),*];
            // One that is not in this build has its promises in the build that has it.
            let built = Named::ALL.into_iter().filter(|one| one.absent().is_none());
            let known: Vec<&str> = built.map(Named::name).collect();
            assert_eq!(told, known);
        }
    };
    (@tests $platform:ident [$($promise:ident)*]) => {
        $(#[test]
        fn $promise() {
            super::$promise(&super::$platform);
        })*
    };
}

on_every_platform! {
    cxone_v2: CXONE_V2, cxone_acd: CXONE_ACD, genesys_cloud: GENESYS_CLOUD, vicidial: VICIDIAL,
    #[cfg(feature = "amazon-connect")] amazon_connect: AMAZON_CONNECT;
    [
        a_shortage_pauses_and_agents_resume
        a_persons_pause_is_kept
        a_pause_of_ours_is_resumed_after_a_crash
        what_has_ended_is_never_commanded
        a_storm_of_faults_makes_no_false_command
        a_lost_reply_is_read_back
        the_rate_limit_is_kept
        one_bad_group_blinds_only_its_campaigns
        secrets_are_nowhere
    ]
}

impl Platform {
    fn centre(&self) -> Centre {
        Centre::with(|settings| {
            // A signature is refused whose clock is another.
            settings.clock = SimClock::starting_at(jiff::Timestamp::now().into(), 1.0);
            settings.dialect = (self.simulated)();
        })
    }

    /// A daemon that manages the one campaign.
    fn daemon(&self, centre: &Centre) -> Invocation {
        let mut daemon = centre.daemon();
        daemon
            .env("AUTOPILOT_PLATFORM", self.name)
            .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
            .env("CXONE_CAMPAIGN_ID", centre.platform.shown_id(CAMPAIGN));
        for (name, value) in self.environment {
            daemon.env(name, value.replace("BASE", &centre.base_url));
        }
        daemon
    }

    fn inject_into_commands(&self, centre: &Centre, fault: &Fault, when: FaultTiming) {
        for endpoint in self.commands {
            centre.platform.inject(FaultRule {
                fault: fault.clone(),
                endpoint: Some(*endpoint),
                when,
            });
        }
    }
}

/// How many polls have ended, valid or not.
fn polls(api: &Api) -> f64 {
    let text = api.get("/metrics").body;
    let of_polls = text
        .lines()
        .filter(|line| line.starts_with("autopilot_polls_total{"));
    of_polls
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

fn wait_for_polls(api: &Api, more: u32) {
    let seen = polls(api);
    wait_until("polls go on", || polls(api) >= seen + f64::from(more));
}

/// What was done to the campaign of the tests, by clients of the platform.
fn line(from: &str, to: &str) -> String {
    format!("{CAMPAIGN}: {from} -> {to}")
}

fn pause_and_resume() -> [String; 2] {
    [line("RUNNING", "PAUSED"), line("PAUSED", "RUNNING")]
}

/// Waits until the daemon knows that it paused the campaign, by a reply or by reading it back.
fn wait_for_our_pause(centre: &Centre, api: &Api) {
    let shown = centre.platform.shown_id(CAMPAIGN);
    wait_until("the daemon shows its pause", || {
        api.campaign(&shown)["paused_by"] == "autopilot"
    });
}

/// Agents go, and the daemon pauses the campaign and knows it.
fn run_short(centre: &Centre, api: &Api) {
    wait_for_polls(api, 3);
    centre.platform.set_available(1);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    wait_for_our_pause(centre, api);
    wait_for_polls(api, 2);
}

/// Agents are back, and the daemon resumes the campaign and knows it.
fn recover(centre: &Centre, api: &Api) {
    centre.platform.set_available(20);
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    let shown = centre.platform.shown_id(CAMPAIGN);
    wait_until("the daemon shows that it runs", || {
        api.campaign(&shown)["state"] == "running"
    });
}

fn a_shortage_pauses_and_agents_resume(platform: &Platform) {
    let centre = platform.centre();
    let daemon = platform.daemon(&centre).start();
    let api = Api::of(&daemon);
    run_short(&centre, &api);
    recover(&centre, &api);
    daemon.stop();
    assert_eq!(centre.commands(), pause_and_resume());
    let audit = centre.audit();
    assert_eq!(of_kind(&audit, "intent").len(), 2, "{audit:#?}");
}

fn a_persons_pause_is_kept(platform: &Platform) {
    let centre = platform.centre();
    let daemon = platform.daemon(&centre).start();
    let api = Api::of(&daemon);
    wait_for_polls(&api, 3);
    assert!(centre.platform.person_sets(CAMPAIGN, "PAUSED"));
    for available in [0, 20] {
        centre.platform.set_available(available);
        wait_for_polls(&api, 8);
    }
    daemon.stop();
    let again = platform.daemon(&centre).start();
    wait_for_polls(&Api::of(&again), 8);
    again.stop();
    assert_eq!(centre.commands(), [""; 0]);
}

fn a_pause_of_ours_is_resumed_after_a_crash(platform: &Platform) {
    let centre = platform.centre();
    let daemon = platform.daemon(&centre).start();
    run_short(&centre, &Api::of(&daemon));
    daemon.kill();
    let again = platform.daemon(&centre).start();
    recover(&centre, &Api::of(&again));
    again.stop();
    assert_eq!(centre.commands(), pause_and_resume());
}

fn what_has_ended_is_never_commanded(platform: &Platform) {
    for status in platform.ended {
        let centre = platform.centre();
        assert!(centre.platform.person_sets(CAMPAIGN, status));
        let daemon = platform
            .daemon(&centre)
            .start()
            .tolerate(&["found paused, not by us"]);
        let api = Api::of(&daemon);
        for available in [0, 20, 0, 20] {
            centre.platform.set_available(available);
            wait_for_polls(&api, 4);
        }
        daemon.stop();
        assert_eq!(centre.commands(), [""; 0], "{} {status}", platform.name);
    }
}

/// Faults of every kind meet a third of all requests: while there are agents nothing is commanded, while there are none
/// nothing is resumed, and when it is over everything goes on.
fn a_storm_of_faults_makes_no_false_command(platform: &Platform) {
    const STORM: &str = "500=0.06,html503=0.05,reset=0.05,truncate=0.05,wrong-json=0.04,garbled-json=0.04,\
                         empty-200=0.04";
    let centre = platform.centre();
    let daemon = platform
        .daemon(&centre)
        .args(&["--request-timeout", "500ms"])
        .start()
        .tolerate(&TROUBLE);
    let api = Api::of(&daemon);
    wait_for_polls(&api, 3);
    let mut rules = FaultPlan::parse(STORM).unwrap();
    // Where accounts are locked, three in a row come by chance, and nothing would be asked any more.
    if !platform.locks_accounts {
        rules.extend(FaultPlan::parse("401=0.03").unwrap());
    }
    for rule in rules {
        centre.platform.inject(rule);
    }
    // Polls alone say too little: during the back-off after a refused log-in they ask nothing.
    let weather = || {
        let met = || centre.platform.faults_injected().values().sum::<u64>();
        let before = met();
        wait_for_polls(&api, 25);
        wait_until("faults are met", || met() >= before + 10);
    };
    weather();
    assert_eq!(centre.commands(), [""; 0]);
    centre.platform.set_available(0);
    weather();
    let resumed = line("PAUSED", "RUNNING");
    assert!(
        !centre.commands().contains(&resumed),
        "{:?}",
        centre.commands()
    );
    centre.platform.clear_faults();
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    wait_for_our_pause(&centre, &api);
    recover(&centre, &api);
    daemon.stop();
    assert_eq!(centre.commands().last(), Some(&resumed));
    centre.audit();
}

fn a_lost_reply_is_read_back(platform: &Platform) {
    let centre = platform.centre();
    platform.inject_into_commands(&centre, &Fault::LostReply, FaultTiming::Next(1));
    let daemon = platform.daemon(&centre).start().tolerate(&TROUBLE);
    let api = Api::of(&daemon);
    run_short(&centre, &api);
    recover(&centre, &api);
    daemon.stop();
    assert!(centre.platform.faults_injected()["lost-reply"] >= 1);
    assert_eq!(centre.commands(), pause_and_resume());
}

/// Requests are counted first and the time is read afterwards, so that a slow machine only widens what is allowed.
fn the_rate_limit_is_kept(platform: &Platform) {
    const PER_SECOND: f64 = 12.0;
    const ENOUGH: u64 = 60;
    let centre = platform.centre();
    let start = centre.platform.now();
    let daemon = platform
        .daemon(&centre)
        .env("AUTOPILOT_REQUESTS_PER_SECOND", PER_SECOND.to_string())
        .start()
        .tolerate(&TROUBLE);
    let made = || centre.platform.request_count(None);
    wait_until("requests go on", || made() >= ENOUGH);
    let made = u32::try_from(made()).unwrap();
    let elapsed = centre.platform.now().since(start).as_secs_f64();
    daemon.stop();
    // A full bucket at the start is a second's worth.
    let allowed = PER_SECOND * (elapsed + 1.0);
    assert!(f64::from(made) <= allowed, "{made} requests in {elapsed} s");
}

fn one_bad_group_blinds_only_its_campaigns(platform: &Platform) {
    let centre = platform.centre();
    centre.platform.put_campaign(OTHER, "RUNNING");
    let [ours, other] = [CAMPAIGN, OTHER].map(|id| centre.platform.shown_id(id));
    let settings = centre.directory.path().join("settings.toml");
    let text = format!(
        "[[campaign]]\nid = \"{ours}\"\n\n[[campaign]]\nid = \"{other}\"\nagents = {{ queue = \"499999\" }}\n"
    );
    fs::write(&settings, text).unwrap();
    let mut daemon = platform.daemon(&centre);
    daemon
        .env_remove("CXONE_CAMPAIGN_ID")
        .env("AUTOPILOT_CONFIG", settings);
    if !platform.counts_queues {
        let refused = daemon.output();
        assert_eq!(refused.code(), 78, "{}", refused.stderr);
        assert!(refused.stderr.contains("agents"), "{}", refused.stderr);
        return;
    }
    let daemon = daemon
        .start()
        .tolerate(&["not counted", "too long", "poll invalid"]);
    let api = Api::of(&daemon);
    run_short(&centre, &api);
    let blind = api.campaign(&other);
    assert!(blind["available"].is_null(), "{blind}");
    assert_eq!(api.campaign(&ours)["available"], 1);
    recover(&centre, &api);
    daemon.stop();
    assert_eq!(centre.commands(), pause_and_resume());
}

/// The platform repeats in its refusals what was sent to it: neither the secret nor a token is kept or shown.
fn secrets_are_nowhere(platform: &Platform) {
    let centre = platform.centre();
    let daemon = platform.daemon(&centre).start().tolerate(&TROUBLE);
    let api = Api::of(&daemon);
    run_short(&centre, &api);
    for (status, share) in [
        (StatusCode::BAD_REQUEST, 0.25),
        (StatusCode::BAD_GATEWAY, 0.5),
    ] {
        centre.platform.inject(FaultRule {
            fault: Fault::SecretsEchoed(status),
            endpoint: None,
            when: FaultTiming::Share(share),
        });
    }
    centre.platform.expire_tokens();
    wait_for_polls(&api, 20);
    // During the back-off after a refused log-in, polls ask nothing.
    for kind in ["secrets-4xx", "secrets-5xx"] {
        wait_until(&format!("{kind} is met"), || {
            let met = centre.platform.faults_injected();
            met.get(kind).is_some_and(|times| *times >= 5)
        });
    }
    let shown = [
        "/",
        "/metrics",
        "/api/v1/status",
        "/api/v1/settings",
        "/api/v1/campaigns",
    ]
    .map(|path| api.get(path).body);
    let log: String = daemon.log().iter().map(ToString::to_string).collect();
    daemon.stop();
    let mut kept = Vec::new();
    for entry in fs::read_dir(centre.state_dir()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            kept.push(String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned());
        }
    }
    assert!(
        kept.iter().any(|text| text.len() > 1_000),
        "nothing is kept"
    );
    for text in shown.iter().chain([&log]).chain(&kept) {
        if let Some(found) = secret_in(text) {
            panic!("{}: {found}", platform.name);
        }
    }
}

/// A secret in this text, with what stands around it.
fn secret_in(text: &str) -> Option<String> {
    let around = |at: usize| {
        let start = text.floor_char_boundary(at.saturating_sub(80));
        let end = text.floor_char_boundary((at + 80).min(text.len()));
        text.get(start..end).unwrap_or_default().to_owned()
    };
    if let Some(at) = text.find(SECRET) {
        return Some(around(at));
    }
    // `autopilot:autopilot-secret` as the header of a log-in has it.
    let basic = "YXV0b3BpbG90OmF1dG9waWxvdC1zZWNyZXQ";
    if let Some(at) = text.find(basic) {
        return Some(around(at));
    }
    let token = text.match_indices("Bearer ").find(|(at, word)| {
        let rest = text.get(at + word.len()..).unwrap_or_default();
        let length = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c))
            .unwrap_or(rest.len());
        length >= 16
    });
    token.map(|(at, _)| around(at))
}
