//! Types of columns that the database driver does not have.
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueRef, Postgres};
use sqlx::{Decode, Encode, Type};
use std::ops::{AddAssign, SubAssign};

/// Public keys, hashes and roots.
pub type Key = [u8; 32];

/// A whole NUMERIC of at most 38 digits: no signed integer of the database holds all amounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(pub i128);

/// A whole NUMERIC from zero up to all 128 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wide(pub u128);

/// JSON as the database writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jsonb(pub String);

impl From<u64> for Amount {
    fn from(amount: u64) -> Self {
        Self(amount.into())
    }
}

impl AddAssign<u64> for Amount {
    fn add_assign(&mut self, amount: u64) {
        self.0 += i128::from(amount);
    }
}

impl SubAssign<u64> for Amount {
    fn sub_assign(&mut self, amount: u64) {
        self.0 -= i128::from(amount);
    }
}

macro_rules! typed {
    ($($type:ty: $oid:literal, $array_oid:literal;)*) => {$(
        impl Type<Postgres> for $type {
            fn type_info() -> PgTypeInfo {
                PgTypeInfo::with_oid(Oid($oid))
            }
        }

        impl PgHasArrayType for $type {
            fn array_type_info() -> PgTypeInfo {
                PgTypeInfo::with_oid(Oid($array_oid))
            }
        }
    )*};
}
// The server's fixed numbers of `numeric` and `jsonb`, and of arrays of them.
typed! {
    Amount: 1700, 1231;
    Wide: 1700, 1231;
    Jsonb: 3802, 3807;
}

const NEGATIVE: u16 = 0x4000;
/// Digits are in base 10^4.
const BASE: u128 = 10_000;

/// Count of digits, power of the first one, sign, digits after the point, and the digits.
fn put_numeric(negative: bool, magnitude: u128, buffer: &mut PgArgumentBuffer) {
    // 10^40 is more than 128 bits hold.
    let (mut digits, mut first, mut rest) = ([0_u16; 10], 10, magnitude);
    while rest > 0 {
        first -= 1;
        digits[first] = (rest % BASE) as u16;
        rest /= BASE;
    }
    let digits = &digits[first..];
    let weight = digits.len().saturating_sub(1) as u16;
    let kept = digits.iter().rposition(|digit| *digit != 0).map_or(0, |last| last + 1);
    for word in [kept as u16, weight, if negative { NEGATIVE } else { 0 }, 0] {
        buffer.extend_from_slice(&word.to_be_bytes());
    }
    for digit in &digits[..kept] {
        buffer.extend_from_slice(&digit.to_be_bytes());
    }
}

fn numeric(value: PgValueRef<'_>) -> Result<(bool, u128), BoxDynError> {
    let mut words = value.as_bytes()?.chunks_exact(2).map(|word| u16::from_be_bytes([word[0], word[1]]));
    let mut header = || words.next().ok_or("a NUMERIC is cut short");
    let (count, weight, sign, _scale) = (header()?, header()?, header()?, header()?);
    if sign & !NEGATIVE != 0 {
        return Err("a NUMERIC is not a number".into());
    }
    let mut magnitude: u128 = 0;
    // The digits that are left out at the end are zero.
    for at in 0..=i32::from(weight.cast_signed()) {
        let digit = if at < i32::from(count) { words.next().ok_or("a NUMERIC is cut short")? } else { 0 };
        magnitude = magnitude
            .checked_mul(BASE)
            .and_then(|magnitude| magnitude.checked_add(digit.into()))
            .ok_or("a NUMERIC has more than 128 bits")?;
    }
    if words.any(|digit| digit != 0) {
        return Err("a NUMERIC is not whole".into());
    }
    Ok((sign == NEGATIVE, magnitude))
}

impl Encode<'_, Postgres> for Amount {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        put_numeric(self.0 < 0, self.0.unsigned_abs(), buffer);
        Ok(IsNull::No)
    }
}

impl Decode<'_, Postgres> for Amount {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        let (negative, magnitude) = numeric(value)?;
        let magnitude = i128::try_from(magnitude)?;
        Ok(Self(if negative { -magnitude } else { magnitude }))
    }
}

impl Encode<'_, Postgres> for Wide {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        put_numeric(false, self.0, buffer);
        Ok(IsNull::No)
    }
}

impl Decode<'_, Postgres> for Wide {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        match numeric(value)? {
            (false, magnitude) => Ok(Self(magnitude)),
            (true, _) => Err("a negative NUMERIC where none may be".into()),
        }
    }
}

/// The only version of the binary form.
const JSONB_VERSION: u8 = 1;

impl Encode<'_, Postgres> for Jsonb {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.push(JSONB_VERSION);
        buffer.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
}

impl Decode<'_, Postgres> for Jsonb {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        match value.as_bytes()? {
            [JSONB_VERSION, text @ ..] => Ok(Self(std::str::from_utf8(text)?.to_owned())),
            _ => Err("an unknown version of JSONB".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use private_postgres::{Durability, PrivatePostgres};
    use sqlx::{Connection, PgConnection};

    /// Zero, the largest, and what lies around every power of two and of ten.
    fn magnitudes() -> Vec<u128> {
        let powers = (0..128).map(|bit| 1 << bit).chain((0..39).map(|digits| 10_u128.pow(digits)));
        let mut all: Vec<u128> = powers.flat_map(|power| [power - 1, power, power + 1]).collect();
        all.extend([u128::MAX, 99_990_000, 12_345_678_901_234_567_890]);
        all
    }

    #[tokio::test]
    async fn the_database_reads_and_gives_every_amount_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let postgres = PrivatePostgres::start_with(folder.path(), Durability::Volatile).unwrap();
        let mut connection = PgConnection::connect(postgres.url()).await.unwrap();
        let wide: Vec<Wide> = magnitudes().into_iter().map(Wide).collect();
        let read = "SELECT v, v::text FROM unnest($1::numeric[]) WITH ORDINALITY AS t(v, i) ORDER BY i";
        let rows: Vec<(Wide, String)> = sqlx::query_as(read).bind(&wide).fetch_all(&mut connection).await.unwrap();
        let expected: Vec<_> = wide.iter().map(|wide| (*wide, wide.0.to_string())).collect();
        assert_eq!(rows, expected);

        let signed = magnitudes().into_iter().filter_map(|m| i128::try_from(m).ok()).flat_map(|m| [m, -m]);
        let amounts: Vec<Amount> = signed.chain([i128::MAX, i128::MIN + 1]).map(Amount).collect();
        let rows: Vec<(Amount, String)> = sqlx::query_as(read).bind(&amounts).fetch_all(&mut connection).await.unwrap();
        let expected: Vec<_> = amounts.iter().map(|amount| (*amount, amount.0.to_string())).collect();
        assert_eq!(rows, expected);
    }

    #[tokio::test]
    async fn what_is_no_whole_number_or_too_large_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let postgres = PrivatePostgres::start_with(folder.path(), Durability::Volatile).unwrap();
        let mut connection = PgConnection::connect(postgres.url()).await.unwrap();
        for wrong in ["0.5", "1.0001", "'NaN'", "'Infinity'", "-1", "340282366920938463463374607431768211456"] {
            let query = sqlx::AssertSqlSafe(format!("SELECT {wrong}::numeric"));
            let found: Result<Wide, _> = sqlx::query_scalar(query).fetch_one(&mut connection).await;
            assert!(found.is_err(), "{wrong} became {found:?}");
        }
        let whole: Wide = sqlx::query_scalar("SELECT 7.000::numeric").fetch_one(&mut connection).await.unwrap();
        assert_eq!(whole, Wide(7));
    }
}
