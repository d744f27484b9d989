//! Starts, watches and stops the server process.
use crate::place::{Place, RunAs, owned_dir};
use crate::programs::Programs;
use crate::{Durability, PostgresError};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Longest wait for the first connection: covers the recovery of a cluster that was killed.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Longest wait for a previous owner of the cluster, which may be on its way out.
const HANDOVER_LIMIT: Duration = Duration::from_secs(10);
/// How long the server may take to end its connections before it is told to abandon them.
const STOP_LIMIT: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(20);

/// Makes the cluster if there is none. An interrupted attempt leaves nothing that looks finished.
pub fn initialise(programs: &Programs, place: &Place, durability: Durability) -> Result<(), PostgresError> {
    if place.cluster_version()?.is_some() {
        return Ok(());
    }
    let unfinished = place.cluster.with_extension("unfinished");
    match fs::remove_dir_all(&unfinished) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            return Err(PostgresError::Files { action: "remove", path: unfinished, source: e });
        }
        _ => {}
    }
    let mut initdb = command(&programs.initdb, place.run_as);
    initdb.arg("-D").arg(&unfinished).args(["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale"]);
    if durability == Durability::Volatile {
        initdb.arg("--no-sync");
    }
    let output = initdb.output().map_err(|source| PostgresError::Run { program: programs.initdb.clone(), source })?;
    if !output.status.success() {
        return Err(PostgresError::Initdb { output: String::from_utf8_lossy(&output.stderr).trim().to_owned() });
    }
    fs::rename(&unfinished, &place.cluster).map_err(PostgresError::files("rename", &unfinished))
}

/// The server process, with its socket directory.
#[derive(Debug)]
pub struct Server {
    pid: Pid,
    /// Hears once, when the process has ended.
    ended: Receiver<()>,
    running: bool,
    /// Removed with this value. Short, because a socket's path has room for 107 bytes.
    socket_dir: tempfile::TempDir,
}

impl Server {
    pub fn start(programs: &Programs, place: &Place, durability: Durability) -> Result<Self, PostgresError> {
        let asked = Instant::now();
        await_handover(&place.cluster)?;
        loop {
            match Self::attempt(programs, place, durability) {
                // A killed server's helper processes live a moment longer than it, and hold its memory.
                Err(PostgresError::Stopped { tail, .. })
                    if tail.contains("is still in use") && asked.elapsed() < HANDOVER_LIMIT =>
                {
                    std::thread::sleep(POLL * 5);
                }
                result => return result,
            }
        }
    }

    fn attempt(programs: &Programs, place: &Place, durability: Durability) -> Result<Self, PostgresError> {
        let socket_dir = tempfile::Builder::new()
            .prefix("io-pg-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in("/tmp")
            .map_err(PostgresError::files("create a directory in", "/tmp"))?;
        if let Some(run_as) = place.run_as {
            owned_dir(socket_dir.path().to_owned(), run_as)?;
        }
        let log = File::create(&place.log).map_err(PostgresError::files("create", &place.log))?;
        let log_too = log.try_clone().map_err(PostgresError::files("open", &place.log))?;

        let mut postgres = command(&programs.postgres, place.run_as);
        postgres.arg("-D").arg(&place.cluster);
        postgres.arg("-k").arg(socket_dir.path());
        for setting in settings(durability) {
            postgres.arg("-c").arg(setting);
        }
        postgres.stdin(Stdio::null()).stdout(log).stderr(log_too);
        // Of its own group: an interrupt typed at the terminal is for the caller, who stops its clients first.
        postgres.process_group(0);
        let (pid, ended) =
            spawn_kept(postgres).map_err(|source| PostgresError::Run { program: programs.postgres.clone(), source })?;
        let mut server = Self { pid, ended, running: true, socket_dir };
        server.await_ready(place)?;
        Ok(server)
    }

    pub fn socket_dir(&self) -> &Path {
        self.socket_dir.path()
    }

    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    pub fn stop(&mut self) -> Result<(), PostgresError> {
        // Interrupt means "fast": connections are ended, the cluster is left clean. Quit abandons it to recovery.
        for signal in [Signal::SIGINT, Signal::SIGQUIT] {
            if !self.running {
                return Ok(());
            }
            // Fails only if the process has ended, which the next line finds out.
            let _ = kill(self.pid, signal);
            self.running = matches!(self.ended.recv_timeout(STOP_LIMIT), Err(RecvTimeoutError::Timeout));
        }
        if self.running { Err(PostgresError::SlowStop { pid: self.pid() }) } else { Ok(()) }
    }

    /// The server writes `ready` on the eighth line of its lock file when it accepts connections.
    fn await_ready(&mut self, place: &Place) -> Result<(), PostgresError> {
        let started = Instant::now();
        loop {
            if !matches!(self.ended.recv_timeout(POLL), Err(RecvTimeoutError::Timeout)) {
                self.running = false;
                return Err(PostgresError::Stopped { log: place.log.clone(), tail: tail(&place.log) });
            }
            let text = fs::read_to_string(lock_file(&place.cluster)).unwrap_or_default();
            let mut lines = text.lines();
            let ours = lines.next().is_some_and(|pid| pid.trim() == self.pid.to_string());
            if ours && lines.nth(6).is_some_and(|status| status.trim() == "ready") {
                return Ok(());
            }
            if started.elapsed() > START_LIMIT {
                let (seconds, log) = (START_LIMIT.as_secs(), place.log.clone());
                return Err(PostgresError::SlowStart { seconds, tail: tail(&log), log });
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::error!(%error, "private postgres is left running");
        }
    }
}

fn settings(durability: Durability) -> Vec<&'static str> {
    let mut settings = vec!["listen_addresses=", "unix_socket_permissions=0700", "max_connections=60"];
    if durability == Durability::Volatile {
        settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=16MB"]);
    }
    settings
}

/// A command with a clean environment, as the unprivileged user if there is one.
fn command(program: &Path, run_as: Option<RunAs>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin").current_dir("/");
    if let Some(RunAs { uid, gid }) = run_as {
        command.uid(uid.as_raw()).gid(gid.as_raw());
    }
    command
}

/// Spawns from a thread that lives as long as the process it starts: the kernel delivers the parent's death when the
/// *thread* that spawned ends, and a caller's pool thread may end at any time.
fn spawn_kept(mut command: Command) -> std::io::Result<(Pid, Receiver<()>)> {
    let (started, has_started) = channel();
    let (ending, has_ended) = channel();
    // SAFETY: between fork and exec the closure makes one system call and touches no memory of the parent.
    unsafe {
        command.pre_exec(|| Ok(nix::sys::prctl::set_pdeathsig(Signal::SIGINT)?));
    }
    std::thread::Builder::new().name("private-postgres".into()).spawn(move || match command.spawn() {
        Ok(mut child) => {
            let pid = Pid::from_raw(i32::try_from(child.id()).expect("process ids fit their own type"));
            let _ = started.send(Ok(pid));
            let _ = child.wait();
            let _ = ending.send(());
        }
        Err(error) => {
            let _ = started.send(Err(error));
        }
    })?;
    let pid = has_started.recv().map_err(std::io::Error::other)??;
    Ok((pid, has_ended))
}

/// Waits for a server that still owns the cluster: the orphan of a killed process stops by itself.
fn await_handover(cluster: &Path) -> Result<(), PostgresError> {
    let started = Instant::now();
    while let Some(pid) = live_owner(cluster) {
        if started.elapsed() > HANDOVER_LIMIT {
            return Err(PostgresError::InUse { pid, cluster: cluster.to_owned() });
        }
        std::thread::sleep(POLL);
    }
    Ok(())
}

/// The process named in the lock file, if it lives and is a server. A stale file is the server's own to remove.
fn live_owner(cluster: &Path) -> Option<i32> {
    let text = fs::read_to_string(lock_file(cluster)).ok()?;
    let pid: i32 = text.lines().next()?.trim().parse().ok()?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    (name.trim() == "postgres").then_some(pid)
}

fn lock_file(cluster: &Path) -> PathBuf {
    cluster.join("postmaster.pid")
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}
