//! A body that a person wrote as a template, for servers that take rows in a form of their own.

use std::io::{Error as IoError, Result as IoResult, Write};
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Serde};
use minijinja::{Environment, Error, ErrorKind, Value, context};

use super::class::plain_number;
use super::row::{Cell, Row};
use crate::domain::finding::nearest;
use crate::domain::jinja;
use crate::domain::suite::payload::REAL_TIME_BYTES;

/// What a template can speak of.
const NAMES: [&str; 3] = ["rows", "records", "columns"];
const NAME: &str = "dataset.template";

/// A second's worth of the engine's steps.
const MAX_STEPS: u64 = 10_000_000;

/// A template that renders the body of a request from its rows.
#[derive(Clone, Debug)]
pub struct BodyTemplate(Environment<'static>);

impl BodyTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// Why it is none, in words that follow the case's name.
    pub(super) fn compile(source: &str) -> Result<Self, String> {
        let broken = |error: &Error| format!("has a {NAME} that is none: {}", reason(error));
        let mut environment = jinja::language().map_err(|error| broken(&error))?;
        environment.set_fuel(Some(MAX_STEPS));
        environment.add_filter("tojson", |value: &Value| {
            serde_json::to_string(value).map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))
        });
        environment.add_template_owned(NAME, source.to_owned()).map_err(|error| broken(&error))?;
        let used = environment.get_template(NAME).map_err(|error| broken(&error))?.undeclared_variables(false);
        let mut names: Vec<&String> = used.iter().collect();
        names.sort_unstable();
        let is_own = |name: &str| NAMES.contains(&name) || environment.globals().any(|(global, _)| global == name);
        if let Some(unknown) = names.into_iter().find(|name| !is_own(name)) {
            let hint = match nearest(unknown, NAMES) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("there are {}", NAMES.join(", ")),
            };
            return Err(format!("has a {NAME} that speaks of \"{unknown}\", which is nothing; {hint}"));
        }
        if !used.contains("rows") && !used.contains("records") {
            return Err(format!("has a {NAME} without rows or records: nothing of the dataset would be sent"));
        }
        Ok(Self(environment))
    }

    /// The body of a request with these rows.
    pub(super) fn render(&self, rows: &[Row]) -> Result<Vec<u8>, String> {
        let columns: Vec<Value> =
            rows.first().into_iter().flat_map(|row| row.names.iter()).map(|name| Value::from(name.as_str())).collect();
        let lists: Vec<Vec<Value>> = rows.iter().map(|row| row.features.iter().map(value).collect()).collect();
        let record = |(row, values): (&Row, &Vec<Value>)| {
            Value::from_object(Record { names: Arc::clone(&row.names), values: values.clone() })
        };
        let records: Vec<Value> = rows.iter().zip(&lists).map(record).collect();
        let mut output = Output(Vec::new());
        let template = self.0.get_template(NAME).map_err(|error| reason(&error))?;
        let rendered = template.render_captured_to(context! { rows => lists, records, columns }, &mut output);
        rendered.map_err(|error| reason(&error))?;
        Ok(output.0)
    }
}

/// What the engine says, in one line.
fn reason(error: &Error) -> String {
    if error.kind() == ErrorKind::OutOfFuel {
        return "does not come to an end".to_owned();
    }
    if error.kind() == ErrorKind::WriteFailure {
        return format!("makes a body of more than {REAL_TIME_BYTES} bytes");
    }
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    error.line().map_or(detail.clone(), |line| format!("{detail} (line {line})"))
}

/// A cell as templates compute with it.
fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::from(()),
        Cell::Text(text) => Value::from(text.as_str()),
        Cell::Json(text) => serde_json::from_str::<serde_json::Value>(text)
            .map_or_else(|_| Value::from(text.as_str()), |value| Value::from(Serde(value))),
        Cell::Literal(text) if text == "true" || text == "false" => Value::from(text == "true"),
        // What pandas writes for a value that is missing
        Cell::Untyped(text) if text.is_empty() => Value::from(()),
        Cell::Literal(text) | Cell::Untyped(text) => match (text.trim().parse::<i128>(), plain_number(text)) {
            (_, None) => Value::from(text.as_str()),
            (Ok(whole), Some(_)) => i64::try_from(whole).map_or_else(|_| Value::from(whole), Value::from),
            (Err(_), Some(number)) => Value::from(number),
        },
    }
}

/// A row by column, the columns in their order.
#[derive(Debug)]
struct Record {
    names: Arc<[String]>,
    values: Vec<Value>,
}

impl Object for Record {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let at = self.names.iter().position(|name| Some(name.as_str()) == key.as_str())?;
        self.values.get(at).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.names.iter().map(|name| Value::from(name.as_str())).collect())
    }
}

/// A body that ends where no endpoint takes more.
struct Output(Vec<u8>);

impl Write for Output {
    fn write(&mut self, part: &[u8]) -> IoResult<usize> {
        if self.0.len() + part.len() > REAL_TIME_BYTES {
            return Err(IoError::other("too long"));
        }
        self.0.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> IoResult<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(template: &str, cells: &[&[Cell]]) -> Result<String, String> {
        let names: Arc<[String]> = ["text", "age"].map(str::to_owned).into();
        let row = |cells: &&[Cell]| Row {
            features: cells.to_vec(),
            names: Arc::clone(&names),
            label: Cell::Null,
            query: None,
            line: 1,
        };
        let rows: Vec<Row> = cells.iter().map(row).collect();
        let body = BodyTemplate::compile(template)?.render(&rows)?;
        Ok(String::from_utf8(body).expect("UTF-8"))
    }

    #[test]
    fn rows_go_where_the_template_has_them() {
        let untyped = |text: &str| Cell::Untyped(text.to_owned());
        let list = Cell::Json("[1, \"a\"]".to_owned());
        let rows: [&[Cell]; 2] =
            [&[untyped("say \"a\""), untyped("5.10")], &[list, Cell::Literal("12345678901234567890123".to_owned())]];
        for (template, body) in [
            ("<%= rows | tojson %>", r#"[["say \"a\"",5.1],[[1,"a"],12345678901234567890123]]"#),
            (
                "<%= records | tojson %>",
                r#"[{"text":"say \"a\"","age":5.1},{"text":[1,"a"],"age":12345678901234567890123}]"#,
            ),
            ("<% for row in records %><%= row.text %>;<% endfor %>", "say \"a\";[1, 'a'];"),
            (
                "<% for column in columns %><%= column %>: <%= records | map(attribute=column) | list | length %> <% endfor %>",
                "text: 2 age: 2 ",
            ),
            (
                "<% for row in rows %>\n{\"f\": <%= row | tojson %>}\n<% endfor %>",
                "{\"f\": [\"say \\\"a\\\"\",5.1]}\n{\"f\": [[1,\"a\"],12345678901234567890123]}\n",
            ),
        ] {
            assert_eq!(render(template, &rows).expect(template), body);
        }
    }

    #[test]
    fn what_is_wrong_with_a_template_is_said() {
        let row: &[Cell] = &[Cell::Null, Cell::Null];
        for (template, message) in [
            ("<%= rows", "has a dataset.template that is none: "),
            ("<%= row %>", "speaks of \"row\", which is nothing; did you mean \"rows\"?"),
            ("<%= everything %>", "speaks of \"everything\", which is nothing; there are rows, records, columns"),
            ("{}", "without rows or records: nothing of the dataset would be sent"),
            ("<%= records[0].txt %>", "undefined"),
            (
                "<% for a in range(99999) %><% for b in range(99999) %>LONG<%= rows %><% endfor %><% endfor %>",
                "makes a body of more than 25000000 bytes",
            ),
            (
                "<% for a in range(99999) %><% for b in range(99999) %><% set c = rows %><% endfor %><% endfor %>",
                "does not come to an end",
            ),
        ] {
            let template = &template.replace("LONG", &"x".repeat(1000));
            let error = render(template, &[row]).expect_err(template);
            assert!(error.contains(message), "{template}: {error}");
        }
    }
}
