//! What the requests of a load say to a language model: texts of a file, cut to lengths that a seed draws.

use fastrand::Rng;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::suite::contents::Contents;

/// `load.prompts` as it is written.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct PromptsSpec {
    /// A text, relative to the suite's file: each request begins with a line of it.
    pub file: String,
    /// Decides which line and which lengths each request has; 0 without it.
    #[serde(default)]
    seed: u64,
    /// How many words a request has; without it, one line.
    words: Option<Between>,
    /// The `max_tokens` of each request; without it, those of the case's `parameters`.
    max_tokens: Option<Between>,
}

/// A length, each as likely as another.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
struct Between {
    min: u32,
    max: u32,
}

/// Prompts that can be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompts {
    lines: Vec<String>,
    seed: u64,
    words: Option<Between>,
    max_tokens: Option<Between>,
}

/// What one request says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prompt {
    pub(crate) text: String,
    pub(crate) max_tokens: Option<u32>,
}

/// No request needs more.
const MOST_WORDS: u32 = 1_000_000;

impl PromptsSpec {
    /// `None` where the file is not among the contents.
    ///
    /// # Errors
    /// All that cannot be meant, in words that follow the case's name.
    pub(crate) fn compile(&self, contents: &Contents) -> Result<Option<Prompts>, Vec<String>> {
        let mut wrong = Vec::new();
        for (name, between) in [("words", self.words), ("max_tokens", self.max_tokens)] {
            if between.is_some_and(|Between { min, max }| min == 0 || min > max || max > MOST_WORDS) {
                wrong.push(format!(
                    "has load.prompts.{name} that do not lie between 1 and {MOST_WORDS}, min before max"
                ));
            }
        }
        let Some(bytes) = contents.whole.get(&self.file) else {
            return if wrong.is_empty() { Ok(None) } else { Err(wrong) };
        };
        let text = String::from_utf8_lossy(bytes);
        let lines: Vec<String> = text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
        if lines.is_empty() {
            wrong.push(format!("has load.prompts in {} without a line of text", self.file));
        }
        let Self { seed, words, max_tokens, .. } = *self;
        if wrong.is_empty() { Ok(Some(Prompts { lines, seed, words, max_tokens })) } else { Err(wrong) }
    }
}

impl Prompts {
    /// What the request of that number says: the same in every run.
    pub(crate) fn of(&self, number: u64) -> Prompt {
        let mut rng = Rng::with_seed(self.seed);
        // Neighbouring seeds give neighbouring first numbers.
        rng = Rng::with_seed(rng.u64(..) ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut drawn = |between: Between| rng.u32(between.min..=between.max);
        let (words, max_tokens) = (self.words.map(&mut drawn), self.max_tokens.map(&mut drawn));
        let first = rng.usize(..self.lines.len());
        let text = match words {
            None => self.lines[first].clone(),
            Some(words) => {
                let lines = self.lines.iter().cycle().skip(first);
                let words = lines.flat_map(|line| line.split_whitespace()).take(words as usize);
                words.collect::<Vec<_>>().join(" ")
            }
        };
        Prompt { text, max_tokens }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompts(words: Option<Between>, max_tokens: Option<Between>) -> Prompts {
        Prompts { lines: vec!["a b c".into(), "d e".into()], seed: 7, words, max_tokens }
    }

    #[test]
    fn a_seed_draws_the_same_prompts_in_every_run_and_others_for_every_request() {
        let between = Between { min: 2, max: 9 };
        let prompts = prompts(Some(between), Some(between));
        let drawn: Vec<Prompt> = (0..200).map(|number| prompts.of(number)).collect();
        assert_eq!(drawn, (0..200).map(|number| prompts.of(number)).collect::<Vec<_>>());
        let lengths = |length: &dyn Fn(&Prompt) -> usize| {
            let mut lengths: Vec<usize> = drawn.iter().map(length).collect();
            lengths.sort_unstable();
            lengths.dedup();
            lengths
        };
        assert_eq!(lengths(&|prompt| prompt.text.split(' ').count()), [2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(lengths(&|prompt| prompt.max_tokens.expect("drawn") as usize), [2, 3, 4, 5, 6, 7, 8, 9]);
        let other = Prompts { seed: 8, ..prompts };
        assert_ne!(drawn, (0..200).map(|number| other.of(number)).collect::<Vec<_>>());
    }

    #[test]
    fn without_lengths_a_prompt_is_a_line() {
        let drawn = prompts(None, None).of(3);
        assert!(["a b c", "d e"].contains(&drawn.text.as_str()));
        assert_eq!(drawn.max_tokens, None);
    }

    #[test]
    fn prompts_that_cannot_be_meant_are_refused() {
        let mut contents = Contents::default();
        contents.whole.insert("empty.txt".to_owned(), b"\n \n".to_vec());
        let spec = |words| PromptsSpec { file: "empty.txt".into(), seed: 0, words, max_tokens: None };
        let compiled = |spec: PromptsSpec, contents: &Contents| spec.compile(contents).map_err(|wrong| wrong.len());
        assert_eq!(compiled(spec(Some(Between { min: 3, max: 2 })), &contents), Err(2));
        assert_eq!(compiled(spec(None), &Contents::default()), Ok(None));
    }
}
