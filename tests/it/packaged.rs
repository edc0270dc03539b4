//! What is packaged fits the program: the unit's own commands start, reload and end it, and copies are copies.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::centre::{Centre, Invocation, PATIENCE, PROGRAM, write_secret};
use crate::supervised::Manager;

fn packaging() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()))
}

/// The settings as they become when somebody takes the `#` away from its keys and tables.
fn filled_in(settings: &str) -> String {
    let lines = settings.lines().map(|line| match line.strip_prefix('#') {
        Some(said) if !said.starts_with(' ') => said,
        _ => line,
    });
    lines.collect::<Vec<&str>>().join("\n")
}

/// The unit as systemd would carry it out, with other directories.
struct Unit {
    keys: BTreeMap<String, Vec<String>>,
    directory: PathBuf,
    credentials: PathBuf,
}

impl Unit {
    /// The unit and its drop-ins, installed below `directory` with the example settings for this platform.
    fn installed(centre: &Centre) -> Self {
        let systemd = packaging().join("systemd");
        let directory = centre.directory.path().join("etc");
        let credentials = centre.directory.path().join("credentials");
        fs::create_dir(&directory).unwrap();
        fs::create_dir(&credentials).unwrap();
        let settings = filled_in(&read(systemd.join("autopilot.toml")));
        let tenant = "https://TENANT.example.com";
        assert!(settings.contains(tenant));
        let settings = settings.replace(tenant, &centre.base_url);
        fs::write(directory.join("autopilot.toml"), settings).unwrap();
        let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for file in [
            "campaign-autopilot.service",
            "campaign-autopilot.service.d/admin-token.conf",
        ] {
            for line in read(systemd.join(file)).lines() {
                if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#'))
                {
                    keys.entry(key.to_owned())
                        .or_default()
                        .push(value.to_owned());
                }
            }
        }
        let unit = Self {
            keys,
            directory,
            credentials,
        };
        for loaded in unit.all("LoadCredential") {
            let (name, source) = loaded.split_once(':').unwrap();
            assert_eq!(source, format!("/etc/campaign-autopilot/{name}"));
            let secret = match name {
                "client-secret" => "autopilot-secret",
                _ => "0123456789abcdef0123456789abcdef",
            };
            write_secret(&unit.credentials.join(name), secret);
        }
        unit
    }

    fn all(&self, key: &str) -> &[String] {
        self.keys.get(key).map_or(&[], Vec::as_slice)
    }

    /// One command of the unit with its environment.
    fn command(&self, line: &str, centre: &Centre) -> Invocation {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(words[0], "/usr/bin/campaign-autopilot");
        let mut command = Invocation::bare();
        command.args(&words[1..]);
        for variable in self.all("Environment") {
            let (name, value) = variable.split_once('=').unwrap();
            let value = value
                .replace("%d", self.credentials.to_str().unwrap())
                .replace("/etc/campaign-autopilot", self.directory.to_str().unwrap());
            command.env(name, value);
        }
        assert_eq!(self.all("StateDirectory"), ["campaign-autopilot"]);
        command
            .env("STATE_DIRECTORY", centre.state_dir())
            // Of this test: another port might be taken, and half a minute is long.
            .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
            .env("AUTOPILOT_POLL_INTERVAL", "1s");
        command
    }
}

#[test]
fn the_units_commands_check_start_reload_and_end_the_daemon() {
    let centre = Centre::new();
    for campaign in ["cmp-884291", "cmp-771034"] {
        centre.platform.put_campaign(campaign, "RUNNING");
    }
    let unit = Unit::installed(&centre);
    let manager = Manager::of(&centre);
    assert_eq!(unit.all("Type"), ["notify"]);
    let watchdog = humantime::parse_duration(&unit.all("WatchdogSec")[0]).unwrap();
    let [start] = unit.all("ExecStart") else {
        panic!("one command starts it");
    };
    let mut daemon = unit
        .command(start, &centre)
        .env("NOTIFY_SOCKET", manager.path())
        .env("WATCHDOG_USEC", watchdog.as_micros().to_string())
        .start();
    assert_eq!(manager.within(PATIENCE).as_deref(), Some("READY=1\n"));
    manager.wait_for("WATCHDOG=1");
    // The simulated agents have not the skills of the first one, which is paused in time.
    manager.wait_for("STATUS=2 campaigns: 1 running, 1 paused by the autopilot");
    let [signal] = unit.all("ExecReload") else {
        panic!("a signal, and nothing that would have to read the secrets");
    };
    assert_eq!(signal, "/bin/kill -HUP $MAINPID");
    daemon.signal("HUP");
    manager.wait_for("RELOADING=1");
    manager.wait_for("READY=1");
    daemon.signal("TERM");
    manager.wait_for("STOPPING=1");
    assert_eq!(daemon.end().code(), Some(0));
    assert!(centre.state_dir().join("autopilot.sqlite3").exists());
}

#[test]
fn the_unit_does_not_start_again_what_a_person_has_to_mend() {
    let centre = Centre::new();
    let unit = Unit::installed(&centre);
    let prevented: Vec<i32> = unit.all("RestartPreventExitStatus")[0]
        .split(' ')
        .map(|code| code.parse().unwrap())
        .collect();
    let settings = unit.directory.join("autopilot.toml");
    fs::write(settings, "pause_below = 9\nresume_at = 3\n").unwrap();
    let refused = unit.command(&unit.all("ExecStart")[0], &centre).output();
    assert!(prevented.contains(&refused.code()), "{}", refused.stderr);
    // `RestartPreventExitStatus` is about the main process: one before it would be tried again.
    assert!(unit.all("ExecStartPre").is_empty());
    let wrong_usage = Invocation::bare().args(&["run", "--no-such-flag"]).output();
    assert!(prevented.contains(&wrong_usage.code()));
    // What is finished at the end fits into the time that systemd gives.
    let longest = humantime::parse_duration(&unit.all("TimeoutStopSec")[0]).unwrap();
    let four_requests_and_farewell = Duration::from_secs(4 * 10 + 5);
    assert!(longest > four_requests_and_farewell);
}

/// As a package installs it: settings of comments alone, and an empty secret.
#[test]
fn the_unit_does_not_start_with_placeholders_and_says_what_to_fill_in() {
    let centre = Centre::new();
    let unit = Unit::installed(&centre);
    let shipped = read(packaging().join("systemd/autopilot.toml"));
    fs::write(unit.directory.join("autopilot.toml"), shipped).unwrap();
    write_secret(&unit.credentials.join("client-secret"), "");
    let refused = unit.command(&unit.all("ExecStart")[0], &centre).output();
    assert_eq!(refused.code(), 78, "{}", refused.stderr);
    for fault in [
        "base_url: is missing",
        "client_id: is missing",
        "client_secret_file: names an empty file",
        "campaign: is missing",
    ] {
        assert!(
            refused.stderr.contains(fault),
            "{fault}: {}",
            refused.stderr
        );
    }
}

#[test]
fn the_chart_has_the_same_alerts_dashboards_and_version() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let chart = packaging().join("helm/campaign-autopilot");
    let files = |folder: PathBuf| -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(&folder).unwrap().map(Result::unwrap);
        entries
            .map(|entry| {
                let name = entry.file_name().to_str().unwrap().to_owned();
                (name, fs::read(entry.path()).unwrap())
            })
            .collect()
    };
    let originals = files(root.join("grafana/dashboards"));
    assert!(
        files(chart.join("files/dashboards")) == originals,
        "copy them: cp grafana/dashboards/* packaging/helm/campaign-autopilot/files/dashboards/"
    );
    assert!(
        read(chart.join("files/autopilot.rules.yml"))
            == read(root.join("alerts/autopilot.rules.yml")),
        "copy it: cp alerts/autopilot.rules.yml packaging/helm/campaign-autopilot/files/"
    );
    let description = read(chart.join("Chart.yaml"));
    let version = env!("CARGO_PKG_VERSION");
    assert!(description.contains(&format!("\nversion: {version}\n")));
    assert!(description.contains(&format!("\nappVersion: \"{version}\"\n")));
}

#[test]
fn the_image_is_what_the_chart_and_the_program_expect() {
    let image = read(packaging().join("docker/Dockerfile"));
    let deployment = read(packaging().join("helm/campaign-autopilot/templates/deployment.yaml"));
    assert!(image.contains("USER 65532:65532") && deployment.contains("runAsUser: 65532"));
    for (variable, value) in [
        ("AUTOPILOT_STATE_DIR", "/var/lib/campaign-autopilot"),
        ("AUTOPILOT_LISTEN", "0.0.0.0:9464"),
    ] {
        assert!(image.contains(&format!("{variable}={value}")), "{variable}");
        let here = deployment.split(variable).nth(1).unwrap();
        assert!(here.lines().nth(1).unwrap().contains(value), "{variable}");
    }
    // What the program is made of is given to the build.
    let given = read(packaging().join("docker/Dockerfile.dockerignore"));
    for part in ["build.rs", "src", "alerts", "docs"] {
        assert!(given.contains(&format!("!{part}\n")), "{part}");
    }
    // The commands that the image runs are there.
    for command in ["healthcheck", "run"] {
        assert!(image.contains(&format!("\"{command}\"")));
        let help = Invocation::bare().args(&[command, "--help"]).output();
        assert_eq!(help.code(), 0);
    }
    assert!(Path::new(PROGRAM).ends_with("campaign-autopilot"));
}
