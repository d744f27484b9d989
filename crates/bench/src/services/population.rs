//! A million jobs: those of the recording, again and again, each time somebody else's and later.
use anyhow::{Context, Result, ensure};
use sqlx::{Connection, PgConnection, Row};

/// Seconds between one copy of the seed and the next.
const APART_S: i64 = 600;

/// Multiplies `jobs` until there are at least `wanted`. Every copy has its own address, event and times; all else is as it was.
pub async fn multiply(database_url: &str, wanted: u64) -> Result<u64> {
    let mut connection = PgConnection::connect(database_url).await?;
    let seed: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs").fetch_one(&mut connection).await?;
    ensure!(seed > 0, "the recording has no jobs");
    let copies = wanted.div_ceil(seed.unsigned_abs()).saturating_sub(1);
    let rows = sqlx::query(
        "SELECT column_name::text FROM information_schema.columns WHERE table_name = 'jobs' ORDER BY ordinal_position",
    )
    .fetch_all(&mut connection)
    .await?;
    let columns: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let values: Vec<String> = columns.iter().map(|column| value(column)).collect();
    let insert = format!(
        "INSERT INTO jobs ({}) SELECT {} FROM jobs j, generate_series(1, {copies}) AS copy,
             (SELECT max(event_id) AS events FROM jobs) AS bounds",
        columns.join(", "),
        values.join(", ")
    );
    // The copies' events do not exist; nothing that is measured reads them.
    sqlx::raw_sql("SET session_replication_role = replica").execute(&mut connection).await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(insert)).execute(&mut connection).await.context("jobs cannot be multiplied")?;
    sqlx::raw_sql("ANALYZE").execute(&mut connection).await?;
    let all: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs").fetch_one(&mut connection).await?;
    Ok(all.unsigned_abs())
}

fn value(column: &str) -> String {
    match column {
        "address" => "sha256(j.address || int8send(copy::bigint))".into(),
        "event_id" => "j.event_id + bounds.events * copy".into(),
        "user_seq" => format!("j.user_seq + {} * copy", u32::MAX),
        time if time.ends_with("_time") || time.ends_with("_deadline") || time == "window_end" => {
            format!("j.{time} + {APART_S} * copy")
        }
        other => format!("j.{other}"),
    }
}

/// Addresses spread over all jobs, in base58.
pub async fn addresses(database_url: &str, count: i64) -> Result<Vec<String>> {
    let mut connection = PgConnection::connect(database_url).await?;
    // The first after evenly spread places: addresses are hashes.
    let rows = sqlx::query(
        "SELECT (SELECT address FROM jobs WHERE address >= sha256(int8send(n)) ORDER BY address LIMIT 1)
         FROM generate_series(1, $1::bigint) AS n",
    )
    .bind(count)
    .fetch_all(&mut connection)
    .await?;
    let found = rows.iter().filter_map(|row| row.try_get::<Option<Vec<u8>>, _>(0).ok().flatten());
    Ok(found.map(|address| bs58::encode(address).into_string()).collect())
}
