//! The embedded validator: surfpool's, in this process, offline and without instruction profiling (which costs 5-12x).
use anyhow::{Context, Result, bail};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use std::net::TcpListener;
use std::time::Duration;
use surfpool_core::runloops::start_local_surfnet_runloop;
use surfpool_core::surfnet::locker::SurfnetSvmLocker;
use surfpool_core::surfnet::svm::{SurfnetSvm, SurfnetSvmConfig};
use surfpool_types::{BlockProductionMode, RpcConfig, SimnetCommand, SimnetConfig, SimnetEvent, SurfpoolConfig};

const START_WITHIN: Duration = Duration::from_secs(60);

/// A running validator. Dropping it stops it.
pub struct Node {
    pub rpc_url: String,
    pub ws_url: String,
    commands: Sender<SimnetCommand>,
}

impl Node {
    /// Starts a validator on 127.0.0.1 that makes a block every `slot_ms`, on `port` or a free one.
    ///
    /// # Errors
    /// If it does not come up.
    pub fn start(port: Option<u16>, slot_ms: u64) -> Result<Self> {
        let port = port.map_or_else(free_port, Ok)?;
        let ws_port = free_port()?;
        let config = SurfpoolConfig {
            simnets: vec![SimnetConfig {
                offline_mode: true,
                remote_rpc_url: None,
                slot_time: slot_ms,
                block_production_mode: BlockProductionMode::Clock,
                instruction_profiling_enabled: false,
                ..Default::default()
            }],
            rpc: RpcConfig { bind_host: "127.0.0.1".into(), bind_port: port, ws_port, ..Default::default() },
            ..Default::default()
        };
        let svm_config =
            SurfnetSvmConfig { slot_time: slot_ms, instruction_profiling_enabled: false, ..Default::default() };
        let (svm, events, geyser) = SurfnetSvm::new_with_db(None, svm_config)
            .map_err(|e| anyhow::anyhow!("cannot create the validator: {e}"))?;
        let (commands, inbox) = unbounded();
        let sender = commands.clone();
        std::thread::Builder::new().name("validator".into()).spawn(move || {
            let run = start_local_surfnet_runloop(SurfnetSvmLocker::new(svm), config, sender, inbox, geyser);
            if let Err(error) = hiro_system_kit::nestable_block_on(run) {
                tracing::error!(%error, "the validator stopped");
            }
        })?;
        await_start(&events).with_context(|| format!("the validator did not start on port {port}"))?;
        // Its events must be drained for as long as it runs.
        std::thread::Builder::new().name("validator-events".into()).spawn(move || {
            while let Ok(event) = events.recv() {
                if let SimnetEvent::ErrorLog(_, message) = event {
                    tracing::warn!(message, "validator");
                }
            }
        })?;
        Ok(Node { rpc_url: format!("http://127.0.0.1:{port}"), ws_url: format!("ws://127.0.0.1:{ws_port}"), commands })
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have stopped by itself.
        let _ = self.commands.send(SimnetCommand::Terminate(None));
    }
}

fn await_start(events: &Receiver<SimnetEvent>) -> Result<()> {
    loop {
        match events.recv_timeout(START_WITHIN) {
            Ok(SimnetEvent::CoreStarted(_)) => return Ok(()),
            Ok(SimnetEvent::Aborted(cause)) => bail!("{cause}"),
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => bail!("no sign of life within {} s", START_WITHIN.as_secs()),
            Err(RecvTimeoutError::Disconnected) => bail!("it ended while starting"),
        }
    }
}

/// A port that is free now. Another process may take it before it is used; whoever binds it then reports that.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
