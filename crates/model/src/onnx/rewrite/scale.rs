//! From a real multiplier to a shift, a 15-bit multiplier and a second shift.
use judge::Requant;

/// A rule and what has to be added to every accumulator before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    pub requant: Requant,
    pub bias: i64,
}

/// The rule closest to `clamp(round(acc * multiplier) + zero, lo, hi)`.
///
/// Accumulators that matter are those between the bounds; shifted, they must fit 16 bits. Where they have to be shifted,
/// the range is centred first, which gains a bit, and half of what the shift drops is added. `may_add`: whether the layer
/// has a bias.
///
/// # Errors
/// In words, if the multiplier is out of range.
pub fn rule(multiplier: f64, zero: i32, lo: i8, hi: i8, may_add: bool) -> Result<Rule, String> {
    if !(multiplier.is_finite() && multiplier > 0.0) {
        return Err(format!("its scales give the multiplier {multiplier}"));
    }
    // Furthest from zero, in steps, that a value within the bounds can be.
    let steps = |centre: i32| f64::from((i32::from(lo) - centre).abs().max((i32::from(hi) - centre).abs()) + 1);
    let shift_for = |steps: f64| (0..=31).find(|&s| steps / multiplier / f64::from(1u32 << s) <= 32767.0);
    let plain = shift_for(steps(zero)).ok_or_else(|| format!("its scales give the multiplier {multiplier:e}"))?;
    let middle = (i32::from(lo) + i32::from(hi)).div_euclid(2);
    let centred = shift_for(steps(middle)).unwrap_or(plain);
    let (shift1, centre) = if may_add && centred < plain { (centred, middle) } else { (plain, zero) };
    let mut bias = -(f64::from(centre - zero) / multiplier).round() as i64;
    if may_add && shift1 > 0 {
        bias += 1 << (shift1 - 1);
    }
    let shifted = multiplier * f64::from(1u32 << shift1);
    // 2^14 <= shifted * 2^shift2 < 2^15, if shift2 can be that.
    let shift2 = (1..=30).rev().find(|&s| (shifted * f64::from(1u32 << s)).round() <= 32767.0);
    let shift2 = shift2.ok_or_else(|| format!("its scales give the multiplier {multiplier}, over 16383"))?;
    let mul = (shifted * f64::from(1u32 << shift2)).round();
    if mul < 1.0 {
        return Err(format!("its scales give the multiplier {multiplier:e}"));
    }
    let zero_point = i8::try_from(centre).map_err(|_| format!("the zero point {centre} is not INT8"))?;
    let requant = Requant { shift1: shift1 as u8, mul: mul as u16, shift2: shift2 as u8, zero_point, lo, hi };
    Ok(Rule { requant, bias })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_within_a_step_of_the_real_multiplier_and_mostly_equal() {
        let (mut differ, mut all) = (0u32, 0u32);
        for m in 1..400 {
            let multiplier = 0.37f64 / f64::from(m * m);
            for (zero, lo, hi) in [(0, -128i8, 127i8), (-128, -128, 127), (7, 7, 127), (-30, -128, 100)] {
                let rule = rule(multiplier, zero, lo, hi, true).unwrap();
                for at in -300..300 {
                    let acc = (f64::from(at) * 1.003 / multiplier) as i64;
                    let wanted = ((acc as f64 * multiplier).round_ties_even() as i64 + i64::from(zero))
                        .clamp(lo.into(), hi.into());
                    let found = i64::from(rule.requant.apply(i32::try_from(acc + rule.bias).unwrap()));
                    assert!((found - wanted).abs() <= 1, "{multiplier} {zero} {lo} {hi} {acc}: {found}, {wanted}");
                    (differ, all) = (differ + u32::from(found != wanted), all + 1);
                }
            }
        }
        assert!(differ * 50 < all, "{differ} of {all} differ");
    }

    #[test]
    fn multipliers_out_of_range_are_refused() {
        for multiplier in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-14, 40_000.0] {
            assert!(rule(multiplier, 0, -128, 127, true).is_err(), "{multiplier}");
        }
    }
}
