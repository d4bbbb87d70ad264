use super::*;

type Gate = (&'static str, &'static [&'static str], u32);

fn graph(gates: &[Gate]) -> Result<Graph, BuildError> {
    let needs: Vec<Vec<String>> =
        gates.iter().map(|it| it.1.iter().map(ToString::to_string).collect()).collect();
    let node = |(it, needs): (&Gate, &'_ Vec<String>)| (it.0, needs.clone(), it.2);
    let gates: Vec<_> = gates.iter().zip(&needs).map(node).collect();
    let nodes = gates.iter().map(|(name, needs, weight)| Node {
        name,
        needs,
        weight: *weight,
        ..Node::default()
    });
    Graph::new(&nodes.collect::<Vec<_>>())
}

#[test]
fn unknown_names_doubles_and_circles_are_refused_before_anything_runs() {
    let message = |gates| graph(gates).unwrap_err().to_string();
    insta::assert_snapshot!(message(&[("test", &["compil"], 1), ("compile", &[], 1)]),
        @"the gate `test` needs `compil`, which is not a gate; gates are: test, compile");
    insta::assert_snapshot!(message(&[("test", &[], 1), ("test", &[], 1)]),
        @"there are two steps named `test`; give one of them another name");
    insta::assert_snapshot!(message(&[("a", &["b"], 1), ("b", &["a"], 1), ("c", &[], 1)]),
        @"these gates need each other in a circle: a, b; remove one of the needs");
}

#[test]
fn levels_are_the_plan() {
    let graph = graph(&[("test", &["compile"], 1), ("format", &[], 1), ("compile", &[], 1)]);
    assert_eq!(graph.unwrap().levels(), [vec![1, 2], vec![0]]);
}

#[test]
fn weights_are_kept_to_and_a_giant_runs_alone() {
    let graph = graph(&[("a", &[], 2), ("b", &[], 1), ("giant", &[], 9), ("c", &[], 1)]).unwrap();
    let mut schedule = Schedule::new(&graph, 3);
    assert_eq!(schedule.start(), [0, 1]);
    schedule.finish(0, true);
    assert_eq!(schedule.start(), [3]);
    schedule.finish(1, true);
    schedule.finish(3, true);
    assert_eq!(schedule.start(), [2]);
    assert_eq!(schedule.start(), [0; 0]);
}

#[test]
fn what_needs_a_bad_gate_is_skipped_with_the_reason() {
    let graph = graph(&[("a", &[], 1), ("b", &["a"], 1), ("c", &["b"], 1)]).unwrap();
    let mut schedule = Schedule::new(&graph, 4);
    assert_eq!(schedule.start(), [0]);
    schedule.finish(0, false);
    assert_eq!(schedule.start(), [0; 0]);
    assert_eq!(schedule.skipped(), [(1, Some(0)), (2, Some(1))]);
}

fn lanes(capacity: u32) -> (Graph, u32) {
    let dev = ["build:dev".to_owned()];
    let [compile, credo, unknown] = ["compile", "credo", "unknown"].map(ToOwned::to_owned);
    let (after_compile, after_all) = ([compile], [credo, unknown]);
    let node =
        |name, after, exclusive| Node { name, after, exclusive, weight: 1, ..Node::default() };
    let gates = [
        node("credo", &after_compile[..], &dev[..]),
        node("compile", &[], &dev),
        node("test", &[], &[]),
        node("dialyzer", &[], &dev),
        node("last", &after_all, &[]),
    ];
    (Graph::new(&gates).unwrap(), capacity)
}

#[test]
fn what_must_be_had_alone_is_had_by_one_at_a_time_and_order_is_kept_whatever_the_answers() {
    let (graph, capacity) = lanes(9);
    let mut schedule = Schedule::new(&graph, capacity);
    assert_eq!(schedule.start(), [1, 2]);
    schedule.finish(2, true);
    assert_eq!(schedule.start(), [0; 0]);
    schedule.finish(1, false);
    assert_eq!(schedule.start(), [0]);
    schedule.finish(0, false);
    assert_eq!(schedule.start(), [3, 4]);
}

#[test]
fn what_is_known_already_takes_nothing_and_keeps_nobody_waiting() {
    let (graph, _) = lanes(1);
    let mut schedule = Schedule::new(&graph, 1);
    schedule.is_known(0);
    schedule.is_known(1);
    assert_eq!(schedule.start(), [0, 1, 2]);
    schedule.finish(0, true);
    schedule.finish(1, true);
    schedule.finish(2, true);
    assert_eq!(schedule.start(), [3]);
}

#[test]
fn who_waits_is_told_with_whom_for() {
    let (graph, capacity) = lanes(1);
    let mut schedule = Schedule::new(&graph, capacity);
    assert_eq!(schedule.start(), [1]);
    // `test` waits for nobody but for room; `unknown` is not there.
    assert_eq!(schedule.waiting(), [(0, vec![1]), (2, vec![]), (3, vec![1]), (4, vec![0])]);
    schedule.finish(1, false);
    assert_eq!(schedule.start(), [0]);
    assert_eq!(schedule.waiting(), [(2, vec![]), (3, vec![0]), (4, vec![0])]);
    schedule.stop();
    assert_eq!(schedule.waiting(), []);
}
