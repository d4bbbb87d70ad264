//! What the security scan looks at in the project's own files: unsafe code and secrets, also those of the past.

use async_trait::async_trait;
use pipeline_core::{Context, Finding, Outcome, Report};

use super::gate::Scan;
use super::secrets::{PastSecret, SecretRules, history};
use crate::doctrine::DoctrineGate;

/// The rules of SEAL over all files, also under `--changed`: a vulnerability does not go away because nobody touched it.
#[derive(Debug)]
pub struct Unsafe(DoctrineGate);

impl Unsafe {
    /// With a doctrine that has the pillar SEAL and nothing else.
    #[must_use]
    pub fn new(seal: DoctrineGate) -> Self {
        Self(seal)
    }
}

#[async_trait]
impl Scan for Unsafe {
    fn files(&self) -> Vec<String> {
        vec!["**/*".to_owned()]
    }

    async fn scan(&self, cx: &Context) -> Outcome {
        let report = self.0.check_all(cx).await?;
        let numbers = report.numbers();
        let found = numbers.get("violations").copied().unwrap_or_default();
        let findings = report.findings().iter().cloned();
        Ok(findings.fold(Report::passed(), Report::finding).number("unsafe", found))
    }
}

/// Secrets in everything that was ever committed.
#[derive(Debug)]
pub struct Past(SecretRules);

impl Past {
    /// By these rules.
    #[must_use]
    pub fn new(rules: SecretRules) -> Self {
        Self(rules)
    }
}

#[async_trait]
impl Scan for Past {
    fn files(&self) -> Vec<String> {
        vec![".git/HEAD".to_owned(), ".git/refs/**".to_owned(), ".git/packed-refs".to_owned()]
    }

    async fn scan(&self, cx: &Context) -> Outcome {
        let past = history(cx.workdir(), &self.0).await?;
        #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 secrets")]
        let count = past.secrets.len() as f64;
        let findings = past.secrets.iter().map(finding);
        Ok(findings.fold(Report::passed(), Report::finding).number("past_secrets", count))
    }
}

fn finding(past: &PastSecret) -> Finding {
    let commit = past.commit.get(..12).unwrap_or(&past.commit);
    let told = format!("{} (in commit {commit}, line {})", past.secret.message(), past.secret.line);
    Finding::error(told)
        .rule("SEAL/past-secret")
        .remedy("have it revoked: whoever has the repository has it; then allow its fingerprint or its commit in gitleaks.toml")
        .in_file(past.path.clone())
}
