//! What only other programs may ask for, asked for by a key that stands for them.
use anchor_lang::prelude::Pubkey;
use anchor_lang::{AccountSerialize, InstructionData, ToAccountMetas};
use client::{address, credits_ix, staking_ix};
use program_tests::net::EPOCH_S;
use program_tests::{Meta, Net, authority, key, operator};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;
use staking::SlashReason;
use staking::state::{Config, Pool, Position, Rewards};
use staking::{accounts, instruction};

/// Stands for the jobs program and for governance in [`ruled`].
pub fn ruler() -> Keypair {
    key("ruler")
}

/// A network in which [`ruler`] is every authority of the staking program.
pub fn ruled() -> Net {
    let mut net = Net::new();
    net.vm.airdrop(&ruler().pubkey(), 1_000_000_000);
    let me = ruler().pubkey();
    edit(&mut net, address::staking_config(), |config: &mut Config| {
        (config.jobs_authority, config.voting_authority, config.authority) = (me, me, me);
    });
    net
}

/// Rewrites an account.
pub fn edit<T: AccountSerialize + anchor_lang::AccountDeserialize>(
    net: &mut Net,
    at: Pubkey,
    change: impl FnOnce(&mut T),
) {
    let mut account = net.vm.account(&at).unwrap();
    let mut value: T = net.vm.read(&at).unwrap();
    change(&mut value);
    let mut data = Vec::new();
    value.try_serialize(&mut data).unwrap();
    account.data[..data.len()].copy_from_slice(&data);
    net.vm.set_account(at, account);
}

pub fn pool_of(owner: &Keypair) -> Pubkey {
    address::operator_pool(&owner.pubkey())
}

pub fn pool(net: &Net, at: &Pubkey) -> Pool {
    net.vm.read(at).unwrap()
}

pub fn position(net: &Net, pool: &Pubkey, holder: &Keypair) -> Position {
    net.vm.read(&address::position(pool, &holder.pubkey())).unwrap()
}

pub fn rewards(net: &Net) -> Rewards {
    net.vm.read(&address::rewards()).unwrap()
}

/// The staking program's configuration.
pub fn config(net: &Net) -> Config {
    net.vm.read(&address::staking_config()).unwrap()
}

/// The vault holds exactly what the pools say, and the weights are theirs.
pub fn check(net: &Net) {
    let pools = net.vm.all::<Pool>(&staking::ID);
    let staked: u64 = pools.iter().map(|(_, p)| p.active + p.reserved + p.warming + p.cooling).sum();
    assert_eq!(net.vm.tokens(&address::stake_vault()), staked);
    let weight: u64 = pools.iter().map(|(_, p)| p.active + p.reserved).sum();
    let r = rewards(net);
    assert_eq!(r.staked, weight);
    assert_eq!(net.vm.tokens(&address::reward_vault()), r.collected - r.claimed);
}

/// Sends what must succeed. The ruler reserves for jobs that do not exist, so that only what is about stake is checked.
#[track_caller]
pub fn does(net: &mut Net, instructions: &[Instruction], signers: &[&Keypair]) -> Meta {
    let meta = net.send(instructions, signers).unwrap_or_else(|f| panic!("{}\n{}", f.name, f.logs.join("\n")));
    check(net);
    meta
}

/// `holder` has this much IO and nothing else.
pub fn fund(net: &mut Net, holder: &Keypair, amount: u64) {
    net.vm.airdrop(&holder.pubkey(), 1_000_000_000);
    let transfer = credits_ix::transfer_io(authority().pubkey(), holder.pubkey(), amount);
    net.ok(&transfer, &[&authority()]);
}

/// `holder` stakes `amount` with operator 0, and two epochs pass.
pub fn delegated(net: &mut Net, holder: &Keypair, amount: u64) {
    let at = pool_of(&operator(0));
    fund(net, holder, amount);
    net.ok(&[staking_ix::stake(holder.pubkey(), at, amount)], &[holder]);
    net.wait(2 * i64::from(EPOCH_S));
    net.ok(&[staking_ix::refresh_position(at, holder.pubkey())], &[holder]);
}

fn build(accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
    Instruction { program_id: staking::ID, accounts: accounts.to_account_metas(None), data: data.data() }
}

fn own(owner: &Keypair) -> accounts::Reserve {
    let pool = pool_of(owner);
    accounts::Reserve {
        jobs_authority: ruler().pubkey(),
        config: address::staking_config(),
        pool,
        position: address::position(&pool, &owner.pubkey()),
        shard: address::staking_shard_of(&pool),
        event_authority: address::event_authority(&staking::ID),
        program: staking::ID,
    }
}

pub fn reserve(owner: &Keypair, amount: u64) -> Instruction {
    build(own(owner), instruction::Reserve { amount })
}

pub fn release(owner: &Keypair, amount: u64) -> Instruction {
    build(own(owner), instruction::Release { amount })
}

pub fn forfeit(owner: &Keypair, user: Pubkey, reserved: u64, amount: u64) -> Instruction {
    let o = own(owner);
    let accounts = accounts::Forfeit {
        jobs_authority: o.jobs_authority,
        config: o.config,
        pool: o.pool,
        position: o.position,
        shard: o.shard,
        rewards: address::rewards(),
        stake_vault: address::stake_vault(),
        staking_authority: address::staking_authority(),
        user,
        user_io: address::io_account(&user),
        token_program: anchor_spl::token::ID,
        event_authority: o.event_authority,
        program: o.program,
    };
    build(accounts, instruction::Forfeit { reserved, amount })
}

pub fn slash(owner: &Keypair, prover: Pubkey, reserved: u64, beyond: u64) -> Instruction {
    slash_for(owner, prover, (reserved, beyond), SlashReason::WrongCell)
}

pub fn slash_for(owner: &Keypair, prover: Pubkey, (reserved, beyond): (u64, u64), reason: SlashReason) -> Instruction {
    let o = own(owner);
    let accounts = accounts::Slash {
        jobs_authority: o.jobs_authority,
        config: o.config,
        pool: o.pool,
        position: o.position,
        shard: o.shard,
        rewards: address::rewards(),
        stake_vault: address::stake_vault(),
        staking_authority: address::staking_authority(),
        prover_io: address::io_account(&prover),
        io_mint: address::io_mint(),
        token_program: anchor_spl::token::ID,
        event_authority: o.event_authority,
        program: o.program,
    };
    build(accounts, instruction::Slash { reserved, beyond, reason })
}

pub fn lock(pool: Pubkey, holder: Pubkey, until: i64) -> Instruction {
    let accounts = accounts::LockPosition {
        voting_authority: ruler().pubkey(),
        config: address::staking_config(),
        position: address::position(&pool, &holder),
        shard: address::staking_shard_of(&pool),
        event_authority: address::event_authority(&staking::ID),
        program: staking::ID,
    };
    build(accounts, instruction::LockPosition { until })
}
