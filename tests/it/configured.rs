//! A contact centre and a daemon with a settings file that can be written anew.

use std::fs;
use std::path::{Path, PathBuf};

use crate::api::Api;
use crate::centre::{Centre, Daemon};

pub(crate) struct Configured {
    pub(crate) centre: Centre,
    pub(crate) file: PathBuf,
}

impl Configured {
    pub(crate) fn new(text: &str) -> Self {
        let centre = Centre::new();
        let file = centre.directory.path().join("autopilot.toml");
        fs::write(&file, text).unwrap();
        Self { centre, file }
    }

    pub(crate) fn write(&self, text: &str) {
        replace(&self.file, text);
    }

    pub(crate) fn start(&self) -> (Daemon, Api) {
        let daemon = self
            .centre
            .daemon()
            .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
            .env("AUTOPILOT_CONFIG", &self.file)
            .start();
        let api = Api::of(&daemon);
        (daemon, api)
    }
}

/// Writes a file anew that a daemon may read at any moment, so that it never finds half of it or none.
pub(crate) fn replace(file: &Path, text: &str) {
    let written = file.with_extension("new");
    fs::write(&written, text).unwrap();
    fs::rename(written, file).unwrap();
}
