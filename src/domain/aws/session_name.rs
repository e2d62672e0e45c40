//! The name of an assumed-role session, by which an audit finds the build that acted.

/// `RoleSessionName` is 2 to 64 characters of `[\w+=,.@-]` (botocore sts.AssumeRole).
const LENGTH: std::ops::RangeInclusive<usize> = 2..=64;

/// A session name that says `modeldeploy` and the build id; characters that STS refuses become `-`.
pub(crate) fn session_name(build_id: Option<&str>) -> String {
    let fits = |any: char| any.is_ascii_alphanumeric() || "_+=,.@-".contains(any);
    let name: String = match build_id {
        Some(id) if !id.is_empty() => format!("modeldeploy-{id}"),
        _ => "modeldeploy".to_owned(),
    };
    name.chars().map(|any| if fits(any) { any } else { '-' }).take(*LENGTH.end()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_build_id_keeps_what_sts_takes() {
        assert_eq!(session_name(Some("proj:0a1b-2c")), "modeldeploy-proj-0a1b-2c");
        assert_eq!(session_name(None), "modeldeploy");
    }

    proptest! {
        #[test]
        fn every_build_id_gives_a_valid_name(id in ".*") {
            let name = session_name(Some(&id));
            prop_assert!(LENGTH.contains(&name.len()));
            prop_assert!(name.chars().all(|any| any.is_ascii_alphanumeric() || "_+=,.@-".contains(any)));
        }
    }
}
