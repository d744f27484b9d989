//! Our events through carbon: `carbon-peer RPC_URL DATABASE_URL FIRST_SLOT LAST_SLOT`. Ends when everything is written.
//!
//! It does less than our indexer, to carbon's advantage: only the stamp is read of an event, the rest is stored as bytes; nothing is
//! derived, no checkpoint is kept. Settings, chosen by reading its code:
//! - `base64`, which it decodes faster than `json`; no rewards;
//! - 16 blocks fetched at once; by default 10;
//! - a channel that holds every transaction of the recording; with its default of 1,000 it drops what Postgres is too slow for;
//! - `synchronous_commit = off`, because each row is a transaction of its own;
//! - a table keyed by the instruction's whole path, through carbon's typed processor: the generic table's key (top-level index and
//!   stack height) has one row for all events of one instruction.
use anyhow::{Context, Result, anyhow};
use async_trait::async_trait;
use carbon_core::error::{CarbonResult, Error};
use carbon_core::instruction::{InstructionDecoder, InstructionMetadata};
use carbon_core::pipeline::Pipeline;
use carbon_core::postgres::operations::Upsert;
use carbon_core::postgres::processors::PostgresInstructionProcessor;
use carbon_rpc_block_crawler_datasource::{RpcBlockConfig, RpcBlockCrawler};
use solana_instruction::{AccountMeta, Instruction};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

const CONCURRENT_REQUESTS: usize = 16;
const CHANNEL: usize = 500_000;

/// Our programs.
const PROGRAMS: [(&str, &str); 4] = [
    ("credits", "Br2194d4hUX3b1Bh7aXXf6EEW7R7mU7XdR6CDwHXVggS"),
    ("staking", "CPECJVJiFEwCSJsYaShiQWTxq4FTCH6b3HJ62fA3s3y2"),
    ("jobs", "5rnPnghLg7E2Z8wHd3LGhPPB8Ns1B4HLTSQJtZa7ykNK"),
    ("governance", "7uaxgstiVrhyEJqtfHn2w4fZRmEAJLc8zuRej1uTsCws"),
];
/// What `emit_cpi!` puts before an event.
const TAG: [u8; 8] = 0x1d9a_cb51_2ea5_45e4_u64.to_le_bytes();
/// Tag and the event's own eight bytes.
const HEAD: usize = 16;
/// Shard (1), sequence, slot and time (8 each).
const STAMP: usize = 25;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS carbon_events (
    signature TEXT NOT NULL, path BYTEA NOT NULL, slot BIGINT NOT NULL, program TEXT NOT NULL, kind BYTEA NOT NULL,
    shard SMALLINT NOT NULL, seq BIGINT NOT NULL, time BIGINT NOT NULL, body BYTEA NOT NULL,
    PRIMARY KEY (signature, path)
)";
const UPSERT: &str = "INSERT INTO carbon_events (signature, path, slot, program, kind, shard, seq, time, body)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (signature, path) DO UPDATE SET slot = $3, program = $4, kind = $5, shard = $6, seq = $7, time = $8, body = $9";

#[derive(Clone)]
struct Event {
    program: &'static str,
    kind: Vec<u8>,
    shard: i16,
    seq: i64,
    time: i64,
    body: Vec<u8>,
}

struct Decoder {
    programs: Vec<([u8; 32], &'static str)>,
}

impl InstructionDecoder<'_> for Decoder {
    type InstructionType = Event;

    fn decode_instruction(&self, instruction: &Instruction) -> Option<Event> {
        let id = instruction.program_id.to_bytes();
        let (_, program) = self.programs.iter().find(|(program, _)| *program == id)?;
        let data = instruction.data.strip_prefix(&TAG)?;
        let (kind, stamp) = (data.get(..8)?, data.get(HEAD - 8..HEAD - 8 + STAMP)?);
        let number = |at: usize| i64::from_le_bytes(stamp[at..at + 8].try_into().expect("eight bytes"));
        let (shard, seq, time) = (i16::from(stamp[0]), number(1), number(17));
        Some(Event { program, kind: kind.to_vec(), shard, seq, time, body: data[HEAD - 8 + STAMP..].to_vec() })
    }
}

struct Row {
    signature: String,
    path: Vec<u8>,
    slot: i64,
    event: Event,
}

impl From<(Event, InstructionMetadata, Vec<AccountMeta>)> for Row {
    fn from((event, metadata, _): (Event, InstructionMetadata, Vec<AccountMeta>)) -> Self {
        Row {
            signature: metadata.transaction_metadata.signature.to_string(),
            slot: metadata.transaction_metadata.slot as i64,
            path: metadata.absolute_path,
            event,
        }
    }
}

#[async_trait]
impl Upsert for Row {
    async fn upsert(&self, pool: &PgPool) -> CarbonResult<()> {
        let written = sqlx::query(UPSERT)
            .bind(&self.signature)
            .bind(&self.path)
            .bind(self.slot)
            .bind(self.event.program)
            .bind(&self.event.kind)
            .bind(self.event.shard)
            .bind(self.event.seq)
            .bind(self.event.time)
            .bind(&self.event.body)
            .execute(pool)
            .await;
        written.map(drop).map_err(|e| Error::Custom(e.to_string()))
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    env_logger::init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [rpc_url, database_url, first, last] =
        arguments.try_into().map_err(|_| anyhow!("four arguments are needed"))?;
    let options: PgConnectOptions = database_url.parse().context("the database's address")?;
    let pool =
        PgPoolOptions::new().max_connections(4).connect_with(options.options([("synchronous_commit", "off")])).await?;
    sqlx::query(TABLE).execute(&pool).await?;
    let config: RpcBlockConfig = serde_json::from_value(serde_json::json!({
        "encoding": "base64", "transactionDetails": "full", "rewards": false, "commitment": "confirmed",
        "maxSupportedTransactionVersion": 0,
    }))?;
    let crawler = RpcBlockCrawler::new(
        rpc_url,
        first.parse()?,
        Some(last.parse()?),
        None,
        config,
        Some(CONCURRENT_REQUESTS),
        Some(CHANNEL),
    );
    let id = |text: &str| -> Result<[u8; 32]> {
        bs58::decode(text).into_vec()?.try_into().map_err(|_| anyhow!("{text} is not an address"))
    };
    let programs = PROGRAMS.iter().map(|(name, text)| Ok((id(text)?, *name))).collect::<Result<_>>()?;
    let processor: PostgresInstructionProcessor<Event, Row> = PostgresInstructionProcessor::new(pool);
    let mut pipeline = Pipeline::builder()
        .datasource(crawler)
        .instruction(Decoder { programs }, processor)
        .channel_buffer_size(CHANNEL)
        .build()
        .map_err(|e| anyhow!("{e}"))?;
    pipeline.run().await.map_err(|e| anyhow!("{e}"))
}
