//! How numbers, keys and times look from outside.
use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// An account's address, in base58.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub [u8; 32]);

/// A sha256 value, in hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hash(pub [u8; 32]);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base58(&self.0))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl Key {
    pub fn bytes(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

impl Hash {
    pub fn bytes(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

impl FromStr for Key {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut key = [0; 32];
        match bs58::decode(text).onto(&mut key) {
            Ok(32) => Ok(Self(key)),
            _ => Err("expected a base58 address of 32 bytes"),
        }
    }
}

impl FromStr for Hash {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut hash = [0; 32];
        hex::decode_to_slice(text, &mut hash).map_err(|_| "expected 64 hexadecimal digits")?;
        Ok(Self(hash))
    }
}

/// As text, both ways.
macro_rules! as_text {
    ($($kind:ty),*) => { $(
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl Serialize for $kind {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )* };
}
as_text!(Key, Hash, Time);

/// Addresses and signatures, of which there are a dozen in a row, far faster than other bytes.
pub fn base58(bytes: &[u8]) -> String {
    let mut text = [0; five8::BASE58_ENCODED_64_MAX_LEN];
    let length = if let Ok(key) = bytes.try_into() {
        let mut short = [0; five8::BASE58_ENCODED_32_MAX_LEN];
        let length = five8::encode_32(key, &mut short);
        text[..short.len()].copy_from_slice(&short);
        length
    } else if let Ok(signature) = bytes.try_into() {
        five8::encode_64(signature, &mut text)
    } else {
        return bs58::encode(bytes).into_string();
    };
    text[..usize::from(length)].iter().copied().map(char::from).collect()
}

pub fn hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

/// What an amount is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Unit {
    /// Credits: one is one US dollar.
    #[serde(rename = "IOSD")]
    Iosd,
    /// The network's coin.
    #[serde(rename = "IO")]
    Io,
    /// The chain's own coin.
    #[serde(rename = "SOL")]
    Sol,
    /// US dollars for one IO.
    #[serde(rename = "USD/IO")]
    UsdPerIo,
}

impl Unit {
    pub fn decimals(self) -> u8 {
        match self {
            Self::Iosd => 6,
            Self::Io | Self::UsdPerIo => 8,
            Self::Sol => 9,
        }
    }

    pub fn symbol(self) -> &'static str {
        match self {
            Self::Iosd => "IOSD",
            Self::Io => "IO",
            Self::Sol => "SOL",
            Self::UsdPerIo => "USD",
        }
    }
}

/// An amount in base units, as text because JSON numbers lose digits past 2^53.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Amount {
    /// Whole number of base units.
    #[schema(example = "1500000", pattern = "^[0-9]+$")]
    pub amount: String,
    pub unit: Unit,
    /// Base units in one unit, as a power of ten.
    pub decimals: u8,
}

impl Amount {
    pub fn new(amount: String, unit: Unit) -> Self {
        Self { amount, unit, decimals: unit.decimals() }
    }

    pub fn iosd(amount: String) -> Self {
        Self::new(amount, Unit::Iosd)
    }

    pub fn io(amount: String) -> Self {
        Self::new(amount, Unit::Io)
    }

    pub fn sol(amount: String) -> Self {
        Self::new(amount, Unit::Sol)
    }

    /// For people: `1,234.50 IOSD`.
    pub fn readable(&self) -> String {
        let places = usize::from(self.decimals);
        let padded = format!("{:0>width$}", self.amount, width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        let mut fraction = fraction.trim_end_matches('0').to_owned();
        while fraction.len() < 2 {
            fraction.push('0');
        }
        format!("{}.{fraction} {}", grouped(whole), self.unit.symbol())
    }
}

/// Digits in groups of three.
pub fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// How certain a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Finality {
    /// Voted for by two thirds of the stake; can still be undone in theory.
    Confirmed,
    Finalized,
}

impl Finality {
    pub fn of(slot: i64, finalized_slot: Option<i64>) -> Self {
        match finalized_slot {
            Some(finalized) if slot <= finalized => Self::Finalized,
            _ => Self::Confirmed,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Finalized => "finalized",
        }
    }
}

/// A moment by the chain's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub i64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_timestamp(self.0, 0) {
            Some(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::Secs, true)),
            // Past any calendar: the number is all there is to say.
            None => write!(f, "unix {}", self.0),
        }
    }
}

impl FromStr for Time {
    type Err = &'static str;

    /// RFC 3339, or unix seconds.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(seconds) = text.strip_prefix("unix ").unwrap_or(text).parse() {
            return Ok(Self(seconds));
        }
        let time = DateTime::parse_from_rfc3339(text);
        time.map(|time| Self(time.timestamp()))
            .map_err(|_| "expected a time such as 2026-09-21T14:13:20Z, or unix seconds")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_like_money() {
        let iosd = |n: &str| Amount::iosd(n.into()).readable();
        assert_eq!(iosd("0"), "0.00 IOSD");
        assert_eq!(iosd("1"), "0.000001 IOSD");
        assert_eq!(iosd("1500000"), "1.50 IOSD");
        assert_eq!(iosd("1234567890000"), "1,234,567.89 IOSD");
        assert_eq!(Amount::new(u64::MAX.to_string(), Unit::Io).readable(), "184,467,440,737.09551615 IO");
    }

    #[test]
    fn base58_is_the_same_for_every_length() {
        for length in 0..70 {
            for bytes in [
                vec![0; length],
                vec![255; length],
                (0..length as u8).collect(),
                [vec![0; length / 2], vec![9; length / 2]].concat(),
            ] {
                assert_eq!(base58(&bytes), bs58::encode(&bytes).into_string(), "{bytes:?}");
            }
        }
    }

    #[test]
    fn keys_and_hashes_round_trip_and_refuse_other_lengths() {
        let key = Key([7; 32]);
        assert_eq!(key.to_string().parse::<Key>(), Ok(key));
        assert!("abc".parse::<Key>().is_err());
        assert!(base58(&[1; 33]).parse::<Key>().is_err());
        let hash = Hash([0xab; 32]);
        assert_eq!(hash.to_string().parse::<Hash>(), Ok(hash));
        assert!("é".repeat(32).parse::<Hash>().is_err());
    }

    #[test]
    fn times_no_calendar_knows_are_still_shown() {
        assert_eq!("2026-09-21T16:13:20+02:00".parse(), Ok(Time(1_790_000_000)));
        assert_eq!(Time(i64::MAX).to_string().parse(), Ok(Time(i64::MAX)));
        assert!("yesterday".parse::<Time>().is_err());
        assert_eq!(Time(1_790_000_000).to_string(), "2026-09-21T14:13:20Z");
        assert_eq!(Time(i64::MAX).to_string(), format!("unix {}", i64::MAX));
    }
}
