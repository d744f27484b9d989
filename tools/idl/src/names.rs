//! Names of types: `credits::events::Stamp` becomes `Stamp` where that is the only one.
use anchor_lang_idl::types::Idl;
use anyhow::Result;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Replaces module paths by the bare name, except where two types share it.
pub fn shorten(idl: Idl) -> Result<Idl> {
    let mut value = serde_json::to_value(idl)?;
    let mut paths = BTreeSet::new();
    visit(&mut value, &mut |name| {
        if is_path(name) {
            paths.insert(name.clone());
        }
    });
    let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
    for path in &paths {
        *by_name.entry(last(path)).or_default() += 1;
    }
    visit(&mut value, &mut |name| {
        if paths.contains(name) && by_name.get(last(name)) == Some(&1) {
            *name = last(name).to_string();
        }
    });
    Ok(serde_json::from_value(value)?)
}

/// Docs and error messages are prose and stay as they are.
fn visit(value: &mut Value, each: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => each(text),
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, each)),
        Value::Object(fields) => {
            fields.iter_mut().filter(|(key, _)| *key != "docs" && *key != "msg").for_each(|(_, v)| visit(v, each));
        }
        _ => {}
    }
}

fn is_path(text: &str) -> bool {
    let word = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    text.contains("::") && text.split("::").all(word)
}

fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}
