//! What the API may never do: tell private things, take orders, or be an authority.
#[path = "../../indexer/tests/support/mod.rs"]
mod support;
mod website;

use serde_json::Value;
use support::world::World;
use website::Website;

/// Words of names that no field here may have: what an operator, a user or a machine would not want to be read.
const PRIVATE: [&str; 16] = [
    "email",
    "mail",
    "ip",
    "ipaddr",
    "host",
    "hostname",
    "token",
    "secret",
    "password",
    "private",
    "credential",
    "cookie",
    "session",
    "phone",
    "location",
    "serial",
];

fn words(name: &str) -> Vec<String> {
    name.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_lowercase).collect()
}

fn private(name: &str) -> bool {
    words(name).iter().any(|word| PRIVATE.contains(&word.as_str()))
}

fn names<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            found.push(name);
            names(value, found);
        }),
        Value::Array(rows) => rows.iter().for_each(|row| names(row, found)),
        _ => {}
    }
}

#[test]
fn the_document_has_no_way_to_change_anything_and_no_private_field() {
    let document: Value = serde_json::from_str(&explorer_api::openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods: Vec<&String> = item.as_object().unwrap().keys().collect();
        assert_eq!(methods, ["get"], "{path}");
        for parameter in item["get"]["parameters"].as_array().into_iter().flatten() {
            assert!(!private(parameter["name"].as_str().unwrap()), "{path}: {parameter}");
        }
        assert!(item["get"].get("security").is_none(), "{path}: there is nothing to be allowed to");
    }
    assert!(document.get("security").is_none() && document["components"].get("securitySchemes").is_none());
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for field in schema["properties"].as_object().into_iter().flat_map(|fields| fields.keys()) {
            assert!(!private(field), "{name}.{field}");
        }
    }
    assert!(private("operator_email") && private("ip") && private("device-token") && !private("recipient"));
}

#[tokio::test]
async fn no_row_has_a_private_field_and_nothing_can_be_written() {
    let site = Website::open(World::lived_in().story).await;
    let document: Value = serde_json::from_str(&explorer_api::openapi()).unwrap();
    for path in document["paths"].as_object().unwrap().keys() {
        for method in [reqwest::Method::POST, reqwest::Method::PUT, reqwest::Method::PATCH, reqwest::Method::DELETE] {
            let refused =
                site.http.request(method, site.url(&path.replace(['{', '}'], ""))).body("{}").send().await.unwrap();
            assert_eq!(refused.status(), 405, "{path}");
        }
        if path.contains('{') || !path.starts_with("/v1/") || matches!(path.as_str(), "/v1/events" | "/v1/search") {
            continue;
        }
        let answer = site.json(path).await;
        let mut found = Vec::new();
        names(&answer, &mut found);
        assert!(found.iter().all(|name| !private(name)), "{path}: {found:?}");
    }
}
