//! A PostgreSQL server of one's own: its files in one directory, reachable only through a private socket.
//!
//! For local networks and tests, so that nobody has to set up a database by hand. It starts the distribution's own
//! server programs; it is not a way to run a database that several machines share.
mod error;
mod place;
mod programs;
mod server;

pub use error::PostgresError;

use place::Place;
use programs::Programs;
use server::Server;
use std::path::Path;

/// How careful the server is with its files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Every commit reaches the disk before it is reported.
    #[default]
    Durable,
    /// Nothing is flushed: faster, and a power cut may lose the whole cluster. For tests.
    Volatile,
}

/// A running server. Dropping it stops the server; so does the end of this process, however it ends.
#[derive(Debug)]
pub struct PrivatePostgres {
    server: Server,
    url: String,
    place: Place,
}

impl PrivatePostgres {
    /// Starts a durable server on the cluster under `data_dir`, which is created on first use.
    ///
    /// Blocks until the server accepts connections (about a second; several on first use): from async code, call it
    /// through `spawn_blocking`. Started as root it runs as the user `postgres`, because the server refuses root; if
    /// that user cannot reach `data_dir`, the cluster is kept under `/var/tmp` and `data_dir/location` says where.
    ///
    /// # Errors
    /// Server programs or an unprivileged user are missing, the directory is in use or unusable, or the server stopped;
    /// the message has the end of its log.
    pub fn start(data_dir: &Path) -> Result<Self, PostgresError> {
        Self::start_with(data_dir, Durability::Durable)
    }

    /// [`start`](Self::start) with a choice of [`Durability`].
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_with(data_dir: &Path, durability: Durability) -> Result<Self, PostgresError> {
        let place = Place::prepare(data_dir)?;
        let programs = Programs::find(place.cluster_version()?.as_deref())?;
        server::initialise(&programs, &place, durability)?;
        let server = Server::start(&programs, &place, durability)?;
        let url = format!("postgresql:///postgres?host={}&user=postgres", server.socket_dir().display());
        tracing::info!(cluster = %place.cluster.display(), pid = server.pid(), "private postgres is ready");
        Ok(Self { server, url, place })
    }

    /// Connection string for any client, for as long as this server runs.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the cluster's files really are.
    pub fn cluster_dir(&self) -> &Path {
        &self.place.cluster
    }

    /// Ends all connections and stops the server.
    ///
    /// # Errors
    /// It did not stop within half a minute, not even when told to abandon its work.
    pub fn stop(mut self) -> Result<(), PostgresError> {
        self.server.stop()
    }
}
