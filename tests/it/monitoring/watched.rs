//! A daemon that exposes everything that it can: with a webhook, a further receiver, an aim, a preview campaign, a queue and a guard.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use campaign_autopilot::simulator::AgentState;

use crate::centre::{CAMPAIGN, Centre, Daemon, Invocation};
use crate::receiver::{Answering, Receiver};

const SETTINGS: &str = r#"
assign_interval = "1s"
abandon_target = "0.5%"

[[preview]]
campaign = "preview-2"
skills = ["sales"]
target_rate = 8.5
zones = ["UTC"]
most = 2

[[queue]]
id = "queue-1"
interval = "1s"

[[guard]]
name = "day"
limit = "3%"
period = "day"
zone = "UTC"

[[receiver]]
name = "slack-ops"
form = "slack"
"#;

const ROSTER: &str = "id,skills,start,end,zone,concurrency\na1,sales,00:00,00:00,UTC,1\n";

/// A centre, a receiver of messages, and what a daemon for them is told.
pub(super) struct Watched {
    pub(super) centre: Centre,
    _receiver: Receiver,
    pub(super) environment: Vec<(&'static str, String)>,
}

impl Watched {
    pub(super) fn new() -> Self {
        let centre = Centre::new();
        let receiver = Receiver::start(Answering::Status(204));
        let file = |name: &str, text: &str| {
            let path = centre.directory.path().join(name);
            fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let platform = &centre.platform;
        platform.put_campaign("preview-2", "RUNNING");
        platform.put_agent("a1", AgentState::Available, &["sales"]);
        platform.set_available(10);
        let environment = vec![
            ("CXONE_BASE_URL", centre.base_url.clone()),
            ("CXONE_CLIENT_ID", "autopilot".to_owned()),
            ("CXONE_CLIENT_SECRET", "autopilot-secret".to_owned()),
            ("CXONE_CAMPAIGN_ID", CAMPAIGN.to_owned()),
            ("AUTOPILOT_CONFIG", file("settings.toml", SETTINGS)),
            ("AUTOPILOT_ROSTER", file("roster.csv", ROSTER)),
            (
                "AUTOPILOT_STATE_DIR",
                centre.state_dir().to_str().unwrap().to_owned(),
            ),
            ("AUTOPILOT_POLL_INTERVAL", "2s".to_owned()),
            ("AUTOPILOT_LISTEN", "127.0.0.1:0".to_owned()),
            ("AUTOPILOT_WEBHOOK_URL", receiver.url()),
            ("AUTOPILOT_RECEIVER_URL_SLACK_OPS", receiver.url()),
            (
                "AUTOPILOT_WEBHOOK_SECRET",
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(),
            ),
        ];
        Self {
            centre,
            _receiver: receiver,
            environment,
        }
    }

    pub(super) fn start(&self) -> Daemon {
        let mut invocation = Invocation::bare();
        for (name, value) in &self.environment {
            invocation.env(name, value);
        }
        invocation.arg("run").start()
    }
}

/// Where it listens.
pub(crate) fn address(daemon: &Daemon) -> String {
    let started = daemon.wait_for_log("started");
    started["listening"].as_str().unwrap().to_owned()
}

/// The body of a GET; `None` when nobody answers, or not with 200. HTTP 1.0, so that it comes in one piece.
pub(crate) fn get(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    (head.split(' ').nth(1)? == "200").then(|| body.to_owned())
}
