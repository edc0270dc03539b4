//! The head of the audit as it is published, and what it proves later.
//!
//! Whoever has the store can write a chain anew from some row on, and it holds. What was published of the head before, in a log or at a
//! receiver that the same person cannot change, shows it.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;
use crate::secrets::{AuditKey, AuditPublicKey, file_text};
use crate::store::{BrokenChain, Chain, StoreReader};

/// The text that is signed: form, tenant, row, hash and time, a line each.
pub(super) fn signed_text(tenant: &str, row: i64, hash: &str, at: Timestamp) -> String {
    format!("audit-head/1\n{tenant}\n{row}\n{hash}\n{at}\n")
}

/// Reads a key from its file.
///
/// # Errors
/// Why it cannot be read; the key is not shown.
pub(super) fn key_of(path: &Path) -> Result<AuditKey, String> {
    let text = file_text(path).map_err(|why| format!("{}: {why}", path.display()))?;
    text.parse()
        .map_err(|why| format!("{}: {why}", path.display()))
}

/// A head that was published, as it is given on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PublishedHead {
    /// Row and hash alone.
    Bare {
        /// The row.
        row: i64,
        /// Its hash.
        hash: String,
    },
    /// A file with the line of the log, or the body of the message.
    File(PathBuf),
}

impl FromStr for PublishedHead {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text.split_once(':').and_then(|(row, hash)| {
            let hash = hash.to_ascii_lowercase();
            let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            Some((row.parse::<i64>().ok()?, hash)).filter(|_| is_hash)
        });
        Ok(match bare {
            Some((row, hash)) => Self::Bare { row, hash },
            None => Self::File(text.into()),
        })
    }
}

/// A public key, or the file that has it.
pub(super) fn public_key(text: &str) -> Result<AuditPublicKey, String> {
    match text.parse() {
        Ok(key) => Ok(key),
        Err(why) if !Path::new(text).exists() => Err(format!("{why}, and no file")),
        Err(_) => {
            let found = file_text(text.as_ref()).map_err(|why| format!("{text}: {why}"))?;
            found.parse().map_err(|why| format!("{text}: {why}"))
        }
    }
}

/// The members of a head in a log line or a message. Either may have others.
#[derive(Deserialize)]
struct HeadForm {
    tenant: Option<String>,
    row: i64,
    hash: String,
    /// Of a log line, whose own time is another.
    head_at: Option<String>,
    /// Of a message.
    timestamp: Option<String>,
    #[serde(alias = "publicKey")]
    public_key: Option<String>,
    signature: Option<String>,
}

/// By what a signature was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SignatureProof {
    /// There is none.
    Unsigned,
    /// By the public key that stands beside it, which anybody can put there.
    ByItsOwnKey,
    /// By the public key that was given.
    ByTheKeyGiven,
}

/// What was proven of a head.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ProvenHead {
    pub(super) row: i64,
    pub(super) hash: String,
    pub(super) published_at: Option<String>,
    pub(super) signature: SignatureProof,
    pub(super) public_key: Option<String>,
}

/// Holds a published head against a chain that holds.
///
/// # Errors
/// When the chain has another row there or none, the head cannot be read, or its signature does not fit.
pub(super) fn prove(
    published: &PublishedHead,
    given: Option<&AuditPublicKey>,
    tenant: Option<&str>,
    (reader, chain, files): (&StoreReader, &Chain, &[PathBuf]),
) -> Result<ProvenHead, BrokenChain> {
    let proven = match published {
        PublishedHead::Bare { row, hash } => ProvenHead {
            row: *row,
            hash: hash.clone(),
            published_at: None,
            signature: SignatureProof::Unsigned,
            public_key: None,
        },
        PublishedHead::File(path) => {
            let wrong = |why: &str| BrokenChain::Head(format!("{}: {why}", path.display()));
            let text = file_text(path).map_err(BrokenChain::Unreadable)?;
            let form: HeadForm = serde_json::from_str(text.trim()).map_err(|_| {
                wrong("it is neither a log line of a head nor the body of its message")
            })?;
            signed(form, given, tenant).map_err(|why| wrong(&why))?
        }
    };
    if given.is_some() && proven.signature == SignatureProof::Unsigned {
        let why = format!("the published head of row {} is not signed", proven.row);
        return Err(BrokenChain::Head(why));
    }
    let row = proven.row;
    let found = reader.hash_of(chain, files, row)?;
    match found {
        Some(found) if found == proven.hash => Ok(proven),
        Some(_) => Err(BrokenChain::Head(format!(
            "row {row} is another one than was published: the chain was written anew from it on, or before"
        ))),
        None => Err(BrokenChain::Head(format!(
            "row {row} was published and is not there: the audit ends at row {}",
            chain.head
        ))),
    }
}

/// Checks the signature of a head.
fn signed(
    form: HeadForm,
    given: Option<&AuditPublicKey>,
    tenant: Option<&str>,
) -> Result<ProvenHead, String> {
    let HeadForm {
        tenant: named,
        row,
        hash,
        head_at,
        timestamp,
        public_key,
        signature,
    } = form;
    let published_at = head_at.or(timestamp);
    let mut proven = ProvenHead {
        row,
        hash,
        published_at,
        signature: SignatureProof::Unsigned,
        public_key,
    };
    let Some(signature) = signature else {
        return Ok(proven);
    };
    let at = proven.published_at.as_deref();
    let at = at.and_then(Timestamp::parse_rfc3339);
    let at = at.ok_or("its time cannot be read")?;
    let tenant = named.as_deref().or(tenant).unwrap_or_default();
    let text = signed_text(tenant, row, &proven.hash, at);
    let own: Option<AuditPublicKey> = proven.public_key.as_deref().map(str::parse).transpose()?;
    let (key, by) = match (given, &own) {
        (Some(given), _) => (given, SignatureProof::ByTheKeyGiven),
        (None, Some(own)) => (own, SignatureProof::ByItsOwnKey),
        (None, None) => return Err("it is signed; give --public-key".to_owned()),
    };
    if !key.verifies(&text, &signature) {
        return Err(format!("its signature is not one of {key}"));
    }
    proven.signature = by;
    Ok(proven)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    #[test]
    fn a_head_is_a_row_with_its_hash_or_a_file() {
        let bare = format!("12:{HASH}").parse();
        let hash = HASH.to_owned();
        assert_eq!(bare, Ok(PublishedHead::Bare { row: 12, hash }));
        let file = "12:abc".parse();
        assert_eq!(file, Ok(PublishedHead::File("12:abc".into())));
    }

    #[test]
    fn a_signature_fits_one_key_row_time_and_tenant() {
        let key: AuditKey = AuditKey::draw().unwrap().parse().unwrap();
        let other: AuditKey = AuditKey::draw().unwrap().parse().unwrap();
        let at = Timestamp::parse_rfc3339("2026-05-15T08:00:00Z").unwrap();
        let form = || HeadForm {
            tenant: None,
            row: 12,
            hash: HASH.to_owned(),
            head_at: Some(at.to_string()),
            timestamp: Some("2026-05-15T08:00:01Z".to_owned()),
            public_key: Some(key.public().to_string()),
            signature: Some(key.sign(&signed_text("us", 12, HASH, at))),
        };
        let by = |form, given: Option<&AuditKey>, tenant| {
            let given = given.map(AuditKey::public);
            signed(form, given.as_ref(), tenant).map(|proven| proven.signature)
        };
        let us = Some("us");
        assert_eq!(by(form(), None, us), Ok(SignatureProof::ByItsOwnKey));
        assert_eq!(
            by(form(), Some(&key), us),
            Ok(SignatureProof::ByTheKeyGiven)
        );
        assert!(by(form(), Some(&other), us).is_err());
        assert!(by(form(), Some(&key), None).is_err(), "of another tenant");
        let later = HeadForm { row: 13, ..form() };
        assert!(by(later, Some(&key), us).is_err());
        let unsigned = HeadForm {
            signature: None,
            ..form()
        };
        assert_eq!(by(unsigned, None, us), Ok(SignatureProof::Unsigned));
    }
}
