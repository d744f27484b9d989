use crate::constants::{MAX_NAME, MODEL_SEED};
use crate::errors::JobsError;
use crate::events::ModelRegistered;
use crate::state::{Draft, LayerRecord, Model, Shard};
use anchor_lang::prelude::*;
use judge::{layer::MAX_LAYERS, Layer, RECORD};

/// A model to register.
#[derive(AnchorSerialize, AnchorDeserialize, Clone)]
pub struct ModelArgs {
    /// Must be what the layer table hashes to.
    pub root: [u8; 32],
    /// sha256 of the model file.
    pub blob: [u8; 32],
    pub name: String,
    /// The whole table, or what comes before that of the draft.
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
    /// The rest of a table that does not fit the arguments.
    #[account(mut, dup, close = publisher, has_one = publisher @ JobsError::WrongOwner)]
    pub draft: Option<Account<'info, Draft>>,
    /// Shard of the model account's address.
    #[account(mut, dup)]
    pub shard: Account<'info, Shard>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<RegisterModel>, mut args: ModelArgs) -> Result<()> {
    require!((1..=MAX_NAME).contains(&args.name.len()), JobsError::BadName);
    let a = &mut *ctx.accounts;
    if let Some(draft) = &a.draft {
        append(&draft.to_account_info(), &mut args.layers)?;
    }
    require!(args.layers.len() <= MAX_LAYERS, JobsError::BadLayers);
    let layers = args.layers.iter().map(LayerRecord::layer).collect::<Result<Vec<Layer>>>()?;
    judge::check_layers(&layers).map_err(JobsError::from)?;
    require!(judge::model_root(&layers) == args.root, JobsError::WrongModelRoot);

    let publisher = a.publisher.key();
    let stamp = a.shard.stamp(&a.model.key(), &Clock::get()?)?;
    let event = ModelRegistered {
        stamp,
        root: args.root,
        publisher,
        name: args.name.clone(),
        blob: args.blob,
        layers: layers.len() as u8,
        input_width: layers[0].in_row_bytes(),
        output_width: layers[layers.len() - 1].cells(),
        macs_per_row: layers.iter().map(|l| l.macs()).sum(),
    };
    a.model.set_inner(Model {
        root: args.root,
        publisher,
        blob: args.blob,
        name: args.name,
        layers: args.layers,
        max_rows: judge::max_rows(&layers),
        bump: ctx.bumps.model,
    });
    emit_cpi!(event);
    Ok(())
}

/// The draft's records, after those there are.
fn append(draft: &AccountInfo, layers: &mut Vec<LayerRecord>) -> Result<()> {
    let data = draft.try_borrow_data()?;
    let records = data.get(Draft::HEADER..).unwrap_or_default();
    layers.reserve_exact(records.len() / RECORD);
    for record in records.chunks_exact(RECORD) {
        layers.push(LayerRecord { bytes: record.try_into().map_err(|_| JobsError::BadLayers)? });
    }
    Ok(())
}
