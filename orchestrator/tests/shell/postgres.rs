//! A private PostgreSQL server in a temporary folder, reached by a socket in that folder. Installed by the project's test command;
//! where it is missing, tests say so and run on SQLite only.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A running server; ends with the value.
pub struct Postgres {
    server: Child,
    folder: TempDir,
}

impl Postgres {
    /// Starts one, or says why there is none.
    pub fn start() -> Option<Self> {
        let Some(binaries) = binaries() else {
            eprintln!("SKIPPED on PostgreSQL: no server is installed (apt install postgresql)");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").expect("a temporary folder");
        give_to_postgres(folder.path());
        let data = folder.path().join("data");
        let made = as_postgres(&binaries.join("initdb"))
            .arg("-D")
            .arg(&data)
            .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"])
            .stdout(Stdio::null())
            .status()
            .expect("initdb runs");
        assert!(made.success(), "initdb failed");
        let server = as_postgres(&binaries.join("postgres"))
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-c", "listen_addresses=", "-c", "fsync=off"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("postgres starts");
        Some(Self { server, folder })
    }

    /// Where its one database is.
    pub fn url(&self) -> String {
        let socket = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{socket}/postgres")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let pid_file = self.folder.path().join("data/postmaster.pid");
        let pid = std::fs::read_to_string(pid_file).unwrap_or_default().lines().next().unwrap_or_default().to_owned();
        // SIGINT is PostgreSQL's fast shutdown. The child may be a wrapper that changes the user, so the server is asked by its id.
        let _ = Command::new("kill").args(["-INT", &pid]).status();
        let _ = self.server.wait();
    }
}

fn binaries() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    versions.sort();
    versions.into_iter().rev().find(|path| path.join("initdb").is_file() && path.join("postgres").is_file())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

/// PostgreSQL refuses to run as root.
fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program).current_dir("/tmp");
    command
}

fn give_to_postgres(folder: &Path) {
    if is_root() {
        let given = Command::new("chown").arg("postgres").arg(folder).status();
        assert!(given.is_ok_and(|status| status.success()), "chown to postgres failed");
    }
}
