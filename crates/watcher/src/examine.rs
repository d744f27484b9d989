//! One job: fetch, check, prove.
use crate::budget;
use crate::report::{Cause, Event};
use crate::watcher::Shared;
use client::{ClientError, Pubkey, Signer, address};
use jobs::state::{Job, LayerRecord, Model, Proof};
use judge::Layer;
use tokio::sync::{oneshot, watch};
use user::{Fault, Served, UserError};
use verify::{Rejection, Report};

/// Lamports of a transaction with one signature.
const FEE: u64 = 5_000;
/// Lamports that keep a byte of an account on chain, and bytes that every account has beside its own.
const RENT_PER_BYTE: u64 = 6_960;
const ACCOUNT: u64 = 128;
/// Bytes of the token accounts that a first proof may open, the prover's and the user's, and a little more.
const TOKEN_ACCOUNTS: u64 = 2 * (200 + ACCOUNT);

/// What there is to do about a job after it was attended to.
#[derive(Clone, Debug)]
pub enum Next {
    /// Nothing.
    Settled,
    /// Try again later.
    Again,
    /// Its fault is known; prove it later.
    Prove(Box<Fault>),
}

/// Why there is no verdict.
struct Unchecked {
    cause: Cause,
    reason: String,
    again: bool,
}

impl Unchecked {
    fn new(cause: Cause, reason: impl ToString) -> Self {
        Unchecked { cause, reason: reason.to_string(), again: true }
    }
}

impl From<ClientError> for Unchecked {
    fn from(error: ClientError) -> Self {
        Unchecked::new(Cause::Failed, error)
    }
}

impl From<UserError> for Unchecked {
    fn from(error: UserError) -> Self {
        let cause = match error {
            UserError::Withheld { .. } | UserError::BadResult { .. } => Cause::Withheld,
            UserError::Fetch(_) | UserError::Blob(_) | UserError::Model(_) => Cause::Missing,
            _ => Cause::Failed,
        };
        Unchecked::new(cause, error)
    }
}

impl From<Rejection> for Unchecked {
    fn from(rejection: Rejection) -> Self {
        let cause = match rejection {
            Rejection::Layers { .. } | Rejection::Shape { .. } | Rejection::Commitment { .. } => Cause::Withheld,
            Rejection::Input { .. } | Rejection::InputRoot { .. } => Cause::Missing,
            Rejection::Cell { .. } | Rejection::Compute(_) => Cause::Failed,
        };
        Unchecked::new(cause, rejection)
    }
}

impl Shared {
    /// Checks a job, unless its `fault` is known already, and proves what is wrong. Stopping breaks off a check, and never a
    /// proof that has begun.
    pub async fn attend(
        &self,
        address: Pubkey,
        job: &Job,
        fault: Option<Box<Fault>>,
        mut stopped: watch::Receiver<bool>,
    ) -> Next {
        let fault = match fault {
            Some(fault) => fault,
            None => {
                let examined = tokio::select! {
                    _ = stopped.wait_for(|stopped| *stopped) => return Next::Again,
                    examined = self.examine(&address, job) => examined,
                };
                match examined {
                    Ok(Ok(report)) => {
                        self.tell(Event::Right { job: address, seconds: report.seconds() });
                        return Next::Settled;
                    }
                    Ok(Err(fault)) => {
                        self.tell(Event::Fault {
                            job: address,
                            layer: fault.layer,
                            row: fault.row,
                            column: fault.column,
                            expected: fault.expected,
                            committed: fault.committed,
                            evidence_bytes: fault.evidence.len(),
                            reward_io: self.reward(job),
                        });
                        Box::new(fault)
                    }
                    Err(Unchecked { cause, reason, again }) => {
                        self.tell(Event::Unchecked { job: address, cause, reason, again });
                        return if again { Next::Again } else { Next::Settled };
                    }
                }
            }
        };
        self.prove(address, job, fault).await
    }

    /// Fetches and checks a result. What it holds is within the budget.
    async fn examine(&self, address: &Pubkey, job: &Job) -> Result<Result<Report, Fault>, Unchecked> {
        let hint = "no job is posted for a model that is not registered";
        let model: Model = self.chain.get("model", &address::model(&job.model_root), hint).await?;
        let layers: Option<Vec<Layer>> = model.layers.iter().map(|r: &LayerRecord| r.layer().ok()).collect();
        let layers = layers.ok_or_else(|| Unchecked::new(Cause::Failed, "its layer table cannot be read"))?;
        let needed = budget::needed(&layers, job.rows);
        let Some(lent) = self.budget.take(needed).await else {
            let reason = format!("checking it may take {needed} bytes, the limit is {}", self.budget.total());
            return Err(Unchecked { cause: Cause::Large, reason, again: false });
        };
        let served = user::fetch(&self.blobs, address, job).await?;
        // A thread of its own: a long check must not keep the process from ending.
        let (send, verdict) = oneshot::channel();
        let check = move || {
            let verdict = judged(served);
            drop(lent);
            // Nobody listens any more when the watcher stops.
            let _ = send.send(verdict);
        };
        let thread = std::thread::Builder::new().name("check".into()).spawn(check);
        thread.map_err(|e| Unchecked::new(Cause::Failed, e))?;
        verdict.await.map_err(|_| Unchecked::new(Cause::Failed, "the check broke off"))?
    }

    async fn prove(&self, address: Pubkey, job: &Job, fault: Box<Fault>) -> Next {
        let Some(wallet) = self.wallet.as_ref().filter(|_| !self.settings.dry_run) else { return Next::Settled };
        let needed = lamports_for(fault.evidence.len());
        let unproven = |reason: String| self.tell(Event::Unproven { job: address, reason });
        match self.chain.lamports(&wallet.pubkey()).await {
            Ok(has) if has < needed => {
                unproven(format!(
                    "wallet {} has {} SOL, up to {} are needed: send it some",
                    wallet.pubkey(),
                    sol(has),
                    sol(needed)
                ));
                return Next::Prove(fault);
            }
            Ok(_) => {}
            Err(error) => {
                unproven(error.to_string());
                return Next::Prove(fault);
            }
        }
        match user::prove(&self.chain, wallet, &address, job, (*fault).clone()).await {
            Ok(proven) => {
                self.tell(Event::Proven {
                    job: address,
                    earned_io: self.reward(job),
                    transactions: proven.uploads + 1,
                    signature: proven.confirmed.signature,
                });
                Next::Settled
            }
            Err(UserError::Ended { .. }) => {
                self.tell(Event::Lost { job: address });
                Next::Settled
            }
            Err(error) => {
                unproven(error.to_string());
                Next::Prove(fault)
            }
        }
    }
}

/// The check, and evidence about what it found wrong.
fn judged(served: Served) -> Result<Result<Report, Fault>, Unchecked> {
    let review = served.check();
    match &review.outcome {
        Err(Rejection::Cell { .. }) => Ok(Err(review.fault()?)),
        _ => review.outcome.map(Ok).map_err(Unchecked::from),
    }
}

/// What a wallet must hold to prove a fault, lamports. The rent of the buffer comes back.
fn lamports_for(evidence: usize) -> u64 {
    let buffer = ACCOUNT + (Proof::HEADER + evidence) as u64;
    let transactions = 3 + evidence.div_ceil(client::evidence::WRITE_BYTES) as u64;
    (buffer + TOKEN_ACCOUNTS) * RENT_PER_BYTE + transactions * FEE
}

fn sol(lamports: u64) -> economy::amount::Decimal {
    economy::amount::Decimal { amount: lamports, decimals: 9 }
}
