//! The longest transactions fit one packet, whoever sends them.
use client::chain::{MAX_BYTES, size};
use client::{Instruction, Pubkey, credits_ix, jobs_ix};
use credits::BuyOrder;
use jobs::PostArgs;
use jobs::state::{Demand, Demands, Item, Job, Status};
use solana_message::Message;

/// The largest over 64 different people: shards, and with them the number of accounts, depend on addresses.
fn largest(transaction: impl Fn(Pubkey, Pubkey) -> Vec<Instruction>) -> usize {
    let sizes = (0..64u8).map(|i| {
        let (me, other) = (Pubkey::new_from_array([i + 1; 32]), Pubkey::new_from_array([i ^ 0x55; 32]));
        size(&Message::new(&transaction(me, other), Some(&me)))
    });
    sizes.max().unwrap()
}

fn job(user: Pubkey) -> Job {
    Job {
        status: Status::Committed,
        user,
        seq: 0,
        model_root: [2; 32],
        rows: 8,
        input_root: [3; 32],
        input_blob: [4; 32],
        model_blob: [5; 32],
        price: 1_000,
        claim_deadline: 100,
        execute_s: 30,
        device: Pubkey::new_from_array([201; 32]),
        operator: Pubkey::new_from_array([202; 32]),
        reserved: 1,
        commit_deadline: 0,
        commitment: [0; 32],
        result_blob: [0; 32],
        window_end: 0,
        audit_bps: 0,
        audit_cells: 0,
        audit: jobs::state::Audit::None,
        demands: Demands::default(),
        bump: 255,
    }
}

#[test]
fn a_new_users_first_job_bought_with_coins_is_one_transaction() {
    let bytes = largest(|me, _| {
        let args = PostArgs {
            seq: 0,
            rows: 719,
            input_root: [1; 32],
            input_blob: [2; 32],
            model_blob: [3; 32],
            price: 500_000,
            claim_s: 600,
            execute_s: 300,
        };
        let price = credits_ix::price_account(credits::PriceSource::Feed);
        let order = BuyOrder::ExactOut { iosd: 500_000, max_io: u64::MAX };
        vec![
            jobs_ix::open_user(me),
            credits_ix::open_loyalty(me, me),
            credits_ix::buy_credits(me, price, 7, order),
            jobs_ix::post_job(me, &[8; 32], args),
        ]
    });
    assert!(bytes <= MAX_BYTES, "{bytes} bytes");
}

#[test]
fn a_stranger_can_expire_a_claim_and_open_the_users_accounts_for_it() {
    let bytes =
        largest(|me, other| jobs_ix::expire_with_accounts(me, Pubkey::new_from_array([9; 32]), &job(other), false));
    assert!(bytes <= MAX_BYTES, "{bytes} bytes");
}

#[test]
fn a_stranger_can_prove_a_wrong_cell() {
    let judge = |me, other| vec![jobs_ix::dispute_cell(me, Pubkey::new_from_array([9; 32]), &job(other), (1, 2, 3))];
    let bytes = largest(judge);
    assert!(bytes <= MAX_BYTES, "{bytes} bytes");
}

#[test]
fn a_stranger_can_expire_a_demand_and_open_the_accounts_for_it() {
    let address = Pubkey::new_from_array([9; 32]);
    let demander = Pubkey::new_from_array([10; 32]);
    let demand = Demand { job: address, n: 1, demander, item: Item::LayerRoots, bond: 1, deadline: 1, bump: 255 };
    let bytes = largest(|me, other| vec![jobs_ix::expire_demand(me, &job(other), &demand)]);
    assert!(bytes <= MAX_BYTES, "{bytes} bytes");
}

#[test]
fn six_epochs_of_six_payers_are_closed_together() {
    let bytes = largest(|_, other| {
        let price = credits_ix::price_account(credits::PriceSource::Feed);
        let payer = |i: u8| Pubkey::new_from_array(other.to_bytes().map(|b| b.wrapping_add(i)));
        (0..6).map(|i| credits_ix::advance_epoch(price, u64::from(i), payer(i))).collect()
    });
    assert!(bytes <= MAX_BYTES, "{bytes} bytes");
}
