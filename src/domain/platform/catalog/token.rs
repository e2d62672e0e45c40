//! Idempotency tokens: a call that is made again answers what it answered, and makes nothing twice.

use crate::domain::digest::sha256;

/// The token of a call with these contents.
///
/// `hour` is in it because how long Service Catalog remembers a token is not documented: what was deleted by hand can be
/// made anew under the token of another hour. What was made before is found by its name; the token only keeps an import
/// that is run again at once, before Service Catalog shows what it made, from making it twice.
pub(crate) fn of(operation: &str, contents: &[&str], hour: &str) -> String {
    let parts: Vec<String> =
        [&[operation, hour], contents].concat().iter().map(|part| sha256(part.as_bytes())).collect();
    sha256(parts.concat().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_token_is_of_its_contents() {
        let token = of("CreateProduct", &["a", "bc"], "2026-11-24T21");
        assert_eq!(token, of("CreateProduct", &["a", "bc"], "2026-11-24T21"));
        for other in [
            of("CreatePortfolio", &["a", "bc"], "2026-11-24T21"),
            of("CreateProduct", &["ab", "c"], "2026-11-24T21"),
            of("CreateProduct", &["a", "bc"], "2026-11-24T22"),
        ] {
            assert_ne!(token, other);
        }
        // IdempotencyToken (botocore): 1 to 128 of [a-zA-Z0-9][a-zA-Z0-9_-]*
        assert!(token.len() <= 128 && token.bytes().all(|any| any.is_ascii_alphanumeric()));
    }
}
