//! The README's walk through the network, by the commands themselves.
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A child that is told to stop when the test ends, however it ends.
struct Service(Child);

impl Service {
    /// Sends SIGTERM and waits.
    fn stop(&mut self) -> Option<i32> {
        let told = Command::new("kill").arg(self.0.id().to_string()).status();
        assert!(told.unwrap().success());
        self.0.wait().unwrap().code()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).stderr(Stdio::null()).status();
        let _ = self.0.wait();
    }
}

struct Net {
    home: tempfile::TempDir,
    url: String,
    blobs: String,
    _service: Service,
    user: String,
    supplier: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

impl Net {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let programs = std::env::var_os("SBF_OUT_DIR").map_or_else(|| root().join("target/deploy"), PathBuf::from);
        let mut child = Command::new(env!("CARGO_BIN_EXE_io"))
            .args(["--json", "localnet", "--programs"])
            .arg(programs)
            .env("HOME", home.path())
            .env_remove("DATABASE_URL")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        reader.read_line(&mut line).unwrap();
        let service = Service(child);
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"));
        let text = |key: &str| ready[key].as_str().unwrap().to_string();
        Net {
            url: text("rpc_url"),
            blobs: text("blobs"),
            user: text("user"),
            supplier: text("supplier"),
            home,
            _service: service,
        }
    }

    fn command(&self, wallet: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_io"));
        command.args(["--json", "--url", &self.url, "--blobs", &self.blobs, "--keypair", wallet]).args(arguments);
        command.env("HOME", self.home.path());
        command
    }

    /// Runs a command that must succeed; its JSON.
    fn io(&self, wallet: &str, arguments: &[&str]) -> Value {
        let output = self.command(wallet, arguments).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{arguments:?}: {stdout}{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str(stdout.lines().last().unwrap_or_default()).unwrap()
    }
}

#[test]
fn a_job_goes_from_credits_to_a_paid_supplier_by_hand() {
    let net = Net::start();
    let home = net.home.path();
    let digits = root().join("models/digits");
    let path = |p: &Path| p.to_str().unwrap().to_string();

    assert_eq!(net.io(&net.user, &["credits", "buy", "5"])["iosd_minted"], "5.000000");
    let model = net.io(&net.user, &["model", "register", &path(&digits.join("digits-mlp-int8.onnx"))]);
    let device_key = home.join("device.json");
    let device =
        net.io(&net.supplier, &["device", "register", "--device-key", &path(&device_key), "--name", "by-hand"]);
    let config = home.join("worker.toml");
    let text = format!(
        "rpc_url = {:?}\ndevice_key = \"device.json\"\nblobs = {:?}\nbackend = \"cpu\"\npoll_ms = 100\n",
        net.url, net.blobs
    );
    std::fs::write(&config, text).unwrap();
    let mut worker = Service(
        net.command(&net.supplier, &["worker", "run", "--config", &path(&config)])
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );

    let input = path(&digits.join("test-pixels.bin"));
    let root = model["root"].as_str().unwrap();
    let posted = net.io(&net.user, &["job", "post", "--model", root, "--input", &input, "--price", "0.5"]);
    assert_eq!(posted["rows"], 719);
    let job = posted["job"].as_str().unwrap();
    let watched = net.io(&net.user, &["job", "watch", job]);
    assert_eq!((&watched["status"], &watched["device"]), (&"committed".into(), &device["device"]));

    let stranger = net.command(&net.supplier, &["job", "accept", job]).output().unwrap();
    assert_eq!(stranger.status.code(), Some(3), "only the user may accept");
    let honest = net.command(&net.user, &["job", "dispute", job]).output().unwrap();
    assert_eq!(honest.status.code(), Some(3), "there is nothing to dispute");

    let logits = home.join("logits.bin");
    net.io(&net.user, &["job", "accept", job, "--output", &path(&logits)]);
    assert_eq!(std::fs::metadata(&logits).unwrap().len(), 719 * 10 * 4);
    assert_eq!(net.io(&net.user, &["credits", "balance"])["iosd"], "4.500000");
    assert_eq!(net.io(&net.supplier, &["wallet", "balance"])["earnings_iosd"], "0.475000");
    assert_eq!(net.io(&net.supplier, &["credits", "redeem", "0.475"])["io_minted"], "1.90000000");
    assert_eq!(worker.stop(), Some(0), "a worker that is told to stop exits cleanly");

    let alone = net.io(&net.user, &["job", "post", "--model", root, "--input", &input, "--price", "0.5"]);
    net.io(&net.user, &["job", "cancel", alone["job"].as_str().unwrap()]);
    assert_eq!(net.io(&net.user, &["credits", "balance"])["iosd"], "4.500000");
}
