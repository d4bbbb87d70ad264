use super::*;

fn building(name: &str, value: &str) -> Command {
    let env = [(name.to_owned(), Some(value.into()))].into();
    Command { env, ..Command::new("mix", "/shop") }
}

#[test]
fn the_file_of_a_lock_is_called_the_same_in_every_process_and_version() {
    let file = |name, value| BuildFolder::of(&building(name, value)).file();
    assert_eq!(file("MIX_ENV", "dev"), "build-dev.lock");
    assert_eq!(file("MIX_ENV", "../x"), "build-___x.lock");
    assert_eq!(file("OTHER", ""), "build-.lock");
    assert_eq!(file("MIX_BUILD_PATH", "b"), file("MIX_BUILD_PATH", "/shop/b"));
    assert_eq!(file("MIX_BUILD_PATH", "b"), "build-0761cbdf2cb0aa6f.lock");
}

#[test]
fn what_cannot_be_cleared_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let lib = dir.path().join("_build/dev/lib");
    fs::create_dir_all(&lib).unwrap();
    fs::write(lib.join("shop"), "no folder").unwrap();
    let layout = Layout { app: Some("shop".into()), ..Layout::default() };
    let error = clear(&dir.path().join("_build/dev"), &layout).unwrap_err();
    assert_eq!(error.to_string(), format!("{} is half built", lib.join("shop").display()));
    assert!(clear(&dir.path().join("_build/test"), &layout).is_ok());
}

#[test]
fn where_a_folder_is_that_no_environment_names_only_mix_knows() {
    let path = |name, value| BuildFolder::of(&building(name, value)).path(Path::new("/shop"));
    assert_eq!(path("MIX_ENV", "dev"), Some("/shop/_build/dev".into()));
    assert_eq!(path("MIX_BUILD_PATH", "b"), Some("/shop/b".into()));
    assert_eq!(path("OTHER", ""), None);
}
