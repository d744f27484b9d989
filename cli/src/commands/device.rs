use crate::args::DeviceCommand;
use crate::context::{Context, amount};
use crate::output::Output;
use anyhow::Result;
use client::{Keypair, Pubkey, Signer, address, credits_ix, jobs_ix};
use serde_json::json;
use std::path::Path;

pub async fn run(context: &Context, command: DeviceCommand) -> Result<Output> {
    let DeviceCommand::Register { device_key, name, sol } = command;
    let (chain, owner) = (context.chain(), context.wallet()?);
    let device = read_or_create(&device_key)?;
    let me = owner.pubkey();
    let mut instructions = Vec::new();
    if chain.find::<credits::state::Earnings>("earnings", &address::earnings(&me)).await?.is_none() {
        instructions.push(credits_ix::open_earnings(me, me));
    }
    if chain.find::<jobs::state::Operator>("operator", &address::operator(&me)).await?.is_none() {
        instructions.push(jobs_ix::register_operator(me));
    }
    instructions.push(jobs_ix::register_device(me, device.pubkey(), name.clone()));
    let lamports = amount(&sol, 9)?;
    if lamports > 0 {
        instructions.push(client::transfer_sol(me, device.pubkey(), lamports));
    }
    let confirmed = chain.send(&instructions, &[&owner, &device]).await?;
    let (key, signature): (Pubkey, _) = (device.pubkey(), confirmed.signature.to_string());
    let text = format!(
        "registered device {key} ({name}) under operator {me}\nsignature {signature}\n\
         next: write a config (`io worker example`) and `io worker run --config FILE`"
    );
    let json = json!({ "device": key.to_string(), "operator": me.to_string(), "signature": signature });
    Ok(Output::new(&json, text))
}

fn read_or_create(path: &Path) -> Result<Keypair> {
    if path.exists() {
        return Ok(client::read_keypair(path)?);
    }
    let key = Keypair::new();
    client::write_keypair(path, &key)?;
    Ok(key)
}
