//! A PostgreSQL server of the tests' own: on a socket in a temporary directory, and gone with the process.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

/// Where Debian has the programs of the server.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

/// Makes a cluster and runs it until the standard input ends, which is when the tests' process does. Each line there restarts it, as a crash
/// would. The server does not run as root.
const SCRIPT: &str = r#"
set -eu
programs=$1
place=$(mktemp -d /tmp/autopilot-postgres-XXXXXX)
if [ "$(id -u)" = 0 ]; then
    chown postgres "$place"
    as() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
else
    as() { "$@"; }
fi
control() { as "$programs/pg_ctl" -s -w -D "$place/data" "$@" >>"$place/log" 2>&1 </dev/null; }
cd "$place"
as "$programs/initdb" --no-sync --auth=trust --username=tester --pgdata="$place/data" --encoding=UTF8 --locale=C.UTF-8 >"$place/log" 2>&1 </dev/null
as sh -c 'cat >>"$1"' sh "$place/data/postgresql.conf" <<END
unix_socket_directories = '$place'
listen_addresses = ''
fsync = off
max_connections = 200
END
control start || { cat "$place/log" >&2; exit 1; }
echo "$place"
while read -r _; do
    control -m immediate restart
    echo restarted
done
control -m immediate stop || true
cd /
rm -rf "$place"
"#;

/// A running server.
#[derive(Debug)]
pub(crate) struct Cluster {
    /// The directory of its socket.
    place: String,
    schemas: AtomicU32,
    /// What the script is told and says. Its end is the server's.
    script: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    _process: Child,
}

static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();

impl Cluster {
    /// The server of this process, started with the first question. Where it is not installed a test is skipped, and fails in CI.
    pub(crate) fn of_tests() -> Option<&'static Self> {
        if !Self::is_installed() {
            return None;
        }
        CLUSTER.get_or_init(|| Some(Self::start())).as_ref()
    }

    /// Whether there can be one; a test is skipped otherwise, and fails in CI.
    #[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
    pub(crate) fn is_installed() -> bool {
        if !Path::new(PROGRAMS).join("initdb").exists() {
            assert!(
                std::env::var_os("CI").is_none(),
                "this test needs PostgreSQL 15 in {PROGRAMS}"
            );
            eprintln!("skipped: no PostgreSQL 15 in {PROGRAMS} (Debian: postgresql-15)");
            return false;
        }
        true
    }

    /// A server of its own, until the process ends.
    pub(crate) fn start() -> Self {
        let mut script = Command::new("sh")
            .args(["-c", SCRIPT, "sh", PROGRAMS])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut line = String::new();
        let input = script.stdin.take().expect("its input");
        let mut out = BufReader::new(script.stdout.take().expect("its output"));
        out.read_line(&mut line).expect("its first line");
        let place = line.trim().to_owned();
        assert!(!place.is_empty(), "the server did not start");
        Self {
            place,
            schemas: AtomicU32::new(0),
            script: Mutex::new((input, out)),
            _process: script,
        }
    }

    /// The directory of its socket.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Ends the server without a word to anybody and starts it again; returns when it takes connections.
    pub(crate) fn restart(&self) {
        let mut script = self.script.lock().expect("nobody panicked with it");
        let (input, out) = &mut *script;
        input.write_all(b"\n").expect("the script reads");
        let mut line = String::new();
        out.read_line(&mut line).expect("the script answers");
        assert_eq!(line, "restarted\n");
    }

    /// The address of tables that nobody else uses.
    pub(crate) fn address(&self) -> String {
        let number = self.schemas.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        format!(
            "postgres://tester@/postgres?host={}&schema=test_{process}_{number}",
            self.place
        )
    }

    /// Has the server do something, by its own client; returns what that prints.
    pub(crate) fn psql(&self, schema: &str, statement: &str) -> String {
        let asked = Command::new(format!("{PROGRAMS}/psql"))
            .args(["-h", &self.place, "-U", "tester", "-d", "postgres", "-qAtX"])
            .args([
                "-v",
                "ON_ERROR_STOP=1",
                "-c",
                &format!("SET search_path = {schema}"),
                "-c",
                statement,
            ])
            .output()
            .expect("psql");
        let told = String::from_utf8_lossy(&asked.stderr);
        assert!(asked.status.success(), "{statement}: {told}");
        String::from_utf8_lossy(&asked.stdout).trim().to_owned()
    }
}
