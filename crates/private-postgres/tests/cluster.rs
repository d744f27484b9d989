use private_postgres::{Durability, PostgresError, PrivatePostgres};
use sqlx::{Connection, PgConnection};
use std::path::Path;

fn start(dir: &Path) -> PrivatePostgres {
    PrivatePostgres::start_with(dir, Durability::Volatile).unwrap()
}

async fn number(url: &str, sql: &'static str) -> i32 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
}

async fn execute(url: &str, sql: &'static str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn data_survives_a_clean_restart_and_a_killed_server() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path());
    execute(server.url(), "CREATE TABLE kept AS SELECT 42 AS n").await;
    server.stop().unwrap();

    let server = start(dir.path());
    assert_eq!(number(server.url(), "SELECT n FROM kept").await, 42);
    let lock = std::fs::read_to_string(server.cluster_dir().join("postmaster.pid")).unwrap();
    let pid: i32 = lock.lines().next().unwrap().parse().unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).unwrap();
    let stale = server.cluster_dir().join("postmaster.pid");
    drop(server);
    assert!(stale.exists(), "a killed server leaves its lock file behind");

    let server = start(dir.path());
    assert_eq!(number(server.url(), "SELECT n FROM kept").await, 42);
}

#[tokio::test]
async fn two_servers_run_side_by_side_even_under_a_long_path() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let deep = two.path().join("a".repeat(120));
    let (one, two) = (start(one.path()), start(&deep));
    assert_ne!(one.url(), two.url());
    assert_eq!(number(one.url(), "SELECT 1").await, 1);
    assert_eq!(number(two.url(), "SELECT 2").await, 2);
}

#[tokio::test]
async fn the_socket_directory_is_private_and_goes_away() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path());
    let socket_dir = server.url().split("host=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let mode = std::fs::metadata(&socket_dir).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    drop(server);
    assert!(!Path::new(&socket_dir).exists());
}

#[test]
fn a_directory_that_is_a_file_is_named_in_the_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = PrivatePostgres::start(&file).unwrap_err();
    assert!(matches!(&error, PostgresError::Files { path, .. } if *path == file), "{error}");
}

/// Matters only to root, whose server runs as another user.
#[tokio::test]
async fn a_directory_that_only_its_owner_can_enter_still_keeps_its_cluster() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let server = start(dir.path());
    execute(server.url(), "CREATE TABLE kept AS SELECT 7 AS n").await;
    server.stop().unwrap();
    let server = start(dir.path());
    assert_eq!(number(server.url(), "SELECT n FROM kept").await, 7);
    let home = server.cluster_dir().parent().unwrap().to_owned();
    drop(server);
    if !home.starts_with(dir.path()) {
        std::fs::remove_dir_all(home).unwrap();
    }
}
