use crate::args::EpochCommand;
use crate::commands::interrupted;
use crate::context::Context;
use crate::output::Output;
use crate::table::pairs;
use crate::time::{duration, moment};
use anyhow::Result;
use client::read::Calendar;
use credits::state::{Emission, Purpose};
use economy::amount::{Decimal, io, iosd};
use economy::price::PRICE_DECIMALS;
use keeper::Keeper;
use serde_json::json;
use tokio::sync::watch;

pub async fn run(context: &Context, command: EpochCommand) -> Result<Output> {
    match command {
        EpochCommand::Show => show(context).await,
        EpochCommand::Advance => advance(context).await,
        EpochCommand::Keep => keep(context).await,
    }
}

async fn show(context: &Context) -> Result<Output> {
    let chain = context.chain();
    let (calendar, emission, rewards) = (chain.calendar().await?, chain.emission().await?, chain.rewards().await?);
    let epoch = calendar.epoch();
    let open = chain.epoch_account(epoch).await?;
    let (burned, requested) = open.map_or((0, 0), |e| (e.io_burned, e.requested));
    let price = chain.price().await?;
    let (price_text, price_json) = match &price {
        Ok(p) => {
            let dollars = |amount| Decimal { amount, decimals: PRICE_DECIMALS };
            let buying = p.buying().unwrap_or(0);
            let text =
                format!("{} dollars (buying {}, paying {})", dollars(p.spot), dollars(buying), dollars(p.paying()));
            (
                text,
                json!({ "spot": dollars(p.spot).to_string(), "buying": dollars(buying).to_string(),
                "paying": dollars(p.paying()).to_string() }),
            )
        }
        Err(error) => (format!("none: {error}"), json!(null)),
    };
    let budget = |purpose: Purpose| io(emission.budgets[purpose as usize].available).to_string();
    let ends = calendar.start_of(epoch + 1);
    let lines = [
        ("epoch", format!("{epoch}, ends {}", moment(ends, calendar.now))),
        ("length", duration(calendar.epoch_s.into())),
        ("not closed", behind(&emission, &calendar)),
        ("price of IO", price_text),
        ("burned in it", format!("{} IO", io(burned))),
        ("to be redeemed", format!("{} IOSD", iosd(requested))),
        (
            "reserve",
            format!(
                "{} IO for redemptions; the smoothed burn, {} IO, joins it when an epoch closes",
                io(emission.reserve),
                io(emission.smoothed_burn)
            ),
        ),
        ("promised", format!("{} IO to requests of closed epochs", io(emission.allocated))),
        (
            "schedule",
            format!(
                "{} IO for idle devices, {} for stakers, {} for the treasury",
                budget(Purpose::Idle),
                budget(Purpose::Stakers),
                budget(Purpose::Treasury)
            ),
        ),
        ("staked", format!("{} IO, of it {} IO with operators", io(rewards.staked), io(rewards.weight))),
    ];
    let json = json!({
        "epoch": epoch, "now": calendar.now, "ends": ends, "epoch_s": calendar.epoch_s, "next_to_close": emission.next_epoch,
        "price": price_json, "io_burned": io(burned).to_string(), "requested_iosd": iosd(requested).to_string(),
        "smoothed_burn_io": io(emission.smoothed_burn).to_string(), "reserve_io": io(emission.reserve).to_string(),
        "allocated_io": io(emission.allocated).to_string(), "idle_io": budget(Purpose::Idle),
        "stakers_io": budget(Purpose::Stakers), "treasury_io": budget(Purpose::Treasury),
        "staked_io": io(rewards.staked).to_string(), "operators_io": io(rewards.weight).to_string(),
    });
    Ok(Output::new(&json, pairs(&lines)))
}

fn behind(emission: &Emission, calendar: &Calendar) -> String {
    match calendar.epoch().saturating_sub(emission.next_epoch) {
        0 => "nothing: every epoch that has ended is closed".into(),
        1 => format!("epoch {} (hint: `io epoch advance`)", emission.next_epoch),
        more => format!("{more} epochs from {} on (hint: `io epoch advance`)", emission.next_epoch),
    }
}

async fn advance(context: &Context) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let mut done: Vec<String> = Vec::new();
    done.extend(keeper::close_epochs(&chain, &wallet).await?.map(|d| d.to_string()));
    done.extend(keeper::collect(&chain, &wallet).await?.map(|d| d.to_string()));
    let calendar = chain.calendar().await?;
    let epoch = calendar.epoch();
    let text = match done.is_empty() {
        true => format!("nothing is due: epoch {epoch} ends {}", moment(calendar.start_of(epoch + 1), calendar.now)),
        false => done.join("\n"),
    };
    Ok(Output::new(&json!({ "done": done, "epoch": epoch }), text))
}

async fn keep(context: &Context) -> Result<Output> {
    let keeper = Keeper::new(context.daemon_chain(), context.wallet()?);
    let progress = context.progress();
    progress("closing epochs, collecting rewards and paying redemptions as they fall due; Ctrl-C stops it");
    let (stop, stopped) = watch::channel(false);
    let keeping = keeper.run(stopped, |done| progress(&done.to_string()));
    tokio::pin!(keeping);
    tokio::select! {
        () = &mut keeping => {}
        pressed = interrupted() => {
            pressed?;
            stop.send_replace(true);
            keeping.await;
        }
    }
    Ok(Output::new(&json!({ "status": "stopped" }), ""))
}
