//! One job: fetch, check, prove.
use crate::budget;
use crate::demands::Pursuit;
use crate::report::{Cause, Event};
use crate::watcher::Shared;
use crate::worth::{ACCOUNT, FEE, RENT_PER_BYTE, TOKEN_ACCOUNT};
use client::{ClientError, Keypair, Pubkey, Signer, address};
use jobs::state::{Job, LayerRecord, Model, Proof};
use judge::Layer;
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};
use user::{Fault, Served, UserError};
use verify::{Rejection, Report};

/// Tries after which a result that cannot be fetched is asked for on chain: an honest worker's is there before it commits.
const PATIENCE: u32 = 2;
/// Refusals after which a fault is not sent again: the chain sees what was seen here and judges otherwise.
const REFUSALS: u32 = 3;

/// What there is to do about a job after it was attended to.
#[derive(Clone, Debug)]
pub enum Next {
    /// Nothing.
    Settled,
    /// Try again later.
    Again,
    /// Its fault is known; prove it later. So often the chain has refused it.
    Prove(Box<Fault>, u32),
    /// Its result cannot be fetched and was asked for on chain; see soon what came of it.
    Pursue,
}

/// Why there is no verdict.
pub struct Unchecked {
    cause: Cause,
    pub reason: String,
    again: bool,
}

impl Unchecked {
    /// It may be otherwise later.
    pub fn new(cause: Cause, reason: impl ToString) -> Self {
        Unchecked { cause, reason: reason.to_string(), again: true }
    }

    /// It will stay so.
    pub fn last(cause: Cause, reason: impl ToString) -> Self {
        Unchecked { again: false, ..Self::new(cause, reason) }
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
    /// Goes on with a job from where `next` says: checks it, asks for what it withholds, proves what is wrong. `tries` counts from
    /// one. Stopping breaks off a check, and never what signs.
    pub async fn attend(
        &self,
        address: Pubkey,
        job: &Job,
        next: Next,
        tries: u32,
        mut stopped: watch::Receiver<bool>,
    ) -> Next {
        let (fault, refused) = match next {
            Next::Prove(fault, refused) => (fault, refused),
            next => match self.find_fault(&address, job, &next, tries, &mut stopped).await {
                Ok(fault) => (fault, 0),
                Err(next) => return next,
            },
        };
        self.prove(address, job, fault, refused).await
    }

    /// Checks a job or asks for its data. Gives what there is to be done unless it is to prove a fault.
    async fn find_fault(
        &self,
        address: &Pubkey,
        job: &Job,
        next: &Next,
        tries: u32,
        stopped: &mut watch::Receiver<bool>,
    ) -> Result<Box<Fault>, Next> {
        let unchecked = |Unchecked { cause, reason, again }| {
            self.tell(Event::Unchecked { job: *address, cause, reason, again });
            if again { Next::Again } else { Next::Settled }
        };
        let wallet = self.wallet.as_ref().filter(|_| !self.settings.dry_run && self.settings.bond_limit > 0);
        let fault = match (next, wallet) {
            (Next::Pursue, Some(wallet)) => self.pursued(wallet, address).await.map_err(unchecked)?,
            _ => {
                let examined = tokio::select! {
                    _ = stopped.wait_for(|stopped| *stopped) => return Err(Next::Again),
                    examined = self.examine(address, job) => examined,
                };
                match (examined, wallet) {
                    (Ok(Ok(report)), _) => {
                        self.tell(Event::Right { job: *address, seconds: report.seconds() });
                        return Err(Next::Settled);
                    }
                    (Ok(Err(fault)), _) => Ok(Box::new(fault)),
                    (Err(error), Some(wallet)) if error.cause == Cause::Withheld && tries >= PATIENCE => {
                        self.pursued(wallet, address).await.map_err(unchecked)?
                    }
                    (Err(error), _) => return Err(unchecked(error)),
                }
            }
        }?;
        self.tell(Event::Fault {
            job: *address,
            layer: fault.layer,
            row: fault.row,
            column: fault.column,
            expected: fault.expected,
            committed: fault.committed,
            evidence_bytes: fault.evidence.len(),
            reward_io: self.reward(job),
        });
        Ok(fault)
    }

    /// One step of a pursuit: a fault, or what to do next.
    async fn pursued(&self, wallet: &Keypair, address: &Pubkey) -> Result<Result<Box<Fault>, Next>, Unchecked> {
        Ok(match self.pursue(wallet, address).await? {
            Pursuit::Fault(fault) => Ok(fault),
            Pursuit::Waiting => Err(Next::Pursue),
            Pursuit::Over => Err(Next::Settled),
        })
    }

    /// The layer table of a job's model, from the chain.
    pub async fn layers(&self, job: &Job) -> Result<Vec<Layer>, Unchecked> {
        let hint = "no job is posted for a model that is not registered";
        let model: Model = self.chain.get("model", &address::model(&job.model_root), hint).await?;
        let layers: Option<Vec<Layer>> = model.layers.iter().map(|r: &LayerRecord| r.layer().ok()).collect();
        layers.ok_or_else(|| Unchecked::last(Cause::Failed, "its layer table cannot be read"))
    }

    /// Waits until there are so many bytes of memory.
    pub async fn borrow(&self, bytes: u64) -> Result<OwnedSemaphorePermit, Unchecked> {
        let total = self.budget.total();
        let large =
            || Unchecked::last(Cause::Large, format!("it may take {bytes} bytes of memory, the limit is {total}"));
        self.budget.take(bytes).await.ok_or_else(large)
    }

    /// Fetches and checks a result. What it holds is within the budget.
    async fn examine(&self, address: &Pubkey, job: &Job) -> Result<Result<Report, Fault>, Unchecked> {
        let layers = self.layers(job).await?;
        let lent = self.borrow(budget::needed(&layers, job.rows)).await?;
        let served = user::fetch(&self.blobs, address, job).await?;
        let check = move || {
            let verdict = judged(served);
            drop(lent);
            verdict
        };
        on_a_thread(check).await?
    }

    async fn prove(&self, address: Pubkey, job: &Job, fault: Box<Fault>, refused: u32) -> Next {
        let Some(wallet) = self.wallet.as_ref().filter(|_| !self.settings.dry_run) else { return Next::Settled };
        let needed = lamports_for(fault.evidence.len());
        let unproven = |reason: String| self.tell(Event::Unproven { job: address, reason });
        match self.cost(job, transactions(fault.evidence.len())).await {
            Ok(cost) if !self.pays(self.reward(job), cost) => {
                unproven(format!("a proof costs {} SOL for good, more than it earns is worth", sol(cost)));
                return Next::Settled;
            }
            Ok(_) => {}
            Err(error) => {
                unproven(error.to_string());
                return Next::Prove(fault, refused);
            }
        }
        match self.chain.lamports(&wallet.pubkey()).await {
            Ok(has) if has < needed => {
                unproven(format!(
                    "wallet {} has {} SOL, up to {} are needed: send it some",
                    wallet.pubkey(),
                    sol(has),
                    sol(needed)
                ));
                return Next::Prove(fault, refused);
            }
            Ok(_) => {}
            Err(error) => {
                unproven(error.to_string());
                return Next::Prove(fault, refused);
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
                let refused = refused + u32::from(user::is_refusal(&error));
                if refused < REFUSALS {
                    return Next::Prove(fault, refused);
                }
                if let Err(error) = client::evidence::close(&self.chain, wallet, address).await {
                    unproven(format!("its buffer is closed once the job has ended: {error}"));
                }
                Next::Settled
            }
        }
    }
}

/// Computes on a thread of its own: what takes long must not keep the process from ending.
pub async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unchecked> {
    let (send, done) = oneshot::channel();
    // Nobody listens any more when the watcher stops.
    let thread = std::thread::Builder::new().name("check".into()).spawn(move || drop(send.send(work())));
    thread.map_err(|e| Unchecked::new(Cause::Failed, e))?;
    done.await.map_err(|_| Unchecked::new(Cause::Failed, "it broke off"))
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
    // The prover's own token account, and the user's.
    (buffer + 2 * TOKEN_ACCOUNT) * RENT_PER_BYTE + transactions(evidence) as u64 * FEE
}

/// Transactions that a proof takes at most.
fn transactions(evidence: usize) -> usize {
    3 + evidence.div_ceil(client::evidence::WRITE_BYTES)
}

fn sol(lamports: u64) -> economy::amount::Decimal {
    economy::amount::Decimal { amount: lamports, decimals: 9 }
}
