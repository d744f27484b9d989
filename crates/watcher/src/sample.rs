//! Which jobs are checked when not all are.
use client::{Keypair, Pubkey, Signer};
use economy::BPS;
use sha2::{Digest, Sha256};

/// What the wallet signs for the secret that decides.
const TAG: &[u8] = b"io watch: which jobs are checked";

/// A choice of jobs that only this watcher's wallet can tell, the same after every restart.
pub struct Sample {
    secret: [u8; 32],
    share_bps: u16,
}

impl Sample {
    /// Without a wallet the secret is drawn anew, or all zeros if the system gives no randomness.
    pub fn new(wallet: Option<&Keypair>, share_bps: u16) -> Self {
        let mut secret = [0; 32];
        match wallet {
            // Signatures are deterministic, and nobody else can make this one.
            Some(wallet) => secret = Sha256::digest(wallet.sign_message(TAG).as_ref()).into(),
            // A predictable choice is harmless where nothing is proven.
            None => drop(getrandom::fill(&mut secret)),
        }
        Sample { secret, share_bps }
    }

    pub fn has(&self, job: &Pubkey) -> bool {
        let hash = Sha256::new().chain_update(self.secret).chain_update(job.to_bytes()).finalize();
        let draw = hash.iter().take(8).fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        draw % BPS < u64::from(self.share_bps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(sample: &Sample) -> usize {
        (0..10_000u32).filter(|i| sample.has(&job(*i))).count()
    }

    fn job(index: u32) -> Pubkey {
        Pubkey::new_from_array(Sha256::digest(index.to_le_bytes()).into())
    }

    #[test]
    fn about_the_share_that_was_asked_for_is_checked() {
        let wallet = Keypair::new();
        let share = |bps| chosen(&Sample::new(Some(&wallet), bps));
        assert_eq!((share(0), share(10_000)), (0, 10_000));
        assert!((2_200..2_800).contains(&share(2_500)), "{}", share(2_500)); // seven standard deviations
    }

    #[test]
    fn the_choice_survives_a_restart_and_differs_between_watchers() {
        let (one, two) = (Keypair::new(), Keypair::new());
        let choice = |wallet| (0..100).map(|i| Sample::new(Some(wallet), 5_000).has(&job(i))).collect::<Vec<_>>();
        assert_eq!(choice(&one), choice(&one));
        assert_ne!(choice(&one), choice(&two));
    }
}
