//! Joins the parts that the tests print into one IDL per program.
use crate::hints::drop_unreadable;
use crate::names::shorten;
use anchor_lang_idl::types::{Idl, IdlConst, IdlErrorCode, IdlEvent, IdlTypeDef};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

const BEGIN: &str = "--- IDL begin ";
const END: &str = "--- IDL end ";
const DASHES: &str = " ---";

#[derive(Deserialize)]
struct EventPart {
    event: IdlEvent,
    types: Vec<IdlTypeDef>,
}

/// What the tests of one crate have printed so far.
#[derive(Default)]
struct Parts {
    address: Option<String>,
    program: Option<Idl>,
    errors: Option<Vec<IdlErrorCode>>,
    constants: Vec<IdlConst>,
    events: Vec<IdlEvent>,
    types: BTreeMap<String, IdlTypeDef>,
}

impl Parts {
    fn add(&mut self, name: &str, text: &str) -> Result<()> {
        match name {
            "address" => once(&mut self.address, name, text),
            "errors" => once(&mut self.errors, name, text),
            "program" => once(&mut self.program, name, text),
            "const" => {
                self.constants.push(parse(name, text)?);
                Ok(())
            }
            "event" => {
                let part: EventPart = parse(name, text)?;
                self.events.push(part.event);
                self.types.extend(part.types.into_iter().map(|t| (t.name.clone(), t)));
                Ok(())
            }
            _ => bail!("a part named {name:?} is not known: has Anchor's version changed?"),
        }
    }

    /// `None` for a crate that is no program.
    fn finish(mut self) -> Result<Option<Idl>> {
        let Some(mut idl) = self.program else { return Ok(None) };
        let program = idl.metadata.name.clone();
        idl.address = self.address.with_context(|| format!("program {program} declares no address"))?;
        self.types.extend(std::mem::take(&mut idl.types).into_iter().map(|t| (t.name.clone(), t)));
        idl.types = self.types.into_values().collect();
        idl.events = self.events;
        idl.errors = self.errors.unwrap_or_default();
        idl.constants = self.constants;

        let mut idl = shorten(idl)?;
        drop_unreadable(&mut idl);
        idl.instructions.sort_by(|a, b| a.name.cmp(&b.name));
        idl.accounts.sort_by(|a, b| a.name.cmp(&b.name));
        idl.events.sort_by(|a, b| a.name.cmp(&b.name));
        idl.types.sort_by(|a, b| a.name.cmp(&b.name));
        idl.constants.sort_by(|a, b| a.name.cmp(&b.name));
        idl.errors.sort_by_key(|e| e.code);
        refuse_ambiguity(&program, "instructions", idl.instructions.iter().map(|i| (&i.name, &i.discriminator)))?;
        refuse_ambiguity(&program, "accounts", idl.accounts.iter().map(|a| (&a.name, &a.discriminator)))?;
        refuse_ambiguity(&program, "events", idl.events.iter().map(|e| (&e.name, &e.discriminator)))?;
        Ok(Some(idl))
    }
}

fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).with_context(|| format!("the {name} part is not what this tool expects"))
}

fn once<T: DeserializeOwned>(slot: &mut Option<T>, name: &str, text: &str) -> Result<()> {
    if slot.replace(parse(name, text)?).is_some() {
        bail!("a program has more than one {name} part");
    }
    Ok(())
}

/// Refuses discriminators of which one is the other's beginning.
fn refuse_ambiguity<'a>(
    program: &str,
    kind: &str,
    items: impl Iterator<Item = (&'a String, &'a Vec<u8>)>,
) -> Result<()> {
    let items: Vec<_> = items.collect();
    for (i, (name, bytes)) in items.iter().enumerate() {
        for (other, longer) in items.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, item)| item) {
            if longer.starts_with(bytes) {
                bail!("{kind} {name} and {other} of {program} have the same discriminator");
            }
        }
    }
    Ok(())
}

/// Reads the output of the printing tests of one or more crates; one IDL per program, in the order printed.
///
/// # Errors
/// If a part is not closed, not known, or not what the spec says.
pub fn join(output: &str) -> Result<Vec<Idl>> {
    let mut idls = Vec::new();
    let mut parts = Parts::default();
    let mut lines = output.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(DASHES)) {
            let end = format!("{END}{name}{DASHES}");
            let mut text = String::new();
            loop {
                let line = lines.next().with_context(|| format!("the {name} part has no end"))?;
                if line == end {
                    break;
                }
                text += line;
                text.push('\n');
            }
            parts.add(name, &text)?;
        } else if line.starts_with("test result:") {
            idls.extend(std::mem::take(&mut parts).finish()?);
        }
    }
    Ok(idls)
}
