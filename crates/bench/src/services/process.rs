//! A program that is measured from outside.
use anyhow::{Context, Result};
use std::fs::{File, read_to_string};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

/// The kernel reports processor time to programs in hundredths of a second, whatever it counts in itself.
const TICKS_PER_S: f64 = 100.0;

/// What a process has used so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    pub cpu_s: f64,
    /// Most memory that it ever held, 10^6 bytes.
    pub peak_mb: f64,
}

/// A running program; killed when dropped.
pub struct Process {
    child: Child,
    last: Usage,
}

impl Process {
    /// Its messages go to `log`.
    pub fn spawn(command: &mut Command, log: &Path) -> Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().with_context(|| format!("cannot run {name}"))?;
        Ok(Process { child, last: Usage::default() })
    }

    /// Its use of the machine; after its end, as it was when last asked.
    pub fn usage(&mut self) -> Usage {
        let pid = self.child.id();
        let peak = read_to_string(format!("/proc/{pid}/status")).ok().and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()
        });
        if let (Some(peak), Some(times)) = (peak, times(pid)) {
            self.last = Usage { cpu_s: times.own, peak_mb: peak * 1024.0 / 1e6 };
        }
        self.last
    }

    /// `None` while it runs.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// `kill -9`.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails if it has ended.
        let _ = self.kill();
    }
}

struct Times {
    own: f64,
    /// Of children that have ended.
    ended: f64,
    parent: u32,
}

fn times(pid: u32) -> Option<Times> {
    let stat = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in brackets and may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let seconds = |at: usize| fields.get(at).and_then(|t| t.parse::<f64>().ok()).map(|t| t / TICKS_PER_S);
    Some(Times {
        own: seconds(11)? + seconds(12)?,
        ended: seconds(13)? + seconds(14)?,
        parent: fields.get(1)?.parse().ok()?,
    })
}

/// Processor time of a process, of its children that live, and of those that it has buried.
pub fn cpu_of_tree(pid: u32) -> f64 {
    let Ok(all) = std::fs::read_dir("/proc") else { return 0.0 };
    let pids = all.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let children = pids.filter_map(times).filter(|t| t.parent == pid).map(|t| t.own + t.ended);
    times(pid).map_or(0.0, |t| t.own + t.ended) + children.sum::<f64>()
}

/// `kill -9` for a process that is not ours to wait for.
pub fn kill(pid: u32) -> Result<()> {
    let status = Command::new("kill").args(["-9", &pid.to_string()]).status()?;
    anyhow::ensure!(status.success(), "cannot kill process {pid}");
    Ok(())
}
