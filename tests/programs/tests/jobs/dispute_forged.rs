//! Trees that are not what they should be: neither does a forged proof convict an honest worker, nor can a forged commitment be
//! opened in two ways.
use client::jobs_ix;
use jobs::CommitArgs;
use judge::{ACTIVATIONS, Domain, Hash, MatrixTree, commitment_root, merkle};
use program_tests::net::Posted;
use program_tests::{Cell, Net, Work, device, stranger, work};
use solana_signer::Signer;

/// Uploads `evidence` and expects the dispute of `cell` to be refused with `error`.
#[track_caller]
fn refused(net: &mut Net, error: &str, job: &Posted, cell: Cell, evidence: &[u8]) {
    let prover = stranger();
    net.upload(&prover, job.address, evidence);
    let dispute = net.dispute(&prover, job.address, cell);
    net.refused(error, &[dispute], &[&prover]);
    net.ok(&[jobs_ix::close_proof(prover.pubkey(), job.address)], &[&prover]);
}

/// The device commits to a root of its own making.
fn commit(net: &mut Net, job: &Posted, commitment: Hash) {
    let args = CommitArgs { commitment, result_blob: [0; 32] };
    net.ok(&[jobs_ix::commit_result(device(0).pubkey(), job.address, args)], &[&device(0)]);
}

/// What the output of `layer` is, for its leaves.
fn domain<'a>(work: &Work, id: &'a Hash, layer: u32) -> Domain<'a> {
    let row_bytes = work.model.layers[layer as usize].spec.out_row_bytes();
    Domain { tag: ACTIVATIONS, id, layer: layer + 1, rows: work.rows, row_bytes }
}

fn layer_root(work: &Work, layer: u32) -> Hash {
    let id = work.job.to_bytes();
    MatrixTree::new(domain(work, &id, layer), &work.activations[layer as usize + 1]).unwrap().root()
}

/// Leaf of a row of one segment.
fn row_leaf(work: &Work, layer: u32, row: u32) -> Hash {
    let id = work.job.to_bytes();
    let domain = domain(work, &id, layer);
    let width = domain.row_bytes as usize;
    domain.leaf(row, 0, &work.activations[layer as usize + 1][row as usize * width..][..width])
}

/// `tiny` in two rows: evidence about layer 0 ends with a segment of 4 bytes, the other row's root and the other layer's root.
const TAIL: usize = 4 + 32 + 32;

#[test]
fn a_path_that_is_cut_short_lengthened_or_turned_round_proves_nothing() {
    let mut net = Net::new();
    let (cell, other) = ((0, 1, 2), (0, 0, 2));
    let job = net.committed(&work::tiny());
    let evidence = job.work.evidence(cell);
    let (head, tail) = evidence.split_at(evidence.len() - TAIL);
    let (segment, row, layer) = (&tail[..4], &tail[4..36], &tail[36..]);
    let wrong = job.work.tampered(cell).evidence(cell);
    let lie = &wrong[wrong.len() - TAIL..][..4];
    for cut in [[segment, row].concat(), [segment, layer].concat(), segment.to_vec(), [lie, row].concat()] {
        refused(&mut net, "EvidenceLength", &job, cell, &[head, &cut].concat());
    }
    let longer = [head, segment, row, row, layer].concat();
    refused(&mut net, "EvidenceLength", &job, cell, &longer);
    // As long as it must be: layer and row exchanged, a lie under the right path, the other row's segment and path.
    refused(&mut net, "EvidenceOutput", &job, cell, &[head, segment, layer, row].concat());
    refused(&mut net, "EvidenceOutput", &job, cell, &[head, lie, row, layer].concat());
    let beside = job.work.evidence(other);
    refused(&mut net, "EvidenceOutput", &job, cell, &[head, &beside[beside.len() - TAIL..]].concat());
}

#[test]
fn segments_that_change_places_prove_nothing() {
    let mut net = Net::new();
    let model = work::model("long", &[600, 520, 3]);
    net.register(&stranger(), &model);
    let job = net.committed(&model);
    // The input row begins the evidence: 256, 256 and 88 bytes.
    let cell = (0, 1, 300);
    let evidence = job.work.evidence(cell);
    let (first, rest) = evidence.split_at(256);
    let (second, rest) = rest.split_at(256);
    refused(&mut net, "EvidenceInput", &job, cell, &[second, first, rest].concat());
    // The output's second segment stands before its siblings; in its place the first, with the siblings that it would have.
    let (at, path) = (evidence.len() - 32 * 4 - 256, 32 * 4);
    assert_eq!(&evidence[at..at + 256], &job.work.activations[1][520 + 256..][..256]);
    let mut swapped = evidence.clone();
    swapped[at..at + 256].copy_from_slice(&job.work.activations[1][520..][..256]);
    refused(&mut net, "EvidenceOutput", &job, cell, &swapped);
    let beside = job.work.evidence((0, 1, 0));
    let mut both = evidence.clone();
    both[at..].copy_from_slice(&beside[beside.len() - 256 - path..]);
    refused(&mut net, "EvidenceOutput", &job, cell, &both);
}

#[test]
fn a_worker_whose_segments_have_changed_places_has_a_root_that_nothing_opens() {
    let mut net = Net::new();
    let model = work::model("long", &[600, 520, 3]);
    net.register(&stranger(), &model);
    let job = net.claimed(&model);
    let mut swapped = job.work.clone();
    let row = &mut swapped.activations[1][520..1040];
    let (first, second) = row.split_at_mut(256);
    first.swap_with_slice(&mut second[..256]);
    // The bytes are in their places, the leaves are not.
    let id = job.address.to_bytes();
    let domain = domain(&job.work, &id, 0);
    let bytes = &job.work.activations[1];
    let row_root = |row: u32, order: [u32; 3]| {
        let part = |segment: u32| {
            let start = row as usize * 520 + segment as usize * 256;
            domain.leaf(row, segment, &bytes[start..start + domain.segment_bytes(segment as usize)])
        };
        merkle::node(&merkle::node(&part(order[0]), &part(order[1])), &part(order[2]))
    };
    let forged = merkle::node(&row_root(0, [0, 1, 2]), &row_root(1, [1, 0, 2]));
    assert_eq!(merkle::node(&row_root(0, [0, 1, 2]), &row_root(1, [0, 1, 2])), layer_root(&job.work, 0));
    commit(&mut net, &job, commitment_root(&[forged, layer_root(&job.work, 1)]));
    for cell in [(0, 1, 0), (0, 1, 300)] {
        refused(&mut net, "EvidenceOutput", &job, cell, &job.work.evidence(cell));
        refused(&mut net, "EvidenceOutput", &job, cell, &swapped.evidence(cell));
    }
}

#[test]
fn a_node_in_the_place_of_a_leaf_opens_neither_of_its_two_rows() {
    let mut net = Net::new();
    let cell = (0, 1, 2);
    let job = net.claimed(&work::tiny());
    let lie = job.work.tampered(cell);
    // Row 1 has two contents, under a node where its leaf should be.
    let (right, wrong) = (row_leaf(&job.work, 0, 1), row_leaf(&lie, 0, 1));
    let other = row_leaf(&job.work, 0, 0);
    let forged = merkle::node(&other, &merkle::node(&right, &wrong));
    let last = layer_root(&job.work, 1);
    commit(&mut net, &job, commitment_root(&[forged, last]));
    for (work, beside) in [(&job.work, wrong), (&lie, right)] {
        let evidence = work.evidence(cell);
        let (head, segment) = (&evidence[..evidence.len() - TAIL], &evidence[evidence.len() - TAIL..][..4]);
        refused(&mut net, "EvidenceLength", &job, cell, &[head, segment, &beside, &other, &last].concat());
        refused(&mut net, "EvidenceOutput", &job, cell, &[head, segment, &other, &last].concat());
    }
}

#[test]
fn a_nodes_bytes_are_no_segment_though_both_hash_68_bytes() {
    let mut net = Net::new();
    let cell = (0, 1, 2);
    let job = net.claimed(&work::tiny());
    // A leaf of `tiny` hashes a header of 64 bytes and 4 bytes; a node hashes 4 bytes and two hashes.
    let (left, right) = (judge::sha256(&[b"left"]), judge::sha256(&[b"right"]));
    let forged = merkle::node(&row_leaf(&job.work, 0, 0), &merkle::node(&left, &right));
    let last = layer_root(&job.work, 1);
    commit(&mut net, &job, commitment_root(&[forged, last]));
    let evidence = job.work.evidence(cell);
    let (head, tail) = evidence.split_at(evidence.len() - TAIL);
    refused(&mut net, "EvidenceOutput", &job, cell, &[head, &right[28..], &tail[4..36], &last].concat());
}

#[test]
fn a_tree_over_fewer_rows_or_layers_opens_nothing() {
    let cell = (0, 0, 2);
    let fewer = |work: &Work| {
        let mut one = work.clone();
        one.rows = 1;
        one.activations.iter_mut().for_each(|matrix| matrix.truncate(matrix.len() / 2));
        one
    };
    let up = Net::new();
    for rows in [true, false] {
        let mut net = up.clone();
        let job = net.claimed(&work::tiny());
        let one = fewer(&job.work);
        let commitment = if rows { one.commitment() } else { layer_root(&job.work, 0) };
        commit(&mut net, &job, commitment);
        refused(&mut net, "EvidenceOutput", &job, cell, &job.work.evidence(cell));
        let whole = job.work.evidence(cell);
        refused(&mut net, "EvidenceLength", &job, cell, &whole[..whole.len() - 32]);
        if rows {
            refused(&mut net, "EvidenceInput", &job, cell, &one.evidence(cell));
        }
    }
}

#[test]
fn the_root_of_another_job_opens_nothing_of_this_one() {
    let mut net = Net::new();
    let cell = (0, 1, 2);
    let job = net.claimed(&work::tiny());
    let other = Work::honest(&work::tiny(), stranger().pubkey(), 2);
    commit(&mut net, &job, other.commitment());
    refused(&mut net, "EvidenceOutput", &job, cell, &job.work.evidence(cell));
    refused(&mut net, "EvidenceInput", &job, cell, &other.evidence(cell));
    let tail = |work: &Work| work.evidence(cell).split_off(work.evidence(cell).len() - TAIL);
    let evidence = job.work.evidence(cell);
    let mixed = [&evidence[..evidence.len() - TAIL], &tail(&other)].concat();
    refused(&mut net, "EvidenceOutput", &job, cell, &mixed);
}
