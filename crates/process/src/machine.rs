//! Which machine this is.

use std::fs;
use std::sync::OnceLock;

/// What no other machine has, nor a container of this one with process numbers of its own: the kernel's number of this boot, and
/// the namespace of process numbers. Where two processes have the same, a process's number means the same to both.
/// `None` where the system does not tell (it has no `/proc`).
pub fn machine() -> Option<&'static str> {
    static MACHINE: OnceLock<Option<String>> = OnceLock::new();
    let look = || {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(format!("{}:{}", boot.trim(), namespace()?))
    };
    MACHINE.get_or_init(look).as_deref()
}

/// The inode of the namespace of this process's number.
pub(crate) fn namespace() -> Option<u64> {
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    namespace.to_str()?.strip_prefix("pid:[")?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
#[test]
fn a_machine_is_told_once_and_for_all() {
    assert_eq!(machine(), machine());
    if cfg!(target_os = "linux") {
        let (boot, namespace) = machine().unwrap().split_once(':').unwrap();
        assert!(boot.len() == 36 && namespace.parse::<u64>().is_ok(), "{boot} {namespace}");
    }
}
