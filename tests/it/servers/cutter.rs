//! Stands between a daemon and a server, and takes the answer to a commit away.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The file of a server's socket.
const SOCKET: &str = ".s.PGSQL.5432";

/// What a client sends to end a transaction, with the byte behind it.
const COMMIT: &[u8] = b"COMMIT\0";

/// Connections to a server, of which one is broken when its commit was carried out and before that is said.
pub(super) struct Cutter {
    directory: tempfile::TempDir,
    armed: Arc<AtomicBool>,
}

impl Cutter {
    /// Before the server at this place.
    pub(super) fn start(server: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join(SOCKET)).unwrap();
        let armed = Arc::new(AtomicBool::new(false));
        let (server, cuts) = (Path::new(server).join(SOCKET), Arc::clone(&armed));
        // Both end with the process.
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = UnixStream::connect(&server) else {
                    continue;
                };
                pass(client, server, Arc::clone(&cuts));
            }
        });
        Self { directory, armed }
    }

    /// The directory of its socket.
    pub(super) fn place(&self) -> std::path::Display<'_> {
        self.directory.path().display()
    }

    /// The next commit, on whichever connection, is carried out and has no answer.
    pub(super) fn cut_the_next(&self) {
        self.armed.store(true, Ordering::SeqCst);
    }

    /// Every commit has its answer from now on.
    pub(super) fn cut_no_more(&self) {
        self.armed.store(false, Ordering::SeqCst);
    }
}

fn pass(client: UnixStream, server: UnixStream, armed: Arc<AtomicBool>) {
    let cut = Arc::new(AtomicBool::new(false));
    let [mut from_client, mut to_client] = [client.try_clone().unwrap(), client];
    let [mut from_server, mut to_server] = [server.try_clone().unwrap(), server];
    let cutting = Arc::clone(&cut);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from_client.read(&mut buffer) {
            let commits = buffer[..length]
                .windows(COMMIT.len())
                .any(|part| part == COMMIT);
            if commits && armed.swap(false, Ordering::SeqCst) {
                cutting.store(true, Ordering::SeqCst);
            }
            if to_server.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        drop(to_server.shutdown(Shutdown::Both));
    });
    std::thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from_server.read(&mut buffer) {
            // It has answered, so that it has carried out what it was asked for.
            if cut.load(Ordering::SeqCst) || to_client.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        drop(to_client.shutdown(Shutdown::Both));
    });
}
