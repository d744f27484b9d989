//! Accounts as they were at the end of the recording. A tip before it has no record of them.
use crate::answer::{Reply, RpcError, errors, in_context};
use crate::chain::Chain;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Keyed<'a> {
    pubkey: &'a str,
    #[serde(borrow)]
    account: &'a RawValue,
}

#[derive(Deserialize)]
struct Owned<'a> {
    owner: &'a str,
}

fn recorded(chain: &Chain) -> Result<(u64, Vec<Keyed<'_>>), RpcError> {
    let missing = |what: &str| RpcError { code: -32012, message: format!("scan error: {what}"), data: None };
    let accounts = chain.accounts().ok_or_else(|| missing("the recording has no accounts"))?;
    if chain.tip().confirmed < accounts.slot {
        return Err(missing(&format!("accounts are recorded at slot {}, after the tip", accounts.slot)));
    }
    let keyed = serde_json::from_str(accounts.keyed.get()).map_err(|e| missing(&e.to_string()))?;
    Ok((accounts.slot, keyed))
}

pub fn of_program(chain: &Chain, params: &[Value]) -> Result<Reply, RpcError> {
    let program = params.first().and_then(Value::as_str).ok_or_else(|| errors::invalid_params("program"))?;
    let (slot, keyed) = recorded(chain)?;
    let owned =
        keyed.iter().filter(|k| serde_json::from_str::<Owned>(k.account.get()).is_ok_and(|a| a.owner == program));
    let found: Vec<Value> = owned.map(|k| json!({ "pubkey": k.pubkey, "account": k.account })).collect();
    let with_context = params.get(1).and_then(|config| config.get("withContext")).and_then(Value::as_bool);
    match with_context {
        Some(true) => Ok(Reply::json(&in_context(slot, json!(found)))),
        _ => Ok(Reply::json(&found)),
    }
}

pub fn named(chain: &Chain, params: &[Value]) -> Result<Reply, RpcError> {
    let keys = params.first().and_then(Value::as_array).ok_or_else(|| errors::invalid_params("addresses"))?;
    let (slot, keyed) = recorded(chain)?;
    let find = |key: &Value| keyed.iter().find(|k| Some(k.pubkey) == key.as_str()).map(|k| k.account);
    let found: Vec<Option<&RawValue>> = keys.iter().map(find).collect();
    Ok(Reply::json(&in_context(slot, json!(found))))
}
