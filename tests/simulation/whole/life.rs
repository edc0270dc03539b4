//! Lives through a schedule.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use campaign_autopilot::cli::{Embedded, Listener, Seams};
use campaign_autopilot::simulator::SimHandle;
use campaign_autopilot::store::{AuditRecord, StoreReader};
use hyper::Method;
use serde_json::{Value, json};
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

use super::crash::Crash;
use super::dialect::{Left, Purpose};
use super::dialling::Dialling;
use super::disk::{Disk, Trouble};
use super::log;
use super::operator::ask;
use super::platform::platform;
use super::receiver::{Mood, Receiver, Taken};
use super::record::{Check, Checked, Life, Look, Mark, OperatorDone, Record};
use super::schedule::{Act, Asked, CAMPAIGNS, Schedule};
use super::script::{Step, script};
use super::secrets;
use super::settings;
use super::time::{START, Time};
use super::wire::{Request, Wire};

/// After a death at a place, the process is back after this at most.
const LONGEST_DOWN: i64 = 20_000;

/// How a life ended.
enum End {
    Dead,
    Killed(i64),
    InOrder(i64),
    Over,
    /// It ended without being asked.
    Itself(String),
}

/// What outlives the lives.
#[derive(Default)]
struct SharedRecords {
    requests: Arc<Mutex<Vec<Request>>>,
    secrets: Arc<Mutex<Vec<String>>>,
    taken: Arc<Mutex<Vec<Taken>>>,
}

pub(crate) struct Run<'a> {
    pub(super) schedule: &'a Schedule,
    pub(super) time: Arc<Time>,
    pub(super) platform: SimHandle,
    pub(super) crash: Arc<Crash>,
    pub(super) trouble: Arc<Mutex<Trouble>>,
    pub(super) mood: Arc<Mutex<Mood>>,
    /// Campaigns whose next command finds that a person was quicker.
    pub(super) quicker: Arc<Mutex<BTreeSet<String>>>,
    pub(super) dialling: Arc<Dialling>,
    pub(super) left: Arc<Mutex<Vec<(i64, String, Left)>>>,
    pub(super) operators: Arc<Mutex<Vec<OperatorDone>>>,
    pub(super) looks: Arc<Mutex<Vec<Look>>>,
    pub(super) directory: &'a Path,
    pub(super) free: Vec<(i64, u32, u32)>,
    pub(super) there: Vec<(i64, String, bool)>,
    pub(super) checks: Vec<Checked>,
    pub(super) marks: Vec<Mark>,
}

/// Lives through `schedule` with the store and the settings in `directory`, which has to be empty.
pub(crate) fn live(schedule: &Schedule, directory: &Path) -> Record {
    let log = Arc::new(Mutex::new(Vec::new()));
    let _told = log::keep(&log, schedule.seed);
    let time = Time::new();
    let platform = platform(schedule, &time);
    let mut run = Run::new(schedule, &time, &platform, directory);
    settings::write(directory, &schedule.setup, None);
    run.standing_marks();
    let mut script = script(schedule);
    let kept = SharedRecords::default();
    kept.secrets.lock().unwrap().extend(settings::secrets());
    let (mut lives, mut broken) = (Vec::new(), Vec::new());
    let mut chance = fastrand::Rng::with_seed(schedule.seed ^ 0x5eed);
    let mut start_at = START;
    loop {
        run.without_daemon(&mut script, start_at);
        if script.is_empty() {
            break;
        }
        time.skip_to(start_at);
        run.crash = Arc::new(Crash::default());
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let from = time.now();
        let (end, until) = runtime.block_on(async {
            time.begin();
            let seams = run.seams(lives.len(), &kept, &mut chance);
            let end = Box::pin(run.with_daemon(&mut script, seams)).await;
            time.end();
            (end, time.now())
        });
        runtime.shutdown_background();
        let (ended, back_at) = match end {
            End::Dead => ("died", until + chance.i64(1_000..LONGEST_DOWN)),
            End::Killed(down) => ("killed", until + down),
            End::InOrder(down) => ("in order", until + down),
            End::Over => ("over", i64::MAX),
            End::Itself(why) => {
                broken.push(why);
                ("by itself", until + LONGEST_DOWN)
            }
        };
        lives.push(Life { from, until, ended });
        if lives.len() > 60 {
            broken.push("it cannot be kept alive".to_owned());
            break;
        }
        if ended == "over" {
            break;
        }
        start_at = back_at;
    }
    let (audit, faults) = proof(directory);
    broken.extend(faults);
    let requests = kept.requests.lock().unwrap().clone();
    let secrets = kept.secrets.lock().unwrap().clone();
    let taken = kept.taken.lock().unwrap().clone();
    let looks = run.looks.lock().unwrap().clone();
    run.marks.extend(requests.iter().filter_map(fault_mark));
    let leaks = secrets::find(
        &secrets,
        directory,
        &log.lock().unwrap(),
        &looks,
        &taken,
        &requests,
        schedule.setup.dialect(),
    );
    Record {
        schedule: schedule.clone(),
        journal: platform.journal(),
        effects: platform.effects(),
        free: run.free,
        there: run.there,
        dialled: run.dialling.all(),
        left: run.left.lock().unwrap().clone(),
        operators: run.operators.lock().unwrap().clone(),
        looks,
        taken,
        lives,
        checks: run.checks,
        marks: run.marks,
        audit,
        broken,
        leaks,
        requests,
    }
}

/// The trouble that a request with a fault is.
fn fault_mark(request: &Request) -> Option<Mark> {
    let name = request.fault?;
    // A token that is forgotten, or a halt, is everybody's.
    let of_all = ["401", "429", "429-no-header"].contains(&name);
    let of_one = !of_all && !matches!(request.purpose, Purpose::Agents | Purpose::Token);
    // The effect may come minutes later.
    let lasts = if name.contains("late") { 240_000 } else { 0 };
    Some(Mark {
        from: request.sent,
        until: request.ended.unwrap_or(request.sent) + lasts,
        name,
        target: request.target.clone().filter(|_| of_one),
    })
}

/// What the store proves, and what is wrong with it.
fn proof(directory: &Path) -> (Vec<AuditRecord>, Vec<String>) {
    let (mut audit, mut broken) = (Vec::new(), Vec::new());
    match StoreReader::open(settings::state_dir(directory)) {
        Ok(reader) => {
            if let Err(wrong) = reader.audit(|row| audit.push(row)) {
                broken.push(format!("the audit's chain: {wrong}"));
            }
            if let Err(wrong) = reader.replay() {
                broken.push(format!("replay: {wrong}"));
            }
        }
        Err(wrong) => broken.push(format!("the store: {wrong}")),
    }
    (audit, broken)
}

impl<'a> Run<'a> {
    fn new(
        schedule: &'a Schedule,
        time: &Arc<Time>,
        platform: &SimHandle,
        directory: &'a Path,
    ) -> Self {
        Self {
            schedule,
            time: Arc::clone(time),
            platform: platform.clone(),
            crash: Arc::new(Crash::default()),
            trouble: Arc::default(),
            mood: Arc::default(),
            quicker: Arc::default(),
            dialling: Arc::default(),
            left: Arc::default(),
            operators: Arc::default(),
            looks: Arc::default(),
            directory,
            // Nobody is free before the first act says so.
            free: vec![(START, 0, 0)],
            there: Vec::new(),
            checks: Vec::new(),
            marks: Vec::new(),
        }
    }

    fn seams(&self, life: usize, kept: &SharedRecords, chance: &mut fastrand::Rng) -> Seams {
        let time = || Arc::clone(&self.time);
        Seams {
            clock: Arc::new(self.time.clock()),
            transport: Arc::new(Wire {
                life,
                dialect: self.schedule.setup.dialect(),
                time: time(),
                platform: self.platform.clone(),
                crash: Arc::clone(&self.crash),
                requests: Arc::clone(&kept.requests),
                secrets: Arc::clone(&kept.secrets),
                quicker: Arc::clone(&self.quicker),
                dialling: Arc::clone(&self.dialling),
                left: Arc::clone(&self.left),
                chance: Mutex::new(chance.fork()),
            }),
            post: Arc::new(Receiver {
                time: time(),
                mood: Arc::clone(&self.mood),
                taken: Arc::clone(&kept.taken),
            }),
            gate: Arc::new(Disk {
                time: time(),
                crash: Arc::clone(&self.crash),
                trouble: Arc::clone(&self.trouble),
            }),
            seed: chance.u64(..),
        }
    }

    /// What happens up to `until` while no daemon lives.
    fn without_daemon(&mut self, script: &mut VecDeque<(i64, Step)>, until: i64) {
        while script.front().is_some_and(|(at, _)| *at < until)
            && let Some((at, step)) = script.pop_front()
        {
            self.time.skip_to(at);
            match step {
                Step::Act(act) => self.outside(&act),
                Step::Heal => self.heal(),
                Step::Free(many) => self.set_free(many, many),
                Step::Check(check) => self.note_check(check, None),
                Step::Look | Step::Release => {}
                Step::End => script.clear(),
            }
        }
    }

    async fn with_daemon(&mut self, script: &mut VecDeque<(i64, Step)>, seams: Seams) -> End {
        let shutdown = CancellationToken::new();
        let arguments = settings::arguments(self.directory);
        let crash = Arc::clone(&self.crash);
        let embedded = tokio::select! {
            biased;
            () = crash.fallen() => return End::Dead,
            started = Embedded::start(arguments, seams, shutdown.clone()) => match started {
                Ok(embedded) => embedded,
                // A disk that takes nothing lets nothing start, and is no fault of the daemon's.
                Err(_) if self.disk_is_full() => return End::Killed(LONGEST_DOWN),
                Err(why) => return End::Itself(format!("it does not start: {why}")),
            },
        };
        let listener = embedded.listener().unwrap();
        let mut daemon = tokio::spawn(embedded.run());
        let mut back = None;
        loop {
            let next = script.front().map_or(i64::MAX, |(at, _)| *at);
            let ended = tokio::select! {
                biased;
                () = crash.fallen() => return End::Dead,
                ended = &mut daemon => Some(ended),
                () = self.time.wait_until(next) => None,
            };
            if let Some(ended) = ended {
                return match (ended, back) {
                    (Err(wrong), _) => End::Itself(format!("it panicked: {wrong}")),
                    (Ok(()), Some(down)) => End::InOrder(down),
                    (Ok(()), None) => End::Itself("it ended unasked".to_owned()),
                };
            }
            let Some((_, step)) = script.pop_front() else {
                continue;
            };
            match step {
                Step::Act(Act::Kill { down_s }) => {
                    self.mark("kill", 1, None);
                    return End::Killed(i64::from(down_s) * 1_000);
                }
                Step::Act(Act::Restart { down_s }) => {
                    self.mark("restart", 30_000, None);
                    shutdown.cancel();
                    back = Some(i64::from(down_s) * 1_000);
                }
                Step::Act(Act::Die { place, after }) => {
                    self.mark(Act::Die { place, after }.name(), 60_000, None);
                    self.crash.arm(place, after);
                }
                Step::Act(Act::Operator { campaign, asked }) => {
                    self.operate(listener.clone(), CAMPAIGNS[campaign].0, asked);
                }
                Step::Act(Act::Reload { pause_below }) => {
                    self.mark("reload", 1_000, None);
                    settings::write(self.directory, &self.schedule.setup, Some(pause_below));
                    tokio::spawn(ask(
                        listener.clone(),
                        Method::POST,
                        "/-/reload?author=op&reason=tried",
                        None,
                    ));
                }
                Step::Act(act) => self.outside(&act),
                Step::Look => self.look(listener.clone()),
                Step::Heal => self.heal(),
                Step::Release => {
                    for (id, _) in CAMPAIGNS.iter().take(self.schedule.setup.campaigns) {
                        self.operate(listener.clone(), id, Asked::Release);
                        self.operate(listener.clone(), id, Asked::RestoreThresholds);
                    }
                }
                Step::Free(many) => self.set_free(many, many),
                Step::Check(check) => {
                    let document = status_document(listener.clone()).await;
                    self.note_check(check, document);
                }
                Step::End => {
                    self.look(listener.clone());
                    // What was looked at is there before the listener ends.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    shutdown.cancel();
                    let patience = Duration::from_secs(60);
                    let ended = tokio::time::timeout(patience, &mut daemon).await;
                    return match ended {
                        Ok(Ok(())) => End::Over,
                        Ok(Err(wrong)) => End::Itself(format!("it panicked: {wrong}")),
                        Err(_) => End::Itself("it does not end".to_owned()),
                    };
                }
            }
        }
    }

    fn disk_is_full(&self) -> bool {
        let trouble = *self.trouble.lock().unwrap();
        let now = self.time.now();
        trouble.full_until.is_some_and(|until| now <= until)
    }

    fn operate(&self, listener: Listener, campaign: &str, asked: Asked) {
        let (method, path, body) = match asked {
            Asked::HoldPaused { for_s } => hold("paused", for_s),
            Asked::HoldRunning { for_s } => hold("running", for_s),
            Asked::HoldAsIs { for_s } => hold("as-is", for_s),
            Asked::Release => (Method::DELETE, "hold?author=op&reason=tried", None),
            Asked::Thresholds { pause_below, for_s } => {
                let body = json!({
                    "pause_below": pause_below.to_string(),
                    "resume_at": (pause_below + 2).to_string(),
                    "for": format!("{for_s}s"),
                    "reason": "tried",
                });
                (Method::PUT, "thresholds", Some(body.to_string()))
            }
            Asked::RestoreThresholds => (Method::DELETE, "thresholds?author=op&reason=tried", None),
        };
        let path = format!("/api/v1/campaigns/{campaign}/{path}");
        let (time, done) = (Arc::clone(&self.time), Arc::clone(&self.operators));
        let campaign = campaign.to_owned();
        tokio::spawn(async move {
            let number = {
                let mut done = done.lock().unwrap();
                done.push(OperatorDone {
                    sent: time.now(),
                    answered: None,
                    campaign,
                    asked,
                });
                done.len() - 1
            };
            if let Some((status, _)) = ask(listener, method, &path, body).await {
                done.lock().unwrap()[number].answered = Some((time.now(), status));
            }
        });
    }

    fn look(&self, listener: Listener) {
        let (time, looks) = (Arc::clone(&self.time), Arc::clone(&self.looks));
        tokio::spawn(async move {
            let at = time.now();
            if let Some(document) = status_document(listener).await {
                looks.lock().unwrap().push(Look { at, document });
            }
        });
    }

    fn note_check(&mut self, check: Check, document: Option<Value>) {
        // What the platform does by itself is done by now.
        self.time.carry_platform();
        self.dialling.look(&self.platform, self.time.now());
        let ids = CAMPAIGNS.iter().take(self.schedule.setup.campaigns);
        let statuses: BTreeMap<String, Option<String>> = ids
            .map(|(id, _)| ((*id).to_owned(), self.platform.campaign_status(id)))
            .collect();
        self.checks.push(Checked {
            check,
            at: self.time.now(),
            statuses,
            document,
        });
    }
}

fn hold(kind: &str, for_s: u32) -> (Method, &'static str, Option<String>) {
    let body = json!({ "kind": kind, "for": format!("{for_s}s"), "reason": "tried" });
    (Method::PUT, "hold", Some(body.to_string()))
}

async fn status_document(listener: Listener) -> Option<Value> {
    let asked = ask(listener, Method::GET, "/api/v1/status", None);
    let (status, body) = tokio::time::timeout(Duration::from_secs(5), asked)
        .await
        .ok()??;
    (status == 200).then(|| serde_json::from_slice(&body).unwrap())
}

/// A directory for one run: in memory where the machine has such a place, since thousands of commits each wait for the disk.
pub(crate) fn directory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if fs::metadata(memory).is_ok_and(|found| found.is_dir())
        && let Ok(found) = tempfile::tempdir_in(memory)
    {
        return found;
    }
    tempfile::tempdir().unwrap()
}
