//! The known-answer test that a backend must pass before it works.
use crate::sample::Bytes;
use crate::{Backend, ComputeError, Gemm, Wanted};
use judge::{ACTIVATIONS, Domain, Hash, challenge, matrix_root, sha256};
use model::Model;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// sha256 over all outputs of the self-test, in order. A reference that is wrong in the same way as the kernels cannot
/// give it.
pub const SELF_TEST_DIGEST: Hash = [
    0xf7, 0xaa, 0x42, 0xc1, 0xb5, 0x0a, 0x09, 0x48, 0xdd, 0x43, 0x3f, 0x24, 0x37, 0xa9, 0x24, 0xe2, 0x3f, 0x33, 0x44,
    0xad, 0x18, 0xa0, 0xb5, 0x05, 0x71, 0x8e, 0xd5, 0x48, 0xb2, 0xfb, 0xd3, 0xf6,
];

/// A passed self-test.
#[derive(Clone, Copy, Debug)]
pub struct SelfTest {
    /// sha256 over all outputs; always [`SELF_TEST_DIGEST`].
    pub digest: Hash,
    /// Products, models and challenges run.
    pub cases: usize,
    /// Cells compared.
    pub cells: u64,
    pub elapsed: Duration,
}

/// Products `(m, n, k)`: one cell, odd sizes, more than one tile in each direction, single rows and columns, and the
/// longest sums, for batches on both sides of the GPU's choice of kernel.
const SHAPES: [(usize, usize, usize); 11] = [
    (1, 1, 1),
    (3, 5, 7),
    (1, 70, 33),
    (70, 1, 66),
    (17, 33, 65),
    (64, 64, 64),
    (67, 130, 129),
    (13, 31, 255),
    (9, 16, 2048),
    (2, 3, 65_536),
    (34, 3, 65_536),
];

/// Models: rows, widths, and whether the last layer gives i32.
const MODELS: [(usize, &[u32], bool); 4] =
    [(1, &[1, 1], false), (5, &[7, 66, 3, 9], false), (66, &[130, 65, 64, 10], true), (19, &[300, 257], true)];

/// Seeds of graphs of every kind of layer, and the rows they run on.
const GRAPHS: [(u64, usize); 12] =
    [(1, 1), (2, 2), (3, 5), (4, 3), (5, 1), (6, 40), (7, 2), (8, 3), (9, 1), (10, 7), (11, 2), (12, 3)];

/// The job that models are committed for.
const JOB: Hash = [0x6a; 32];
/// A device challenge: its seed, and the fewest rows there are.
const SEED: Hash = [0xc5; 32];
const CHALLENGE_ROWS: u32 = challenge::ROW_STEP;

/// What fills the operands of a product.
#[derive(Clone, Copy, Debug)]
enum Fill {
    Random,
    LeastByLeast,
    LeastByMost,
}

/// Runs every case and compares it with the judge's definition, and all of it with [`SELF_TEST_DIGEST`].
///
/// # Errors
/// [`ComputeError::SelfTest`] at the first difference, or whatever the backend fails with.
pub fn self_test(backend: &mut dyn Backend) -> Result<SelfTest, ComputeError> {
    let start = Instant::now();
    let mut random = Bytes(1);
    let mut digests: Vec<Hash> = Vec::new();
    let mut cells = 0;
    let name = backend.describe().to_string();
    let fail = |case: &str, reason: String| ComputeError::SelfTest { backend: name.clone(), case: case.into(), reason };

    for (m, n, k) in SHAPES {
        for fill in [Fill::Random, Fill::LeastByLeast, Fill::LeastByMost] {
            let (a, b) = match fill {
                Fill::Random => (random.take(m * k), random.take(n * k)),
                Fill::LeastByLeast => (vec![0x80; m * k], vec![0x80; n * k]),
                Fill::LeastByMost => (vec![0x80; m * k], vec![0x7f; n * k]),
            };
            let case = format!("product {m}x{n}x{k} {fill:?}");
            let found = backend.gemm(Gemm { m, n, k }, &a, &b)?;
            let rows = a.chunks_exact(k);
            let expected: Vec<i32> =
                rows.flat_map(|row| b.chunks_exact(k).map(|column| judge::dot::dot(row, column))).collect();
            compare(&expected, &found).map_err(|reason| fail(&case, reason))?;
            let bytes: Vec<u8> = found.iter().flat_map(|cell| cell.to_le_bytes()).collect();
            digests.push(sha256(&[&bytes]));
            cells += found.len() as u64;
        }
    }
    let mut models: Vec<(String, Model, usize)> = Vec::new();
    for (rows, widths, raw_end) in MODELS {
        models.push((format!("model {widths:?} on {rows} rows"), random.model(widths, raw_end)?, rows));
    }
    for (seed, rows) in GRAPHS {
        models.push((format!("graph {seed} on {rows} rows"), Bytes(seed).graph()?, rows));
    }
    for (case, model, rows) in &models {
        let input = random.take(rows * model.input_width() as usize);
        let committed = backend.commit(&JOB, model, &input, &Wanted::everything(model))?;
        let (found, roots) = (committed.execution, committed.roots);
        let expected = model.run_reference(&input)?;
        for (i, (expected, found)) in expected.iter().zip(&found.activations).enumerate() {
            compare(expected, found).map_err(|reason| fail(&format!("{case}, activations {i}"), reason))?;
            digests.push(sha256(&[found]));
            cells += found.len() as u64;
        }
        for (i, (layer, accumulators)) in model.layers.iter().zip(&found.accumulators).enumerate() {
            let sums = layer.reference_accumulators(&model::sources(&layer.spec, &expected), *rows);
            compare(&sums, accumulators).map_err(|reason| fail(&format!("{case}, accumulators {i}"), reason))?;
            cells += sums.len() as u64;
        }
        let outputs = (1..).zip(&expected[1..]).zip(&model.layers);
        let expected: Option<Vec<Hash>> = outputs
            .map(|((layer, bytes), spec)| {
                let row_bytes = spec.spec.out_row_bytes();
                matrix_root(&Domain { tag: ACTIVATIONS, id: &JOB, layer, rows: *rows as u32, row_bytes }, bytes)
            })
            .collect();
        compare(&expected.unwrap_or_default(), &roots).map_err(|reason| fail(&format!("{case}, roots"), reason))?;
        digests.extend(roots);
    }
    let found = backend.challenge(&SEED, CHALLENGE_ROWS)?.root();
    compare(&[challenge_root()], &[found]).map_err(|reason| fail("device challenge", reason))?;
    digests.push(found);
    let parts: Vec<&[u8]> = digests.iter().map(|digest| digest.as_slice()).collect();
    let digest = sha256(&parts);
    if digest != SELF_TEST_DIGEST {
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        return Err(fail("the digest over all outputs", format!("the definition itself gives other numbers: {hex}")));
    }
    Ok(SelfTest { digest, cases: 3 * SHAPES.len() + models.len() + 1, cells, elapsed: start.elapsed() })
}

/// The challenge by the judge's definition. Computed once: it is the same for every backend.
fn challenge_root() -> Hash {
    static ROOT: OnceLock<Hash> = OnceLock::new();
    *ROOT.get_or_init(|| {
        let columns: Vec<_> = (0..challenge::COLUMNS).map(|j| challenge::column(&SEED, j)).collect();
        let rows = (0..CHALLENGE_ROWS).map(|i| challenge::row(&SEED, i));
        let cells = rows.flat_map(|row| {
            let cell = move |column: &[u8; challenge::DEPTH]| challenge::byte_of(judge::dot::dot(&row, column));
            columns.iter().map(cell).collect::<Vec<u8>>()
        });
        matrix_root(&challenge::domain(&SEED, CHALLENGE_ROWS), &cells.collect::<Vec<u8>>()).unwrap_or_default()
    })
}

fn compare<T: PartialEq + std::fmt::Debug>(expected: &[T], found: &[T]) -> Result<(), String> {
    if expected.len() != found.len() {
        return Err(format!("{} values instead of {}", found.len(), expected.len()));
    }
    match expected.iter().zip(found).position(|(expected, found)| expected != found) {
        None => Ok(()),
        Some(at) => Err(format!("value {at} is {:?} instead of {:?}", found[at], expected[at])),
    }
}
