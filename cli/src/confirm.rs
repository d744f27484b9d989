//! Every transaction is shown before it is signed, and on a terminal the person is asked.
use client::preview::Preview;
use client::{Approval, ClientError};
use std::io::{BufRead, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Shows what is about to be signed on standard error. `yes`: never ask. Without a terminal nobody is there to be asked.
pub fn approval(yes: bool) -> Approval {
    let ask = !yes && std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let asking = AtomicBool::new(ask);
    Arc::new(move |instructions, payer| {
        eprintln!("{}", Preview::of(instructions, payer));
        if !asking.load(Ordering::Relaxed) {
            return Ok(());
        }
        match answer() {
            Answer::Yes => Ok(()),
            Answer::All => {
                asking.store(false, Ordering::Relaxed);
                Ok(())
            }
            Answer::No => Err(ClientError::Declined),
        }
    })
}

enum Answer {
    Yes,
    No,
    All,
}

fn answer() -> Answer {
    eprint!("Sign and send? [y]es, [N]o, [a]ll of this command: ");
    // Unreadable is no.
    let _ = std::io::stderr().flush();
    let mut line = String::new();
    let _ = std::io::stdin().lock().read_line(&mut line);
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Answer::Yes,
        "a" | "all" => Answer::All,
        _ => Answer::No,
    }
}
