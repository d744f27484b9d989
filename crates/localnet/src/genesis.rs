//! What a network needs before anybody can use it: programs, configs, event sequences, a price, and an authority that only votes
//! can use.
use anyhow::{Context, Result};
use client::{Chain, Keypair, Pubkey, Signer, address, credits_ix, governance_ix, jobs_ix, staking_ix};
use credits::MintLimit;
use credits::constants::SHARDS;
use governance::Target;
use serde_json::{Value, json};
use solana_rpc_client_api::request::RpcRequest;
use std::path::Path;
use std::time::Duration;

/// Base units of one IO.
const IO: u64 = 100_000_000;
/// Genesis supply: 500 million IO, all in the admin's account.
const SUPPLY: u64 = 500_000_000 * IO;
/// A local network redeems at most 1,000,000 IO an epoch.
const REDEMPTION_CAP: u64 = 1_000_000 * IO;
/// Every budget of the schedule, in all and in an epoch.
const MINT_LIMIT: MintLimit = MintLimit { total: 100_000_000 * IO, epoch: 1_000_000 * IO };
/// Lamports, about 60 times what an answer's transactions cost.
const DEMAND_BOND: u64 = 2_000_000;
/// Stake that a device of each class needs: small, so that everybody can try it.
const CLASS_STAKE: [u64; 4] = [10 * IO, 20 * IO, 50 * IO, 100 * IO];

/// Challenge rounds for a shared pair of cores: a class's work takes well under a second, so any machine passes. A network with
/// value at stake sizes rows so that an honest device takes more than half of the window.
pub const ROUNDS: jobs::RoundRules = jobs::RoundRules {
    window_s: 15,
    every_s: 45,
    answer_s: 15,
    slash_bps: 1_000,
    rows: [64, 128, 256, 512],
    throughput: [10_000_000, 20_000_000, 40_000_000, 80_000_000],
    ceiling: [1_000_000; 4],
};

/// The programs that run on a network.
pub const PROGRAMS: [(&str, Pubkey); 4] =
    [("credits", credits::ID), ("jobs", jobs::ID), ("staking", staking::ID), ("governance", governance::ID)];

/// Parameters of a new network.
pub struct Genesis<'a> {
    pub admin: &'a Keypair,
    pub guardian: Pubkey,
    pub submitters: &'a [Keypair],
    pub challenge_window_s: u32,
    /// With half of all jobs audited, deterrence asks for less than `reserve_bps`.
    pub audit_bps: u16,
    pub answer_s: u32,
    pub epoch_s: u32,
    pub voting_s: u32,
    pub timelock_s: u32,
    pub round_rules: jobs::RoundRules,
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
    /// Initializes the programs, opens every event sequence, gives the coin a price and hands the authority over to votes.
    pub async fn run(&self, chain: &Chain) -> Result<()> {
        let admin = self.admin.pubkey();
        let send = async |instructions: &[_], what: &'static str| {
            chain.send(instructions, &[self.admin]).await.context(what).map(|_| ())
        };
        // The others read the credits program's config.
        let first = [credits_ix::initialize(admin, self.credits()), jobs_ix::initialize(admin, self.jobs())];
        send(&first, "cannot initialize credits and jobs").await?;
        let then = [staking_ix::initialize(admin, self.staking()), governance_ix::initialize(admin, self.governance())];
        send(&then, "cannot initialize staking and governance").await?;
        let openers = [credits_ix::open_shard, jobs_ix::open_shard, staking_ix::open_shard, governance_ix::open_shard];
        let shards: Vec<_> = (0..SHARDS).flat_map(|i| openers.map(|open| open(admin, i))).collect();
        let sends = shards.chunks(8).map(|some| send(some, "cannot open the event sequences"));
        for sent in futures::future::join_all(sends).await {
            sent?;
        }
        submit_prices(chain, self.submitters, self.price).await.context("cannot give the coin a price")?;
        let to = address::governance_authority();
        let offers = [
            credits_ix::administer(admin, credits::Order::OfferAuthority { to }),
            staking_ix::administer(admin, staking::Order::OfferAuthority { to }),
            jobs_ix::administer(admin, jobs::Order::OfferAuthority { to }),
        ];
        send(&offers, "cannot offer the authority to the governance program").await?;
        let accept = [Target::Credits, Target::Staking, Target::Jobs].map(governance_ix::accept_program_authority);
        send(&accept, "the governance program cannot accept the authority").await
    }

    fn credits(&self) -> credits::InitializeArgs {
        credits::InitializeArgs {
            jobs_authority: address::jobs_authority(),
            staking_authority: address::staking_authority(),
            treasury_authority: address::governance_authority(),
            submitters: self.submitters.iter().map(|s| s.pubkey()).collect(),
            genesis_supply: SUPPLY,
            epoch_s: self.epoch_s,
            fee_bps: 500,
            incentive_bps: 2_000,
            redemption_cap: REDEMPTION_CAP,
            max_price_age_s: 60,
            max_spread_bps: 200,
            idle_bps: 4_000,
            stakers_bps: 4_000,
            loyalty_bps: 100,
            mint_limits: [MINT_LIMIT; 3],
        }
    }

    fn jobs(&self) -> jobs::InitializeArgs {
        jobs::InitializeArgs {
            challenge_window_s: self.challenge_window_s,
            reserve_bps: 20_000,
            forfeit_bps: 1_000,
            class_stake: CLASS_STAKE,
            audit_bps: self.audit_bps,
            audit_cells: 2,
            answer_s: self.answer_s,
            demand_bond: DEMAND_BOND,
            demand_answer_s: self.challenge_window_s,
            rounds: self.round_rules,
        }
    }

    /// Stake cools for the challenge window and two epochs, so that it can be tried; a network with value at stake must add the
    /// longest execution.
    fn staking(&self) -> staking::InitializeArgs {
        staking::InitializeArgs {
            jobs_authority: address::jobs_authority(),
            voting_authority: address::governance_authority(),
            dispute_s: self.challenge_window_s,
            slash_cap_bps: 3_000,
            prover_bps: 2_500,
            max_commission_bps: 2_000,
        }
    }

    fn governance(&self) -> governance::InitializeArgs {
        governance::InitializeArgs {
            guardian: self.guardian,
            deposit: 10 * IO,
            voting_s: self.voting_s,
            timelock_s: self.timelock_s,
            grace_s: 3_600,
            quorum_bps: 1_000,
            threshold_bps: 5_000,
        }
    }
}

/// One word from each submitter, in one transaction that the first pays for.
pub async fn submit_prices(chain: &Chain, submitters: &[Keypair], price: u64) -> Result<()> {
    let words: Vec<_> = submitters.iter().map(|s| credits_ix::submit_price(s.pubkey(), price)).collect();
    chain.send(&words, &submitters.iter().collect::<Vec<_>>()).await?;
    Ok(())
}
