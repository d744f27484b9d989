//! Opening an adapter, and turning everything it can report into [`ComputeError`].
use crate::{BackendKind, ComputeError, Description};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use wgpu::DeviceType;

/// Which adapter to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GpuSelect {
    /// Any real GPU; discrete before integrated before virtual.
    Auto,
    /// A Vulkan driver on the CPU, such as Mesa's lavapipe.
    Software,
    /// An adapter of any kind whose name contains this, whatever the case.
    Name(String),
}

impl GpuSelect {
    fn wanted(&self) -> String {
        match self {
            GpuSelect::Auto => "GPU with a Vulkan driver".into(),
            GpuSelect::Software => "software Vulkan driver (Debian: apt install mesa-vulkan-drivers libvulkan1)".into(),
            GpuSelect::Name(part) => format!("Vulkan adapter with \"{part}\" in its name"),
        }
    }

    fn accepts(&self, info: &wgpu::AdapterInfo) -> bool {
        match self {
            GpuSelect::Auto => rank(info.device_type) < 3,
            GpuSelect::Software => info.device_type == DeviceType::Cpu,
            GpuSelect::Name(part) => info.name.to_lowercase().contains(&part.to_lowercase()),
        }
    }
}

/// The best adapter first; from 3 on it is no GPU.
fn rank(kind: DeviceType) -> u8 {
    match kind {
        DeviceType::DiscreteGpu => 0,
        DeviceType::IntegratedGpu => 1,
        DeviceType::VirtualGpu => 2,
        DeviceType::Other | DeviceType::Cpu => 3,
    }
}

/// The adapters that `select` accepts, best first. Starts no device.
///
/// # Errors
/// [`ComputeError::NoAdapter`], naming the adapters there are, if it accepts none.
pub(crate) fn adapters(select: &GpuSelect) -> Result<Vec<wgpu::Adapter>, ComputeError> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu::Backends::VULKAN;
    // The build profile must not decide whether validation layers are loaded.
    descriptor.flags = wgpu::InstanceFlags::empty();
    let instance = wgpu::Instance::new(descriptor);
    let all = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::VULKAN));
    let names: Vec<String> = all.iter().map(|adapter| adapter.get_info().name).collect();
    let mut accepted: Vec<_> = all.into_iter().filter(|adapter| select.accepts(&adapter.get_info())).collect();
    if accepted.is_empty() {
        let found = if names.is_empty() { "none".into() } else { names.join(", ") };
        return Err(ComputeError::NoAdapter { wanted: select.wanted(), found });
    }
    accepted.sort_by_key(|adapter| rank(adapter.get_info().device_type));
    Ok(accepted)
}

/// An adapter in words.
pub(crate) fn describe(adapter: &wgpu::Adapter) -> Description {
    let info = adapter.get_info();
    let kind = if info.device_type == DeviceType::Cpu { BackendKind::SoftwareGpu } else { BackendKind::Gpu };
    let driver = format!("{} {}", info.driver, info.driver_info).trim().to_owned();
    Description { kind, name: info.name, driver }
}

/// What a device has reported outside the call that caused it.
enum Fault {
    Failed(String),
    Lost(String),
    TimedOut(Duration),
}

/// An open device. wgpu reports most failures by callback: they are kept here until [`Device::check`] returns them.
pub(super) struct Device {
    pub description: Description,
    pub handle: wgpu::Device,
    pub queue: wgpu::Queue,
    /// Largest buffer that a kernel may see, in bytes.
    pub max_binding: u64,
    fault: Arc<Mutex<Option<Fault>>>,
}

/// A binding is at most this large, whatever the adapter offers: the least that Vulkan promises.
const MAX_BINDING: u64 = 128 << 20;
/// Shared memory of a workgroup, at most: more would leave room for too few of them at a time.
const MAX_SHARED: u32 = 32 << 10;

impl Device {
    pub(super) fn open(adapter: &wgpu::Adapter) -> Result<Self, ComputeError> {
        let description = describe(adapter);
        let limits = adapter.limits();
        let max_binding = MAX_BINDING.min(limits.max_storage_buffer_binding_size).min(limits.max_buffer_size);
        let required_limits = wgpu::Limits {
            max_storage_buffer_binding_size: max_binding,
            max_buffer_size: limits.max_buffer_size,
            max_compute_workgroup_storage_size: limits.max_compute_workgroup_storage_size.min(MAX_SHARED),
            ..wgpu::Limits::default()
        };
        let descriptor = wgpu::DeviceDescriptor { required_limits, ..Default::default() };
        let (handle, queue) = pollster::block_on(adapter.request_device(&descriptor))
            .map_err(|e| ComputeError::Open { adapter: description.name.clone(), reason: e.to_string() })?;

        let fault = Arc::new(Mutex::new(None));
        let slot = fault.clone();
        handle.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            keep(&slot, Fault::Failed(error.to_string()));
        }));
        let slot = fault.clone();
        handle.set_device_lost_callback(move |reason, message| {
            keep(&slot, Fault::Lost(format!("{reason:?}: {message}")));
        });
        Ok(Device { description, handle, queue, max_binding, fault })
    }

    /// The first failure since the last check. A lost or stuck device stays so.
    pub(super) fn check(&self) -> Result<(), ComputeError> {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        let adapter = self.description.name.clone();
        match &*fault {
            None => Ok(()),
            Some(Fault::Lost(reason)) => Err(ComputeError::Lost { adapter, reason: reason.clone() }),
            Some(Fault::TimedOut(limit)) => Err(ComputeError::Timeout { adapter, limit: *limit }),
            Some(Fault::Failed(reason)) => {
                let reason = reason.clone();
                *fault = None;
                Err(ComputeError::Device { adapter, reason })
            }
        }
    }

    pub(super) fn failed(&self, reason: impl ToString) -> ComputeError {
        ComputeError::Device { adapter: self.description.name.clone(), reason: reason.to_string() }
    }

    /// Refuses what is over a limit.
    pub(super) fn check_limit(&self, what: &'static str, actual: u64, limit: u64) -> Result<(), ComputeError> {
        let adapter = || self.description.name.clone();
        if actual <= limit { Ok(()) } else { Err(ComputeError::Limit { adapter: adapter(), what, actual, limit }) }
    }

    /// Submits `commands` and asks for `staging`, which they fill. Returns at once.
    pub(super) fn submit(&self, commands: wgpu::CommandBuffer, staging: &wgpu::Buffer) -> Flight {
        let submission = self.queue.submit([commands]);
        let (done, mapped) = std::sync::mpsc::channel();
        staging.map_async(wgpu::MapMode::Read, .., move |result| {
            // The receiver is gone only if waiting has failed already.
            let _ = done.send(result);
        });
        Flight { submission, mapped }
    }

    /// Waits for a submission, and gives the contents of `staging`. The watchdog: what takes longer than `limit` is given up.
    pub(super) fn wait<T>(
        &self,
        flight: Flight,
        staging: &wgpu::Buffer,
        limit: Duration,
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, ComputeError> {
        let wait = wgpu::PollType::Wait { submission_index: Some(flight.submission), timeout: Some(limit) };
        match self.handle.poll(wait) {
            Ok(_) => {}
            Err(wgpu::PollError::Timeout) => {
                keep(&self.fault, Fault::TimedOut(limit));
                // Dropping the last handle of a queue waits for its work without a limit. One handle is leaked instead.
                std::mem::forget(self.queue.clone());
            }
            Err(error) => keep(&self.fault, Fault::Failed(error.to_string())),
        }
        self.check()?;
        flight.mapped.try_recv().map_err(|_| self.failed("results were not mapped"))?.map_err(|e| self.failed(e))?;
        let value = read(&staging.get_mapped_range(..).map_err(|e| self.failed(e))?);
        staging.unmap();
        self.check()?;
        Ok(value)
    }
}

/// Work that the device has been given.
pub(super) struct Flight {
    submission: wgpu::SubmissionIndex,
    mapped: std::sync::mpsc::Receiver<Result<(), wgpu::BufferAsyncError>>,
}

/// Keeps the first fault: what follows is usually its consequence. A loss outranks a failure.
fn keep(slot: &Mutex<Option<Fault>>, fault: Fault) {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    let outranks = !matches!(fault, Fault::Failed(_)) && matches!(*slot, Some(Fault::Failed(_)));
    if slot.is_none() || outranks {
        *slot = Some(fault);
    }
}
