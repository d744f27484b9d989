//! What a network needs before anybody can use it: programs, configs, event sequences and a price.
use anyhow::{Context, Result};
use client::{Chain, Keypair, Pubkey, Signer, address, credits_ix, jobs_ix};
use credits::InitializeArgs;
use credits::constants::SHARDS;
use serde_json::{Value, json};
use solana_rpc_client_api::request::RpcRequest;
use std::path::Path;
use std::time::Duration;

/// Genesis supply: 500 million IO, all in the admin's account.
const SUPPLY: u64 = 500_000_000 * 100_000_000;
/// A local network redeems at most 1,000,000 IO an epoch.
const REDEMPTION_BUDGET: u64 = 1_000_000 * 100_000_000;

/// Parameters of a new network.
pub struct Genesis<'a> {
    pub admin: &'a Keypair,
    pub submitters: &'a [Keypair],
    pub challenge_window_s: u32,
    pub epoch_s: u32,
    /// 10^-8 dollars per IO.
    pub price: u64,
}

/// Puts `name`.so from `folder` at `id`, upgradeable by `authority`.
pub async fn deploy(chain: &Chain, folder: &Path, name: &str, id: Pubkey, authority: Pubkey) -> Result<()> {
    let path = folder.join(format!("{name}.so"));
    let program = std::fs::read(&path).with_context(|| {
        format!("cannot read program {} (hint: `cargo xtask build-programs` builds it)", path.display())
    })?;
    let hex: String = program.iter().map(|b| format!("{b:02x}")).collect();
    let params = json!([id.to_string(), hex, 0, authority.to_string()]);
    let request = RpcRequest::Custom { method: "surfnet_writeProgram" };
    chain.rpc().send::<Value>(request, params).await.with_context(|| format!("cannot deploy {name}"))?;
    Ok(())
}

/// Gives `to` SOL for rent and fees.
pub async fn airdrop(chain: &Chain, to: &Pubkey, lamports: u64) -> Result<()> {
    let before = chain.rpc().get_balance(to).await?;
    chain.rpc().request_airdrop(to, lamports).await?;
    for _ in 0..200 {
        if chain.rpc().get_balance(to).await? >= before + lamports {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("the airdrop to {to} did not arrive")
}

impl Genesis<'_> {
    /// Initializes both programs, opens every event sequence and gives the coin a price.
    pub async fn run(&self, chain: &Chain) -> Result<()> {
        let admin = self.admin.pubkey();
        let args = InitializeArgs {
            jobs_authority: address::jobs_authority(),
            submitters: self.submitters.iter().map(|s| s.pubkey()).collect(),
            genesis_supply: SUPPLY,
            epoch_s: self.epoch_s,
            fee_bps: 500,
            incentive_bps: 2_000,
            redemption_budget: REDEMPTION_BUDGET,
            max_price_age_s: 60,
            max_spread_bps: 200,
        };
        let both = [credits_ix::initialize(admin, args), jobs_ix::initialize(admin, self.challenge_window_s)];
        chain.send(&both, &[self.admin]).await.context("cannot initialize the programs")?;
        let shards: Vec<_> =
            (0..SHARDS).flat_map(|i| [credits_ix::open_shard(admin, i), jobs_ix::open_shard(admin, i)]).collect();
        let sends = shards.chunks(8).map(|some| async move { chain.send(some, &[self.admin]).await });
        for sent in futures::future::join_all(sends).await {
            sent.context("cannot open the event sequences")?;
        }
        submit_prices(chain, self.submitters, self.price).await.context("cannot give the coin a price")
    }
}

/// One word from each submitter, in one transaction that the first pays for.
pub async fn submit_prices(chain: &Chain, submitters: &[Keypair], price: u64) -> Result<()> {
    let words: Vec<_> = submitters.iter().map(|s| credits_ix::submit_price(s.pubkey(), price)).collect();
    chain.send(&words, &submitters.iter().collect::<Vec<_>>()).await?;
    Ok(())
}
