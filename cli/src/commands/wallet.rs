use crate::args::WalletCommand;
use crate::context::{Context, address};
use crate::output::Output;
use anyhow::Result;
use client::{Keypair, Signer, write_keypair};
use economy::amount::{Decimal, io, iosd};
use serde_json::json;

pub async fn run(context: &Context, command: WalletCommand) -> Result<Output> {
    match command {
        WalletCommand::New => {
            let (key, path) = (Keypair::new(), context.wallet_path());
            write_keypair(&path, &key)?;
            let text = format!("created {}\naddress {}", path.display(), key.pubkey());
            Ok(Output::new(&json!({ "address": key.pubkey().to_string(), "file": path }), text))
        }
        WalletCommand::Address => {
            let key = context.wallet()?.pubkey().to_string();
            Ok(Output::new(&json!({ "address": key }), &key))
        }
        WalletCommand::Balance { address: text } => {
            let owner = match text {
                Some(text) => address(&text)?,
                None => context.wallet()?.pubkey(),
            };
            balance(context, owner).await
        }
    }
}

async fn balance(context: &Context, owner: client::Pubkey) -> Result<Output> {
    let chain = context.chain();
    let ledger: Option<credits::state::Earnings> = chain.find("earnings", &client::address::earnings(&owner)).await?;
    let coins = io(chain.tokens(&client::address::io_account(&owner)).await?);
    let credits = iosd(chain.tokens(&client::address::iosd_account(&owner)).await?);
    let owed = iosd(ledger.map_or(0, |l| l.owed));
    let lamports = chain.lamports(&owner).await?;
    let sol = Decimal { amount: lamports, decimals: 9 };
    let text =
        format!("address   {owner}\nSOL       {sol}\nIO        {coins}\nIOSD      {credits}\nearnings  {owed} IOSD");
    let json = json!({
        "address": owner.to_string(), "sol": sol.to_string(), "io": coins.to_string(), "iosd": credits.to_string(),
        "earnings_iosd": owed.to_string(),
    });
    Ok(Output::new(&json, text))
}
