//! The jobs program's instructions in words.
use super::{Step, arguments, words};
use economy::amount::iosd;
use governance::Action;
use jobs::instruction as ix;
use solana_instruction::Instruction;

fn step(instruction: &str) -> Step {
    Step::new("jobs", instruction)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

pub(super) fn read(i: &Instruction) -> Option<Step> {
    user(i).or_else(|| supplier(i)).or_else(|| ending(i)).or_else(|| round(i)).or_else(|| pay(i)).or_else(|| other(i))
}

/// What a user begins.
fn user(i: &Instruction) -> Option<Step> {
    if let Some(ix::PostJob { args }) = arguments(i) {
        let step = step("post a job; its price goes into escrow").detail("price", format!("{} IOSD", iosd(args.price)));
        let step = step.detail("rows", args.rows).detail("claim within", format!("{} s", args.claim_s));
        let step = step.detail("execute within", format!("{} s", args.execute_s));
        return Some(step.account("user", i, 0).account("model", i, 3).account("job", i, 4));
    }
    if let Some(ix::OpenUser {}) = arguments(i) {
        return Some(step("open a user's job counter").account("user", i, 0));
    }
    if let Some(ix::OpenDraft { root, layers }) = arguments(i) {
        let step = step("open a draft of a model's layer table").detail("root", hex(&root)).detail("layers", layers);
        return Some(step.account("publisher", i, 0));
    }
    if let Some(ix::WriteDraft { bytes, .. }) = arguments(i) {
        let step = step("write a part of a model's layer table").detail("bytes", bytes.len());
        return Some(step.account("publisher", i, 0));
    }
    if let Some(ix::CloseDraft {}) = arguments(i) {
        return Some(step("close a draft; its rent comes back").account("publisher", i, 0));
    }
    let ix::RegisterModel { args } = arguments(i)?;
    let step = step("register a model").detail("name", args.name).detail("root", hex(&args.root));
    Some(step.account("publisher", i, 0))
}

/// What a supplier does.
fn supplier(i: &Instruction) -> Option<Step> {
    if let Some(ix::RegisterOperator {}) = arguments(i) {
        return Some(step("register as a supplier").account("operator", i, 0));
    }
    if let Some(ix::RegisterDevice { name, class }) = arguments(i) {
        let step = step("register a device").detail("name", name).detail("class", class);
        return Some(step.account("operator", i, 0).account("device", i, 1));
    }
    if let Some(ix::RetireDevice {}) = arguments(i) {
        return Some(step("retire a device; its stake is free").account("operator", i, 0).account(
            "device account",
            i,
            2,
        ));
    }
    if let Some(ix::ClaimJob {}) = arguments(i) {
        return Some(step("claim a job; stake is reserved for it").account("device", i, 0).account("job", i, 4));
    }
    let ix::CommitResult { args } = arguments(i)?;
    let step = step("commit to a result").detail("commitment", hex(&args.commitment));
    Some(step.account("device", i, 0).account("job", i, 2))
}

/// What ends a job.
fn ending(i: &Instruction) -> Option<Step> {
    if let Some(ix::AcceptResult {}) = arguments(i) {
        return Some(step("accept a result: its escrow pays the supplier").account("user", i, 0).account("job", i, 2));
    }
    if let Some(ix::SettleJob {}) = arguments(i) {
        return Some(
            step("settle a job after its window and audit: its escrow pays the supplier").account("job", i, 1),
        );
    }
    if let Some(ix::CancelJob {}) = arguments(i) {
        return Some(step("cancel a job: its escrow is refunded").account("user", i, 0).account("job", i, 2));
    }
    if let Some(ix::ExpireJob {}) = arguments(i) {
        return Some(step("expire a job that nobody claimed: its escrow is refunded").account("job", i, 1));
    }
    if let Some(ix::ExpireClaim {}) = arguments(i) {
        let step = step("expire a claim: its escrow is refunded, part of the stake reserved for it is forfeited");
        return Some(step.account("job", i, 1).account("user", i, 2));
    }
    if let Some(ix::ExpireAudit {}) = arguments(i) {
        let step =
            step("expire an audit: the escrow is refunded, the stake reserved for the job is slashed and burned");
        return Some(step.account("caller", i, 0).account("job", i, 2));
    }
    if let Some(step) = demand(i) {
        return Some(step);
    }
    let ix::DisputeCell { layer, row, column } = arguments(i)?;
    let step = step("prove a wrong cell: the escrow is refunded, the stake reserved for the job is slashed");
    let step = step.detail("cell", format!("layer {layer}, row {row}, column {column}"));
    Some(step.account("prover", i, 0).account("job", i, 4))
}

/// What is about withheld data.
fn demand(i: &Instruction) -> Option<Step> {
    if let Some(ix::DemandData { item }) = arguments(i) {
        let step = step("demand data of a job: an answer costs the bond, silence refunds the job");
        let step = step.detail("what", format!("{item:?}"));
        return Some(step.account("demander", i, 0).account("job", i, 2).account("demand", i, 4));
    }
    if let Some(ix::AnswerDemand {}) = arguments(i) {
        let step = step("answer a demand; its bond is the prover's").account("prover", i, 0).account("job", i, 3);
        return Some(step.account("demand", i, 5).account("demander", i, 6));
    }
    if let Some(ix::ExpireDemand {}) = arguments(i) {
        let step = step("expire a demand: the escrow is refunded, the stake reserved for the job is slashed");
        let step = step.account("caller", i, 0).account("demand", i, 1).account("demander", i, 2);
        return Some(step.account("job", i, 4));
    }
    let ix::CloseDemand {} = arguments(i)?;
    let step = step("close a demand of a job that has ended: rent and bond go back").account("demand", i, 0);
    Some(step.account("job", i, 1).account("demander", i, 2))
}

/// What belongs to a challenge round.
fn round(i: &Instruction) -> Option<Step> {
    if let Some(ix::OpenRound { number }) = arguments(i) {
        return Some(step("open a challenge round").detail("number", number).account("opener", i, 0));
    }
    if let Some(ix::AdvanceRound {}) = arguments(i) {
        return Some(step("bring a challenge round to its next phase").account("round", i, 1));
    }
    if let Some(ix::CommitChallenge { root }) = arguments(i) {
        let step = step("commit to the answer of a challenge").detail("root", hex(&root));
        return Some(step.account("device", i, 0).account("round", i, 6));
    }
    if let Some(ix::AnswerCell { index, .. }) = arguments(i) {
        let step = step("answer a drawn cell of a challenge").detail("cell", index);
        return Some(step.account("device account", i, 0).account("round", i, 1));
    }
    if let Some(ix::FailChallenge {}) = arguments(i) {
        let step = step("record a missed or failed challenge: the device's class falls");
        return Some(step.account("device account", i, 1));
    }
    if let Some(ix::ProveCell { row, column, .. }) = arguments(i) {
        let step = step("prove a wrong cell of a challenge").detail("cell", format!("row {row}, column {column}"));
        return Some(step.account("prover", i, 0).account("device account", i, 1));
    }
    if let Some(ix::PunishDevice {}) = arguments(i) {
        return Some(step("slash for a proven wrong cell of a challenge").account("device account", i, 3));
    }
    let ix::CloseRound {} = arguments(i)?;
    Some(step("close a challenge round that is over").account("round", i, 1))
}

/// What a device asks for, is, and is paid for being ready.
fn pay(i: &Instruction) -> Option<Step> {
    if let Some(ix::SetOffer { price }) = arguments(i) {
        let words = if price == 0 { "take a device's offer back" } else { "offer a device's time" };
        let step = step(words).detail("price", format!("{} IOSD for 10^12 multiply-accumulates", iosd(price)));
        return Some(step.account("operator", i, 0).account("device account", i, 1));
    }
    if let Some(ix::SetClass { class }) = arguments(i) {
        let step = step("change a device's class; the stake that it needs changes too").detail("class", class);
        return Some(step.account("operator", i, 0).account("device account", i, 4));
    }
    if let Some(ix::ShareIdlePay {}) = arguments(i) {
        let step = step("share out a round's idle pay").account("device account", i, 0);
        return Some(step.account("round", i, 2));
    }
    let ix::ClaimIdlePay {} = arguments(i)?;
    Some(step("mint an operator's idle pay").account("operator account", i, 1).account("to", i, 3))
}

fn other(i: &Instruction) -> Option<Step> {
    if let Some(ix::OpenProof { size }) = arguments(i) {
        let step = step("open a buffer for evidence").detail("size", format!("{size} bytes"));
        return Some(step.account("prover", i, 0).account("job", i, 1));
    }
    if let Some(ix::GrowProof { size }) = arguments(i) {
        let step = step("make room for evidence").detail("size", format!("{size} bytes"));
        return Some(step.account("prover", i, 0));
    }
    if let Some(ix::WriteProof { offset, bytes }) = arguments(i) {
        let end = offset as usize + bytes.len();
        return Some(step("write evidence").detail("bytes", format!("{offset} to {end}")).account("prover", i, 0));
    }
    if let Some(ix::DrawAudit {}) = arguments(i) {
        return Some(step("draw a job's audit").account("caller", i, 0).account("job", i, 2));
    }
    if let Some(ix::OpenCell { index }) = arguments(i) {
        let step = step("answer a cell of an audit").detail("cell", index);
        return Some(step.account("prover", i, 0).account("job", i, 3));
    }
    if let Some(ix::CloseProof {}) = arguments(i) {
        return Some(step("close a buffer of evidence").account("prover", i, 0));
    }
    if let Some(ix::Administer { order }) = arguments(i) {
        return Some(step("order").detail("does", words::action(&Action::Jobs(order))).account("authority", i, 0));
    }
    if let Some(ix::AcceptAuthority {}) = arguments(i) {
        return Some(step("accept the authority").account("authority", i, 0));
    }
    if let Some(ix::OpenShard { index }) = arguments(i) {
        return Some(step("open an event shard").detail("shard", index));
    }
    let ix::Initialize { args } = arguments(i)?;
    let step = step("initialize").detail("window", format!("{} s", args.challenge_window_s));
    Some(step.account("authority", i, 0))
}
