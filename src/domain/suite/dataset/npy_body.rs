//! A batch of a dataset's rows as an array in npy.

use super::class::plain_number;
use super::row::Cell;
use crate::domain::suite::npy::{ArrayType, Entry, Nested, Writer};
use crate::domain::suite::number::Exact;
use crate::domain::text::excerpt::cut;

/// The rows so far; the shape of the first one is that of all.
pub(super) struct NpyBody {
    kind: ArrayType,
    writer: Writer,
    shape: Option<Vec<usize>>,
    rows: usize,
}

impl NpyBody {
    pub(super) fn new(kind: ArrayType) -> Self {
        Self { kind, writer: Writer::new(kind), shape: None, rows: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.writer.len()
    }

    /// Adds a row: its numbers, or the array that its only cell is.
    ///
    /// # Errors
    /// What the type does not hold, or is of another shape.
    pub(super) fn push(&mut self, cells: &[Cell]) -> Result<(), String> {
        let nested = match cells {
            [Cell::Json(text)] => {
                let value = serde_json::from_str(text).map_err(|error| error.to_string())?;
                Nested::of(&value).map_err(|reason| format!("npy holds numbers, and a row has {reason}"))?
            }
            cells => {
                let entries: Option<Vec<Entry>> = cells.iter().map(entry).collect();
                let wrong = || cells.iter().find(|cell| entry(cell).is_none()).map(Cell::text).unwrap_or_default();
                let entries =
                    entries.ok_or_else(|| format!("npy holds numbers, and a row has \"{}\"", cut(wrong())))?;
                Nested { shape: vec![entries.len()], entries }
            }
        };
        let shape = self.shape.get_or_insert_with(|| nested.shape.clone());
        if *shape != nested.shape {
            return Err("npy has rows of one shape, and these are of several".to_owned());
        }
        self.rows += 1;
        let pushed = nested.entries.into_iter().try_for_each(|entry| self.writer.push(entry));
        pushed.map_err(|reason| format!("a row has {reason}: dataset.dtype, now {}, names another type", self.kind))
    }

    pub(super) fn finish(self) -> Vec<u8> {
        let mut shape = vec![self.rows];
        shape.extend(self.shape.unwrap_or_default());
        self.writer.finish(&shape)
    }
}

/// What is missing is no number, as pandas has it.
fn entry(cell: &Cell) -> Option<Entry> {
    let text = cell.text().trim();
    match cell {
        Cell::Null => Some(Entry::Float(f64::NAN)),
        Cell::Untyped(_) if text.is_empty() => Some(Entry::Float(f64::NAN)),
        Cell::Literal(_) if text == "true" || text == "false" => Some(Entry::Whole(i128::from(text == "true"))),
        Cell::Untyped(_) | Cell::Literal(_) => plain_number(text)
            .map(|float| Exact::of_text(text).map_or(Entry::Float(float), |number| Entry::of_exact(&number))),
        Cell::Text(_) | Cell::Json(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::suite::npy::Array;

    fn cells(texts: &[&str]) -> Vec<Cell> {
        texts.iter().map(|text| Cell::Untyped((*text).to_owned())).collect()
    }

    #[test]
    fn rows_are_an_array() {
        let mut body = NpyBody::new(ArrayType::Float32);
        body.push(&cells(&["1.5", "-2"])).expect("a row");
        body.push(&[Cell::Null, Cell::Literal("true".to_owned())]).expect("a row");
        let bytes = body.finish();
        let array = Array::parse(&bytes).expect("an array");
        let values: Vec<String> = (0..4).map(|at| array.get(at).to_string()).collect();
        assert_eq!(
            (array.shape.as_slice(), values),
            (&[2, 2][..], ["1.5", "-2", "NaN", "1"].map(str::to_owned).to_vec())
        );
        let mut body = NpyBody::new(ArrayType::Int8);
        for row in ["[[1, 2], [3, 4]]", "[[5, 6], [7, 8]]"] {
            body.push(&[Cell::Json(row.to_owned())]).expect("a row");
        }
        assert_eq!(Array::parse(&body.finish()).expect("an array").shape, [2, 2, 2]);
    }

    #[test]
    fn what_is_no_number_or_of_another_shape_is_not_sent() {
        for (first, row, message) in [
            ("1", "red", "npy holds numbers, and a row has \"red\""),
            ("1", "007", "npy holds numbers, and a row has \"007\""),
            ("1", "300", "a row has 300, which int8 does not hold: dataset.dtype, now int8, names another type"),
            ("1", "", "a row has NaN, which int8 does not hold"),
        ] {
            let mut body = NpyBody::new(ArrayType::Int8);
            body.push(&cells(&[first])).expect("a row");
            let error = body.push(&cells(&[row])).expect_err(row);
            assert!(error.starts_with(message), "{error}");
        }
        let mut body = NpyBody::new(ArrayType::Float64);
        body.push(&cells(&["1"])).expect("a row");
        assert!(body.push(&[Cell::Json("[1, 2]".to_owned())]).expect_err("a list").contains("rows of one shape"));
    }
}
