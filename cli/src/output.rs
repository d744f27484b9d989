//! What a command prints: words for people, or one JSON object.
use serde::Serialize;
use serde_json::Value;

/// A command's result.
pub struct Output {
    json: Value,
    text: String,
}

impl Output {
    /// `value` as JSON, `text` as words.
    pub fn new(value: &impl Serialize, text: impl Into<String>) -> Self {
        Output { json: serde_json::to_value(value).unwrap_or(Value::Null), text: text.into() }
    }

    /// For commands that have said everything while they ran.
    pub fn nothing() -> Self {
        Output { json: serde_json::json!({}), text: String::new() }
    }

    /// Prints to standard output; the JSON object is its last line.
    pub fn print(&self, json: bool) {
        if json {
            println!("{}", self.json);
        } else if !self.text.is_empty() {
            println!("{}", self.text);
        }
    }
}
