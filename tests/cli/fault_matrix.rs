//! Every call of every command meets every kind of fault, and what must hold whatever happens is held.
//!
//! The calls are those that the command makes when nothing comes over it, so a new call is covered by itself. `make
//! faults` tries all of them and writes the table of docs/robustness.md; `make test` tries a few, other ones for every
//! change of the sources, and all that once broke a promise.

#[path = "fault_matrix/faults.rs"]
mod faults;
#[path = "fault_matrix/promises.rs"]
mod promises;
#[path = "fault_matrix/scenes.rs"]
mod scenes;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Mutex;

use self::faults::{FAULTS, Fault};
use self::promises::broken_by;
use self::scenes::{SCENES, Scene};
use crate::support::{Meddling, Protocol};

/// How many are tried at once: they wait more than they work.
const AT_ONCE: usize = 6;

/// A fault that comes over a call of a command.
#[derive(Clone)]
struct Cell {
    scene: &'static Scene,
    operation: String,
    protocol: Protocol,
    fault: &'static Fault,
}

impl Cell {
    fn name(&self) -> String {
        format!("{}, {}, {}", self.scene.command, self.operation, self.fault.name)
    }

    fn hangs(&self) -> bool {
        matches!((self.fault.meddling)(self.protocol), Meddling::Hang)
    }
}

/// The operations of every command that it calls by itself.
type Operations = BTreeMap<&'static str, BTreeMap<String, Protocol>>;

fn operations() -> Operations {
    let called = side_by_side(SCENES.iter().collect(), |scene| {
        let ground = (scene.make)();
        ground.aws().forget_calls();
        let _ = ground.run.run();
        let calls = ground.aws().all_calls();
        calls.iter().map(|call| (call.operation().to_owned(), call.protocol)).collect()
    });
    called.into_iter().map(|(scene, operations)| (scene.command, operations)).collect()
}

/// Every fault over every operation of one command, or of all.
fn cells(operations: &Operations, of: Option<&str>) -> Vec<Cell> {
    let mut operations = operations.clone();
    for scene in SCENES {
        // The same command, where it calls more: what it calls in any case is tried where it does that alone.
        let tried = scene.beside.and_then(|other| operations.get(other)).cloned().unwrap_or_default();
        operations.entry(scene.command).or_default().retain(|operation, _| !tried.contains_key(operation));
    }
    let mut cells = Vec::new();
    for scene in SCENES.iter().filter(|scene| of.is_none_or(|command| scene.command == command)) {
        for (operation, protocol) in &operations[scene.command] {
            let cell = |fault| Cell { scene, operation: operation.clone(), protocol: *protocol, fault };
            cells.extend(FAULTS.iter().map(cell));
        }
    }
    cells
}

/// What comes of each, in their order.
fn side_by_side<T: Send, R: Send>(items: Vec<T>, work: impl Fn(&T) -> R + Sync) -> Vec<(T, R)> {
    let waiting = Mutex::new(items.into_iter().enumerate().collect::<VecDeque<_>>());
    let done = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some((number, item)) = waiting.lock().expect("not poisoned").pop_front() else { break };
                    let result = work(&item);
                    done.lock().expect("not poisoned").insert(number, (item, result));
                }
            });
        }
    });
    done.into_inner().expect("not poisoned").into_values().collect()
}

/// What is broken of each.
fn try_all(mut cells: Vec<Cell>) -> Vec<(Cell, Vec<String>)> {
    // What waits longest begins first.
    cells.sort_by_key(|cell| !cell.hangs());
    side_by_side(cells, |cell| broken_by(cell.scene, &cell.operation, cell.protocol, cell.fault))
}

fn told(tried: &[(Cell, Vec<String>)]) -> String {
    let mut text = String::new();
    for (cell, broken) in tried.iter().filter(|(_, broken)| !broken.is_empty()) {
        writeln!(text, "{}:\n  {}", cell.name(), broken.join("\n  ")).expect("a string takes all");
    }
    text
}

/// `make faults`; `FAULTS_OF=build` tries one command only.
#[test]
#[ignore = "takes minutes"]
fn every_fault_over_every_call_breaks_no_promise() {
    let only = std::env::var("FAULTS_OF").ok();
    let operations = operations();
    let mut tried = Vec::new();
    for scene in SCENES.iter().filter(|scene| only.as_deref().is_none_or(|only| only == scene.command)) {
        tried.extend(try_all(cells(&operations, Some(scene.command))));
        // What was tried stays on record where nobody waits for the rest.
        if only.is_none() {
            write_table(&table(&tried));
        }
    }
    let told = told(&tried);
    assert!(told.is_empty(), "{told}");
}

/// So many cells are drawn of each command.
const DRAWN: usize = 2;

/// What broke a promise once: command, operation, fault.
const ONCE_BROKEN: &[[&str; 3]] = &[
    ["build", "GetModelPackageGroupPolicy", "not there"],
    ["test", "DescribeEndpoint", "other types in the answer"],
    ["test, every mode", "InvokeEndpointAsync", "no answer, once"],
    ["setup apply", "CreateStackInstances", "a conflict"],
];

#[test]
fn faults_drawn_by_the_sources_and_those_that_once_broke_break_no_promise() {
    let seed = seed_of_the_sources();
    let mut all = cells(&operations(), None);
    // In an order that only the seed and the cell decide, so that what is drawn of one command depends on no other.
    all.sort_by_cached_key(|cell| hash(&(seed, cell.name())));
    let once_broken: BTreeSet<String> = ONCE_BROKEN.iter().map(|parts| parts.join(", ")).collect();
    let known: BTreeSet<String> = all.iter().map(Cell::name).filter(|name| once_broken.contains(name)).collect();
    assert_eq!(known, once_broken, "a command no longer makes the call: take the line out");
    let mut drawn: BTreeMap<&str, usize> = BTreeMap::new();
    all.retain(|cell| {
        if once_broken.contains(&cell.name()) {
            return true;
        }
        let drawn = drawn.entry(cell.scene.command).or_default();
        // To wait for nothing takes its time: that is for `make faults`.
        *drawn += usize::from(!cell.hangs());
        *drawn <= DRAWN && !cell.hangs()
    });
    let told = told(&try_all(all));
    assert!(told.is_empty(), "{told}");
}

/// Another one for every change of the product, in a checkout without its history, too.
fn seed_of_the_sources() -> u64 {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the sources").flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    hash(&files.iter().map(|file| std::fs::read(file).expect("a source")).collect::<Vec<_>>())
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// What was tried and what held, a row for each fault.
fn table(tried: &[(Cell, Vec<String>)]) -> String {
    let mut text = "| fault |".to_owned();
    for scene in SCENES {
        write!(text, " {} |", scene.command).expect("a string takes all");
    }
    writeln!(text, "\n|---|{}", "---|".repeat(SCENES.len())).expect("a string takes all");
    for fault in FAULTS {
        write!(text, "| {} |", fault.name).expect("a string takes all");
        for scene in SCENES {
            let of =
                tried.iter().filter(|(cell, _)| cell.scene.command == scene.command && cell.fault.name == fault.name);
            let (held, all) =
                of.fold((0, 0), |(held, all), (_, broken)| (held + i32::from(broken.is_empty()), all + 1));
            let cell = if all == 0 { "not tried".to_owned() } else { format!("{held} of {all}") };
            write!(text, " {cell} |").expect("a string takes all");
        }
        text.push('\n');
    }
    let held = tried.iter().filter(|(_, broken)| broken.is_empty()).count();
    text + &format!("\n{held} of {} held.\n", tried.len())
}

fn write_table(table: &str) {
    const BEGIN: &str = "<!-- written by make faults -->\n";
    const END: &str = "<!-- end -->";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/robustness.md");
    let text = std::fs::read_to_string(&path).expect("the page is there");
    let (before, rest) = text.split_once(BEGIN).expect("where the table begins");
    let (_, after) = rest.split_once(END).expect("where the table ends");
    std::fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).expect("the page can be written");
}
