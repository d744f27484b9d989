//! Every rule can fail: something wrong is planted in an account, and the check must name the rule that it breaks.
use anchor_lang::AccountSerialize;
use client::{address, credits_ix};
use program_tests::event::Event;
use program_tests::fuzz::permission::{self, Change};
use program_tests::fuzz::{Chooser, World};
use program_tests::invariant::{Ledger, check};
use program_tests::net::IO;
use program_tests::state::{State, Table, one};
use program_tests::{Meta, stranger, user};
use solana_signer::Signer;
use std::sync::OnceLock;

/// A network in which much has happened.
fn lively() -> World {
    static WORLD: OnceLock<World> = OnceLock::new();
    let live = || {
        let (mut world, mut chooser) = (World::new(), Chooser::new(5));
        let full = |s: &State| {
            let jobs = s
                .jobs
                .values()
                .any(|j| j.status == jobs::state::Status::Claimed && j.reserved > 0 && s.now <= j.commit_deadline)
                && s.epochs.len() > 1;
            let stake = s.pools.values().any(|p| p.reserved > 0 && p.slash_base > 0);
            let votes = s.votes.values().any(|v| s.proposals.get(&v.proposal).is_some_and(|p| s.now < p.voting_end));
            let rounds = s.rounds.values().any(|r| r.committed > 0);
            jobs && stake && votes && rounds && s.loyalty.values().any(|l| l.pooled > 0)
        };
        while !full(&world.state) {
            let step = chooser.next(&world);
            world.apply(&step).unwrap_or_else(|v| panic!("{v}"));
            assert!(world.steps < 20_000, "it never gets lively");
        }
        world
    };
    WORLD.get_or_init(live).clone()
}

/// Changes the first account of a table for which `change` does something, on chain.
fn plant<T: AccountSerialize + Clone>(
    world: &mut World,
    table: fn(&State) -> &Table<T>,
    change: impl Fn(&mut T) -> bool,
) {
    let accounts = table(&world.state).clone();
    let (address, changed) = accounts
        .into_iter()
        .find_map(|(address, mut account)| change(&mut account).then_some((address, account)))
        .expect("there is one to change");
    let mut account = world.vm.account(&address).expect("it exists");
    let mut data = Vec::new();
    changed.try_serialize(&mut data).expect("it fits");
    account.data[..data.len()].copy_from_slice(&data);
    world.vm.set_account(address, account);
}

/// Changes the amount of a token account or the supply of a mint.
fn plant_tokens(world: &mut World, address: anchor_lang::prelude::Pubkey, at: usize) {
    let mut account = world.vm.account(&address).expect("it exists");
    let old = u64::from_le_bytes(account.data[at..at + 8].try_into().expect("eight bytes"));
    account.data[at..at + 8].copy_from_slice(&(old + 1).to_le_bytes());
    world.vm.set_account(address, account);
}

/// Plants something and returns the rule that says so.
#[track_caller]
fn caught(plant: impl FnOnce(&mut World)) -> &'static str {
    let mut world = lively();
    plant(&mut world);
    let state = State::read(&world.vm).expect("all accounts can be read");
    check(&state, &world.ledger).expect_err("the check must notice").rule
}

#[test]
fn nothing_planted_breaks_nothing() {
    let world = lively();
    check(&world.state, &world.ledger).unwrap_or_else(|v| panic!("{v}"));
    world.check_whole().unwrap_or_else(|v| panic!("{v}"));
}

#[test]
fn wrong_supplies_are_caught() {
    assert_eq!(caught(|w| plant_tokens(w, address::io_mint(), 36)), "supplies");
    assert_eq!(caught(|w| plant_tokens(w, address::iosd_mint(), 36)), "supplies");
    assert_eq!(caught(|w| plant_tokens(w, address::io_account(&user(0).pubkey()), 64)), "supplies");
    assert_eq!(caught(|w| plant_tokens(w, address::iosd_account(&user(0).pubkey()), 64)), "supplies");
    let burn = |w: &mut World| plant(w, |s| &s.credits_shards, |x| std::mem::replace(&mut x.totals.io_burned, 1) > 1);
    assert_eq!(caught(burn), "supplies");
    let lock = |w: &mut World| plant(w, |s| &s.escrows, |x| std::mem::replace(&mut x.amount, 0) > 0);
    assert_eq!(caught(lock), "supplies");
}

#[test]
fn wrong_epochs_and_earnings_are_caught() {
    let reserve = |w: &mut World| {
        plant(
            w,
            |s| &s.emissions,
            |x| {
                x.reserve += 1;
                true
            },
        )
    };
    assert_eq!(caught(reserve), "epochs");
    let burned = |w: &mut World| {
        plant(
            w,
            |s| &s.epochs,
            |x| {
                x.io_burned += 1;
                !x.closed
            },
        )
    };
    assert_eq!(caught(burned), "epochs");
    let early = |w: &mut World| {
        plant(
            w,
            |s| &s.emissions,
            |x| {
                x.next_epoch += 100;
                true
            },
        )
    };
    assert_eq!(caught(early), "epochs");
    let owed = |w: &mut World| {
        plant(
            w,
            |s| &s.earnings,
            |x| {
                x.owed += 1;
                true
            },
        )
    };
    assert_eq!(caught(owed), "earnings");
    let asked = |w: &mut World| {
        plant(
            w,
            |s| &s.epochs,
            |x| {
                x.requested += 1;
                true
            },
        )
    };
    assert_eq!(caught(asked), "earnings");
}

#[test]
fn wrong_loyalty_is_caught() {
    let rebated = |w: &mut World| {
        plant(
            w,
            |s| &s.loyalty,
            |x| {
                x.rebated += 1;
                true
            },
        )
    };
    assert_eq!(caught(rebated), "loyalty");
    let pooled = |w: &mut World| plant(w, |s| &s.loyalty, |x| std::mem::replace(&mut x.pooled, 0) > 0);
    assert_eq!(caught(pooled), "loyalty");
}

#[test]
fn wrong_stake_is_caught() {
    let pool = |w: &mut World| {
        plant(
            w,
            |s| &s.pools,
            |x| {
                x.active += 1;
                true
            },
        )
    };
    assert_eq!(caught(pool), "vaults");
    let weight = |w: &mut World| {
        plant(
            w,
            |s| &s.rewards,
            |x| {
                x.weight += 1;
                true
            },
        )
    };
    assert_eq!(caught(weight), "vaults");
    let active = |w: &mut World| {
        plant(
            w,
            |s| &s.positions,
            |x| {
                x.active += 1_000_000;
                true
            },
        )
    };
    assert_eq!(caught(active), "positions");
    let reserved = |w: &mut World| plant(w, |s| &s.positions, |x| std::mem::replace(&mut x.reserved, 1) > 1);
    assert_eq!(caught(reserved), "positions");
    let owed = |w: &mut World| {
        plant(
            w,
            |s| &s.positions,
            |x| {
                x.owed += 1_000_000_000 * IO;
                true
            },
        )
    };
    assert_eq!(caught(owed), "rewards");
    let claimed = |w: &mut World| {
        plant(
            w,
            |s| &s.rewards,
            |x| {
                x.claimed += 1;
                true
            },
        )
    };
    assert_eq!(caught(claimed), "rewards");
    let job = |w: &mut World| plant(w, |s| &s.jobs, |x| std::mem::replace(&mut x.reserved, 1) > 1);
    assert_eq!(caught(job), "reservations");
    let slashed = |w: &mut World| {
        plant(
            w,
            |s| &s.pools,
            |x| {
                x.slashed = x.slash_base;
                x.slash_base > 0
            },
        )
    };
    assert_eq!(caught(slashed), "slashes");
}

#[test]
fn wrong_jobs_are_caught() {
    let user = |w: &mut World| {
        plant(
            w,
            |s| &s.jobs,
            |x| {
                x.user = stranger().pubkey();
                true
            },
        )
    };
    assert_eq!(caught(user), "escrows");
    let price = |w: &mut World| {
        plant(
            w,
            |s| &s.jobs,
            |x| {
                x.price += 1;
                true
            },
        );
    };
    assert_eq!(caught(price), "escrows");
    let busy = |w: &mut World| {
        plant(
            w,
            |s| &s.devices,
            |x| {
                let held = x.live_job != Default::default();
                x.live_job = Default::default();
                held
            },
        )
    };
    assert_eq!(caught(busy), "devices");
    let devices = |w: &mut World| {
        plant(
            w,
            |s| &s.operators,
            |x| {
                x.required_stake += 1;
                true
            },
        )
    };
    assert_eq!(caught(devices), "operators");
}

#[test]
fn wrong_votes_and_parameters_are_caught() {
    let fee = |w: &mut World| {
        plant(
            w,
            |s| &s.credits,
            |x| {
                x.fee_bps = 2_001;
                true
            },
        )
    };
    assert_eq!(caught(fee), "parameters");
    let quorum = |w: &mut World| {
        plant(
            w,
            |s| &s.governance,
            |x| {
                x.quorum_bps = 0;
                true
            },
        )
    };
    assert_eq!(caught(quorum), "parameters");
    let deposit = |w: &mut World| {
        plant(
            w,
            |s| &s.proposals,
            |x| {
                x.deposit += 1;
                true
            },
        )
    };
    assert_eq!(caught(deposit), "proposals");
    let now = lively().state.now;
    let yes = |w: &mut World| {
        plant(
            w,
            |s| &s.proposals,
            |x| {
                x.yes += 1;
                now < x.voting_end
            },
        )
    };
    assert_eq!(caught(yes), "votes");
    let unlocked = |w: &mut World| plant(w, |s| &s.positions, |x| std::mem::replace(&mut x.locked_until, 1) > now);
    assert_eq!(caught(unlocked), "votes");
}

#[test]
fn gaps_and_wrong_deposits_are_caught_from_events() {
    let mut world = lively();
    let mut gap = world.ledger.clone();
    let event = events(&mut world, 2);
    assert!(gap.take(&event[0]).is_ok());
    assert_eq!(gap.take(&event[0]).expect_err("the same number twice").rule, "sequences");
    assert_eq!(world.ledger.clone().take(&event[1]).expect_err("a number was left out").rule, "sequences");
    let mut unseen = Ledger::default();
    for vault in [address::stake_vault(), address::reward_vault(), address::deposit_vault()] {
        unseen.give(vault, world.ledger.gifts(&vault));
    }
    assert_eq!(check(&world.state, &unseen).expect_err("nothing was seen").rule, "deposits");
    let seq = |w: &mut World| {
        plant(
            w,
            |s| &s.staking_shards,
            |x| {
                x.seq += 1;
                true
            },
        )
    };
    assert_eq!(caught(seq), "sequences");
}

/// Events that follow each other in one shard.
fn events(world: &mut World, count: usize) -> Vec<Event> {
    let feed = one(&world.state.feeds).expect("there is a feed");
    let speaker = feed.quotes[0].submitter;
    let instruction = credits_ix::submit_price(speaker, 100_000_000);
    let send = |world: &mut World| {
        let message = solana_message::Message::new(std::slice::from_ref(&instruction), Some(&speaker));
        world.vm.send_unsigned(message).expect("a submitter may speak").events
    };
    (0..count).flat_map(|_| send(world)).collect()
}

#[test]
fn changes_without_permission_are_caught() {
    let world = lively();
    let meta = Meta { cu: 0, logs: Vec::new(), events: Vec::new(), inner: Vec::new() };
    let refused = |before: &State, after: &State| {
        let change = Change { before, state: after, signers: &[stranger().pubkey()], meta: &meta };
        permission::check(&change).err().map(|v| v.rule)
    };
    let s = &world.state;
    let whole = s.select(&s.raw.keys().copied().collect::<Vec<_>>());
    let changes: [fn(&mut State); 8] = [
        |s| s.tokens.values_mut().filter(|t| t.owner == user(0).pubkey()).for_each(|t| t.amount -= 1),
        |s| s.positions.values_mut().find(|p| p.active > 1).expect("one").active /= 2,
        |s| s.loyalty.values_mut().find(|l| l.points > 0).expect("one").points = 0,
        |s| s.earnings.values_mut().find(|e| e.owed > 0).expect("one").owed = 0,
        |s| s.jobs.clear(),
        |s| s.devices.clear(),
        |s| s.proposals.values_mut().for_each(|p| p.status = governance::state::Status::Executed),
        |s| s.governance.values_mut().for_each(|g| g.guardian = stranger().pubkey()),
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let mut after = s.clone();
        change(&mut after);
        assert_eq!(refused(&whole, &after), Some("permissions"), "change {i}");
    }
}

#[test]
fn an_account_that_changes_by_itself_is_caught() {
    let mut world = lively();
    plant_tokens(&mut world, address::io_account(&user(1).pubkey()), 64);
    assert_eq!(world.check_whole().expect_err("it has changed").rule, "accounts");
}

#[test]
fn wrong_rounds_and_idle_pay_are_caught() {
    let config = |change: fn(&mut jobs::state::Config)| {
        caught(|w| {
            plant(
                w,
                |s| &s.jobs_config,
                |x| {
                    change(x);
                    true
                },
            )
        })
    };
    assert_eq!(config(|x| x.idle_promised += 1), "idle pay");
    assert_eq!(config(|x| x.settled_round = x.round + 1), "rounds");
    assert_eq!(config(|x| x.round_live = !x.round_live), "rounds");

    let round = |change: fn(&mut jobs::state::Round)| {
        caught(|w| {
            plant(
                w,
                |s| &s.rounds,
                |x| {
                    change(x);
                    x.committed > 0
                },
            )
        })
    };
    assert_eq!(round(|x| x.budget += 1), "idle pay");
    assert_eq!(round(|x| x.unshared += 1), "rounds");
    assert_eq!(round(|x| x.passed = x.committed + 1), "rounds");

    let device = |change: fn(&mut jobs::state::Device)| {
        caught(|w| {
            plant(
                w,
                |s| &s.devices,
                |x| {
                    change(x);
                    true
                },
            )
        })
    };
    assert_eq!(device(|x| (x.pay_round, x.pay_weight) = (u64::MAX, 1)), "rounds");
    assert_eq!(device(|x| x.good_round = u64::MAX), "rounds");
    assert_eq!(device(|x| x.challenge.round = u64::MAX), "rounds");
    let owed = |w: &mut World| {
        plant(
            w,
            |s| &s.operators,
            |x| {
                x.idle_owed += 1;
                true
            },
        )
    };
    assert_eq!(caught(owed), "idle pay");
}
