//! A network that is up: all programs initialised and governed, shards open, a fresh price, funded users, staked
//! suppliers, models.
use crate::event::Event;
use crate::invariants;
use crate::keys::{authority, device, guardian, operator, stranger, submitter, user};
use crate::vm::{Failure, Meta, Vm};
use crate::work::{self, Cell, Work};
use anchor_lang::prelude::Pubkey;
use client::evidence::judged;
use client::{address, credits_ix, governance_ix, jobs_ix, staking_ix};
use credits::{BuyOrder, InitializeArgs, MintLimit};
use governance::state::Target;
use jobs::state::{Audit, Demand, Job, LayerRecord};
use jobs::{CommitArgs, Item, ModelArgs, PostArgs, RoundRules};
use judge::audit::{self, is_drawn, seed};
use model::Model;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;
use staking::state::Position;
use std::sync::OnceLock;

/// The epoch in which a network of [`Net::new`] begins: its operators' stake has warmed up.
pub const FIRST_EPOCH: u64 = 2;
/// The clock when the programs were initialised, unix seconds.
pub const START: i64 = 1_700_000_000;
/// One dollar per IO: one IO buys one IOSD.
pub const PRICE: u64 = 100_000_000;
/// One whole IO in base units.
pub const IO: u64 = 100_000_000;
/// One whole IOSD in base units.
pub const IOSD: u64 = 1_000_000;
pub const GENESIS: u64 = 500_000_000 * IO;
/// Each user's IO before buying.
pub const USER_IO: u64 = 10_000 * IO;
/// Each user's IOSD.
pub const USER_IOSD: u64 = 1_000 * IOSD;
/// Most IO that one epoch may pay for redemptions.
pub const REDEMPTION_CAP: u64 = 500 * IO;
pub const EPOCH_S: u32 = 3_600;
pub const MAX_PRICE_AGE_S: u32 = 60;
pub const MAX_SPREAD_BPS: u16 = 200;
pub const FEE_BPS: u16 = 500;
pub const INCENTIVE_BPS: u16 = 4_000;
pub const WINDOW_S: u32 = 600;
pub const CLAIM_S: u32 = 300;
pub const EXECUTE_S: u32 = 120;
/// Loyalty points are worth one percent.
pub const LOYALTY_BPS: u16 = 100;
/// Stake reserved for a claim: twice its price.
pub const RESERVE_BPS: u32 = 20_000;
/// The user's slice of the reservation of a claim that expires.
pub const FORFEIT_BPS: u16 = 1_000;
/// Stake that devices of each class need.
pub const CLASS_STAKE: [u64; 4] = [100 * IO, 200 * IO, 400 * IO, 800 * IO];
/// Half of all jobs are audited: deterrence then asks for less than [`RESERVE_BPS`].
pub const AUDIT_BPS: u16 = 5_000;
pub const AUDIT_CELLS: u8 = 3;
pub const ANSWER_S: u32 = 120;
/// What a demand costs its demander if it is answered, lamports.
pub const DEMAND_BOND: u64 = 2_000_000;
/// Seconds to answer it.
pub const DEMAND_ANSWER_S: u32 = 180;

/// Challenge rounds: the smallest that there are, so that tests can do the work.
pub const ROUNDS: RoundRules = RoundRules {
    window_s: 20,
    every_s: 120,
    answer_s: 30,
    slash_bps: 2_000,
    rows: [64, 64, 128, 192],
    throughput: [10_000_000, 60_000_000, 120_000_000, 180_000_000],
    ceiling: [1_000, 900, 800, 700],
};
/// Each operator's own stake.
pub const STAKE: u64 = 5_000 * IO;
pub const COMMISSION_BPS: u16 = 1_000;
pub const DISPUTE_S: u32 = 2_000;
pub const SLASH_CAP_BPS: u16 = 3_000;
pub const PROVER_BPS: u16 = 2_500;
/// What a proposal's author deposits.
pub const DEPOSIT: u64 = 10 * IO;
pub const VOTING_S: u32 = 7_200;
pub const TIMELOCK_S: u32 = 3_600;
pub const GRACE_S: u32 = 86_400;
pub const QUORUM_BPS: u16 = 1_000;
pub const THRESHOLD_BPS: u16 = 5_000;
/// Price of a job unless a test says otherwise.
pub const JOB_PRICE: u64 = 10 * IOSD;

/// Evidence bytes in one writing transaction.
pub use client::evidence::WRITE_BYTES;

/// A virtual machine with a network in it, and every event since its birth.
#[derive(Clone)]
pub struct Net {
    pub vm: Vm,
    pub events: Vec<Event>,
}

/// A job on chain with its honest result.
#[derive(Clone)]
pub struct Posted {
    pub address: Pubkey,
    pub work: Work,
}

/// Launch parameters of the credits program.
pub fn launch() -> InitializeArgs {
    InitializeArgs {
        jobs_authority: address::jobs_authority(),
        staking_authority: address::staking_authority(),
        treasury_authority: address::governance_authority(),
        submitters: (0..3).map(|i| submitter(i).pubkey()).collect(),
        genesis_supply: GENESIS,
        epoch_s: EPOCH_S,
        fee_bps: FEE_BPS,
        incentive_bps: INCENTIVE_BPS,
        redemption_cap: REDEMPTION_CAP,
        max_price_age_s: MAX_PRICE_AGE_S,
        max_spread_bps: MAX_SPREAD_BPS,
        idle_bps: 4_000,
        stakers_bps: 4_000,
        loyalty_bps: LOYALTY_BPS,
        mint_limits: [MintLimit { total: 100_000_000 * IO, epoch: 100_000 * IO }; 3],
    }
}

/// Launch parameters of the jobs program.
pub fn jobs_launch() -> jobs::InitializeArgs {
    jobs::InitializeArgs {
        challenge_window_s: WINDOW_S,
        reserve_bps: RESERVE_BPS,
        forfeit_bps: FORFEIT_BPS,
        class_stake: CLASS_STAKE,
        audit_bps: AUDIT_BPS,
        audit_cells: AUDIT_CELLS,
        answer_s: ANSWER_S,
        demand_bond: DEMAND_BOND,
        demand_answer_s: DEMAND_ANSWER_S,
        rounds: ROUNDS,
    }
}

/// Launch parameters of the staking program.
pub fn staking_launch() -> staking::InitializeArgs {
    staking::InitializeArgs {
        jobs_authority: address::jobs_authority(),
        voting_authority: address::governance_authority(),
        dispute_s: DISPUTE_S,
        slash_cap_bps: SLASH_CAP_BPS,
        prover_bps: PROVER_BPS,
        max_commission_bps: 2_000,
    }
}

/// Launch rules of the governance program.
pub fn governance_launch() -> governance::InitializeArgs {
    governance::InitializeArgs {
        guardian: guardian().pubkey(),
        deposit: DEPOSIT,
        voting_s: VOTING_S,
        timelock_s: TIMELOCK_S,
        grace_s: GRACE_S,
        quorum_bps: QUORUM_BPS,
        threshold_bps: THRESHOLD_BPS,
    }
}

/// A job of `work` at [`JOB_PRICE`].
pub fn post_args(seq: u64, work: &Work) -> PostArgs {
    PostArgs {
        seq,
        rows: work.rows,
        input_root: work.input_root(),
        input_blob: judge::sha256(&[work.input()]),
        model_blob: [9; 32],
        price: JOB_PRICE,
        claim_s: CLAIM_S,
        execute_s: EXECUTE_S,
    }
}

/// A model as it is registered.
pub fn model_args(model: &Model) -> ModelArgs {
    ModelArgs {
        root: model.root(),
        blob: judge::sha256(&[&model.to_bytes()]),
        name: model.name.clone(),
        layers: model.specs().into_iter().map(LayerRecord::from).collect(),
    }
}

/// The claim of `job` by device `index`.
pub fn claim(index: usize, job: Pubkey) -> Instruction {
    let owner = operator(if index < 2 { 0 } else { 1 });
    jobs_ix::claim_job(device(index).pubkey(), owner.pubkey(), address::feed(), job)
}

impl Net {
    /// A network that is up. It is built once per process and copied.
    pub fn new() -> Self {
        static UP: OnceLock<Net> = OnceLock::new();
        UP.get_or_init(|| Net::up(Vm::new())).clone()
    }

    /// As [`Net::new`], on a machine of the caller's.
    pub fn up(vm: Vm) -> Self {
        let mut net = Net::on(vm);
        net.initialize();
        net.populate();
        net
    }

    /// All programs deployed and wallets with lamports, nothing else.
    pub fn bare() -> Self {
        Net::on(Vm::new())
    }

    fn on(mut vm: Vm) -> Self {
        vm.set_time(START);
        let roles = [authority(), stranger(), guardian()].into_iter();
        let numbered = (0..3).flat_map(|i| [submitter(i), user(i), operator(i), device(i)]);
        for wallet in roles.chain(numbered) {
            vm.airdrop(&wallet.pubkey(), 1_000_000_000_000);
        }
        Net { vm, events: Vec::new() }
    }

    /// Initialises all programs, opens all shards, and hands the authority over to governance in two steps.
    pub fn initialize(&mut self) {
        let payer = authority();
        let me = payer.pubkey();
        self.ok(&[credits_ix::initialize(me, launch())], &[&payer]);
        self.ok(&[staking_ix::initialize(me, staking_launch())], &[&payer]);
        self.ok(&[jobs_ix::initialize(me, jobs_launch())], &[&payer]);
        self.ok(&[governance_ix::initialize(me, governance_launch())], &[&payer]);
        for index in 0..credits::constants::SHARDS {
            let shards = [
                credits_ix::open_shard(me, index),
                staking_ix::open_shard(me, index),
                jobs_ix::open_shard(me, index),
                governance_ix::open_shard(me, index),
            ];
            self.ok(&shards, &[&payer]);
        }
        let to = address::governance_authority();
        let offers = [
            credits_ix::administer(me, credits::Order::OfferAuthority { to }),
            staking_ix::administer(me, staking::Order::OfferAuthority { to }),
            jobs_ix::administer(me, jobs::Order::OfferAuthority { to }),
        ];
        self.ok(&offers, &[&payer]);
        for target in [Target::Credits, Target::Staking, Target::Jobs] {
            self.ok(&[governance_ix::accept_program_authority(target)], &[&payer]);
        }
    }

    /// Operators' stake is warm when this ends, at the start of epoch [`FIRST_EPOCH`].
    fn populate(&mut self) {
        for i in 0..2 {
            let owner = operator(i);
            let me = owner.pubkey();
            self.ok(&credits_ix::transfer_io(authority().pubkey(), me, STAKE), &[&authority()]);
            self.ok(&jobs_ix::register_supplier(me, COMMISSION_BPS), &[&owner]);
            self.ok(&[staking_ix::stake(me, address::operator_pool(&me), STAKE)], &[&owner]);
        }
        self.vm.set_time(START + FIRST_EPOCH as i64 * i64::from(EPOCH_S));
        self.submit_price(PRICE);
        for epoch in 0..FIRST_EPOCH {
            self.advance(epoch);
        }
        for i in 0..2 {
            let me = operator(i).pubkey();
            self.ok(&[staking_ix::refresh_position(address::operator_pool(&me), me)], &[&operator(i)]);
        }
        for i in 0..3 {
            self.fund_user(&user(i));
        }
        // Whoever proves a fault is paid in IO.
        for prover in [stranger(), device(0)] {
            let open = credits_ix::create_io_account(authority().pubkey(), prover.pubkey());
            self.ok(&[open], &[&authority()]);
        }
        for (i, owner) in [(0, operator(0)), (1, operator(0)), (2, operator(1))] {
            let register = jobs_ix::register_device(owner.pubkey(), device(i).pubkey(), format!("device {i}"), 0);
            self.ok(&[register], &[&owner, &device(i)]);
        }
        for model in [work::tiny(), work::wide(), work::digits()] {
            self.ok(&[jobs_ix::register_model(authority().pubkey(), model_args(&model))], &[&authority()]);
        }
    }

    fn fund_user(&mut self, user: &Keypair) {
        let me = user.pubkey();
        let epoch = self.epoch();
        let order = BuyOrder::ExactOut { iosd: USER_IOSD, max_io: u64::MAX };
        self.ok(&credits_ix::transfer_io(authority().pubkey(), me, USER_IO), &[&authority()]);
        let open = [credits_ix::open_loyalty(me, me), jobs_ix::open_user(me)];
        self.ok(&[credits_ix::buy_credits(me, address::feed(), epoch, order)], &[user]);
        self.ok(&open, &[user]);
    }

    /// Closes `epoch`, which must have ended.
    pub fn advance(&mut self, epoch: u64) -> Meta {
        self.ok(&[self.advance_epoch(epoch)], &[&authority()])
    }

    /// The instruction that closes `epoch`.
    pub fn advance_epoch(&self, epoch: u64) -> Instruction {
        let account: Option<credits::state::Epoch> = self.vm.read(&address::epoch(epoch));
        let payer = account.map_or_else(|| authority().pubkey(), |e| e.payer);
        credits_ix::advance_epoch(address::feed(), epoch, payer)
    }

    /// Settles what `owner` asked for, in an epoch that is closed.
    pub fn settle_redemption(&self, owner: &Keypair) -> Instruction {
        let me = owner.pubkey();
        let earnings: credits::state::Earnings = self.vm.read(&address::earnings(&me)).expect("a supplier");
        let epoch: Option<credits::state::Epoch> = self.vm.read(&address::epoch(earnings.request_epoch));
        let payer = epoch.map_or(me, |e| e.payer);
        credits_ix::settle_redemption(me, me, earnings.request_epoch, payer, self.epoch())
    }

    /// The clock goes to the start of the next epoch, everybody speaks, and the epoch before is closed.
    pub fn next_epoch(&mut self) {
        let epoch = self.epoch();
        self.vm.set_time(START + (epoch as i64 + 1) * i64::from(EPOCH_S));
        self.submit_price(PRICE);
        self.advance(epoch);
    }

    /// The position that an operator holds in its own pool.
    pub fn own_position(&self, operator: &Keypair) -> Position {
        let me = operator.pubkey();
        let address = address::position(&address::operator_pool(&me), &me);
        self.vm.read(&address).expect("the operator has staked")
    }

    /// Sends, and keeps the events.
    ///
    /// # Errors
    /// As the chain says.
    pub fn send(&mut self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<Meta, Failure> {
        let meta = self.vm.send(instructions, signers)?;
        self.events.extend(meta.events.iter().cloned());
        Ok(meta)
    }

    /// Sends what must succeed, and checks what must always hold.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn ok(&mut self, instructions: &[Instruction], signers: &[&Keypair]) -> Meta {
        match self.send(instructions, signers) {
            Ok(meta) => {
                invariants(self);
                meta
            }
            Err(failure) => panic!("{}\n{}", failure.name, failure.logs.join("\n")),
        }
    }

    /// Sends what must be refused with the error `name`, leaving everything as it was.
    ///
    /// # Panics
    /// If it succeeds, is refused for another reason, or changes anything.
    #[track_caller]
    pub fn refused(&mut self, name: &str, instructions: &[Instruction], signers: &[&Keypair]) {
        let before = self.vm.state();
        match self.send(instructions, signers) {
            Ok(_) => panic!("succeeded, expected {name}"),
            Err(failure) => assert_eq!(failure.name, name, "\n{}", failure.logs.join("\n")),
        }
        assert!(self.vm.state() == before, "a refused transaction changed an account");
    }

    /// The accounting epoch that the clock is in.
    pub fn epoch(&self) -> u64 {
        let config: Option<credits::state::Config> = self.vm.read(&address::credits_config());
        config.map_or(0, |c| c.epoch_at(self.vm.now()))
    }

    /// All submitters say `price` now.
    pub fn submit_price(&mut self, price: u64) {
        for i in 0..3 {
            let submitter = submitter(i);
            self.ok(&[credits_ix::submit_price(submitter.pubkey(), price)], &[&submitter]);
        }
    }

    /// Lets `seconds` pass.
    pub fn wait(&mut self, seconds: i64) {
        let now = self.vm.now();
        self.vm.set_time(now + seconds);
    }

    /// `None` once it has ended.
    pub fn job(&self, address: &Pubkey) -> Option<Job> {
        self.vm.read(address)
    }

    pub fn iosd(&self, owner: &Keypair) -> u64 {
        self.vm.tokens(&address::iosd_account(&owner.pubkey()))
    }

    pub fn io(&self, owner: &Keypair) -> u64 {
        self.vm.tokens(&address::io_account(&owner.pubkey()))
    }

    /// The next job of `user`, not posted yet.
    pub fn next_job(&self, user: &Keypair, model: &Model, rows: u32) -> (u64, Work) {
        let counter: jobs::state::User = self.vm.read(&address::user(&user.pubkey())).expect("the user is open");
        let address = address::job(&user.pubkey(), counter.next_seq);
        (counter.next_seq, Work::honest(model, address, rows))
    }

    /// `user` posts a job of two rows at [`JOB_PRICE`].
    pub fn post(&mut self, user: &Keypair, model: &Model) -> Posted {
        let (seq, work) = self.next_job(user, model, 2);
        let post = jobs_ix::post_job(user.pubkey(), &model.root(), post_args(seq, &work));
        self.ok(&[post], &[user]);
        Posted { address: work.job, work }
    }

    /// User 0 posts a job and device 0 claims it.
    pub fn claimed(&mut self, model: &Model) -> Posted {
        let posted = self.post(&user(0), model);
        self.ok(&[claim(0, posted.address)], &[&device(0)]);
        posted
    }

    /// The same, and the device commits to its honest result.
    pub fn committed(&mut self, model: &Model) -> Posted {
        let posted = self.claimed(model);
        self.commit(&posted.work);
        posted
    }

    /// The same, but `cell` of the committed result is wrong. The returned work is the tampered one.
    pub fn cheated(&mut self, model: &Model, cell: Cell) -> Posted {
        let posted = self.claimed(model);
        let work = posted.work.tampered(cell);
        self.commit(&work);
        Posted { work, ..posted }
    }

    /// Device 0 commits to `work`.
    pub fn commit(&mut self, work: &Work) {
        self.ok(&[jobs_ix::commit_result(device(0).pubkey(), work.job, commit_args(work))], &[&device(0)]);
    }

    /// The slot after the draw slot of a committed job comes, with a hash by which the job is `audited` or not, and somebody
    /// draws.
    pub fn draw(&mut self, job: &Posted, audited: bool) -> Meta {
        let share = self.job(&job.address).expect("the job is live").audit_bps;
        self.draw_by(job, |seed| is_drawn(seed, share) == audited)
    }

    /// The same, with a hash by which the seed of the audit is one that `fits`.
    pub fn draw_by(&mut self, job: &Posted, fits: impl Fn(&judge::Hash) -> bool) -> Meta {
        let state = self.job(&job.address).expect("the job is live");
        let due = state.audit.draw_slot().expect("the draw is to come");
        let ahead = (due + 1).saturating_sub(self.vm.slot());
        self.vm.pass_slots(ahead);
        let id = job.address.to_bytes();
        let fits = |hash: &[u8; 32]| fits(&seed(hash, &state.commitment, &id));
        let hash = (0u64..).map(|n| judge::sha256(&[&n.to_le_bytes()])).find(fits).expect("some hash");
        let hashes = self.vm.slot_hashes().into_iter();
        let hashes: Vec<_> = hashes.map(|(slot, old)| (slot, if slot == due { hash } else { old })).collect();
        self.vm.set_slot_hashes(&hashes);
        self.ok(&[jobs_ix::draw_audit(stranger().pubkey(), job.address)], &[&stranger()])
    }

    /// The cells of a job's open audit.
    pub fn audited_cells(&self, job: &Posted) -> Vec<Cell> {
        let state = self.job(&job.address).expect("the job is live");
        let Audit::Open { seed, .. } = state.audit else { panic!("no open audit: {:?}", state.audit) };
        let layers = job.work.model.specs();
        let cells = (0..state.audit_cells).filter_map(|i| audit::cell(&seed, i, &layers, state.rows));
        cells.map(|c| (c.layer, c.row, c.column)).collect()
    }

    /// Device 0 answers cell `index` of the open audit of `job`.
    pub fn answer(&mut self, job: &Posted, index: u8) -> Meta {
        let cell = self.audited_cells(job)[usize::from(index)];
        let prover = device(0);
        let evidence = job.work.evidence(cell);
        self.upload(&prover, job.address, &evidence);
        let open = self.open_cell(&prover, job.address, index);
        self.ok(&judged(open, evidence.len()), &[&prover])
    }

    /// The instruction by which `prover` answers cell `index` from its buffer.
    ///
    /// # Panics
    /// If the job has ended.
    pub fn open_cell(&self, prover: &Keypair, job: Pubkey, index: u8) -> Instruction {
        let state = self.job(&job).expect("the job is live");
        jobs_ix::open_cell(prover.pubkey(), job, &state, index)
    }

    /// Opens the prover's buffer for `job` and writes `evidence` to it.
    pub fn upload(&mut self, prover: &Keypair, job: Pubkey, evidence: &[u8]) {
        let me = prover.pubkey();
        self.ok(&jobs_ix::proof_buffer(me, job, None, evidence.len() as u32), &[prover]);
        for (i, part) in evidence.chunks(WRITE_BYTES).enumerate() {
            let offset = (i * WRITE_BYTES) as u32;
            self.ok(&[jobs_ix::write_proof(me, job, offset, part.to_vec())], &[prover]);
        }
    }

    /// `demander` asks for `item` of a live job.
    pub fn demand(&mut self, demander: &Keypair, job: Pubkey, item: Item) -> Demand {
        let state = self.job(&job).expect("the job is live");
        let n = state.demands.next();
        self.ok(&[jobs_ix::demand_data(demander.pubkey(), job, &state, item)], &[demander]);
        self.vm.read(&address::demand(&job, n)).expect("the demand is open")
    }

    /// The instruction by which `prover` disputes `cell`.
    ///
    /// # Panics
    /// If the job has ended.
    pub fn dispute(&self, prover: &Keypair, job: Pubkey, cell: Cell) -> Instruction {
        let state = self.job(&job).expect("the job is live");
        jobs_ix::dispute_cell(prover.pubkey(), job, &state, cell)
    }
}

impl Default for Net {
    fn default() -> Self {
        Self::new()
    }
}

/// A commitment to `work`.
pub fn commit_args(work: &Work) -> CommitArgs {
    let result = judge::sha256(&[work.activations.concat().as_slice()]);
    CommitArgs { commitment: work.commitment(), result_blob: result }
}
