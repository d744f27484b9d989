//! `io model import`: a model file from an ONNX file, and how near it is to what it was made from.
use super::model::describe;
use crate::args::ImportArgs;
use crate::output::Output;
use anyhow::{Context as _, Result, anyhow};
use compute::{Backend, Cpu};
use model::Model;
use model::accuracy::Accuracy;
use model::npy::{Array, Values};
use model::onnx::rewrite::{Port, Rewritten, is_quantised, rewrite};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// What a file is.
pub enum Imported {
    /// A model with the file's own bits.
    Exact(Model),
    Rewritten(Box<Rewritten>),
}

impl Imported {
    pub fn model(&self) -> &Model {
        match self {
            Imported::Exact(model) => model,
            Imported::Rewritten(rewritten) => &rewritten.model,
        }
    }
}

/// Reads a model file, or imports an ONNX file.
///
/// # Errors
/// If it cannot be read, or is neither.
pub fn read(file: &Path, name: Option<String>) -> Result<Imported> {
    let bytes = bytes(file)?;
    let refused = || format!("cannot import {}", file.display());
    if bytes.starts_with(b"IOM2") {
        let mut model = Model::from_bytes(&bytes).with_context(refused)?;
        model.name = name.unwrap_or(model.name);
        return Ok(Imported::Exact(model));
    }
    let stem = || file.file_stem().map_or_else(|| "model".into(), |s| s.to_string_lossy().into_owned());
    let name = name.unwrap_or_else(stem);
    Ok(if is_quantised(&bytes).with_context(refused)? {
        Imported::Rewritten(Box::new(rewrite(&name, &bytes).with_context(refused)?))
    } else {
        Imported::Exact(model::onnx::import(&name, &bytes).with_context(refused)?)
    })
}

fn bytes(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

fn array(file: &Path) -> Result<Array> {
    Array::read(&bytes(file)?).map_err(|cause| anyhow!("{}: {cause}", file.display()))
}

fn is_npy(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "npy")
}

pub fn run(args: &ImportArgs) -> Result<Output> {
    let imported = read(&args.file, args.name.clone())?;
    let model = imported.model();
    let (mut json, mut text) = describe(model);
    match &imported {
        Imported::Exact(_) => {
            json["exact"] = true.into();
            text += "\nthe file's own bits";
        }
        Imported::Rewritten(r) => {
            json["exact"] = false.into();
            json["input"] = port(&r.input);
            json["output"] = port(&r.output);
            json["rounded"] = r
                .rounded
                .iter()
                .map(|r| json!({ "layer": r.layer, "node": r.node, "largest_scale_over_smallest": r.ratio }))
                .collect();
            json["notes"] = r.notes.clone().into();
            text += "\nrewritten from quantised operators: its rounding can differ by a step, see the comparison";
            text += &format!("\ninput: {}\noutput: {}", words(&r.input), words(&r.output));
            for r in &r.rounded {
                text += &format!(
                    "\n{}: weights rounded once more, to one scale for the layer (quantise per tensor, symmetric, to avoid it)",
                    r.node
                );
            }
            text += &r.notes.iter().map(|note| format!("\n{note}")).collect::<String>();
        }
    }
    if let Some(data) = &args.data {
        let (measured, lines, batch) = measure(&imported, data, args)?;
        json["accuracy"] = measured;
        text += &lines;
        if let Some(path) = &args.batch {
            fs::write(path, &batch).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    if let Some(path) = &args.output {
        fs::write(path, model.to_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
        text += &format!("\nwritten to {}\nnext: io model register {}", path.display(), path.display());
    }
    Ok(Output::new(&json, text))
}

fn port(port: &Port) -> Value {
    json!({
        "name": port.name, "element": port.element.to_string(), "scale": port.scale, "zero_point": port.zero_point,
        "byte_offset": port.offset(), "dims": port.dims,
    })
}

fn words(port: &Port) -> String {
    let (byte, offset) = (if port.offset() == 0 { "a value" } else { "a byte" }, port.offset() - port.zero_point);
    format!("{:?}, {byte} v stands for (v + {offset}) * {}", port.dims, port.scale)
}

/// Runs the batch and compares; gives the figures, the same in words, and the batch's bytes.
fn measure(imported: &Imported, data: &Path, args: &ImportArgs) -> Result<(Value, String, Vec<u8>)> {
    let model = imported.model();
    let wrong = |cause: String| anyhow!("{}: {cause}", data.display());
    let batch = match imported {
        _ if !is_npy(data) => bytes(data)?,
        Imported::Rewritten(r) => r.input.bytes(&array(data)?).map_err(wrong)?,
        Imported::Exact(_) => match array(data)?.values {
            Values::Integers(values) => {
                let byte = |&v: &i64| u8::try_from(v).or_else(|_| i8::try_from(v).map(|v| v as u8));
                values.iter().map(byte).collect::<Result<_, _>>().map_err(|_| wrong("a value is not a byte".into()))?
            }
            Values::Reals(_) => return Err(wrong("its elements are reals: the model's input is bytes".into())),
        },
    };
    let rows = model.check_input(&batch).with_context(|| format!("cannot run {}", data.display()))? as usize;
    let labels = match &args.labels {
        None => None,
        Some(file) if is_npy(file) => match array(file)?.values {
            Values::Integers(labels) => Some(labels),
            Values::Reals(_) => return Err(anyhow!("{}: labels are integers", file.display())),
        },
        Some(file) => Some(bytes(file)?.into_iter().map(i64::from).collect()),
    };
    if let Some(labels) = labels.as_ref().filter(|labels| labels.len() != rows) {
        return Err(anyhow!("{} labels for {rows} rows", labels.len()));
    }
    let ours = Cpu::new().execute(model, &batch)?.activations.pop().unwrap_or_default();
    let expected = args.expected.as_ref().map(|file| array(file).map(|array| array.reals())).transpose()?;
    let labels = labels.as_deref();
    let (found, with) = match (imported, &expected) {
        (Imported::Rewritten(r), Some(theirs)) => (r.compare(&ours, theirs, labels), "the expected outputs"),
        (Imported::Rewritten(r), None) => (r.compare_with_file(&batch, &ours, labels), "the file's own arithmetic"),
        (Imported::Exact(model), theirs) => (
            exact(model, &ours, theirs.as_deref(), labels),
            if theirs.is_some() { "the expected outputs" } else { "itself" },
        ),
    };
    let found = found.map_err(wrong)?;
    let share = |part: usize, of: usize| 100.0 * part as f64 / of.max(1) as f64;
    let mut lines = String::new();
    if matches!(imported, Imported::Rewritten(_)) && !is_npy(data) {
        lines += &format!("\n{} is read as the model's own bytes; give .npy to have it quantised", data.display());
    }
    lines += &format!(
        "\n{rows} rows compared with {with}: {:.2} % of {} cells equal, largest difference {} steps, top-1 the same in {:.2} %",
        share(found.equal, found.cells),
        found.cells,
        found.largest,
        share(found.same_top1, rows)
    );
    if let Some([ours, theirs]) = found.correct {
        lines += &format!("\nright by the labels: {:.2} %, compared: {:.2} %", share(ours, rows), share(theirs, rows));
    }
    let json = json!({
        "compared_with": with, "rows": rows, "cells": found.cells, "equal_share": found.equal as f64 / found.cells.max(1) as f64,
        "largest_difference": found.largest, "top1_agreement": found.same_top1 as f64 / rows.max(1) as f64,
        "top1": found.correct.map(|[ours, _]| ours as f64 / rows.max(1) as f64),
        "top1_compared": found.correct.map(|[_, theirs]| theirs as f64 / rows.max(1) as f64),
    });
    Ok((json, lines, batch))
}

/// The same figures for a model with the file's bits, whose outputs are integers.
fn exact(model: &Model, ours: &[u8], theirs: Option<&[f32]>, labels: Option<&[i64]>) -> Result<Accuracy, String> {
    let last = model.layers.last().ok_or("the model has no layers")?.spec;
    let order = (0..last.cells()).collect::<Vec<u32>>();
    let element = if last.out_size() == 4 { model::onnx::Element::I32 } else { model::onnx::Element::I8 };
    let dims = vec![order.len()];
    let port = Port { name: String::new(), element, scale: 1.0, zero_point: 0, real: false, dims, order };
    let own: Vec<f32> = port.values(ours).iter().map(|&v| v as f32).collect();
    port.compare(ours, theirs.unwrap_or(&own), labels)
}
