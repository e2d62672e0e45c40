//! An answer in npy, as it has something for each row of a batch.

use serde_json::{Number, Value};

use crate::domain::suite::npy::{Array, Entry, shown};

pub(super) struct NpyAnswer<'a> {
    array: Array<'a>,
    rows: usize,
}

impl<'a> NpyAnswer<'a> {
    /// # Errors
    /// Why it is no array, in words that follow "got".
    pub(super) fn parse(bytes: &'a [u8], rows: usize) -> Result<Self, String> {
        Ok(Self { array: Array::parse(bytes)?, rows })
    }

    pub(super) fn in_words(&self) -> String {
        format!("an array of shape {}", shown(&self.array.shape))
    }

    /// Its numbers, if there is one for each row.
    pub(super) fn cells(&self) -> Option<Vec<Value>> {
        (self.array.len() == self.rows).then(|| (0..self.rows).map(|at| self.number(at)).collect())
    }

    /// The number of a column for each row.
    pub(super) fn column(&self, column: usize) -> Option<Vec<Value>> {
        let width = self.width().filter(|width| column < *width)?;
        Some((0..self.rows).map(|row| self.number(row * width + column)).collect())
    }

    /// All numbers of each row as a list.
    pub(super) fn lists(&self) -> Option<Vec<Value>> {
        let width = self.width()?;
        let list = |row: usize| (row * width..(row + 1) * width).map(|at| self.number(at)).collect();
        Some((0..self.rows).map(list).collect())
    }

    /// How many numbers a row has, if its first axis is one of rows.
    fn width(&self) -> Option<usize> {
        let of_rows = self.array.shape.first() == Some(&self.rows) && self.rows > 0;
        of_rows.then(|| self.array.len() / self.rows)
    }

    fn number(&self, at: usize) -> Value {
        match self.array.get(at) {
            Entry::Whole(whole) => {
                let negative = || i64::try_from(whole).map_or(Value::Null, Value::from);
                u64::try_from(whole).map_or_else(|_| negative(), Value::from)
            }
            // What is no number is told as such, and is no number to any metric.
            Entry::Float(float) => {
                Number::from_f64(float).map_or_else(|| Value::from(float.to_string()), Value::Number)
            }
        }
    }
}
