//! What `deploy/` asks of `io` exists.
use super::Cli;
use clap::{CommandFactory, Parser};
use std::collections::HashSet;
use std::path::PathBuf;

fn file(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The environment variables that a command takes, with those of every command.
fn environment_of(command: &str) -> HashSet<String> {
    let all = Cli::command();
    let of = |command: &clap::Command| {
        let names = command.get_arguments().filter_map(clap::Arg::get_env);
        names.map(|name| name.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut names: HashSet<String> = of(&all).into_iter().collect();
    names.extend(of(all.find_subcommand(command).unwrap()));
    // Not of the command line: `tracing`'s own.
    names.insert("RUST_LOG".into());
    names
}

/// Parses `io ARGUMENTS`; a database must be named, here or in the environment.
fn accepted(arguments: &[&str]) {
    let line = ["io"].iter().chain(arguments).chain(&["--database-url", "postgresql:///x"]);
    if let Err(error) = Cli::try_parse_from(line) {
        panic!("{arguments:?}: {error}");
    }
}

/// Names set in an environment file, commented out or not.
fn names_in(text: &str) -> Vec<&str> {
    let line = |line: &'_ str| -> bool { !line.starts_with("# ") && line.contains('=') };
    let lines = text.lines().filter(|text| line(text));
    lines.map(|line| line.trim_start_matches('#').split('=').next().unwrap()).collect()
}

#[test]
fn every_variable_of_the_example_is_read_by_the_indexer_or_the_explorer() {
    let example = file("io.env.example");
    let known: HashSet<String> = environment_of("indexer").union(&environment_of("explorer")).cloned().collect();
    let names = names_in(&example);
    assert!(names.len() >= 7, "{names:?}");
    for name in names {
        assert!(known.contains(name), "{name} is not read by anything");
    }
}

#[test]
fn compose_runs_commands_and_sets_variables_that_exist() {
    let mut compose: serde_yaml::Value = serde_yaml::from_str(&file("compose.yaml")).unwrap();
    compose.apply_merge().unwrap();
    let services = compose["services"].as_mapping().unwrap();
    assert_eq!(services.len(), 2);
    for (name, service) in services {
        let name = name.as_str().unwrap();
        let command: Vec<&str> =
            service["command"].as_sequence().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
        assert_eq!(command[0], name);
        accepted(&command);
        let known = environment_of(name);
        for (variable, value) in service["environment"].as_mapping().unwrap() {
            let variable = variable.as_str().unwrap();
            assert!(known.contains(variable), "{variable} is not read by `io {name}`");
            let port = value.as_str().unwrap().rsplit(':').next().unwrap().to_owned();
            let published = service["ports"][0].as_str().unwrap();
            assert!(published.starts_with("127.0.0.1:") && published.ends_with(&format!(":{port}")), "{published}");
            let probe = service["healthcheck"]["test"][3].as_str().unwrap();
            assert_eq!(probe, format!("http://127.0.0.1:{port}/livez"));
        }
        assert_eq!(service["env_file"], "io.env");
        let dockerfile = service["build"]["dockerfile"].as_str().unwrap();
        assert!(file(dockerfile.strip_prefix("deploy/").unwrap()).contains("ENTRYPOINT [\"io\"]"));
    }
}

#[test]
fn units_run_commands_and_set_variables_that_exist() {
    for name in ["indexer", "explorer"] {
        let unit = file(&format!("systemd/io-{name}.service"));
        let value = |key: &str| {
            let line = unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            line.unwrap_or_else(|| panic!("{name} has no {key}"))
        };
        let command = value("ExecStart").strip_prefix("/usr/local/bin/io ").unwrap();
        accepted(&command.split(' ').collect::<Vec<_>>());
        assert!(command.starts_with(name));
        let variable = value("Environment").split('=').next().unwrap();
        assert!(environment_of(name).contains(variable), "{variable} is not read by `io {name}`");
        assert_eq!(value("EnvironmentFile"), "/etc/io/io.env");
    }
}

#[test]
fn the_addresses_that_prometheus_asks_are_the_units() {
    let prometheus: serde_yaml::Value = serde_yaml::from_str(&file("prometheus/prometheus.yml")).unwrap();
    for scrape in prometheus["scrape_configs"].as_sequence().unwrap() {
        let unit = file(&format!("systemd/io-{}.service", scrape["job_name"].as_str().unwrap()));
        let target = scrape["static_configs"][0]["targets"][0].as_str().unwrap();
        assert!(unit.contains(&format!("_BIND={target}\n")), "{target}");
    }
}
