//! The Pythons that tests run: any for the model server and for terminals, the one of `make test` for scikit-learn.

use std::path::PathBuf;

const VARIABLE: &str = "MODELDEPLOY_TEST_PYTHON";

/// The Python that has the packages of tests/requirements.txt.
pub(crate) fn test_python() -> PathBuf {
    let set = std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
    set.unwrap_or_else(|| panic!("this test needs scikit-learn, and {VARIABLE} is not set: run `make test`")).into()
}

/// That one, else the `python3` on this machine.
pub(crate) fn any_python() -> PathBuf {
    if let Some(set) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        return set.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("python3"))
        .find(|python| python.exists())
        .unwrap_or_else(|| panic!("this test needs Python 3: install it, or run `make test`"))
}
