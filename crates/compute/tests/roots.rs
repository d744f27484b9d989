//! Roots computed 16 hashes at a time, or on threads, are the judge's.
use compute::roots::{self, Hasher};
use compute::sample::Bytes;
use judge::{ACTIVATIONS, Claim, Domain, WEIGHTS};

#[test]
fn every_hasher_gives_the_judges_root_for_every_shape() {
    let mut random = Bytes(5);
    let id = [9; 32];
    for rows in [1u32, 2, 3, 15, 16, 17, 33, 100] {
        for row_bytes in [1u32, 55, 56, 63, 64, 65, 255, 256, 257, 311, 312, 768, 1000, 4096, 4100] {
            let bytes = random.take((rows * row_bytes) as usize);
            for (tag, layer) in [(ACTIVATIONS, 0), (WEIGHTS, 77)] {
                let domain = Domain { tag, id: &id, layer, rows, row_bytes };
                let expected = judge::matrix_root(&domain, &bytes);
                assert!(expected.is_some());
                for hasher in Hasher::available() {
                    for threads in [1, 3] {
                        let found = hasher.matrix_root(&domain, &bytes, threads);
                        assert_eq!(found, expected, "{hasher:?}, {threads} threads, {rows} x {row_bytes}");
                    }
                }
            }
        }
    }
}

#[test]
fn threads_share_a_large_matrix_and_agree() {
    let domain = Domain { tag: ACTIVATIONS, id: &[1; 32], layer: 3, rows: 1021, row_bytes: 1023 };
    let bytes = Bytes(6).take(1021 * 1023);
    let expected = judge::matrix_root(&domain, &bytes);
    for hasher in Hasher::available() {
        assert_eq!(hasher.matrix_root(&domain, &bytes, 4), expected, "{hasher:?}");
    }
}

#[test]
fn matrices_of_the_wrong_size_have_no_root() {
    for (rows, row_bytes, found) in [(2, 3, 5), (2, 3, 7), (0, 3, 0), (3, 0, 0), (1, (1 << 20) + 1, (1 << 20) + 1)] {
        let domain = Domain { tag: ACTIVATIONS, id: &[1; 32], layer: 0, rows, row_bytes };
        let bytes = vec![0; found];
        assert_eq!(judge::matrix_root(&domain, &bytes), None);
        for hasher in Hasher::available() {
            assert_eq!(hasher.matrix_root(&domain, &bytes, 1), None, "{hasher:?}");
        }
    }
}

#[test]
fn commitments_are_the_judges() {
    let mut random = Bytes(8);
    for seed in 0..6 {
        let model = Bytes(seed).graph().unwrap();
        let (layers, job, rows) = (model.specs(), [seed as u8; 32], 5);
        let input = random.take(5 * model.input_width() as usize);
        let mut activations = model.run_reference(&input).unwrap();
        let claim = Claim { job: &job, layers: &layers, rows, input_root: &[0; 32], commitment: &[0; 32] };
        assert_eq!(roots::commit(&claim, &activations), judge::cell::commit(&claim, &activations));
        let width = model.input_width();
        assert_eq!(roots::input_root(&job, rows, width, &input), judge::cell::input_root(&job, rows, width, &input));
        activations[1].push(0);
        assert_eq!(roots::commit(&claim, &activations), judge::cell::commit(&claim, &activations));
        activations.pop();
        assert_eq!(roots::commit(&claim, &activations), Err(judge::JudgeError::Length));
    }
}
