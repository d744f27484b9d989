//! One pool with two positions.
use economy::stake::*;

/// A pool with its operator's own position and one delegator's, and nothing else anywhere.
#[derive(Clone, Debug)]
pub struct Small {
    pub rewards: Rewards,
    pub pool: Pool,
    pub own: Position,
    pub other: Position,
}

impl Small {
    pub fn new(operator: bool) -> Self {
        let rewards = Rewards::default();
        let pool = Pool::open(operator, 1_000, &rewards);
        Small { rewards, pool, own: Position::open(&pool), other: Position::open(&pool) }
    }

    /// Both positions active in epoch 2.
    pub fn staked(own: u64, other: u64) -> Self {
        let mut s = Small::new(true);
        stake(&mut s.rewards, &mut s.pool, &mut s.own, own, 0).unwrap();
        stake(&mut s.rewards, &mut s.pool, &mut s.other, other, 0).unwrap();
        s.refresh(2);
        s
    }

    pub fn refresh(&mut self, epoch: u64) {
        for position in [&mut self.own, &mut self.other] {
            refresh(&mut self.rewards, &mut self.pool, position, epoch).unwrap();
        }
    }

    pub fn slash(&mut self, reserved: u64, beyond: u64, epoch: u64, cap_bps: u16) -> Result<Slashed, StakeError> {
        let order = Slash { reserved, beyond, epoch, cap_bps, prover_bps: 2_500 };
        slash(&mut self.rewards, &mut self.pool, &mut self.own, order)
    }

    pub fn withdraw_all(&mut self, epoch: u64) -> [u64; 2] {
        let (rewards, pool) = (&mut self.rewards, &mut self.pool);
        [&mut self.own, &mut self.other].map(|position| {
            refresh(rewards, pool, position, epoch).unwrap();
            let all = position.active + position.warming;
            if all == 0 {
                return 0;
            }
            unstake(rewards, pool, position, all, 0, epoch, epoch).unwrap();
            withdraw(rewards, pool, position, epoch).unwrap().1
        })
    }
}
