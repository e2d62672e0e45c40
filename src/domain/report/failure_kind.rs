//! What can fail in a test run, for machines: `kind` in `test-results.json`, and the type in JUnit XML.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! failure_kinds {
    ($($kind:ident $id:literal $meaning:literal;)+) => {
        // No doc comments on the variants: the schema is to list them as one `enum`.
        /// What failed, for machines; what each means is in docs/testing-results.md.
        #[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash, Serialize)]
        #[cfg_attr(test, derive(JsonSchema))]
        pub enum FailureKind {
            $(#[serde(rename = $id)] $kind,)+
            // Results that a later modeldeploy wrote are still shown.
            #[serde(other, rename = "unknown")]
            #[cfg_attr(test, schemars(skip))]
            Unknown,
        }

        impl FailureKind {
            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $id,)+
                    Self::Unknown => "unknown",
                }
            }

            /// What it means, in words that tell nothing of the answer.
            pub(crate) fn meaning(self) -> &'static str {
                match self {
                    $(Self::$kind => $meaning,)+
                    Self::Unknown => "unknown",
                }
            }

            /// The table of the documentation.
            #[cfg(test)]
            fn table() -> String {
                let rows = [$(concat!("| `", $id, "` | ", $meaning, " |\n")),+];
                format!("| kind | what failed |\n|---|---|\n{}", rows.concat())
            }
        }
    };
}

failure_kinds! {
    Unit "unit" "the accounts of the organizational unit cannot be read";
    Interrupted "interrupted" "a signal ended the run";
    Deadline "deadline" "`--deadline` ended the run";
    Memory "memory" "judging took too much memory, which ended the run";
    AssumeRole "assume_role" "the role of the account cannot be assumed";
    EndpointAbsent "endpoint_absent" "there is no endpoint of that name";
    EndpointUnknown "endpoint_unknown" "the endpoint cannot be described";
    EndpointBroken "endpoint_broken" "the endpoint cannot come into service by itself";
    EndpointNotReady "endpoint_not_ready" "the endpoint was not in service within `--wait`";
    LiveModelMismatch "live_model_mismatch" "the endpoint serves another package";
    LiveModelUnknown "live_model_unknown" "it cannot be proved what the endpoint serves";
    ImageMismatch "image_mismatch" "another image runs than was registered";
    ModelDataChanged "model_data_changed" "the model data is not what was registered";
    Unhealthy "unhealthy" "the local model server is not healthy";
    NotRun "not_run" "the run ended, or its account failed, before this case";
    NoSession "no_session" "the earlier case opened no session to continue";
    NoAnswer "no_answer" "there was no answer";
    Timeout "timeout" "there was no answer in time";
    NotJudged "not_judged" "judging the answer took too long, too many steps or too much memory";
    ModelError "model_error" "the model answered with an error";
    NotRefused "not_refused" "the model answered what it was expected to refuse";
    WrongModelError "wrong_model_error" "the model refused, but not as expected";
    StreamError "stream_error" "the stream carries an error";
    StreamCut "stream_cut" "the stream does not end with its last event";
    WrongContentType "wrong_content_type" "the answer has another content type";
    WrongBody "wrong_body" "the answer's text or bytes are not as expected";
    WrongJson "wrong_json" "a value of the JSON answer is not as expected";
    WrongSchema "wrong_schema" "the answer does not fit the JSON Schema";
    WrongCsv "wrong_csv" "the CSV answer is not as expected";
    WrongNpy "wrong_npy" "the npy answer is not as expected";
    WrongVector "wrong_vector" "a vector of the answer is not as expected";
    WrongText "wrong_text" "a text of the answer is not as expected";
    AnswersDiffer "answers_differ" "answers to the same request differ more than they may";
    NoCompletion "no_completion" "the answer to a chat is not a chat completion";
    WrongFinish "wrong_finish" "the model stopped for another reason";
    WrongToolCall "wrong_tool_call" "the model called other tools, or used other arguments";
    WrongUsage "wrong_usage" "the tokens that the server counted are not as expected";
    Slo "slo" "an objective is not met";
    Rate "rate" "fewer requests per second were answered than the load requires";
    Gate "gate" "a metric of a dataset, or of captured traffic, does not pass its gate";
    Dataset "dataset" "the predictions of a dataset cannot be read";
    Capture "capture" "a capture file cannot be read, or a captured record cannot be used";
    Uncomparable "uncomparable" "the answer cannot be compared with the captured one";
    Baseline "baseline" "a figure is worse than the baseline by more than allowed";
    More "more" "further failures, which are only counted";
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::schema;

    #[test]
    fn the_documentation_lists_every_kind() {
        let page = include_str!("../../../docs/testing-results.md");
        let table = FailureKind::table();
        assert!(page.contains(&table), "docs/testing-results.md lacks this table:\n{table}");
    }

    #[test]
    fn the_schema_lists_every_kind() {
        let schema: Value = serde_json::from_str(schema::RESULTS).expect("JSON");
        let listed = schema["$defs"]["FailureKind"]["enum"].as_array().expect("an enum");
        assert_eq!(listed.len(), FailureKind::table().lines().count() - 2);
        for kind in listed {
            let read: FailureKind = serde_json::from_value(kind.clone()).expect("a kind");
            assert_eq!(json!(read.as_str()), *kind);
        }
    }

    #[test]
    fn a_kind_of_a_later_version_is_no_reason_to_refuse_its_results() {
        let read: FailureKind = serde_json::from_str("\"of_tomorrow\"").expect("reads");
        assert_eq!(read, FailureKind::Unknown);
    }
}
