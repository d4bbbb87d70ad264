//! The security scan: dependencies with known vulnerabilities, secrets in files, unsafe code.

mod advisories;
mod secrets;
