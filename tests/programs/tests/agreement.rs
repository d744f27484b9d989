//! The program and the library give the same verdicts.
use program_tests::agreement::run;

#[test]
fn chain_and_host_agree_on_random_cells_of_random_models() {
    let counts = run(2_000, 7).unwrap_or_else(|difference| panic!("{difference}"));
    assert!(counts.honest > 100 && counts.faults > 100 && counts.refused > 100, "{counts:?}");
}
