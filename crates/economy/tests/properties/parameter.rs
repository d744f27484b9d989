//! What one vote may change.
use crate::exact::{big, config, number};
use economy::parameter::{Bounds, ParameterError, Step};
use proptest::prelude::*;

fn bounds() -> impl Strategy<Value = Bounds> {
    let step =
        prop_oneof![number().prop_map(Step::By), number().prop_map(Step::Ratio), (0u64..5).prop_map(Step::Ratio)];
    (number(), number(), step).prop_map(|(a, b, step)| Bounds { min: a.min(b), max: a.max(b), step })
}

proptest! {
    #![proptest_config(config(5_000))]

    #[test]
    fn a_change_is_allowed_exactly_within_bounds_and_step(bounds in bounds(), old in number(), new in number()) {
        let expected = if new < bounds.min || new > bounds.max {
            Err(ParameterError::OutOfBounds)
        } else {
            let near = match bounds.step {
                Step::By(most) => big(new) <= big(old) + most && big(old) <= big(new) + most,
                // A ratio below one counts as one; the lower end is rounded down.
                Step::Ratio(most) => old == 0 || {
                    let most = most.max(1);
                    big(new) <= big(old) * most && big(new) >= big(old) / most
                },
            };
            if near { Ok(()) } else { Err(ParameterError::StepTooLarge) }
        };
        prop_assert_eq!(bounds.change(old, new), expected);
    }

    #[test]
    fn no_sequence_of_changes_leaves_the_bounds(
        bounds in bounds(), wishes in proptest::collection::vec(number(), 1..50),
    ) {
        let mut value = bounds.min;
        for wish in wishes {
            if bounds.change(value, wish).is_ok() {
                value = wish;
            }
            prop_assert!(bounds.check(value).is_ok());
            prop_assert!((bounds.min..=bounds.max).contains(&value));
        }
    }

    #[test]
    fn the_value_that_stands_may_always_be_set_again(bounds in bounds(), value in number()) {
        prop_assert_eq!(bounds.change(value, value), bounds.check(value));
    }

    #[test]
    fn free_bounds_allow_every_change_within_them(a in number(), b in number(), old in number(), new in number()) {
        let bounds = Bounds::free(a.min(b), a.max(b));
        prop_assert_eq!(bounds.change(old, new), bounds.check(new));
    }
}

#[test]
fn doubling_and_halving_are_the_ends_of_a_ratio_of_two() {
    let bounds = Bounds { min: 1, max: 1_000, step: Step::Ratio(2) };
    for (new, expected) in [(50, Ok(())), (49, Err(ParameterError::StepTooLarge)), (200, Ok(()))] {
        assert_eq!(bounds.change(100, new), expected, "{new}");
    }
    assert_eq!(bounds.change(100, 201), Err(ParameterError::StepTooLarge));
    assert_eq!(bounds.change(600, 1_200), Err(ParameterError::OutOfBounds));
    assert_eq!(bounds.change(0, 1_000), Ok(()));
}
