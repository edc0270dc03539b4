//! What `audit verify` found.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::secrets::AuditPublicKey;
use crate::store::{BrokenChain, Chain, Segment, StoreReader};

use super::audit_head::{ProvenHead, PublishedHead, SignatureProof, prove};
use super::exit::Exit;
use super::form::Form;
use super::output;

/// The version of the form for programs.
const SCHEMA: u32 = 1;

/// What `audit verify` found.
pub(super) struct AuditReport<'a> {
    store: String,
    tenant: Option<&'a str>,
    /// Whether files of sealed rows were given.
    with_files: bool,
    found: Result<Chain, BrokenChain>,
    head: Option<ProvenHead>,
}

/// The form for programs.
#[derive(Serialize)]
struct ReportDocument<'a> {
    schema: u32,
    store: &'a str,
    tenant: Option<&'a str>,
    holds: bool,
    fault: Option<String>,
    rows: Option<u64>,
    removed_rows: Option<u64>,
    /// Whether the removed rows were read in their files as well.
    files_read: bool,
    first_at: Option<&'a str>,
    last_at: Option<&'a str>,
    head: Option<HeadDocument<'a>>,
    segments: &'a [Segment],
    published: Option<&'a ProvenHead>,
}

#[derive(Serialize)]
struct HeadDocument<'a> {
    row: i64,
    hash: &'a str,
}

impl<'a> AuditReport<'a> {
    /// Checks the chain, with the files of sealed rows where they are given, and holds a head that was published against it.
    pub(super) fn of(
        reader: &StoreReader,
        tenant: Option<&'a str>,
        segments: &[PathBuf],
        published: Option<(&PublishedHead, Option<&AuditPublicKey>)>,
    ) -> Self {
        let (found, head) = match check(reader, tenant, segments, published) {
            Ok((chain, head)) => (Ok(chain), head),
            Err(broken) => (Err(broken), None),
        };
        Self {
            store: reader.place(),
            tenant,
            with_files: !segments.is_empty(),
            found,
            head,
        }
    }

    /// Tells it in the form that is asked for.
    pub(super) fn tell(&self, form: Form) -> Exit {
        if form == Form::Json {
            let told = output::json(&self.document());
            if told != Exit::Ok {
                return told;
            }
        } else if let Ok(chain) = &self.found {
            self.tell_people(chain);
        }
        match &self.found {
            Err(broken) => {
                output::talk(format_args!(
                    "campaign-autopilot: {}: {broken}",
                    self.place()
                ));
                Exit::of_chain(broken)
            }
            Ok(chain) if chain.head == 0 => {
                output::talk(format_args!(
                    "campaign-autopilot: {} has no row of the audit: nothing was verified; is it the store that is meant?",
                    self.place()
                ));
                Exit::NoAudit
            }
            Ok(_) => Exit::Ok,
        }
    }

    fn place(&self) -> String {
        match self.tenant {
            Some(tenant) => format!("{} (tenant {tenant})", self.store),
            None => self.store.clone(),
        }
    }

    fn tell_people(&self, chain: &Chain) {
        if chain.head == 0 {
            return;
        }
        output::result(format_args!(
            "the audit holds: {} rows, each follows the one before",
            chain.rows.saturating_add(chain.removed)
        ));
        output::result(format_args!("  store     {}", self.place()));
        if let (Some(first), Some(last)) = (&chain.first_at, &chain.last_at) {
            output::result(format_args!("  from      {first} to {last}"));
        }
        output::result(format_args!("  last row  {}:{}", chain.head, chain.hash));
        if chain.removed > 0 {
            let many = chain
                .segments
                .iter()
                .filter(|segment| segment.removed)
                .count();
            let read = if self.with_files {
                "read in their files"
            } else {
                "not read; give --segments with their files"
            };
            output::result(format_args!(
                "  sealed    {} rows in {many} segments that were removed: {read}",
                chain.removed
            ));
        }
        if let Some(head) = &self.head {
            let signed = match (head.signature, &head.public_key) {
                (SignatureProof::Unsigned, _) => "not signed".to_owned(),
                (SignatureProof::ByItsOwnKey, Some(key)) => {
                    format!("signed by {key}; give --public-key to hold that against yours")
                }
                (SignatureProof::ByItsOwnKey, None) => "signed".to_owned(),
                (SignatureProof::ByTheKeyGiven, _) => "signed by the key that is given".to_owned(),
            };
            let at = head.published_at.as_deref().unwrap_or("at some time");
            output::result(format_args!(
                "  published row {} as it is here, {at}, {signed}",
                head.row
            ));
        }
    }

    fn document(&self) -> ReportDocument<'_> {
        let chain = self.found.as_ref().ok();
        let rows = chain.filter(|chain| chain.head > 0);
        ReportDocument {
            schema: SCHEMA,
            store: &self.store,
            tenant: self.tenant,
            holds: chain.is_some(),
            fault: self.found.as_ref().err().map(ToString::to_string),
            rows: chain.map(|chain| chain.rows),
            removed_rows: chain.map(|chain| chain.removed),
            files_read: self.with_files,
            first_at: chain.and_then(|chain| chain.first_at.as_deref()),
            last_at: chain.and_then(|chain| chain.last_at.as_deref()),
            head: rows.map(|chain| HeadDocument {
                row: chain.head,
                hash: &chain.hash,
            }),
            segments: chain
                .map(|chain| chain.segments.as_slice())
                .unwrap_or_default(),
            published: self.head.as_ref(),
        }
    }
}

/// What a check gives: the chain, and what was proven of a published head.
type Checked = (Chain, Option<ProvenHead>);

fn check(
    reader: &StoreReader,
    tenant: Option<&str>,
    segments: &[PathBuf],
    published: Option<(&PublishedHead, Option<&AuditPublicKey>)>,
) -> Result<Checked, BrokenChain> {
    let files = if segments.is_empty() {
        Vec::new()
    } else {
        files(reader, segments)?
    };
    let chain = if segments.is_empty() {
        reader.chain()?
    } else {
        reader.chain_with_segments(&files)?
    };
    let head = published.map(|(head, key)| prove(head, key, tenant, (reader, &chain, &files)));
    let head = head.transpose()?;
    Ok((chain, head))
}

/// The files that are given, and those of the store's segments in the directories that are given.
fn files(reader: &StoreReader, given: &[PathBuf]) -> Result<Vec<PathBuf>, BrokenChain> {
    let segments = reader.segments();
    let segments = segments.map_err(|fault| BrokenChain::Unreadable(fault.to_string()))?;
    let in_directory = |directory: &Path| -> Vec<PathBuf> {
        let paths = segments.iter().map(|segment| directory.join(&segment.file));
        paths.filter(|path| path.exists()).collect()
    };
    let found = given.iter().flat_map(|path| {
        if path.is_dir() {
            in_directory(path)
        } else {
            vec![path.clone()]
        }
    });
    Ok(found.collect())
}
