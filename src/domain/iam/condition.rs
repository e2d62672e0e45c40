//! The conditions of a statement.

use serde_json::Value;

use super::element::texts;
use super::holds::Holds;
use super::request::{Key, Request};
use super::wildcard::{Pattern, Text};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compare {
    Text {
        wild: bool,
        ignore_case: bool,
    },
    Arn,
    Bool,
    Null,
    /// By number, date, bytes or address: no key of these kinds is known before the request.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    One,
    ForAnyValue,
    ForAllValues,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Operator {
    set: Set,
    compare: Compare,
    negated: bool,
    if_exists: bool,
}

/// One key of one operator: all conditions of a statement have to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    operator: Operator,
    key: String,
    values: Vec<String>,
}

impl Condition {
    /// The conditions of a `Condition` element.
    pub(super) fn parse_all(element: &Value) -> Result<Vec<Self>, String> {
        let mut conditions = Vec::new();
        let operators = element.as_object().ok_or_else(|| "has a Condition that is not an object".to_owned())?;
        for (name, keys) in operators {
            let operator = Operator::parse(name)?;
            let keys = keys.as_object().ok_or_else(|| format!("has a Condition {name} that is not an object"))?;
            for (key, values) in keys {
                conditions.push(Self { operator, key: key.clone(), values: texts(values)? });
            }
        }
        Ok(conditions)
    }

    pub(super) fn holds(&self, request: &Request<'_>, variables: bool) -> Holds {
        let Operator { set, compare, negated, if_exists } = self.operator;
        let value = request.value(&self.key);
        if compare == Compare::Null {
            let wants_absent = self.values.iter().any(|value| value.eq_ignore_ascii_case("true"));
            return match value {
                Key::Absent => wants_absent.into(),
                Key::Known(_) => (!wants_absent).into(),
                Key::Unknown(why) => self.unknown(why),
            };
        }
        let known = match value {
            Key::Unknown(why) => return self.unknown(why),
            // Without a value, an operator does not hold, and one that negates does (IAM user guide, "Condition
            // operators"); of a set of values, "all of none" does and "one of none" does not.
            Key::Absent => return (if_exists || set == Set::ForAllValues || (negated && set == Set::One)).into(),
            Key::Known(values) => values,
        };
        let matches = |value: &Text| {
            let holds = Holds::any(self.values.iter().map(|wanted| self.compare(wanted, value, request, variables)));
            if negated { holds.negated() } else { holds }
        };
        let holds = match set {
            Set::ForAnyValue => Holds::any(known.iter().map(matches)),
            Set::One | Set::ForAllValues => Holds::all(known.iter().map(matches)),
        };
        match holds {
            Holds::Unknown(why) => self.unknown(&why),
            known => known,
        }
    }

    fn unknown(&self, why: &str) -> Holds {
        Holds::Unknown(format!("condition key {}: {why}", self.key))
    }

    fn compare(&self, wanted: &str, value: &Text, request: &Request<'_>, variables: bool) -> Holds {
        let resolve = |pattern: fn(&str) -> Pattern| {
            if variables { request.resolve(wanted, pattern) } else { Ok(pattern(wanted)) }
        };
        let lower = |value: &Text| match value {
            Text::Whole(text) => Text::Whole(text.to_lowercase()),
            Text::StartsWith(text) => Text::StartsWith(text.to_lowercase()),
        };
        let wild = match self.operator.compare {
            Compare::Text { wild, .. } => wild,
            Compare::Arn => true,
            Compare::Bool => false,
            Compare::Null | Compare::Other => {
                return Holds::Unknown("numbers, dates and addresses are not compared".to_owned());
            }
        };
        let pattern = match resolve(if wild { Pattern::wild } else { Pattern::literal }) {
            Ok(pattern) => pattern,
            Err(why) => return Holds::Unknown(why),
        };
        match (self.operator.compare, value) {
            (Compare::Arn, arn) => pattern.holds_for_arn(arn),
            (Compare::Bool | Compare::Text { ignore_case: true, .. }, value) => {
                pattern.lowercase().holds_for(&lower(value))
            }
            (_, value) => pattern.holds_for(value),
        }
    }
}

impl Operator {
    fn parse(name: &str) -> Result<Self, String> {
        let (set, rest) = match name.split_once(':') {
            Some(("ForAnyValue", rest)) => (Set::ForAnyValue, rest),
            Some(("ForAllValues", rest)) => (Set::ForAllValues, rest),
            _ => (Set::One, name),
        };
        let (base, if_exists) = rest.strip_suffix("IfExists").map_or((rest, false), |base| (base, true));
        let text = |wild, ignore_case| Compare::Text { wild, ignore_case };
        let (compare, negated) = match base {
            "StringEquals" => (text(false, false), false),
            "StringNotEquals" => (text(false, false), true),
            "StringEqualsIgnoreCase" => (text(false, true), false),
            "StringNotEqualsIgnoreCase" => (text(false, true), true),
            "StringLike" => (text(true, false), false),
            "StringNotLike" => (text(true, false), true),
            "ArnEquals" | "ArnLike" => (Compare::Arn, false),
            "ArnNotEquals" | "ArnNotLike" => (Compare::Arn, true),
            "Bool" => (Compare::Bool, false),
            "Null" if !if_exists => (Compare::Null, false),
            "NumericNotEquals" | "DateNotEquals" | "NotIpAddress" => (Compare::Other, true),
            "NumericEquals"
            | "NumericLessThan"
            | "NumericLessThanEquals"
            | "NumericGreaterThan"
            | "NumericGreaterThanEquals"
            | "DateEquals"
            | "DateLessThan"
            | "DateLessThanEquals"
            | "DateGreaterThan"
            | "DateGreaterThanEquals"
            | "BinaryEquals"
            | "IpAddress" => (Compare::Other, false),
            _ => return Err(format!("has an unknown condition operator {name}")),
        };
        Ok(Self { set, compare, negated, if_exists })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::iam::Caller;

    fn holds(condition: &Value) -> Holds {
        holds_in(&[], condition)
    }

    /// Of an account with these paths in its organization.
    fn holds_in(paths: &[&str], condition: &Value) -> Holds {
        let caller = Caller {
            partition: "aws".to_owned(),
            account: "222222222222".parse().expect("valid"),
            role: Some("deploy".to_owned()),
            organization: Some("o-abc".to_owned()),
            root: Some("r-ab12".to_owned()),
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        };
        let words = ["red", "blue"].map(|word| Text::Whole(word.to_owned()));
        let request = Request::new(&caller, "s3:GetObject", Text::Whole("arn:aws:s3:::bucket/key".to_owned()))
            .with("test:Words", Key::Known(words.into()));
        Holds::all(Condition::parse_all(condition).expect("valid").iter().map(|one| one.holds(&request, true)))
    }

    #[test]
    fn what_is_known_of_the_request_decides() {
        for condition in [
            json!({"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}),
            json!({"StringEquals": {"AWS:principalorgid": ["o-other", "o-abc"]}}),
            json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-other"}}),
            json!({"StringEqualsIgnoreCase": {"aws:PrincipalOrgID": "O-ABC"}}),
            json!({"StringNotEqualsIgnoreCase": {"aws:PrincipalOrgID": "O-AB"}}),
            json!({"StringLike": {"aws:PrincipalAccount": "22222222222?"}}),
            json!({"StringNotLike": {"aws:PrincipalAccount": "1*"}}),
            json!({"StringEquals": {"aws:PrincipalAccount": 222_222_222_222_u64}}),
            json!({"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::${aws:PrincipalAccount}:role/deploy"}}),
            json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/dep*"}}),
            json!({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::222222222222:role/*"}}),
            json!({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/other"}}),
            json!({"Bool": {"aws:SecureTransport": "true"}}),
            json!({"Bool": {"aws:SecureTransport": true}}),
            json!({"Null": {"aws:SourceAccount": "true"}}),
            json!({"Null": {"aws:PrincipalArn": false}}),
            json!({"StringEqualsIfExists": {"aws:SourceAccount": "111111111111"}}),
            json!({"StringNotEquals": {"aws:SourceAccount": "111111111111"}}),
            json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-abc/r-ab12/*"}}),
            json!({"ForAnyValue:StringEquals": {"test:Words": ["blue", "green"]}}),
            json!({"ForAllValues:StringEquals": {"test:Words": ["blue", "green", "red"]}}),
            json!({"ForAllValues:StringEquals": {"aws:SourceAccount": "111111111111"}}),
            json!({"ForAnyValue:StringNotEquals": {"test:Words": "blue"}}),
            json!({}),
        ] {
            assert_eq!(holds(&condition), Holds::Yes, "{condition}");
        }
        for condition in [
            json!({"StringEquals": {"aws:PrincipalOrgID": "o-other"}}),
            json!({"StringEquals": {"aws:PrincipalOrgID": "O-ABC"}}),
            json!({"StringEquals": {"aws:PrincipalAccount": "2*"}}),
            json!({"StringNotEquals": {"aws:PrincipalAccount": ["111111111111", "222222222222"]}}),
            json!({"Bool": {"aws:SecureTransport": "false"}}),
            json!({"BoolIfExists": {"aws:SecureTransport": "false"}}),
            json!({"StringEquals": {"aws:SourceAccount": "111111111111"}}),
            json!({"Null": {"aws:PrincipalArn": "true"}}),
            json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam:*role/deploy"}}),
            json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-other/*"}}),
            json!({"ForAllValues:StringEquals": {"test:Words": "blue"}}),
            json!({"ForAnyValue:StringEquals": {"aws:SourceAccount": "111111111111"}}),
            json!({"StringEquals": {"aws:PrincipalOrgID": "o-abc", "aws:PrincipalAccount": "111111111111"}}),
            json!({"StringEquals": {"aws:PrincipalOrgID": "o-other", "aws:SourceVpce": "vpce-1"}}),
        ] {
            assert_eq!(holds(&condition), Holds::No, "{condition}");
        }
    }

    #[test]
    fn what_is_not_known_is_said_and_not_guessed() {
        for (condition, why) in [
            (json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}}), "condition key aws:SourceVpce: its value is known"),
            (json!({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), "condition key aws:SourceIp: "),
            (json!({"StringEqualsIfExists": {"aws:PrincipalTag/team": "ml"}}), "condition key aws:PrincipalTag/team: "),
            (json!({"Null": {"aws:ViaAWSService": "true"}}), "condition key aws:ViaAWSService: "),
            (json!({"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}), "condition key aws:CurrentTime: "),
            (
                json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-abc/*/ou-ab12-x/*"}}),
                "only the start of it is known (o-abc/r-ab12/...)",
            ),
            (
                json!({"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::222222222222:role/${aws:username}"}}),
                "the policy variable aws:username is not known",
            ),
        ] {
            let Holds::Unknown(reason) = holds(&condition) else { panic!("{condition} is decided") };
            assert!(reason.contains(why), "{reason}");
        }
    }

    #[test]
    fn the_path_of_an_account_decides_by_its_units() {
        let paths = |pattern: &str| json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": pattern}});
        let of = |pattern: &str| holds_in(&["o-abc/r-ab12/ou-ab12-cdef3456/ou-ab12-0123abcd/"], &paths(pattern));
        for unit in ["o-abc/*", "o-abc/r-ab12/ou-ab12-cdef3456/*", "o-abc/*/ou-ab12-0123abcd/"] {
            assert_eq!(of(unit), Holds::Yes, "{unit}");
        }
        for unit in ["o-abc/r-ab12/ou-ab12-other000/*", "o-abc/r-ab12/ou-ab12-cdef3456/"] {
            assert_eq!(of(unit), Holds::No, "{unit}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for condition in [
            json!([]),
            json!({"StringEquals": "x"}),
            json!({"StringMatches": {"aws:PrincipalArn": "x"}}),
            json!({"ForSomeValues:StringEquals": {"aws:PrincipalArn": "x"}}),
            json!({"NullIfExists": {"aws:PrincipalArn": "true"}}),
            json!({"StringEquals": {"aws:PrincipalArn": {}}}),
        ] {
            assert!(Condition::parse_all(&condition).is_err(), "{condition}");
        }
    }
}
