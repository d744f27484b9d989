//! Which layer tables are allowed, and their identity.
use judge::layer::{MAX_LAYERS, MAX_WIDTH};
use judge::{Hash, Layer, LayerError, Requant, check_layers, model_root};
use std::collections::BTreeSet;

const REQUANT: Requant = Requant { shift1: 3, mul: 9_000, shift2: 15, zero_point: 2, lo: -100, hi: 99 };

fn layer(k: u32, n: u32) -> Layer {
    Layer { k, n, requant: Some(REQUANT), weight_root: [k as u8; 32] }
}

fn accumulating(k: u32, n: u32) -> Layer {
    Layer { requant: None, ..layer(k, n) }
}

fn with(requant: Requant) -> Result<(), LayerError> {
    check_layers(&[Layer { requant: Some(requant), ..layer(1, 1) }])
}

#[test]
fn a_table_has_one_to_twelve_layers() {
    assert_eq!(MAX_LAYERS, 12);
    assert_eq!(check_layers(&[]), Err(LayerError::Count));
    for count in 1..=MAX_LAYERS {
        assert_eq!(check_layers(&vec![layer(4, 4); count]), Ok(()), "{count} layers");
    }
    assert_eq!(check_layers(&[layer(4, 4); MAX_LAYERS + 1]), Err(LayerError::Count));
}

#[test]
fn widths_are_one_to_the_widest() {
    for (k, n) in [(1, 1), (MAX_WIDTH, 1), (1, MAX_WIDTH), (MAX_WIDTH, MAX_WIDTH)] {
        assert_eq!(check_layers(&[layer(k, n)]), Ok(()), "{k} to {n}");
    }
    for wrong in [0, MAX_WIDTH + 1, 1 << 30, u32::MAX] {
        for table in [layer(wrong, 1), layer(1, wrong), accumulating(wrong, 1), accumulating(1, wrong)] {
            assert_eq!(check_layers(&[table]), Err(LayerError::Width), "{wrong}");
        }
    }
}

#[test]
fn rows_of_accumulators_are_at_most_4096_bytes() {
    assert_eq!(check_layers(&[accumulating(1, 1_024)]), Ok(()));
    assert_eq!(check_layers(&[accumulating(1, 1_025)]), Err(LayerError::Width));
}

#[test]
fn a_layer_takes_what_the_one_before_gives() {
    assert_eq!(check_layers(&[layer(3, 5), layer(5, 7)]), Ok(()));
    assert_eq!(check_layers(&[layer(3, 5), layer(6, 7)]), Err(LayerError::Chain));
    assert_eq!(check_layers(&[layer(3, 5), layer(5, 7), layer(5, 7)]), Err(LayerError::Chain));
}

#[test]
fn only_the_last_layer_may_give_accumulators() {
    assert_eq!(check_layers(&[layer(3, 5), accumulating(5, 7)]), Ok(()));
    assert_eq!(check_layers(&[accumulating(3, 5), layer(5, 7)]), Err(LayerError::InnerAccumulator));
    assert_eq!(check_layers(&[accumulating(3, 5), accumulating(5, 7)]), Err(LayerError::InnerAccumulator));
}

#[test]
fn requantisation_has_exact_bounds() {
    for shift1 in 0..=u8::MAX {
        let expected = if shift1 <= 31 { Ok(()) } else { Err(LayerError::Requant) };
        assert_eq!(with(Requant { shift1, ..REQUANT }), expected, "shift1 {shift1}");
    }
    for shift2 in 0..=u8::MAX {
        let expected = if (1..=30).contains(&shift2) { Ok(()) } else { Err(LayerError::Requant) };
        assert_eq!(with(Requant { shift2, ..REQUANT }), expected, "shift2 {shift2}");
    }
    for (mul, allowed) in [(0, false), (1, true), (32_767, true), (32_768, false), (u16::MAX, false)] {
        assert_eq!(with(Requant { mul, ..REQUANT }).is_ok(), allowed, "mul {mul}");
    }
    for (lo, hi, allowed) in [(-128, 127, true), (5, 5, true), (6, 5, false), (127, -128, false)] {
        assert_eq!(with(Requant { lo, hi, ..REQUANT }).is_ok(), allowed, "{lo} to {hi}");
    }
}

#[test]
fn refusals_say_the_bounds() {
    assert_eq!(LayerError::Count.to_string(), "a model has 1 to 12 layers");
    assert_eq!(LayerError::Width.to_string(), "layer widths are 1 to 2048 and rows at most 4096 bytes");
}

#[test]
fn changing_any_field_changes_the_models_root() {
    let base = [layer(3, 5), accumulating(5, 7)];
    let mut tables: Vec<Vec<Layer>> = vec![base.to_vec(), base[..1].to_vec(), base[1..].to_vec(), Vec::new()];
    tables.push(vec![base[1], base[0]]);
    tables.push(vec![base[0], base[1], base[1]]);
    let changes: [fn(&mut Layer); 12] = [
        |l| l.k += 1,
        |l| l.n += 1,
        |l| l.weight_root[0] ^= 1,
        |l| l.weight_root[31] ^= 128,
        |l| l.requant = l.requant.xor(Some(Requant { shift1: 0, mul: 0, shift2: 0, zero_point: 0, lo: 0, hi: 0 })),
        |l| l.requant = Some(Requant { shift1: 4, ..REQUANT }),
        |l| l.requant = Some(Requant { mul: 9_001, ..REQUANT }),
        |l| l.requant = Some(Requant { mul: 9_256, ..REQUANT }),
        |l| l.requant = Some(Requant { shift2: 16, ..REQUANT }),
        |l| l.requant = Some(Requant { zero_point: 3, ..REQUANT }),
        |l| l.requant = Some(Requant { lo: -99, ..REQUANT }),
        |l| l.requant = Some(Requant { hi: 98, ..REQUANT }),
    ];
    for change in changes {
        for index in 0..base.len() {
            let mut table = base.to_vec();
            change(&mut table[index]);
            tables.push(table);
        }
    }
    let roots: BTreeSet<Hash> = tables.iter().map(|t| model_root(t)).collect();
    assert_eq!(roots.len(), tables.len());
}

#[test]
fn a_root_does_not_change_between_versions() {
    let root = model_root(&[layer(3, 5), accumulating(5, 7)]);
    let mut text = b"IOMD".to_vec();
    text.extend([0, 1, 0, 0, 2, 0, 0, 0]);
    text.extend([1, 1, 3, 15, 0x28, 0x23, 2, 0x9c, 99, 0, 0, 0, 3, 0, 0, 0, 5, 0, 0, 0]);
    text.extend([3; 32]);
    text.extend([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 7, 0, 0, 0]);
    text.extend([5; 32]);
    assert_eq!(root, crate::reference::sha256(&text));
}
