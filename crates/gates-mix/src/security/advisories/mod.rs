//! Dependencies with known vulnerabilities, and packages that were retired.
