//! Work shared by threads that are kept.
//!
//! Whoever shares work takes part, and waits only for threads that have begun: on a busy machine, a helper that the system
//! has not woken yet holds nobody up.
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How many threads this process can run at once.
pub fn available() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Runs `work` on every item, on at most `threads` threads, this one among them. A thread takes the next item when it is
/// done with one. Each thread has a scratch of its own.
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
    run_on(threads - 1, &|| {
        let mut scratch = S::default();
        loop {
            // Not in the loop's head: the lock would be held while working.
            let item = items.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(item) = item else { return };
            work(&mut scratch, item);
        }
    });
}

/// A task that helpers may join.
struct Task {
    number: u64,
    /// Valid while the task is listed: see [`run_on`].
    run: &'static (dyn Fn() + Sync),
    /// Helpers that may still join, and those at work.
    wanted: usize,
    active: usize,
    panicked: bool,
}

struct Pool {
    tasks: Vec<Task>,
    next: u64,
    helpers: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { tasks: Vec::new(), next: 0, helpers: 0 });
/// There is a task to join.
static WAKE: Condvar = Condvar::new();
/// A helper has left a task.
static LEFT: Condvar = Condvar::new();

fn pool() -> MutexGuard<'static, Pool> {
    // Nothing panics while holding it.
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    fn task(&mut self, number: u64) -> &mut Task {
        let found = self.tasks.iter_mut().find(|task| task.number == number);
        found.unwrap_or_else(|| unreachable!("a task is listed until all have left it"))
    }
}

/// Runs `run` here and on up to `helpers` other threads.
fn run_on(helpers: usize, run: &(dyn Fn() + Sync)) {
    // SAFETY: only the lifetime is changed. Helpers use the reference between joining the task and leaving it, which
    // both happen under the lock; this function takes the task off the list when none is left, before it returns.
    let run: &'static (dyn Fn() + Sync) = unsafe { std::mem::transmute(run) };
    let mut all = pool();
    all.next += 1;
    let number = all.next;
    all.tasks.push(Task { number, run, wanted: helpers, active: 0, panicked: false });
    for _ in all.helpers..helpers {
        // Without it the work is done by fewer.
        if std::thread::Builder::new().name("compute".into()).spawn(help).is_ok() {
            all.helpers += 1;
        }
    }
    drop(all);
    (0..helpers).for_each(|_| WAKE.notify_one());

    let outcome = catch_unwind(AssertUnwindSafe(run));
    let mut all = pool();
    all.task(number).wanted = 0;
    while all.task(number).active > 0 {
        all = LEFT.wait(all).unwrap_or_else(PoisonError::into_inner);
    }
    let panicked = all.task(number).panicked;
    all.tasks.retain(|task| task.number != number);
    drop(all);
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
    assert!(!panicked, "a thread that shared the work panicked");
}

/// Joins tasks for as long as the process lives.
fn help() {
    let mut all = pool();
    loop {
        let Some(task) = all.tasks.iter_mut().find(|task| task.wanted > 0) else {
            all = WAKE.wait(all).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        task.wanted -= 1;
        task.active += 1;
        let (number, run) = (task.number, task.run);
        drop(all);
        let outcome = catch_unwind(AssertUnwindSafe(run));
        all = pool();
        let task = all.task(number);
        task.active -= 1;
        task.panicked |= outcome.is_err();
        LEFT.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_item_is_worked_on_once_whatever_the_threads() {
        for threads in [0, 1, 2, 7] {
            for _ in 0..200 {
                let mut cells = vec![0u32; 100];
                share(threads, cells.iter_mut(), |seen: &mut u32, cell| {
                    *seen += 1;
                    *cell += 1;
                });
                assert_eq!(cells, [1; 100]);
            }
        }
    }

    #[test]
    fn other_threads_take_part() {
        let names = Mutex::new(std::collections::BTreeSet::new());
        share(3, 0..30, |_: &mut (), _| {
            std::thread::sleep(Duration::from_millis(5));
            names.lock().unwrap().insert(format!("{:?}", std::thread::current().id()));
        });
        assert_eq!(names.lock().unwrap().len(), 3);
    }

    #[test]
    fn tasks_of_several_threads_and_tasks_within_tasks_end() {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let mut cells = [0; 8];
                        share(3, cells.iter_mut(), |_: &mut (), cell| {
                            let mut inner = [0; 5];
                            share(2, inner.iter_mut(), |_: &mut (), cell| *cell = 1);
                            *cell = inner.iter().sum();
                        });
                        assert_eq!(cells, [5; 8]);
                    }
                });
            }
        });
    }

    #[test]
    fn a_panic_reaches_whoever_shared_the_work_and_the_threads_live_on() {
        for bad in [0, 7] {
            let outcome = catch_unwind(|| {
                share(3, 0..20, |_: &mut (), item| {
                    std::thread::sleep(Duration::from_millis(1));
                    assert!(item != bad, "bad item");
                });
            });
            assert!(outcome.is_err());
        }
        every_item_is_worked_on_once_whatever_the_threads();
    }
}
