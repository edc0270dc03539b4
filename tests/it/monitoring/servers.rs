//! A real Prometheus and a real Alertmanager, for as long as a test runs.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::tools::text_of;
use super::watched::get;
use crate::centre::{free_address, wait_until};

/// Where Debian and others call it by another name.
pub(super) const ALERTMANAGERS: [&str; 2] = ["prometheus-alertmanager", "alertmanager"];

/// A server that ends when it is dropped.
pub(super) struct Server {
    child: Child,
    pub(super) address: String,
}

impl Server {
    fn start(mut command: Command, address: String) -> Self {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, address };
        wait_until(&format!("{command:?} is ready"), || {
            get(&server.address, "/-/ready").is_some()
        });
        server
    }

    /// With the example's routes and inhibition; it tells `receiver` at once instead of after a while.
    pub(super) fn alertmanager(directory: &Path, receiver: &str) -> Self {
        let mut config = text_of("alerts/alertmanager.example.yml");
        for (shipped, here) in [
            ("http://127.0.0.1:9095", receiver),
            ("group_wait: 30s", "group_wait: 1s"),
            ("group_wait: 10s", "group_wait: 1s"),
            ("group_interval: 5m", "group_interval: 1s"),
        ] {
            assert!(config.contains(shipped), "{shipped}");
            config = config.replace(shipped, here);
        }
        let file = directory.join("alertmanager.yml");
        fs::write(&file, config).unwrap();
        let address = free_address();
        let there = |name: &&&str| Command::new(name).arg("--version").output().is_ok();
        let mut command = Command::new(ALERTMANAGERS.iter().find(there).unwrap());
        command
            .arg(format!("--config.file={}", file.display()))
            .arg(format!(
                "--storage.path={}",
                directory.join("alertmanager").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address=");
        Self::start(command, address)
    }

    /// With these rules, scraping these jobs four times a second.
    pub(super) fn prometheus(
        directory: &Path,
        rules: &str,
        alertmanager: &Self,
        jobs: &[(String, String)],
    ) -> Self {
        fs::write(directory.join("rules.yml"), rules).unwrap();
        let mut config = format!(
            "global: {{scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 250ms}}\n\
             rule_files: [rules.yml]\n\
             alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{}']}}]}}]}}\n\
             scrape_configs:\n",
            alertmanager.address
        );
        for (job, target) in jobs {
            writeln!(
                config,
                "  - {{job_name: {job}, static_configs: [{{targets: ['{target}']}}]}}"
            )
            .unwrap();
        }
        let file = directory.join("prometheus.yml");
        fs::write(&file, config).unwrap();
        let address = free_address();
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", file.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                directory.join("prometheus").display()
            ))
            .arg(format!("--web.listen-address={address}"));
        Self::start(command, address)
    }

    /// The series that an expression gives now.
    #[track_caller]
    pub(super) fn query(&self, expr: &str) -> Vec<Value> {
        let encoded: String = form_urlencoded::byte_serialize(expr.as_bytes()).collect();
        let answer = get(&self.address, &format!("/api/v1/query?query={encoded}"));
        let answer = answer.unwrap_or_else(|| panic!("refused: {expr}"));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["status"], "success", "{expr}: {answer}");
        answer["data"]["result"].as_array().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
