//! Every call of every command meets every kind of fault, and what must hold whatever happens is held.
//!
//! The calls are those that the command makes when nothing comes over it, so a new call is covered by itself. `make
//! faults` tries all of them and writes the table of docs/robustness.md.

#[path = "fault_matrix/faults.rs"]
mod faults;
#[path = "fault_matrix/promises.rs"]
mod promises;
#[path = "fault_matrix/scenes.rs"]
mod scenes;

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::path::Path;
use std::sync::Mutex;

use self::faults::{FAULTS, Fault};
use self::promises::broken_by;
use self::scenes::{SCENES, Scene};
use crate::support::Protocol;

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
}

/// Every fault over every operation that a command calls by itself.
fn cells_of(scene: &'static Scene) -> Vec<Cell> {
    let ground = (scene.make)();
    let _ = ground.run.run();
    let operations: BTreeMap<String, Protocol> =
        ground.aws().all_calls().iter().map(|call| (call.operation().to_owned(), call.protocol)).collect();
    let cells = operations.into_iter().flat_map(|(operation, protocol)| {
        FAULTS.iter().map(move |fault| Cell { scene, operation: operation.clone(), protocol, fault })
    });
    cells.collect()
}

/// What is broken of each, in the order of the cells.
fn try_all(cells: Vec<Cell>) -> Vec<(Cell, Vec<String>)> {
    let waiting = Mutex::new(cells.into_iter().enumerate().collect::<VecDeque<_>>());
    let tried = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some((number, cell)) = waiting.lock().expect("not poisoned").pop_front() else { break };
                    let broken = broken_by(cell.scene, &cell.operation, cell.protocol, cell.fault);
                    tried.lock().expect("not poisoned").insert(number, (cell, broken));
                }
            });
        }
    });
    tried.into_inner().expect("not poisoned").into_values().collect()
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
    let scenes = SCENES.iter().filter(|scene| only.as_deref().is_none_or(|command| scene.command == command));
    let tried = try_all(scenes.flat_map(cells_of).collect());
    let told = told(&tried);
    if only.is_none() {
        write_table(&table(&tried));
    }
    assert!(told.is_empty(), "{told}");
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
            write!(text, " {held} of {all} |").expect("a string takes all");
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
