//! The file: lines of JSON under zstd. The first is the [`Header`], every other a slot with its block; the last may be accounts.
//! A slot without a block has no line.
use crate::RecordedError;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

/// Of the file's layout; a reader refuses another.
const VERSION: u32 = 1;
/// The fastest: higher levels save a few percent of JSON at several times the work.
const LEVEL: i32 = 1;

/// What a recording is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    version: u32,
    pub genesis_hash: String,
    /// Where the recording begins, whether or not that slot has a block.
    pub first_slot: u64,
}

impl Header {
    pub fn new(genesis_hash: impl Into<String>, first_slot: u64) -> Self {
        Header { version: VERSION, genesis_hash: genesis_hash.into(), first_slot }
    }
}

/// Accounts as they were after `slot`: JSON of what `getProgramAccounts` returns, in base64.
#[derive(Clone, Debug)]
pub struct Accounts {
    pub slot: u64,
    pub keyed: Box<RawValue>,
}

/// One line after the header.
#[derive(Debug)]
pub enum Line {
    /// The exact result of `getBlock(slot)` with encoding base64, maxSupportedTransactionVersion 0 and rewards false.
    Block {
        slot: u64,
        result: Box<RawValue>,
    },
    Accounts(Accounts),
}

#[derive(Serialize)]
struct Written<'a> {
    slot: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accounts: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Read {
    slot: u64,
    block: Option<Box<RawValue>>,
    accounts: Option<Box<RawValue>>,
}

/// Writes a recording. The file appears under its name only with [`finish`](Self::finish).
pub struct Writer {
    out: zstd::Encoder<'static, File>,
    path: PathBuf,
    unfinished: PathBuf,
    last: Option<u64>,
}

impl Writer {
    /// # Errors
    /// The file cannot be written.
    pub fn create(path: &Path, header: &Header) -> Result<Self, RecordedError> {
        let unfinished = path.with_extension("unfinished");
        let file = File::create(&unfinished).and_then(|file| zstd::Encoder::new(file, LEVEL));
        let out = file.map_err(|source| RecordedError::File { path: unfinished.clone(), source })?;
        let mut writer = Writer { out, path: path.to_owned(), unfinished, last: None };
        writer.line(header)?;
        Ok(writer)
    }

    /// # Errors
    /// The slot is not after the last one, or the file cannot be written.
    pub fn block(&mut self, slot: u64, result: &RawValue) -> Result<(), RecordedError> {
        if let Some(last) = self.last.filter(|last| slot <= *last) {
            return Err(RecordedError::Order { slot, last });
        }
        self.last = Some(slot);
        self.line(&Written { slot, block: Some(result), accounts: None })
    }

    /// Ends the file, with the accounts after its last block if they are known.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self, accounts: Option<&Accounts>) -> Result<(), RecordedError> {
        if let Some(Accounts { slot, keyed }) = accounts {
            self.line(&Written { slot: *slot, block: None, accounts: Some(keyed) })?;
        }
        let written = self.out.finish().and_then(|file| file.sync_all());
        let renamed = written.and_then(|()| std::fs::rename(&self.unfinished, &self.path));
        renamed.map_err(|source| RecordedError::File { path: self.path, source })
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), RecordedError> {
        let written = serde_json::to_writer(&mut self.out, value).map_err(std::io::Error::from);
        let ended = written.and_then(|()| self.out.write_all(b"\n"));
        ended.map_err(|source| RecordedError::File { path: self.unfinished.clone(), source })
    }
}

/// Reads a recording line by line.
pub struct Reader {
    lines: BufReader<zstd::Decoder<'static, BufReader<File>>>,
    pub header: Header,
    path: PathBuf,
    number: u64,
}

impl Reader {
    /// # Errors
    /// The file cannot be read or is not a recording of this version.
    pub fn open(path: &Path) -> Result<Self, RecordedError> {
        let fail = |source| RecordedError::File { path: path.to_owned(), source };
        let file = File::open(path).map_err(fail)?;
        let mut lines = BufReader::with_capacity(1 << 20, zstd::Decoder::new(file).map_err(fail)?);
        let mut text = String::new();
        lines.read_line(&mut text).map_err(fail)?;
        let header: Header = serde_json::from_str(&text)
            .map_err(|e| RecordedError::Line { line: 1, what: format!("not a recording's header: {e}") })?;
        if header.version != VERSION {
            let what = format!("recording of version {}, this program reads {VERSION}: record again", header.version);
            return Err(RecordedError::Line { line: 1, what });
        }
        Ok(Reader { lines, header, path: path.to_owned(), number: 1 })
    }

    fn read(&mut self) -> Result<Option<Line>, RecordedError> {
        let mut text = String::new();
        let length = self.lines.read_line(&mut text);
        if length.map_err(|source| RecordedError::File { path: self.path.clone(), source })? == 0 {
            return Ok(None);
        }
        self.number += 1;
        let fail = |what: String| RecordedError::Line { line: self.number, what };
        let read: Read = serde_json::from_str(&text).map_err(|e| fail(e.to_string()))?;
        match (read.block, read.accounts) {
            (Some(result), None) => Ok(Some(Line::Block { slot: read.slot, result })),
            (None, Some(keyed)) => Ok(Some(Line::Accounts(Accounts { slot: read.slot, keyed }))),
            _ => Err(fail("neither a block nor accounts".into())),
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Line, RecordedError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}
