//! A gRPC server that plays a recording as a Yellowstone node does, with the faults of one.
use futures::StreamExt;
use recorded::Chain;
use solana_commitment_config::CommitmentConfig;
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use solana_rpc_client_api::config::RpcBlockConfig;
use solana_transaction_status_client_types::option_serializer::OptionSerializer;
use solana_transaction_status_client_types::{
    EncodedTransaction, EncodedTransactionWithStatusMeta, TransactionDetails, UiConfirmedBlock, UiInstruction,
    UiMessage, UiTransactionEncoding,
};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Request, Response, Status, Streaming};
use yellowstone_grpc_proto::geyser::geyser_server::{Geyser, GeyserServer};
use yellowstone_grpc_proto::prelude::subscribe_update::UpdateOneof;
use yellowstone_grpc_proto::prelude::*;

/// What happens to a block on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    #[default]
    Sent,
    Twice,
    Lost,
    /// Without its last transaction.
    Cut,
    /// Without the metadata of its transactions.
    Bare,
    /// The connection ends before it.
    BreakOff,
}

/// By how many blocks were played on all connections so far, and the slot.
pub type Script = Arc<dyn Fn(u64, u64) -> Fate + Send + Sync>;

#[derive(Clone)]
pub struct Replay {
    chain: Arc<Chain>,
    rpc: Arc<RpcClient>,
    script: Script,
    /// Blocks behind the tip that can be asked for again.
    window: usize,
    /// A client that leaves more updates than this waiting is cut off.
    patience: usize,
    played: Arc<Mutex<u64>>,
    /// `from_slot` of each subscription.
    pub asked: Arc<Mutex<Vec<Option<u64>>>>,
}

impl Replay {
    /// Blocks come out of `rpc`, which serves `chain`.
    pub fn new(chain: Arc<Chain>, rpc: String, script: Script, window: usize, patience: usize) -> Self {
        let rpc = Arc::new(RpcClient::new(rpc));
        let (played, asked) = Default::default();
        Self { chain, rpc, script, window, patience, played, asked }
    }

    pub async fn serve(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = GeyserServer::new(self.clone())
            .send_compressed(tonic::codec::CompressionEncoding::Zstd)
            .max_encoding_message_size(usize::MAX);
        tokio::spawn(
            tonic::transport::Server::builder()
                .add_service(service)
                .serve_with_incoming(TcpListenerStream::new(listener)),
        );
        address
    }

    async fn block(&self, slot: u64) -> SubscribeUpdateBlock {
        let config = RpcBlockConfig {
            encoding: Some(UiTransactionEncoding::Json),
            transaction_details: Some(TransactionDetails::Full),
            rewards: Some(false),
            commitment: Some(CommitmentConfig::confirmed()),
            max_supported_transaction_version: Some(0),
        };
        written(slot, self.rpc.get_block_with_config(slot, config).await.unwrap())
    }

    /// Plays to one connection from `next` on, until the client is gone or the script ends it.
    async fn play(self, mut next: u64, updates: mpsc::Sender<Result<SubscribeUpdate, Status>>) {
        let mut tip = self.chain.watch();
        loop {
            let confirmed = tip.borrow_and_update().confirmed;
            let slots: Vec<u64> = self.chain.slots().filter(|slot| (next..=confirmed).contains(slot)).collect();
            let mut blocks = Vec::new();
            for slot in slots {
                blocks.push(self.block(slot).await);
            }
            // Sent at once: a node does not wait between blocks that it has.
            let (mut ready, mut breaks_off) = (Vec::new(), false);
            for mut block in blocks {
                let slot = block.slot;
                let number = {
                    let mut played = self.played.lock().unwrap();
                    *played += 1;
                    *played
                };
                let mut copies = 1;
                match (self.script)(number, slot) {
                    Fate::Sent => {}
                    Fate::Twice => copies = 2,
                    Fate::Lost => copies = 0,
                    Fate::Cut => drop(block.transactions.pop()),
                    Fate::Bare => block.transactions.iter_mut().for_each(|transaction| transaction.meta = None),
                    Fate::BreakOff => {
                        breaks_off = true;
                        break;
                    }
                }
                for _ in 0..copies {
                    let update_oneof = Some(UpdateOneof::Block(block.clone()));
                    ready.push(SubscribeUpdate { filters: vec!["blocks".into()], update_oneof, created_at: None });
                }
                next = slot + 1;
            }
            for update in ready {
                if updates.try_send(Ok(update)).is_err() {
                    // Nobody waits for a slow client.
                    return;
                }
            }
            if breaks_off {
                return;
            }
            let ping =
                SubscribeUpdate { update_oneof: Some(UpdateOneof::Ping(SubscribeUpdatePing {})), ..Default::default() };
            if updates.try_send(Ok(ping)).is_err() || tip.changed().await.is_err() {
                return;
            }
        }
    }
}

type Updates = Pin<Box<dyn futures::Stream<Item = Result<SubscribeUpdate, Status>> + Send>>;

#[tonic::async_trait]
impl Geyser for Replay {
    type SubscribeStream = Updates;
    type SubscribeDeshredStream = Pin<Box<dyn futures::Stream<Item = Result<SubscribeUpdateDeshred, Status>> + Send>>;
    type SubscribeGossipStream = Pin<Box<dyn futures::Stream<Item = Result<SubscribeUpdateGossip, Status>> + Send>>;

    async fn subscribe(&self, request: Request<Streaming<SubscribeRequest>>) -> Result<Response<Updates>, Status> {
        let mut requests = request.into_inner();
        let first = requests.next().await.ok_or_else(|| Status::invalid_argument("no request"))??;
        let whole = first.blocks.values().next().ok_or_else(|| Status::invalid_argument("no blocks are asked for"))?;
        assert!(whole.include_transactions == Some(true) && whole.account_include.is_empty());
        assert_eq!(first.commitment, Some(CommitmentLevel::Confirmed.into()));
        self.asked.lock().unwrap().push(first.from_slot);
        let confirmed = self.chain.tip().confirmed;
        let kept = self.chain.slots().rev().filter(|slot| *slot <= confirmed).nth(self.window).unwrap_or(0);
        let next = match first.from_slot {
            Some(slot) if slot < kept => {
                return Err(Status::internal(format!("from_slot is not available, last available: {kept}")));
            }
            Some(slot) => slot,
            None => confirmed,
        };
        let (updates, receiver) = mpsc::channel(self.patience);
        tokio::spawn(self.clone().play(next, updates));
        // Pings are answered on it.
        tokio::spawn(async move { while let Some(Ok(_)) = requests.next().await {} });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn subscribe_deshred(
        &self,
        _: Request<Streaming<SubscribeDeshredRequest>>,
    ) -> Result<Response<Self::SubscribeDeshredStream>, Status> {
        Err(Status::unimplemented("not played"))
    }

    async fn subscribe_gossip(
        &self,
        _: Request<SubscribeGossipRequest>,
    ) -> Result<Response<Self::SubscribeGossipStream>, Status> {
        Err(Status::unimplemented("not played"))
    }

    async fn subscribe_replay_info(
        &self,
        _: Request<SubscribeReplayInfoRequest>,
    ) -> Result<Response<SubscribeReplayInfoResponse>, Status> {
        Err(Status::unimplemented("not played"))
    }

    async fn ping(&self, _: Request<PingRequest>) -> Result<Response<PongResponse>, Status> {
        Err(Status::unimplemented("not played"))
    }

    async fn get_latest_blockhash(
        &self,
        _: Request<GetLatestBlockhashRequest>,
    ) -> Result<Response<GetLatestBlockhashResponse>, Status> {
        Err(Status::unimplemented("not played"))
    }

    async fn get_block_height(
        &self,
        _: Request<GetBlockHeightRequest>,
    ) -> Result<Response<GetBlockHeightResponse>, Status> {
        Err(Status::unimplemented("not played"))
    }

    async fn get_slot(&self, _: Request<GetSlotRequest>) -> Result<Response<GetSlotResponse>, Status> {
        Err(Status::unimplemented("not played"))
    }

    async fn is_blockhash_valid(
        &self,
        _: Request<IsBlockhashValidRequest>,
    ) -> Result<Response<IsBlockhashValidResponse>, Status> {
        Err(Status::unimplemented("not played"))
    }

    async fn get_version(&self, _: Request<GetVersionRequest>) -> Result<Response<GetVersionResponse>, Status> {
        Err(Status::unimplemented("not played"))
    }
}

/// A recorded block as the stream writes it.
fn written(slot: u64, block: UiConfirmedBlock) -> SubscribeUpdateBlock {
    let transactions: Vec<_> = block.transactions.unwrap().into_iter().zip(0..).map(transaction).collect();
    SubscribeUpdateBlock {
        slot,
        blockhash: block.blockhash,
        block_time: block.block_time.map(|timestamp| UnixTimestamp { timestamp }),
        parent_slot: block.parent_slot,
        parent_blockhash: block.previous_blockhash,
        executed_transaction_count: transactions.len() as u64,
        transactions,
        ..Default::default()
    }
}

fn bytes(text: &String) -> Vec<u8> {
    bs58::decode(text).into_vec().unwrap()
}

fn transaction((recorded, index): (EncodedTransactionWithStatusMeta, u64)) -> SubscribeUpdateTransactionInfo {
    let EncodedTransaction::Json(ui) = recorded.transaction else { panic!("JSON was asked for") };
    let UiMessage::Raw(message) = ui.message else { panic!("raw messages were asked for") };
    let meta = recorded.meta.unwrap();
    let OptionSerializer::Some(groups) = meta.inner_instructions else { panic!("recorded with inner instructions") };
    let inner = groups.into_iter().map(|group| InnerInstructions {
        index: group.index.into(),
        instructions: group
            .instructions
            .into_iter()
            .map(|instruction| {
                let UiInstruction::Compiled(compiled) = instruction else { panic!("raw instructions were asked for") };
                InnerInstruction {
                    program_id_index: compiled.program_id_index.into(),
                    accounts: compiled.accounts,
                    data: bytes(&compiled.data),
                    stack_height: compiled.stack_height,
                }
            })
            .collect(),
    });
    let loaded = match meta.loaded_addresses {
        OptionSerializer::Some(loaded) => loaded,
        _ => Default::default(),
    };
    let lookups = message.address_table_lookups.unwrap_or_default().into_iter().map(|lookup| {
        let (writable_indexes, readonly_indexes) = (lookup.writable_indexes, lookup.readonly_indexes);
        MessageAddressTableLookup { account_key: bytes(&lookup.account_key), writable_indexes, readonly_indexes }
    });
    let message = Message {
        account_keys: message.account_keys.iter().map(bytes).collect(),
        address_table_lookups: lookups.collect(),
        ..Default::default()
    };
    SubscribeUpdateTransactionInfo {
        signature: bytes(&ui.signatures[0]),
        is_vote: false,
        transaction: Some(Transaction {
            signatures: ui.signatures.iter().map(bytes).collect(),
            message: Some(message),
        }),
        meta: Some(TransactionStatusMeta {
            err: meta.err.map(|error| TransactionError { err: format!("{error:?}").into_bytes() }),
            inner_instructions: inner.collect(),
            loaded_writable_addresses: loaded.writable.iter().map(bytes).collect(),
            loaded_readonly_addresses: loaded.readonly.iter().map(bytes).collect(),
            ..Default::default()
        }),
        index,
    }
}
