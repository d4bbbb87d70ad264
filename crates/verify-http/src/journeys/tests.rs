//! Whole journeys on paused time: with answers from a script, and WebSockets over a pipe in memory.

mod form;
mod server;
mod steps;
mod walks;
mod websocket;
