//! Further receivers of webhooks, from `[[receiver]]` tables, and every fault in them.
//!
//! Where there are several tenants, a table without `tenant` is for each of them, as a calendar is. What opens a receiver, the secret
//! of its form and an address that is one, is in a file or a variable; nothing here repeats it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use reqwest::Url;
use secrecy::ExposeSecret;

use crate::domain::{CampaignId, CampaignLabels, MessageKind, ReceiverName, Route, meant};
use crate::notify::{
    Form, FormName, PAGERDUTY_ENQUEUE, Receiver, ReceiverUrl, SigningKeys, alerting,
    usually_alerting, with_ends,
};
use crate::secrets::{Place, Secret};
use crate::sockets::is_loopback;

use super::fault::{Origin, Problem};
use super::given::ListedTable;
use super::merge::Layers;
use super::row::Parsed;
use super::secret::{SecretLookup, SecretNames, look_up};
use super::table_keys::{TableKey, receiver as keys};
use super::value;
use super::values::Values;
use super::webhook::source;

/// Each has a task, connections and series of its own.
const MOST: usize = 16;

/// The length that PagerDuty says a routing key has.
const ROUTING_KEY_LENGTH: usize = 32;

/// What opens a receiver: the key of the file that may hold it, how the variable begins that may, and what it is called.
struct Opener {
    file: &'static TableKey,
    variable: &'static str,
    what: &'static str,
}

static URL: Opener = Opener {
    file: &keys::URL_FILE,
    variable: "AUTOPILOT_RECEIVER_URL",
    what: "receiver's address",
};

static SECRET: Opener = Opener {
    file: &keys::SECRET_FILE,
    variable: "AUTOPILOT_RECEIVER_SECRET",
    what: "signing secret",
};

static ROUTING_KEY: Opener = Opener {
    file: &keys::ROUTING_KEY_FILE,
    variable: "AUTOPILOT_RECEIVER_ROUTING_KEY",
    what: "routing key",
};

/// How the variables begin that hold what opens a receiver; the receiver's name in upper case follows.
pub(super) fn variables() -> [&'static str; 3] {
    [&URL, &SECRET, &ROUTING_KEY].map(|opener| opener.variable)
}

impl Opener {
    /// The variable of a receiver.
    fn variable(&self, name: &ReceiverName) -> String {
        format!("{}_{}", self.variable, name.in_variable())
    }

    /// Its own key, which no table has.
    fn key(&self, name: &ReceiverName) -> String {
        let key = self.file.name.trim_end_matches("_file");
        format!("receiver.{name}.{key}")
    }
}

/// What receivers may be told of.
pub(super) struct Known<'a> {
    /// What people call campaigns, and their teams.
    pub(super) labels: &'a BTreeMap<CampaignId, CampaignLabels>,
    /// Preview campaigns.
    pub(super) previews: BTreeSet<CampaignId>,
}

/// Reads every `[[receiver]]` table of a tenant; `base` is the tenant whose events are sent.
pub(super) fn read(
    layers: &mut Layers<'_>,
    values: &Values,
    base: Option<&Url>,
    known: &Known<'_>,
) -> Vec<Receiver> {
    let tables = std::mem::take(&mut layers.file.receivers);
    let mut names: BTreeMap<ReceiverName, Origin> = BTreeMap::new();
    let mut found = Vec::new();
    for table in &tables {
        let mut reader = Reader {
            layers,
            table,
            values,
        };
        let Some(name) = reader.name(&names) else {
            continue;
        };
        names.insert(name.clone(), table.origin.clone());
        found.extend(reader.receiver(&name, base, known));
    }
    if let Some(table) = tables.get(MOST) {
        let problem = Problem::new(
            format!("is beyond the {MOST} that there may be"),
            "let one receiver pass messages on",
        );
        layers.faults.push(&table.origin, "receiver", problem);
    }
    found
}

/// A filter that is wrong, which is told.
struct Refused;

struct Reader<'a, 'l> {
    layers: &'a mut Layers<'l>,
    table: &'a ListedTable,
    values: &'a Values,
}

impl Reader<'_, '_> {
    fn name(&mut self, known: &BTreeMap<ReceiverName, Origin>) -> Option<ReceiverName> {
        const REMEDY: &str = "write such as \"slack-ops\"";
        if self.table.get(&keys::NAME).is_none() {
            self.refuse(&keys::NAME, Problem::new("is missing", REMEDY));
            return None;
        }
        let name = self.key(&keys::NAME, |text| {
            let read = text.trim().parse::<ReceiverName>();
            read.map_err(|wrong| Problem::new(wrong.to_string(), REMEDY))
        })?;
        if let Some(first) = known.get(&name) {
            let wrong = format!("receiver `{name}` has a table already, at {first}");
            self.refuse(&keys::NAME, Problem::new(wrong, "make one table of both"));
            return None;
        }
        Some(name)
    }

    fn receiver(
        &mut self,
        name: &ReceiverName,
        base: Option<&Url>,
        known: &Known<'_>,
    ) -> Option<Receiver> {
        let form = self.form_name();
        let route = self.route(name, form, known);
        // Without a form that holds, nothing can be said of what belongs to one.
        let form = form?;
        let url = self.url(name, form);
        let of_form = self.form(name, form);
        self.note(name);
        let tenant = self.layers.tenant.as_ref();
        Some(Receiver {
            route: route?,
            url: url?,
            form: of_form?,
            source: source(base?),
            tenant: tenant.map(|tenant| tenant.name.clone()),
            timeout: self.values.webhook_timeout,
            give_up_after: self.values.webhook_give_up_after,
        })
    }

    fn form_name(&mut self) -> Option<FormName> {
        if self.table.get(&keys::FORM).is_none() {
            return Some(FormName::Signed);
        }
        self.key(&keys::FORM, |text| {
            let found = FormName::WORDS
                .iter()
                .find(|(word, _)| *word == text.trim());
            found.map(|(_, form)| *form).ok_or_else(|| {
                let words = || FormName::WORDS.iter().map(|(word, _)| *word);
                let remedy = meant(text, words()).map_or_else(
                    || {
                        let words: Vec<String> =
                            words().map(|word| format!("\"{word}\"")).collect();
                        format!("write one of {}", words.join(", "))
                    },
                    |meant| format!("did you mean `{meant}`?"),
                );
                Problem::new("is no form", remedy)
            })
        })
    }

    /// The address: from a variable, a file or, where it is no secret, the table.
    fn url(&mut self, name: &ReceiverName, form: FormName) -> Option<ReceiverUrl> {
        let given = self.table.get(&keys::URL).cloned();
        let in_file = self.table.get(&keys::URL_FILE).is_some();
        let is_secret = match form {
            FormName::Slack | FormName::Teams => true,
            FormName::Signed | FormName::PagerDuty => false,
        };
        let variable = URL.variable(name);
        if is_secret && given.is_some() {
            let wrong = "is a secret in this form, and does not belong into the settings file";
            let remedy = format!("put it into a file that url_file names, or into {variable}");
            self.refuse(&keys::URL, Problem::new(wrong, remedy));
            return None;
        }
        if given.is_some() && in_file {
            let wrong = Problem::new("is given twice", "keep one of url and url_file");
            self.refuse(&keys::URL, wrong);
            return None;
        }
        let full = URL.key(name);
        match self.secret(name, &URL) {
            SecretLookup::Secret(secret, origin) => {
                let read = value::receiver(secret.text().expose_secret());
                let url = read.map_err(|problem| {
                    self.layers.faults.push(&origin, full.clone(), problem);
                });
                let url = ReceiverUrl::kept_in(url.ok()?.expose(), secret);
                self.allowed(url, full, origin)
            }
            SecretLookup::Unreadable => None,
            SecretLookup::Nothing => {
                let Some(given) = given else {
                    if form == FormName::PagerDuty {
                        return PAGERDUTY_ENQUEUE.parse().ok().map(ReceiverUrl::new);
                    }
                    let remedy = if is_secret {
                        format!("name a file that holds it with url_file, or set {variable}")
                    } else {
                        format!("give url, url_file, or {variable}")
                    };
                    self.refuse(&keys::URL, Problem::new("is missing", remedy));
                    return None;
                };
                let url = self.key(&keys::URL, value::receiver)?.expose();
                // What follows a reload takes its place, as that of a file does.
                let secret = Secret::new(url.as_str().to_owned().into(), Place::Given);
                self.allowed(ReceiverUrl::kept_in(url, secret), full, given.origin)
            }
        }
    }

    /// Notes an address, and refuses plain http to other machines.
    fn allowed(&mut self, url: ReceiverUrl, full: String, origin: Origin) -> Option<ReceiverUrl> {
        let exposed = url.expose();
        let open = exposed.scheme() == "http" && !is_loopback(&exposed);
        if open && !self.values.webhook_allow_http {
            let problem = Problem::new(
                "is plain http to another machine",
                "give an https address, or webhook_allow_http if anybody on the way may read the messages",
            );
            self.layers.faults.push(&origin, full, problem);
            return None;
        }
        self.layers.noted.add(full, &url.to_string(), origin);
        Some(url)
    }

    /// The form with its secret; the keys of other forms are refused.
    fn form(&mut self, name: &ReceiverName, form: FormName) -> Option<Form> {
        for (key, of) in [
            (&keys::SECRET_FILE, FormName::Signed),
            (&keys::ROUTING_KEY_FILE, FormName::PagerDuty),
        ] {
            if of != form && self.table.get(key).is_some() {
                let wrong = format!("has no effect: the form is {}", form.word());
                let remedy = format!("leave it out, or give form = \"{}\"", of.word());
                self.refuse(key, Problem::new(wrong, remedy));
            }
        }
        match form {
            FormName::Slack => Some(Form::Slack),
            FormName::Teams => Some(Form::Teams),
            FormName::Signed => {
                const REMEDY: &str = "write whsec_ and the base64 of 24 to 64 random bytes, such as of `openssl rand -base64 32`";
                let (secret, origin) = self.needed(name, &SECRET)?;
                let keys = SigningKeys::new(secret);
                keys.map(Form::Signed)
                    .map_err(|wrong| {
                        let problem = Problem::new(wrong.to_string(), REMEDY);
                        let full = SECRET.key(name);
                        self.layers.faults.push(&origin, full, problem);
                    })
                    .ok()
            }
            FormName::PagerDuty => {
                let (secret, origin) = self.needed(name, &ROUTING_KEY)?;
                if let Some(wrong) = routing_key_fault(secret.text().expose_secret()) {
                    let remedy = "give the integration key of an Events API v2 integration";
                    let full = ROUTING_KEY.key(name);
                    let problem = Problem::new(wrong, remedy);
                    self.layers.faults.push(&origin, full, problem);
                    return None;
                }
                Some(Form::PagerDuty(secret.checked_by(routing_key_fault)))
            }
        }
    }

    /// A secret that the form cannot do without.
    fn needed(&mut self, name: &ReceiverName, opener: &'static Opener) -> Option<(Secret, Origin)> {
        match self.secret(name, opener) {
            SecretLookup::Secret(secret, origin) => {
                let full = opener.key(name);
                self.layers.noted.add(full, "(set)", origin.clone());
                Some((secret, origin))
            }
            SecretLookup::Unreadable => None,
            SecretLookup::Nothing => {
                let (what, variable) = (opener.what, opener.variable(name));
                let remedy = format!("name the file that holds the {what}, or set {variable}");
                self.refuse(opener.file, Problem::new("is missing", remedy));
                None
            }
        }
    }

    fn secret(&mut self, name: &ReceiverName, opener: &'static Opener) -> SecretLookup {
        let variable = opener.variable(name);
        let direct = self.layers.env(&variable);
        let direct = direct.map(|text| (variable.into(), text));
        let path = self.table.get(opener.file).cloned();
        let path = path.map(|given| {
            let path = given.texts.first().map(|text| PathBuf::from(text.trim()));
            (path, given.origin)
        });
        let names = SecretNames {
            key: &opener.key(name),
            file_key: &format!("receiver.{name}.{}", opener.file.name),
            what: opener.what,
            may_have_lines: false,
        };
        look_up(self.layers, &names, direct, path)
    }

    fn route(
        &mut self,
        name: &ReceiverName,
        form: Option<FormName>,
        known: &Known<'_>,
    ) -> Option<Route> {
        let events = self.events(form);
        let campaigns = self.campaigns(known);
        Some(Route {
            receiver: Some(name.clone()),
            events: events.ok()?,
            campaigns: campaigns.ok()?,
        })
    }

    /// The events that are asked for.
    fn events(&mut self, form: Option<FormName>) -> Result<Option<BTreeSet<MessageKind>>, Refused> {
        let pages = form == Some(FormName::PagerDuty);
        let Some(given) = self.table.get(&keys::EVENTS).cloned() else {
            return Ok(pages.then(usually_alerting));
        };
        let mut events = BTreeSet::new();
        let mut holds = true;
        for text in &given.texts {
            match event(text.trim(), pages) {
                Ok(event) => drop(events.insert(event)),
                Err(problem) => {
                    self.refuse(&keys::EVENTS, problem);
                    holds = false;
                }
            }
        }
        if given.texts.is_empty() {
            let remedy = "name some, or leave it out";
            self.refuse(&keys::EVENTS, Problem::new("names no event", remedy));
            return Err(Refused);
        }
        let events = if pages { with_ends(events) } else { events };
        holds.then_some(Some(events)).ok_or(Refused)
    }

    /// The campaigns that are asked for, by their ids and by their teams.
    fn campaigns(&mut self, known: &Known<'_>) -> Result<Option<BTreeSet<CampaignId>>, Refused> {
        let texts = |key: &TableKey| Some(self.table.get(key)?.texts.clone());
        let (campaigns, teams) = (texts(&keys::CAMPAIGNS), texts(&keys::TEAMS));
        if campaigns.is_none() && teams.is_none() {
            return Ok(None);
        }
        let (campaigns, teams) = (campaigns.unwrap_or_default(), teams.unwrap_or_default());
        let everybodys = self.layers.tenant.is_some() && self.table.get(&keys::TENANT).is_none();
        if everybodys && !campaigns.is_empty() {
            let wrong = "does not say whose campaigns they are";
            let problem = Problem::new(wrong, "give `tenant`, with a table for each");
            self.refuse(&keys::CAMPAIGNS, problem);
            return Err(Refused);
        }
        if campaigns.is_empty() && teams.is_empty() {
            let remedy = "name some, or leave it out for every campaign";
            self.refuse(&keys::CAMPAIGNS, Problem::new("names nobody", remedy));
            return Err(Refused);
        }
        let mut wanted = BTreeSet::new();
        let mut holds = true;
        for text in &campaigns {
            match self.campaign(text.trim(), known) {
                Ok(id) => drop(wanted.insert(id)),
                Err(problem) => {
                    self.refuse(&keys::CAMPAIGNS, problem);
                    holds = false;
                }
            }
        }
        for team in teams.iter().map(|team| team.trim()) {
            if !self.layers.file.teams.contains(team) {
                let known = self.layers.file.teams.iter().map(String::as_str);
                let remedy = meant(team, known).map_or_else(
                    || "give `team` in the tables of its campaigns, or take it out".to_owned(),
                    |meant| format!("did you mean `{meant}`?"),
                );
                let wrong = format!("`{}` is no campaign's team", shown(team));
                self.refuse(&keys::TEAMS, Problem::new(wrong, remedy));
                holds = false;
            }
            let labels = known.labels.iter();
            let of_team = labels.filter(|(_, labels)| labels.team.as_deref() == Some(team));
            wanted.extend(of_team.map(|(id, _)| id.clone()));
        }
        holds.then_some(Some(wanted)).ok_or(Refused)
    }

    fn campaign(&self, text: &str, known: &Known<'_>) -> Parsed<CampaignId> {
        let id = text.parse::<CampaignId>().ok();
        let managed = &self.layers.campaigns;
        let is_known = |id: &CampaignId| managed.contains_key(id) || known.previews.contains(id);
        if let Some(id) = id.filter(is_known) {
            return Ok(id);
        }
        let ids = managed.keys().chain(&known.previews);
        let remedy = meant(text, ids.map(CampaignId::as_str)).map_or_else(
            || "give it a [[campaign]] or [[preview]] table, or take it out".to_owned(),
            |meant| format!("did you mean `{meant}`?"),
        );
        let wrong = format!(
            "`{}` is none of the campaigns that are managed",
            shown(text)
        );
        Err(Problem::new(wrong, remedy))
    }

    fn key<T>(&mut self, key: &TableKey, parse: impl Fn(&str) -> Parsed<T>) -> Option<T> {
        self.layers.key("receiver", self.table, key, parse)
    }

    fn refuse(&mut self, key: &TableKey, problem: Problem) {
        self.layers.refuse_key("receiver", self.table, key, problem);
    }

    /// Notes where each value comes from; what opens the receiver is noted where it is read.
    fn note(&mut self, name: &ReceiverName) {
        for key in keys::ALL {
            let opens = [keys::URL.name, keys::TENANT.name].contains(&key.name);
            let Some(given) = self.table.get(key).filter(|_| !opens) else {
                continue;
            };
            let full = if key.name == keys::NAME.name {
                format!("receiver.{name}")
            } else {
                format!("receiver.{name}.{}", key.name)
            };
            let text = given.texts.join(", ");
            self.layers.noted.add(full, &text, given.origin.clone());
        }
    }
}

/// An event by its name.
fn event(text: &str, pages: bool) -> Parsed<MessageKind> {
    let tried = MessageKind::WebhookTest;
    let known = || MessageKind::ALL.into_iter().filter(|kind| *kind != tried);
    let found = known().find(|kind| kind.name() == text);
    match found {
        Some(kind) if pages && !alerting(kind) => {
            let wrong = format!("`{text}` neither begins nor ends an alert");
            let remedy = "take it out, or send it to a receiver of another form";
            Err(Problem::new(wrong, remedy))
        }
        Some(kind) => Ok(kind),
        None if text == tried.name() => {
            let wrong = "`webhook.test` is sent by `webhook test` alone";
            Err(Problem::new(wrong, "take it out"))
        }
        None => {
            let remedy = meant(text, known().map(MessageKind::name)).map_or_else(
                || "docs/reference/events.md names those that there are".to_owned(),
                |meant| format!("did you mean `{meant}`?"),
            );
            Err(Problem::new(
                format!("`{}` is no event", shown(text)),
                remedy,
            ))
        }
    }
}

/// A text that somebody wrote, short enough for a line.
fn shown(text: &str) -> String {
    text.escape_debug().take(60).collect()
}

fn routing_key_fault(text: &str) -> Option<String> {
    let length = text.chars().count();
    if length != ROUTING_KEY_LENGTH {
        return Some(format!(
            "has {length} characters, and not {ROUTING_KEY_LENGTH}"
        ));
    }
    let fits = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (!fits).then(|| "has a character that is neither a letter nor a digit".to_owned())
}
