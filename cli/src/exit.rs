//! Exit codes and error messages.
use client::ClientError;
use client::parameter::ValueError;
use std::process::ExitCode;
use user::UserError;
use worker::WorkerError;

/// Anything that is not listed below: a file that cannot be read, a setting that is not valid.
pub const FAILED: u8 = 1;
/// A program, or this client's own check, said no. Nothing has changed.
pub const REFUSED: u8 = 3;
/// The RPC node cannot be reached, or did not confirm.
pub const UNREACHABLE: u8 = 4;
/// Not the caller's fault.
pub const BUG: u8 = 70;

/// Shown at the end of `io --help`.
pub const HELP: &str = "Exit codes:
  0   done
  1   failed: a file, a setting or an input is not usable
  2   usage: the command line is not valid
  3   refused: by a program on chain, by this command's own check, or by you at the prompt; nothing has changed
  4   unreachable: the RPC node does not answer or did not confirm
  70  a bug";

/// This command's own check said no before anything was signed. The words name the cause and the way out.
#[derive(Debug)]
pub struct Refused(pub String);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// An error for [`Refused`].
pub fn refused<T>(words: impl Into<String>) -> anyhow::Result<T> {
    Err(Refused(words.into()).into())
}

/// Prints the error and its causes; on one line as JSON if asked for. Gives the exit code.
pub fn report(error: &anyhow::Error, json: bool) -> ExitCode {
    let code = code(error);
    if json {
        println!("{}", serde_json::json!({ "error": format!("{error:#}"), "hint": hint(error), "exit_code": code }));
    } else {
        eprintln!("error: {error}");
        if let Some(hint) = hint(error) {
            eprintln!("hint: {hint}");
        }
        let mut shown = error.to_string();
        for cause in error.chain().skip(1) {
            // Transparent errors repeat their cause's words.
            if cause.to_string() != shown {
                shown = cause.to_string();
                eprintln!("because: {shown}");
            }
        }
    }
    ExitCode::from(code)
}

/// What to do about a program's refusal that names no way out by itself.
fn hint(error: &anyhow::Error) -> Option<&'static str> {
    let name = error.chain().find_map(|cause| {
        let chain = match cause.downcast_ref::<UserError>() {
            Some(UserError::Chain(chain)) => Some(chain),
            _ => cause.downcast_ref::<ClientError>(),
        };
        chain?.program_error()
    })?;
    Some(match name {
        "Paused" => "`io gov guardian show` lists all pauses; a vote ends one: `io gov propose resume`",
        "PriceStale" | "PriceWide" | "ZeroPrice" => "`io epoch show` shows the price and what is wrong with it",
        "StakeTooLow" | "NotEnoughStake" => "`io stake show` shows your stake, `io stake operators` what devices need",
        "SlippageExceeded" => "ask for more with --limit or --max-io, or try again",
        _ => return None,
    })
}

fn code(error: &anyhow::Error) -> u8 {
    for cause in error.chain() {
        // Books that do not balance.
        if cause.is::<simulation::Broken>() {
            return BUG;
        }
        if let Some(UserError::Rejected { .. } | UserError::Honest { .. }) = cause.downcast_ref() {
            return REFUSED;
        }
        if cause.is::<Refused>() || cause.is::<ValueError>() {
            return REFUSED;
        }
        let chain = match cause.downcast_ref::<UserError>() {
            Some(UserError::Chain(chain) | UserError::Fetch(WorkerError::Chain(chain))) => Some(chain),
            _ => match cause.downcast_ref::<WorkerError>() {
                Some(WorkerError::Chain(chain)) => Some(chain),
                _ => cause.downcast_ref::<ClientError>(),
            },
        };
        match chain {
            Some(ClientError::Program(_) | ClientError::Transaction { .. } | ClientError::Declined) => return REFUSED,
            Some(ClientError::Unreachable { .. } | ClientError::Unconfirmed { .. }) => return UNREACHABLE,
            _ => {}
        }
    }
    FAILED
}
