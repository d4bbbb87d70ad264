//! Tells people how a run went. It never holds one up.
