//! How the rows of a request stand in a JSON body.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use super::json::{json_list, json_record, json_text, quoted};
use super::row::Row;

/// The forms that model servers take rows in.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// `{"instances": [[5.1, "red"], ...]}`
    Instances,
    /// `{"inputs": [[5.1, "red"], ...]}`; of one column its values, `{"inputs": ["some text", ...]}`
    Inputs,
    /// `[[5.1, "red"], ...]`; in JSON Lines `[5.1, "red"]` on each line
    List,
    /// `[{"length": 5.1, "color": "red"}, ...]`; in JSON Lines an object on each line
    Records,
    /// `{"dataframe_split": {"columns": ["length", "color"], "data": [[5.1, "red"], ...]}}`
    DataframeSplit,
    /// `{"dataframe_records": [{"length": 5.1, "color": "red"}, ...]}`
    DataframeRecords,
}

impl Form {
    /// Whether the columns' names are in it.
    pub(super) fn has_names(self) -> bool {
        matches!(self, Self::Records | Self::DataframeSplit | Self::DataframeRecords)
    }

    /// What comes before the first row.
    pub(super) fn begin(self, names: &[String]) -> String {
        match self {
            Self::Instances => "{\"instances\": [".to_owned(),
            Self::Inputs => "{\"inputs\": [".to_owned(),
            Self::List | Self::Records => "[".to_owned(),
            Self::DataframeSplit => {
                let names: Vec<_> = names.iter().map(|name| quoted(name)).collect();
                format!("{{\"dataframe_split\": {{\"columns\": [{}], \"data\": [", names.join(", "))
            }
            Self::DataframeRecords => "{\"dataframe_records\": [".to_owned(),
        }
    }

    pub(super) fn row(self, row: &Row) -> String {
        match (self, &row.features[..]) {
            (Self::Inputs, [cell]) => json_text(cell),
            (Self::Records | Self::DataframeRecords, cells) => json_record(&row.names, cells),
            (_, cells) => json_list(cells),
        }
    }

    /// What comes behind the last row.
    pub(super) fn end(self) -> &'static str {
        match self {
            Self::List | Self::Records => "]",
            Self::Instances | Self::Inputs | Self::DataframeRecords => "]}",
            Self::DataframeSplit => "]}}",
        }
    }
}
