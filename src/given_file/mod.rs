//! Files that people name: read whole, within a bound, and only where they are files.
//!
//! A pipe nobody writes into would stop the program where it reads, and a device such as `/dev/zero` has no end. The daemon
//! also reads files again while it runs, so none of them may block.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

/// The longest settings file, and the longest secret: some thousand campaigns need less than a tenth.
pub(crate) const LONGEST_SETTINGS: u64 = 8 << 20;

/// The longest file of data, such as a roster or a recorded trace.
pub(crate) const LONGEST_DATA: u64 = 256 << 20;

/// Everybody on the machine may read.
const READ_BY_OTHERS: u32 = 0o004;

/// The bits of a mode that say who may do what.
const PERMISSIONS: u32 = 0o7777;

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileFault {
    /// The system refuses.
    #[error(transparent)]
    System(#[from] io::Error),
    /// It is something else than a file.
    #[error("it is {0}, not a file")]
    NotAFile(&'static str),
    /// It has no end in sight.
    #[error("it is longer than {} MiB", .0 >> 20)]
    TooLong(u64),
    /// It holds something else than text.
    #[error("it is not UTF-8 text")]
    NotText,
}

/// Reads a file of UTF-8 text, whole.
///
/// # Errors
/// When it is not a file, longer than `longest` bytes, not text, or cannot be read.
pub(crate) fn read_text(path: impl AsRef<Path>, longest: u64) -> Result<String, FileFault> {
    let bytes = read_bytes(path, longest)?;
    String::from_utf8(bytes).map_err(|_| FileFault::NotText)
}

/// Reads a file, whole.
///
/// # Errors
/// When it is not a file, longer than `longest` bytes, or cannot be read.
pub(crate) fn read_bytes(path: impl AsRef<Path>, longest: u64) -> Result<Vec<u8>, FileFault> {
    let path = path.as_ref();
    let metadata = fs::metadata(path)?;
    if let Some(other) = something_else(&metadata) {
        return Err(FileFault::NotAFile(other));
    }
    if metadata.len() > longest {
        return Err(FileFault::TooLong(longest));
    }
    let mut bytes = Vec::new();
    // It may grow meanwhile, and files of the kernel's own say that they are empty.
    let bounded = File::open(path)?.take(longest.saturating_add(1));
    { bounded }.read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|read| read > longest) {
        return Err(FileFault::TooLong(longest));
    }
    Ok(bytes)
}

/// Returns the mode of a file that everybody on this machine can read, as `chmod` writes it.
pub(crate) fn mode_open_to_all(path: impl AsRef<Path>) -> Option<String> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & PERMISSIONS;
    (mode & READ_BY_OTHERS != 0).then(|| format!("{mode:04o}"))
}

fn something_else(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    if kind.is_file() {
        None
    } else if kind.is_dir() {
        Some("a directory")
    } else if kind.is_fifo() {
        Some("a pipe")
    } else if kind.is_socket() {
        Some("a socket")
    } else {
        Some("a device")
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn refusal(path: impl AsRef<Path>) -> String {
        read_text(path, 1 << 20).unwrap_err().to_string()
    }

    #[test]
    fn only_files_with_an_end_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        assert_eq!(refusal(directory.path()), "it is a directory, not a file");
        assert_eq!(refusal("/dev/zero"), "it is a device, not a file");
        let pipe = path("pipe");
        assert!(
            Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        assert_eq!(refusal(&pipe), "it is a pipe, not a file");
        fs::write(path("long"), vec![b' '; (1 << 20) + 1]).unwrap();
        assert_eq!(refusal(path("long")), "it is longer than 1 MiB");
        fs::write(path("bytes"), b"\xff").unwrap();
        assert_eq!(refusal(path("bytes")), "it is not UTF-8 text");
        fs::write(path("fine"), vec![b' '; 1 << 20]).unwrap();
        assert_eq!(read_text(path("fine"), 1 << 20).unwrap().len(), 1 << 20);
        assert!(matches!(
            read_text(path("none"), 1),
            Err(FileFault::System(_))
        ));
    }

    #[test]
    fn who_else_may_read_is_seen() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        fs::write(&path, "x").unwrap();
        for (mode, told) in [
            (0o644, Some("0644")),
            (0o604, Some("0604")),
            (0o640, None),
            (0o600, None),
        ] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(mode_open_to_all(&path).as_deref(), told, "{mode:o}");
        }
        assert_eq!(mode_open_to_all(directory.path().join("none")), None);
    }
}
