/// Why the indexer gave up. Everything that may pass by itself is retried instead.
#[derive(Debug, thiserror::Error)]
pub enum IndexerError {
    #[error("the database does not answer")]
    Database(#[from] sqlx::Error),
    #[error("the schema cannot be brought up to date")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    #[error(
        "the database describes the chain with genesis {indexed}, the RPC serves {served} \
         (hint: use another database, or the other RPC)"
    )]
    OtherChain { indexed: String, served: String },
    #[error(
        "start slot {start_slot} is past the checkpoint {checkpoint}: the slots between would be missing \
         (hint: leave the start slot out)"
    )]
    StartPastCheckpoint { start_slot: u64, checkpoint: u64 },
}
