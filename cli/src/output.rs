//! What a command prints: words for people, or one JSON object.
use serde::Serialize;
use serde_json::Value;
use std::io::Write;

/// A command's result.
pub struct Output {
    json: Option<Value>,
    text: String,
}

impl Output {
    /// `value` as JSON, `text` as words.
    pub fn new(value: &impl Serialize, text: impl Into<String>) -> Self {
        Output { json: serde_json::to_value(value).ok(), text: text.into() }
    }

    /// For commands that have said everything while they ran.
    pub fn nothing() -> Self {
        Output { json: None, text: String::new() }
    }

    /// Prints to standard output; the JSON object is its last line.
    pub fn print(&self, json: bool) {
        let line = if json { self.json.as_ref().map(Value::to_string) } else { Some(self.text.clone()) };
        if let Some(line) = line.filter(|line| !line.is_empty()) {
            // The reader may have closed the pipe: it has what it wanted.
            let _ = writeln!(std::io::stdout(), "{line}");
        }
    }
}
