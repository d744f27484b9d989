//! Wrong accounts, missing signatures, senseless amounts, repetitions, and instructions that are not for people.
use super::stake::slash;
use super::{Chooser, Kind, kind, money};
use crate::fuzz::step::{Act, Step};
use crate::fuzz::world::World;
use crate::vm::PROGRAMS;
use anchor_lang::prelude::Pubkey;
use anchor_lang::{InstructionData, ToAccountMetas};
use client::{address, credits_ix, governance_ix, jobs_ix, staking_ix};
use credits::Purpose;
use rand::Rng;
use rand::seq::IteratorRandom;
use solana_instruction::Instruction;
use staking::SlashReason;

pub const KINDS: &[Kind] = &[kind("again", 2, again), kind("launch", 1, launch), kind("intrude", 2, intrude)];

impl Chooser {
    /// `step` with something wrong about it.
    pub(super) fn attack(&mut self, world: &World, step: Step) -> Step {
        let Act::Send { payer, mut instructions } = step.act.clone() else { return step };
        // What a token program does with wrong accounts proves nothing about ours, and a gift to a vault is no fault.
        let ours = |i: &Instruction| PROGRAMS.iter().any(|(id, _)| *id == i.program_id);
        let Some(at) = (0..instructions.len()).filter(|&at| ours(&instructions[at])).choose(&mut self.rng) else {
            return step;
        };
        let mut payer = payer;
        let how = match self.rng.random_range(0..100) {
            0..45 => {
                self.swap(world, &mut instructions[at]);
                "an account is swapped"
            }
            45..58 => {
                payer = self.person();
                let signers = instructions[at].accounts.iter_mut().filter(|m| m.is_signer && m.pubkey != payer);
                if let Some(meta) = signers.choose(&mut self.rng) {
                    meta.is_signer = false;
                }
                "a signature is missing"
            }
            58..70 => {
                let old = payer;
                payer = self.person();
                let metas = instructions.iter_mut().flat_map(|i| &mut i.accounts);
                metas.filter(|m| m.pubkey == old).for_each(|m| m.pubkey = payer);
                "somebody else signs"
            }
            70..86 => {
                self.scramble(&mut instructions[at].data);
                "an argument is changed"
            }
            86..94 => {
                instructions.push(instructions[at].clone());
                "it is sent twice"
            }
            _ => {
                let writable = instructions[at].accounts.iter_mut().filter(|m| m.is_writable);
                if let Some(meta) = writable.choose(&mut self.rng) {
                    meta.is_writable = false;
                }
                "an account is read-only"
            }
        };
        Step { act: Act::Send { payer, instructions }, attack: Some(how), fault: None, answer: None }
    }

    /// Puts another account in the place of one: of the same kind, from the same instruction, or any.
    fn swap(&mut self, world: &World, instruction: &mut Instruction) {
        let at = self.rng.random_range(0..instruction.accounts.len());
        let old = instruction.accounts[at].pubkey;
        let alike = |world: &World, c: &mut Chooser| alike(world, &old).into_iter().choose(&mut c.rng);
        let new = match self.rng.random_range(0..10) {
            0..6 => alike(world, self),
            6..8 => instruction.accounts.iter().map(|m| m.pubkey).choose(&mut self.rng),
            8 => Some(self.person()),
            _ => world.state.raw.keys().copied().choose(&mut self.rng),
        };
        instruction.accounts[at].pubkey = new.unwrap_or_else(|| self.person());
    }

    /// A number becomes nothing, one, or as large as can be; or a byte is another.
    fn scramble(&mut self, data: &mut [u8]) {
        let head = 8.min(data.len());
        let arguments = &mut data[head..];
        if arguments.is_empty() {
            return;
        }
        if arguments.len() >= 8 && self.chance(60) {
            let at = self.rng.random_range(0..=arguments.len() - 8);
            let value = match self.rng.random_range(0..4) {
                0 => 0,
                1 => 1,
                2 => u64::MAX,
                _ => self.rng.random(),
            };
            arguments[at..at + 8].copy_from_slice(&value.to_le_bytes());
        } else {
            let at = self.rng.random_range(0..arguments.len());
            arguments[at] = self.rng.random();
        }
    }
}

/// Addresses of accounts of the same type as `address`.
fn alike(world: &World, address: &Pubkey) -> Vec<Pubkey> {
    let s = &world.state;
    macro_rules! find {
        ($($table:ident)*) => {
            $(if s.$table.contains_key(address) {
                return s.$table.keys().filter(|a| *a != address).copied().collect();
            })*
        };
    }
    find! {
        epochs escrows earnings loyalty credits_shards pools positions staking_shards operators devices models users jobs
        proofs jobs_shards proposals votes governance_shards tokens mints
    }
    let configs = [address::credits_config(), address::staking_config(), address::jobs_config()];
    let configs =
        [configs.as_slice(), &[address::governance_config(), address::rewards(), address::emission()]].concat();
    if configs.contains(address) {
        return configs;
    }
    let authorities = [address::jobs_authority(), address::staking_authority(), address::governance_authority()];
    if authorities.contains(address) {
        return authorities.to_vec();
    }
    let programs =
        [credits::ID, staking::ID, jobs::ID, governance::ID, anchor_spl::token::ID, anchor_spl::token_2022::ID];
    if programs.contains(address) {
        return programs.to_vec();
    }
    Vec::new()
}

/// What was sent before.
fn again(c: &mut Chooser, _: &World) -> Option<Step> {
    let (payer, instruction) = c.any(c.past.iter().cloned().collect::<Vec<_>>())?;
    Some(Step { attack: Some("it was sent before"), ..Step::send(payer, vec![instruction]) })
}

/// The network is up: nobody can launch it again.
fn launch(c: &mut Chooser, _: &World) -> Option<Step> {
    let me = c.person();
    let index = c.rng.random_range(0..20);
    let instruction = match c.rng.random_range(0..8) {
        0 => credits_ix::initialize(me, crate::net::launch()),
        1 => staking_ix::initialize(me, crate::net::staking_launch()),
        2 => jobs_ix::initialize(me, crate::net::jobs_launch()),
        3 => governance_ix::initialize(me, crate::net::governance_launch()),
        4 => credits_ix::open_shard(me, index),
        5 => staking_ix::open_shard(me, index),
        6 => jobs_ix::open_shard(me, index),
        _ => governance_ix::open_shard(me, index),
    };
    Some(Step { attack: Some("it is launched again"), ..Step::send(me, vec![instruction]) })
}

/// What only programs may send, from a person.
fn intrude(c: &mut Chooser, world: &World) -> Option<Step> {
    let me = c.person();
    let (pool, owner) = {
        let pools = world.state.pools.iter().map(|(a, p)| (*a, p.owner)).collect::<Vec<_>>();
        c.any(pools)?
    };
    let amount = c.amount(crate::net::IO);
    let position = address::position(&pool, &owner);
    let staking_shard = address::staking_shard_of(&pool);
    let staking_events = address::event_authority(&staking::ID);
    let credits_events = address::event_authority(&credits::ID);
    let to_staking = |accounts: Vec<_>, data: Vec<u8>| Instruction { program_id: staking::ID, accounts, data };
    let to_credits = |accounts: Vec<_>, data: Vec<u8>| Instruction { program_id: credits::ID, accounts, data };
    let reserve = || {
        staking::accounts::Reserve {
            jobs_authority: me,
            config: address::staking_config(),
            pool,
            position,
            shard: staking_shard,
            event_authority: staking_events,
            program: staking::ID,
        }
        .to_account_metas(None)
    };
    let instruction = match c.rng.random_range(0..10) {
        0 => to_staking(reserve(), staking::instruction::Reserve { amount }.data()),
        1 => to_staking(reserve(), staking::instruction::Release { amount }.data()),
        2 => slash(me, pool, owner, (amount, amount), SlashReason::Silence),
        3 => {
            let accounts = staking::accounts::Forfeit {
                jobs_authority: me,
                config: address::staking_config(),
                pool,
                position,
                shard: staking_shard,
                rewards: address::rewards(),
                stake_vault: address::stake_vault(),
                staking_authority: address::staking_authority(),
                user: me,
                user_io: address::io_account(&me),
                token_program: anchor_spl::token::ID,
                event_authority: staking_events,
                program: staking::ID,
            };
            to_staking(
                accounts.to_account_metas(None),
                staking::instruction::Forfeit { reserved: amount, amount }.data(),
            )
        }
        4 => {
            let accounts = staking::accounts::LockPosition {
                voting_authority: me,
                config: address::staking_config(),
                position,
                shard: staking_shard,
                event_authority: staking_events,
                program: staking::ID,
            };
            let until = world.state.now + 1_000;
            to_staking(accounts.to_account_metas(None), staking::instruction::LockPosition { until }.data())
        }
        5 => {
            let accounts = credits::accounts::ShareLoyalty {
                staking_authority: me,
                user: me,
                config: address::credits_config(),
                loyalty: address::loyalty(&me),
                shard: address::credits_shard_of(&me),
                event_authority: credits_events,
                program: credits::ID,
            };
            to_credits(accounts.to_account_metas(None), credits::instruction::ShareLoyalty {}.data())
        }
        6 => {
            let accounts = credits::accounts::MintRebate {
                staking_authority: me,
                config: address::credits_config(),
                loyalty: address::loyalty(&owner),
                shard: address::credits_shard_of(&owner),
                iosd_mint: address::iosd_mint(),
                holder_iosd: address::iosd_account(&me),
                iosd_token_program: anchor_spl::token_2022::ID,
                event_authority: credits_events,
                program: credits::ID,
            };
            to_credits(accounts.to_account_metas(None), credits::instruction::MintRebate { amount }.data())
        }
        7 => {
            let purpose = c.any([Purpose::Idle, Purpose::Stakers, Purpose::Treasury])?;
            money::mint_scheduled(me, purpose, amount)
        }
        8 => refund(me, world, c)?,
        _ => {
            let points = world.state.loyalty.get(&address::loyalty(&me)).map_or(0, |l| l.points);
            redeem(me, points, c.rng.random())
        }
    };
    Some(Step { attack: Some("a person in a program's place"), ..Step::send(me, vec![instruction]) })
}

/// A job's escrow, paid to a person or refunded by one.
fn refund(me: Pubkey, world: &World, c: &mut Chooser) -> Option<Instruction> {
    let jobs = world.state.jobs.iter().map(|(a, j)| (*a, j.user)).collect::<Vec<_>>();
    let (job, user) = c.any(jobs)?;
    let (accounts, data) = if c.chance(50) {
        let accounts = credits::accounts::RefundEscrow {
            jobs_authority: me,
            config: address::credits_config(),
            escrow: address::escrow(&job),
            payer: user,
            shard: address::credits_shard_of(&job),
            iosd_mint: address::iosd_mint(),
            user_iosd: address::iosd_account(&user),
            iosd_token_program: anchor_spl::token_2022::ID,
            event_authority: address::event_authority(&credits::ID),
            program: credits::ID,
        };
        (accounts.to_account_metas(None), credits::instruction::RefundEscrow {}.data())
    } else {
        let accounts = credits::accounts::SettleEscrow {
            jobs_authority: me,
            config: address::credits_config(),
            escrow: address::escrow(&job),
            payer: user,
            earnings: address::earnings(&me),
            loyalty: address::loyalty(&user),
            shard: address::credits_shard_of(&job),
            event_authority: address::event_authority(&credits::ID),
            program: credits::ID,
        };
        (accounts.to_account_metas(None), credits::instruction::SettleEscrow {}.data())
    };
    Some(Instruction { program_id: credits::ID, accounts, data })
}

/// Points turned into credits as if the staking program had been asked.
fn redeem(me: Pubkey, points: u64, stakers_bps: u16) -> Instruction {
    let accounts = credits::accounts::RedeemLoyalty {
        user: me,
        staking_authority: Some(me),
        config: address::credits_config(),
        loyalty: address::loyalty(&me),
        shard: address::credits_shard_of(&me),
        iosd_mint: address::iosd_mint(),
        user_iosd: address::iosd_account(&me),
        iosd_token_program: anchor_spl::token_2022::ID,
        event_authority: address::event_authority(&credits::ID),
        program: credits::ID,
    };
    let data = credits::instruction::RedeemLoyalty { points, stakers_bps }.data();
    Instruction { program_id: credits::ID, accounts: accounts.to_account_metas(None), data }
}
