//! Work through several threads, results in the order of the work, memory bounded.
//!
//! Each worker takes the next item, works on it, and lays the result down; whoever lays down the next one in line hands on all that are
//! ready. No thread is kept for reading or writing, so none waits while there is work.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::progress::{Progress, go_on};
use crate::{Error, Result};

/// Results on their way out.
struct Outlet<T, W> {
    /// The number of the next result to write.
    next: u64,
    ready: BTreeMap<u64, T>,
    /// Away while someone writes.
    sink: Option<W>,
    /// Results that were written, for use again.
    spare: Vec<T>,
    failure: Option<Error>,
}

/// Works on items and hands the results to `sink` in order, on the threads of the pool that this is called in; on the calling one alone when
/// `jobs` is 1.
///
/// `next` fills in an item, one used before where there is one, and says whether there was one more. `start` makes what a thread keeps
/// for itself; `work` fills in a result, likewise. There are never more than two results a thread and two more.
///
/// # Errors
/// The first of any of them; [`Error::Interrupted`].
pub fn in_order<I, S, T>(
    jobs: usize,
    progress: &dyn Progress,
    next: impl FnMut(&mut I) -> Result<bool> + Send,
    start: impl Fn() -> Result<S> + Sync,
    work: impl Fn(&mut S, &I, &mut T) -> Result<()> + Sync,
    sink: impl FnMut(&mut T) -> Result<()> + Send,
) -> Result<()>
where
    I: Default,
    T: Default + Send,
{
    let feed = Mutex::new((next, 0u64));
    let outlet =
        Mutex::new(Outlet { next: 0, ready: BTreeMap::new(), sink: Some(sink), spare: Vec::new(), failure: None });
    let moved = Condvar::new();
    let ahead = 2 * jobs as u64 + 2;
    let run = || -> Result<()> {
        let mut state = start()?;
        let mut item = I::default();
        loop {
            go_on(progress)?;
            let number = {
                let mut feed = lock(&feed);
                let (next, number) = &mut *feed;
                if !next(&mut item)? {
                    return Ok(());
                }
                *number += 1;
                *number - 1
            };
            let mut outlet_now = lock(&outlet);
            while number >= outlet_now.next + ahead && outlet_now.failure.is_none() {
                outlet_now = moved.wait(outlet_now).unwrap_or_else(PoisonError::into_inner);
            }
            if outlet_now.failure.is_some() {
                return Ok(());
            }
            let mut result = outlet_now.spare.pop().unwrap_or_default();
            drop(outlet_now);
            work(&mut state, &item, &mut result)?;
            deliver(&outlet, &moved, number, result)?;
        }
    };
    let worker = || {
        let _watch = Watch { outlet: &outlet, moved: &moved };
        if let Err(error) = run() {
            lock(&outlet).failure.get_or_insert(error);
            moved.notify_all();
        }
    };
    if jobs == 1 {
        worker();
    } else {
        rayon::broadcast(|_| worker());
    }
    let failure = lock(&outlet).failure.take();
    failure.map_or(Ok(()), Err)
}

/// Lets the others go home when a thread panics: the result that they wait for will not come.
struct Watch<'a, T, W> {
    outlet: &'a Mutex<Outlet<T, W>>,
    moved: &'a Condvar,
}

impl<T, W> Drop for Watch<'_, T, W> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            lock(self.outlet).failure.get_or_insert(Error::Interrupted);
            self.moved.notify_all();
        }
    }
}

/// Lays down a result, and writes all that are next in line unless someone else is at it.
fn deliver<T, W>(outlet: &Mutex<Outlet<T, W>>, moved: &Condvar, number: u64, result: T) -> Result<()>
where
    W: FnMut(&mut T) -> Result<()>,
{
    let mut now = lock(outlet);
    now.ready.insert(number, result);
    let mut batch = Vec::new();
    while let Some(mut sink) = now.sink.take() {
        while let Some((number, result)) = now.ready.pop_first() {
            if number != now.next {
                now.ready.insert(number, result);
                break;
            }
            now.next += 1;
            batch.push(result);
        }
        if batch.is_empty() {
            now.sink = Some(sink);
            break;
        }
        drop(now);
        batch.iter_mut().try_for_each(&mut sink)?;
        now = lock(outlet);
        now.sink = Some(sink);
        now.spare.append(&mut batch);
        moved.notify_all();
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::progress::Silent;

    /// Squares of the numbers below `count`, as they came out, on so many threads.
    fn squares(jobs: usize, count: u64, work: impl Fn(u64) -> Result<u64> + Sync) -> Result<Vec<u64>> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build().unwrap();
        let mut out = Vec::new();
        let mut numbers = 0..count;
        let next = |item: &mut Option<u64>| {
            *item = numbers.next();
            Ok(item.is_some())
        };
        let square = |(): &mut (), item: &Option<u64>, result: &mut u64| {
            *result = work(item.unwrap())?;
            Ok(())
        };
        let sink = |result: &mut u64| {
            out.push(*result);
            Ok(())
        };
        pool.install(|| in_order(jobs, &Silent, next, || Ok(()), square, sink))?;
        Ok(out)
    }

    #[test]
    fn results_come_in_the_order_of_the_work() {
        let expected: Vec<u64> = (0..500).map(|number| number * number).collect();
        for jobs in [1, 2, 8] {
            // Every seventh takes longer than those after it.
            let slow = |number: u64| {
                std::thread::sleep(Duration::from_micros(if number.is_multiple_of(7) { 300 } else { 0 }));
                Ok(number * number)
            };
            assert_eq!(squares(jobs, 500, slow).unwrap(), expected, "{jobs}");
        }
    }

    #[test]
    fn the_first_error_ends_it() {
        for jobs in [1, 3] {
            let fails = |number| if number == 40 { Err(Error::Usage("forty".to_owned())) } else { Ok(number) };
            assert!(matches!(squares(jobs, 10_000, fails), Err(Error::Usage(what)) if what == "forty"), "{jobs}");
        }
    }

    #[test]
    #[should_panic(expected = "at seven")]
    fn a_panic_reaches_the_caller_and_nobody_waits_for_ever() {
        let _ = squares(3, 10_000, |number| if number == 7 { panic!("at seven") } else { Ok(number) });
    }
}
