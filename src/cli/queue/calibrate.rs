//! `queue optimize` and `queue check-utilisation`: figures from what was measured, by two models side by side.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::one_tenant::OneTenantArgs;
use crate::control::queues::QueueRequest;
use crate::domain::queue::{
    Advice, ChangeFault, ChangeSet, ClassicInputs, CounterWindow, DeadBands, ErlangAdvice,
    ExpectedLoad, Experience, Measured, Member, Members, ModelAdvice, OnConflict, QueueCounters,
    QueueModel, ServiceTargets, Setting, WriteForm,
};
use crate::domain::{QueueId, Timestamp};
use crate::given_file::{LONGEST_DATA, read_text};

use super::super::exit::Exit;
use super::super::output;
use super::args::Model;
use super::reconcile::{self, OpenReconciler};
use super::{apply, input};

/// The arguments of `queue optimize`.
pub(super) struct OptimizeArgs {
    pub(super) id: QueueId,
    pub(super) figures: PathBuf,
    pub(super) model: Model,
    pub(super) apply: bool,
    pub(super) as_json: bool,
}

/// The file of figures.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FiguresForm {
    active: f64,
    capacity: f64,
    coverage: Option<f64>,
    agents: Option<u32>,
    #[serde(default)]
    targets: TargetsForm,
    earlier: Option<CountersForm>,
    later: Option<CountersForm>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetsForm {
    service_level: Option<f64>,
    within: Option<String>,
    abandoning: Option<f64>,
    mean_wait: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CountersForm {
    at: String,
    waiting: u64,
    arrived: u64,
    answered: u64,
    abandoned: u64,
    #[serde(default)]
    overflowed: u64,
    waited_s: u64,
    served_s: u64,
}

/// The drain rate in callers a second and the time until the queue is empty, or why it was not measured.
type Drain = Result<(f64, Option<Duration>), String>;

/// The figures of the file, checked.
struct Figures {
    classic: ClassicInputs,
    agents: Option<u32>,
    targets: ServiceTargets,
    window: Result<CounterWindow, String>,
    later_at: Option<Timestamp>,
}

fn figures(path: &Path) -> Result<Figures, Exit> {
    let name = path.display();
    let text = read_text(path, LONGEST_DATA).map_err(|wrong| {
        output::talk(format_args!(
            "campaign-autopilot: {name}: {wrong}; name a file of UTF-8 text that this user can read"
        ));
        Exit::Io
    })?;
    let form: FiguresForm = toml::from_str(&text).map_err(|wrong| {
        let before = text.bytes().take(wrong.span().map_or(0, |span| span.start));
        let line = before
            .filter(|byte| *byte == b'\n')
            .count()
            .saturating_add(1);
        let said = wrong.message().replace('\n', " ");
        input::refuse(&[format!(
            "{name}:{line}: {said}; write it as the page on queues does"
        )])
    })?;
    let mut faults = Vec::new();
    let classic = ClassicInputs {
        active: form.active,
        capacity: form.capacity,
        coverage: form.coverage,
    };
    faults.extend(classic.faults());
    if form.agents == Some(0) {
        faults.push(ChangeFault::new("agents", "is 0", "give 1 or more"));
    }
    let targets = targets(&form.targets, &mut faults);
    let mut counters = |key: &str, form: Option<CountersForm>| {
        let form = form?;
        let Some(at) = Timestamp::parse_rfc3339(&form.at) else {
            let wrong = format!("`{}` is not a date and time with an offset", form.at);
            let remedy = "write such as \"2024-05-15T08:00:00Z\"";
            faults.push(ChangeFault::new(format!("{key}.at"), wrong, remedy));
            return None;
        };
        Some(QueueCounters {
            at,
            waiting: form.waiting,
            arrived: form.arrived,
            answered: form.answered,
            abandoned: form.abandoned,
            overflowed: form.overflowed,
            waited_s: form.waited_s,
            served_s: form.served_s,
        })
    };
    let (earlier, later) = (
        counters("earlier", form.earlier),
        counters("later", form.later),
    );
    if !faults.is_empty() {
        let faults: Vec<String> = faults
            .iter()
            .map(|fault| format!("{name}: {fault}"))
            .collect();
        return Err(input::refuse(&faults));
    }
    let window = match (earlier, later) {
        (Some(earlier), Some(later)) => CounterWindow::between(&earlier, &later).ok_or_else(|| {
            "not measured: the later reading is not later, or a counter fell".to_owned()
        }),
        _ => Err("not measured: it takes an earlier and a later reading".to_owned()),
    };
    Ok(Figures {
        classic,
        agents: form.agents,
        targets,
        window,
        later_at: later.map(|later| later.at),
    })
}

fn targets(form: &TargetsForm, faults: &mut Vec<ChangeFault>) -> ServiceTargets {
    let mut targets = ServiceTargets::default();
    for (key, given, target) in [
        (
            "targets.service_level",
            form.service_level,
            &mut targets.service_level,
        ),
        (
            "targets.abandoning",
            form.abandoning,
            &mut targets.abandoning,
        ),
    ] {
        match given {
            Some(share) if share > 0.0 && share < 1.0 => *target = share,
            Some(share) => faults.push(ChangeFault::new(
                key,
                format!("is {share}"),
                "give a share between 0 and 1, such as 0.8",
            )),
            None => {}
        }
    }
    let mut time = |key: &str, given: Option<&String>| {
        let text = given?;
        match duration(text) {
            Ok(time) => Some(time),
            Err(wrong) => {
                faults.push(ChangeFault::new(key, wrong, "write such as \"20s\""));
                None
            }
        }
    };
    if let Some(within) = time("targets.within", form.within.as_ref()) {
        targets.within = within;
    }
    let mean = time("targets.mean_wait", form.mean_wait.as_ref());
    targets.mean_wait_s = mean.map(|mean| mean.as_secs_f64());
    targets
}

fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text.trim())
        .map_err(|wrong| format!("`{text}` is not a duration: {wrong}"))
}

fn compute(figures: &Figures, current: &Members) -> ModelAdvice {
    let agents = figures.agents;
    let measured = Measured {
        classic: Ok(figures.classic),
        window: figures.window.clone(),
        agents: agents
            .ok_or_else(|| "no agents are given; add agents = N to the figures".to_owned()),
    };
    ModelAdvice::compute(&measured, &figures.targets, current)
}

fn drain(figures: &Figures) -> Drain {
    let window = figures.window.clone()?;
    Ok((window.drain_per_s(), window.time_to_drain()))
}

/// Computes figures, prints them, and writes them if asked to.
pub(super) async fn optimize(asked: OptimizeArgs, args: &OneTenantArgs) -> Exit {
    match try_optimize(&asked, args).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn try_optimize(asked: &OptimizeArgs, args: &OneTenantArgs) -> Result<Exit, Exit> {
    let figures = figures(&asked.figures)?;
    let settings = reconcile::settings(args)?;
    let writes = asked.apply && !settings.dry_run;
    let OpenReconciler {
        mut reconciler,
        clock,
        ..
    } = reconcile::reconciler(&settings, writes)?;
    let mut request = QueueRequest {
        queue: asked.id.clone(),
        change: ChangeSet::default(),
        base: None,
        form: WriteForm::Whole,
        on_conflict: OnConflict::Keep,
        by: None,
    };
    let read = reconciler.prepare(&request).await;
    let reading = read.map_err(|fault| reconcile::fail(&fault))?.reading;
    let computed = compute(&figures, &reading.members);
    let drain = drain(&figures);
    let chosen = computed.advice(asked.model.into());
    let bands = DeadBands::default();
    let change = chosen.map(|advice| advice.change(&reading.members, &bands));
    if asked.as_json {
        output::result(as_json(asked, &computed, &drain, change.as_ref().ok()));
    } else {
        print(&asked.id, &reading.members, &computed, &drain, &figures);
        if let Ok((_, held)) = &change {
            for held in held {
                output::result(format_args!("held    {held}"));
            }
        }
    }
    let (change, _) = match change {
        Ok(change) => change,
        Err(wrong) => {
            let model = QueueModel::from(asked.model).label();
            return Err(input::refuse(&[format!("{model}: {wrong}")]));
        }
    };
    if let (true, Ok((rate, _)), Some(at)) = (writes, &drain, figures.later_at) {
        let told = reconciler.report_drain(&asked.id, *rate, clock.now().since(at));
        told.await.map_err(|fault| {
            output::talk(format_args!("campaign-autopilot: the drain rate: {fault}"));
            Exit::Io
        })?;
    }
    if change.is_empty() {
        if !asked.as_json {
            output::result("nothing to write: the queue has these figures, or is close to them");
        }
        return Ok(Exit::Ok);
    }
    request.change = change;
    request.base = Some(reading.members);
    if writes {
        apply::write_with(&mut reconciler, request, asked.as_json).await
    } else {
        apply::preview(&reconciler, &request, asked.as_json).await
    }
}

fn experience(met: Option<&Experience>) -> String {
    match met {
        None => "the queue would grow for ever".to_owned(),
        Some(met) => format!(
            "{} agents: {:.1}% wait, {:.1}% give up, mean wait {:.1} s, service level {:.1}%, occupancy {:.1}%",
            met.agents,
            met.waiting * 100.0,
            met.abandoning * 100.0,
            met.mean_wait_s,
            met.service_level * 100.0,
            met.occupancy * 100.0
        ),
    }
}

fn print(
    queue: &QueueId,
    current: &Members,
    computed: &ModelAdvice,
    drain: &Drain,
    figures: &Figures,
) {
    let shown = |figure: Option<String>| figure.unwrap_or_else(|| "-".to_owned());
    let seconds = |s: Option<u32>| {
        shown(s.map(|s| humantime::format_duration(Duration::from_secs(u64::from(s))).to_string()))
    };
    let erlang = computed.erlang.as_ref().ok().map(|erlang| &erlang.advice);
    let by_document = computed.classic.as_ref().ok();
    let level = |advice: &Advice| {
        let (percent, within) = advice.service_level?;
        Some(format!("{percent}% within {}", seconds(Some(within))))
    };
    let rows = [
        (
            Member::MaxWait,
            seconds(by_document.and_then(|advice| advice.max_wait_s)),
            seconds(erlang.and_then(|advice| advice.max_wait_s)),
        ),
        (
            Member::MaxWaiters,
            shown(
                by_document
                    .and_then(|advice| advice.max_waiters)
                    .map(|many| many.to_string()),
            ),
            shown(
                erlang
                    .and_then(|advice| advice.max_waiters)
                    .map(|many| many.to_string()),
            ),
        ),
        (
            Member::ServiceLevel,
            shown(by_document.and_then(level)),
            "stays as it is".to_owned(),
        ),
    ];
    output::result(format_args!(
        "{:<15}  {:<20}  {:<20}  {}",
        queue.as_str(),
        "now",
        "classic",
        "erlang_a"
    ));
    for (member, classic, erlang) in rows {
        let now = shown(current.get(&member).map(ToString::to_string));
        output::result(format_args!(
            "{:<15}  {now:<20}  {classic:<20}  {erlang}",
            member.key()
        ));
    }
    match &computed.erlang {
        Ok(ErlangAdvice {
            as_it_is, staffed, ..
        }) => {
            output::result(format_args!("as it is  {}", experience(as_it_is.as_ref())));
            match staffed {
                Some(staffed) => {
                    output::result(format_args!("targets   {}", experience(Some(staffed))));
                }
                None => output::result("targets   no number of agents meets them"),
            }
        }
        Err(wrong) => output::result(format_args!("erlang_a  {wrong}")),
    }
    match drain {
        Ok((rate, empty)) => {
            let rate = *rate;
            let empty = empty.map_or("does not empty".to_owned(), |time| {
                format!("empty in {:.0} s", time.as_secs_f64())
            });
            output::result(format_args!(
                "drain     {rate:.3} callers a second, {empty}"
            ));
        }
        Err(wrong) => output::result(format_args!("drain     {wrong}")),
    }
    output::result(format_args!(
        "utilisation {:.2} of {} in use",
        figures.classic.utilisation(),
        figures.classic.capacity
    ));
    for clamp in by_document.iter().flat_map(|advice| &advice.clamps) {
        output::result(format_args!("clamp   classic: {clamp}"));
    }
    for clamp in erlang.iter().flat_map(|advice| &advice.clamps) {
        output::result(format_args!("clamp   erlang_a: {clamp}"));
    }
}

fn as_json(
    asked: &OptimizeArgs,
    computed: &ModelAdvice,
    drain: &Drain,
    change: Option<&(ChangeSet, Vec<String>)>,
) -> Value {
    let told = |wrong: &String| json!({"refused": wrong});
    json!({
        "schema": "queue-optimize/1",
        "queue": asked.id,
        "classic": match &computed.classic {
            Ok(classic) => json!(classic),
            Err(wrong) => told(wrong),
        },
        "erlang_a": match &computed.erlang {
            Ok(erlang) => json!(erlang),
            Err(wrong) => told(wrong),
        },
        "drain": match drain {
            Ok((rate, empty)) => {
                json!({"callers_per_s": rate, "empty_in_s": empty.map(|empty| empty.as_secs_f64())})
            }
            Err(wrong) => told(wrong),
        },
        "change": change.map(|(change, _)| change),
        "held": change.map(|(_, held)| held),
    })
}

/// Compares a load with the agents.
pub(super) fn check_utilisation(
    agents: i64,
    concurrent: i64,
    handle_time: &str,
    wrap_up: &str,
    as_json: bool,
) -> Exit {
    let mut change = ChangeSet::default();
    let mut faults = Vec::new();
    let load = json!({"agents": agents, "concurrent": concurrent, "handle_time": handle_time});
    for (key, value) in [("load", load), ("wrap_up", json!(wrap_up))] {
        if let Err(fault) = change.take(key, &value) {
            faults.push(fault.to_string());
        }
    }
    let (Some(load), Some(Setting::Time(wrap_up))) =
        (change.load, change.members.get(&Member::WrapUp))
    else {
        return input::refuse(&faults);
    };
    tell_utilisation(load, *wrap_up, as_json)
}

fn tell_utilisation(load: ExpectedLoad, wrap_up: Duration, as_json: bool) -> Exit {
    let told = |fault: &ChangeFault| fault.to_string();
    let utilisation = match load.utilisation(wrap_up) {
        Ok(utilisation) => utilisation,
        Err(faults) => return input::refuse(&faults.iter().map(told).collect::<Vec<_>>()),
    };
    let faults = utilisation.faults();
    if as_json {
        output::result(
            json!({"schema": "queue-utilisation/1", "utilisation": utilisation, "faults": faults}),
        );
    } else {
        output::result(utilisation);
        output::result(format_args!(
            "{:.1} calls an hour expected, {:.1} can be served",
            utilisation.hourly_volume, utilisation.hourly_capacity
        ));
        for fault in &faults {
            output::result(format_args!("REFUSED  {fault}"));
        }
    }
    if faults.is_empty() {
        Exit::Ok
    } else {
        Exit::Data
    }
}
