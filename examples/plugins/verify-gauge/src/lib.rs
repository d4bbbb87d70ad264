//! A verifier: a gauge, such as the length of a queue, of the new release against the old one.
//!
//! Each machine is asked for its metrics in the text format of Prometheus: before the deploy, to know what is usual, and after each
//! stage. What grew beyond a factor is refused, what cannot be found out is inconclusive.

mod scrape;

use async_trait::async_trait;
use pipeline_core::{
    Check, CheckKind, Context, Deployment, Evidence, Fault, Outcome, Report, Trigger, Verdict,
    Verifier,
};

pub use scrape::Error;

use scrape::metrics;

/// The verifier.
#[derive(Clone, Debug)]
pub struct Gauge {
    metric: String,
    path: String,
    growth: f64,
    harmless: f64,
}

impl Gauge {
    /// Looks at this metric, below `/metrics`. Twice what was usual is too much, and what is below 10 never is.
    pub fn of(metric: impl Into<String>) -> Self {
        Self { metric: metric.into(), path: "/metrics".into(), growth: 2.0, harmless: 10.0 }
    }

    /// Refuses what is more than so many times what was usual.
    #[must_use]
    pub fn growth(self, growth: f64) -> Self {
        Self { growth, ..self }
    }

    /// Never refuses what is not above this: three times nothing is nothing.
    #[must_use]
    pub fn harmless(self, harmless: f64) -> Self {
        Self { harmless, ..self }
    }

    /// Its value on each of the machines that can be asked alone, by their names.
    async fn values(&self, deployment: &Deployment) -> Result<Vec<(String, Option<f64>)>, Error> {
        let mut values = Vec::new();
        for instance in deployment.subjects() {
            if let Some(address) = &instance.address {
                let text = metrics(address, &self.path).await?;
                values.push((instance.id.clone(), value(&text, &self.metric)));
            }
        }
        Ok(values)
    }

    /// The pure half: what a value means beside what was usual.
    fn judge(&self, value: Option<f64>, usual: Option<f64>) -> (Verdict, String) {
        let Some(value) = value else {
            return (Verdict::Inconclusive, format!("it does not tell {}", self.metric));
        };
        let Some(usual) = usual else {
            return (Verdict::Inconclusive, format!("{value}; nobody knows what is usual"));
        };
        let most = (usual * self.growth).max(self.harmless);
        let verdict = if value > most { Verdict::Refused } else { Verdict::Passed };
        (verdict, format!("{value}, at most {most}; {usual} before the deploy"))
    }
}

#[async_trait]
impl Verifier for Gauge {
    /// What is usual: the highest of the old machines. It is journalled, so a resumed run has it, too.
    async fn baseline(&self, current: &Deployment, _: &Context) -> Result<Option<Evidence>, Fault> {
        let values = self.values(current).await?;
        let usual = values.into_iter().filter_map(|(_, value)| value).reduce(f64::max);
        Ok(usual.map(|it| Evidence::new("usual", it)))
    }

    async fn verify(&self, deployment: &Deployment, cx: &Context) -> Outcome {
        let usual = cx.baseline().and_then(|it| it.value.as_f64());
        let values = self.values(deployment).await?;
        let worst = values.iter().filter_map(|(_, value)| *value).reduce(f64::max);
        let checks = values.into_iter().map(|(instance, value)| {
            let (verdict, message) = self.judge(value, usual);
            let check = Check::new(CheckKind::Watch, &self.metric, verdict, message);
            let check = Check { instance: Some(instance), ..check };
            // The name by which a team's table decides what is done about it.
            if verdict == Verdict::Refused { check.trigger(Trigger::Degraded) } else { check }
        });
        let report = Report::of_checks(checks.collect());
        Ok(report.number(&self.metric, worst.unwrap_or(f64::NAN)))
    }
}

/// The sum of a metric's series: lines such as `queue_length{queue="mail"} 12`.
fn value(text: &str, metric: &str) -> Option<f64> {
    let of_metric = |line: &str| {
        let rest = line.strip_prefix(metric)?;
        let rest = match rest.strip_prefix('{') {
            Some(labelled) => labelled.rsplit_once('}')?.1,
            None => rest.strip_prefix(' ')?,
        };
        rest.split_whitespace().next()?.parse::<f64>().ok().filter(|it| it.is_finite())
    };
    text.lines().filter_map(of_metric).reduce(|sum, it| sum + it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_of_one_metric_are_added_up_and_others_are_left_alone() {
        let text = "# HELP queue_length Jobs\n# TYPE queue_length gauge\nqueue_length{queue=\"mail\"} 12\n\
                    queue_length{queue=\"pdf }\"} 3 1700000000\nqueue_length_max 99\nother 4\n";
        assert_eq!(value(text, "queue_length"), Some(15.0));
        assert_eq!(value(text, "queue_length_max"), Some(99.0));
        assert_eq!((value(text, "queue"), value("queue NaN\n", "queue")), (None, None));
    }

    #[test]
    fn what_is_usual_decides_and_not_knowing_is_no_pass() {
        let gauge = Gauge::of("queue_length");
        for (value, usual, verdict) in [
            (Some(12.0), Some(10.0), Verdict::Passed),
            (Some(20.0), Some(10.0), Verdict::Passed),
            (Some(20.1), Some(10.0), Verdict::Refused),
            (Some(9.0), Some(0.0), Verdict::Passed),
            (None, Some(10.0), Verdict::Inconclusive),
            (Some(12.0), None, Verdict::Inconclusive),
        ] {
            assert_eq!(gauge.judge(value, usual).0, verdict, "{value:?} {usual:?}");
        }
    }
}
