//! Where the cluster lives and whom it belongs to.
use crate::PostgresError;
use nix::unistd::{Gid, Uid, User, chown};
use std::fs::{self, DirBuilder, Metadata};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Holds clusters that the server's user could not have reached in their own data directories.
const FALLBACK_ROOT: &str = "/var/tmp/io-postgres";

/// The user that the server runs as, where that is not the caller.
#[derive(Clone, Copy, Debug)]
pub struct RunAs {
    pub uid: Uid,
    pub gid: Gid,
}

/// The directories of one cluster.
#[derive(Debug)]
pub struct Place {
    /// `PGDATA`; absent until initialised.
    pub cluster: PathBuf,
    pub log: PathBuf,
    /// Set when the caller is root.
    pub run_as: Option<RunAs>,
}

impl Place {
    pub fn prepare(data_dir: &Path) -> Result<Self, PostgresError> {
        fs::create_dir_all(data_dir).map_err(PostgresError::files("create", data_dir))?;
        let data_dir = data_dir.canonicalize().map_err(PostgresError::files("resolve", data_dir))?;
        let log = data_dir.join("postgres.log");
        if !Uid::effective().is_root() {
            return Ok(Self { cluster: data_dir.join("cluster"), log, run_as: None });
        }
        let user = User::from_name("postgres").ok().flatten().ok_or(PostgresError::NoUnprivilegedUser)?;
        let run_as = RunAs { uid: user.uid, gid: user.gid };
        let home = match can_reach(&data_dir, run_as)? {
            true => owned_dir(data_dir.join("pg"), run_as)?,
            false => fallback(&data_dir, run_as)?,
        };
        Ok(Self { cluster: home.join("cluster"), log, run_as: Some(run_as) })
    }

    /// Major version of the cluster's files; `None` before the first use.
    pub fn cluster_version(&self) -> Result<Option<String>, PostgresError> {
        let path = self.cluster.join("PG_VERSION");
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(PostgresError::Files { action: "read", path, source }),
        }
    }
}

/// Makes `path` a directory of the server's user that nobody else may enter.
pub fn owned_dir(path: PathBuf, run_as: RunAs) -> Result<PathBuf, PostgresError> {
    match DirBuilder::new().mode(0o700).create(&path) {
        Ok(()) => {}
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(source) => return Err(PostgresError::Files { action: "create", path, source }),
    }
    // A link here could hand a foreign directory to the server's user.
    if !fs::symlink_metadata(&path).map_err(PostgresError::files("read", &path))?.is_dir() {
        return Err(PostgresError::NotOurs { path });
    }
    chown(&path, Some(run_as.uid), Some(run_as.gid))
        .map_err(|errno| PostgresError::files("change the owner of", &path)(errno.into()))?;
    Ok(path)
}

/// Whether the user can enter every directory down to `dir`.
fn can_reach(dir: &Path, user: RunAs) -> Result<bool, PostgresError> {
    for ancestor in dir.ancestors() {
        let metadata = fs::metadata(ancestor).map_err(PostgresError::files("read", ancestor))?;
        if !may_enter(&metadata, user) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn may_enter(dir: &Metadata, user: RunAs) -> bool {
    let mode = dir.permissions().mode();
    if dir.uid() == user.uid.as_raw() {
        mode & 0o100 != 0
    } else if dir.gid() == user.gid.as_raw() {
        mode & 0o010 != 0
    } else {
        mode & 0o001 != 0
    }
}

/// A directory outside `data_dir`, named by `data_dir/location`: whoever removes `data_dir` starts afresh.
fn fallback(data_dir: &Path, run_as: RunAs) -> Result<PathBuf, PostgresError> {
    let location = data_dir.join("location");
    if let Ok(text) = fs::read_to_string(&location) {
        let path = PathBuf::from(text.trim());
        if path.is_dir() {
            return owned_dir(path, run_as);
        }
    }
    let root = PathBuf::from(FALLBACK_ROOT);
    match DirBuilder::new().mode(0o711).create(&root) {
        Ok(()) => {}
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(source) => return Err(PostgresError::Files { action: "create", path: root, source }),
    }
    let metadata = fs::symlink_metadata(&root).map_err(PostgresError::files("read", &root))?;
    if !metadata.is_dir() || metadata.uid() != 0 {
        return Err(PostgresError::NotOurs { path: root });
    }
    fs::set_permissions(&root, fs::Permissions::from_mode(0o711)).map_err(PostgresError::files("open", &root))?;
    let home = tempfile::Builder::new()
        .prefix("cluster-")
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir_in(&root)
        .map_err(PostgresError::files("create a directory in", &root))?
        .keep();
    fs::write(&location, format!("{}\n", home.display())).map_err(PostgresError::files("write", &location))?;
    tracing::warn!(
        data_dir = %data_dir.display(),
        cluster = %home.display(),
        "user `postgres` cannot enter the data directory; the cluster is kept elsewhere"
    );
    owned_dir(home, run_as)
}
