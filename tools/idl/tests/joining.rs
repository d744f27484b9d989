//! Joining printed parts, without compiling a program.
use idl_tool::{first_difference, join};

fn part(name: &str, text: &str) -> String {
    format!("--- IDL begin {name} ---\n{text}\n--- IDL end {name} ---\n")
}

fn program(name: &str, docs: &str) -> String {
    let text = format!(
        r#"{{"address": "", "metadata": {{"name": "{name}", "version": "0.1.0", "spec": "0.1.0"}}, "docs": ["{docs}"],
        "instructions": [
          {{"name": "b", "discriminator": [2, 1], "accounts": [], "args": []}},
          {{"name": "a", "discriminator": [1, 1], "accounts": [], "args": [
            {{"name": "x", "type": {{"defined": {{"name": "{name}::state::Only"}}}}}}]}}],
        "types": [{{"name": "{name}::state::Only", "type": {{"kind": "struct", "fields": []}}}},
                  {{"name": "{name}::state::Same", "type": {{"kind": "struct", "fields": []}}}},
                  {{"name": "other::Same", "type": {{"kind": "struct", "fields": []}}}}]}}"#
    );
    part("program", &text)
}

fn address(key: &str) -> String {
    part("address", &format!("\"{key}\""))
}

const END: &str = "test result: ok. 2 passed\n";

#[test]
fn parts_of_two_programs_are_not_mixed_and_are_sorted() {
    let output = [&address("One"), &program("one", ""), END, &program("two", ""), &address("Two"), END].concat();
    let idls = join(&output).unwrap();
    assert_eq!(idls.len(), 2);
    for (idl, (name, key)) in idls.iter().zip([("one", "One"), ("two", "Two")]) {
        assert_eq!((idl.metadata.name.as_str(), idl.address.as_str()), (name, key));
        assert_eq!(idl.instructions.iter().map(|i| i.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    }
}

#[test]
fn paths_are_shortened_only_where_one_type_has_the_name_and_never_in_docs() {
    let output = [&address("One"), &program("one", "one::state::Only"), END].concat();
    let idl = &join(&output).unwrap()[0];
    let names: Vec<_> = idl.types.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["Only", "one::state::Same", "other::Same"]);
    assert_eq!(idl.docs, ["one::state::Only"]);
    assert!(serde_json::to_string(&idl.instructions).unwrap().contains(r#"{"name":"Only"}"#));
}

#[test]
fn a_crate_without_a_program_gives_nothing() {
    assert!(join(&["running 0 tests\n", END].concat()).unwrap().is_empty());
}

#[test]
fn output_that_is_not_understood_is_an_error() {
    let twice = [&address("One"), &address("Two"), &program("one", ""), END].concat();
    let clash = program("one", "").replace("[2, 1]", "[1]");
    let cases = [
        (twice, "more than one address part"),
        ([&program("one", ""), END].concat(), "declares no address"),
        ([&address("One"), &clash, END].concat(), "same discriminator"),
        (part("novelty", "{}"), "\"novelty\" is not known"),
        ("--- IDL begin program ---\n{}\n".into(), "has no end"),
        (part("event", "{}"), "event part is not what this tool expects"),
    ];
    for (output, message) in cases {
        let error = format!("{:#}", join(&output).unwrap_err());
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn a_difference_is_named_by_line() {
    assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
    assert_eq!(first_difference("a\n b\n", "a\n c\n").unwrap(), "line 2 is `b`, should be `c`");
    assert_eq!(first_difference("a\n", "a\nb\n").unwrap(), "line 2 is nothing, should be `b`");
    assert_eq!(first_difference("a\r\n", "a\n").unwrap(), "line endings differ");
}
