//! What a person sees when something is wrong: the message and the exit code.
use std::path::Path;
use std::process::{Command, Output};

/// Runs `io` with an empty home.
fn io(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_io"));
    for variable in ["IO_URL", "IO_KEYPAIR", "IO_BLOBS", "DATABASE_URL"] {
        command.env_remove(variable);
    }
    command.args(arguments).env("HOME", home).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn help_lists_every_command_and_the_exit_codes() {
    let home = tempfile::tempdir().unwrap();
    let output = io(home.path(), &["--help"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for word in [
        "demo",
        "localnet",
        "wallet",
        "credits",
        "model",
        "job",
        "device",
        "worker",
        "watch",
        "stake",
        "rewards",
        "gov",
        "epoch",
        "Exit codes",
        "3   refused",
    ] {
        assert!(text.contains(word), "no {word} in:\n{text}");
    }
}

#[test]
fn a_wrong_command_line_exits_2() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(io(home.path(), &["job", "post"]).status.code(), Some(2));
    assert_eq!(io(home.path(), &["frobnicate"]).status.code(), Some(2));
}

#[test]
fn a_missing_wallet_says_how_to_create_one_and_exits_1() {
    let home = tempfile::tempdir().unwrap();
    let output = io(home.path(), &["wallet", "address"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("hint: create one with `io wallet new`"), "{}", stderr(&output));
}

#[test]
fn an_unreachable_node_is_named_and_exits_4() {
    let home = tempfile::tempdir().unwrap();
    assert!(io(home.path(), &["wallet", "new"]).status.success());
    let output = io(home.path(), &["--url", "http://127.0.0.1:9", "wallet", "balance"]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(stderr(&output).contains("http://127.0.0.1:9"), "{}", stderr(&output));
    let output = io(home.path(), &["--url", "http://127.0.0.1:9", "watch", "--once", "--dry-run"]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
}

#[test]
fn a_watcher_without_a_wallet_or_with_a_wrong_share_says_so() {
    let home = tempfile::tempdir().unwrap();
    let output = io(home.path(), &["watch"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("hint: create one with `io wallet new`"), "{}", stderr(&output));
    let output = io(home.path(), &["watch", "--dry-run", "--share", "101"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("\"101\" is not a rate of 0 to 100 percent"), "{}", stderr(&output));
}

#[test]
fn a_wallet_is_never_overwritten_and_only_its_owner_can_read_it() {
    let home = tempfile::tempdir().unwrap();
    assert!(io(home.path(), &["wallet", "new"]).status.success());
    let path = home.path().join(".config/solana/id.json");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let before = std::fs::read(&path).unwrap();
    let again = io(home.path(), &["wallet", "new"]);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn solanas_config_file_chooses_wallet_and_cluster() {
    let home = tempfile::tempdir().unwrap();
    let wallet = home.path().join("elsewhere.json");
    assert!(io(home.path(), &["--keypair", wallet.to_str().unwrap(), "wallet", "new"]).status.success());
    let folder = home.path().join(".config/solana/cli");
    std::fs::create_dir_all(&folder).unwrap();
    let config =
        format!("json_rpc_url: http://127.0.0.1:7\nkeypair_path: {}\ncommitment: confirmed\n", wallet.display());
    std::fs::write(folder.join("config.yml"), config).unwrap();
    assert!(io(home.path(), &["wallet", "address"]).status.success());
    let output = io(home.path(), &["wallet", "balance"]);
    assert!(stderr(&output).contains("http://127.0.0.1:7"), "{}", stderr(&output));
}

#[test]
fn errors_are_one_json_object_when_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let output = io(home.path(), &["--json", "wallet", "address"]);
    let line = String::from_utf8(output.stdout).unwrap();
    let value: serde_json::Value = serde_json::from_str(line.trim()).unwrap();
    assert_eq!(value["exit_code"], 1);
}

#[test]
fn a_truncated_onnx_file_and_a_wrong_amount_are_named() {
    let home = tempfile::tempdir().unwrap();
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/digits/digits-mlp-int8.onnx");
    let whole = std::fs::read(&model).unwrap();
    let cut = home.path().join("cut.onnx");
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let output = io(home.path(), &["model", "inspect", cut.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("cut.onnx"), "{}", stderr(&output));
    assert!(io(home.path(), &["model", "inspect", model.to_str().unwrap()]).status.success());

    assert!(io(home.path(), &["wallet", "new"]).status.success());
    let output = io(home.path(), &["stake", "open", "--commission", "101"]);
    assert!(stderr(&output).contains("is not a rate of 0 to 100 percent"), "{}", stderr(&output));
    let output = io(home.path(), &["credits", "buy", "1.0000001"]);
    assert!(stderr(&output).contains("is not an amount with up to 6 decimals"), "{}", stderr(&output));
}
