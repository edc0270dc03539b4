//! Changes the file of named tokens as a whole: whoever reads it meanwhile has the old one or the new one.
//!
//! What people wrote beside the tokens stays as it is. The new file is written beside the old one and put in its place; it belongs to whom the
//! old one belongs to, since an administrator's change must not keep the daemon from reading it. That it is made anew each time keeps two
//! commands at once from losing a token: the second one finds the first one's file.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use crate::identity::{NamedToken, NamedTokens};
use crate::secrets::file_text;

/// Nobody but the owner reads a file that is made.
const MODE: u32 = 0o600;

/// The bits of a mode that say who may do what.
const PERMISSIONS: u32 = 0o7777;

const HEADING: &str = "# Named tokens of campaign-autopilot: name, role (view, operate, admin) and hash of the secret, a line each.\n\
# `campaign-autopilot token add` and `token remove` change this file.\n";

/// Reads the tokens with the text that they stand in; nothing where there is no file.
pub(super) fn read(path: &Path) -> Result<(String, NamedTokens), String> {
    match fs::metadata(path) {
        Err(wrong) if wrong.kind() == ErrorKind::NotFound => {
            return Ok((HEADING.to_owned(), NamedTokens::default()));
        }
        Err(_) | Ok(_) => {}
    }
    let named = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let text = file_text(path).map_err(|why| named(&why))?;
    let tokens = NamedTokens::parse(&text);
    let tokens = tokens.map_err(|faults| named(&faults.join("\n  ")))?;
    Ok((text, tokens))
}

/// The text with this token in place of the one of its name, or behind all others.
pub(super) fn with(text: &str, token: &NamedToken) -> String {
    let NamedToken { name, role, hash } = token;
    let line = format!("{name} {role} {hash}");
    let mut found = false;
    let mut lines: Vec<&str> = Vec::new();
    for known in text.lines() {
        let is_it = names(known, name);
        found |= is_it;
        lines.push(if is_it { &line } else { known });
    }
    if !found {
        lines.push(&line);
    }
    lines.join("\n") + "\n"
}

/// The text without the token of this name.
pub(super) fn without(text: &str, name: &str) -> String {
    let kept = text.lines().filter(|line| !names(line, name));
    kept.flat_map(|line| [line, "\n"]).collect()
}

fn names(line: &str, name: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}');
    line.split_whitespace().next() == Some(name)
}

/// Puts a text in place of the file.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), String> {
    let beside = beside(path);
    let failed = |wrong: std::io::Error| format!("{}: {wrong}", path.display());
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(MODE);
    let file = options.open(&beside).map_err(|wrong| {
        if wrong.kind() == ErrorKind::AlreadyExists {
            let beside = beside.display();
            format!("{beside} is there: another `token` command is at work, or was cut off; delete it if none is")
        } else {
            failed(wrong)
        }
    })?;
    let written = write(file, path, &beside, text);
    if written.is_err() {
        // It is of no use to anybody; that it cannot be removed is told by the next command.
        drop(fs::remove_file(&beside));
    }
    written.map_err(failed)
}

fn write(mut file: File, path: &Path, beside: &Path, text: &str) -> std::io::Result<()> {
    file.write_all(text.as_bytes())?;
    if let Ok(before) = fs::metadata(path) {
        let mode = before.mode() & PERMISSIONS;
        let ours = file.metadata()?;
        if (ours.uid(), ours.gid()) != (before.uid(), before.gid()) {
            chown(beside, Some(before.uid()), Some(before.gid()))?;
        }
        file.set_permissions(fs::Permissions::from_mode(mode))?;
    }
    file.sync_all()?;
    fs::rename(beside, path)?;
    let directory = path.parent().filter(|parent| *parent != Path::new(""));
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

/// Where the new file is written.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{Role, TokenHash};

    fn token(name: &str, role: Role, secret: &str) -> NamedToken {
        NamedToken {
            name: name.to_owned(),
            role,
            hash: TokenHash::of(secret),
        }
    }

    #[test]
    fn a_file_keeps_what_people_wrote_and_whom_it_belongs_to() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokens");
        let (text, none) = read(&path).unwrap();
        assert_eq!(none.iter().count(), 0);
        replace(&path, &with(&text, &token("anna", Role::View, "a"))).unwrap();
        let mode = || fs::metadata(&path).unwrap().mode() & PERMISSIONS;
        assert_eq!(mode(), 0o600);
        let (text, _) = read(&path).unwrap();
        fs::write(&path, format!("{text}# of the night shift\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let (text, _) = read(&path).unwrap();
        replace(&path, &with(&text, &token("otto", Role::Admin, "o"))).unwrap();
        let (text, _) = read(&path).unwrap();
        replace(&path, &with(&text, &token("anna", Role::Operate, "b"))).unwrap();
        assert_eq!(mode(), 0o640);
        let (text, tokens) = read(&path).unwrap();
        assert!(text.starts_with(HEADING) && text.contains("# of the night shift\n"));
        assert_eq!(
            tokens.named("anna"),
            Some(&token("anna", Role::Operate, "b"))
        );
        replace(&path, &without(&text, "anna")).unwrap();
        let (text, tokens) = read(&path).unwrap();
        assert!(text.contains("# of the night shift\n"), "{text}");
        let left: Vec<&str> = tokens.iter().map(|token| token.name.as_str()).collect();
        assert_eq!(left, ["otto"]);
    }

    #[test]
    fn two_commands_at_once_lose_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokens");
        fs::write(beside(&path), "").unwrap();
        let told = replace(&path, "").unwrap_err();
        assert!(told.contains("tokens.new is there"), "{told}");
        assert!(!path.exists());
    }
}
