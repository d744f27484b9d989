//! The worker's part in challenge rounds: it computes its answer within the window, commits to it, and shows the cells that
//! are drawn.
use crate::error::WorkerError;
use client::evidence::{close, upload};
use client::{Chain, ClientError, Keypair, Pubkey, Signer, address, rounds_ix};
use compute::Backend;
use compute::challenge::Answer;
use jobs::Rest;
use jobs::state::{Challenge, Config, Device, Phase, Round};
use judge::Hash;
use judge::challenge::{CELLS, drawn_cell, macs, seed};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tracing::{info, warn};

/// Refusals that stay for all of a round. After any other it is tried again: anybody may record a device's failure, so that
/// what was signed before does not fit any more.
const MISSED: &[&str] = &["TooSlow", "DeadlinePassed", "NotNominated", "AlreadyCommitted", "WrongPhase"];

fn is_missed(error: &ClientError) -> bool {
    error.program_error().is_some_and(|name| MISSED.contains(&name))
}

type SharedBackend = Arc<Mutex<Box<dyn Backend>>>;

/// What a look at the rounds led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing to do for now.
    Nothing,
    /// Had its failure in this round recorded.
    Recorded(u64),
    /// Committed to the answer of this round.
    Committed(u64),
    /// Showed all drawn cells.
    Answered(u64),
    /// Gave its share of a round's idle pay to its operator.
    Shared(u64),
}

/// The worker's memory of the present round.
#[derive(Default)]
pub struct Rounds {
    /// The round of the answer and the answer: what is lost is computed again from the seed.
    answer: Option<(u64, Arc<Answer>)>,
    /// The last round in which it tried to commit and could not.
    given_up: u64,
    /// When the next round may be opened, unix seconds, and how long its window is.
    next: Option<(i64, u32)>,
}

impl Rounds {
    /// Looks at the present round and does the next thing.
    ///
    /// # Errors
    /// If the node or the backend fails; the next look starts from the chain again.
    pub async fn step(
        &mut self,
        chain: &Chain,
        key: &Keypair,
        backend: &SharedBackend,
        device: &Device,
    ) -> Result<Seen, WorkerError> {
        let config = chain.jobs_config().await?;
        self.next = (config.round > 0).then_some((config.next_round_at, config.rounds.window_s));
        if device.pay_weight > 0 && config.settled_round >= device.pay_round {
            let share = rounds_ix::share_idle_pay(device.key, device.operator, device.pay_round);
            chain.send(&[share], &[key]).await?;
            return Ok(Seen::Shared(device.pay_round));
        }
        let number = config.round;
        if !config.round_live || device.since_round >= number {
            return Ok(Seen::Nothing);
        }
        let Some(round) = chain.find::<Round>("round", &address::round(number)).await? else {
            return Ok(Seen::Nothing);
        };
        match round.phase {
            Phase::Open if device.challenge.round < number && self.given_up < number => {
                self.commit(chain, key, backend, device, &config, &round).await
            }
            Phase::Drawn { slot_hash, answers_until } => {
                let challenge = &device.challenge;
                let shown = challenge.answered == u16::MAX;
                let out = device.failed_round >= number || challenge.caught_by != Pubkey::default();
                if challenge.round != number || shown || out || chain.now().await? > answers_until {
                    return Ok(Seen::Nothing);
                }
                self.answer(chain, key, backend, challenge, &slot_hash).await
            }
            _ => Ok(Seen::Nothing),
        }
    }

    /// Whether a job of `seconds` would keep the device from the next round's window. One that is due may open at any moment;
    /// one that nobody has opened for a window's time is not waited for.
    pub fn collides(&self, now: i64, seconds: f64) -> bool {
        self.next.is_some_and(|(opens, window_s)| {
            let expected = now <= opens + i64::from(window_s);
            // A job that ends within the first half leaves no time for the challenge.
            expected && now as f64 + seconds > opens as f64 && seconds > f64::from(window_s) / 4.0
        })
    }

    async fn commit(
        &mut self,
        chain: &Chain,
        key: &Keypair,
        backend: &SharedBackend,
        device: &Device,
        config: &Config,
        round: &Round,
    ) -> Result<Seen, WorkerError> {
        let number = round.number;
        if chain.now().await? > round.window_end {
            self.given_up = number;
            warn!(round = number, "its window has passed");
            return Ok(Seen::Nothing);
        }
        let last = config.settled_round;
        if last > device.since_round && last > device.good_round && last > device.failed_round {
            // It may fall a class by it, and computes for that one then.
            let fail = rounds_ix::fail_challenge(device.key, device.operator);
            match chain.send(&[fail], &[key]).await {
                Ok(_) => info!(round = last, "recorded a failed challenge"),
                Err(error) if error.program_error() == Some("NotFailed") => {}
                Err(error) => return Err(error.into()),
            }
            return Ok(Seen::Recorded(last));
        }
        let rows_of = |device: &Device| round.rules.rows.get(usize::from(device.class)).copied().unwrap_or_default();
        let rows = rows_of(device);
        let of = seed(&round.slot_hash, number, &device.key.to_bytes());
        let start = Instant::now();
        let answer = match &self.answer {
            Some((known, answer)) if *known == number && answer.rows() == rows => answer.clone(),
            _ => compute(backend, of, rows).await?,
        };
        let seconds = start.elapsed().as_secs_f64();
        let root = answer.root();
        self.answer = Some((number, answer));
        let hint = "it was registered a moment ago";
        let now: Device = chain.get("device", &address::device(&device.key), hint).await?;
        if now.challenge.round >= number || rows_of(&now) != rows {
            return Ok(Seen::Nothing);
        }
        let commit = rounds_ix::commit_challenge(device.key, device.operator, number, root);
        match chain.send(&[commit], &[key]).await {
            Ok(confirmed) => {
                let gmacs = macs(rows) as f64 / seconds / 1e9;
                info!(round = number, rows, seconds, gmacs, signature = %confirmed.signature, "committed to a challenge");
                Ok(Seen::Committed(number))
            }
            Err(error) if is_missed(&error) => {
                self.given_up = number;
                warn!(round = number, %error, "the challenge is missed");
                Ok(Seen::Nothing)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn answer(
        &mut self,
        chain: &Chain,
        key: &Keypair,
        backend: &SharedBackend,
        challenge: &Challenge,
        draw: &Hash,
    ) -> Result<Seen, WorkerError> {
        let (number, of, rows) = (challenge.round, challenge.seed, challenge.rows);
        let answer = match &self.answer {
            Some((known, answer)) if *known == number && answer.rows() == rows => answer.clone(),
            // It was committed to before this process started.
            _ => compute(backend, of, rows).await?,
        };
        let waiting = (0u8..).take(CELLS).filter(|index| challenge.answered & (1 << index) == 0);
        let waiting: Vec<u8> = waiting.collect();
        let cells: Vec<_> = waiting.iter().map(|index| drawn_cell(draw, &of, rows, *index)).collect();
        let opened = answer.clone();
        let openings = tokio::task::spawn_blocking(move || opened.open(&cells)).await;
        let openings = openings.map_err(|e| WorkerError::Cut(e.to_string()))??;
        self.answer = Some((number, answer));
        let me = key.pubkey();
        let account = address::device(&me);
        // What does not fit transactions goes into one buffer, one after another.
        let rests: Vec<u8> = openings.iter().flat_map(|o| rounds_ix::split(&o.path).1).copied().collect();
        if !rests.is_empty() {
            upload(chain, key, account, &rests, &[]).await?;
        }
        let mut offset = 0;
        for (index, opening) in waiting.into_iter().zip(openings) {
            let (path, rest) = rounds_ix::split(&opening.path);
            let bytes = rest.len() as u16;
            let place = (bytes > 0).then(|| (address::proof(&account, &me), Rest { offset, bytes }));
            offset += u32::from(bytes);
            let show = rounds_ix::answer_cell_from(me, number, index, opening.segment, path.to_vec(), place);
            chain.send(&[show], &[key]).await?;
        }
        if !rests.is_empty() {
            close(chain, key, account).await?;
        }
        info!(round = number, "showed all drawn cells of a challenge");
        Ok(Seen::Answered(number))
    }
}

async fn compute(backend: &SharedBackend, of: Hash, rows: u32) -> Result<Arc<Answer>, WorkerError> {
    let backend = backend.clone();
    let work = move || -> Result<Answer, WorkerError> {
        let mut backend = backend.lock().map_err(|e| WorkerError::Cut(e.to_string()))?;
        Ok(backend.challenge(&of, rows)?)
    };
    let answer = tokio::task::spawn_blocking(work).await.map_err(|e| WorkerError::Cut(e.to_string()))??;
    Ok(Arc::new(answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use client::ProgramFailure;

    #[test]
    fn a_round_is_given_up_for_what_stays_and_never_for_what_somebody_else_has_changed_meanwhile() {
        let refused = |name: &str| {
            is_missed(&ClientError::Program(ProgramFailure { name: name.into(), message: String::new(), code: 6_000 }))
        };
        for name in MISSED {
            assert!(refused(name), "{name}");
        }
        for name in ["NotFailed", "FailureNotRecorded", "PayNotShared", "NotPunished"] {
            assert!(!refused(name), "{name}");
        }
        assert!(!is_missed(&ClientError::Declined));
    }

    #[test]
    fn a_long_job_is_left_alone_before_a_round_and_while_one_is_due_but_not_for_ever() {
        let rounds = Rounds { next: Some((1_000, 40)), ..Rounds::default() };
        for (now, seconds, collides) in [
            (900, 99.0, false),
            (900, 101.0, true),
            (999, 9.0, false),
            (999, 11.0, true),
            (1_000, 11.0, true),
            (1_040, 11.0, true),
            (1_041, 11.0, false),
        ] {
            assert_eq!(rounds.collides(now, seconds), collides, "{seconds} s at {now}");
        }
        assert!(!Rounds::default().collides(1_000, 100.0), "no round has been held");
    }
}
