//! Seeds that clients derive addresses from.
use anchor_lang_idl::types::{Idl, IdlInstructionAccountItem as Item, IdlPda, IdlSeed};

/// Drops the seeds of accounts that read through a group of accounts. Anchor describes `group.account.key()` as a
/// field `account` of an account type `Group`: there is no such type, and clients would derive a wrong address or
/// fail. Without seeds they ask for the address.
pub fn drop_unreadable(idl: &mut Idl) {
    let types: Vec<String> = idl.types.iter().map(|t| t.name.clone()).collect();
    for instruction in &mut idl.instructions {
        instruction.accounts.iter_mut().for_each(|item| visit(item, &types));
    }
}

fn visit(item: &mut Item, types: &[String]) {
    match item {
        Item::Composite(group) => group.accounts.iter_mut().for_each(|item| visit(item, types)),
        Item::Single(account) => {
            account.pda = account.pda.take().filter(|pda| readable(pda, types));
        }
    }
}

fn readable(pda: &IdlPda, types: &[String]) -> bool {
    pda.seeds.iter().chain(&pda.program).all(|seed| match seed {
        IdlSeed::Account(account) => account.account.as_ref().is_none_or(|name| types.contains(name)),
        IdlSeed::Const(_) | IdlSeed::Arg(_) => true,
    })
}
