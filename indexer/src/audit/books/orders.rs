//! What authorities ordered: the same of every program.
use crate::audit::finding::{Findings, Subject};
use crate::audit::launch::Parameters;
use crate::decode::Program;
use anchor_lang::prelude::Pubkey;
use economy::parameter::Bounds;

/// A program's parameters and authorities.
pub struct Orders {
    program: Program,
    pub parameters: Parameters,
    pub paused: u8,
    /// The launch's is in no event.
    pub authority: Option<Pubkey>,
    pub pending: Pubkey,
}

impl Orders {
    pub fn open(program: Program, parameters: Parameters) -> Self {
        Self { program, parameters, paused: 0, authority: None, pending: Pubkey::default() }
    }

    pub fn get(&self, parameter: &str) -> u64 {
        self.parameters.get(parameter).copied().unwrap_or_default()
    }

    /// For rates, which fit: their bounds are below.
    pub fn bps(&self, parameter: &str) -> u16 {
        u16::try_from(self.get(parameter)).unwrap_or(u16::MAX)
    }

    pub fn seconds(&self, parameter: &str) -> u32 {
        u32::try_from(self.get(parameter)).unwrap_or(u32::MAX)
    }

    pub fn set(&mut self, findings: &mut Findings, parameter: String, bounds: Bounds, old: u64, new: u64) {
        let subject = Subject::Config(self.program);
        findings.check(subject, "old", self.get(&parameter), old);
        if let Err(error) = bounds.change(self.get(&parameter), new) {
            findings.refused(subject, format!("{parameter}: {error}"));
        }
        self.parameters.insert(parameter, new);
    }

    pub fn accept(&mut self, findings: &mut Findings, authority: Pubkey) {
        findings.check(Subject::Config(self.program), "pending authority", self.pending, authority);
        self.authority = Some(authority);
        self.pending = Pubkey::default();
    }
}
