//! Recordings of random worlds.
use program_tests::recording::{Amount, record};
use recorded::{Chain, Line, Reader};
use serde_json::Value;

const AMOUNT: Amount = Amount { events: 400, blocks: 60 };

#[test]
fn a_recording_depends_on_its_seed_alone_and_is_one_chain() {
    let dir = tempfile::tempdir().unwrap();
    let [one, again, other] = ["one", "again", "other"].map(|name| dir.path().join(name));
    let done = record(&one, 5, AMOUNT, |_| ()).unwrap();
    record(&again, 5, AMOUNT, |_| ()).unwrap();
    record(&other, 6, AMOUNT, |_| ()).unwrap();
    let [bytes, same, different] = [&one, &again, &other].map(|path| std::fs::read(path).unwrap());
    assert!(bytes == same && bytes != different);
    assert!(done.events >= AMOUNT.events && done.blocks >= AMOUNT.blocks);

    let chain = Chain::load(&one).unwrap();
    assert_eq!(chain.slots().count() as u64, done.blocks);
    let blocks = chain.slots().map(|slot| serde_json::from_slice::<Value>(chain.block(slot).unwrap()).unwrap());
    let blocks: Vec<(u64, Value)> = chain.slots().zip(blocks).collect();
    for pair in blocks.windows(2) {
        assert_eq!(pair[1].1["parentSlot"], pair[0].0);
        assert_eq!(pair[1].1["previousBlockhash"], pair[0].1["blockhash"]);
    }
    let accounts = Reader::open(&one).unwrap().last().unwrap().unwrap();
    assert!(matches!(accounts, Line::Accounts(accounts) if accounts.slot == done.last_slot));
}
