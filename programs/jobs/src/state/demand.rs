use crate::constants::{MAX_DEMANDS, MAX_OPEN_DEMANDS};
use crate::errors::JobsError;
use anchor_lang::prelude::*;
use judge::Wanted;

/// What is asked for, see [`judge::Wanted`].
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub enum Item {
    /// The roots of the outputs of all layers.
    LayerRoots,
    /// The nodes `depth` levels under a node of the tree of a layer's rows, or of the tree of one row's segments.
    Nodes { layer: u32, row: Option<u32>, level: u8, index: u32, depth: u8 },
    /// The bytes of `count` consecutive segments of a row of a layer's output.
    Segments { layer: u32, row: u32, first: u32, count: u8 },
}

impl From<Item> for Wanted {
    fn from(item: Item) -> Wanted {
        match item {
            Item::LayerRoots => Wanted::LayerRoots,
            Item::Nodes { layer, row, level, index, depth } => {
                Wanted::Nodes { layer, row, level: level.into(), index, depth: depth.into() }
            }
            Item::Segments { layer, row, first, count } => Wanted::Segments { layer, row, first, count: count.into() },
        }
    }
}

/// A bonded demand for data that hangs under a job's commitment. Its lamports are its rent and the bond. Seeds:
/// `["demand", job, n (u16, little-endian)]`. The job is the first field, so that clients can filter accounts by it.
#[account]
#[derive(InitSpace)]
pub struct Demand {
    pub job: Pubkey,
    /// How many demands the job had before.
    pub n: u16,
    /// Paid rent and bond.
    pub demander: Pubkey,
    pub item: Item,
    /// Goes to whoever answers, lamports.
    pub bond: u64,
    /// The last second in which it can be answered, unix time.
    pub deadline: i64,
    pub bump: u8,
}

/// How many demands a job has. The job's user has limits of its own, so that nobody, its worker least of all, can use them
/// up.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, InitSpace, PartialEq, Eq)]
pub struct Demands {
    /// Ever made by others.
    pub made: u8,
    /// Ever made by the job's user.
    pub made_by_user: u8,
    /// Open ones of others.
    pub open: u8,
    /// Open ones of the job's user.
    pub open_by_user: u8,
}

impl Demands {
    /// The number of the next one.
    pub fn next(&self) -> u16 {
        u16::from(self.made).saturating_add(u16::from(self.made_by_user))
    }

    pub fn any_open(&self) -> bool {
        self.open > 0 || self.open_by_user > 0
    }

    /// One more; returns its number.
    pub fn add(&mut self, by_user: bool) -> Result<u16> {
        let n = self.next();
        let (made, open) =
            if by_user { (&mut self.made_by_user, &mut self.open_by_user) } else { (&mut self.made, &mut self.open) };
        require!(*made < MAX_DEMANDS && *open < MAX_OPEN_DEMANDS, JobsError::TooManyDemands);
        *made = made.saturating_add(1);
        *open = open.saturating_add(1);
        Ok(n)
    }

    /// One was answered.
    pub fn answer(&mut self, by_user: bool) -> Result<()> {
        let open = if by_user { &mut self.open_by_user } else { &mut self.open };
        *open = open.checked_sub(1).ok_or(JobsError::CounterOverflow)?;
        Ok(())
    }
}
