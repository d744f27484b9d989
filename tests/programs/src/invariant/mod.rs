//! What must always hold, over the whole chain and every event so far.
mod ledger;
mod money;
pub mod stake;
mod votes;
mod work;

use crate::net::Net;
use crate::state::State;
pub use ledger::Ledger;
use std::fmt;

/// Something that must hold does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule's name.
    pub rule: &'static str,
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.what)
    }
}

pub type Checked = Result<(), Violation>;

/// Fails with what follows unless it holds.
macro_rules! holds {
    ($rule:expr, $holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err($crate::invariant::Violation { rule: $rule, what: format!($($what)+) });
        }
    };
}

/// Fails with what follows unless both are the same.
macro_rules! same {
    ($rule:expr, $a:expr, $b:expr, $what:literal) => {
        let (a, b) = (&$a, &$b);
        $crate::invariant::holds!($rule, a == b, "{}: {a:?} is not {b:?}", $what);
    };
}
pub(crate) use {holds, same};

/// Checks everything that must hold after any instruction.
///
/// # Errors
/// The first rule that is broken.
pub fn check(state: &State, ledger: &Ledger) -> Checked {
    money::check(state)?;
    stake::check(state)?;
    work::check(state)?;
    votes::check(state)?;
    ledger.check(state)
}

/// Reads the whole chain and checks it.
///
/// # Panics
/// If something does not hold.
#[track_caller]
pub fn invariants(net: &Net) {
    let state = State::read(&net.vm).unwrap_or_else(|e| panic!("{e}"));
    let mut ledger = Ledger::default();
    let told = net.events.iter().try_for_each(|e| ledger.take(e));
    if let Err(violation) = told.and_then(|()| check(&state, &ledger)) {
        panic!("{violation}");
    }
}
