//! The newest rows, read once for all event streams.
use crate::live::Head;
use crate::store::events::{EventRow, after};
use explorer_client::{Event, Reverted};
use sqlx::PgPool;
use std::collections::VecDeque;
use std::sync::Arc;

/// A client further behind is told to load the page again rather than be sent all of it.
pub const MAX_BEHIND: i64 = 1_000;

/// What happened, or was taken back.
#[derive(Debug)]
pub enum Row {
    /// Its finality is that of the moment when it was read.
    Event(Event),
    Reverted(Reverted),
}

impl Row {
    pub fn id(&self) -> i64 {
        match self {
            Self::Event(event) => event.id,
            Self::Reverted(reverted) => reverted.id,
        }
    }
}

impl From<EventRow> for Row {
    fn from(row: EventRow) -> Self {
        let reverted = row.reverted;
        let event = row.show(None);
        let Some(event_id) = reverted else { return Self::Event(event) };
        let Event { id, program, kind, job, signature, slot, .. } = event;
        Self::Reverted(Reverted { id, event_id, program, kind, job, signature, slot })
    }
}

/// Every row of the last [`MAX_BEHIND`] ids: whoever is not too far behind finds all that it lacks.
#[derive(Debug, Default)]
pub struct News {
    rows: VecDeque<Arc<Row>>,
    /// Everything up to this id was read.
    pub newest: i64,
    /// Goes up when the database holds less than before: it was restored or made anew.
    pub restarts: u64,
    /// Queries for rows so far.
    pub reads: u64,
}

impl News {
    /// The first row above `id`.
    pub fn after(&self, id: i64) -> Option<Arc<Row>> {
        self.rows.get(self.rows.partition_point(|row| row.id() <= id)).cloned()
    }

    /// `rows` are what `newest` adds.
    pub fn add(&mut self, newest: i64, rows: impl IntoIterator<Item = Row>) {
        if newest < self.newest {
            self.rows.clear();
            self.restarts += 1;
        }
        self.reads += 1;
        self.newest = newest;
        self.rows.extend(rows.into_iter().map(Arc::new));
        let old = self.rows.partition_point(|row| row.id() <= newest - MAX_BEHIND);
        self.rows.drain(..old);
    }
}

/// What `head` adds to everything up to `known`.
pub async fn read(pool: &PgPool, known: i64, head: &Head) -> Result<Vec<EventRow>, sqlx::Error> {
    let newest = head.newest_event;
    // The rows of a database that holds less than before are other ones.
    let known = if newest < known { 0 } else { known };
    let mut rows = after(pool, known.max(newest - MAX_BEHIND), MAX_BEHIND).await?;
    // What was added after the head was read is told of with the next head.
    rows.retain(|row| row.id <= newest);
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64) -> Row {
        let word = String::new;
        let (event_id, slot) = (0, 0);
        Row::Reverted(Reverted { id, event_id, program: word(), kind: word(), job: None, signature: word(), slot })
    }

    fn next(news: &News, id: i64) -> Option<i64> {
        news.after(id).map(|row| row.id())
    }

    #[test]
    fn all_rows_of_the_last_thousand_ids_are_kept_and_no_others() {
        let mut news = News::default();
        news.add(5, (1..=5).map(row));
        assert_eq!((next(&news, 0), next(&news, 3), next(&news, 5)), (Some(1), Some(4), None));
        // Ids have gaps.
        news.add(1_003, [row(7), row(1_003)]);
        assert_eq!((next(&news, 3), next(&news, 5), next(&news, 7)), (Some(4), Some(7), Some(1_003)));
        assert_eq!(next(&news, 0), Some(4), "1 to 3 are too old");
        assert_eq!((news.restarts, news.reads), (0, 2));
    }

    #[test]
    fn a_database_that_holds_less_than_before_is_another_one() {
        let mut news = News::default();
        news.add(9, (1..=9).map(row));
        news.add(3, [row(2), row(3)]);
        assert_eq!((news.newest, news.restarts, next(&news, 0), next(&news, 3)), (3, 1, Some(2), None));
    }
}
