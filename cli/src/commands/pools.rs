//! Pools by what the command line says, and what is needed to stake in one.
use crate::args::PoolArgs;
use crate::context::address;
use crate::exit::refused;
use anyhow::Result;
use client::read::Holding;
use client::{Chain, Instruction, Pubkey, credits_ix, staking_ix};
use economy::amount::{Decimal, io};
use staking::state::{Pool, PoolKind, Position};

/// A pool that the command line names.
pub struct Named {
    pub owner: Pubkey,
    pub kind: PoolKind,
    pub address: Pubkey,
    pub pool: Pool,
}

impl Named {
    /// The pool that the flags name; the wallet's own operator pool without any.
    ///
    /// # Errors
    /// If there is no such pool: with how to open or find one.
    pub async fn find(chain: &Chain, args: &PoolArgs, me: &Pubkey) -> Result<Self> {
        let (owner, kind) = match (&args.operator, &args.user) {
            (Some(operator), _) => (address(operator)?, PoolKind::Operator),
            (None, Some(user)) => (address(user)?, PoolKind::User),
            (None, None) => (*me, PoolKind::Operator),
        };
        if let Some(pool) = chain.pool(&owner, kind).await? {
            return Ok(Named { owner, kind, address: client::address::pool(&owner, kind), pool });
        }
        let word = kind_word(kind);
        if owner != *me {
            return refused(format!("{word} {owner} has no pool (hint: `io stake operators` lists those that have)"));
        }
        let named = args.operator.is_some() || args.user.is_some();
        let other = if named { "" } else { ", or name another one's with --operator ADDRESS or --user ADDRESS" };
        refused(format!("your wallet has no {word}'s pool (hint: `io stake open --kind {word}` opens one{other})"))
    }

    /// The wallet's position in it, with everything that an instruction of it would bring first.
    ///
    /// # Errors
    /// If there is none.
    pub async fn holding(&self, chain: &Chain, holder: &Pubkey, epoch: u64) -> Result<(Position, Holding)> {
        let Some(position) = chain.position(&self.address, holder).await? else {
            return refused(format!(
                "you have no stake in the pool of {} {} (hint: `io stake show` lists your positions)",
                kind_word(self.kind),
                self.owner
            ));
        };
        let holding = Holding::at(epoch, &chain.rewards().await?, &self.pool, &position);
        Ok((position, holding))
    }
}

pub fn kind_word(kind: PoolKind) -> &'static str {
    match kind {
        PoolKind::Operator => "operator",
        PoolKind::User => "user",
    }
}

/// A rate as people read it.
pub fn rate(bps: u16) -> String {
    format!("{} %", Decimal { amount: bps.into(), decimals: 2 })
}

/// The same flags again, for a hint.
pub fn flags(pool: &PoolArgs) -> String {
    match (&pool.operator, &pool.user) {
        (Some(operator), _) => format!(" --operator {operator}"),
        (None, Some(user)) => format!(" --user {user}"),
        (None, None) => String::new(),
    }
}

/// What opens a pool of the wallet.
///
/// # Errors
/// If the commission is too high, or the node cannot be reached.
pub async fn opening(chain: &Chain, me: Pubkey, kind: PoolKind, commission_bps: u16) -> Result<Vec<Instruction>> {
    let most = chain.staking_config().await?.max_commission_bps;
    if commission_bps > most {
        return refused(format!("a commission is at most {}, {} is more", rate(most), rate(commission_bps)));
    }
    let mut instructions = Vec::new();
    if kind == PoolKind::User && chain.loyalty(&me).await?.is_none() {
        instructions.push(credits_ix::open_loyalty(me, me));
    }
    instructions.push(staking_ix::open_pool(me, kind, commission_bps));
    Ok(instructions)
}

/// Fails with what is missing if the wallet holds less than `amount` IO.
///
/// # Errors
/// As it says.
pub async fn require_io(chain: &Chain, owner: &Pubkey, amount: u64, what: &str) -> Result<()> {
    let have = chain.tokens(&client::address::io_account(owner)).await?;
    if have >= amount {
        return Ok(());
    }
    refused(format!(
        "{what} needs {} IO, the wallet {owner} has {}: {} IO are missing",
        io(amount),
        io(have),
        io(amount - have)
    ))
}
