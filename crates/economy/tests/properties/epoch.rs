use crate::exact::config;
use economy::epoch::epoch_at;
use proptest::prelude::*;

fn time() -> impl Strategy<Value = i64> {
    prop_oneof![any::<i64>(), 0i64..4_000_000_000, Just(i64::MIN), Just(i64::MAX), Just(0)]
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn an_epoch_is_the_whole_periods_since_genesis(now in time(), genesis in time(), seconds in any::<u32>()) {
        // Times further apart than an i64 can say count as i64::MAX seconds.
        let elapsed = (i128::from(now) - i128::from(genesis)).clamp(0, i128::from(i64::MAX));
        let exact = elapsed / i128::from(seconds.max(1));
        prop_assert_eq!(i128::from(epoch_at(now, genesis, seconds)), exact);
    }

    #[test]
    fn epochs_never_go_back(a in time(), b in time(), genesis in time(), seconds in any::<u32>()) {
        prop_assert!(epoch_at(a.min(b), genesis, seconds) <= epoch_at(a.max(b), genesis, seconds));
    }

    #[test]
    fn an_epoch_starts_on_its_first_second(
        index in 1u64..1_000_000, genesis in 0i64..4_000_000_000, seconds in 1u32..100_000,
    ) {
        let start = genesis + (index * u64::from(seconds)) as i64;
        prop_assert_eq!(epoch_at(start, genesis, seconds), index);
        prop_assert_eq!(epoch_at(start - 1, genesis, seconds), index - 1);
    }
}

#[test]
fn times_before_genesis_are_epoch_zero_and_a_length_of_zero_is_one_second() {
    assert_eq!(epoch_at(5, 10, 1), 0);
    assert_eq!(epoch_at(i64::MIN, i64::MAX, 1), 0);
    assert_eq!(epoch_at(17, 10, 0), 7);
}
