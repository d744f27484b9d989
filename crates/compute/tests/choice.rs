//! Choosing a backend, and refusing what does not fit.
use compute::{Backend, BackendKind, ComputeError, Cpu, Gemm, Gpu, GpuSelect, Kernel, Preference, choose, self_test};
use compute::{Description, Execution};
use model::{Model, ModelError, ModelLayer};

#[test]
fn preferences_are_read_from_configuration() {
    let named = Preference::NamedGpu("rtx".into());
    let known = [
        ("auto", Preference::Auto),
        ("cpu", Preference::Cpu),
        ("gpu", Preference::Gpu),
        ("gpu:rtx", named),
        ("software", Preference::SoftwareGpu),
    ];
    for (text, preference) in known {
        assert_eq!(text.parse::<Preference>().unwrap(), preference);
    }
    for text in ["", "CPU", "cuda", "cpu:1"] {
        let error = text.parse::<Preference>().unwrap_err();
        assert!(error.to_string().contains(&format!("\"{text}\" is not a backend")), "{error}");
    }
}

#[test]
fn auto_always_finds_a_backend_and_says_which() {
    let (mut backend, report) = choose(&Preference::Auto).unwrap();
    assert_eq!(backend.gemm(Gemm { m: 1, n: 1, k: 2 }, &[1, 2], &[3, 4]).unwrap(), [11]);
    assert_ne!(report.chosen.kind, BackendKind::SoftwareGpu);
    assert!(report.gmacs > 0.0);
    let line = report.to_string();
    assert!(line.contains("GMAC/s") && line.contains(&backend.describe().name) && !line.contains('\n'), "{line}");
}

#[test]
fn a_software_gpu_is_used_only_when_asked_for() {
    let (backend, report) = choose(&Preference::SoftwareGpu).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(backend.describe().kind, BackendKind::SoftwareGpu);
    assert!(report.candidates.iter().all(|candidate| candidate.description.kind == BackendKind::SoftwareGpu));
    let (backend, report) = choose(&Preference::Cpu).unwrap();
    assert_eq!(backend.describe().kind, BackendKind::Cpu);
    assert_eq!(report.candidates.len(), 1);
}

#[test]
fn an_unknown_adapter_is_refused_with_those_there_are() {
    let error = choose(&Preference::NamedGpu("no such card".into())).err().unwrap();
    let text = error.to_string();
    assert!(text.contains("no such card") && text.contains("llvmpipe"), "{text}");
    assert!(matches!(error, ComputeError::NoBackend { .. }));
}

/// A CPU backend with one bit wrong somewhere.
struct Broken(Cpu);

impl Backend for Broken {
    fn describe(&self) -> &Description {
        self.0.describe()
    }

    fn execute(&mut self, model: &Model, input: &[u8]) -> Result<Execution, ComputeError> {
        let mut execution = self.0.execute(model, input)?;
        if let Some(byte) = execution.activations[1].last_mut() {
            *byte ^= 1;
        }
        Ok(execution)
    }

    fn gemm(&mut self, shape: Gemm, a: &[u8], b: &[u8]) -> Result<Vec<i32>, ComputeError> {
        self.0.gemm(shape, a, b)
    }
}

#[test]
fn one_wrong_bit_fails_the_self_test() {
    let error = self_test(&mut Broken(Cpu::new())).unwrap_err();
    assert!(matches!(&error, ComputeError::SelfTest { case, .. } if case.contains("activations 1")), "{error}");
}

#[test]
fn batches_and_operands_of_the_wrong_size_are_refused() {
    let layer = ModelLayer::new(0, 3, 2, None, &[1; 6], &[0; 2]).unwrap();
    let model = Model::new("small", (0, 127), vec![layer.clone()]).unwrap();
    let software = Gpu::open(&GpuSelect::Software).unwrap_or_else(|error| panic!("{error}"));
    let backends: [Box<dyn Backend>; 2] = [Box::new(Cpu::new()), Box::new(software)];
    for mut backend in backends {
        let size = backend.execute(&model, &[1; 4]).unwrap_err();
        assert!(matches!(size, ComputeError::Input(ModelError::BatchSize { found: 4, width: 3 })), "{size}");
        let range = backend.execute(&model, &[1, 2, 200]).unwrap_err();
        assert!(matches!(range, ComputeError::Input(ModelError::InputRange { index: 2, .. })), "{range}");
        for (a, b) in [(1, 2), (2, 1), (0, 2)] {
            let error = backend.gemm(Gemm { m: 1, n: 1, k: 2 }, &vec![0; a], &vec![0; b]).unwrap_err();
            assert!(matches!(error, ComputeError::Shape { expected: 2, .. }), "{error}");
        }
        let empty = backend.gemm(Gemm { m: 0, n: 1, k: 1 }, &[], &[0]).unwrap_err();
        assert!(matches!(empty, ComputeError::Shape { expected: 0, .. }), "{empty}");
    }
    let error = Cpu::new().layer(&layer, &[&[0; 4]; 2]).unwrap_err();
    assert_eq!(error.to_string(), "layer input: 4 bytes, the shape says 6");
}

#[test]
fn a_kernel_that_the_processor_lacks_is_refused() {
    for kernel in [Kernel::Vnni, Kernel::Avx2, Kernel::Portable] {
        assert_eq!(Cpu::with(kernel, 1).is_ok(), Kernel::available().contains(&kernel));
    }
}
