//! What ONNX computes from a layer's accumulators, as one exact integer formula.
use super::constant::Element;
use judge::Requant;

/// Outside every value and constant by far: bookkeeping cannot overflow, whatever the graph does.
type Int = i128;

/// Inclusive bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    pub low: Int,
    pub high: Int,
}

impl Interval {
    fn map(self, f: impl Fn(Int) -> Int) -> Self {
        Interval { low: f(self.low), high: f(self.high) }
    }

    fn within(self, (low, high): (Int, Int)) -> bool {
        low <= self.low && self.high <= high
    }
}

/// A monotone function of the accumulator: `clamp(((((acc + bias) >> shift1) * mul + addend) >> shift2) + offset)`.
///
/// Every operator applied is monotone, so clamps along the way move to the end: for monotone `g`,
/// `g(clamp(x, a, b)) == clamp(g(x), g(a), g(b))`. Additions before a shift move into the bias or the addend, since
/// `((x >> s) + c) == (x + (c << s)) >> s`, and shifts with no multiplication between them add up. All of that holds
/// for unbounded integers; that ONNX's INT32 does not wrap on the way is checked on the value's interval, and that
/// `Div`, which truncates, is a shift, on its sign.
#[derive(Clone, Debug)]
pub struct Formula {
    /// What `acc`, with the per-column bias, can be.
    acc: Interval,
    /// What the formula's value can be.
    value: Interval,
    bias: Int,
    shift1: u32,
    mul: Option<Int>,
    addend: Int,
    shift2: u32,
    offset: Int,
    floor: Option<Int>,
    ceiling: Option<Int>,
}

impl Formula {
    /// The accumulator itself.
    ///
    /// # Errors
    /// If it does not fit 32 bits.
    pub fn new(acc: Interval) -> Result<Self, String> {
        fits(acc)?;
        Ok(Formula {
            acc,
            value: acc,
            bias: 0,
            shift1: 0,
            mul: None,
            addend: 0,
            shift2: 0,
            offset: 0,
            floor: None,
            ceiling: None,
        })
    }

    /// Whether nothing but additions was applied.
    pub fn is_sum(&self) -> bool {
        self.shift1 == 0 && self.mul.is_none() && self.floor.is_none() && self.ceiling.is_none()
    }

    /// What is to be added to every column's bias.
    pub fn bias(&self) -> Int {
        self.bias
    }

    fn advance(&mut self, f: impl Fn(Int) -> Int) -> Result<(), String> {
        let value = self.value.map(&f);
        fits(value)?;
        self.value = value;
        self.floor = self.floor.map(&f);
        self.ceiling = self.ceiling.map(&f);
        Ok(())
    }

    pub fn add(&mut self, c: Int) -> Result<(), String> {
        self.advance(|v| v + c)?;
        match (self.mul, self.shift2) {
            (None, _) => self.bias += c << self.shift1,
            (Some(_), 0) => self.addend += c,
            (Some(_), _) => self.offset += c,
        }
        Ok(())
    }

    pub fn mul(&mut self, m: Int) -> Result<(), String> {
        if !(1..=32767).contains(&m) {
            return Err(format!("the multiplier is {m}: use 1 to 32767"));
        }
        if m == 1 {
            return Ok(());
        }
        if self.mul.is_some() {
            return Err("the layer already has a multiplication: combine both into one".into());
        }
        self.advance(|v| v * m)?;
        self.mul = Some(m);
        Ok(())
    }

    pub fn div(&mut self, d: Int) -> Result<(), String> {
        if d < 1 || d.count_ones() != 1 {
            return Err(format!("the divisor is {d}: use a power of two"));
        }
        if d == 1 {
            return Ok(());
        }
        if self.value.low < 0 {
            return Err(format!(
                "its input can be as low as {}, where Div rounds up and a shift rounds down: apply Max 0 or add an \
                 offset before it",
                self.value.low
            ));
        }
        let shift = d.trailing_zeros();
        let (before, most) = if self.mul.is_some() { (self.shift2, 30) } else { (self.shift1, 31) };
        if before + shift > most {
            return Err(format!("the divisors come to 2^{}: at most 2^{most} can be judged", before + shift));
        }
        self.advance(|v| v >> shift)?;
        if self.mul.is_some() {
            self.addend += self.offset << self.shift2;
            self.offset = 0;
            self.shift2 += shift;
        } else {
            self.shift1 += shift;
        }
        Ok(())
    }

    pub fn max(&mut self, c: Int) {
        self.value = self.value.map(|v| v.max(c));
        self.floor = Some(self.floor.map_or(c, |v| v.max(c)));
        self.ceiling = self.ceiling.map(|v| v.max(c));
    }

    pub fn min(&mut self, c: Int) {
        self.value = self.value.map(|v| v.min(c));
        self.floor = self.floor.map(|v| v.min(c));
        self.ceiling = Some(self.ceiling.map_or(c, |v| v.min(c)));
    }

    /// The formula's value at one accumulator.
    pub fn apply(&self, acc: Int) -> Int {
        let factor = (acc + self.bias) >> self.shift1;
        let value = ((factor * self.mul.unwrap_or(1) + self.addend) >> self.shift2) + self.offset;
        let value = self.floor.map_or(value, |floor| value.max(floor));
        self.ceiling.map_or(value, |ceiling| value.min(ceiling))
    }

    /// The interval of the formula's results, which a Cast to `element` keeps.
    ///
    /// # Errors
    /// If it would not.
    pub fn cast(&self, element: Element) -> Result<Interval, String> {
        // A UINT8 above 127 would mean another number to the judge, who reads i8.
        let (least, greatest) = bounds(element);
        let Interval { low, high } = self.value;
        if !self.value.within((least, greatest)) {
            return Err(format!(
                "its input is proven to lie in {low}..={high} only, outside {least}..={greatest}: apply Max {least} \
                 and Min {greatest} before it"
            ));
        }
        Ok(self.value)
    }

    /// The requantisation equal to this formula cast to `element`, and the interval of its results.
    ///
    /// # Errors
    /// If there is none, or equality cannot be proven.
    pub fn requant(&self, element: Element) -> Result<(Requant, Interval), String> {
        let (least, greatest) = bounds(element);
        let Interval { low, high } = self.cast(element)?;
        let (mut mul, mut addend, mut shift2) = (self.mul.unwrap_or(1), self.addend, self.shift2);
        if shift2 == 0 {
            // Without a division: v == (2 * v + 1) >> 1.
            (mul, addend, shift2) = (2 * mul, 2 * addend + 1, 1);
        }
        if mul > 32767 {
            return Err(format!("without a division, the multiplier is at most 16383: it is {}", mul / 2));
        }
        let half = 1 << (shift2 - 1);
        if (addend - half) % (1 << shift2) != 0 {
            return Err(format!("{addend} is added before the last division, which rounds half up only with {half}"));
        }
        let zero_point = self.offset + ((addend - half) >> shift2);
        let zero_point = i8::try_from(zero_point).map_err(|_| format!("the zero point {zero_point} is not INT8"))?;
        let lo = self.floor.map_or(least, |v| v.max(least));
        let hi = self.ceiling.map_or(greatest, |v| v.min(greatest));

        // The judge saturates the shifted accumulator at 16 bits: no result may depend on that.
        let shifted = self.acc.map(|v| (v + self.bias) >> self.shift1);
        let end = |x: Int| ((x * mul + addend) >> shift2) + self.offset;
        if shifted.high > 32767 && hi.min(high) > end(32767) {
            return Err(format!("the factor of Mul can reach {}: apply Min 32767 before Mul", shifted.high));
        }
        if shifted.low < -32768 && lo.max(low) < end(-32768) {
            return Err(format!("the factor of Mul can reach {}: apply Max -32768 before Mul", shifted.low));
        }
        let requant = Requant {
            shift1: self.shift1 as u8,
            mul: mul as u16,
            shift2: shift2 as u8,
            zero_point,
            lo: lo as i8,
            hi: hi as i8,
        };
        Ok((requant, self.value))
    }
}

/// Least and greatest value of a type that an i8 can be.
fn bounds(element: Element) -> (Int, Int) {
    (element.range().0.max(-128), 127)
}

fn fits(value: Interval) -> Result<(), String> {
    if value.within(Element::I32.range()) {
        return Ok(());
    }
    Err(format!("its result can lie in {}..={}, which wraps in INT32", value.low, value.high))
}
