//! Secrets in files: rules in the format of Gitleaks, and a scanner.
