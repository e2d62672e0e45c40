//! Content types, compared as what they say and not as they are written.

/// The type without its parameters.
pub(crate) fn bare(text: &str) -> String {
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

pub(crate) fn is_json_lines(content_type: &str) -> bool {
    let bare = bare(content_type);
    ["jsonlines", "jsonl", "ndjson"].iter().any(|name| bare.ends_with(name))
}

pub(crate) fn is_event_stream(content_type: &str) -> bool {
    bare(content_type) == "text/event-stream"
}

/// Whether an answer has the type that was asked for. Parameters such as `charset` count only where they were asked for,
/// in any order, with or without quotes and spaces; names and the charset in any case (RFC 9110, 8.3.1).
pub(crate) fn fits(wanted: &str, got: &str) -> bool {
    let of_answer: Vec<(String, String)> = parameters(got).collect();
    bare(wanted) == bare(got) && parameters(wanted).all(|wanted| of_answer.contains(&wanted))
}

fn parameters(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split(';').skip(1).filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let name = name.trim().to_ascii_lowercase();
        let value = value.trim().trim_matches('"');
        let value = if name == "charset" { value.to_ascii_lowercase() } else { value.to_owned() };
        Some((name, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_type_is_the_same_however_it_is_written() {
        for (wanted, got) in [
            ("application/json", "application/json; charset=utf-8"),
            ("application/json;charset=utf-8", "Application/JSON ; Charset=\"UTF-8\""),
            ("text/csv; charset=utf-8; header=present", "text/csv;header=present;charset=UTF-8"),
            ("text/csv; ", "text/csv"),
        ] {
            assert!(fits(wanted, got), "{wanted} and {got}");
        }
        for (wanted, got) in [
            ("application/json; charset=utf-8", "application/json"),
            ("application/json; charset=utf-8", "application/json; charset=latin-1"),
            ("text/csv; header=present", "text/csv; header=Present"),
            ("text/csv", "text/plain"),
        ] {
            assert!(!fits(wanted, got), "{wanted} and {got}");
        }
    }
}
