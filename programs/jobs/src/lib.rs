//! The verifiable lane: devices and models are registered, jobs are posted with their money in escrow, claimed,
//! committed to, and then accepted, settled or disputed. A dispute is judged here by recomputing one cell. See
//! `docs/PROTOCOL.md`.
#![allow(unexpected_cfgs)]
use anchor_lang::prelude::*;

pub mod constants;
pub mod errors;
pub mod events;
pub mod instructions;
pub mod slot_hashes;
pub mod state;

use instructions::*;
pub use instructions::{CommitArgs, InitializeArgs, ModelArgs, Order, PostArgs};
pub use state::{Item, Parameter, Rest, RoundRules};

declare_id!("5rnPnghLg7E2Z8wHd3LGhPPB8Ns1B4HLTSQJtZa7ykNK");

#[program]
pub mod jobs {
    use super::*;

    /// Creates the config. Only the program's upgrade authority may call it, once.
    pub fn initialize(ctx: Context<Initialize>, args: InitializeArgs) -> Result<()> {
        instructions::initialize::handle(ctx, args)
    }

    /// Opens one of the 16 event sequences. Anyone may.
    pub fn open_shard(ctx: Context<OpenShard>, index: u8) -> Result<()> {
        instructions::open_shard::handle(ctx, index)
    }

    /// Registers the signer as a supplier. Its earnings ledger must exist.
    pub fn register_operator(ctx: Context<RegisterOperator>) -> Result<()> {
        instructions::register_operator::handle(ctx)
    }

    /// Registers a device under the operator, whose pool must hold the stake of all its devices; the device's own key signs
    /// too.
    pub fn register_device(ctx: Context<RegisterDevice>, name: String, class: u8) -> Result<()> {
        instructions::register_device::handle(ctx, name, class)
    }

    /// Takes a device without a live job off the network and frees the stake that it needed.
    pub fn retire_device(ctx: Context<RetireDevice>) -> Result<()> {
        instructions::retire_device::handle(ctx)
    }

    /// Opens a draft for a table of `layers` layers that will be registered under `root`.
    pub fn open_draft(ctx: Context<OpenDraft>, root: [u8; 32], layers: u8) -> Result<()> {
        instructions::draft::open(ctx, root, layers)
    }

    /// Writes part of the table.
    pub fn write_draft(ctx: Context<WriteDraft>, offset: u16, bytes: Vec<u8>) -> Result<()> {
        instructions::draft::write(ctx, offset, bytes)
    }

    /// Closes the signer's draft and returns its rent.
    pub fn close_draft(ctx: Context<CloseDraft>) -> Result<()> {
        instructions::draft::close(ctx)
    }

    /// Registers a model's layer table and weight roots under the root they hash to. Anyone may. The table is that of the
    /// arguments, followed by that of the draft, if there is one, which is closed.
    pub fn register_model(ctx: Context<RegisterModel>, args: ModelArgs) -> Result<()> {
        instructions::register_model::handle(ctx, args)
    }

    /// Opens the signer's job counter.
    pub fn open_user(ctx: Context<OpenUser>) -> Result<()> {
        instructions::open_user::handle(ctx)
    }

    /// Posts a job: burns its price into escrow and fixes the input root. `args.seq` must be the user's next one.
    pub fn post_job(ctx: Context<PostJob>, args: PostArgs) -> Result<()> {
        instructions::post_job::handle(ctx, args)
    }

    /// Claims a posted job for the signing device, until the claim deadline; reserves its operator's stake for it.
    pub fn claim_job(ctx: Context<ClaimJob>) -> Result<()> {
        instructions::claim_job::handle(ctx)
    }

    /// Commits the claiming device to its result, until the commit deadline.
    pub fn commit_result(ctx: Context<CommitResult>, args: CommitArgs) -> Result<()> {
        instructions::commit_result::handle(ctx, args)
    }

    /// The user accepts a committed result: the supplier is paid at once.
    pub fn accept_result(ctx: Context<AcceptResult>) -> Result<()> {
        instructions::accept_result::handle(ctx)
    }

    /// Draws a committed job's audit from the slot hashes, once its draw slot has passed; a draw that was missed makes the audit
    /// certain. Anyone may, and gets the fee that the user put by.
    pub fn draw_audit(ctx: Context<DrawAudit>) -> Result<()> {
        instructions::draw_audit::handle(ctx)
    }

    /// Answers cell `index` of an audit with the buffer's evidence, until the deadline. Anyone may. What does not show that the
    /// committed cell is right is refused and changes nothing.
    pub fn open_cell(ctx: Context<OpenCell>, index: u8) -> Result<()> {
        instructions::open_cell::handle(ctx, index)
    }

    /// Ends a job whose audit was not answered in time: the user is refunded and the stake reserved for it is slashed. Anyone
    /// may, for a small share of that stake.
    pub fn expire_audit(ctx: Context<ExpireAudit>) -> Result<()> {
        instructions::expire_audit::handle(ctx)
    }

    /// Pays an unchallenged job after its window and its audit. Anyone may.
    pub fn settle_job(ctx: Context<SettleJob>) -> Result<()> {
        instructions::settle_job::handle(ctx)
    }

    /// The user takes back a job that nobody has claimed.
    pub fn cancel_job(ctx: Context<CancelJob>) -> Result<()> {
        instructions::cancel_job::handle(ctx)
    }

    /// Refunds a job that was not claimed in time. Anyone may.
    pub fn expire_job(ctx: Context<ExpireJob>) -> Result<()> {
        instructions::expire_job::handle(ctx)
    }

    /// Refunds a job whose device did not commit in time; the user also gets a slice of the stake reserved for it. Anyone may.
    pub fn expire_claim(ctx: Context<ExpireClaim>) -> Result<()> {
        instructions::expire_claim::handle(ctx)
    }

    /// Opens a buffer of `size` bytes, up to 10,000, for one cell's evidence.
    pub fn open_proof(ctx: Context<OpenProof>, size: u32) -> Result<()> {
        instructions::proof_buffer::open(ctx, size)
    }

    /// Makes room for `size` bytes in all, up to 10,240 more than there are. A buffer that has as many stays as it is.
    pub fn grow_proof(ctx: Context<GrowProof>, size: u32) -> Result<()> {
        instructions::proof_buffer::grow(ctx, size)
    }

    /// Writes part of the evidence.
    pub fn write_proof(ctx: Context<WriteProof>, offset: u32, bytes: Vec<u8>) -> Result<()> {
        instructions::proof_buffer::write(ctx, offset, bytes)
    }

    /// Closes the signer's buffer and returns its rent.
    pub fn close_proof(ctx: Context<CloseProof>) -> Result<()> {
        instructions::proof_buffer::close(ctx)
    }

    /// Recomputes one committed cell from the buffer's evidence. If it is wrong, the user is refunded, the job ends unpaid and
    /// the stake reserved for it is slashed; if it is right, or the evidence proves nothing, the transaction fails and nothing changes.
    pub fn dispute_cell(ctx: Context<DisputeCell>, layer: u32, row: u32, column: u32) -> Result<()> {
        instructions::dispute_cell::handle(ctx, layer, row, column)
    }

    /// Asks for data that hangs under a job's commitment, against a bond, until the end of its window. Anyone may.
    pub fn demand_data(ctx: Context<DemandData>, item: Item) -> Result<()> {
        instructions::demand_data::handle(ctx, item)
    }

    /// Answers a demand from the signer's buffer, until its deadline, and gets the bond. Anyone may.
    pub fn answer_demand(ctx: Context<AnswerDemand>) -> Result<()> {
        instructions::answer_demand::handle(ctx)
    }

    /// Ends a job whose worker has not answered a demand in time: the user is refunded, the stake reserved for the job is
    /// slashed, and the demander gets the bond back. Anyone may.
    pub fn expire_demand(ctx: Context<ExpireDemand>) -> Result<()> {
        instructions::expire_demand::handle(ctx)
    }

    /// Returns rent and bond of a demand whose job has ended. Anyone may.
    pub fn close_demand(ctx: Context<CloseDemand>) -> Result<()> {
        instructions::close_demand::handle(ctx)
    }

    /// The operator offers a device's time at `price`, IOSD base units for 10^12 multiply-accumulates; zero takes the offer back.
    pub fn set_offer(ctx: Context<SetOffer>, price: u64) -> Result<()> {
        instructions::set_offer::handle(ctx, price)
    }

    /// The operator changes a device's class. A higher one needs a challenge passed at its throughput, and its stake.
    pub fn set_class(ctx: Context<SetClass>, class: u8) -> Result<()> {
        instructions::set_class::handle(ctx, class)
    }

    /// Opens the next challenge round, for all devices registered so far. Anyone may, when it is due; gets the rent back.
    pub fn open_round(ctx: Context<OpenRound>, number: u64) -> Result<()> {
        instructions::open_round::handle(ctx, number)
    }

    /// Brings a round to its next phase, when its time has come: ends the window, draws the cells, ends the round. Anyone may.
    pub fn advance_round(ctx: Context<AdvanceRound>) -> Result<()> {
        instructions::advance_round::handle(ctx)
    }

    /// The device commits to its answer within the round's window.
    pub fn commit_challenge(ctx: Context<CommitChallenge>, root: [u8; 32]) -> Result<()> {
        instructions::commit_challenge::handle(ctx, root)
    }

    /// Answers the drawn cell `index`: the segment of the answer that it lies in, and the segment's path, whose upper part
    /// may lie in a buffer. Anyone may.
    pub fn answer_cell(
        ctx: Context<AnswerCell>,
        index: u8,
        segment: [u8; 256],
        path: Vec<u8>,
        rest: Option<Rest>,
    ) -> Result<()> {
        instructions::answer_cell::handle(ctx, index, segment, path, rest)
    }

    /// Records that a device missed or failed the last round that ended: its class falls by one. Anyone may.
    pub fn fail_challenge(ctx: Context<FailChallenge>) -> Result<()> {
        instructions::fail_challenge::handle(ctx)
    }

    /// Proves that a committed cell of a challenge is wrong, until the round ends. Anyone may.
    pub fn prove_cell(
        ctx: Context<ProveCell>,
        row: u32,
        column: u32,
        segment: [u8; 256],
        path: Vec<u8>,
        rest: Option<Rest>,
    ) -> Result<()> {
        instructions::prove_cell::handle(ctx, (row, column), segment, path, rest)
    }

    /// Slashes for a proven wrong cell: a part to who proved it, the rest is burned; the device's class falls by one. Anyone
    /// may.
    pub fn punish_device(ctx: Context<PunishDevice>) -> Result<()> {
        instructions::punish_device::handle(ctx)
    }

    /// Adds a device's share of an ended round's budget to what its operator is owed. Anyone may.
    pub fn share_idle_pay(ctx: Context<ShareIdlePay>) -> Result<()> {
        instructions::share_idle_pay::handle(ctx)
    }

    /// Mints what an operator is owed, as far as the idle budget's limits allow now. Anyone may; does nothing if nothing is due.
    pub fn claim_idle_pay(ctx: Context<ClaimIdlePay>) -> Result<()> {
        instructions::claim_idle_pay::handle(ctx)
    }

    /// Closes a round that is over and shared out, to who opened it. Anyone may.
    pub fn close_round(ctx: Context<CloseRound>) -> Result<()> {
        instructions::close_round::handle(ctx)
    }

    /// What the authority orders.
    pub fn administer(ctx: Context<Administer>, order: Order) -> Result<()> {
        instructions::administer::handle(ctx, order)
    }

    /// The key that was offered the authority takes it.
    pub fn accept_authority(ctx: Context<AcceptAuthority>) -> Result<()> {
        instructions::accept_authority::handle(ctx)
    }
}
