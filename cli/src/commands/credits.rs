use crate::args::CreditsCommand;
use crate::context::{Context, amount};
use crate::output::Output;
use ::credits::BuyOrder;
use anyhow::Result;
use client::{Signer, address, credits_ix};
use economy::amount::{io, iosd};
use economy::{IO_DECIMALS, IOSD_DECIMALS};
use serde_json::json;

pub async fn run(context: &Context, command: CreditsCommand) -> Result<Output> {
    match command {
        CreditsCommand::Buy { iosd: Some(wanted), limit, .. } => {
            let iosd = amount(&wanted, IOSD_DECIMALS)?;
            let max_io = limit.map_or(Ok(u64::MAX), |l| amount(&l, IO_DECIMALS))?;
            buy(context, BuyOrder::ExactOut { iosd, max_io }).await
        }
        CreditsCommand::Buy { iosd: None, io: spent, limit } => {
            let io = amount(&spent.unwrap_or_default(), IO_DECIMALS)?;
            let min_iosd = limit.map_or(Ok(0), |l| amount(&l, IOSD_DECIMALS))?;
            buy(context, BuyOrder::ExactIn { io, min_iosd }).await
        }
        CreditsCommand::Balance => {
            let account = address::iosd_account(&context.wallet()?.pubkey());
            let balance = iosd(context.chain().tokens(&account).await?);
            Ok(Output::new(&json!({ "iosd": balance.to_string() }), format!("{balance} IOSD")))
        }
        CreditsCommand::Redeem { iosd: wanted, limit } => {
            let min_io = limit.map_or(Ok(0), |l| amount(&l, IO_DECIMALS))?;
            redeem(context, amount(&wanted, IOSD_DECIMALS)?, min_io).await
        }
    }
}

async fn buy(context: &Context, order: BuyOrder) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let (coins, credits) = (address::io_account(&wallet.pubkey()), address::iosd_account(&wallet.pubkey()));
    let before = (chain.tokens(&coins).await?, chain.tokens(&credits).await?);
    let confirmed = user::buy_credits(&chain, &wallet, order).await?;
    let burned = io(before.0.saturating_sub(chain.tokens(&coins).await?));
    let minted = iosd(chain.tokens(&credits).await?.saturating_sub(before.1));
    let signature = confirmed.signature.to_string();
    let text = format!("burned {burned} IO for {minted} IOSD\nsignature {signature}");
    let json = json!({
        "io_burned": burned.to_string(), "iosd_minted": minted.to_string(), "signature": signature,
    });
    Ok(Output::new(&json, text))
}

async fn redeem(context: &Context, earnings: u64, min_io: u64) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let coins = address::io_account(&wallet.pubkey());
    let before = chain.tokens(&coins).await?;
    let instruction = credits_ix::redeem_earnings(wallet.pubkey(), chain.epoch().await?, earnings, min_io);
    let signature = chain.send(&[instruction], &[&wallet]).await?.signature.to_string();
    let minted = io(chain.tokens(&coins).await?.saturating_sub(before));
    let spent = iosd(earnings);
    let text = format!("redeemed {spent} IOSD of earnings for {minted} IO\nsignature {signature}");
    let json = json!({ "iosd": spent.to_string(), "io_minted": minted.to_string(), "signature": signature });
    Ok(Output::new(&json, text))
}
