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
    staker: String,
    guardian: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

impl Net {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let programs = std::env::var_os("SBF_OUT_DIR").map_or_else(|| root().join("target/deploy"), PathBuf::from);
        let mut child = Command::new(env!("CARGO_BIN_EXE_io"))
            .args(["--json", "localnet", "--epoch", "3", "--voting", "6", "--timelock", "2", "--programs"])
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
            staker: text("staker"),
            guardian: text("guardian"),
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

    /// Starts the supplier's worker, whose device's key is `device.json` in the home folder.
    fn worker(&self) -> Service {
        let config = self.home.path().join("worker.toml");
        let text = format!(
            "rpc_url = {:?}\ndevice_key = \"device.json\"\nblobs = {:?}\nbackend = \"cpu\"\npoll_ms = 100\n",
            self.url, self.blobs
        );
        std::fs::write(&config, text).unwrap();
        let mut command = self.command(&self.supplier, &["worker", "run", "--config", config.to_str().unwrap()]);
        Service(command.stderr(Stdio::null()).spawn().unwrap())
    }

    /// Runs a command that must succeed; its JSON.
    fn io(&self, wallet: &str, arguments: &[&str]) -> Value {
        let output = self.command(wallet, arguments).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{arguments:?}: {stdout}{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str(stdout.lines().last().unwrap_or_default()).unwrap()
    }

    /// Runs a command that must be refused; its words.
    fn refused(&self, wallet: &str, arguments: &[&str]) -> String {
        let output = self.command(wallet, arguments).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {stdout}");
        let json: Value = serde_json::from_str(stdout.lines().last().unwrap_or_default()).unwrap();
        json["error"].as_str().unwrap().to_string()
    }

    /// Runs a command again until it is no longer refused; its JSON.
    fn until_done(&self, wallet: &str, arguments: &[&str]) -> Value {
        for _ in 0..100 {
            let output = self.command(wallet, arguments).output().unwrap();
            let stdout = String::from_utf8(output.stdout).unwrap();
            if output.status.success() {
                return serde_json::from_str(stdout.lines().last().unwrap_or_default()).unwrap();
            }
            assert_eq!(output.status.code(), Some(3), "{arguments:?}: {stdout}");
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
        panic!("{arguments:?} was refused for half a minute")
    }
}

#[test]
fn a_job_goes_from_credits_to_a_paid_supplier_by_hand() {
    let net = Net::start();
    let home = net.home.path();
    let digits = root().join("models/digits");
    let path = |p: &Path| p.to_str().unwrap().to_string();

    assert_eq!(net.io(&net.user, &["credits", "buy", "5"])["iosd_minted"], "5.000000");
    let shown = net.command(&net.user, &["credits", "buy", "--io", "4"]).output().unwrap();
    let shown = String::from_utf8(shown.stderr).unwrap();
    let lines = ["transaction, fee paid by", "credits: buy credits by burning IO", "4.00000000 IO", "0.980000 IOSD"];
    assert!(lines.iter().all(|line| shown.contains(line)), "what is signed is shown before: {shown}");
    let model = net.io(&net.user, &["model", "register", &path(&digits.join("digits-mlp-int8.onnx"))]);
    let device_key = home.join("device.json");
    let register = ["device", "register", "--device-key", &path(&device_key), "--name", "by-hand"];
    let missing = net.refused(&net.supplier, &register);
    assert!(missing.contains("10.00000000 are missing") && missing.contains("--stake"), "{missing}");
    let with_stake = [&register[..], &["--stake", "50", "--wait"]].concat();
    let device = net.io(&net.supplier, &with_stake);
    let mut worker = net.worker();

    let input = path(&digits.join("test-pixels.bin"));
    let root = model["root"].as_str().unwrap();
    let posted = net.io(&net.user, &["job", "post", "--model", root, "--input", &input, "--price", "0.5"]);
    assert_eq!(posted["rows"], 719);
    let job = posted["job"].as_str().unwrap();
    let watched = net.io(&net.user, &["job", "watch", job]);
    assert_eq!((&watched["status"], &watched["device"]), (&"committed".into(), &device["device"]));

    let checked = net.io(&net.staker, &["watch", "--once"]);
    assert_eq!((&checked["counters"]["right"], &checked["counters"]["wrong"]), (&1.into(), &0.into()));

    let stranger = net.command(&net.supplier, &["job", "accept", job]).output().unwrap();
    assert_eq!(stranger.status.code(), Some(3), "only the user may accept");
    let honest = net.command(&net.user, &["job", "dispute", job]).output().unwrap();
    assert_eq!(honest.status.code(), Some(3), "there is nothing to dispute");

    let logits = home.join("logits.bin");
    net.io(&net.user, &["job", "accept", job, "--output", &path(&logits)]);
    assert_eq!(std::fs::metadata(&logits).unwrap().len(), 719 * 10 * 4);
    assert_eq!(net.io(&net.user, &["credits", "balance"])["iosd"], "5.500000");
    assert_eq!(net.io(&net.supplier, &["wallet", "balance"])["earnings_iosd"], "0.475000");
    let coins = |wallet: &str| net.io(wallet, &["wallet", "balance"])["io"].as_str().unwrap().parse::<f64>().unwrap();
    let before = coins(&net.supplier);
    net.io(&net.supplier, &["credits", "redeem", "0.475"]);
    // The network's keeper pays it when the epoch has ended.
    let start = std::time::Instant::now();
    while (coins(&net.supplier) - before - 1.9).abs() > 1e-6 {
        assert!(start.elapsed().as_secs() < 30, "the keeper has not paid: {}", coins(&net.supplier) - before);
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    let busy = net.refused(&net.supplier, &["credits", "claim"]);
    assert!(busy.contains("0.475000 IOSD were redeemed"), "{busy}");
    assert_eq!(worker.stop(), Some(0), "a worker that is told to stop exits cleanly");

    let alone = net.io(&net.user, &["job", "post", "--model", root, "--input", &input, "--price", "0.5"]);
    net.io(&net.user, &["job", "cancel", alone["job"].as_str().unwrap()]);
    assert_eq!(net.io(&net.user, &["credits", "balance"])["iosd"], "5.500000");
}

#[test]
fn a_model_file_an_audit_and_a_demand_by_hand() {
    let net = Net::start();
    let home = net.home.path();
    let digits = root().join("models/digits");
    let path = |p: &Path| p.to_str().unwrap().to_string();
    let (onnx, pixels) = (path(&digits.join("digits-mlp-int8.onnx")), path(&digits.join("test-pixels.bin")));
    let (labels, file) = (path(&digits.join("test-labels.bin")), path(&home.join("digits.iom")));
    let with = ["--data", &pixels, "--labels", &labels, "--output", &file];
    let imported = net.io(&net.user, &[&["model", "import", &onnx][..], &with].concat());
    assert_eq!((&imported["exact"], &imported["accuracy"]["rows"]), (&true.into(), &719.into()));
    assert!(imported["accuracy"]["top1"].as_f64().unwrap() > 0.9, "{imported}");
    assert_eq!(net.io(&net.user, &["model", "register", &file])["root"], imported["root"]);

    net.io(&net.user, &["credits", "buy", "1"]);
    let device_key = path(&home.join("device.json"));
    let named = ["--device-key", &device_key, "--name", "by-hand", "--stake", "50", "--wait"];
    net.io(&net.supplier, &[&["device", "register"][..], &named].concat());
    let root = imported["root"].as_str().unwrap();
    let posted = net.io(&net.user, &["job", "post", "--model", root, "--input", &pixels, "--price", "0.5"]);
    let job = posted["job"].as_str().unwrap();
    let status = net.io(&net.user, &["job", "status", job]);
    assert_eq!((&status["status"], &status["reservation_io"]), (&"posted".into(), &"4.00000000".into()));
    let mut first = net.worker();
    net.io(&net.user, &["job", "watch", job]);
    assert_eq!(first.stop(), Some(0));
    let status = net.io(&net.user, &["job", "status", job]);
    assert_eq!((&status["status"], &status["reserved_io"]), (&"committed".into(), &"4.00000000".into()));
    assert!(status["audit"].as_str().unwrap().starts_with("to be drawn by slot"), "{status}");

    // Anybody may draw, at any time and with the same outcome.
    assert!(net.refused(&net.staker, &["job", "draw", job]).contains("TooEarly"));
    net.until_done(&net.staker, &["job", "draw", job]);
    let status = net.io(&net.user, &["job", "status", job]);
    let audit = status["audit"].as_str().unwrap();
    assert!(audit == "not drawn" || audit.starts_with("open: 2 of 2 cells"), "{status}");

    let asked = net.io(&net.user, &["job", "demand", job, "--layer", "0", "--row", "7", "--segment", "0"]);
    assert_eq!(asked["n"], 0);
    let wrong = net.refused(&net.user, &["job", "demand", job, "--layer", "9", "--row", "7", "--segment", "0"]);
    assert!(wrong.contains("layer"), "{wrong}");
    let early = net.refused(&net.staker, &["job", "settle", job]);
    assert!(early.contains("TooEarly"), "{early}");
    let mut second = net.worker();
    // It answers the demand, and the audit if there is one.
    let kept = |status: &Value| matches!(status["audit"].as_str(), Some("not drawn" | "passed, all 2 cells are right"));
    let start = std::time::Instant::now();
    while !kept(&net.io(&net.user, &["job", "status", job])) {
        assert!(start.elapsed().as_secs() < 40, "the worker does not answer its audit");
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    let told = net.io(&net.user, &["job", "demand", job, "--roots", "--wait"]);
    assert!(matches!(told["status"].as_str(), Some("served" | "answered")), "{told}");
    net.io(&net.user, &["job", "accept", job]);
    // The network's keeper closes some of them, too.
    let close = || net.io(&net.user, &["job", "demand", job, "--close"])["closed"].as_u64().unwrap();
    assert!(close() <= 2);
    assert_eq!(close(), 0, "all are closed");
    assert_eq!(net.io(&net.supplier, &["wallet", "balance"])["earnings_iosd"], "0.475000");
    assert_eq!(second.stop(), Some(0));
}

#[test]
fn stake_votes_and_stops_by_hand() {
    let net = Net::start();
    let address = |wallet: &str| net.io(wallet, &["wallet", "address"])["address"].as_str().unwrap().to_string();
    let (supplier, staker) = (address(&net.supplier), address(&net.staker));
    net.io(&net.supplier, &["stake", "open", "--commission", "5"]);
    assert!(net.refused(&net.supplier, &["stake", "open"]).contains("already"));
    let to = ["--operator", supplier.as_str()];
    net.io(&net.staker, &[&["stake", "add", "100"][..], &to].concat());
    let poor = net.refused(&net.staker, &[&["stake", "add", "5000"][..], &to].concat());
    assert!(poor.contains("100.00000000 IO are missing"), "{poor}");
    let early = net.refused(&net.staker, &["gov", "propose", "set", "credits.fee_bps", "450"]);
    assert!(early.contains("nothing is staked"), "{early}");

    // Anybody can make it count, and what is shown is what it would be then.
    let start = std::time::Instant::now();
    while net.io(&net.staker, &["stake", "show"])["positions"][0]["active_io"] != "100.00000000" {
        assert!(start.elapsed().as_secs() < 30, "the stake does not warm up");
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    let far = net.refused(&net.staker, &["gov", "propose", "set", "credits.fee_bps", "300"]);
    assert!(far.contains("is 500 bps") && far.contains("400 bps is as far"), "{far}");
    let typo = net.refused(&net.staker, &["gov", "propose", "set", "fee_bps", "450"]);
    assert!(typo.contains("did you mean credits.fee_bps?"), "{typo}");

    // Nothing counts before somebody touches the position; unstaking a little does.
    net.io(&net.staker, &[&["stake", "unstake", "1"][..], &to].concat());
    let cooling = net.refused(&net.staker, &[&["stake", "withdraw"][..], &to].concat());
    assert!(cooling.contains("still cooling") && cooling.contains("from epoch"), "{cooling}");
    net.io(&net.staker, &["gov", "propose", "set", "credits.fee_bps", "450"]);
    let voted = net.io(&net.staker, &["gov", "vote", "0", "yes"]);
    assert_eq!(voted["yes_io"], "99.00000000");
    assert!(net.refused(&net.staker, &["gov", "vote", "0", "no"]).contains("cannot be changed"));
    let locked = net.refused(&net.staker, &[&["stake", "unstake", "1"][..], &to].concat());
    assert!(locked.contains("locked until the vote ends"), "{locked}");
    assert_eq!(net.until_done(&net.user, &["gov", "finish", "0"])["status"], "passed");
    net.until_done(&net.user, &["gov", "execute", "0"]);
    let parameters = net.io(&net.user, &["gov", "parameters"]);
    assert_eq!(parameters["parameters"][0]["raw"], 450);
    assert_eq!(net.io(&net.user, &["gov", "close", "0"])["votes_closed"], 1);

    // The treasury pays what a vote says, once.
    let coins = || net.io(&net.user, &["wallet", "balance"])["io"].as_str().unwrap().parse::<f64>().unwrap();
    let (user, before) = (address(&net.user), coins());
    let paid = net.io(&net.staker, &["gov", "propose", "pay", &user, "0.25"])["proposal"].to_string();
    net.io(&net.staker, &["gov", "vote", &paid, "yes"]);
    assert_eq!(net.until_done(&net.user, &["gov", "finish", &paid])["status"], "passed");
    net.until_done(&net.user, &["gov", "execute", &paid]);
    assert!((coins() - before - 0.25).abs() < 1e-9);
    assert!(net.refused(&net.user, &["gov", "execute", &paid]).contains("is executed"));

    // The guardian stops and pauses; nobody else does.
    net.io(&net.staker, &["gov", "propose", "pause", "jobs", "claim"]);
    assert!(net.refused(&net.staker, &["gov", "veto", "2"]).contains("only the guardian"));
    net.io(&net.guardian, &["gov", "veto", "2"]);
    net.io(&net.guardian, &["gov", "guardian", "pause", "credits", "buy"]);
    assert_eq!(net.io(&net.user, &["gov", "guardian", "show"])["paused"]["credits"][0], "buy");
    let paused = net.refused(&net.user, &["credits", "buy", "1"]);
    assert!(paused.contains("Paused"), "{paused}");

    let claimed = net.until_done(&net.staker, &["rewards", "claim"]);
    assert_eq!(claimed["claimed"][0]["coin"], "IO");
    assert!(net.io(&net.staker, &["rewards", "show"])["rewards"][0]["owner"] == supplier);
    assert!(staker != supplier);
}
