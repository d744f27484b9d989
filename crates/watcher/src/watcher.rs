//! The loop: looks at the chain, has jobs examined, and remembers which are done.
use crate::budget::Budget;
use crate::demands::{Answers, Bonds};
use crate::examine::Next;
use crate::report::{Counters, Event};
use crate::rounds::Checked;
use crate::sample::Sample;
use crate::settings::Settings;
use crate::worth;
use blobs::Blobs;
use client::{Chain, ClientError, Keypair, Pubkey};
use economy::BPS;
use economy::math::mul_div_floor;
use jobs::state::{Audit, Job, Status};
use staking::SlashReason;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tracing::{debug, warn};
use user::UserError;

/// How long after a first failure a job is tried again; each further one doubles it.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
const SLOWEST: Duration = Duration::from_secs(60);
/// How long after a failure audits and rounds are looked at again.
const TURN_AGAIN: Duration = Duration::from_secs(10);
/// How often left-over buffers are looked for, and rules that votes can change are read again.
const HOUSEKEEPING: Duration = Duration::from_secs(60);

/// What all examinations share.
pub(crate) struct Shared {
    pub chain: Chain,
    pub blobs: Blobs,
    /// None: nothing can be proven.
    pub wallet: Option<Keypair>,
    pub settings: Settings,
    pub budget: Budget,
    pub bonds: Mutex<Bonds>,
    pub answers: Mutex<Answers>,
    pub checked: Mutex<Checked>,
    /// The prover's share of a slash, basis points.
    prover_bps: AtomicU16,
    counters: Mutex<Counters>,
    report: Box<dyn Fn(&Event) + Send + Sync>,
}

impl Shared {
    pub fn tell(&self, event: Event) {
        debug!(%event, "watcher");
        self.count(|counters| counters.count(&event));
        (self.report)(&event);
    }

    /// What proving a fault of this job earns, IO base units.
    pub fn reward(&self, job: &Job) -> u64 {
        self.share(job.reserved, SlashReason::WrongCell)
    }

    /// What ending a job for silence earns, IO base units.
    pub fn crank_reward(&self, job: &Job) -> u64 {
        self.share(job.reserved, SlashReason::Silence)
    }

    /// What whoever causes a slash of so much gets, IO base units.
    pub fn share(&self, slashed: u64, reason: SlashReason) -> u64 {
        let share = reason.share(self.prover_bps.load(Ordering::Relaxed));
        mul_div_floor(slashed, share.into(), BPS).unwrap_or(0)
    }

    /// The wallet, if something may be sent.
    pub fn signer(&self) -> Option<&Keypair> {
        self.wallet.as_ref().filter(|_| !self.settings.dry_run)
    }

    fn count(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut self.counters.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn counters(&self) -> Counters {
        *self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A committed job that has been seen.
struct Known {
    next: State,
    tries: u32,
}

enum State {
    /// Nothing is to be done about it.
    Settled,
    Underway,
    Due(Instant, Next),
}

/// Watches one cluster.
pub struct Watcher {
    shared: Arc<Shared>,
    sample: Arc<Sample>,
    known: HashMap<Pubkey, Known>,
    underway: JoinSet<(Pubkey, Next)>,
    housekept: Option<Instant>,
    /// Moves audits on.
    audits: Beside,
    /// Checks what devices show in challenge rounds.
    rounds: Beside,
}

/// Something that is done again and again beside the checks of jobs, one turn at a time; what fails is tried again later.
struct Beside {
    turn: Option<JoinHandle<Result<(), UserError>>>,
    from: Instant,
}

impl Beside {
    fn new() -> Self {
        Beside { turn: None, from: Instant::now() }
    }

    /// Begins another turn unless one is under way, or the last one failed a moment ago.
    async fn go_on(&mut self, turn: impl Future<Output = Result<(), UserError>> + Send + 'static) {
        if let Some(turn) = self.turn.take_if(|turn| turn.is_finished())
            && let Ok(Err(error)) = turn.await
        {
            warn!(%error, "will try again");
            self.from = Instant::now() + TURN_AGAIN;
        }
        if self.turn.is_none() && Instant::now() >= self.from {
            self.turn = Some(tokio::spawn(turn));
        }
    }

    async fn end(&mut self) {
        if let Some(turn) = self.turn.take() {
            let _ = turn.await;
        }
    }
}

impl Watcher {
    /// A watcher that proves faults with `wallet`, which pays the fees and earns the rewards; without one it only finds them.
    /// `report` is told everything as it happens.
    pub fn new(
        chain: Chain,
        blobs: Blobs,
        wallet: Option<Keypair>,
        settings: Settings,
        report: impl Fn(&Event) + Send + Sync + 'static,
    ) -> Self {
        let sample = Sample::new(wallet.as_ref(), settings.share_bps);
        let shared = Shared {
            chain,
            blobs: blobs.with_patience(settings.patience),
            wallet,
            budget: Budget::new(settings.max_memory),
            bonds: Mutex::default(),
            answers: Mutex::default(),
            checked: Mutex::default(),
            prover_bps: AtomicU16::new(0),
            counters: Mutex::default(),
            report: Box::new(report),
            settings,
        };
        Watcher {
            shared: Arc::new(shared),
            sample: Arc::new(sample),
            known: HashMap::new(),
            underway: JoinSet::new(),
            housekept: None,
            audits: Beside::new(),
            rounds: Beside::new(),
        }
    }

    /// Watches until `stopped` turns true, or with `once` until every job of now has been examined, and finishes the proofs that
    /// have begun. A node that drops, or data that cannot be had, never ends it.
    ///
    /// # Errors
    /// Only with `once`: if the node cannot be asked.
    pub async fn run(mut self, mut stopped: watch::Receiver<bool>) -> Result<Counters, ClientError> {
        let mut pause = self.shared.settings.poll;
        while !*stopped.borrow() {
            match self.look(&stopped).await {
                Ok(()) if self.shared.settings.once && self.underway.is_empty() && self.nothing_new() => break,
                Ok(()) => pause = self.shared.settings.poll,
                Err(error) if self.shared.settings.once => return Err(error),
                Err(error) => {
                    warn!(%error, "will look again");
                    pause = (pause * 2).min(SLOWEST);
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                Some(ended) = self.underway.join_next() => self.ended(ended),
                changed = stopped.changed() => if changed.is_err() { break },
            }
        }
        while let Some(ended) = self.underway.join_next().await {
            self.ended(ended);
        }
        self.audits.end().await;
        self.rounds.end().await;
        Ok(self.shared.counters())
    }

    /// Looks at the chain once, and has as many jobs examined as may be at a time.
    async fn look(&mut self, stopped: &watch::Receiver<bool>) -> Result<(), ClientError> {
        let listed = self.shared.chain.jobs(Status::Committed).await?;
        let waiting: HashMap<Pubkey, Job> = listed.into_iter().collect();
        if self.housekept.is_none_or(|at| at.elapsed() > HOUSEKEEPING) {
            let share = self.shared.chain.staking_config().await?.prover_bps;
            self.shared.prover_bps.store(share, Ordering::Relaxed);
            self.shared.close_leftovers(|job| waiting.contains_key(job)).await?;
            self.shared.close_demands(|job| waiting.contains_key(job)).await?;
            self.housekept = Some(Instant::now());
        }
        self.forget_ended(&waiting);
        for (address, job) in &waiting {
            self.known.entry(*address).or_insert_with(|| {
                let watched = self.sample.has(address) && self.shared.pays(self.shared.reward(job), worth::FEE);
                self.shared.count(|counters| {
                    counters.seen += 1;
                    counters.passed_over += u64::from(!watched);
                });
                let due = State::Due(Instant::now(), Next::Again);
                Known { next: if watched { due } else { State::Settled }, tries: 0 }
            });
        }
        self.begin(&waiting, stopped);
        let moves = |job: &Job| matches!(job.audit, Audit::Pending { .. } | Audit::Open { .. });
        let jobs: Vec<_> = waiting.iter().filter(|(_, job)| moves(job)).map(|(at, job)| (*at, job.clone())).collect();
        let shared = self.shared.clone();
        self.audits.go_on(async move { shared.move_audits_on(&jobs).await }).await;
        let (shared, sample) = (self.shared.clone(), self.sample.clone());
        self.rounds.go_on(async move { Ok(shared.check_round(|seed| sample.has(seed)).await?) }).await;
        Ok(())
    }

    /// Forgets jobs that have ended. A fault that could not be proven in time was somebody else's.
    fn forget_ended(&mut self, waiting: &HashMap<Pubkey, Job>) {
        self.known.retain(|address, known| {
            let keep = waiting.contains_key(address) || matches!(known.next, State::Underway);
            if !keep && matches!(known.next, State::Due(_, Next::Prove(..))) {
                self.shared.tell(Event::Lost { job: *address });
                // Its buffer, if it has one, must not wait for long.
                self.housekept = None;
            }
            keep
        });
    }

    /// Begins with what is due: new jobs before those that failed, more stake before less. So neither data that never arrives
    /// nor a flood of cheap jobs keeps it from the valuable ones.
    fn begin(&mut self, waiting: &HashMap<Pubkey, Job>, stopped: &watch::Receiver<bool>) {
        let now = Instant::now();
        let mut due: Vec<(u32, Reverse<u64>, Pubkey)> = self
            .known
            .iter()
            .filter(|(_, known)| matches!(known.next, State::Due(at, _) if at <= now))
            .filter_map(|(address, known)| Some((known.tries, Reverse(waiting.get(address)?.reserved), *address)))
            .collect();
        due.sort();
        for (_, _, address) in due {
            if self.underway.len() >= self.shared.settings.at_once.max(1) {
                break;
            }
            let (Some(known), Some(job)) = (self.known.get_mut(&address), waiting.get(&address)) else { continue };
            let State::Due(_, next) = std::mem::replace(&mut known.next, State::Underway) else { continue };
            known.tries += 1;
            let (shared, job, stopped, tries) = (self.shared.clone(), job.clone(), stopped.clone(), known.tries);
            self.underway.spawn(async move { (address, shared.attend(address, &job, next, tries, stopped).await) });
        }
    }

    fn ended(&mut self, ended: Result<(Pubkey, Next), tokio::task::JoinError>) {
        let (address, next) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                // A panic is a bug; the watcher goes on, and jobs under way that have no task are due again.
                tracing::error!(%error, "an examination broke off");
                if self.underway.is_empty() {
                    let broken = self.known.values_mut().filter(|known| matches!(known.next, State::Underway));
                    broken.for_each(|known| known.next = State::Due(Instant::now() + SLOWEST, Next::Again));
                }
                return;
            }
        };
        if let Some(known) = self.known.get_mut(&address) {
            let after = AGAIN_AFTER.saturating_mul(1 << (known.tries - 1).min(10)).min(SLOWEST);
            known.next = match next {
                Next::Settled => State::Settled,
                // An answer may come at any time.
                Next::Pursue => State::Due(Instant::now() + self.shared.settings.poll * 2, next),
                next => State::Due(Instant::now() + after, next),
            };
        }
    }

    /// Whether every job has been tried at least once.
    fn nothing_new(&self) -> bool {
        self.known.values().all(|known| known.tries > 0 || matches!(known.next, State::Settled))
    }
}
