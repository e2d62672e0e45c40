//! `modeldeploy rehearse`, from a bare folder to the changed world.

use crate::support::Run;

#[test]
fn the_example_runs_from_build_to_production_in_an_empty_folder() {
    let outcome = Run::new("rehearse --approve").run().succeeds().says(&["== Deploy prod", "12 of 12 cases passed"]);
    assert_eq!(outcome.json("rehearsal/test-results.json")["success"], true);
    let world = outcome.json("rehearsal/world.json");
    let endpoints: Vec<&str> =
        world["Endpoints"].as_array().expect("a list").iter().filter_map(|one| one["EndpointName"].as_str()).collect();
    assert_eq!(endpoints, ["iris-staging", "iris-staging", "iris-prod"]);
}
