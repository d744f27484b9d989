//! Earnings to IO, and loyalty points to credits.
use client::{Chain, ClientError, Confirmed, Keypair, Pubkey, Signer, credits_ix, staking_ix};
use keeper::Done;

/// Asks for `amount` of earnings (IOSD base units) to be paid in IO when the open epoch closes. An earlier request of an epoch that
/// has ended is paid first.
///
/// # Errors
/// The program's refusal, or the node's.
pub async fn redeem(chain: &Chain, wallet: &Keypair, amount: u64) -> Result<Confirmed, ClientError> {
    let owner = wallet.pubkey();
    if chain.earnings(&owner).await?.is_some_and(|e| e.requested > 0) {
        claim(chain, wallet, &owner).await?;
    }
    let ask = credits_ix::request_redemption(owner, chain.epoch().await?, amount);
    chain.send(&[ask], &[wallet]).await
}

/// Closes the epochs that have ended and pays what `owner` asked for in one of them. `None` if there is nothing to pay yet.
/// Anybody may.
///
/// # Errors
/// The program's refusal, or the node's.
pub async fn claim(chain: &Chain, wallet: &Keypair, owner: &Pubkey) -> Result<Option<Done>, ClientError> {
    keeper::close_epochs(chain, wallet).await?;
    keeper::settle(chain, wallet, owner).await
}

/// Turns `points` into credits: through the user's pool if the rebates are shared with stakers.
///
/// # Errors
/// The program's refusal, or the node's.
pub async fn rebate(chain: &Chain, wallet: &Keypair, points: u64) -> Result<Confirmed, ClientError> {
    let me = wallet.pubkey();
    let shared = chain.loyalty(&me).await?.is_some_and(|l| l.shared);
    let redeem = if shared { staking_ix::redeem_loyalty(me, points) } else { credits_ix::redeem_loyalty(me, points) };
    chain.send(&[credits_ix::create_iosd_account(me, me), redeem], &[wallet]).await
}
