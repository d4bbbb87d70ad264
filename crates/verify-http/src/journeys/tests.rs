//! Whole journeys on paused time: with answers from a script, and sockets over a pipe in memory.

mod form;
mod server;
mod steps;
mod walks;
mod websocket;
