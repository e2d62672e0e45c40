//! What an evaluation gives: a tree that remembers where its parts stand, with holes where a value is not known yet.

use std::fmt;

use crate::domain::finding::Position;

/// An evaluated node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Evaluated {
    pub at: Position,
    pub data: Data,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Data {
    Null,
    Bool(bool),
    /// As it was written, if that is decimal.
    Number(String),
    Text(Text),
    List(Vec<Evaluated>),
    Map(Vec<Property>),
    /// Nothing is known of it, not even what kind of value it is.
    Unknown(Hole),
}

/// One key of an evaluated mapping.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Property {
    pub key: String,
    pub key_at: Position,
    pub value: Evaluated,
}

/// A text of known pieces and holes; two are equal if they are sure to become the same text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Known(String),
    Hole(Hole),
}

/// Why a value is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hole {
    /// A parameter that has no value, or not yet.
    Parameter(String),
    /// A parameter whose value nobody may see.
    Secret(String),
    /// Account, Region and what else is only known in the target account.
    Pseudo(String),
    /// What `Ref` (an empty attribute) or `Fn::GetAtt` gives for a resource.
    Attribute { resource: String, attribute: String },
    /// A name that is neither a parameter nor a resource, with the nearest that is.
    Nowhere { name: String, near: Option<String> },
    /// A condition that is not defined, with the nearest that is.
    NoCondition { name: String, near: Option<String> },
    /// Keys that the mappings do not have.
    NoEntry(String),
    /// A function whose value a real account gives.
    Function(String),
    /// What is wrong with the function's argument.
    Refused(String),
}

impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) => {
                write!(f, "refers to parameter \"{name}\", which has neither a value nor a default")
            }
            Self::Secret(name) => write!(f, "refers to parameter \"{name}\", whose value is not shown"),
            Self::Pseudo(name) => write!(f, "refers to {name}, which is known in the target account only"),
            Self::Attribute { resource, attribute } if attribute.is_empty() => {
                write!(f, "refers to \"{resource}\", which is not known here")
            }
            Self::Attribute { resource, attribute } => {
                write!(f, "asks for \"{resource}.{attribute}\", which is not known here")
            }
            Self::Nowhere { name, .. } => {
                write!(f, "refers to \"{name}\", which is neither a parameter nor a resource")
            }
            Self::NoCondition { name, .. } => write!(f, "refers to condition \"{name}\", which is not defined"),
            Self::NoEntry(_) => f.write_str("finds nothing in the mappings"),
            Self::Function(name) => write!(f, "uses {name}, which has no value without a real account"),
            Self::Refused(what) => f.write_str(what),
        }
    }
}

impl Hole {
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Nowhere { near: Some(near), .. } | Self::NoCondition { near: Some(near), .. } => {
                Some(format!("did you mean \"{near}\"?"))
            }
            _ => None,
        }
    }

    /// As it stands in a text that is shown: `${Model.ModelName}`.
    fn shown(&self) -> String {
        match self {
            Self::Parameter(name) | Self::Secret(name) | Self::Pseudo(name) | Self::Nowhere { name, .. } => {
                format!("${{{name}}}")
            }
            Self::Attribute { resource, attribute } if attribute.is_empty() => format!("${{{resource}}}"),
            Self::Attribute { resource, attribute } => format!("${{{resource}.{attribute}}}"),
            Self::NoEntry(_) | Self::NoCondition { .. } | Self::Function(_) | Self::Refused(_) => "${...}".to_owned(),
        }
    }
}

impl Text {
    pub(crate) fn known(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::default() } else { Self(vec![Piece::Known(text)]) }
    }

    pub(crate) fn hole(hole: Hole) -> Self {
        Self(vec![Piece::Hole(hole)])
    }

    pub(crate) fn push(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(Piece::Known(known)) => known.push_str(text),
            _ if text.is_empty() => {}
            _ => self.0.push(Piece::Known(text.to_owned())),
        }
    }

    pub(crate) fn append(&mut self, other: Self) {
        for piece in other.0 {
            match piece {
                Piece::Known(text) => self.push(&text),
                hole @ Piece::Hole(_) => self.0.push(hole),
            }
        }
    }

    /// The whole text, if all of it is known.
    pub(crate) fn whole(&self) -> Option<&str> {
        match &self.0[..] {
            [] => Some(""),
            [Piece::Known(text)] => Some(text),
            _ => None,
        }
    }

    /// The one hole that the text consists of.
    pub(crate) fn only_hole(&self) -> Option<&Hole> {
        match &self.0[..] {
            [Piece::Hole(hole)] => Some(hole),
            _ => None,
        }
    }

    /// Puts texts into holes, where there are some.
    #[must_use]
    pub(crate) fn fill(&self, with: impl Fn(&Hole) -> Option<Self>) -> Self {
        let mut filled = Self::default();
        for piece in &self.0 {
            match piece {
                Piece::Known(text) => filled.push(text),
                Piece::Hole(hole) => filled.append(with(hole).unwrap_or_else(|| Self::hole(hole.clone()))),
            }
        }
        filled
    }

    pub(crate) fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Hole(hole) => Some(hole),
            Piece::Known(_) => None,
        })
    }

    /// What is sure to be in the text, piece by piece.
    pub(crate) fn known_pieces(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Known(text) => Some(text.as_str()),
            Piece::Hole(_) => None,
        })
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Known(text) => f.write_str(text),
            Piece::Hole(hole) => f.write_str(&hole.shown()),
        })
    }
}

impl Evaluated {
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.property(key).map(|property| &property.value)
    }

    pub(crate) fn property(&self, key: &str) -> Option<&Property> {
        match &self.data {
            Data::Map(properties) => properties.iter().rev().find(|property| property.key == key),
            _ => None,
        }
    }

    pub(crate) fn items(&self) -> Option<&[Self]> {
        match &self.data {
            Data::List(items) => Some(items),
            _ => None,
        }
    }

    /// The text of a scalar, as CloudFormation takes it where a string is wanted.
    pub(crate) fn text(&self) -> Option<Text> {
        match &self.data {
            Data::Text(text) => Some(text.clone()),
            Data::Number(text) => Some(Text::known(text.clone())),
            Data::Bool(truth) => Some(Text::known(truth.to_string())),
            Data::Null | Data::List(_) | Data::Map(_) | Data::Unknown(_) => None,
        }
    }

    pub(crate) fn whole_text(&self) -> Option<String> {
        self.text().and_then(|text| text.whole().map(str::to_owned))
    }

    /// A number, written as one or as a text: a parameter's value is text also where a number is wanted.
    pub(crate) fn number(&self) -> Option<f64> {
        self.whole_text()?.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// Also in the words of YAML 1.1.
    pub(crate) fn is_true(&self) -> bool {
        self.whole_text().is_some_and(|text| ["true", "yes", "on"].iter().any(|word| text.eq_ignore_ascii_case(word)))
    }

    /// Every hole below this node, with its place.
    pub(crate) fn holes<'a>(&'a self, found: &mut Vec<(Position, &'a Hole)>) {
        match &self.data {
            Data::Text(text) => found.extend(text.holes().map(|hole| (self.at, hole))),
            Data::Unknown(hole) => found.push((self.at, hole)),
            Data::List(items) => items.iter().for_each(|item| item.holes(found)),
            Data::Map(properties) => properties.iter().for_each(|property| property.value.holes(found)),
            Data::Null | Data::Bool(_) | Data::Number(_) => {}
        }
    }
}
