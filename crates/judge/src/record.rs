//! A layer as 64 bytes: what model roots, model files and model accounts are made of.
use crate::layer::{Layer, Op, Shape, Window};
use crate::requant::Requant;

/// Bytes of one layer.
pub const RECORD: usize = 64;

const GEMM: u8 = 1;
const CONV: u8 = 2;
const MAX_POOL: u8 = 3;
const AVERAGE_POOL: u8 = 4;
const ADD: u8 = 5;
const LOOKUP: u8 = 6;

impl Window {
    fn bytes(&self) -> [u8; 8] {
        let ([a, b], [c, d], [e, f, g, h]) = (self.kernel, self.stride, self.padding);
        [a, b, c, d, e, f, g, h]
    }

    fn from_bytes(bytes: [u8; 8], fill: u8) -> Self {
        let [a, b, c, d, e, f, g, h] = bytes;
        Window { kernel: [a, b], stride: [c, d], padding: [e, f, g, h], fill: fill as i8 }
    }
}

/// What differs between kinds: the kind, `n`, `fill`, `with`, and 8 bytes of parameters.
type Parts = (u8, u16, i8, u8, [u8; 8]);

fn parts(op: &Op) -> Parts {
    match op {
        Op::Gemm { n } => (GEMM, *n, 0, 0, [0; 8]),
        Op::Conv { window, n } => (CONV, *n, window.fill, 0, window.bytes()),
        Op::MaxPool { window } => (MAX_POOL, 0, window.fill, 0, window.bytes()),
        Op::AveragePool { window } => (AVERAGE_POOL, 0, window.fill, 0, window.bytes()),
        Op::Add { with, multipliers: [first, second], bias } => {
            let mut bytes = [0; 8];
            bytes[..2].copy_from_slice(&first.to_le_bytes());
            bytes[2..4].copy_from_slice(&second.to_le_bytes());
            bytes[4..].copy_from_slice(&bias.to_le_bytes());
            (ADD, 0, 0, *with, bytes)
        }
        Op::Lookup => (LOOKUP, 0, 0, 0, [0; 8]),
    }
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

impl Layer {
    /// kind | requantised (0 or 1) | shift1 | shift2 | mul u16 | zero point | lo | hi | from | input height, width,
    /// channels u16 | n u16 | fill | with | kernel, stride, padding (or: multipliers i16, bias i32) | 4 zeros | weight
    /// root. Little-endian; what a layer does not have is zero.
    pub fn record(&self) -> [u8; RECORD] {
        let mut record = [0u8; RECORD];
        let (kind, n, fill, with, parameters) = parts(&self.op);
        record[0] = kind;
        if let Some(q) = self.requant {
            record[1..4].copy_from_slice(&[1, q.shift1, q.shift2]);
            record[4..6].copy_from_slice(&q.mul.to_le_bytes());
            record[6..9].copy_from_slice(&[q.zero_point as u8, q.lo as u8, q.hi as u8]);
        }
        record[9] = self.from;
        record[10..12].copy_from_slice(&self.input.height.to_le_bytes());
        record[12..14].copy_from_slice(&self.input.width.to_le_bytes());
        record[14..16].copy_from_slice(&self.input.channels.to_le_bytes());
        record[16..18].copy_from_slice(&n.to_le_bytes());
        record[18..20].copy_from_slice(&[fill as u8, with]);
        record[20..28].copy_from_slice(&parameters);
        record[32..].copy_from_slice(&self.weight_root);
        record
    }

    /// The layer of a record. `None` if it is not one that [`Layer::record`] gives.
    pub fn from_record(record: &[u8; RECORD]) -> Option<Layer> {
        let layer = Layer::read(record)?;
        (layer.record() == *record).then_some(layer)
    }

    fn read(record: &[u8; RECORD]) -> Option<Layer> {
        let (n, fill, with) = (half(record, 16), record[18], record[19]);
        let mut parameters = [0; 8];
        parameters.copy_from_slice(&record[20..28]);
        let window = Window::from_bytes(parameters, fill);
        let op = match record[0] {
            GEMM => Op::Gemm { n },
            CONV => Op::Conv { window, n },
            MAX_POOL => Op::MaxPool { window },
            AVERAGE_POOL => Op::AveragePool { window },
            ADD => {
                let [a, b, c, d, bias @ ..] = parameters;
                let multipliers = [i16::from_le_bytes([a, b]), i16::from_le_bytes([c, d])];
                Op::Add { with, multipliers, bias: i32::from_le_bytes(bias) }
            }
            LOOKUP => Op::Lookup,
            _ => return None,
        };
        let requant = (record[1] == 1).then(|| Requant {
            shift1: record[2],
            shift2: record[3],
            mul: half(record, 4),
            zero_point: record[6] as i8,
            lo: record[7] as i8,
            hi: record[8] as i8,
        });
        let input = Shape { height: half(record, 10), width: half(record, 12), channels: half(record, 14) };
        let mut weight_root = [0; 32];
        weight_root.copy_from_slice(&record[32..]);
        Some(Layer { op, from: record[9], input, requant, weight_root })
    }
}
