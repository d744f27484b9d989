//! `io device check`: does this machine compute right, and how fast.
use crate::context::Context;
use crate::output::Output;
use anyhow::{Result, bail};
use compute::check::{Tried, check_cpu, check_gpus};
use compute::gpu::HashSpeed;
use compute::{BackendKind, ComputeError, Description, GpuSelect, Preference, SELF_TEST_DIGEST};
use serde_json::{Value, json};
use std::fmt::Write;

pub async fn run(context: &Context, backend: &str) -> Result<Output> {
    let preference: Preference = backend.parse()?;
    context.progress()("testing and measuring; a software driver takes a minute");
    let tried = tokio::task::spawn_blocking(move || all(&preference)).await??;
    let devices: Vec<Value> = tried.iter().map(to_json).collect();
    let text = tried.iter().map(to_text).collect::<Vec<_>>().join("\n");
    let broken = tried.iter().filter(|(_, result)| result.is_err()).count();
    let date = chrono::Utc::now().format("%Y-%m-%d").to_string();
    let json = json!({ "date": date, "self_test_digest": hex(&SELF_TEST_DIGEST), "devices": devices });
    if broken > 0 {
        bail!("{broken} of {} devices cannot be used:\n{text}", tried.len());
    }
    Ok(Output::new(&json, text))
}

/// Every device that the preference allows. Without a GPU, `auto` is the CPU alone.
fn all(preference: &Preference) -> Result<Vec<Tried>, ComputeError> {
    let mut tried = match preference {
        Preference::Cpu => Vec::new(),
        Preference::Auto => check_gpus(&GpuSelect::Auto).unwrap_or_default(),
        Preference::Gpu => check_gpus(&GpuSelect::Auto)?,
        Preference::NamedGpu(part) => check_gpus(&GpuSelect::Name(part.clone()))?,
        Preference::SoftwareGpu => check_gpus(&GpuSelect::Software)?,
    };
    if matches!(preference, Preference::Auto | Preference::Cpu) {
        let result = check_cpu();
        let unknown = || Description { kind: BackendKind::Cpu, name: "CPU".into(), driver: String::new() };
        let description = result.as_ref().map_or_else(|_| unknown(), |checked| checked.description.clone());
        tried.push((description, result));
    }
    Ok(tried)
}

fn to_json((description, result): &Tried) -> Value {
    let kind = match description.kind {
        BackendKind::Cpu => "cpu",
        BackendKind::Gpu => "gpu",
        BackendKind::SoftwareGpu => "software",
    };
    let mut device = json!({ "kind": kind, "name": description.name, "driver": description.driver });
    let checked = match result {
        Ok(checked) => checked,
        Err(error) => {
            device["error"] = error.to_string().into();
            return device;
        }
    };
    let peak = checked.gpu.as_ref().map(|gpu| gpu.dot_peak_gmacs);
    let product = |speed: &compute::check::ProductSpeed| json!({ "n": speed.n, "gmacs": speed.gmacs, "vs_dp4a_peak": peak.map(|peak| speed.gmacs / peak) });
    let test = &checked.self_test;
    device["self_test"] = json!({
        "digest": hex(&test.digest), "cases": test.cases, "cells": test.cells, "seconds": test.elapsed.as_secs_f64(),
    });
    device["model_gmacs"] = checked.model_gmacs.into();
    device["products"] = checked.products.iter().map(product).collect();
    let challenge = &checked.challenge;
    device["challenge"] = json!({ "rows": challenge.rows, "seconds": challenge.seconds, "gmacs": challenge.gmacs });
    if let Some(gpu) = &checked.gpu {
        device["kernels"] = gpu.kernels.clone().into();
        device["dp4a_peak_gmacs"] = gpu.dot_peak_gmacs.into();
        device["hashing"] = json!({
            "device_gb_s": gb_s(gpu.hashing.device_s), "host_gb_s": gb_s(gpu.hashing.host_s),
        });
    }
    device
}

fn to_text((description, result): &Tried) -> String {
    let checked = match result {
        Ok(checked) => checked,
        Err(error) => return format!("{description}: {error}"),
    };
    let test = &checked.self_test;
    let mut text = format!("{description}\n");
    let _ = writeln!(text, "  self-test      {} cases, {} cells, {:.2?}", test.cases, test.cells, test.elapsed);
    let _ = writeln!(text, "  models         {:.1} GMAC/s", checked.model_gmacs);
    for speed in &checked.products {
        let _ = write!(text, "  product {:<6} {:.1} GMAC/s", speed.n, speed.gmacs);
        if let Some(gpu) = &checked.gpu {
            let _ = write!(text, ", {:.0} % of dp4a peak", 100.0 * speed.gmacs / gpu.dot_peak_gmacs);
        }
        text.push('\n');
    }
    if let Some(gpu) = &checked.gpu {
        let _ = writeln!(text, "  dp4a peak      {:.1} GMAC/s, measured", gpu.dot_peak_gmacs);
        let _ = writeln!(text, "  kernels        {}", gpu.kernels);
        let (device, host) = (gb_s(gpu.hashing.device_s), gb_s(gpu.hashing.host_s));
        let _ = writeln!(text, "  hashing        {device:.2} GB/s on the device, {host:.2} GB/s on the host");
    }
    let challenge = &checked.challenge;
    let _ = writeln!(
        text,
        "  challenge      {} rows in {:.3} s, {:.1} GMAC/s",
        challenge.rows, challenge.seconds, challenge.gmacs
    );
    text
}

fn gb_s(seconds: f64) -> f64 {
    HashSpeed::BYTES as f64 / seconds / 1e9
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
