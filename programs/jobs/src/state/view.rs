//! The parts of accounts that a job's end needs, without the rest: reading all of them takes 1,000 compute units more.
use crate::state::Config;
use anchor_lang::prelude::*;
use anchor_lang::Discriminator;
use staking::state::{Pool, PoolKind};

/// What a job's end needs of [`Config`], all of whose fields have fixed places.
#[derive(Clone)]
pub struct EndTerms {
    pub forfeit_bps: u16,
    pub authority_bump: u8,
}

/// Where `forfeit_bps` is: after the discriminator, two keys and two u32.
const FORFEIT: usize = 8 + 2 * 32 + 2 * 4;
/// Where the last byte is.
const BUMP: usize = 7 + Config::INIT_SPACE;

impl AccountDeserialize for EndTerms {
    fn try_deserialize_unchecked(data: &mut &[u8]) -> Result<Self> {
        let forfeit = data.get(FORFEIT..).and_then(|rest| rest.first_chunk());
        let (Some(forfeit), Some(bump)) = (forfeit, data.get(BUMP)) else {
            return err!(ErrorCode::AccountDidNotDeserialize);
        };
        Ok(EndTerms { forfeit_bps: u16::from_le_bytes(*forfeit), authority_bump: *bump })
    }

    fn try_deserialize(data: &mut &[u8]) -> Result<Self> {
        require!(data.starts_with(Config::DISCRIMINATOR), ErrorCode::AccountDiscriminatorMismatch);
        Self::try_deserialize_unchecked(data)
    }
}

impl AccountSerialize for EndTerms {}

impl Owner for EndTerms {
    fn owner() -> Pubkey {
        crate::ID
    }
}

/// The first fields of [`Pool`].
#[derive(AnchorDeserialize, Clone)]
pub struct PoolStake {
    pub owner: Pubkey,
    pub kind: PoolKind,
    pub payer: Pubkey,
    pub active: u64,
    pub reserved: u64,
    pub warming: u64,
    pub cooling: u64,
}

impl AccountDeserialize for PoolStake {
    fn try_deserialize_unchecked(data: &mut &[u8]) -> Result<Self> {
        let mut fields = data.get(8..).ok_or(ErrorCode::AccountDidNotDeserialize)?;
        Ok(AnchorDeserialize::deserialize(&mut fields).map_err(|_| ErrorCode::AccountDidNotDeserialize)?)
    }

    fn try_deserialize(data: &mut &[u8]) -> Result<Self> {
        require!(data.starts_with(Pool::DISCRIMINATOR), ErrorCode::AccountDiscriminatorMismatch);
        Self::try_deserialize_unchecked(data)
    }
}

impl AccountSerialize for PoolStake {}

impl Owner for PoolStake {
    fn owner() -> Pubkey {
        staking::ID
    }
}

// The interface lists the accounts themselves.
#[cfg(feature = "idl-build")]
mod idl {
    use super::{EndTerms, PoolStake};
    use anchor_lang::{Discriminator, IdlBuild};

    impl IdlBuild for EndTerms {}
    impl IdlBuild for PoolStake {}
    impl Discriminator for EndTerms {
        const DISCRIMINATOR: &'static [u8] = &[];
    }
    impl Discriminator for PoolStake {
        const DISCRIMINATOR: &'static [u8] = &[];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_those_of_the_whole_accounts() {
        let mut data = vec![0; 8 + Config::INIT_SPACE];
        data[..8].copy_from_slice(Config::DISCRIMINATOR);
        data[FORFEIT..FORFEIT + 2].copy_from_slice(&[7, 8]);
        data[BUMP] = 251;
        let whole = Config::try_deserialize(&mut data.as_slice()).unwrap();
        assert_eq!((whole.forfeit_bps, whole.authority_bump), (0x0807, 251));
        let part = EndTerms::try_deserialize(&mut data.as_slice()).unwrap();
        assert_eq!((part.forfeit_bps, part.authority_bump), (whole.forfeit_bps, whole.authority_bump));
        data[0] ^= 1;
        assert!(EndTerms::try_deserialize(&mut data.as_slice()).is_err());

        let mut data: Vec<u8> = (0..8 + Pool::INIT_SPACE).map(|i| i as u8).collect();
        data[..8].copy_from_slice(Pool::DISCRIMINATOR);
        data[40] = 1;
        let whole = Pool::try_deserialize(&mut data.as_slice()).unwrap();
        let part = PoolStake::try_deserialize(&mut data.as_slice()).unwrap();
        let PoolStake { owner, kind, payer, active, reserved, warming, cooling } = part;
        assert_eq!((owner, kind, payer), (whole.owner, whole.kind, whole.payer));
        assert_eq!([active, reserved, warming, cooling], [whole.active, whole.reserved, whole.warming, whole.cooling]);
        data[0] ^= 1;
        assert!(PoolStake::try_deserialize(&mut data.as_slice()).is_err());
    }
}
