//! How events' fields read in JSON.
use super::words;
use anchor_lang::prelude::Pubkey;
use credits::{PriceSource, Purpose};
use governance::state::{Action, Choice, Status, Target};
use jobs::Item;
use jobs::events::Verification;
use serde_json::{Value, json};
use staking::SlashReason;
use staking::state::{PoolKind, PoolState, PositionState};

/// How a field reads in JSON.
pub trait InBody {
    fn in_body(&self) -> Value;
}

impl InBody for Pubkey {
    fn in_body(&self) -> Value {
        self.to_string().into()
    }
}

impl InBody for Option<Pubkey> {
    fn in_body(&self) -> Value {
        self.as_ref().map_or(Value::Null, InBody::in_body)
    }
}

impl InBody for [u8; 32] {
    fn in_body(&self) -> Value {
        hex::encode(self).into()
    }
}

impl InBody for String {
    fn in_body(&self) -> Value {
        storable_text(self).into()
    }
}

/// The database holds no zero character, neither as text nor as JSON; a name on chain may. Left alone, one such name
/// would stop the indexer for ever.
pub fn storable_text(name: &str) -> String {
    name.replace('\0', "\u{fffd}")
}

/// JSON numbers lose digits past 2^53.
impl InBody for u64 {
    fn in_body(&self) -> Value {
        self.to_string().into()
    }
}

impl InBody for u128 {
    fn in_body(&self) -> Value {
        self.to_string().into()
    }
}

macro_rules! words_in_body {
    ($($kind:ty => $word:path),* $(,)?) => {
        $(impl InBody for $kind {
            fn in_body(&self) -> Value {
                $word(*self).into()
            }
        })*
    };
}
words_in_body! {
    Verification => verification_word,
    Purpose => words::purpose,
    SlashReason => words::slash_reason,
    PoolKind => words::pool_kind,
    Choice => words::choice,
    Status => words::status,
    Target => words::target,
    credits::Parameter => words::name,
    jobs::Parameter => words::name,
    jobs::state::Failure => words::failure,
    staking::Parameter => words::name,
}

impl InBody for PriceSource {
    fn in_body(&self) -> Value {
        match self {
            Self::Feed => json!({ "kind": "feed" }),
            Self::Pyth { receiver, account, feed_id } => json!({
                "kind": "pyth", "receiver": receiver.in_body(), "account": account.in_body(), "feed_id": feed_id.in_body()
            }),
        }
    }
}

impl InBody for Option<u32> {
    fn in_body(&self) -> Value {
        (*self).into()
    }
}

/// Bytes in hex.
impl InBody for Vec<u8> {
    fn in_body(&self) -> Value {
        hex::encode(self).into()
    }
}

/// What a demand asks for: its kind, and the kind's own fields.
pub fn item(item: &Item) -> Value {
    match *item {
        Item::LayerRoots => json!({ "kind": "layer_roots" }),
        Item::Nodes { layer, row, level, index, depth } => json!({
            "kind": "nodes", "layer": layer, "row": row, "level": level, "index": index, "depth": depth
        }),
        Item::Segments { layer, row, first, count } => {
            json!({ "kind": "segments", "layer": layer, "row": row, "first": first, "count": count })
        }
    }
}

impl InBody for Item {
    fn in_body(&self) -> Value {
        item(self)
    }
}

impl InBody for jobs::RoundRules {
    fn in_body(&self) -> Value {
        let Self { window_s, every_s, answer_s, slash_bps, rows, throughput, ceiling } = self;
        let all = |amounts: &[u64; 4]| amounts.map(|amount| amount.in_body());
        json!({
            "window_s": window_s, "every_s": every_s, "answer_s": answer_s, "slash_bps": slash_bps, "rows": rows,
            "throughput": all(throughput), "ceiling": all(ceiling)
        })
    }
}

impl InBody for PositionState {
    fn in_body(&self) -> Value {
        let Self { active, reserved, warming, cooling, owed } = self;
        json!({
            "active": active.in_body(), "reserved": reserved.in_body(), "warming": warming.in_body(),
            "cooling": cooling.in_body(), "owed": owed.in_body()
        })
    }
}

impl InBody for PoolState {
    fn in_body(&self) -> Value {
        let Self { active, reserved, warming, cooling, factor, index, scaled_index, commission_owed, undistributed } =
            self;
        json!({
            "active": active.in_body(), "reserved": reserved.in_body(), "warming": warming.in_body(),
            "cooling": cooling.in_body(), "factor": factor.in_body(), "index": index.in_body(),
            "scaled_index": scaled_index.in_body(), "commission_owed": commission_owed.in_body(),
            "undistributed": undistributed.in_body()
        })
    }
}

/// What a proposal does: its kind, its own fields, and all of it in words.
impl InBody for Action {
    fn in_body(&self) -> Value {
        let (kind, words) = (words::action_kind(self), words::action(self));
        json!({ "kind": kind, "words": words, "fields": words::action_fields(self) })
    }
}

/// The word for it in tables and bodies.
pub fn verification_word(verification: Verification) -> &'static str {
    match verification {
        Verification::Accepted => "accepted",
        Verification::Unchallenged => "unchallenged",
        Verification::Audited => "audited",
    }
}

macro_rules! plain_in_body {
    ($($plain:ty),*) => {
        $(impl InBody for $plain {
            fn in_body(&self) -> Value {
                (*self).into()
            }
        })*
    };
}
plain_in_body!(bool, u8, u16, u32, i32, i64);
