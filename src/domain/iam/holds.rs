//! Whether something holds: yes, no, or not known.

/// An answer that may not be known, with the reason then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Yes,
    No,
    Unknown(String),
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl Holds {
    #[must_use]
    pub(crate) fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            unknown @ Self::Unknown(_) => unknown,
        }
    }

    /// Whether all of them hold: one that does not decides, whatever is not known of the others.
    pub(crate) fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::Yes;
        for part in parts {
            match (part, &all) {
                (Self::No, _) => return Self::No,
                (unknown @ Self::Unknown(_), Self::Yes) => all = unknown,
                _ => {}
            }
        }
        all
    }

    /// Whether one of them holds.
    pub(crate) fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::all(parts.into_iter().map(Self::negated)).negated()
    }
}

#[cfg(test)]
mod tests {
    use super::Holds::{self, No, Unknown, Yes};

    #[test]
    fn what_is_not_known_matters_only_where_the_rest_does_not_decide() {
        let why = || Unknown("?".to_owned());
        assert_eq!(Holds::all([Yes, why(), No]), No);
        assert_eq!(Holds::all([Yes, why()]), why());
        assert_eq!(Holds::all([]), Yes);
        assert_eq!(Holds::any([No, why(), Yes]), Yes);
        assert_eq!(Holds::any([No, why()]), why());
        assert_eq!(Holds::any([]), No);
    }
}
