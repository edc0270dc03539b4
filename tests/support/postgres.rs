//! A PostgreSQL server of the tests' own: on a socket in a temporary directory, and gone with the process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where Debian has the programs of the server.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

/// Makes a cluster and runs it until the standard input ends, which is when the tests' process does. The server does not run as root.
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
cd "$place"
as "$programs/initdb" --no-sync --auth=trust --username=tester --pgdata="$place/data" --encoding=UTF8 --locale=C.UTF-8 >"$place/log" 2>&1 </dev/null
as "$programs/postgres" -D "$place/data" -k "$place" -c listen_addresses= -c fsync=off -c max_connections=200 >"$place/log" 2>&1 </dev/null &
tries=0
until as "$programs/pg_isready" -q -h "$place" -U tester </dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 300 ] || { cat "$place/log" >&2; exit 1; }
    sleep 0.1
done
echo "$place"
cat >/dev/null
as "$programs/pg_ctl" -s -D "$place/data" -m immediate stop >/dev/null 2>&1 </dev/null || true
cd /
rm -rf "$place"
"#;

/// A running server.
#[derive(Debug)]
pub(crate) struct Cluster {
    /// The directory of its socket.
    place: String,
    schemas: AtomicU32,
    /// Its end is the server's.
    _script: std::process::Child,
}

static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();

impl Cluster {
    /// The server of this process, started with the first question. Where it is not installed a test is skipped, and fails in CI.
    #[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
    pub(crate) fn of_tests() -> Option<&'static Self> {
        if !Path::new(PROGRAMS).join("initdb").exists() {
            assert!(
                std::env::var_os("CI").is_none(),
                "this test needs PostgreSQL 15 in {PROGRAMS}"
            );
            eprintln!("skipped: no PostgreSQL 15 in {PROGRAMS} (Debian: postgresql-15)");
            return None;
        }
        CLUSTER.get_or_init(|| Some(Self::start())).as_ref()
    }

    fn start() -> Self {
        let mut script = Command::new("sh")
            .args(["-c", SCRIPT, "sh", PROGRAMS])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut line = String::new();
        let out = script.stdout.take().expect("its output");
        BufReader::new(out)
            .read_line(&mut line)
            .expect("its first line");
        let place = line.trim().to_owned();
        assert!(!place.is_empty(), "the server did not start");
        Self {
            place,
            schemas: AtomicU32::new(0),
            _script: script,
        }
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
