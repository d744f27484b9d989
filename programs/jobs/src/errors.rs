//! What can be refused, and what to do about it.
use anchor_lang::prelude::*;
use economy::parameter::ParameterError;
use economy::Overflow;
use judge::{JudgeError, LayerError};

#[error_code]
pub enum JobsError {
    #[msg("only the program's upgrade authority may initialize it")]
    NotUpgradeAuthority,
    #[msg("a parameter is outside its hard-coded bounds")]
    ParameterOutOfBounds,
    #[msg("the shard index must be below 16 and match the entity's address")]
    WrongShard,
    #[msg("names are 1 to 32 bytes")]
    BadName,
    #[msg("the layer table cannot be executed or judged: check sizes, wiring, windows and requantisation")]
    BadLayers,
    #[msg("the root does not match the layer table")]
    WrongModelRoot,
    #[msg("the sequence number is not the user's next one: this job was posted already, or another one was")]
    WrongSequence,
    #[msg("a batch has at least one row and at most max_rows of its model")]
    BadRows,
    #[msg("the price must be above zero")]
    ZeroPrice,
    #[msg("time limits must be above zero and at most 7 days to claim and 1 day to execute")]
    BadTimeLimit,
    #[msg("the job is not in a state that allows this")]
    WrongState,
    #[msg("the deadline has passed")]
    DeadlinePassed,
    #[msg("it is too early: the deadline or challenge window has not passed yet")]
    TooEarly,
    #[msg("the device has a live job: commit it, or wait until it is paid, settled or expired")]
    DeviceBusy,
    #[msg("the account does not belong to this job, user, device or operator")]
    WrongOwner,
    #[msg("a claimed job needs its device and operator accounts here")]
    MissingDevice,
    #[msg("a proof buffer is 1 to 140,000 bytes, opened with up to 10,000 and grown by up to 10,240; writes stay inside it")]
    BadProofSize,
    #[msg("the cell is outside the job's layers, rows or columns")]
    CellOutOfRange,
    #[msg("the evidence does not have the length that this cell needs")]
    EvidenceLength,
    #[msg("the input does not lead to the posted or committed root")]
    EvidenceInput,
    #[msg("the weights do not lead to the model's root")]
    EvidenceWeights,
    #[msg("the output does not lead to the committed root")]
    EvidenceOutput,
    #[msg("the committed cell is right: there is no fault to prove")]
    NoFault,
    #[msg("a counter does not fit its type")]
    CounterOverflow,
    #[msg("this operation is paused; whatever ends a job still works")]
    Paused,
    #[msg("only the program's authority may do this")]
    NotAuthority,
    #[msg("there is no offer of the authority to this key")]
    NoOffer,
    #[msg("the value is further from the old one than a single change may go")]
    StepTooLarge,
    #[msg("there are device classes 0 to 3")]
    BadClass,
    #[msg("the operator's pool holds less active stake than its devices need: stake more, or retire a device")]
    StakeTooLow,
    #[msg("the pool is not this operator's")]
    WrongPool,
    #[msg("an amount does not fit 64 bits")]
    AmountOverflow,
    #[msg("the audit is still to be drawn: draw it once the draw slot has passed, then settle")]
    AuditPending,
    #[msg("the audit is open: its cells must be answered first, or its deadline must pass")]
    AuditOpen,
    #[msg("the audit is drawn already")]
    AlreadyDrawn,
    #[msg("the job has no open audit")]
    NoOpenAudit,
    #[msg("the audit has no cell with this index")]
    NoSuchCell,
    #[msg("this cell is answered already")]
    AlreadyAnswered,
    #[msg("the committed cell is wrong: only right cells answer; dispute_cell, or prove_cell in a round, proves a wrong one")]
    WrongCell,
    #[msg("this is not the slot hashes sysvar, or it cannot be read")]
    WrongSlotHashes,
    #[msg("this is not the staking program's config")]
    WrongStakingConfig,
    #[msg(
        "no job of this shape has such data: check layer, row, segments, node, and the most that one demand can name"
    )]
    DemandOutOfRange,
    #[msg("the job has as many demands as it can have: wait until an open one is answered")]
    TooManyDemands,
    #[msg("a demand for the job's data is open: it must be answered, or expired after its deadline")]
    DemandOpen,
    #[msg("the demand's job is live: it is answered, or expired after its deadline")]
    JobLives,
    #[msg("the last round is not over, or it is too early for the next one")]
    RoundNotDue,
    #[msg("a round has the number after the last one's")]
    WrongRound,
    #[msg("the round is in another phase: answers are committed to in its window, and shown once its cells are drawn")]
    WrongPhase,
    #[msg("the device registered after this round was opened: it takes part from the next one on")]
    NotNominated,
    #[msg("the device has committed to an answer in this round already")]
    AlreadyCommitted,
    #[msg("the answer took so long that the device is slower than its class allows: lower its class")]
    TooSlow,
    #[msg("the device's pay for an earlier round must be shared out first (share_idle_pay, anyone may)")]
    PayNotShared,
    #[msg("what the device missed must be recorded first (fail_challenge, anyone may)")]
    FailureNotRecorded,
    #[msg("a wrong cell of the device is proven: it must be punished first (punish_device, anyone may)")]
    NotPunished,
    #[msg("this cell was not drawn, or the round has no answer of this device")]
    NoSuchAnswer,
    #[msg("the segment and its path do not lead to the root that was committed to")]
    EvidenceSegment,
    #[msg("the device has not failed a round that has ended")]
    NotFailed,
    #[msg("there is nothing to punish: no wrong cell of the device is proven")]
    NotCaught,
    #[msg("a higher class needs a challenge passed at its throughput")]
    ClassNotMeasured,
    #[msg("the device has that class already")]
    SameClass,
    #[msg("the device has not passed the last challenge round: it can be hired again once it passes one")]
    HiringPaused,
    #[msg("there is no share of this round to give to this device")]
    NoShare,
    #[msg("the round has not ended, or devices that passed it wait for their share")]
    RoundNotSettled,
    #[msg("the device has committed to an answer in the live round: its class can change once the round has ended")]
    ChallengeRunning,
    #[msg("nothing more can be slashed from the pool in this epoch: punish the device in the next one")]
    SlashCapReached,
}

impl From<JudgeError> for JobsError {
    fn from(e: JudgeError) -> Self {
        match e {
            JudgeError::OutOfRange => JobsError::CellOutOfRange,
            JudgeError::Length => JobsError::EvidenceLength,
            JudgeError::Input => JobsError::EvidenceInput,
            JudgeError::Weights => JobsError::EvidenceWeights,
            JudgeError::Output => JobsError::EvidenceOutput,
        }
    }
}

impl From<LayerError> for JobsError {
    fn from(_: LayerError) -> Self {
        JobsError::BadLayers
    }
}

impl From<ParameterError> for JobsError {
    fn from(e: ParameterError) -> Self {
        match e {
            ParameterError::OutOfBounds => JobsError::ParameterOutOfBounds,
            ParameterError::StepTooLarge => JobsError::StepTooLarge,
        }
    }
}

impl From<Overflow> for JobsError {
    fn from(_: Overflow) -> Self {
        JobsError::AmountOverflow
    }
}
