//! Suppliers and their stake, which must warm up before they can serve.
use anyhow::{Context, Result, bail};
use client::{Chain, Keypair, Signer, address, credits_ix, jobs_ix, staking_ix};
use localnet::LocalNet;
use staking::PoolKind;
use std::time::{Duration, Instant};

/// Operators take a tenth of what is earned with others' stake.
const COMMISSION_BPS: u16 = 1_000;
/// How long stake may take to warm up before something must be wrong.
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(200);

/// Registers `count` suppliers, each with `amount` base units of IO staked in its own pool. The stake is not warm yet:
/// [`warm_up`].
///
/// # Errors
/// If any step is refused.
pub async fn stake(net: &LocalNet, count: usize, amount: u64) -> Result<Vec<Keypair>> {
    let mut owners = Vec::new();
    for _ in 0..count {
        let owner = Keypair::new();
        net.fund(&owner.pubkey(), amount).await?;
        let me = owner.pubkey();
        let open = [
            credits_ix::open_earnings(me, me),
            jobs_ix::register_operator(me),
            staking_ix::open_pool(me, PoolKind::Operator, COMMISSION_BPS),
            staking_ix::stake(me, address::operator_pool(&me), amount),
        ];
        net.chain().send(&open, &[&owner]).await.context("cannot register a supplier and stake for it")?;
        owners.push(owner);
    }
    Ok(owners)
}

/// Waits until all that `holder` staked in `owner`'s pool counts.
///
/// # Errors
/// If there is nothing to wait for, a step is refused, or it takes too long.
pub async fn warm_up(chain: &Chain, owner: &client::Pubkey, holder: &Keypair) -> Result<()> {
    let (pool, start) = (address::operator_pool(owner), Instant::now());
    while start.elapsed() < PATIENCE {
        let position = chain.position(&pool, &holder.pubkey()).await?.context("the stake was added before")?;
        if position.warming == 0 {
            return Ok(());
        }
        if position.warm_epoch <= chain.epoch().await? {
            chain.send(&[staking_ix::refresh_position(pool, holder.pubkey())], &[holder]).await?;
            return Ok(());
        }
        tokio::time::sleep(POLL).await;
    }
    bail!("the stake did not warm up within {} s", PATIENCE.as_secs())
}

/// Asks for `amount` of earnings (IOSD base units) to be paid and waits until they are. Gives the IO that they were paid in, base
/// units.
///
/// # Errors
/// If a step is refused or it takes too long.
pub async fn redeem(chain: &Chain, owner: &Keypair, amount: u64) -> Result<(client::Confirmed, u64)> {
    let me = owner.pubkey();
    let coins = address::io_account(&me);
    let (had, start) = (chain.tokens(&coins).await?, Instant::now());
    let asked = user::redeem(chain, owner, amount).await?;
    while start.elapsed() < PATIENCE {
        match user::claim(chain, owner, &me).await {
            // Another keeper was first.
            Err(error) if error.program_error().is_some() => {}
            other => {
                other?;
            }
        }
        if chain.earnings(&me).await?.is_some_and(|e| e.requested == 0) {
            return Ok((asked, chain.tokens(&coins).await?.saturating_sub(had)));
        }
        tokio::time::sleep(POLL).await;
    }
    bail!("the redemption was not paid within {} s", PATIENCE.as_secs())
}
