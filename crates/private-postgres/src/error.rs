use std::path::PathBuf;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    #[error(
        "no PostgreSQL server programs in /usr/lib/postgresql/*/bin or PATH \
         (hint: `sudo apt-get install --no-install-recommends postgresql`)"
    )]
    NotInstalled,
    #[error(
        "the cluster was made by PostgreSQL {version}, whose programs are not installed \
         (hint: `sudo apt-get install --no-install-recommends postgresql-{version}`)"
    )]
    VersionNotInstalled { version: String },
    #[error(
        "PostgreSQL refuses to run as root and there is no user `postgres` (hint: `sudo adduser --system postgres`)"
    )]
    NoUnprivilegedUser,
    #[error("cannot {action} {}: {source}", path.display())]
    Files { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{} is not a directory of ours (hint: remove it)", path.display())]
    NotOurs { path: PathBuf },
    #[error("another server (process {pid}) is using {}", cluster.display())]
    InUse { pid: i32, cluster: PathBuf },
    #[error("cannot run {}: {source}", program.display())]
    Run { program: PathBuf, source: std::io::Error },
    #[error("initdb failed: {output}")]
    Initdb { output: String },
    #[error("the server stopped while starting; end of {}:\n{tail}", log.display())]
    Stopped { log: PathBuf, tail: String },
    #[error("the server did not accept connections within {seconds} s; end of {}:\n{tail}", log.display())]
    SlowStart { seconds: u64, log: PathBuf, tail: String },
    #[error("server process {pid} did not stop")]
    SlowStop { pid: i32 },
}

impl PostgresError {
    /// For `map_err`: names what was done to which path.
    pub(crate) fn files(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Files { action, path, source }
    }
}
