//! Hard bounds and step limits of what a vote may change.
use core::fmt;

/// How far one change may move a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// At most this much up or down.
    By(u64),
    /// At most this many times the old value, and at least the old value divided by it (rounded down).
    Ratio(u64),
}

/// Where a parameter must stay, and how fast it may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub min: u64,
    pub max: u64,
    pub step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterError {
    /// Outside its hard-coded bounds.
    OutOfBounds,
    /// Further from the old value than one change may go.
    StepTooLarge,
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            ParameterError::OutOfBounds => "the value is outside the parameter's hard-coded bounds",
            ParameterError::StepTooLarge => "the value is further from the old one than a single change may go",
        })
    }
}

impl core::error::Error for ParameterError {}

impl Bounds {
    /// Bounds whose changes may be as large as they are wide.
    pub const fn free(min: u64, max: u64) -> Self {
        Bounds { min, max, step: Step::By(u64::MAX) }
    }

    /// # Errors
    /// [`ParameterError::OutOfBounds`].
    pub fn check(&self, value: u64) -> Result<(), ParameterError> {
        if (self.min..=self.max).contains(&value) { Ok(()) } else { Err(ParameterError::OutOfBounds) }
    }

    /// Whether one change may lead from `old` to `new`. An old value of zero may become anything within bounds.
    ///
    /// # Errors
    /// [`ParameterError`].
    pub fn change(&self, old: u64, new: u64) -> Result<(), ParameterError> {
        self.check(new)?;
        let near = match self.step {
            Step::By(most) => old.abs_diff(new) <= most,
            Step::Ratio(most) => {
                let most = most.max(1);
                old == 0 || (new <= old.saturating_mul(most) && new >= old / most)
            }
        };
        if near { Ok(()) } else { Err(ParameterError::StepTooLarge) }
    }
}
