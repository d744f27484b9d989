//! What Postgres alone reaches with the very SQL that the API sends: caught in the server's log, repeated by pgbench.
use super::cluster::Cluster;
use anyhow::{Context, Result, ensure};
use sqlx::{Connection, PgConnection};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long the server may take to hear of a changed setting, and to write what it logs.
const SETTLE: Duration = Duration::from_millis(400);

/// Statements of the requests that are made while `requests` runs, with their values in them, one list for each request's worth.
pub async fn caught(cluster: &Cluster, requests: impl AsyncFnOnce() -> Result<()>) -> Result<Vec<String>> {
    let log = cluster.log();
    set(cluster, "ALTER SYSTEM SET log_statement = 'all'").await?;
    let before = std::fs::metadata(&log)?.len();
    let asked = requests().await;
    tokio::time::sleep(SETTLE).await;
    let mut file = std::fs::File::open(&log)?;
    file.seek(SeekFrom::Start(before))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    set(cluster, "ALTER SYSTEM RESET log_statement").await?;
    asked?;
    Ok(statements(&text))
}

async fn set(cluster: &Cluster, statement: &'static str) -> Result<()> {
    let mut admin = PgConnection::connect(&cluster.url("postgres")).await?;
    sqlx::query(statement).execute(&mut admin).await?;
    sqlx::query("SELECT pg_reload_conf()").execute(&mut admin).await?;
    tokio::time::sleep(SETTLE).await;
    Ok(())
}

/// What was executed through prepared statements, in order.
fn statements(log: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut entry = String::new();
    let mut take = |entry: &str| {
        if let Some((_, sql)) = entry.split_once("LOG:  execute ").and_then(|(_, rest)| rest.split_once(": ")) {
            found.push(sql.to_owned());
        } else if let Some((_, values)) = entry.split_once("DETAIL:  parameters: ")
            && let Some(last) = found.last_mut()
        {
            *last = with_values(last, values);
        }
    };
    for line in log.lines() {
        // An entry's further lines begin with a tab.
        match line.strip_prefix('\t') {
            Some(more) => entry = format!("{entry}\n{more}"),
            None => {
                take(&entry);
                entry = line.to_owned();
            }
        }
    }
    take(&entry);
    found
}

/// `$1 = 'a', $2 = NULL` put in their places.
fn with_values(sql: &str, values: &str) -> String {
    let mut parameters = Vec::new();
    let mut rest = values;
    while let Some((_, value)) = rest.split_once(" = ") {
        let length = match value.strip_prefix('\'') {
            // Up to a quote that is not doubled.
            Some(text) => {
                let mut quotes = text.char_indices().filter(|(_, c)| *c == '\'').map(|(at, _)| at).peekable();
                let mut end = text.len();
                while let Some(at) = quotes.next() {
                    if quotes.next_if_eq(&(at + 1)).is_none() {
                        end = at;
                        break;
                    }
                }
                end + 2
            }
            None => value.find(',').unwrap_or(value.len()),
        };
        parameters.push(&value[..length]);
        rest = &value[length..];
    }
    // One pass: a value may hold what looks like a parameter, and `$1` is the beginning of `$10`.
    let mut pieces = sql.split('$');
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len());
        let (number, after) = piece.split_at(digits);
        let value = number.parse::<usize>().ok().and_then(|n| parameters.get(n.checked_sub(1)?));
        match value {
            Some(value) => filled.extend([*value, after]),
            None => filled.extend(["$", piece]),
        }
    }
    filled
}

/// Repetitions of a script by the second; each client picks one of `scripts` at random every time.
pub fn rate(url: &str, scripts: &[Vec<String>], clients: usize, seconds: u64) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(program()?);
    command.args(["--no-vacuum", "--protocol=prepared", "--jobs=1"]);
    command.arg(format!("--client={clients}")).arg(format!("--time={seconds}"));
    for (at, script) in scripts.iter().enumerate() {
        let path = folder.path().join(format!("{at}.sql"));
        let text: String = script.iter().map(|sql| format!("{sql};\n")).collect();
        std::fs::write(&path, text)?;
        command.arg("--file").arg(path);
    }
    let output = command.arg(url).output().context("cannot run pgbench")?;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "pgbench failed ({}): {err}", output.status);
    let line = out.lines().find_map(|line| line.strip_prefix("tps = "));
    let rate = line.and_then(|rest| rest.split(' ').next()).and_then(|rate| rate.parse().ok());
    rate.with_context(|| format!("pgbench says no rate: {out}"))
}

/// Debian keeps it beside the server, of whatever version is there.
fn program() -> Result<PathBuf> {
    let versions = std::fs::read_dir(Path::new("/usr/lib/postgresql")).context("postgresql is not installed")?;
    let mut found: Vec<PathBuf> = versions.flatten().map(|v| v.path().join("bin/pgbench")).collect();
    found.retain(|path| path.exists());
    found.sort();
    found.pop().context("pgbench is not installed (hint: apt-get install postgresql)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_read_from_the_log_with_their_values() {
        let log = "2026-01-01 10:00:00.000 UTC [7] LOG:  execute sqlx_s_1: SELECT a,\n\tb FROM t WHERE c = $1 AND d = $2 LIMIT $10\n\
                   2026-01-01 10:00:00.000 UTC [7] DETAIL:  parameters: $1 = 'it''s, $2 = ''x''', $2 = NULL, $3 = '1'\n\
                   2026-01-01 10:00:00.000 UTC [7] LOG:  statement: BEGIN\n";
        assert_eq!(statements(log), ["SELECT a,\nb FROM t WHERE c = 'it''s, $2 = ''x''' AND d = NULL LIMIT $10"]);
    }
}
