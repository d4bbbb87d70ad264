//! `[store] keep`: what a store lets go of after each run.

use store_sql::Retention;

use crate::render::Tone;
use crate::session::Session;

/// Lets go of the details of old runs, where the configuration wants that. That it cannot be done is said, and changes nothing.
pub(crate) async fn let_go(session: &Session<'_>) {
    let keep = session.setting.config.keep;
    if keep.is_none() {
        return;
    }
    if let Err(error) = session.store.let_go(&Retention { keep, ..Retention::default() }).await {
        let text = format!("  ! what [store] keep lets go of is there still: {error}");
        session.setting.app.say(Tone::Warn, &text);
    }
}
