//! The whole economy in memory: every deed goes through the `economy` crate's rules and the programs' own account types, tells
//! its events, and leaves the accounts as the chain would.
mod audit_deeds;
mod credits_deeds;
mod governance_deeds;
mod jobs_deeds;
mod ledger;
mod staking_deeds;

pub use ledger::{Ledger, pda};

use super::event_data;
use super::story::{START_TIME, Story, key};
use anchor_lang::AccountSerialize;
use anchor_lang::prelude::Pubkey;
use credits::events::Stamp;
use indexer::Program;
use jobs::Item;
use std::collections::BTreeMap;

/// Seconds in an epoch: ten blocks.
pub const EPOCH_S: u32 = 20;
/// 10^-8 dollars per IO: 0.25 dollars.
pub const PRICE: u64 = 25_000_000;
/// One IO.
pub const IO: u64 = 100_000_000;
/// IO at genesis.
pub const GENESIS_SUPPLY: u64 = 500_000_000 * IO;

pub struct World {
    pub story: Story,
    pub ledger: Ledger,
    pending: Vec<(Program, Vec<u8>)>,
}

impl World {
    pub fn new() -> Self {
        Self { story: Story::new(), ledger: Ledger::new(), pending: Vec::new() }
    }

    /// By the chain's clock, in the next block.
    pub fn now(&self) -> i64 {
        START_TIME + (self.story.slot as i64 + 1) * 2
    }

    pub fn epoch(&self) -> u64 {
        self.ledger.credits.epoch_at(self.now())
    }

    /// Lets time pass.
    pub fn wait(&mut self, seconds: u64) {
        self.story.empty_blocks(seconds.div_ceil(2));
    }

    /// Lets time pass until another epoch begins, and closes what has ended.
    pub fn next_epoch(&mut self) {
        let epoch = self.epoch();
        while self.epoch() == epoch {
            self.story.empty_blocks(1);
        }
        while self.ledger.emission.next_epoch < self.epoch() {
            self.close_epoch();
        }
    }

    fn stamp(&mut self, program: Program, entity: &Pubkey) -> Stamp {
        let shard = credits::constants::shard_of(entity);
        *self.ledger.sequences.entry((program.id(), shard)).or_insert(0) += 1;
        self.story.stamp(program, shard)
    }

    fn say(&mut self, program: Program, event: &impl anchor_lang::Event) {
        self.pending.push((program, event_data(event)));
    }

    /// Ends the transaction.
    fn done(&mut self) {
        let events = std::mem::take(&mut self.pending);
        self.story.tell(events);
    }

    /// Everything that the programs own, by program, and the coins' accounts.
    pub fn accounts(&self) -> BTreeMap<Pubkey, (Pubkey, Vec<u8>)> {
        self.ledger.accounts()
    }

    /// A network with a life behind it: epochs, redemptions, stake, losses, loyalty and votes of every kind.
    pub fn lived_in() -> Self {
        let mut w = Self::new();
        let (alice, bob, operator, other) = (key(1), key(2), key(3), key(6));
        let (staker, device, second) = (key(7), key(4), key(5));
        w.buy(alice, 4_000 * IO);
        w.buy(bob, 1_000 * IO);
        w.open_loyalty(alice);
        w.open_loyalty(bob);
        w.open_operator(operator);
        w.open_operator(other);
        let pool = w.open_pool(operator, true, 500);
        let small = w.open_pool(other, true, 0);
        w.stake(pool, operator, 10_000 * IO);
        w.stake(pool, staker, 3_333 * IO + 7);
        w.stake(small, other, 2_000 * IO);
        w.next_epoch();
        w.next_epoch();
        w.next_epoch();
        for (pool, holder) in [(pool, operator), (pool, staker), (small, other)] {
            w.refresh(pool, holder);
        }
        w.collect();
        w.register_device(device, operator, "rtx-4090-berlin", 1);
        w.register_device(second, other, "a100-oslo", 2);

        for price in [2_000_003, 5_500_000, 999_999] {
            let job = w.post(alice, price);
            w.claim(job, device);
            w.commit(job);
            w.pay(job, jobs::events::Verification::Accepted);
        }
        let late = w.post(bob, 1_000_000);
        w.claim(late, second);
        w.expire_claim(late);
        let cancelled = w.post(bob, 70_000);
        w.cancel(cancelled);

        let answered = w.post(alice, 1_500_000);
        let silent = w.post(bob, 600_000);
        w.claim(answered, device);
        w.claim(silent, second);
        w.commit(answered);
        w.commit(silent);
        w.draw(answered, true);
        w.miss(silent);
        w.open_cell(answered, 1);
        w.open_cell(answered, 0);
        w.pay(answered, jobs::events::Verification::Audited);
        let spared = w.post(alice, 800_000);
        w.claim(spared, device);
        w.commit(spared);
        w.draw(spared, false);
        w.draw(silent, false);
        w.pay(spared, jobs::events::Verification::Unchallenged);
        w.open_cell(silent, 3);
        w.expire_audit(silent);

        w.request_redemption(operator, 3_000_000);
        w.next_epoch();
        w.settle_redemption(operator);
        w.collect();
        w.fold(pool);
        w.claim_rewards(pool, staker);
        w.claim_commission(pool);
        w.set_commission(pool, 600);

        let wrong = w.post(alice, 3_000_000);
        w.claim(wrong, device);
        w.commit(wrong);
        w.dispute(wrong);
        w.slash(pool, 0, 500 * IO);
        w.refresh(pool, staker);
        w.unstake(pool, staker, 1_000 * IO);

        let withheld = w.post(alice, 2_000_000);
        w.claim(withheld, device);
        w.commit(withheld);
        let asked = w.demand(withheld, alice, Item::LayerRoots);
        w.answer(withheld, asked, vec![9; 64]);
        let mine = w.demand(withheld, bob, Item::Segments { layer: 1, row: 2, first: 3, count: 1 });
        let silent = w.demand(withheld, alice, Item::Nodes { layer: 0, row: None, level: 2, index: 0, depth: 2 });
        w.stay_silent(withheld, silent);
        w.close_demand(withheld, mine);

        let friends = w.open_pool(alice, false, 2_500);
        w.stake(friends, staker, 100 * IO);
        w.next_epoch();
        w.next_epoch();
        w.refresh(friends, staker);
        w.redeem_loyalty(alice, 900_000);
        w.claim_rebates(friends, staker);
        w.next_epoch();
        w.withdraw(pool, staker);
        w.pay_treasury_directly(key(60), 5 * IO);

        w.hand_over();
        let fee =
            governance::Action::Credits(credits::Order::Set { parameter: credits::Parameter::FeeBps, value: 450 });
        let pay = governance::Action::Pay { to: key(61), amount: 3 * IO };
        let first = w.propose(staker, fee);
        w.vote(first, pool, operator, governance::Choice::Yes);
        w.vote(first, pool, staker, governance::Choice::Abstain);
        let second_vote = w.propose(operator, pay);
        w.vote(second_vote, pool, operator, governance::Choice::Yes);
        let forgotten = w.propose(alice, governance::Action::Signal { text: *b"a proposal that nobody voted for" });
        let vetoed = w.propose(alice, governance::Action::Guardian { new: key(62) });
        w.vote(vetoed, pool, operator, governance::Choice::No);
        w.wait(u64::from(w.ledger.governance.voting_s));
        for proposal in [first, second_vote, forgotten, vetoed] {
            w.finish(proposal);
        }
        w.wait(u64::from(w.ledger.governance.timelock_s));
        w.execute(first);
        w.execute(second_vote);
        w.close_proposal(forgotten);
        w.close_proposal(first);
        let pending = w.propose(
            alice,
            governance::Action::Jobs(jobs::Order::Set { parameter: jobs::Parameter::ForfeitBps, value: 600 }),
        );
        w.vote(pending, pool, operator, governance::Choice::Yes);
        let rule = governance::Action::Rules { rule: governance::Rule::QuorumBps, value: 1_500 };
        let rules = w.propose(staker, rule);
        w.vote(rules, pool, operator, governance::Choice::Yes);
        let stopped = w.propose(bob, governance::Action::Pay { to: bob, amount: IO });
        w.veto(stopped);
        w.close_proposal(stopped);
        w.wait(u64::from(w.ledger.governance.voting_s));
        w.finish(pending);
        w.finish(rules);
        w.wait(u64::from(w.ledger.governance.timelock_s));
        w.execute(rules);
        w.close_vote(first, pool, operator);
        w.propose(alice, governance::Action::Staking(staking::Order::Pause { flags: 0 }));
        w.guardian_pause(governance::Target::Staking, staking::constants::PAUSE_OPEN);
        w.guardian_pause(governance::Target::Governance, governance::constants::PAUSE_PROPOSALS);
        w.change_guardian(key(63));
        w.stake(small, bob, 5 * IO);
        w.unstake(small, bob, 5 * IO);
        w.register_device(key(8), operator, "spare", 0);
        w.retire_device(key(8));
        let audited = w.post(alice, 700_000);
        w.claim(audited, device);
        w.commit(audited);
        w.demand(audited, alice, Item::LayerRoots);
        w.miss(audited);
        w.draw(audited, true);
        w.open_cell(audited, 2);
        for _ in 0..3 {
            w.next_epoch();
        }
        w.withdraw(small, bob);
        w.close_position(small, bob);
        w.post(alice, 123_456);
        let running = w.post(bob, 400_000);
        w.claim(running, second);
        w.request_redemption(operator, 1_000_000);
        w
    }
}

/// An account's bytes on chain.
pub fn bytes_of(account: &impl AccountSerialize) -> Vec<u8> {
    let mut data = Vec::new();
    account.try_serialize(&mut data).unwrap();
    data
}
