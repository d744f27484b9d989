//! Events of our programs, as `emit_cpi!` leaves them in inner instructions.
use crate::vm::PROGRAMS;
use anchor_lang::event::EVENT_IX_TAG_LE;
use anchor_lang::prelude::Pubkey;
use anchor_lang::{AnchorDeserialize, Discriminator};
use credits::events::Stamp;

/// One event.
#[derive(Clone, Debug)]
pub struct Event {
    pub program: Pubkey,
    pub stamp: Stamp,
    data: Vec<u8>,
}

impl Event {
    /// `None` if `data` is not an event of one of our programs.
    ///
    /// # Panics
    /// If it is one without a stamp.
    pub fn decode(program: Pubkey, data: &[u8]) -> Option<Self> {
        let ours = PROGRAMS.iter().any(|(id, _)| *id == program);
        let data = data.strip_prefix(EVENT_IX_TAG_LE).filter(|_| ours)?;
        let mut fields = &data[8..];
        let stamp = Stamp::deserialize(&mut fields).expect("every event starts with its stamp");
        Some(Event { program, stamp, data: data.to_vec() })
    }

    /// The event if it is a `T`. Several programs have events of one name and shape; `program` tells them apart.
    ///
    /// # Panics
    /// If it is a `T` with other fields.
    pub fn get<T: AnchorDeserialize + Discriminator>(&self) -> Option<T> {
        let fields = self.data.strip_prefix(T::DISCRIMINATOR)?;
        Some(T::try_from_slice(fields).expect("the event has exactly its fields"))
    }
}

/// The first `T` among `events`.
///
/// # Panics
/// If there is none.
pub fn first<T: AnchorDeserialize + Discriminator>(events: &[Event]) -> T {
    events.iter().find_map(Event::get).expect("the event was emitted")
}
