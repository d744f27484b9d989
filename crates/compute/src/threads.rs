//! Work shared by threads.
use std::num::NonZero;
use std::sync::{Mutex, PoisonError};

/// How many threads this process can run at once.
pub fn available() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Runs `work` on every item, on at most `threads` threads, this one among them. A thread takes the next item when it is
/// done with one, so that one which the system holds up does not hold up the rest. Each thread has a scratch of its own.
///
/// # Panics
/// If `work` does.
pub fn share<T: Send, S: Default>(
    threads: usize,
    items: impl Iterator<Item = T> + Send,
    work: impl Fn(&mut S, T) + Sync,
) {
    if threads <= 1 {
        let mut scratch = S::default();
        return items.for_each(|item| work(&mut scratch, item));
    }
    let items = Mutex::new(items);
    let run = || {
        let mut scratch = S::default();
        loop {
            // Not in the loop's head: the lock would be held while working.
            let item = items.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(item) = item else { return };
            work(&mut scratch, item);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(run);
        }
        run();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_on_once_whatever_the_threads() {
        for threads in [0, 1, 2, 7] {
            let mut cells = vec![0u32; 100];
            share(threads, cells.iter_mut(), |seen: &mut u32, cell| {
                *seen += 1;
                *cell += 1;
            });
            assert_eq!(cells, [1; 100]);
        }
    }
}
