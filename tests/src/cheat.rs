//! A worker that cheats, and the ways in which it can.
use crate::Device;
use anyhow::{Context, Result};
use blobs::{BlobId, Blobs};
use client::{Chain, Keypair, Pubkey, jobs_ix};
use jobs::CommitArgs;
use jobs::state::{Job, Status};
use judge::demand::Holder;
use judge::{Claim, Hash};
use model::{Model, ModelLayer, ResultFile};

/// What a worker does instead of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cheat {
    /// None: for comparison.
    Honest,
    /// One bit of the last layer's output is wrong.
    OutputByte,
    /// One bit of a hidden layer is wrong; the layers after it follow from that.
    HiddenByte,
    /// One bit of a hidden layer is wrong, and the layers after it are as they should be.
    HiddenByteUnderARightOutput,
    /// A model in which one weight differs.
    OtherWeights,
    /// A batch whose first row differs from what was posted.
    OtherInput,
    /// The commitment and the result of its user's job before, which had the same batch.
    Replayed,
    /// The right result, under the root that another worker has committed to for its job.
    RootOfAnotherJob,
    /// One bit of a hidden layer is wrong; no result in the store, but whoever asks on chain is answered.
    AnswersOnly,
    /// A right commitment, and no result in the store.
    Withheld,
    /// A right commitment, and a result whose bytes are not those that were named.
    Damaged,
    /// A right commitment, and a file that is no result.
    Garbage,
    /// A right commitment, and a result that goes on for longer than any can.
    Padded,
    /// A wrong result whose commitment covers other bytes than it serves.
    OtherOutputs,
}

impl Cheat {
    /// Those of which every client can see a wrong cell.
    pub const VISIBLE: [Cheat; 5] = [
        Cheat::OutputByte,
        Cheat::HiddenByte,
        Cheat::HiddenByteUnderARightOutput,
        Cheat::OtherWeights,
        Cheat::OtherInput,
    ];

    /// Those that keep back what they have committed to.
    pub const SILENT: [Cheat; 7] = [
        Cheat::Replayed,
        Cheat::RootOfAnotherJob,
        Cheat::Withheld,
        Cheat::Damaged,
        Cheat::Garbage,
        Cheat::Padded,
        Cheat::OtherOutputs,
    ];

    /// What this cheat takes for the outputs of all layers, after its input.
    fn activations(self, model: &Model, input: &[u8]) -> Result<Vec<Vec<u8>>> {
        let mut activations = match self {
            Cheat::OtherInput => {
                let (width, mut other) = (model.input_width() as usize, input.to_vec());
                other[..width].iter_mut().for_each(|value| *value = if *value == 0 { 1 } else { *value - 1 });
                model.run_reference(&other)?
            }
            Cheat::OtherWeights => other_weights(model)?.run_reference(input)?,
            _ => model.run_reference(input)?,
        };
        let hidden = 1;
        match self {
            Cheat::OutputByte | Cheat::OtherOutputs => flip(activations.last_mut()),
            Cheat::HiddenByteUnderARightOutput => flip(activations.get_mut(hidden)),
            Cheat::HiddenByte | Cheat::AnswersOnly => {
                flip(activations.get_mut(hidden));
                let rows = input.len() / model.input_width() as usize;
                for (i, layer) in model.layers.iter().enumerate().skip(hidden) {
                    let inputs = model::sources(&layer.spec, &activations);
                    activations[i + 1] = layer.run_reference(&inputs, rows);
                }
            }
            _ => {}
        }
        Ok(activations)
    }
}

fn flip(matrix: Option<&mut Vec<u8>>) {
    if let Some(byte) = matrix.and_then(|matrix| matrix.last_mut()) {
        *byte ^= 1;
    }
}

/// The model with other weights in every column of its first layer.
fn other_weights(model: &Model) -> Result<Model> {
    let mut layers = model.layers.clone();
    let mut columns = layers[0].columns.clone();
    for column in columns.chunks_mut(layers[0].spec.column_bytes() as usize) {
        for weight in &mut column[..8] {
            *weight ^= 0x40;
        }
    }
    layers[0] = ModelLayer::of(0, layers[0].spec, columns)?;
    Ok(Model::new("other", model.input_range, layers)?)
}

/// The root of `activations` for a job.
fn root(model: &Model, job: &Pubkey, rows: u32, activations: &[Vec<u8>]) -> Result<Hash> {
    let (id, layers) = (job.to_bytes(), model.specs());
    let claim = Claim { job: &id, layers: &layers, rows, input_root: &[0; 32], commitment: &[0; 32] };
    judge::cell::commit(&claim, activations).map_err(|e| anyhow::anyhow!("{e}"))
}

/// A device whose worker cheats.
pub struct Cheater<'a> {
    pub chain: &'a Chain,
    pub blobs: &'a Blobs,
    pub device: &'a Device,
    /// What the job wants.
    pub model: &'a Model,
    pub input: &'a [u8],
}

impl Cheater<'_> {
    /// Claims `job` and commits to something in the way of `cheat`.
    ///
    /// # Errors
    /// If the chain or the store refuses.
    pub async fn take(&self, job: &Pubkey, cheat: Cheat) -> Result<()> {
        let key = client::read_keypair(&self.device.config.device_key)?;
        self.claim(&key, job).await?;
        let args = self.result(job, cheat).await?;
        let commit = jobs_ix::commit_result(self.device.key, *job, args);
        self.chain.send(&[commit], &[&key]).await.with_context(|| format!("{cheat:?} cannot commit"))?;
        Ok(())
    }

    async fn claim(&self, key: &Keypair, job: &Pubkey) -> Result<()> {
        let price = self.chain.price_account().await?;
        let claim = jobs_ix::claim_job(self.device.key, self.device.owner, price, *job);
        self.chain.send(&[claim], &[key]).await.context("cannot claim")?;
        Ok(())
    }

    /// What is committed to, after what is served was put in the store.
    async fn result(&self, job: &Pubkey, cheat: Cheat) -> Result<CommitArgs> {
        let state: Job = self.chain.get("job", job, "it was posted").await?;
        let activations = cheat.activations(self.model, self.input)?;
        let commitment = match cheat {
            Cheat::RootOfAnotherJob => {
                let committed = self.chain.jobs(Status::Committed).await?;
                committed.first().context("another job has a result")?.1.commitment
            }
            Cheat::Replayed => {
                let before = client::address::job(&state.user, state.seq - 1);
                root(self.model, &before, state.rows, &activations)?
            }
            Cheat::OtherOutputs => root(self.model, job, state.rows, &self.model.run_reference(self.input)?)?,
            _ => root(self.model, job, state.rows, &activations)?,
        };
        let file = ResultFile::new(activations[1..].to_vec(), vec![None; self.model.layers.len()]).to_bytes();
        let result_blob = match cheat {
            // The same outputs for another job are the same file.
            Cheat::Withheld | Cheat::AnswersOnly => BlobId::of(&[file, job.to_bytes().to_vec()].concat()),
            Cheat::Damaged => {
                let id = BlobId::of(&[file.as_slice(), &job.to_bytes()].concat());
                self.overwrite(id, &file)?;
                id
            }
            Cheat::Garbage => self.blobs.put(b"nothing of the kind".as_slice()).await?,
            Cheat::Padded => {
                let most = ResultFile::max_bytes(&self.model.specs(), state.rows) as usize;
                self.blobs.put([file, vec![0; most]].concat()).await?
            }
            _ => self.blobs.put(file).await?,
        };
        Ok(CommitArgs { commitment, result_blob: result_blob.0 })
    }

    /// Answers all open demands for the data of a job that was taken with `cheat`. Gives how many.
    ///
    /// # Errors
    /// If the chain refuses.
    pub async fn answer(&self, job: &Pubkey, cheat: Cheat) -> Result<usize> {
        let key = client::read_keypair(&self.device.config.device_key)?;
        let demands = self.chain.demands(job).await?;
        for demand in &demands {
            let state: Job = self.chain.get("job", job, "it has open demands").await?;
            let (id, layers) = (job.to_bytes(), self.model.specs());
            let claim = Claim {
                job: &id,
                layers: &layers,
                rows: state.rows,
                input_root: &state.input_root,
                commitment: &state.commitment,
            };
            let activations = cheat.activations(self.model, self.input)?;
            let held = Holder::new(&claim, &activations).map_err(|e| anyhow::anyhow!("{e}"))?;
            let answer = held.answer(&demand.item.into()).map_err(|e| anyhow::anyhow!("{e}"))?;
            client::evidence::upload(self.chain, &key, *job, &answer, &[]).await?;
            self.chain.send(&[jobs_ix::answer_demand(self.device.key, &state, demand)], &[&key]).await?;
        }
        Ok(demands.len())
    }

    /// Puts bytes under a name that is not theirs.
    fn overwrite(&self, id: BlobId, bytes: &[u8]) -> Result<()> {
        let name = id.to_string();
        let folder = self.device.config.blobs.join(&name[..2]);
        std::fs::create_dir_all(&folder)?;
        Ok(std::fs::write(folder.join(name), bytes)?)
    }
}
