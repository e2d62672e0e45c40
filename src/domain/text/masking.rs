//! Secrets in texts that are shown or kept, which their place gives away: a password in a URL, a signature in a query, a
//! field of credentials.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str};

/// What stands where a secret was.
pub(crate) const MASK: &str = "***";

/// What percent-encoding leaves as it is (RFC 3986, 2.3), as AWS's signatures spell it.
pub(crate) const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The text without passwords of URLs, values of queries that sign or identify, and fields of credentials.
pub(crate) fn by_place(text: &str) -> Cow<'_, str> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        if found.last().is_some_and(|last| at < last.end) {
            continue;
        }
        let secret = match byte {
            b':' => match behind_scheme(text, at) {
                Some(start) => userinfo(text, at, start),
                None => value_of_field(text, at),
            },
            b'=' => value_of_query(text, at, at + 1).or_else(|| value_of_field(text, at)),
            b'\\' if is_escaped(&text[at + 1..], EQUALS) => value_of_query(text, at, at + 1 + EQUALS.len()),
            b'>' => value_of_field(text, at),
            _ => continue,
        };
        found.extend(secret);
    }
    without(text, &found)
}

/// A JSON text with its texts masked. The names of its fields stay, and so does all that is not a text; the value of a field
/// of credentials is masked as a whole.
pub(crate) fn in_json<'a>(json: &'a str, masked: impl Fn(&'a str) -> Cow<'a, str>) -> Cow<'a, str> {
    let mut shown = String::new();
    let mut copied = 0;
    let mut name = "";
    let mut at = 0;
    while let Some(start) = json[at..].find('"').map(|quote| at + quote + 1) {
        let Some(end) = end_of_quoted(json, start) else { break };
        let text = &json[start..end];
        at = end + 1;
        if json[at..].trim_start().starts_with(':') {
            name = text;
            continue;
        }
        let is_credential = is_credential_field(name) && text.len() >= LEAST_OF_FIELD;
        let without = if is_credential { Cow::Borrowed(MASK) } else { masked(text) };
        if without != text {
            shown.push_str(&json[copied..start]);
            shown.push_str(&without);
            copied = end;
        }
        name = "";
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    shown.push_str(&json[copied..]);
    Cow::Owned(shown)
}

/// Where the text ends that begins at `start` in a JSON text.
fn end_of_quoted(json: &str, start: usize) -> Option<usize> {
    let mut is_escaped = false;
    json[start..]
        .bytes()
        .position(|byte| {
            let ends = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            ends
        })
        .map(|length| start + length)
}

/// The text with these parts masked.
pub(super) fn without<'a>(text: &'a str, secrets: &[Range<usize>]) -> Cow<'a, str> {
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut copied = 0;
    for secret in secrets {
        masked.push_str(&text[copied..secret.start]);
        masked.push_str(MASK);
        copied = secret.end;
    }
    masked.push_str(&text[copied..]);
    Cow::Owned(masked)
}

/// Where a run of other characters ends.
fn run(text: &str, start: usize, ends: impl Fn(char) -> bool) -> usize {
    text[start..].find(ends).map_or(text.len(), |length| start + length)
}

/// A password in a URL is not looked for any further.
const LONGEST_PASSWORD: usize = 1024;

/// What ends a URL in a text.
fn ends_url(any: char) -> bool {
    any.is_whitespace() || any.is_control() || matches!(any, '"' | '\'' | '`' | '<' | '>' | '\\')
}

/// How JSON may have `=` and `&` behind a backslash.
const EQUALS: &str = "u003d";
const AND: &str = "u0026";

fn is_escaped(rest: &str, escape: &str) -> bool {
    rest.get(..escape.len()).is_some_and(|head| head.eq_ignore_ascii_case(escape))
}

/// What follows `://`, which JSON may have as `:\/\/`.
fn behind_scheme(text: &str, colon: usize) -> Option<usize> {
    let slash = |rest: &str| rest.trim_start_matches('\\').strip_prefix('/').map(str::len);
    let first = slash(&text[colon + 1..])?;
    Some(text.len() - slash(&text[text.len() - first..])?)
}

/// The secret part of `scheme://user:password@host`, and all of it where there is no user's name beside.
fn userinfo(text: &str, colon: usize, start: usize) -> Option<Range<usize>> {
    let end = run(text, start, |any| ends_url(any) || matches!(any, '/' | '?' | '#'));
    let (user, password) = text[start..end].split_once(':').unwrap_or((&text[start..end], ""));
    let at = match text[start..end].rfind('@') {
        Some(at) => start + at,
        // A password that was written as it is may hold what ends the part; a port does not look like one.
        None if !password.is_empty() && !password.bytes().all(|byte| byte.is_ascii_digit()) => {
            let rest = text[end..].bytes().take(LONGEST_PASSWORD);
            end + rest
                .take_while(|byte| !byte.is_ascii() || !ends_url(char::from(*byte)))
                .position(|byte| byte == b'@')?
        }
        None => return None,
    };
    match text[start..at].find(':') {
        Some(_) => Some(start + user.len() + 1..at),
        // git@host is not a secret; https://token@host is.
        None => (text[..colon].ends_with("http") || text[..colon].ends_with("https")).then_some(start..at),
    }
}

/// What a person meant to be a URL, without what may be a password, wherever it is written wrong, and without what a server
/// may take for a key.
pub(crate) fn misspelt_url(text: &str) -> String {
    let slashes = text.find(['/', '\\']).filter(|slash| {
        let is_of_scheme = |any: char| any.is_ascii_alphanumeric() || "+-.".contains(any);
        text[..*slash].trim_end_matches([':', ';']).chars().all(is_of_scheme)
    });
    let start = slashes.map_or(0, |slash| run(text, slash, |any| any != '/' && any != '\\'));
    let (head, rest) = match text.rfind('@').filter(|at| *at >= start) {
        Some(at) => (format!("{}{MASK}", &text[..start]), &text[at..]),
        None => (String::new(), text),
    };
    match rest.find(['?', '#', ';']) {
        Some(end) => format!("{head}{}...", &rest[..=end]),
        None => head + rest,
    }
}

/// How names end whose values let somebody in, in lower case.
const SECRET_NAMES: [&str; 16] = [
    "signature",
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "credential",
    "apikey",
    "api_key",
    "api-key",
    "secret_key",
    "secretkey",
    "accesskey",
    "secret_access_key",
    "sessionid",
    "sessid",
];
const SECRET_WHOLE_NAMES: [&str; 3] = ["sig", "auth", "jwt"];
/// Of a password, too, but for the variables in which every shell has a folder (POSIX, "Shell Variables").
const PASSWORD: &str = "pwd";
const FOLDERS: [&str; 2] = ["pwd", "oldpwd"];
/// As names of a URL's query only: elsewhere they mean other things.
const SECRET_IN_QUERIES: [&str; 5] = ["key", "code", "session", "sid", PASSWORD];
/// What names a version in a URL's query, however long.
const VERSION_IN_QUERIES: [&str; 5] = ["ref", "rev", "commit", "version", "versionid"];

/// A value of a query that is as long as this names or signs something, and is no help to a reader.
const OPAQUE: usize = 32;

/// Whether the value of that name lets somebody in.
pub(crate) fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|end| name.ends_with(end))
        || SECRET_WHOLE_NAMES.contains(&name.as_str())
        || name.ends_with(PASSWORD) && !FOLDERS.contains(&name.as_str())
}

/// Parts of the names of headers that let somebody in (RFC 9110, section 11; RFC 6265), and how those of gateways end.
const IN_SECRET_HEADERS: [&str; 11] = [
    "authorization",
    "cookie",
    "token",
    "secret",
    "password",
    "apikey",
    "api-key",
    "credential",
    "signature",
    "bearer",
    "jwt",
];
const KEY_OF_GATEWAY: &str = "-key";

/// How headers begin that say what is sent and wanted, and by whom (RFC 9110; W3C, Trace Context); no secret is in them.
const OPEN_HEADERS: [&str; 8] =
    ["accept", "cache-control", "content-", "host", "traceparent", "user-agent", "x-forwarded-", "x-request-id"];

/// Whether a header that somebody made up may let somebody in: its name says that it does not, or its value is a media type.
pub(crate) fn may_be_secret_header(name: &str, value: &str) -> bool {
    let name_is_open = OPEN_HEADERS.iter().any(|open| name.to_ascii_lowercase().starts_with(open));
    let kinds = ["application", "audio", "image", "multipart", "text", "video"];
    let is_media_type = value.split_once('/').is_some_and(|(kind, _)| kinds.contains(&kind));
    is_secret_header(name) || !name_is_open && !is_media_type
}

/// Whether the value of a header lets somebody in.
pub(crate) fn is_secret_header(name: &str) -> bool {
    let lower = name.to_ascii_lowercase().replace('_', "-");
    IN_SECRET_HEADERS.iter().any(|part| lower.contains(part)) || lower.ends_with(KEY_OF_GATEWAY) || names_a_secret(name)
}

/// What of such a header lets somebody in: all of it, what stands behind the scheme, a password, the value of each cookie.
pub(crate) fn secrets_of_header(value: &str) -> Vec<String> {
    let mut secrets = vec![value.to_owned()];
    if let Some((scheme, rest)) = value.split_once(' ') {
        secrets.push(rest.to_owned());
        let decoded = STANDARD.decode(rest.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"));
        let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        secrets.extend(decoded.and_then(|user| Some(user.split_once(':')?.1.to_owned())));
    }
    secrets.extend(value.split(';').filter_map(|pair| Some(pair.split_once('=')?.1.trim().to_owned())));
    secrets
}

/// The password of a URL, or what stands in its stead; as it is written, as it is meant, and as HTTP sends it.
pub(crate) fn secrets_of_url(url: &str) -> Vec<String> {
    // Proxies are named without a scheme, too.
    let url = if url.contains("://") { Cow::Borrowed(url) } else { Cow::Owned(format!("http://{url}")) };
    let Some(colon) = url.find("://") else { return Vec::new() };
    let Some(secret) = userinfo(&url, colon, colon + "://".len()) else { return Vec::new() };
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let user = url[colon + "://".len()..secret.start].trim_end_matches(':');
    let password = &url[secret];
    let sent = STANDARD.encode(format!("{}:{}", decoded(user), decoded(password)));
    vec![password.to_owned(), decoded(password), sent]
}

fn is_of_name(any: char) -> bool {
    any.is_ascii_alphanumeric() || matches!(any, '_' | '-' | '.')
}

/// The name that ends at `end`, and where it begins.
fn name_before(text: &str, end: usize) -> (usize, String) {
    let start = text[..end]
        .rfind(|any| !is_of_name(any))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    (start, text[start..end].to_ascii_lowercase())
}

/// The value behind `name=`, if the name says that it is secret.
fn value_of_query(text: &str, equals: usize, from: usize) -> Option<Range<usize>> {
    let (mut start, mut name) = name_before(text, text[..equals].trim_end_matches('\\').len());
    let is_behind_escape = text[..start].ends_with('\\') && name.starts_with(AND);
    if is_behind_escape {
        start += AND.len();
        name.drain(..AND.len());
    }
    let ends = |any| ends_url(any) || matches!(any, '&' | '#' | '?' | ',' | ';' | ')' | ']' | '}');
    let is_opaque = || {
        let value = &text[from..];
        let length = value.bytes().take(OPAQUE).take_while(|byte| !byte.is_ascii() || !ends(char::from(*byte))).count();
        length == OPAQUE && !VERSION_IN_QUERIES.contains(&name.as_str())
    };
    let in_url = || {
        (is_behind_escape || text[..start].ends_with(['?', '&']))
            && (SECRET_IN_QUERIES.contains(&name.as_str()) || is_opaque())
    };
    // Where the value ends is looked up only for what is masked, so that no text is read again and again.
    let value = (names_a_secret(&name) || in_url()).then(|| from..run(text, from, ends))?;
    (!value.is_empty()).then_some(value)
}

/// Fields of credentials, as AWS's answers, its files and HTTP's headers name them, in lower case without `_` and `-`.
const CREDENTIAL_FIELDS: [&str; 19] = [
    "secretaccesskey",
    "awssecretaccesskey",
    "sessiontoken",
    "awssessiontoken",
    "xamzsecuritytoken",
    "authorization",
    "proxyauthorization",
    "xamzssobearertoken",
    "accesstoken",
    "refreshtoken",
    "clientsecret",
    "webidentitytoken",
    "apikey",
    "xapikey",
    "xgoogapikey",
    "xfunctionskey",
    "ocpapimsubscriptionkey",
    "xauthtoken",
    "privatetoken",
];
/// What is shorter says that there is none.
const LEAST_OF_FIELD: usize = 8;

fn is_credential_field(name: &str) -> bool {
    CREDENTIAL_FIELDS.contains(&name.replace(['_', '-'], "").to_ascii_lowercase().as_str())
}

/// The value behind `field: `, `"field": "` or `<field>`.
fn value_of_field(text: &str, separator: usize) -> Option<Range<usize>> {
    let is_between = |any: char| any == ' ' || any == '"' || any == '\'' || any == '\\';
    let end = text[..separator].trim_end_matches(is_between).len();
    let (_, name) = name_before(text, end);
    if !is_credential_field(&name) {
        return None;
    }
    let rest = text[separator + 1..].trim_start_matches(is_between);
    // The signature is a field of its own in it.
    if rest.starts_with("AWS4-") {
        return None;
    }
    let rest = ["Bearer ", "Basic "].iter().find_map(|scheme| rest.strip_prefix(scheme)).unwrap_or(rest);
    let start = text.len() - rest.len();
    let end = run(text, start, |any| ends_url(any) || matches!(any, ',' | ';' | '&' | '}'));
    (end - start >= LEAST_OF_FIELD).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::known_secrets::Secrets;

    #[test]
    fn headers_that_let_somebody_in_are_known_by_their_names() {
        for name in [
            "authorization",
            "proxy-authorization",
            "cookie",
            "set-cookie",
            "api-key",
            "x-api-key",
            "x-amz-security-token",
            "x-goog-api-key",
            "x-functions-key",
            "ocp-apim-subscription-key",
            "x-auth-token",
            "private-token",
            "x-token-of-mine",
            "my-secret-header",
            "x_api_key",
            "x-amz-sso_bearer_token",
            "x-pwd",
        ] {
            assert!(is_secret_header(name), "{name}");
        }
        assert!(!["accept-language", "x-request-id", "x-tenant", "keep-alive"].into_iter().any(is_secret_header));
        assert_eq!(secrets_of_header("Bearer abc"), ["Bearer abc", "abc"]);
        assert_eq!(secrets_of_header("Basic dTpwOnc="), ["Basic dTpwOnc=", "dTpwOnc=", "p:w", ""]);
        assert_eq!(secrets_of_header("a=b; c=d=e"), ["a=b; c=d=e", "c=d=e", "b", "d=e"]);
    }

    #[test]
    fn passwords_of_urls_are_masked() {
        for (text, masked) in [
            ("http://user:pass@host:8080/x", "http://user:***@host:8080/x"),
            ("GET http://u:p@ss@h/ping: refused", "GET http://u:***@h/ping: refused"),
            ("htp://user:pa/ss?w#ord@x y", "htp://user:***@x y"),
            ("https://ghp_token@github.com/a/b", "https://***@github.com/a/b"),
            ("ssh://git@host/a, git@host:a", "ssh://git@host/a, git@host:a"),
            ("http://127.0.0.1:8080/a@b, https://host/@scope/x", "http://127.0.0.1:8080/a@b, https://host/@scope/x"),
            ("<http://:secret@h>", "<http://:***@h>"),
            (r#"{"a": "https:\/\/u:PW@h\/x"}"#, r#"{"a": "https:\/\/u:***@h\/x"}"#),
            (r"https:\\/\\/u:PW@h\\/x, a:\b", r"https:\\/\\/u:***@h\\/x, a:\b"),
        ] {
            assert_eq!(by_place(text), masked);
        }
    }

    #[test]
    fn a_url_that_is_written_wrong_is_shown_without_its_password() {
        for (text, shown) in [
            ("http//user:pass@host:8080", "http//***@host:8080"),
            ("http:/user:pass@host", "http:/***@host"),
            ("http:user:pass@host", "***@host"),
            ("htp;//user:pa/ss?w#or@d@host/x", "htp;//***@host/x"),
            ("user:pass@host", "***@host"),
            ("http:\\\\user:pass@host", "http:\\\\***@host"),
            ("http://user:pa ss@x y", "http://***@x y"),
            ("http://x y/?key=k", "http://x y/?..."),
            ("host/a;jsessionid=k", "host/a;..."),
            ("h:80", "h:80"),
        ] {
            assert_eq!(misspelt_url(text), shown, "{text}");
        }
    }

    #[test]
    fn a_header_whose_name_says_nothing_may_be_a_secret() {
        for (name, value) in [("x-auth", "abc"), ("x-session", "a/b"), ("x-tenant", "7"), ("x-api-key", "text/csv")] {
            assert!(may_be_secret_header(name, value), "{name}");
        }
        for (name, value) in [("accept-language", "de"), ("X-Request-Id", "0123456789"), ("x-form", "text/csv")] {
            assert!(!may_be_secret_header(name, value), "{name}");
        }
    }

    #[test]
    fn a_password_is_known_as_it_is_written_and_as_it_is_sent() {
        assert_eq!(secrets_of_url("http://u:p%40ss@h"), ["p%40ss", "p@ss", "dTpwQHNz"]);
        assert_eq!(secrets_of_url("u:pass@proxy:3128")[0], "pass");
        for url in ["http://h/a", "https://h/@scope/a", "proxy:3128"] {
            assert_eq!(secrets_of_url(url), Vec::<String>::new(), "{url}");
        }
    }

    #[test]
    fn the_folder_of_a_shell_is_no_secret() {
        assert!(["MYSQL_PWD", "DbPwd", "PGPASSWORD", "GITHUB_TOKEN"].into_iter().all(names_a_secret));
        assert!(!["PWD", "OLDPWD", "Path", "TOKENIZER"].into_iter().any(names_a_secret));
        assert_eq!(by_place("https://h/?pwd=abc&x=1"), "https://h/?pwd=***&x=1");
    }

    #[test]
    fn a_document_keeps_its_fields_and_loses_secrets_in_its_texts() {
        let mut known = Secrets::default();
        known.learn("accounts");
        known.learn("pa\"ss-word-of-the-model");
        let json = r#"{"accounts": [{"name": "accounts", "SecretAccessKey": "abcdefgh", "n": 1,
            "answer": "pa\"ss-word-of-the-model; accounts"}]}"#;
        let masked = json.replace("\"accounts\",", "\"***\",").replace("abcdefgh", "***");
        assert_eq!(
            in_json(json, |text| known.masked(text)),
            masked.replace("pa\\\"ss-word-of-the-model; accounts", "***; ***")
        );
        let words_stay = json.replace("abcdefgh", "***").replace("pa\\\"ss-word-of-the-model", "***");
        assert_eq!(in_json(json, |text| known.masked_but_words(text)), words_stay);
        assert_eq!(in_json("{\"broken: 1}", by_place), "{\"broken: 1}");
    }

    #[test]
    fn texts_that_seem_to_begin_secrets_again_and_again_are_read_once() {
        // Read again and again, they would take hours.
        for part in
            ["=", "?a=", "&token=", "://a:b/", "authorization:", "\"SessionToken\": ", "key=", "x://", ":\\", "\\u003d"]
        {
            _ = by_place(&part.repeat(1_000_000 / part.len()));
        }
    }

    #[test]
    fn what_signs_a_url_is_masked() {
        let presigned = "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F1&\
                         X-Amz-Expires=60&X-Amz-Security-Token=abc%2F&X-Amz-Signature=0123";
        let masked = "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=***&\
                      X-Amz-Expires=60&X-Amz-Security-Token=***&X-Amz-Signature=***";
        assert_eq!(by_place(presigned), masked);
        for (text, masked) in [
            (
                r"https://b/k?X-Amz-Expires\u003d60\u0026X-Amz-Security-Token\u003dabc\u0026X-Amz-Signature\u003D01",
                r"https://b/k?X-Amz-Expires\u003d60\u0026X-Amz-Security-Token\u003d***\u0026X-Amz-Signature\u003D***",
            ),
            (
                r"https://a?b=1\u0026sig=ab\\u0026key\\u003dk\\u0026c",
                r"https://a?b=1\u0026sig=***\\u0026key\\u003d***\\u0026c",
            ),
            ("http://h/?token=t&page=2#x", "http://h/?token=***&page=2#x"),
            ("(https://a/b?sv=1&sig=a%2Bb)", "(https://a/b?sv=1&sig=***)"),
            ("https://h/x?key=k&key2=v", "https://h/x?key=***&key2=v"),
            ("https://h/in;jsessionid=k?x=1, PHPSESSID=k", "https://h/in;jsessionid=***?x=1, PHPSESSID=***"),
            ("https://h/x?u=0123456789012345678901234567890123", "https://h/x?u=***"),
            (
                "https://h/x.git?ref=0123456789012345678901234567890123456789",
                "https://h/x.git?ref=0123456789012345678901234567890123456789",
            ),
            (
                "Credential=AKIA/x, SignedHeaders=host, Signature=ab",
                "Credential=***, SignedHeaders=host, Signature=***",
            ),
            (
                "key=models/a.tar.gz, max_tokens=512, s3://b/k?versionId=3",
                "key=models/a.tar.gz, max_tokens=512, s3://b/k?versionId=3",
            ),
        ] {
            assert_eq!(by_place(text), masked);
        }
    }

    #[test]
    fn fields_of_credentials_are_masked() {
        for (text, masked) in [
            (
                r#"{"SecretAccessKey": "abcdefgh", "SessionToken":"ijklmnop"}"#,
                r#"{"SecretAccessKey": "***", "SessionToken":"***"}"#,
            ),
            (r#""{\"SessionToken\": \"ijklmnop\"}""#, r#""{\"SessionToken\": \"***\"}""#),
            ("<SecretAccessKey>abcdefgh</SecretAccessKey>", "<SecretAccessKey>***</SecretAccessKey>"),
            ("aws_secret_access_key = abcdefgh\n", "aws_secret_access_key = ***\n"),
            ("x-amz-security-token:abcdefgh\nhost:h", "x-amz-security-token:***\nhost:h"),
            ("Authorization: Bearer abcdefgh", "Authorization: Bearer ***"),
            ("X-Api-Key: abcdefgh, PRIVATE-TOKEN: abcdefgh", "X-Api-Key: ***, PRIVATE-TOKEN: ***"),
            ("\"SessionToken\": null, unexpected token: \"]\"", "\"SessionToken\": null, unexpected token: \"]\""),
        ] {
            assert_eq!(by_place(text), masked);
        }
    }
}
