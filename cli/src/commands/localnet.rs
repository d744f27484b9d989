use crate::args::LocalnetArgs;
use crate::commands::interrupted;
use crate::context::Context;
use crate::output::Output;
use anyhow::Result;
use client::{Keypair, Signer, write_keypair};
use localnet::{LocalNet, Options};

/// Base units of one IO.
const IO: u64 = 100_000_000;
/// The network's ready-made wallets with the IO that they start with. The guardian is the network's own.
const WALLETS: [(&str, u64); 3] = [("user", 10_000 * IO), ("supplier", 1_000 * IO), ("staker", 5_000 * IO)];

pub async fn run(context: &Context, args: LocalnetArgs) -> Result<Output> {
    let progress = context.progress();
    let temporary = tempfile::Builder::new().prefix("io-localnet").tempdir()?;
    let folder = args.data.unwrap_or_else(|| temporary.path().into());
    let mut options = Options::new(&folder, args.programs);
    options.rpc_port = args.rpc_port;
    options.api = args.api;
    options.database_url = args.database_url;
    options.challenge_window_s = args.challenge_window;
    options.epoch_s = args.epoch;
    options.voting_s = args.voting;
    options.timelock_s = args.timelock;
    options.rounds = true;
    let net = LocalNet::start(options, &progress).await?;

    progress("funding a user, a supplier and a staker");
    let wallets = folder.join(format!("wallets-{}", std::process::id()));
    let path = |name: &str| wallets.join(format!("{name}.json"));
    for (name, io) in WALLETS {
        let key = Keypair::new();
        net.fund(&key.pubkey(), io).await?;
        write_keypair(&path(name), &key)?;
    }
    write_keypair(&path("guardian"), &net.guardian)?;
    let [user, supplier, staker, guardian] = ["user", "supplier", "staker", "guardian"].map(path);
    let blobs = net.blobs();
    eprintln!("pages     {}", net.api_url);
    eprintln!("rpc       {}", net.rpc_url);
    eprintln!("database  {}", net.database_url);
    eprintln!("user      {} (10,000 IO and SOL)", user.display());
    eprintln!("supplier  {} (1,000 IO and SOL)", supplier.display());
    eprintln!("staker    {} (5,000 IO and SOL)", staker.display());
    eprintln!("guardian  {} (SOL)", guardian.display());
    eprintln!("blobs     {}", blobs.display());
    let (epoch, voting, timelock) = (args.epoch, args.voting, args.timelock);
    eprintln!(
        "epochs of {epoch} s, votes of {voting} s, timelock {timelock} s; a keeper closes epochs, pays redemptions and holds challenge rounds"
    );
    eprintln!("Try: export IO_URL={} IO_BLOBS={} IO_KEYPAIR={}", net.rpc_url, blobs.display(), user.display());
    eprintln!("     io credits buy 5");
    eprintln!("Ctrl-C stops it.");
    if context.global.json {
        let ready = serde_json::json!({
            "rpc_url": net.rpc_url, "database_url": net.database_url, "api_url": net.api_url, "user": user, "supplier": supplier, "staker": staker,
            "guardian": guardian, "blobs": blobs,
        });
        println!("{ready}");
    }
    interrupted().await?;
    progress("stopping");
    net.stop().await?;
    Ok(Output::nothing())
}
