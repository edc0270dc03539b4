//! A file that is there whole and kept by the system, or not at all.
//!
//! It is written under another name beside its own, synchronised, and then given its name, which must not be taken.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file that is being written. Without [`WholeFile::keep`] nothing of it stays.
pub struct WholeFile {
    path: PathBuf,
    partial: PathBuf,
    writer: BufWriter<File>,
}

impl WholeFile {
    /// Begins a file that nobody else may read.
    ///
    /// # Errors
    /// When the name is taken or the file cannot be written.
    pub fn create(path: &Path) -> io::Result<Self> {
        if path.try_exists()? {
            return Err(there());
        }
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let mut options = File::options();
        // What a process that was killed has left under this name is worth nothing.
        options.write(true).create(true).truncate(true).mode(0o600);
        let writer = BufWriter::new(options.open(&partial)?);
        Ok(Self {
            path: path.to_owned(),
            partial,
            writer,
        })
    }

    /// Has the system keep what was written, and gives it its name.
    ///
    /// # Errors
    /// When it cannot be written, or the name was taken meanwhile. Then nothing stays.
    pub fn keep(mut self) -> io::Result<()> {
        self.writer.flush()?;
        self.writer.get_ref().sync_all()?;
        // A link is never put over a file that is there; not every file system has links.
        match std::fs::hard_link(&self.partial, &self.path) {
            Ok(()) => {}
            Err(wrong) if wrong.kind() == io::ErrorKind::AlreadyExists => return Err(there()),
            Err(_) if self.path.try_exists()? => return Err(there()),
            Err(_) => std::fs::rename(&self.partial, &self.path)?,
        }
        let directory = self.path.parent();
        let directory = directory.filter(|parent| *parent != Path::new(""));
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
    }
}

fn there() -> io::Error {
    let why = "it is there already; name another file, or move it away";
    io::Error::new(io::ErrorKind::AlreadyExists, why)
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        // It has its name, or is not wanted.
        drop(std::fs::remove_file(&self.partial));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rows");
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"some").unwrap();
        drop(file);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"all").unwrap();
        file.keep().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"all");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
        assert!(WholeFile::create(&path).is_err(), "nothing is written over");
    }

    #[test]
    fn a_name_that_was_taken_meanwhile_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rows");
        let file = WholeFile::create(&path).unwrap();
        std::fs::write(&path, "of somebody else").unwrap();
        assert!(file.keep().is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"of somebody else");
    }
}
