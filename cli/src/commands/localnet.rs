use crate::args::LocalnetArgs;
use crate::commands::interrupted;
use crate::context::Context;
use crate::output::Output;
use anyhow::Result;
use client::{Keypair, Signer, write_keypair};
use localnet::{LocalNet, Options};

/// IO that the network's ready-made user starts with: 10,000.
const USER_IO: u64 = 10_000 * 100_000_000;

pub async fn run(context: &Context, args: LocalnetArgs) -> Result<Output> {
    let progress = context.progress();
    let temporary = tempfile::Builder::new().prefix("io-localnet").tempdir()?;
    let folder = args.data.unwrap_or_else(|| temporary.path().into());
    let mut options = Options::new(&folder, args.programs);
    options.rpc_port = args.rpc_port;
    options.api = args.api;
    options.database_url = args.database_url;
    options.challenge_window_s = args.challenge_window;
    let net = LocalNet::start(options, &progress).await?;

    progress("funding a user and a supplier");
    let wallets = folder.join(format!("wallets-{}", std::process::id()));
    let mut paths = Vec::new();
    for (name, io) in [("user", USER_IO), ("supplier", 0)] {
        let (key, path) = (Keypair::new(), wallets.join(format!("{name}.json")));
        net.fund(&key.pubkey(), io).await?;
        write_keypair(&path, &key)?;
        paths.push(path);
    }
    let [user, supplier] = &paths[..] else { anyhow::bail!("two wallets were written") };
    let blobs = net.blobs();
    eprintln!("pages     {}", net.api_url);
    eprintln!("rpc       {}", net.rpc_url);
    eprintln!("user      {} (10,000 IO and SOL)", user.display());
    eprintln!("supplier  {} (SOL)", supplier.display());
    eprintln!("blobs     {}", blobs.display());
    eprintln!("Try: export IO_URL={} IO_BLOBS={} IO_KEYPAIR={}", net.rpc_url, blobs.display(), user.display());
    eprintln!("     io credits buy 5");
    eprintln!("Ctrl-C stops it.");
    if context.global.json {
        let ready = serde_json::json!({
            "rpc_url": net.rpc_url, "api_url": net.api_url, "user": user, "supplier": supplier, "blobs": blobs,
        });
        println!("{ready}");
    }
    interrupted().await?;
    progress("stopping");
    net.stop().await?;
    Ok(Output::nothing())
}
