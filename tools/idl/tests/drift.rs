//! The committed files are what the programs say.
use anchor_lang_idl::types::{Idl, IdlInstructionAccountItem as Item, IdlSeed, IdlSeedAccount, IdlType, IdlTypeDefTy};
use std::fs;

fn committed(program: &str) -> Idl {
    let path = idl_tool::file(program);
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Compiles both programs with the `idl-build` feature: minutes the first time.
#[test]
fn committed_files_do_not_drift_from_the_programs() {
    if let Err(error) = idl_tool::check() {
        panic!("{error:#}");
    }
}

#[test]
fn addresses_are_those_of_the_anchor_manifest() {
    let manifest = fs::read_to_string(idl_tool::workspace().join("Anchor.toml")).unwrap();
    for program in idl_tool::PROGRAMS {
        let line = format!("{program} = \"{}\"", committed(program).address);
        assert!(manifest.lines().any(|l| l == line), "Anchor.toml lacks `{line}`");
    }
}

#[test]
fn every_event_and_account_has_its_fields() {
    for program in idl_tool::PROGRAMS {
        let idl = committed(program);
        let names = idl.events.iter().map(|e| &e.name).chain(idl.accounts.iter().map(|a| &a.name));
        for name in names {
            assert!(idl.types.iter().any(|t| t.name == *name), "{program}: {name} has no type");
        }
    }
}

#[test]
fn every_named_type_is_defined() {
    fn names(ty: &IdlType, found: &mut Vec<String>) {
        match ty {
            IdlType::Option(inner) | IdlType::Vec(inner) | IdlType::Array(inner, _) => names(inner, found),
            IdlType::Defined { name, .. } => found.push(name.clone()),
            _ => {}
        }
    }
    for program in idl_tool::PROGRAMS {
        let idl = committed(program);
        let mut found = Vec::new();
        idl.instructions.iter().flat_map(|i| &i.args).for_each(|arg| names(&arg.ty, &mut found));
        let structs = idl.types.iter().filter_map(|t| match &t.ty {
            IdlTypeDefTy::Struct { fields } => Some(serde_json::to_string(fields).unwrap()),
            IdlTypeDefTy::Enum { variants } => Some(serde_json::to_string(variants).unwrap()),
            IdlTypeDefTy::Type { .. } => None,
        });
        for text in structs {
            let names = text.split("\"defined\":{\"name\":\"").skip(1).filter_map(|rest| rest.split('"').next());
            found.extend(names.map(String::from));
        }
        assert!(!found.is_empty());
        for name in found {
            assert!(idl.types.iter().any(|t| t.name == name), "{program}: {name} is not defined");
        }
    }
}

#[test]
fn every_event_of_both_programs_begins_with_the_shared_stamp() {
    for program in idl_tool::PROGRAMS {
        let idl = committed(program);
        for event in &idl.events {
            let fields = idl.types.iter().find(|t| t.name == event.name).map(|t| serde_json::to_value(&t.ty).unwrap());
            let first = fields.unwrap()["fields"][0].clone();
            assert_eq!(first["name"], "stamp", "{program}: {}", event.name);
            assert_eq!(first["type"]["defined"]["name"], "Stamp", "{program}: {}", event.name);
        }
    }
    let stamp = |program| committed(program).types.into_iter().find(|t| t.name == "Stamp");
    assert!(stamp("jobs").is_some());
    assert_eq!(stamp("jobs"), stamp("credits"));
}

#[test]
fn composite_accounts_stay_groups_in_the_order_of_the_wire() {
    let idl = committed("jobs");
    let accounts = |instruction: &str, group: &str| -> Vec<String> {
        let instruction = idl.instructions.iter().find(|i| i.name == instruction).unwrap();
        let group = instruction.accounts.iter().find_map(|item| match item {
            Item::Composite(composite) if composite.name == group => Some(composite),
            _ => None,
        });
        let items = &group.unwrap_or_else(|| panic!("{} has no such group", instruction.name)).accounts;
        let names = items.iter().map(|item| match item {
            Item::Single(account) => account.name.clone(),
            Item::Composite(composite) => composite.name.clone(),
        });
        names.collect()
    };
    let start = ["config", "job", "user"];
    let payout = accounts("settle_job", "payout");
    assert_eq!(payout[..3], start);
    let middle = ["device", "operator", "shard", "jobs_authority", "credits_program", "credits_config", "escrow"];
    assert_eq!(payout[3..10], middle);
    // The stake is a group in this group.
    assert_eq!(payout[10..], ["earnings", "loyalty", "credits_shard", "credits_event_authority", "stake"]);
    assert_eq!(accounts("accept_result", "payout"), payout);
    let refund = accounts("expire_job", "refund");
    assert_eq!(refund[..3], start);
    assert_eq!(accounts("cancel_job", "refund"), refund);
    assert_eq!(accounts("expire_claim", "refund"), refund);
    let claimed = accounts("expire_claim", "claimed");
    assert_eq!(claimed[..3], ["device", "operator", "stake"]);
    assert_eq!(accounts("dispute_cell", "claimed"), claimed);
    assert_eq!(accounts("dispute_cell", "refund"), refund);
}

#[test]
fn seeds_read_only_accounts_whose_type_is_described() {
    fn check(program: &str, idl: &Idl, item: &Item) {
        match item {
            Item::Composite(group) => group.accounts.iter().for_each(|item| check(program, idl, item)),
            Item::Single(account) => {
                for seed in account.pda.iter().flat_map(|pda| &pda.seeds) {
                    let IdlSeed::Account(IdlSeedAccount { account: Some(name), .. }) = seed else { continue };
                    assert!(idl.types.iter().any(|t| t.name == *name), "{program}: {} reads {name}", account.name);
                }
            }
        }
    }
    for program in idl_tool::PROGRAMS {
        let idl = committed(program);
        idl.instructions.iter().flat_map(|i| &i.accounts).for_each(|item| check(program, &idl, item));
    }
}
