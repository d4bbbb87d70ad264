//! How long a certificate is good for. Pure.

use std::time::{Duration, SystemTime};

use x509_parser::prelude::{FromDer, X509Certificate};

/// A day.
const DAY: Duration = Duration::from_hours(24);

/// How long a certificate (DER) is still good for at `now`: nothing if it has expired. The error says in words why it
/// cannot be read.
pub(crate) fn good_for(der: &[u8], now: SystemTime) -> Result<Duration, String> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(|error| error.to_string())?;
    // What ends before 1970 has ended.
    let end = u64::try_from(certificate.validity().not_after.timestamp()).unwrap_or_default();
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Ok(Duration::from_secs(end).saturating_sub(now))
}

/// A long duration in words: `13 days`, or `7 hours` where it is less than two days.
pub(crate) fn in_days(duration: Duration) -> String {
    let (count, unit) = if duration >= 2 * DAY {
        (duration.as_secs() / DAY.as_secs(), "day")
    } else {
        (duration.as_secs() / 3600, "hour")
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    /// 2026-03-25 00:00 UTC.
    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + 20_537 * DAY
    }

    fn until(year: i32, month: u8, day: u8) -> Vec<u8> {
        let mut params = CertificateParams::new(["shop.test".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(year, month, day);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn days_are_counted_to_its_end() {
        let table = [
            (until(2026, 4, 7), "13 days"),
            (until(2026, 3, 27), "2 days"),
            (until(2026, 3, 26), "24 hours"),
            (until(2026, 3, 25), "0 hours"),
            (until(2026, 2, 1), "0 hours"),
        ];
        for (der, words) in table {
            assert_eq!(in_days(good_for(&der, now()).unwrap()), words);
        }
    }

    proptest! {
        #[test]
        fn foreign_bytes_are_no_certificate(der: Vec<u8>) {
            prop_assert!(good_for(&der, now()).is_err());
        }
    }
}
