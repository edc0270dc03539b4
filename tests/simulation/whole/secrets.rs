//! Looks for secrets where none may be.

use std::fs;
use std::path::Path;

use memchr::memmem;

use super::dialect::{Dialect, Purpose};
use super::receiver::Taken;
use super::record::Look;
use super::settings;
use super::wire::Request;

/// Every place where one of `secrets` stands.
pub(crate) fn find(
    secrets: &[String],
    directory: &Path,
    log: &[u8],
    looks: &[Look],
    taken: &[Taken],
    requests: &[Request],
    dialect: Dialect,
) -> Vec<String> {
    let mut places: Vec<(String, Vec<u8>)> = vec![("log".to_owned(), log.to_vec())];
    for entry in fs::read_dir(settings::state_dir(directory))
        .into_iter()
        .flatten()
    {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        places.push((format!("store file {name}"), fs::read(&path).unwrap()));
    }
    let documents = looks.iter().map(|look| look.document.to_string());
    places.push(("status".to_owned(), documents.collect::<String>().into()));
    let bodies = taken.iter().map(|taken| taken.body.as_str());
    places.push(("messages".to_owned(), bodies.collect::<String>().into()));
    // A request for a token is the one place for the secret, or the field for it in each.
    let asked = requests
        .iter()
        .filter(|request| request.purpose != Purpose::Token)
        .flat_map(|request| {
            let body = dialect.without_log_in(&request.body);
            [request.query.as_bytes().to_vec(), body]
        });
    places.push(("requests".to_owned(), asked.flatten().collect()));
    let mut found = Vec::new();
    for (place, bytes) in &places {
        for secret in secrets {
            if let Some(at) = memmem::find(bytes, secret.as_bytes()) {
                let from = at.saturating_sub(120);
                let text = String::from_utf8_lossy(&bytes[from..at]);
                found.push(format!("a secret in the {place}, behind {text:?}"));
                break;
            }
        }
    }
    found
}
