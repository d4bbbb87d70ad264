use super::*;

#[test]
fn it_is_kept_by_versions_where_the_vm_can_be_told_of_the_folder() {
    let tools = [("elixir".to_owned(), "1.14.0".to_owned()), ("erlang".into(), "25 rc/1".into())];
    let project = || MixProject::at("shop").tools(tools.clone().into());
    let dir = kept(&project().cache_dir("/var/cache")).unwrap();
    assert!(dir.to_str().unwrap().starts_with("/var/cache/formatter-1.14.0-25_rc_1-"), "{dir:?}");
    assert!(kept(&project().cache_dir("cache")).unwrap().is_absolute());
    assert_eq!(kept(&project()), None);
    assert_eq!(kept(&project().cache_dir("/var/my cache")), None);
    assert_eq!(kept(&MixProject::at("shop").cache_dir("/var/cache")), None);
}

#[test]
fn a_compiled_module_that_was_cut_is_not_taken() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.beam");
    assert!(!is_whole(&file));
    for (bytes, whole) in [
        (&b"FOR1\x00\x00\x00\x06BEAM!!"[..], true),
        (b"FOR1\x00\x00\x00\x06BEAM!", false),
        (b"FOR1\x00\x00", false),
        (b"FOR2\x00\x00\x00\x06BEAM!!", false),
        (b"", false),
    ] {
        fs::write(&file, bytes).unwrap();
        assert_eq!(is_whole(&file), whole, "{bytes:?}");
    }
}

#[test]
fn what_was_kept_is_forgotten_and_what_is_temporary_goes_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().join("kept");
    fs::create_dir(&kept).unwrap();
    let formatter = Formatter { dir: kept.clone(), temporary: None };
    formatter.forget();
    formatter.forget();
    assert!(!kept.exists());
    let path = dir.path().to_owned();
    Formatter { dir: path.clone(), temporary: Some(dir) }.forget();
    assert!(!path.exists());
}
