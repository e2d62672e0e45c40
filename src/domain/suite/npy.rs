//! Arrays of numbers as NumPy writes them (numpy.lib.format, versions 1.0 to 3.0), in C and in Fortran order.

use std::fmt;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Number, Value};

use crate::domain::suite::media_type;
use crate::domain::suite::number::Exact;
use crate::domain::text::excerpt::cut;

const MAGIC: &[u8] = b"\x93NUMPY";
/// As many as NumPy reads without being told to (numpy.lib.format, `max_header_size`).
const MOST_HEADER_BYTES: usize = 10_000;
/// NPY_MAXDIMS of NumPy 2.
const MOST_DIMENSIONS: usize = 64;
/// Where the data of an array begins, for the sake of whoever maps it into memory.
const ALIGNMENT: usize = 64;

/// The types of numbers, as NumPy names them.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ArrayType {
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Float16,
    Float32,
    Float64,
}

/// Each with its name and its letter and size in a header.
const TYPES: [(ArrayType, &str, &str); 12] = [
    (ArrayType::Bool, "bool", "b1"),
    (ArrayType::Int8, "int8", "i1"),
    (ArrayType::Int16, "int16", "i2"),
    (ArrayType::Int32, "int32", "i4"),
    (ArrayType::Int64, "int64", "i8"),
    (ArrayType::Uint8, "uint8", "u1"),
    (ArrayType::Uint16, "uint16", "u2"),
    (ArrayType::Uint32, "uint32", "u4"),
    (ArrayType::Uint64, "uint64", "u8"),
    (ArrayType::Float16, "float16", "f2"),
    (ArrayType::Float32, "float32", "f4"),
    (ArrayType::Float64, "float64", "f8"),
];

impl ArrayType {
    fn row(self) -> (Self, &'static str, &'static str) {
        TYPES.into_iter().find(|(one, ..)| *one == self).unwrap_or(TYPES[11])
    }

    fn size(self) -> usize {
        self.row().2.as_bytes().last().map_or(1, |digit| usize::from(digit - b'0'))
    }

    /// A number that a person wrote, as this type holds it.
    #[expect(clippy::cast_possible_truncation, reason = "what the type holds of it is asked for")]
    pub(crate) fn rounded(self, value: Entry) -> Entry {
        match self {
            Self::Float64 => Entry::Float(value.float()),
            Self::Float32 => Entry::Float(f64::from(value.float() as f32)),
            Self::Float16 => Entry::Float(float_of(half(value.float()))),
            _ => value,
        }
    }
}

impl fmt::Display for ArrayType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().1)
    }
}

/// One number of an array; whole ones with all their digits, truth as 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Entry {
    Whole(i128),
    Float(f64),
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(whole) => whole.fmt(f),
            Self::Float(float) => float.fmt(f),
        }
    }
}

impl Entry {
    pub(crate) fn of(number: &Number) -> Self {
        let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        whole.map_or_else(|| Self::Float(number.as_f64().unwrap_or(f64::NAN)), Self::Whole)
    }

    #[expect(clippy::cast_precision_loss, reason = "where whole numbers are compared, they are compared as such")]
    pub(crate) fn float(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Float(float) => float,
        }
    }

    /// Whether two are no further apart than that; what is no number is like itself, as is what has no end.
    #[expect(clippy::cast_precision_loss, reason = "what is far apart need not be exact")]
    pub(crate) fn is_near(self, other: Self, tolerance: f64) -> bool {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => (one - other).unsigned_abs() as f64 <= tolerance,
            (Self::Float(one), Self::Float(other)) => {
                one.total_cmp(&other).is_eq() || one.is_nan() && other.is_nan() || (one - other).abs() <= tolerance
            }
            (one, other) => one.exact().minus(&other.exact()).abs() <= tolerance,
        }
    }

    pub(crate) fn of_exact(number: &Exact) -> Self {
        match number {
            Exact::Whole(whole) => Self::Whole((*whole).into()),
            Exact::Long(digits) => digits.parse().map_or_else(|_| Self::Float(number.float()), Self::Whole),
            Exact::Float(float) => Self::Float(*float),
        }
    }

    pub(crate) fn exact(self) -> Exact {
        match self {
            Self::Float(float) => Exact::Float(float),
            Self::Whole(whole) => {
                i64::try_from(whole).map_or_else(|_| Exact::Long(whole.to_string().into()), Exact::Whole)
            }
        }
    }
}

/// An array as it stands in an answer or a file.
#[derive(Clone, Debug)]
pub(crate) struct Array<'a> {
    pub(crate) kind: ArrayType,
    pub(crate) shape: Vec<usize>,
    is_big_endian: bool,
    is_fortran: bool,
    data: &'a [u8],
}

/// Whether a body is an array, by its content type or as it begins.
pub(crate) fn is_npy(content_type: &str, bytes: &[u8]) -> bool {
    media_type::bare(content_type).ends_with("/x-npy") || bytes.starts_with(MAGIC)
}

impl<'a> Array<'a> {
    /// Reads the header; numbers are read as they are asked for.
    ///
    /// # Errors
    /// Why it is no array of numbers, in words that follow "got".
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let (head, data) = split(bytes)?;
        let head = head.trim();
        if !(head.starts_with('{') && head.ends_with('}')) {
            return Err("npy with a header that is no dictionary".to_owned());
        }
        let descr = field(head, "descr")?;
        let descr = match descr.chars().next() {
            Some(quote @ ('\'' | '"')) => descr[1..].split(quote).next().unwrap_or_default(),
            _ => return Err("npy of a type with fields, and not of numbers".to_owned()),
        };
        let (order, letters) = descr.split_at_checked(1).unwrap_or_default();
        let known = TYPES.into_iter().find(|(.., known)| *known == letters && "<>|=".contains(order));
        let (kind, ..) = known.ok_or_else(|| format!("npy of type \"{}\", and not of numbers", cut(descr)))?;
        let order_of_axes = field(head, "fortran_order")?;
        let is_fortran = order_of_axes.starts_with("True");
        if !is_fortran && !order_of_axes.starts_with("False") {
            return Err("npy whose fortran_order is neither True nor False".to_owned());
        }
        let shape = shape(field(head, "shape")?)?;
        let wanted = shape.iter().try_fold(kind.size(), |product, length| product.checked_mul(*length));
        if wanted != Some(data.len()) {
            let shape = shown(&shape);
            return Err(format!("npy of shape {shape} and type {kind} with {} bytes of data", data.len()));
        }
        Ok(Self { kind, shape, is_big_endian: order == ">", is_fortran, data })
    }

    pub(crate) fn len(&self) -> usize {
        self.data.len() / self.kind.size()
    }

    /// The number at a place, as they are counted in C order, the last axis fastest.
    pub(crate) fn get(&self, index: usize) -> Entry {
        let size = self.kind.size();
        let place = if self.is_fortran { self.fortran_place(index) } else { index } * size;
        let mut own = [0; 8];
        let bytes = self.data.get(place..place + size).unwrap_or_default();
        if self.is_big_endian {
            own.iter_mut().zip(bytes.iter().rev()).for_each(|(own, byte)| *own = *byte);
        } else {
            own.iter_mut().zip(bytes).for_each(|(own, byte)| *own = *byte);
        }
        let [a, b, c, d, ..] = own;
        match self.kind {
            ArrayType::Bool => Entry::Whole(i128::from(a != 0)),
            ArrayType::Int8 => Entry::Whole(i128::from(i8::from_le_bytes([a]))),
            ArrayType::Int16 => Entry::Whole(i128::from(i16::from_le_bytes([a, b]))),
            ArrayType::Int32 => Entry::Whole(i128::from(i32::from_le_bytes([a, b, c, d]))),
            ArrayType::Int64 => Entry::Whole(i128::from(i64::from_le_bytes(own))),
            ArrayType::Uint8 | ArrayType::Uint16 | ArrayType::Uint32 | ArrayType::Uint64 => {
                Entry::Whole(i128::from(u64::from_le_bytes(own)))
            }
            ArrayType::Float16 => Entry::Float(float_of(u16::from_le_bytes([a, b]))),
            ArrayType::Float32 => Entry::Float(f64::from(f32::from_le_bytes([a, b, c, d]))),
            ArrayType::Float64 => Entry::Float(f64::from_le_bytes(own)),
        }
    }

    fn fortran_place(&self, mut index: usize) -> usize {
        let (mut stride, mut place) = (self.len(), 0);
        for length in self.shape.iter().rev() {
            stride /= length;
            place += index % length * stride;
            index /= length;
        }
        place
    }
}

/// The header's text and what is behind it.
fn split(bytes: &[u8]) -> Result<(&str, &[u8]), String> {
    let none = || "other bytes, which do not begin as one".to_owned();
    let (version, rest) = bytes.strip_prefix(MAGIC).and_then(|rest| rest.split_at_checked(2)).ok_or_else(none)?;
    let cut = || "npy that ends within its header".to_owned();
    let (length, rest) = match version[0] {
        1 => rest.split_first_chunk().map(|(length, rest)| (usize::from(u16::from_le_bytes(*length)), rest)),
        2 | 3 => {
            let length = |length: &[u8; 4]| usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
            rest.split_first_chunk().map(|(bytes, rest)| (length(bytes), rest))
        }
        other => return Err(format!("npy of version {other}, and 1 to 3 are known")),
    }
    .ok_or_else(cut)?;
    if length > MOST_HEADER_BYTES {
        return Err(format!("npy with a header of {length} bytes, and {MOST_HEADER_BYTES} are read"));
    }
    let (head, data) = rest.split_at_checked(length).ok_or_else(cut)?;
    let head = std::str::from_utf8(head).map_err(|_| "npy with a header that is not UTF-8".to_owned())?;
    Ok((head, data))
}

/// What stands behind a key of the header.
fn field<'h>(head: &'h str, name: &str) -> Result<&'h str, String> {
    let behind = |quote: char| head.split_once(&format!("{quote}{name}{quote}")).map(|(_, rest)| rest.trim_start());
    let found = behind('\'').or_else(|| behind('"')).and_then(|rest| rest.strip_prefix(':'));
    found.map(str::trim_start).ok_or_else(|| format!("npy without {name} in its header"))
}

fn shape(text: &str) -> Result<Vec<usize>, String> {
    let broken = || "npy with a shape that is not one of whole numbers".to_owned();
    let inner = text.strip_prefix('(').and_then(|rest| rest.split_once(')')).map(|(inner, _)| inner);
    let parts = inner.ok_or_else(broken)?.split(',').map(str::trim).filter(|part| !part.is_empty());
    // Python 2 wrote 3L
    let lengths: Result<Vec<usize>, _> = parts.map(|part| part.trim_end_matches('L').parse()).collect();
    let lengths = lengths.map_err(|_| broken())?;
    if lengths.len() > MOST_DIMENSIONS {
        return Err(format!("npy of {} dimensions, and {MOST_DIMENSIONS} are read", lengths.len()));
    }
    Ok(lengths)
}

/// A shape as Python writes it.
pub(crate) fn shown(shape: &[usize]) -> String {
    let lengths: Vec<String> = shape.iter().map(ToString::to_string).collect();
    if let [only] = &lengths[..] { format!("({only},)") } else { format!("({})", lengths.join(", ")) }
}

/// An array that is written, number by number.
#[derive(Debug)]
pub(crate) struct Writer {
    kind: ArrayType,
    data: Vec<u8>,
}

impl Writer {
    pub(crate) fn new(kind: ArrayType) -> Self {
        Self { kind, data: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.data.len()
    }

    /// # Errors
    /// The type does not hold the number, in words that follow what is wrong.
    #[expect(clippy::cast_possible_truncation, reason = "a float that is rounded to fewer digits is meant")]
    pub(crate) fn push(&mut self, entry: Entry) -> Result<(), String> {
        let kind = self.kind;
        let beyond = || format!("{entry}, which {kind} does not hold");
        let size = kind.size();
        match kind {
            ArrayType::Float16 => self.data.extend(half(entry.float()).to_le_bytes()),
            ArrayType::Float32 => self.data.extend((entry.float() as f32).to_le_bytes()),
            ArrayType::Float64 => self.data.extend(entry.float().to_le_bytes()),
            _ => {
                let whole = match entry {
                    Entry::Whole(whole) => whole,
                    Entry::Float(float) if float.fract() == 0.0 && float.abs() < 1e15 => float as i128,
                    Entry::Float(_) => return Err(beyond()),
                };
                let bits = u32::try_from(size * 8).unwrap_or_default();
                let range = match kind {
                    ArrayType::Bool => 0..=1,
                    ArrayType::Uint8 | ArrayType::Uint16 | ArrayType::Uint32 | ArrayType::Uint64 => 0..=(1 << bits) - 1,
                    _ => -(1 << (bits - 1))..=(1 << (bits - 1)) - 1,
                };
                if !range.contains(&whole) {
                    return Err(beyond());
                }
                self.data.extend(&whole.to_le_bytes()[..size]);
            }
        }
        Ok(())
    }

    /// The file, in C order.
    pub(crate) fn finish(self, shape: &[usize]) -> Vec<u8> {
        let letters = self.kind.row().2;
        let order = if self.kind.size() == 1 { '|' } else { '<' };
        let mut head = format!("{{'descr': '{order}{letters}', 'fortran_order': False, 'shape': {}, }}", shown(shape));
        // Magic, version and length come before it, a line break ends it.
        let before = MAGIC.len() + 4;
        let padding = (before + head.len() + 1).next_multiple_of(ALIGNMENT) - before - head.len() - 1;
        head.push_str(&" ".repeat(padding));
        head.push('\n');
        let length = u16::try_from(head.len()).unwrap_or(u16::MAX);
        [MAGIC, &[1, 0], &length.to_le_bytes(), head.as_bytes(), &self.data].concat()
    }
}

/// Numbers in lists in each other, as JSON and YAML write an array.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Nested {
    pub(crate) shape: Vec<usize>,
    pub(crate) entries: Vec<Entry>,
}

impl Nested {
    /// # Errors
    /// Why it is no array, in words that follow "got".
    pub(crate) fn of(value: &Value) -> Result<Self, String> {
        let mut nested = Self::default();
        nested.add(value, 0)?;
        Ok(nested)
    }

    fn add(&mut self, value: &Value, depth: usize) -> Result<(), String> {
        match value {
            Value::Array(items) => {
                if self.entries.is_empty() && self.shape.len() == depth && depth < MOST_DIMENSIONS {
                    self.shape.push(items.len());
                } else if self.shape.get(depth) != Some(&items.len()) {
                    return Err("lists of different lengths".to_owned());
                }
                items.iter().try_for_each(|item| self.add(item, depth + 1))
            }
            _ if depth != self.shape.len() => Err("lists of different lengths".to_owned()),
            Value::Number(number) => {
                self.entries.push(Entry::of(number));
                Ok(())
            }
            Value::Bool(truth) => {
                self.entries.push(Entry::Whole(i128::from(*truth)));
                Ok(())
            }
            other => Err(format!("{}, which is not a number", cut(&other.to_string()))),
        }
    }

    /// The array as a file.
    ///
    /// # Errors
    /// Which number the type does not hold.
    pub(crate) fn written(&self, kind: ArrayType) -> Result<Vec<u8>, String> {
        let mut writer = Writer::new(kind);
        self.entries.iter().try_for_each(|entry| writer.push(*entry))?;
        Ok(writer.finish(&self.shape))
    }
}

/// IEEE 754 binary16.
fn float_of(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        exponent => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// The nearest one, of two that are as near the even one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place of 16 bits, in its range")]
fn half(value: f64) -> u16 {
    let sign = if value.is_sign_negative() { 0x8000 } else { 0 };
    let size = value.abs();
    if size.is_nan() {
        return 0x7e00;
    }
    if size >= 65_520.0 {
        return sign | 0x7c00;
    }
    let exponent = ((size.to_bits() >> 52) as i32 - 1023).max(-14);
    // A fraction that is rounded up to a whole carries over into the exponent, as it should.
    let steps = (size / 2f64.powi(exponent - 10)).round_ties_even() as u16;
    sign | ((((exponent + 14) as u16) << 10) + steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What NumPy writes of `values` with that type.
    fn npy(header: &str, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(header.len()).expect("short");
        [MAGIC, &[1, 0], &length.to_le_bytes(), header.as_bytes(), data].concat()
    }

    fn read(bytes: &[u8]) -> Result<Vec<String>, String> {
        let array = Array::parse(bytes)?;
        Ok((0..array.len()).map(|at| array.get(at).to_string()).collect())
    }

    #[test]
    fn every_type_and_order_is_read() {
        let of = |descr: &str, fortran: &str, shape: &str, data: &[u8]| {
            read(&npy(&format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n"), data))
        };
        assert_eq!(of("<i2", "False", "(2,)", &[1, 0, 0xff, 0xff]).expect("int16"), ["1", "-1"]);
        assert_eq!(of(">i2", "False", "(2,)", &[0, 1, 0xff, 0xfe]).expect("big-endian"), ["1", "-2"]);
        assert_eq!(of("|b1", "False", "()", &[1]).expect("a scalar"), ["1"]);
        assert_eq!(of("<u8", "False", "(1, 1)", &[0xff; 8]).expect("uint64"), ["18446744073709551615"]);
        assert_eq!(
            of("<f2", "False", "(3,)", &[0, 0x3c, 1, 0, 0, 0xfc]).expect("f2"),
            ["1", "0.00000005960464477539063", "-inf"]
        );
        assert_eq!(of(">f4", "False", "(1L,)", &1.5f32.to_be_bytes()).expect("float32"), ["1.5"]);
        // Columns first: [[0, 1, 2], [3, 4, 5]]
        assert_eq!(of("|u1", "True", "(2, 3)", &[0, 3, 1, 4, 2, 5]).expect("Fortran"), ["0", "1", "2", "3", "4", "5"]);
        assert_eq!(of("<f8", "False", "(0, 3)", &[]).expect("empty"), [""; 0]);
    }

    #[test]
    fn what_is_no_array_of_numbers_is_refused_in_words() {
        let of = |head: &str, data: &[u8]| read(&npy(head, data)).expect_err(head);
        let with = |descr: &str, shape: &str| format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}");
        for (head, message) in [
            (with("'<U4'", "(1,)"), "npy of type \"<U4\", and not of numbers"),
            (with("'|O'", "(1,)"), "npy of type \"|O\", and not of numbers"),
            (with("'<c8'", "(1,)"), "npy of type \"<c8\", and not of numbers"),
            (with("''", "(1,)"), "npy of type \"\", and not of numbers"),
            (with("[('a', '<f4')]", "(1,)"), "npy of a type with fields"),
            (with("'<f4'", "(2,)"), "npy of shape (2,) and type float32 with 4 bytes of data"),
            (with("'<f4'", "(99999999999, 99999999999)"), "npy of shape (99999999999, 99999999999) and"),
            (with("'<f4'", "(-1,)"), "npy with a shape that is not one of whole numbers"),
            (with("'<f4'", &format!("({})", "1,".repeat(65))), "npy of 65 dimensions, and 64 are read"),
            ("{'descr': '<f4'}".to_owned(), "npy without fortran_order in its header"),
            ("[]".to_owned(), "npy with a header that is no dictionary"),
        ] {
            assert!(of(&head, &[0; 4]).starts_with(message), "{head}: {}", of(&head, &[0; 4]));
        }
        for (bytes, message) in [
            (&b"[1, 2]"[..], "other bytes, which do not begin as one"),
            (b"\x93NUMPY\x01\x00", "npy that ends within its header"),
            (b"\x93NUMPY\x01\x00\xff\x00{}", "npy that ends within its header"),
            (b"\x93NUMPY\x09\x00\x02\x00{}", "npy of version 9"),
            (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}", "npy with a header of 4294967295 bytes"),
            (b"\x93NUMPY\x03\x00\x01\x00\x00\x00\xff", "npy with a header that is not UTF-8"),
        ] {
            assert!(read(bytes).expect_err(message).starts_with(message), "{message}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let nested = |json: &str| Nested::of(&serde_json::from_str(json).expect("JSON"));
        for (kind, json) in [
            (ArrayType::Float64, "[[1.5, -2], [0.1, 4]]"),
            (ArrayType::Float16, "[65504, 0.5, -0.25, 6.103515625e-05]"),
            (ArrayType::Int64, "[[[-9223372036854775808]], [[9223372036854775807]]]"),
            (ArrayType::Uint64, "[18446744073709551615]"),
            (ArrayType::Bool, "[true, false]"),
            (ArrayType::Int8, "7"),
        ] {
            let written = nested(json).expect(json);
            let bytes = written.written(kind).expect(json);
            let array = Array::parse(&bytes).expect(json);
            assert_eq!((array.kind, &array.shape), (kind, &written.shape));
            assert_eq!((bytes.len() - array.data.len()) % ALIGNMENT, 0);
            let near = |(at, entry): (usize, &Entry)| array.get(at).is_near(*entry, 0.0);
            assert!(written.entries.iter().enumerate().all(near), "{json}");
        }
        for (kind, json) in
            [(ArrayType::Int8, "128"), (ArrayType::Uint8, "-1"), (ArrayType::Bool, "2"), (ArrayType::Int32, "1.5")]
        {
            let error = nested(json).expect(json).written(kind).expect_err(json);
            assert_eq!(error, format!("{json}, which {kind} does not hold"));
        }
        for json in ["[[1], [2, 3]]", "[1, [2]]", "[[1], 2]", "[[], 1]"] {
            assert_eq!(nested(json).expect_err(json), "lists of different lengths");
        }
        assert_eq!(nested("[1, \"x\"]").expect_err("a text"), "\"x\", which is not a number");
    }

    #[test]
    fn half_floats_are_rounded_to_the_nearest() {
        for bits in (0..=u16::MAX).filter(|bits| bits & 0x7c00 != 0x7c00) {
            assert_eq!(half(float_of(bits)), bits);
        }
        for (value, bits) in [(65_519.9, 0x7bff), (65_520.0, 0x7c00), (2049.0, 0x6800), (2051.0, 0x6802), (3e-8, 1)] {
            assert_eq!(half(value), bits, "{value}");
        }
    }
}
