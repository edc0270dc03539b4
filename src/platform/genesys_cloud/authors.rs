//! Whose pause it is: asked of the audit whenever a campaign is off in a version that was not seen before.
//!
//! *An unchanged version* is the same pause, and costs nothing. *A new one* is a question: somebody may have edited the caller's name,
//! or started the campaign and stopped it again. The audit names the client or user behind each change; the last one of what the
//! campaign does tells whose the pause is. Where a change of a pause that is there already is not in the audit yet, the campaign's
//! status counts as not known for [`PATIENCE`]; after that, and without the right, the reading names nobody, and is never ours for
//! that.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::sync::OnceCell;

use crate::domain::{Author, CampaignId, Timestamp};
use crate::platform::http::RateShare;
use crate::platform::port::{FaultKind, PlatformFault};

use super::audit::{AuditRow, Authorship, authorship};
use super::campaign::{Campaign, EntityPage, OFF};
use super::organisation::{Ask, Organisation, decode};
use super::{endpoints, rights};

/// How long a row of the audit may be behind the change that it is of **\[I\]**.
const PATIENCE: Duration = Duration::from_secs(120);

/// How far back the audit goes.
const REACHES_BACK: Duration = Duration::from_secs(14 * 24 * 3_600);

/// After a refusal the audit is not asked for so long: somebody may grant the right.
const ASK_AGAIN: Duration = Duration::from_secs(600);

/// Rows in a page: changes of one campaign within two weeks.
const ROWS: u32 = 100;

/// Asks who brought pauses about.
pub(super) struct Authors {
    organisation: Arc<Organisation>,
    /// The id that we log in with; the platform names it as well.
    client_id: String,
    own_client: OnceCell<String>,
    covered: OnceCell<bool>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    campaigns: BTreeMap<CampaignId, Judged>,
    /// The audit refused to answer, and is not asked before this.
    refused_until: Option<Timestamp>,
}

/// What was seen of one campaign last.
#[derive(Clone)]
enum Judged {
    /// It was not off.
    NotOff,
    /// It is off in a version whose author is settled, known or not.
    Off {
        version: String,
        author: Option<Author>,
    },
    /// It is off in a version of which the audit has no row yet.
    Waiting { since: Timestamp },
}

#[derive(Deserialize)]
struct TokenInfo {
    #[serde(rename = "OAuthClient")]
    client: Option<super::campaign::Reference>,
}

#[derive(Deserialize)]
struct ServiceMapping {
    services: Vec<Service>,
}

#[derive(Deserialize)]
struct Service {
    name: Option<String>,
}

impl Authors {
    pub(super) fn new(organisation: Arc<Organisation>, client_id: String) -> Self {
        Self {
            organisation,
            client_id,
            own_client: OnceCell::new(),
            covered: OnceCell::new(),
            known: Mutex::default(),
        }
    }

    /// Returns who brought about what this reading shows, where that is a pause and the audit tells.
    ///
    /// # Errors
    /// A pause that was there already was changed, and the audit does not show by whom yet.
    pub(super) async fn author(
        &self,
        id: &CampaignId,
        found: &Campaign,
        share: RateShare,
        deadline: Timestamp,
    ) -> Result<Option<Author>, PlatformFault> {
        let version = found.version().filter(|_| found.status() == OFF);
        let Some(version) = version else {
            self.judged(id, Judged::NotOff);
            return Ok(None);
        };
        let before = self.known().campaigns.get(id).cloned();
        if let Some(Judged::Off {
            version: settled,
            author,
        }) = &before
            && *settled == version
        {
            return Ok(author.clone());
        }
        let now = self.organisation.now();
        let told = self.ask(id, found, share, deadline).await;
        let author = match told {
            // Nobody can be asked, so that nothing is shown, whatever was before.
            None => None,
            Some(Authorship::By(author)) => Some(author),
            Some(Authorship::Untold) => match &before {
                // It was edited, and is off for whatever reason it was.
                Some(Judged::Off { author, .. }) => author.clone(),
                Some(Judged::NotOff | Judged::Waiting { .. }) | None => None,
            },
            Some(Authorship::Late) => {
                let since = match &before {
                    Some(Judged::Waiting { since }) => *since,
                    Some(Judged::NotOff | Judged::Off { .. }) | None => now,
                };
                // A pause that has just begun is judged by its time as well; there is nothing to wait for.
                let began = matches!(before, Some(Judged::NotOff));
                let there = self.organisation.platform_now();
                let young = found
                    .changed_at()
                    .is_some_and(|at| there.since(at) < PATIENCE);
                if !began && young && now.since(since) < PATIENCE {
                    self.judged(id, Judged::Waiting { since });
                    return Err(decode(format!(
                        "campaign {id} was changed while it is off, and the audit does not show by whom yet"
                    )));
                }
                None
            }
        };
        self.judged(
            id,
            Judged::Off {
                version,
                author: author.clone(),
            },
        );
        Ok(author)
    }

    fn judged(&self, id: &CampaignId, judged: Judged) {
        self.known().campaigns.insert(id.clone(), judged);
    }

    /// Never held over a request: a campaign that is about to be paused does not wait for the audit of another one.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the audit says; nothing where it cannot be asked, so that nothing would come of waiting.
    async fn ask(
        &self,
        id: &CampaignId,
        found: &Campaign,
        share: RateShare,
        deadline: Timestamp,
    ) -> Option<Authorship> {
        let now = self.organisation.now();
        let refused_until = self.known().refused_until;
        if refused_until.is_some_and(|until| now < until) {
            return None;
        }
        match self.rows(id, share, deadline).await {
            Ok(Some(rows)) => {
                let own = self.own_client(share, deadline).await;
                Some(authorship(&rows, id.as_str(), own, found.changed_at()))
            }
            Ok(None) => None,
            Err(fault) => match fault.kind {
                FaultKind::Forbidden
                | FaultKind::NotFound
                | FaultKind::NotAllowed
                | FaultKind::Refused => {
                    self.known().refused_until = Some(now.plus(ASK_AGAIN));
                    None
                }
                FaultKind::Connect
                | FaultKind::Timeout
                | FaultKind::Unauthorized
                | FaultKind::Conflict
                | FaultKind::RateLimited
                | FaultKind::Server
                | FaultKind::Decode => Some(Authorship::Late),
            },
        }
    }

    /// The rows about a campaign; nothing where the audit does not cover campaigns.
    async fn rows(
        &self,
        id: &CampaignId,
        share: RateShare,
        deadline: Timestamp,
    ) -> Result<Option<Vec<AuditRow>>, PlatformFault> {
        let covered = self
            .covered
            .get_or_try_init(|| self.is_covered(share, deadline));
        if !*covered.await? {
            return Ok(None);
        }
        let now = self.organisation.platform_now();
        // What is known of the platform's clock may be behind it.
        let (from, until) = (now.minus(REACHES_BACK), now.plus(Duration::from_secs(60)));
        let question = json!({
            "interval": format!("{from}/{until}"),
            "serviceName": "Outbound",
            "filters": [{"property": "EntityId", "value": id.as_str()}],
            "sort": [{"name": "Timestamp", "sortOrder": "descending"}],
            "pageNumber": 1,
            "pageSize": ROWS,
        });
        let ask = Ask {
            endpoint: endpoints::AUDITS,
            path: &["audits", "query", "realtime"],
            query: Vec::new(),
            body: Some(question),
            right: rights::AUDITS,
            share: plain(share),
            deadline,
        };
        let page = self.organisation.read(ask, EntityPage::<AuditRow>::parse);
        let page = page.await?;
        // A row that cannot be read may be the one that takes the pause away.
        match page.unreadable.why {
            Some(why) => Err(decode(format!("a row of the audit cannot be read: {why}"))),
            None => Ok(Some(page.rows)),
        }
    }

    async fn is_covered(
        &self,
        share: RateShare,
        deadline: Timestamp,
    ) -> Result<bool, PlatformFault> {
        let ask = Ask {
            endpoint: endpoints::AUDITED_SERVICES,
            path: &["audits", "query", "realtime", "servicemapping"],
            query: Vec::new(),
            body: None,
            right: rights::AUDITS,
            share: plain(share),
            deadline,
        };
        let parse = |body: &[u8]| {
            let mapping: ServiceMapping = serde_json::from_slice(body)
                .map_err(|wrong| format!("the audited services cannot be read: {wrong}"))?;
            let mut names = mapping.services.iter().filter_map(|one| one.name.as_ref());
            Ok(names.any(|name| name.eq_ignore_ascii_case("Outbound")))
        };
        self.organisation.read(ask, parse).await
    }

    /// The id under which rows name us: the platform's own word for it, or the one that we log in with.
    async fn own_client(&self, share: RateShare, deadline: Timestamp) -> &str {
        let look = || async {
            let ask = Ask {
                endpoint: endpoints::TOKEN_CLIENT,
                path: &["tokens", "me"],
                query: Vec::new(),
                body: None,
                right: "",
                share: plain(share),
                deadline,
            };
            let parse = |body: &[u8]| {
                let info: TokenInfo = serde_json::from_slice(body)
                    .map_err(|wrong| format!("the token's client cannot be read: {wrong}"))?;
                let id = info.client.and_then(|client| client.id);
                id.ok_or_else(|| "the token's client has no id".to_owned())
            };
            self.organisation.read(ask, parse).await
        };
        let found = self.own_client.get_or_try_init(look).await;
        found.map_or(self.client_id.as_str(), String::as_str)
    }
}

/// The permit that was taken in advance is for the command and not for a question on the way to it.
fn plain(share: RateShare) -> RateShare {
    match share {
        RateShare::Readings => RateShare::Readings,
        RateShare::Commands | RateShare::CommandsAndNext => RateShare::Commands,
    }
}
