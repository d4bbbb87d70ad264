//! Is the certificate of the site good for long enough? Taking a release back would not mend one that is not, so that
//! is an alert.

use pipeline_core::{Trigger, Verdict};

use super::{Flaw, Standard};
use crate::certificate::{good_for, in_days};
use crate::response::Response;

impl Standard<'_> {
    pub(super) fn certificate(&self, response: &Response) -> Option<Flaw> {
        let (wanted, now) = (self.check.tls_expires_after?, self.now?);
        let Some(der) = &response.certificate else {
            // A machine that is asked over plain HTTP stands behind the site whose certificate it is.
            return self.instance.is_none().then(|| {
                Flaw::unclear(
                    "it came over plain HTTP, so there is no certificate to look at; give the environment's `url` \
                     https, or leave `tls_expires_after` out"
                        .into(),
                )
            });
        };
        let left = match good_for(der, now) {
            Ok(left) if left >= wanted => return None,
            Ok(left) => left,
            Err(reason) => {
                let words = format!("its certificate cannot be read ({reason})");
                return Some(Flaw::unclear(words));
            }
        };
        let words = format!(
            "its certificate expires in {}, wanted at least {}; renew it",
            in_days(left),
            in_days(wanted)
        );
        Some(Flaw { verdict: Verdict::Alert, trigger: Trigger::Smoke, words })
    }
}
