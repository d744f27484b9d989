//! One private Postgres for a whole run, and a fresh database for each round.
use super::process::{Usage, cpu_of_tree};
use anyhow::{Context, Result};
use private_postgres::PrivatePostgres;
use sqlx::{Connection, PgConnection};
use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

pub struct Cluster {
    postgres: Option<PrivatePostgres>,
    folder: tempfile::TempDir,
    made: u32,
}

impl Cluster {
    /// Blocks for some seconds.
    pub fn start() -> Result<Self> {
        // The server runs as another user, who must get through to its files.
        let folder = tempfile::Builder::new().permissions(Permissions::from_mode(0o711)).tempdir()?;
        let mut cluster = Cluster { postgres: None, folder, made: 0 };
        cluster.restart()?;
        Ok(cluster)
    }

    /// Starts the server again after it was killed. Connection strings stay what they were.
    pub fn restart(&mut self) -> Result<()> {
        // The old one goes first: two cannot have one cluster.
        self.postgres = None;
        let postgres = PrivatePostgres::start(&self.folder.path().join("data"))?;
        let host = postgres.url().split_once("host=").and_then(|(_, rest)| rest.split('&').next());
        let socket = PathBuf::from(host.context("a private Postgres is reached through a socket")?);
        match std::fs::remove_file(self.link()) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e.into()),
            _ => symlink(socket, self.link())?,
        }
        self.postgres = Some(postgres);
        Ok(())
    }

    /// Each start has a socket of its own; this leads to the present one.
    fn link(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgresql:///{database}?host={}&user=postgres", self.link().display())
    }

    /// A new database; the one before is dropped.
    pub async fn fresh(&mut self) -> Result<String> {
        let mut admin = PgConnection::connect(&self.url("postgres")).await?;
        let names = [format!("round_{}", self.made), format!("round_{}", self.made + 1)];
        self.made += 1;
        for statement in
            [format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", names[0]), format!("CREATE DATABASE {}", names[1])]
        {
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut admin).await?;
        }
        // Rounds do not pay for the pages of the one before.
        sqlx::query("CHECKPOINT").execute(&mut admin).await?;
        Ok(self.url(&names[1]))
    }

    fn running(&self) -> &PrivatePostgres {
        self.postgres.as_ref().expect("started, and started again before anything else")
    }

    /// The server's process.
    pub fn pid(&self) -> Result<u32> {
        let text = std::fs::read_to_string(self.running().cluster_dir().join("postmaster.pid"))?;
        text.lines().next().and_then(|pid| pid.trim().parse().ok()).context("the cluster's lock file names no process")
    }

    /// Processor time of the server and all that it started.
    pub fn cpu_s(&self) -> Result<f64> {
        Ok(cpu_of_tree(self.pid()?))
    }

    /// Where the server writes what it logs.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("data/postgres.log")
    }
}

/// Processor time of an indexer and of the server that it writes to, since a beginning.
pub struct Meter {
    postgres_before: f64,
}

impl Meter {
    pub fn start(cluster: &Cluster) -> Result<Self> {
        Ok(Meter { postgres_before: cluster.cpu_s()? })
    }

    pub fn cpu_s(&self, cluster: &Cluster, indexer: Usage) -> Result<f64> {
        Ok(indexer.cpu_s + cluster.cpu_s()? - self.postgres_before)
    }
}
