//! All that does not fit a type, where serde stops at the first.

use serde::de::DeserializeOwned;

use super::misfit::{Misfit, Path, Step};
use super::{Node, Value};
use crate::domain::finding::nearest;

/// More than anybody fixes at once.
const MOST_FOUND: usize = 50;

impl Node {
    /// The document as that type takes it.
    ///
    /// # Errors
    /// All that does not fit: what is found is left out, and the rest is read again.
    pub(crate) fn read_whole<T: DeserializeOwned>(&self) -> Result<T, Vec<Misfit>> {
        let mut rest = None;
        let mut left_out = LeftOut::default();
        let mut found = Vec::new();
        loop {
            let mut misfit = match rest.as_ref().unwrap_or(self).read() {
                Ok(read) if found.is_empty() => return Ok(read),
                Ok(_) => return Err(found),
                Err(misfit) => misfit,
            };
            let more = rest.get_or_insert_with(|| self.clone()).leave_out(&misfit.0.path);
            misfit.0.path = left_out.before(&misfit.0.path);
            let told = left_out.tells(&misfit);
            left_out.0.push(misfit.0.path.clone());
            if !told {
                found.push(misfit);
            }
            if !more || found.len() == MOST_FOUND {
                return Err(found);
            }
        }
    }

    /// Takes out what stands there; `false` if there is nothing, or if it is all.
    fn leave_out(&mut self, path: &[Step]) -> bool {
        let Some((last, outer)) = path.split_first() else { return false };
        let holder = outer.iter().rev().try_fold(self, |node, step| match (&mut node.value, step) {
            (Value::Map(entries), Step::Key(key)) => {
                entries.iter_mut().rfind(|entry| entry.key == *key).map(|entry| &mut entry.value)
            }
            (Value::List(items), Step::Item(number)) => items.get_mut(*number),
            _ => None,
        });
        match (holder.map(|node| &mut node.value), last) {
            (Some(Value::Map(entries)), Step::Key(key)) => {
                let at = entries.iter().rposition(|entry| entry.key == *key);
                at.map(|at| entries.remove(at)).is_some()
            }
            (Some(Value::List(items)), Step::Item(number)) if *number < items.len() => {
                items.remove(*number);
                true
            }
            _ => false,
        }
    }
}

/// The paths of what was left out, as they were in the whole document.
#[derive(Default)]
struct LeftOut(Vec<Path>);

impl LeftOut {
    /// A path as it was before anything was left out: items of lists have moved up since.
    fn before(&self, path: &[Step]) -> Path {
        let mut whole = Path::new();
        for step in path.iter().rev() {
            let step = match step {
                Step::Key(_) => step.clone(),
                Step::Item(number) => {
                    let gone = self.0.iter().filter_map(|path| match path.split_first() {
                        Some((Step::Item(gone), list)) if list == whole => Some(*gone),
                        _ => None,
                    });
                    let mut gone: Vec<usize> = gone.collect();
                    gone.sort_unstable();
                    Step::Item(gone.into_iter().fold(*number, |number, gone| number + usize::from(gone <= number)))
                }
            };
            whole.insert(0, step);
        }
        whole
    }

    /// Whether the misfit only says that what was left out is missing, be it misspelled.
    fn tells(&self, misfit: &Misfit) -> bool {
        let Some(missing) = misfit.missing() else { return false };
        self.0.iter().any(|path| match path.split_first() {
            Some((Step::Key(key), holder)) => {
                holder == misfit.0.path && (key == missing || nearest(key, std::iter::once(missing)).is_some())
            }
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[test]
    fn all_that_does_not_fit_is_found_at_once() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Suite {
            #[serde(rename = "version")]
            _version: u32,
            #[serde(rename = "cases")]
            _cases: Vec<Strict>,
        }
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Strict {
            #[serde(rename = "name")]
            _name: String,
            #[serde(rename = "most", default)]
            _most: u32,
        }
        let found = |text: &str| -> Vec<String> {
            let document = Node::parse_yaml(text, "t.yml").expect("YAML");
            let misfits = document.read_whole::<Suite>().expect_err(text);
            misfits.iter().map(|misfit| format!("{}: {}", misfit.path(), misfit.reason())).collect()
        };
        let text = "versoin: 1\ncases:\n  - {name: [a]}\n  - {most: 1}\n  - {name: b, mots: 1, most: x}\n  - {name: c}\n  - 7\n";
        assert_eq!(
            found(text),
            [
                "versoin: unknown field `versoin`, expected `version` or `cases`",
                "cases[0].name: invalid type: a list, expected a string",
                "cases[1]: missing field `name`",
                "cases[2].mots: unknown field `mots`, expected `name` or `most`",
                "cases[2].most: invalid type: string \"x\", expected a whole number from 0 on",
                "cases[4]: invalid type: integer `7`, expected a mapping",
            ]
        );
        // That it is missing is no news where it was found to be wrong, but else it is
        assert_eq!(found("cases: [7]\n")[1], ": missing field `version`");
        assert_eq!(
            found("version: one\ncases: []\n"),
            ["version: invalid type: string \"one\", expected a whole number from 0 on"]
        );
        assert_eq!(found("7"), [": invalid type: integer `7`, expected a mapping"]);
        let many: Vec<String> = (0..200).map(|number| format!("x{number}: 1\n")).collect();
        assert_eq!(found(&many.concat()).len(), MOST_FOUND);
    }
}
