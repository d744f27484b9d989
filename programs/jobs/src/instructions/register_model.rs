use crate::constants::{MAX_NAME, MODEL_SEED};
use crate::errors::JobsError;
use crate::events::ModelRegistered;
use crate::state::{LayerRecord, Model, Shard};
use anchor_lang::prelude::*;

/// A model to register.
#[derive(AnchorSerialize, AnchorDeserialize, Clone)]
pub struct ModelArgs {
    /// Must be what the layer table hashes to.
    pub root: [u8; 32],
    /// sha256 of the model file.
    pub blob: [u8; 32],
    pub name: String,
    pub layers: Vec<LayerRecord>,
}

#[event_cpi]
#[derive(Accounts)]
#[instruction(args: ModelArgs)]
pub struct RegisterModel<'info> {
    #[account(mut)]
    pub publisher: Signer<'info>,
    #[account(init, payer = publisher, space = 8 + Model::INIT_SPACE, seeds = [MODEL_SEED, &args.root], bump)]
    pub model: Box<Account<'info, Model>>,
    /// Shard of the model account's address.
    #[account(mut, dup)]
    pub shard: Account<'info, Shard>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<RegisterModel>, args: ModelArgs) -> Result<()> {
    require!((1..=MAX_NAME).contains(&args.name.len()), JobsError::BadName);
    let layers = Model::layers(&args.layers);
    judge::check_layers(&layers).map_err(JobsError::from)?;
    require!(judge::model_root(&layers) == args.root, JobsError::WrongModelRoot);

    let a = &mut *ctx.accounts;
    let publisher = a.publisher.key();
    let stamp = a.shard.stamp(&a.model.key(), &Clock::get()?)?;
    let event = ModelRegistered {
        stamp,
        root: args.root,
        publisher,
        name: args.name.clone(),
        blob: args.blob,
        layers: layers.len() as u8,
        input_width: layers[0].k,
        output_width: layers[layers.len() - 1].n,
        macs_per_row: layers.iter().map(|l| l.macs()).sum(),
    };
    a.model.set_inner(Model {
        root: args.root,
        publisher,
        blob: args.blob,
        name: args.name,
        layers: args.layers,
        bump: ctx.bumps.model,
    });
    emit_cpi!(event);
    Ok(())
}
