use pipeline_core::Phase;
use pipeline_testkit::a_run;

use super::*;
use crate::reader::Reader;

fn inputs(gate: &ExecGate) -> Option<Inputs> {
    gate.inputs(&a_run("v1").context(Phase::Validate, "licenses"))
}

fn gate(config: ExecConfig) -> ExecGate {
    ExecGate::new(".", config).unwrap()
}

fn licenses() -> ExecConfig {
    ExecConfig {
        inputs: vec!["mix.lock".into()],
        environment: vec!["LICENSES_MODE".into()],
        ..ExecConfig::new(["./scripts/licenses", "--strict"])
    }
}

#[test]
fn what_is_declared_and_the_program_itself_are_the_inputs() {
    let declared = inputs(&gate(licenses())).unwrap();
    assert_eq!(declared.files, ["mix.lock", "scripts/licenses"]);
    assert_eq!(declared.environment, ["LICENSES_MODE"]);
    assert!(declared.complete);
    for (program, files) in [
        ("cargo-deny", vec!["mix.lock"]),
        ("/usr/bin/licenses", vec!["mix.lock"]),
        ("../licenses", vec!["mix.lock"]),
        ("mix.lock", vec!["mix.lock"]),
    ] {
        let config = ExecConfig { command: vec![program.into()], ..licenses() };
        assert_eq!(inputs(&gate(config)).unwrap().files, files, "{program}");
    }
}

#[test]
fn another_command_or_another_way_to_read_it_is_another_input() {
    let first = inputs(&gate(licenses()));
    let env = [("MIX_ENV".to_owned(), "test".to_owned())].into();
    for other in [
        ExecConfig { command: vec!["./scripts/licenses".into()], ..licenses() },
        ExecConfig { reader: Reader::Junit, ..licenses() },
        ExecConfig { reader: Reader::ExitCode { refuse: [2].into() }, ..licenses() },
        ExecConfig { env, ..licenses() },
    ] {
        assert_ne!(inputs(&gate(other)), first);
    }
}

#[test]
fn nothing_declared_and_nothing_is_cached() {
    assert_eq!(inputs(&gate(ExecConfig { inputs: vec![], ..licenses() })), None);
}

#[test]
fn it_looks_at_changed_files_where_the_command_says_so() {
    let by_file = ExecConfig { command: vec!["lint".into(), "{files}".into()], ..licenses() };
    assert!(gate(by_file).honours_changed());
    assert!(!gate(licenses()).honours_changed());
}

#[test]
fn what_the_configuration_sets_is_not_kept_from_the_command() {
    let env = [("TOKEN".to_owned(), "of-the-tool".to_owned())].into();
    let gate =
        gate(ExecConfig { env, ..licenses() }).without_env("TOKEN").without_env("FLY_API_TOKEN");
    assert_eq!(gate.env["TOKEN"], Some("of-the-tool".into()));
    assert_eq!(gate.env["FLY_API_TOKEN"], None);
}
