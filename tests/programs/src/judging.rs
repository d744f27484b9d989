//! What judging one cell costs on chain, by its products.
use crate::net::Net;
use crate::{graphs, stranger};
use client::evidence::{judged, transactions};
use client::{credits_ix, jobs_ix};
use judge::challenge::CELLS;
use serde_json::{Map, Value, json};
use solana_signer::Signer;

/// Products that are measured.
pub const PRODUCTS: [u16; 4] = [256, 1_024, 4_096, 16_384];

/// One cell.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub products: u16,
    pub evidence_bytes: usize,
    /// From creating the buffer to judging, which closes it.
    pub transactions: usize,
    /// Compute units of a dispute that proves a fault, with refund and slash.
    pub dispute_cu: u64,
    /// Of the whole instruction up to the verdict: of a dispute of a right cell.
    pub cell_cu: u64,
    /// Of the judgement alone: what it takes more than one that is refused for want of evidence.
    pub judge_cu: u64,
}

/// Measures a cell of a fully connected layer.
///
/// # Panics
/// If the programs are not built or refuse.
pub fn cost(products: u16) -> Cost {
    let model = graphs::gemm(products);
    let (prover, cell) = (stranger(), (0, 1, 3));
    let me = prover.pubkey();
    let mut up = Net::new();
    up.register(&prover, &model);

    let mut net = up.clone();
    let job = net.cheated(&model, cell);
    let evidence = job.work.evidence(cell);
    let user = net.job(&job.address).expect("the job is live").user;
    net.upload(&prover, job.address, &evidence);
    let dispute = judged(net.dispute(&prover, job.address, cell), evidence.len());
    let dispute_cu = net.ok(&dispute, &[&prover]).cu;

    let mut net = up;
    let job = net.committed(&model);
    let mut refused = |evidence: &[u8], error: &str| {
        net.upload(&prover, job.address, evidence);
        let dispute = judged(net.dispute(&prover, job.address, cell), usize::MAX);
        let failure = net.send(&dispute, &[&prover]).expect_err("there is no fault");
        assert_eq!(failure.name, error);
        net.ok(&[jobs_ix::close_proof(me, job.address)], &[&prover]);
        failure.cu_of(&jobs::ID)
    };
    let cell_cu = refused(&job.work.evidence(cell), "NoFault");
    let judge_cu = cell_cu.saturating_sub(refused(&[0], "EvidenceLength"));
    let accounts = [credits_ix::create_iosd_account(me, user), credits_ix::create_io_account(me, me)];
    let transactions = 1 + transactions(evidence.len(), me, job.address, &accounts);
    Cost { products, evidence_bytes: evidence.len(), transactions, dispute_cu, cell_cu, judge_cu }
}

/// The dearest of a challenge's drawn cells, judged from the seed in one transaction: compute units.
///
/// # Panics
/// If the programs are not built or refuse.
pub fn challenge_cu() -> u64 {
    let mut net = Net::new();
    let number = net.open_round();
    let answer = net.answer_of(0, number);
    net.commit_answer(0, number, &answer);
    net.draw_cells(number);
    let cells = (0..CELLS as u8).map(|cell| {
        let show = net.answer_cell(0, number, &answer, cell);
        net.ok(&[show], &[&stranger()]).cu
    });
    cells.max().expect("some cells are drawn")
}

/// All of them as one object.
pub fn report() -> Value {
    let costs = PRODUCTS.map(cost);
    let by_products = |value: fn(&Cost) -> Value| -> Map<String, Value> {
        costs.iter().map(|cost| (cost.products.to_string(), value(cost))).collect()
    };
    json!({
        "cell_cu": by_products(|cost| json!(cost.cell_cu)),
        "judge_cu": by_products(|cost| json!(cost.judge_cu)),
        "dispute_cu": by_products(|cost| json!(cost.dispute_cu)),
        "transactions": by_products(|cost| json!(cost.transactions)),
        "evidence_bytes": by_products(|cost| json!(cost.evidence_bytes)),
        "challenge_cu": challenge_cu(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_of_4096_products_is_judged_within_60000_units() {
        let cost = cost(4_096);
        assert!(cost.cell_cu <= 60_000 && cost.judge_cu < cost.cell_cu && cost.cell_cu < cost.dispute_cu, "{cost:?}");
    }

    #[test]
    fn a_cell_of_a_challenge_is_judged_within_40_000_units() {
        let cu = challenge_cu();
        assert!((10_000..=40_000).contains(&cu), "{cu}");
    }

    #[test]
    fn a_small_cell_takes_no_more_transactions_than_its_evidence_needs() {
        let me = stranger().pubkey();
        assert_eq!(transactions(800, me, me, &[]), 1, "opened and written at once");
        assert_eq!(transactions(1_300, me, me, &[]), 2);
    }
}
