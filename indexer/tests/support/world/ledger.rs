//! The accounts of all four programs.
use super::{EPOCH_S, GENESIS_SUPPLY, IO, bytes_of};
use crate::support::story::{START_TIME, key};
use anchor_lang::prelude::Pubkey;
use credits::constants as c;
use credits::state::{Budget, Earnings, Emission, Epoch, Escrow, Loyalty, Shard, Totals};
use governance::constants as g;
use governance::state::{Proposal, Vote};
use indexer::Program;
use jobs::constants as j;
use jobs::state::{Demand, Device, Job, Operator};
use staking::constants as s;
use staking::state::{Pool, Position, Rewards};
use std::collections::{BTreeMap, HashMap};

/// Where a program keeps an account.
pub fn pda(program: Program, seeds: &[&[u8]]) -> Pubkey {
    Pubkey::find_program_address(seeds, &Pubkey::from(program.id())).0
}

pub struct Ledger {
    pub credits: credits::state::Config,
    pub emission: Emission,
    pub epochs: BTreeMap<u64, Epoch>,
    pub escrows: BTreeMap<Pubkey, Escrow>,
    pub earnings: BTreeMap<Pubkey, Earnings>,
    pub loyalty: BTreeMap<Pubkey, Loyalty>,
    pub totals: [Totals; 16],
    pub staking: staking::state::Config,
    pub rewards: Rewards,
    pub pools: BTreeMap<Pubkey, Pool>,
    pub positions: BTreeMap<(Pubkey, Pubkey), Position>,
    pub jobs: jobs::state::Config,
    pub operators: BTreeMap<Pubkey, Operator>,
    pub devices: BTreeMap<Pubkey, Device>,
    pub live: BTreeMap<Pubkey, Job>,
    /// Open ones, by job and number.
    pub demands: BTreeMap<(Pubkey, u16), Demand>,
    pub posted: BTreeMap<Pubkey, u64>,
    pub governance: governance::state::Config,
    pub proposals: BTreeMap<Pubkey, Proposal>,
    pub votes: BTreeMap<(Pubkey, Pubkey), Vote>,
    pub sequences: HashMap<([u8; 32], u8), u64>,
    pub io_supply: u64,
    pub iosd_supply: u64,
    pub stake_vault: u64,
    pub reward_vault: u64,
    pub deposit_vault: u64,
    /// IOSD of users.
    pub wallets: BTreeMap<Pubkey, u64>,
}

fn credits_config() -> credits::state::Config {
    credits::state::Config {
        authority: key(800),
        pending_authority: Pubkey::default(),
        jobs_authority: pda(Program::Jobs, &[j::AUTHORITY_SEED]),
        staking_authority: pda(Program::Staking, &[s::AUTHORITY_SEED]),
        io_mint: pda(Program::Credits, &[c::IO_MINT_SEED]),
        iosd_mint: pda(Program::Credits, &[c::IOSD_MINT_SEED]),
        price_source: credits::PriceSource::Feed,
        genesis_time: START_TIME,
        epoch_s: EPOCH_S,
        fee_bps: 500,
        incentive_bps: 2_000,
        redemption_cap: 1_000_000 * IO,
        max_price_age_s: 60,
        max_spread_bps: 200,
        idle_bps: 3_000,
        stakers_bps: 5_000,
        loyalty_bps: 100,
        paused: 0,
        bump: 255,
    }
}

fn staking_config() -> staking::state::Config {
    staking::state::Config {
        authority: key(800),
        pending_authority: Pubkey::default(),
        jobs_authority: pda(Program::Jobs, &[j::AUTHORITY_SEED]),
        voting_authority: pda(Program::Governance, &[g::AUTHORITY_SEED]),
        io_mint: pda(Program::Credits, &[c::IO_MINT_SEED]),
        stake_vault: pda(Program::Staking, &[s::STAKE_VAULT_SEED]),
        reward_vault: pda(Program::Staking, &[s::REWARD_VAULT_SEED]),
        genesis_time: START_TIME,
        epoch_s: EPOCH_S,
        dispute_s: 10,
        slash_cap_bps: 1_000,
        prover_bps: 3_000,
        max_commission_bps: 3_000,
        paused: 0,
        bump: 255,
        authority_bump: 254,
    }
}

fn jobs_config() -> jobs::state::Config {
    jobs::state::Config {
        authority: key(800),
        pending_authority: Pubkey::default(),
        challenge_window_s: 60,
        reserve_bps: 20_000,
        forfeit_bps: 500,
        class_stake: [100 * IO, 500 * IO, 1_000 * IO, 2_000 * IO],
        audit_bps: 5_000,
        audit_cells: 2,
        answer_s: 30,
        demand_bond: 2_000_000,
        demand_answer_s: 30,
        rounds: jobs::RoundRules { rows: [64; 4], ..jobs::RoundRules::default() },
        round: 0,
        round_live: false,
        next_round_at: 0,
        settled_round: 0,
        idle_promised: 0,
        paused: 0,
        bump: 255,
        authority_bump: 254,
    }
}

fn governance_config() -> governance::state::Config {
    governance::state::Config {
        guardian: key(801),
        pending_guardian: Pubkey::default(),
        io_mint: pda(Program::Credits, &[c::IO_MINT_SEED]),
        deposit: 50 * IO,
        voting_s: 40,
        timelock_s: 20,
        grace_s: 120,
        quorum_bps: 2_000,
        threshold_bps: 6_000,
        rules_version: 0,
        next_proposal: 0,
        deposits_burned: 0,
        paused: 0,
        changed: [0; g::KINDS],
        bump: 255,
        authority_bump: 254,
        vault_bump: 253,
    }
}

fn emission() -> Emission {
    let minters = [
        pda(Program::Jobs, &[j::AUTHORITY_SEED]),
        pda(Program::Staking, &[s::AUTHORITY_SEED]),
        pda(Program::Governance, &[g::AUTHORITY_SEED]),
    ];
    let budget = |i: usize| Budget {
        authority: minters[i],
        total_limit: 100_000_000 * IO,
        epoch_limit: 1_000_000 * IO,
        ..Budget::default()
    };
    Emission {
        next_epoch: 0,
        genesis: GENESIS_SUPPLY,
        smoothed_burn: 0,
        reserve: 0,
        allocated: 0,
        redeemed: 0,
        burned: 0,
        funded: 0,
        scheduled: 0,
        budgets: [budget(0), budget(1), budget(2)],
        bump: 255,
    }
}

fn empty_rewards() -> Rewards {
    let mut rewards = Rewards {
        weight: 0,
        staked: 0,
        index: 0,
        carry: 0,
        undistributed: 0,
        collected: 0,
        claimed: 0,
        slashed: 0,
        burned: 0,
        bump: 255,
    };
    rewards.write(&Default::default());
    rewards
}

impl Ledger {
    pub fn new() -> Self {
        Self {
            credits: credits_config(),
            emission: emission(),
            epochs: BTreeMap::new(),
            escrows: BTreeMap::new(),
            earnings: BTreeMap::new(),
            loyalty: BTreeMap::new(),
            totals: [Totals::default(); 16],
            staking: staking_config(),
            rewards: empty_rewards(),
            pools: BTreeMap::new(),
            positions: BTreeMap::new(),
            jobs: jobs_config(),
            operators: BTreeMap::new(),
            devices: BTreeMap::new(),
            live: BTreeMap::new(),
            demands: BTreeMap::new(),
            posted: BTreeMap::new(),
            governance: governance_config(),
            proposals: BTreeMap::new(),
            votes: BTreeMap::new(),
            sequences: HashMap::new(),
            io_supply: GENESIS_SUPPLY,
            iosd_supply: 0,
            stake_vault: 0,
            reward_vault: 0,
            deposit_vault: 0,
            wallets: BTreeMap::new(),
        }
    }

    /// Address to owner and bytes.
    pub fn accounts(&self) -> BTreeMap<Pubkey, (Pubkey, Vec<u8>)> {
        let mut all = BTreeMap::new();
        let mut put = |program: Program, seeds: &[&[u8]], data: Vec<u8>| {
            all.insert(pda(program, seeds), (Pubkey::from(program.id()), data));
        };
        use Program::{Credits, Governance, Jobs, Staking};
        put(Credits, &[c::CONFIG_SEED], bytes_of(&self.credits));
        put(Credits, &[c::EMISSION_SEED], bytes_of(&self.emission));
        for (index, epoch) in &self.epochs {
            put(Credits, &[c::EPOCH_SEED, &index.to_le_bytes()], bytes_of(epoch));
        }
        for (job, escrow) in &self.escrows {
            put(Credits, &[c::ESCROW_SEED, job.as_ref()], bytes_of(escrow));
        }
        for (owner, earnings) in &self.earnings {
            put(Credits, &[c::EARNINGS_SEED, owner.as_ref()], bytes_of(earnings));
        }
        for (user, loyalty) in &self.loyalty {
            put(Credits, &[c::LOYALTY_SEED, user.as_ref()], bytes_of(loyalty));
        }
        put(Staking, &[s::CONFIG_SEED], bytes_of(&self.staking));
        put(Staking, &[s::REWARDS_SEED], bytes_of(&self.rewards));
        for pool in self.pools.values() {
            put(Staking, &[s::POOL_SEED, pool.owner.as_ref(), &[pool.kind as u8]], bytes_of(pool));
        }
        for ((pool, holder), position) in &self.positions {
            put(Staking, &[s::POSITION_SEED, pool.as_ref(), holder.as_ref()], bytes_of(position));
        }
        put(Jobs, &[j::CONFIG_SEED], bytes_of(&self.jobs));
        for (owner, operator) in &self.operators {
            put(Jobs, &[j::OPERATOR_SEED, owner.as_ref()], bytes_of(operator));
        }
        for (device, account) in &self.devices {
            put(Jobs, &[j::DEVICE_SEED, device.as_ref()], bytes_of(account));
        }
        for (owner, next_seq) in &self.posted {
            let user = jobs::state::User { owner: *owner, next_seq: *next_seq, bump: 255 };
            put(Jobs, &[j::USER_SEED, owner.as_ref()], bytes_of(&user));
        }
        for job in self.live.values() {
            put(Jobs, &[j::JOB_SEED, job.user.as_ref(), &job.seq.to_le_bytes()], bytes_of(job));
        }
        for ((job, n), demand) in &self.demands {
            put(Jobs, &[j::DEMAND_SEED, job.as_ref(), &n.to_le_bytes()], bytes_of(demand));
        }
        put(Governance, &[g::CONFIG_SEED], bytes_of(&self.governance));
        for proposal in self.proposals.values() {
            put(Governance, &[g::PROPOSAL_SEED, &proposal.number.to_le_bytes()], bytes_of(proposal));
        }
        for ((proposal, position), vote) in &self.votes {
            put(Governance, &[g::VOTE_SEED, proposal.as_ref(), position.as_ref()], bytes_of(vote));
        }
        for index in 0..c::SHARDS {
            let seq = |program: Program| self.sequences.get(&(program.id(), index)).copied().unwrap_or(0);
            let totals = self.totals[usize::from(index)];
            put(Credits, &[c::SHARD_SEED, &[index]], bytes_of(&Shard { index, seq: seq(Credits), totals, bump: 255 }));
            let shard = staking::state::Shard { index, seq: seq(Staking), bump: 255 };
            put(Staking, &[c::SHARD_SEED, &[index]], bytes_of(&shard));
            put(Jobs, &[c::SHARD_SEED, &[index]], bytes_of(&jobs::state::Shard { index, seq: seq(Jobs), bump: 255 }));
            let shard = governance::state::Shard { index, seq: seq(Governance), bump: 255 };
            put(Governance, &[c::SHARD_SEED, &[index]], bytes_of(&shard));
        }
        let token = anchor_spl_token();
        let mut coin = |address: Pubkey, data: Vec<u8>| {
            all.insert(address, (token, data));
        };
        coin(self.credits.io_mint, mint(self.io_supply));
        coin(self.credits.iosd_mint, mint(self.iosd_supply));
        coin(self.staking.stake_vault, holding(self.stake_vault));
        coin(self.staking.reward_vault, holding(self.reward_vault));
        coin(pda(Governance, &[g::DEPOSIT_VAULT_SEED]), holding(self.deposit_vault));
        all
    }
}

fn anchor_spl_token() -> Pubkey {
    "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA".parse().unwrap()
}

/// A mint as the token program writes it; only the supply matters here.
fn mint(supply: u64) -> Vec<u8> {
    let mut data = vec![0; 82];
    data[36..44].copy_from_slice(&supply.to_le_bytes());
    data
}

/// A token account; only the amount matters here.
fn holding(amount: u64) -> Vec<u8> {
    let mut data = vec![0; 165];
    data[64..72].copy_from_slice(&amount.to_le_bytes());
    data
}
