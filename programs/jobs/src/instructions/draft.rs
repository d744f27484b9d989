//! A layer table longer than a transaction is written to a draft first and registered from there. Drafts are scratch space
//! of their publisher and emit no events.
use crate::constants::DRAFT_SEED;
use crate::errors::JobsError;
use crate::state::Draft;
use anchor_lang::prelude::*;
use judge::{layer::MAX_LAYERS, RECORD};

#[derive(Accounts)]
#[instruction(root: [u8; 32], layers: u8)]
pub struct OpenDraft<'info> {
    #[account(mut)]
    pub publisher: Signer<'info>,
    #[account(
        init, payer = publisher, space = Draft::HEADER + RECORD * usize::from(layers).min(MAX_LAYERS),
        seeds = [DRAFT_SEED, publisher.key().as_ref(), &root], bump
    )]
    pub draft: Account<'info, Draft>,
    pub system_program: Program<'info, System>,
}

pub fn open(ctx: Context<OpenDraft>, root: [u8; 32], layers: u8) -> Result<()> {
    require!((1..=MAX_LAYERS).contains(&usize::from(layers)), JobsError::BadLayers);
    let a = &mut *ctx.accounts;
    a.draft.set_inner(Draft { publisher: a.publisher.key(), root, bump: ctx.bumps.draft });
    Ok(())
}

#[derive(Accounts)]
pub struct WriteDraft<'info> {
    pub publisher: Signer<'info>,
    #[account(mut, dup, has_one = publisher @ JobsError::WrongOwner)]
    pub draft: Account<'info, Draft>,
}

pub fn write(ctx: Context<WriteDraft>, offset: u16, bytes: Vec<u8>) -> Result<()> {
    let info = ctx.accounts.draft.to_account_info();
    let mut data = info.try_borrow_mut_data()?;
    let start = Draft::HEADER.saturating_add(usize::from(offset));
    let end = start.saturating_add(bytes.len());
    data.get_mut(start..end).ok_or(JobsError::BadLayers)?.copy_from_slice(&bytes);
    Ok(())
}

#[derive(Accounts)]
pub struct CloseDraft<'info> {
    #[account(mut)]
    pub publisher: Signer<'info>,
    #[account(mut, dup, close = publisher, has_one = publisher @ JobsError::WrongOwner)]
    pub draft: Account<'info, Draft>,
}

pub fn close(_ctx: Context<CloseDraft>) -> Result<()> {
    Ok(())
}
