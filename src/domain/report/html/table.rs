//! A table of a page.

use serde::Serialize;

/// Rows of numbers; the first cells are heads.
#[derive(Serialize)]
pub(super) struct Table {
    pub(super) title: &'static str,
    pub(super) heads: Vec<&'static str>,
    pub(super) rows: Vec<TableRow>,
    pub(super) folded: Vec<TableRow>,
    pub(super) summary: Option<TableRow>,
}

#[derive(Clone, Serialize)]
pub(super) struct TableRow {
    pub(super) id: Option<String>,
    pub(super) head: String,
    pub(super) class: &'static str,
    pub(super) cells: Vec<String>,
}

impl Table {
    /// Of rows that each have a head.
    pub(super) fn of(title: &'static str, heads: Vec<&'static str>, rows: Vec<(String, Vec<String>)>) -> Option<Self> {
        let row = |(head, cells)| TableRow { id: None, head, class: "", cells };
        let rows: Vec<TableRow> = rows.into_iter().map(row).collect();
        (!rows.is_empty()).then(|| Self { title, heads, rows, folded: Vec::new(), summary: None })
    }
}
