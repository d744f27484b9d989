//! Finds the distribution's server programs.
use crate::PostgresError;
use std::path::{Path, PathBuf};

const DEBIAN_ROOT: &str = "/usr/lib/postgresql";

/// The two programs that are needed, of one version.
#[derive(Debug)]
pub struct Programs {
    pub initdb: PathBuf,
    pub postgres: PathBuf,
}

impl Programs {
    /// The newest installed version, or exactly the one that made an existing cluster.
    pub fn find(cluster_version: Option<&str>) -> Result<Self, PostgresError> {
        let mut versions = debian_versions(Path::new(DEBIAN_ROOT));
        if let Some(wanted) = cluster_version {
            if let Some((_, bin)) = versions.iter().find(|(v, _)| v.to_string() == wanted) {
                return Ok(Self::within(bin));
            }
            // Programs in PATH do not say their version in their path; the server itself refuses a foreign cluster.
            return in_path().ok_or(PostgresError::VersionNotInstalled { version: wanted.to_owned() });
        }
        versions.sort();
        match versions.last() {
            Some((_, bin)) => Ok(Self::within(bin)),
            None => in_path().ok_or(PostgresError::NotInstalled),
        }
    }

    fn within(bin: &Path) -> Self {
        Self { initdb: bin.join("initdb"), postgres: bin.join("postgres") }
    }

    fn exist(&self) -> bool {
        self.initdb.is_file() && self.postgres.is_file()
    }
}

fn debian_versions(root: &Path) -> Vec<(u32, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(root) else { return Vec::new() };
    entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let bin = entry.path().join("bin");
            Programs::within(&bin).exist().then_some((version, bin))
        })
        .collect()
}

fn in_path() -> Option<Programs> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| Programs::within(&dir)).find(Programs::exist)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_sort_as_numbers_and_need_both_programs() {
        let root = tempfile::tempdir().unwrap();
        for (version, programs) in
            [("9", &["initdb", "postgres"][..]), ("15", &["initdb", "postgres"]), ("17", &["psql"])]
        {
            let bin = root.path().join(version).join("bin");
            std::fs::create_dir_all(&bin).unwrap();
            for program in programs {
                std::fs::write(bin.join(program), "").unwrap();
            }
        }
        let mut versions: Vec<u32> = debian_versions(root.path()).into_iter().map(|(v, _)| v).collect();
        versions.sort_unstable();
        assert_eq!(versions, [9, 15]);
    }
}
