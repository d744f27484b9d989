//! Device challenges: rounds, answers, failures, classes and idle pay.
mod answers;
mod cheats;
mod classes;
mod failures;
mod idle_pay;
mod rounds;
