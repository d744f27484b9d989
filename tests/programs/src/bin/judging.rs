//! Prints what judging one cell costs on chain, by its products, as one JSON object.
fn main() {
    println!("{}", program_tests::judging::report());
}
