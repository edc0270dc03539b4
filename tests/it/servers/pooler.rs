//! A pooler of the tests' own, between daemons and a server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::centre::wait_until;

const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// It does not run as root.
const SCRIPT: &str = r#"
if [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid=postgres --regid=postgres --clear-groups "$1" -q "$2"
fi
exec "$1" -q "$2"
"#;

/// `PgBouncer` with two connections to the server, each lent for a transaction.
pub(super) struct Pooler {
    directory: tempfile::TempDir,
    process: Child,
}

impl Pooler {
    /// Whether there can be one; a test is skipped otherwise, and fails in CI.
    #[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
    pub(super) fn is_installed() -> bool {
        let there = Path::new(PROGRAM).exists();
        if !there {
            assert!(
                std::env::var_os("CI").is_none(),
                "this test needs {PROGRAM}"
            );
            eprintln!("skipped: no {PROGRAM} (Debian: pgbouncer)");
        }
        there
    }

    /// Lends connections to the server at this place.
    pub(super) fn start(server: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().display();
        let configuration = format!(
            "[databases]\npostgres = host={server} user=tester\n\n[pgbouncer]\nlisten_addr =\nlisten_port = 5432\n\
             unix_socket_dir = {place}\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 2\n"
        );
        fs::write(directory.path().join("pgbouncer.ini"), configuration).unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let process = run(directory.path());
        let pooler = Self { directory, process };
        pooler.wait();
        pooler
    }

    /// The directory of its socket.
    pub(super) fn place(&self) -> std::path::Display<'_> {
        self.directory.path().display()
    }

    /// Ends it without a word to anybody and starts it again.
    pub(super) fn restart(&mut self) {
        self.end();
        drop(fs::remove_file(self.socket()));
        self.process = run(self.directory.path());
        self.wait();
    }

    fn socket(&self) -> std::path::PathBuf {
        self.directory.path().join(".s.PGSQL.5432")
    }

    fn wait(&self) {
        wait_until("the pooler listens", || self.socket().exists());
    }

    fn end(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.end();
    }
}

fn run(directory: &Path) -> Child {
    Command::new("sh")
        .args(["-c", SCRIPT, "sh", PROGRAM])
        .arg(directory.join("pgbouncer.ini"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
