//! A real job with 26 million published weights: imported, registered, executed, committed, checked, paid; and one wrong byte
//! of it proven on chain. The model is made by `cargo xtask model title`:
//!
//!     cargo test --workspace --test title -- --ignored --nocapture
use compute::{Backend, Preference};
use demo::{Cheat, Story};
use e2e::Device;
use std::time::Instant;
use user::Terms;
use worker::{Step, Worker};

const ROWS: usize = 64;

struct Clock(Instant);

impl Clock {
    fn lap(&mut self, step: &str) {
        println!("{step}: {:.2} s", self.0.elapsed().as_secs_f64());
        self.0 = Instant::now();
    }
}

fn read(file: &str) -> Vec<u8> {
    let path = e2e::built("IO_MODELS", "target/models").join(file);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e} (hint: `cargo xtask model title`)", path.display()))
}

async fn execute(device: &Device, job: &client::Pubkey, backend: Box<dyn Backend>, gmacs: f64) {
    let mut worker = Worker::new(&device.config, backend, gmacs).unwrap();
    assert_eq!(worker.step().await.unwrap(), Step::Claimed(*job));
    assert_eq!(worker.step().await.unwrap(), Step::Committed(*job));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cargo xtask model title`"]
async fn twenty_six_million_published_weights_are_paid_for_and_one_wrong_byte_is_proven() {
    let (file, inputs) = (read("title.onnx"), read("title-inputs.bin"));
    let mut clock = Clock(Instant::now());
    let model = model::onnx::import("title", &file).unwrap();
    clock.lap("import");
    assert_eq!(model.layers.len(), 48);
    let weights: u64 = model.layers.iter().map(|layer| u64::from(layer.spec.k()) * u64::from(layer.spec.n())).sum();
    assert_eq!(weights, 26_214_400);

    let (net, _folder) = e2e::network(60).await.unwrap();
    let story = Story::begin(&net, &e2e::digits(), &|_| {}).await.unwrap();
    let [honest, cheat] = Device::register_each(&net, ["honest", "cheat"]).await.unwrap();
    clock.lap("network");
    user::register_model(&story.chain, &story.blobs, &story.user, &model).await.unwrap().expect("it is new");
    clock.lap("register");

    let batch = inputs[..ROWS * model.input_width() as usize].to_vec();
    let post = async || {
        let terms = Terms { price: 500_000, claim_s: 600, execute_s: 300, pay_io: None };
        user::post_job(&story.chain, &story.blobs, &story.user, &model, batch.clone(), terms).await.unwrap()
    };
    let posted = post().await;
    clock.lap("post");
    let (backend, choice) = compute::choose(&Preference::Cpu).unwrap();
    clock.lap("self-test");
    execute(&honest, &posted.job, backend, choice.gmacs).await;
    clock.lap("claim, execute, commit");
    let review = user::review(&story.chain, &story.blobs, &posted.job).await.unwrap();
    clock.lap("check");
    match compute::choose(&Preference::SoftwareGpu) {
        Ok((mut gpu, choice)) => {
            let execution = gpu.execute(&model, &batch).unwrap();
            assert!(execution.activations[1..] == review.served.result.outputs, "{} gives other bits", choice.chosen);
            clock.lap("the same bits on the GPU's kernels");
        }
        Err(error) => println!("not executed on the GPU's kernels: {error}"),
    }
    let (_, report) = user::accept(&story.chain, &story.user, review).await.unwrap();
    clock.lap("accept");
    println!("the check itself: {:.2} s", report.seconds());

    let posted = post().await;
    let (backend, choice) = compute::choose(&Preference::Cpu).unwrap();
    execute(&cheat, &posted.job, Box::new(Cheat(backend)), choice.gmacs).await;
    let review = user::review(&story.chain, &story.blobs, &posted.job).await.unwrap();
    clock.lap("the cheat's job");
    let disputed = user::dispute(&story.chain, &story.user, &review).await.unwrap();
    clock.lap("dispute");
    println!(
        "layer {}, row {}, column {}: {} bytes of evidence in {} transactions",
        disputed.fault.layer,
        disputed.fault.row,
        disputed.fault.column,
        disputed.fault.evidence.len(),
        disputed.uploads
    );
    assert_eq!((disputed.fault.layer, disputed.fault.row), (0, ROWS as u32 - 1));
    assert_ne!(disputed.fault.expected, disputed.fault.committed);
    net.stop().await.unwrap();
}
