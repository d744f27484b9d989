use anchor_lang::prelude::*;

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub enum Choice {
    Yes,
    No,
    /// Counts for the quorum and for neither side.
    Abstain,
}

impl From<Choice> for economy::vote::Choice {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Yes => Self::Yes,
            Choice::No => Self::No,
            Choice::Abstain => Self::Abstain,
        }
    }
}

/// A position has voted. It stays until the vote is over, whatever becomes of the position, so that nobody votes twice.
/// Seeds: `["vote", proposal, position]`.
#[account]
#[derive(InitSpace)]
pub struct Vote {
    pub proposal: Pubkey,
    pub position: Pubkey,
    /// The position's holder.
    pub voter: Pubkey,
    pub choice: Choice,
    /// Stake, base units.
    pub weight: u64,
    /// The proposal's, which may be gone before this account is.
    pub voting_end: i64,
    /// Who paid the rent and gets it back.
    pub payer: Pubkey,
    pub bump: u8,
}
