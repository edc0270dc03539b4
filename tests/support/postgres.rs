//! A PostgreSQL server of the tests' own: on a socket in a temporary directory, and gone with the process.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

/// Where Debian has the programs of the server.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

/// By which a server's socket is named where nothing else is said.
const PORT: u16 = 5432;

/// Makes a cluster and runs it until the standard input ends, which is when the tests' process does. Each line there restarts it, as a crash
/// would. The server does not run as root. Behind the programs' place come its port, a directory with its certificate if it listens
/// beyond its socket, and the place of another server that it follows; the last two may be empty.
const SCRIPT: &str = r#"
set -eu
programs=$1 port=$2 certificates=$3 followed=$4
place=$(mktemp -d /tmp/autopilot-postgres-XXXXXX)
if [ "$(id -u)" = 0 ]; then
    chown postgres "$place"
    as() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
else
    as() { "$@"; }
fi
control() { as "$programs/pg_ctl" -s -w -D "$place/data" "$@" >>"$place/log" 2>&1 </dev/null; }
cd "$place"
if [ -n "$followed" ]; then
    as "$programs/pg_basebackup" -h "$followed" -U tester -D "$place/data" -R --no-sync >"$place/log" 2>&1 </dev/null
else
    as "$programs/initdb" --no-sync --auth-local=trust --auth-host=scram-sha-256 --username=tester --pgdata="$place/data" --encoding=UTF8 --locale=C.UTF-8 >"$place/log" 2>&1 </dev/null
fi
as sh -c 'cat >>"$1"' sh "$place/data/postgresql.conf" <<END
unix_socket_directories = '$place'
listen_addresses = ''
port = $port
fsync = off
max_connections = 200
END
if [ -n "$certificates" ]; then
    for file in server.pem server.key; do
        as sh -c 'umask 077; cat >"$1"' sh "$place/data/$file" <"$certificates/$file"
    done
    as sh -c 'cat >>"$1"' sh "$place/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
ssl = on
ssl_cert_file = 'server.pem'
ssl_key_file = 'server.key'
END
fi
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
    port: u16,
    schemas: AtomicU32,
    /// What the script is told and says. Its end is the server's.
    script: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    process: Child,
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
        Self::run(PORT, None, None)
    }

    /// One that also listens on a port of this machine, with the certificate in a directory (`server.pem`, `server.key`), and asks whoever
    /// comes from there for a password.
    pub(crate) fn start_on(port: u16, certificates: &Path) -> Self {
        Self::run(port, Some(certificates), None)
    }

    /// One that follows this one, and only reads until it is promoted.
    pub(crate) fn follower(&self) -> Self {
        Self::run(PORT, None, Some(&self.place))
    }

    fn run(port: u16, certificates: Option<&Path>, followed: Option<&str>) -> Self {
        let mut script = Command::new("sh")
            .args(["-c", SCRIPT, "sh", PROGRAMS, &port.to_string()])
            .arg(certificates.unwrap_or_else(|| Path::new("")))
            .arg(followed.unwrap_or_default())
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
            port,
            schemas: AtomicU32::new(0),
            script: Mutex::new((input, out)),
            process: script,
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

    /// Ends the server without a word to anybody; returns when it is gone.
    pub(crate) fn end(self) {
        let Self {
            script,
            mut process,
            ..
        } = self;
        drop(script);
        process.wait().expect("the script ends");
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
            .args(["-h", &self.place, "-p", &self.port.to_string()])
            .args(["-U", "tester", "-d", "postgres", "-qAtX"])
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
