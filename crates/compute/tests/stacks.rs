//! Three independent stacks give the same bits: the CPU's kernels, and the GPU's on Mesa's lavapipe (LLVM) and on Google's
//! SwiftShader (Subzero), which share no code. Each driver runs in a process of its own, because a process loads its drivers
//! once.
use compute::gpu::{Dot, HashPlace, TIMEOUT};
use compute::sample::Bytes;
use compute::{Backend, Cpu, Gemm, Gpu, GpuSelect, SELF_TEST_DIGEST, Wanted, self_test};
use judge::{Hash, sha256};
use model::Model;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A Vulkan driver that computes on the CPU.
struct Stack {
    name: &'static str,
    /// Debian's package.
    package: &'static str,
    /// What its adapter's name contains.
    adapter: &'static str,
    /// Its library, wherever distributions put it.
    libraries: &'static [&'static str],
}

const LAVAPIPE: Stack = Stack {
    name: "lavapipe",
    package: "mesa-vulkan-drivers",
    adapter: "llvmpipe",
    libraries: &[
        "/usr/lib/x86_64-linux-gnu/libvulkan_lvp.so",
        "/usr/lib/aarch64-linux-gnu/libvulkan_lvp.so",
        "/usr/lib64/libvulkan_lvp.so",
        "/usr/lib/libvulkan_lvp.so",
    ],
};

const SWIFTSHADER: Stack = Stack {
    name: "SwiftShader",
    package: "chromium-common",
    adapter: "SwiftShader",
    libraries: &[
        "/usr/lib/chromium/libvk_swiftshader.so",
        "/usr/lib64/chromium-browser/libvk_swiftshader.so",
        "/opt/google/chrome/libvk_swiftshader.so",
    ],
};

const ADAPTER: &str = "IO_STACK_ADAPTER";
const LINE: &str = "digest over everything: ";

impl Stack {
    /// The digest that this driver's process gives. `None`, said on standard error, if the driver is not installed and
    /// nobody insists on it.
    fn digest(&self) -> Option<String> {
        let Some(library) = self.libraries.iter().map(Path::new).find(|library| library.exists()) else {
            let how = format!("{} is not installed (Debian: apt install {})", self.name, self.package);
            let insisted = ["CI", "IO_REQUIRE_STACKS"].iter().any(|name| std::env::var_os(name).is_some());
            assert!(!insisted, "{how}");
            // Not through print!, which the test harness keeps for itself.
            let _ = writeln!(std::io::stderr(), "SKIPPED: bit equality on {}: {how}", self.name);
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let icd: PathBuf = folder.path().join("icd.json");
        let text = format!(
            r#"{{"file_format_version": "1.0.0", "ICD": {{"library_path": "{}", "api_version": "1.3.0"}}}}"#,
            library.display()
        );
        fs::write(&icd, text).unwrap();
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "on_the_driver_at_hand", "--ignored", "--nocapture"])
            .env("VK_DRIVER_FILES", &icd)
            .env("VK_ICD_FILENAMES", &icd)
            .env("XDG_RUNTIME_DIR", folder.path())
            .env(ADAPTER, self.adapter)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {}\n{text}\n{errors}", self.name, output.status);
        let digest = text.lines().find_map(|line| Some(line.split_once(LINE)?.1.to_owned()));
        Some(digest.unwrap_or_else(|| panic!("{} gave no digest:\n{text}\n{errors}", self.name)))
    }
}

#[test]
fn lavapipe_swiftshader_and_the_cpu_give_the_same_bits() {
    let expected = hex(&everything(&mut Cpu::new()));
    let found: Vec<_> = std::thread::scope(|scope| {
        let runs = [LAVAPIPE, SWIFTSHADER].map(|stack| scope.spawn(move || (stack.name, stack.digest())));
        runs.into_iter().map(|run| run.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    for (name, digest) in found {
        if let Some(digest) = digest {
            assert_eq!(digest, expected, "{name}");
        }
    }
}

#[test]
#[ignore = "run by the test above, in a process with one driver"]
fn on_the_driver_at_hand() {
    let wanted = std::env::var(ADAPTER).expect("run by the other test");
    let open = |dot| Gpu::open_with(&GpuSelect::Software, dot, TIMEOUT).unwrap_or_else(|error| panic!("{error}"));
    let mut gpu = open(Dot::Packed);
    let name = gpu.describe().to_string();
    assert!(name.contains(&wanted), "{name} instead of {wanted}");
    let digest = everything(&mut gpu);

    // The other way to multiply, and commitments hashed by either.
    assert_eq!(self_test(&mut open(Dot::Unpacked)).unwrap().digest, SELF_TEST_DIGEST);
    let mut random = Bytes(31);
    let model = random.model(&[40, 300, 70], true).unwrap();
    let (job, input, all) = ([4; 32], random.take(50 * 40), Wanted::everything(&model));
    let [device, host] =
        [HashPlace::Device, HashPlace::Host].map(|place| gpu.commit_at(place, &job, &model, &input, &all).unwrap());
    assert!(device == host);
    println!("\n{LINE}{}", hex(&digest));
}

/// The self-test (every kernel, odd shapes, extreme fills, sums of up to 65,536 products, a device challenge), larger
/// products, more graphs of layers, and the shipped models on their data.
fn everything(backend: &mut dyn Backend) -> Hash {
    let mut digests = vec![self_test(backend).unwrap().digest];
    let mut random = Bytes(30);
    for (m, n, k) in [(129, 257, 300), (1, 4096, 64), (200, 3, 5000), (33, 65, 65_536)] {
        for extreme in [None, Some([0x80, 0x80]), Some([0x80, 0x7f])] {
            let (a, b) = match extreme {
                None => (random.take(m * k), random.take(n * k)),
                Some([x, y]) => (vec![x; m * k], vec![y; n * k]),
            };
            let product = backend.gemm(Gemm { m, n, k }, &a, &b).unwrap();
            digests.push(sha256(&[bytes_of(&product).as_slice()]));
        }
    }
    for seed in 3000..3010 {
        let model = Bytes(seed).graph().unwrap();
        let input = random.take(7 * model.input_width() as usize);
        digests.push(committed(backend, &model, &input));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/digits");
    let pixels = fs::read(folder.join("test-pixels.bin")).unwrap();
    for (file, logits) in [("digits-mlp-int8", "logits.sha256"), ("digits-cnn-int8", "logits-cnn.sha256")] {
        let model = model::onnx::import(file, &fs::read(folder.join(file).with_extension("onnx")).unwrap()).unwrap();
        let output = backend.execute(&model, &pixels).unwrap().activations.pop().unwrap();
        let pinned = fs::read_to_string(folder.join(logits)).unwrap();
        assert_eq!(hex(&sha256(&[&output])), pinned[..64], "{file}: ONNX Runtime's logits");
        digests.push(committed(backend, &model, &pixels[..64 * 100]));
    }
    let parts: Vec<&[u8]> = digests.iter().map(Hash::as_slice).collect();
    sha256(&parts)
}

fn committed(backend: &mut dyn Backend, model: &Model, input: &[u8]) -> Hash {
    let committed = backend.commit(&[5; 32], model, input, &Wanted::everything(model)).unwrap();
    let sums = committed.execution.accumulators.iter().map(|sums| sha256(&[bytes_of(sums).as_slice()]));
    let all: Vec<Hash> = sums.chain(committed.roots.iter().copied()).collect();
    sha256(&all.iter().map(Hash::as_slice).collect::<Vec<_>>())
}

fn bytes_of(cells: &[i32]) -> Vec<u8> {
    cells.iter().flat_map(|cell| cell.to_le_bytes()).collect()
}

fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
