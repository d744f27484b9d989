//! Which kernels a device works with: tried and timed on a real GPU, fixed elsewhere.
use super::HashPlace;
use super::device::Device;
use super::product::{Dot, Products, Tiled, Variant};
use crate::ComputeError;

pub(super) fn products(device: &Device, dot: Dot) -> Result<Products, ComputeError> {
    let tiled = Tiled::new(device, Variant::SMALL.with(dot));
    Ok(Products::new(device, tiled, None))
}

impl super::Gpu {
    pub(super) fn hash_place(&self) -> Result<HashPlace, ComputeError> {
        Ok(*self.place.get_or_init(|| HashPlace::Device))
    }
}
