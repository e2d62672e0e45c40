//! World files: whatever is read reads back from what is written of it, and what we do not read is kept.

use modeldeploy::cloud::offline::world::World;
use serde_json::Value;

use crate::place;

const FILE: &str = "world.json";

pub fn holds(text: &str) {
    let world = match World::parse(text, FILE) {
        Ok(world) => world,
        Err(failure) => return place::are_inside(&failure.findings, FILE, text),
    };
    let written = world.render();
    let again = World::parse(&written, FILE).map(|world| world.render());
    assert_eq!(again.as_ref(), Ok(&written));
    if let (Ok(read), Ok(kept)) = (serde_json::from_str(text), serde_json::from_str(&written)) {
        is_kept("", &read, &kept);
    }
}

/// Panics unless all that the one holds is in the other; nothing is as good as null.
fn is_kept(at: &str, read: &Value, kept: &Value) {
    match (read, kept) {
        (Value::Object(read), Value::Object(kept)) => {
            for (key, value) in read.iter().filter(|(_, value)| !value.is_null()) {
                is_kept(&format!("{at}/{key}"), value, kept.get(key).unwrap_or(&Value::Null));
            }
        }
        (Value::Array(read), Value::Array(kept)) => {
            assert_eq!(read.len(), kept.len(), "{at}");
            for (number, (read, kept)) in read.iter().zip(kept).enumerate() {
                is_kept(&format!("{at}/{number}"), read, kept);
            }
        }
        (Value::Number(_), Value::String(_)) if at.ends_with("/CreationTime") => {}
        _ => assert_eq!(read, kept, "{at}"),
    }
}
