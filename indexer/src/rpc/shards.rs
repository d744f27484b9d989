//! The last event numbers that the programs' shard accounts hold.
use crate::audit::Subject;
use crate::decode::Program;
use crate::source::{Shards, SourceError};
use anchor_lang::AccountDeserialize;
use anchor_lang::prelude::Pubkey;
use credits::constants::SHARDS;
use solana_account_decoder_client_types::UiAccountEncoding;
use solana_commitment_config::CommitmentConfig;
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use solana_rpc_client_api::config::RpcAccountInfoConfig;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const CALL: &str = "getMultipleAccounts";

/// All shards of all programs: fewer than the hundred that one call takes.
static ALL: LazyLock<Vec<(Program, u8)>> = LazyLock::new(|| {
    Program::ALL.into_iter().flat_map(|program| (0..SHARDS).map(move |index| (program, index))).collect()
});
static ADDRESSES: LazyLock<Vec<Pubkey>> =
    LazyLock::new(|| ALL.iter().map(|(program, index)| Subject::Shard(*program, *index).address()).collect());

/// A shard that is not open yet has told nothing.
pub async fn read(client: &RpcClient, commitment: CommitmentConfig) -> Result<Shards, SourceError> {
    let config = RpcAccountInfoConfig {
        encoding: Some(UiAccountEncoding::Base64),
        commitment: Some(commitment),
        ..RpcAccountInfoConfig::default()
    };
    let answer = client.get_multiple_ui_accounts_with_config(&ADDRESSES, config).await;
    let answer = answer.map_err(|e| super::failed(CALL, &e))?;
    let unreadable = |what: &str| SourceError::Call { call: CALL.to_owned(), message: what.to_owned() };
    if answer.value.len() != ALL.len() {
        return Err(unreadable("not as many accounts as were asked for"));
    }
    let mut last = BTreeMap::new();
    for ((program, index), account) in ALL.iter().zip(answer.value) {
        let seq = match account {
            Some(account) => account.data.decode().and_then(|data| seq(*program, &data)),
            None => Some(0),
        };
        last.insert((*program, *index), seq.ok_or_else(|| unreadable("an account is not a shard"))?);
    }
    Ok(Shards { slot: answer.context.slot, last })
}

fn seq(program: Program, mut data: &[u8]) -> Option<u64> {
    Some(match program {
        Program::Credits => credits::state::Shard::try_deserialize(&mut data).ok()?.seq,
        Program::Jobs => jobs::state::Shard::try_deserialize(&mut data).ok()?.seq,
        Program::Staking => staking::state::Shard::try_deserialize(&mut data).ok()?.seq,
        Program::Governance => governance::state::Shard::try_deserialize(&mut data).ok()?.seq,
    })
}
