//! Rows of one table in memory, between one read and one write.
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

pub type PgQuery<'q> = Query<'q, Postgres, PgArguments>;

/// A row of a table.
pub trait Row: Sized {
    const TABLE: &'static str;
    const COLUMNS: &'static [&'static str];

    /// Binds one array for each column.
    fn bind<'q>(query: PgQuery<'q>, rows: &'q [&'q Self]) -> PgQuery<'q>;
}

/// A row that is found by its key and may change.
pub trait Keyed: Row + Clone {
    type Key: Clone + Eq + Hash + Ord;
    const KEY: &'static [&'static str];

    fn key(&self) -> Self::Key;

    /// Reads all columns, in their order.
    fn read(row: &PgRow) -> Result<Self, sqlx::Error>;

    /// Binds one array for each column of the key.
    fn bind_keys<'q>(query: PgQuery<'q>, keys: &'q BTreeSet<Self::Key>) -> PgQuery<'q>;
}

/// Types of rows and their columns by name.
macro_rules! rows {
    ($($name:ident in $table:ident { $($field:ident: $type:ty,)* })*) => {$(
        #[derive(Clone, Debug, Default)]
        pub struct $name {
            $(pub $field: $type,)*
        }

        impl $crate::derive::table::Row for $name {
            const TABLE: &'static str = stringify!($table);
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field),)*];

            fn bind<'q>(
                query: $crate::derive::table::PgQuery<'q>,
                rows: &'q [&'q Self],
            ) -> $crate::derive::table::PgQuery<'q> {
                query$(.bind(rows.iter().map(|row| &row.$field).collect::<Vec<_>>()))*
            }
        }
    )*};
}
pub(super) use rows;

/// [`rows`] with the columns of the key first.
macro_rules! keyed_rows {
    ($($name:ident in $table:ident by $key:ident: $key_type:ty $(, $second:ident: $second_type:ty)? {
        $($field:ident: $type:ty,)*
    })*) => {$(
        $crate::derive::table::rows! {
            $name in $table { $key: $key_type, $($second: $second_type,)? $($field: $type,)* }
        }

        impl $crate::derive::table::Keyed for $name {
            type Key = ($key_type, $($second_type)?);
            const KEY: &'static [&'static str] = &[stringify!($key), $(stringify!($second))?];

            fn key(&self) -> Self::Key {
                (self.$key.clone(), $(self.$second.clone())?)
            }

            fn read(row: &sqlx::postgres::PgRow) -> Result<Self, sqlx::Error> {
                use sqlx::Row as _;
                let mut columns = 0_usize..;
                let mut next = || columns.next().unwrap_or_default();
                Ok(Self {
                    $key: row.try_get(next())?,
                    $($second: row.try_get(next())?,)?
                    $($field: row.try_get(next())?,)*
                })
            }

            fn bind_keys<'q>(
                query: $crate::derive::table::PgQuery<'q>,
                keys: &'q std::collections::BTreeSet<Self::Key>,
            ) -> $crate::derive::table::PgQuery<'q> {
                let query = query.bind(keys.iter().map(|key| &key.0).collect::<Vec<_>>());
                $(let query = query.bind(keys.iter().map(|(_, $second)| $second).collect::<Vec<_>>());)?
                query
            }
        }
    )*};
}
pub(super) use keyed_rows;

fn list(columns: &[&str], each: impl Fn(&str) -> String) -> String {
    columns.iter().map(|column| each(column)).collect::<Vec<_>>().join(", ")
}

fn parameters(count: usize) -> String {
    (1..=count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

/// Adds rows; what is there already stays, unless `then` says otherwise.
async fn insert<R: Row>(tx: &mut PgConnection, rows: &[&R], then: &str) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let (table, columns) = (R::TABLE, list(R::COLUMNS, |column| format!("\"{column}\"")));
    let values = parameters(R::COLUMNS.len());
    let sql = format!("INSERT INTO {table} ({columns}) SELECT * FROM unnest({values}) ON CONFLICT {then}");
    R::bind(sqlx::query(AssertSqlSafe(sql)), rows).execute(tx).await?;
    Ok(())
}

/// Adds rows of a history; one that is there already stays as it is.
pub async fn append<R: Row>(tx: &mut PgConnection, rows: &[R]) -> Result<(), sqlx::Error> {
    insert(tx, &rows.iter().collect::<Vec<_>>(), "DO NOTHING").await
}

/// Rows that were read, and rows as events change them. What was not read when it was asked for is noted; it counts as
/// missing until it is.
pub struct Table<R: Keyed> {
    stored: HashMap<R::Key, Option<R>>,
    changed: BTreeMap<R::Key, R>,
    unread: BTreeSet<R::Key>,
}

impl<R: Keyed> Default for Table<R> {
    fn default() -> Self {
        Self { stored: HashMap::new(), changed: BTreeMap::new(), unread: BTreeSet::new() }
    }
}

impl<R: Keyed> Table<R> {
    fn stored(&mut self, key: &R::Key) -> Option<&R> {
        let stored = self.stored.get(key);
        if stored.is_none() {
            self.unread.insert(key.clone());
        }
        stored.and_then(Option::as_ref)
    }

    pub fn get(&mut self, key: &R::Key) -> Option<&R> {
        // Not one `if let`: the borrow would last too long.
        if self.changed.contains_key(key) { self.changed.get(key) } else { self.stored(key) }
    }

    /// The row, to be changed.
    pub fn change(&mut self, key: &R::Key) -> Option<&mut R> {
        if !self.changed.contains_key(key) {
            let row = self.stored(key)?.clone();
            self.changed.insert(key.clone(), row);
        }
        self.changed.get_mut(key)
    }

    /// Adds a row, or replaces it.
    pub fn put(&mut self, row: R) {
        self.changed.insert(row.key(), row);
    }

    /// Adds a row if there is none of its key. Returns whether it did.
    pub fn add(&mut self, row: R) -> bool {
        let absent = self.get(&row.key()).is_none();
        if absent {
            self.changed.insert(row.key(), row);
        }
        absent
    }

    /// Forgets the changes.
    pub fn reset(&mut self) {
        self.changed.clear();
    }

    /// Reads what was asked for and was not read yet. Returns whether there was any.
    pub async fn read(&mut self, tx: &mut PgConnection) -> Result<bool, sqlx::Error> {
        if self.unread.is_empty() {
            return Ok(false);
        }
        let table = R::TABLE;
        let columns = list(R::COLUMNS, |column| format!("t.\"{column}\""));
        let keys = list(R::KEY, |column| format!("\"{column}\""));
        let same = R::KEY.iter().map(|key| format!("t.\"{key}\" = k.\"{key}\"")).collect::<Vec<_>>().join(" AND ");
        let values = parameters(R::KEY.len());
        let sql = format!("SELECT {columns} FROM unnest({values}) AS k ({keys}) JOIN {table} t ON {same}");
        let rows = R::bind_keys(sqlx::query(AssertSqlSafe(sql)), &self.unread).fetch_all(tx).await?;
        for key in std::mem::take(&mut self.unread) {
            self.stored.insert(key, None);
        }
        for row in &rows {
            let row = R::read(row)?;
            self.stored.insert(row.key(), Some(row));
        }
        Ok(true)
    }

    /// Writes the changed rows.
    pub async fn write(&self, tx: &mut PgConnection) -> Result<(), sqlx::Error> {
        let keys = list(R::KEY, |column| format!("\"{column}\""));
        let others: Vec<&str> = R::COLUMNS.iter().filter(|column| !R::KEY.contains(column)).copied().collect();
        let set = list(&others, |column| format!("\"{column}\" = excluded.\"{column}\""));
        let rows: Vec<&R> = self.changed.values().collect();
        insert(tx, &rows, &format!("({keys}) DO UPDATE SET {set}")).await
    }
}

/// The row of a table that has one, from the start.
pub trait Single: Keyed<Key = (bool,)> {
    fn first() -> Self;
}

impl<R: Single> Table<R> {
    pub fn one(&mut self) -> &mut R {
        self.change(&(true,));
        self.changed.entry((true,)).or_insert_with(R::first)
    }
}
