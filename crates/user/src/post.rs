//! Credits, models and posting.
use crate::error::UserError;
use blobs::Blobs;
use client::{Chain, Confirmed, Instruction, Keypair, Pubkey, Signer, address, credits_ix, jobs_ix};
use credits::BuyOrder;
use jobs::{ModelArgs, PostArgs};
use model::{Model, ResultFile};

/// What a user offers for a job.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// IOSD base units.
    pub price: u64,
    /// Seconds until the job may no longer be claimed.
    pub claim_s: u32,
    /// Seconds from claim to commitment.
    pub execute_s: u32,
    /// Buy the credits for it in the same transaction, for at most this much IO, base units. None: from the credits that the
    /// user has.
    pub pay_io: Option<u64>,
}

/// A posted job.
#[derive(Clone, Copy, Debug)]
pub struct Posted {
    pub job: Pubkey,
    pub rows: u32,
    pub input_root: [u8; 32],
    pub confirmed: Confirmed,
}

/// Burns IO for credits.
///
/// # Errors
/// The program's refusal, or the node's.
pub async fn buy_credits(chain: &Chain, wallet: &Keypair, order: BuyOrder) -> Result<Confirmed, UserError> {
    let instruction = buying(chain, &wallet.pubkey(), order).await?;
    Ok(chain.send(&[instruction], &[wallet]).await?)
}

async fn buying(chain: &Chain, user: &Pubkey, order: BuyOrder) -> Result<Instruction, UserError> {
    Ok(credits_ix::buy_credits(*user, chain.price_account().await?, chain.epoch().await?, order))
}

/// Puts the model's file in the blob store and registers its layer table, through a draft if that is longer than a
/// transaction. A model that is registered already is left as it
/// is: `None`.
///
/// # Errors
/// If the store, the program or the node refuses.
pub async fn register_model(
    chain: &Chain,
    blobs: &Blobs,
    wallet: &Keypair,
    model: &Model,
) -> Result<Option<Confirmed>, UserError> {
    let blob = blobs.put(model.to_file()?).await?;
    let root = model.root();
    if chain.find::<jobs::state::Model>("model", &address::model(&root)).await?.is_some() {
        return Ok(None);
    }
    let layers = model.specs().into_iter().map(Into::into).collect();
    let args = ModelArgs { root, blob: blob.0, name: model.name.clone(), layers };
    let me = wallet.pubkey();
    let draft = client::models_ix::draft(&me, &root);
    let mut transactions = client::models_ix::register_any(me, args);
    // A draft left behind by an attempt that was cut off is written again.
    if transactions.len() > 1 && chain.find::<jobs::state::Draft>("draft", &draft).await?.is_some() {
        transactions.remove(0);
    }
    let mut last = None;
    for transaction in transactions {
        last = Some(chain.send(&transaction, &[wallet]).await?);
    }
    Ok(last)
}

/// Puts input and model file in the blob store and posts the job. The user's job counter and loyalty account are opened when
/// there are none.
///
/// # Errors
/// If the input does not fit the model, or the store, the program or the node refuses.
pub async fn post_job(
    chain: &Chain,
    blobs: &Blobs,
    wallet: &Keypair,
    model: &Model,
    input: Vec<u8>,
    terms: Terms,
) -> Result<Posted, UserError> {
    let rows = model.check_input(&input)?;
    let owner = wallet.pubkey();
    let user = chain.find::<jobs::state::User>("user", &address::user(&owner)).await?;
    let seq = user.as_ref().map_or(0, |u| u.next_seq);
    let job = address::job(&owner, seq);
    let width = model.input_width();
    let input_root = judge::cell::input_root(&job.to_bytes(), rows, width, &input)
        .ok_or(model::ModelError::BatchSize { found: input.len(), width })?;
    let (result, limit) = (ResultFile::max_bytes(&model.specs(), rows), blobs::MAX_BYTES);
    if result > limit {
        return Err(UserError::ResultSize { bytes: result, limit });
    }
    let input_blob = blobs.put(input).await?.0;
    let model_blob = blobs.put(model.to_file()?).await?.0;
    let Terms { price, claim_s, execute_s, pay_io } = terms;
    let args = PostArgs { seq, rows, input_root, input_blob, model_blob, price, claim_s, execute_s };
    let post = jobs_ix::post_job(owner, &model.root(), args);
    let mut instructions = Vec::new();
    if user.is_none() {
        instructions.push(jobs_ix::open_user(owner));
    }
    if chain.loyalty(&owner).await?.is_none() {
        instructions.push(credits_ix::open_loyalty(owner, owner));
    }
    if let Some(max_io) = pay_io {
        instructions.push(buying(chain, &owner, BuyOrder::ExactOut { iosd: price, max_io }).await?);
    }
    instructions.push(post);
    let confirmed = chain.send(&instructions, &[wallet]).await?;
    Ok(Posted { job, rows, input_root, confirmed })
}
