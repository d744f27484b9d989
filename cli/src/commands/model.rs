use crate::args::ModelCommand;
use crate::context::Context;
use crate::output::Output;
use ::model::Model;
use anyhow::Result;
use serde_json::json;
use std::path::Path;
use worker::work::hex;

pub async fn run(context: &Context, command: ModelCommand) -> Result<Output> {
    match command {
        ModelCommand::Import(args) => tokio::task::spawn_blocking(move || super::import::run(&args)).await?,
        ModelCommand::Inspect { file } => {
            let model = import(&file, None)?;
            let (mut json, text) = describe(&model);
            json["layers"] = model
                .specs()
                .iter()
                .map(|l| json!({ "k": l.k(), "n": l.cells(), "output": if l.out_size() == 1 { "i8" } else { "i32" } }))
                .collect();
            Ok(Output::new(&json, text))
        }
        ModelCommand::Register { file, name } => {
            let model = import(&file, name)?;
            let registered =
                user::register_model(&context.chain(), &context.blobs()?, &context.wallet()?, &model).await?;
            let (mut json, text) = describe(&model);
            let line = match &registered {
                Some(confirmed) => format!("signature {}", confirmed.signature),
                None => "registered already; its file is in the blob store".into(),
            };
            json["signature"] = registered.map(|c| c.signature.to_string()).into();
            Ok(Output::new(&json, format!("{text}\n{line}")))
        }
    }
}

/// Reads a model file, or imports an ONNX file: exactly if it is of the integer subset, rewritten if it is quantised.
///
/// # Errors
/// If it cannot be read, or is neither.
pub fn import(file: &Path, name: Option<String>) -> Result<Model> {
    Ok(super::import::read(file, name)?.model().clone())
}

pub(super) fn describe(model: &Model) -> (serde_json::Value, String) {
    let root = hex(&model.root());
    let (width, macs, layers) = (model.input_width(), model.macs(), model.layers.len());
    let text = format!(
        "model {}\nroot {root}\n{layers} layers, {width} inputs a row in {}..={}, {macs} multiply-accumulates a row",
        model.name, model.input_range.0, model.input_range.1
    );
    (json!({ "name": model.name, "root": root, "input_width": width, "macs_per_row": macs }), text)
}
