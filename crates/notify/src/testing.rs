//! What the tests of this crate share.

use crate::notice::{Notice, Topic};

pub(crate) fn notice(topic: Topic) -> Notice {
    Notice {
        schema: 1,
        id: "run-v2-7".into(),
        topic,
        at: 1_774_449_120,
        environment: "production".into(),
        target: "flyio:shop".into(),
        run: "run-v2".into(),
        version: "v2".into(),
        revision: Some("176c661176c661176c661176c661176c661176c6".into()),
        title: "v2 went back".into(),
        details: Vec::new(),
        url: None,
    }
}

/// The one crypto provider; a second call changes nothing.
pub(crate) fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
