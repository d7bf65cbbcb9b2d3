//! SQLite files that survive a crash and a second process. This module owns `rusqlite`.
//!
//! Write-ahead log, `synchronous=FULL`, a busy timeout, and a schema that is migrated by `user_version`.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::types::Type;
use rusqlite::{ErrorCode, TransactionBehavior};
use serde::de::DeserializeOwned;

pub use rusqlite::{Connection, OptionalExtension, Row, ToSql, Transaction, params};

use crate::{Error, Result};

/// What a statement gives; the error is turned into [`Error::Database`] by [`Database`].
pub type Answer<T> = rusqlite::Result<T>;

/// How long a write waits for another process.
const BUSY: Duration = Duration::from_secs(30);

/// An open database.
#[derive(Debug)]
pub struct Database {
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl Database {
    /// Opens or makes the database at `path` and brings its schema up to date: migration `n` of the list leads to
    /// `user_version` `n + 1`.
    ///
    /// # Errors
    /// [`Error::Database`] when it cannot be opened, is no database, or was written by a newer version.
    pub fn open(path: &Path, migrations: &[&str]) -> Result<Self> {
        let mut connection = Connection::open(path).map_err(failed(path))?;
        configure(&connection).map_err(failed(path))?;
        let version = migrate(&mut connection, migrations).map_err(failed(path))?;
        if version as usize > migrations.len() {
            let detail = format!("schema version {version} is newer than this program knows ({})", migrations.len());
            return Err(Error::Database { path: path.to_owned(), detail });
        }
        Ok(Self { path: path.to_owned(), connection: Mutex::new(connection) })
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads.
    ///
    /// # Errors
    /// [`Error::Database`] with what SQLite said.
    pub fn read<T>(&self, read: impl FnOnce(&Connection) -> Answer<T>) -> Result<T> {
        read(&self.lock()).map_err(failed(&self.path))
    }

    /// Writes in one transaction, durable when this returns; nothing of it stays when `write` fails.
    ///
    /// # Errors
    /// [`Error::Database`] with what SQLite said.
    pub fn write<T>(&self, write: impl FnOnce(&Transaction<'_>) -> Answer<T>) -> Result<T> {
        let mut connection = self.lock();
        let run = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let answer = write(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        };
        run().map_err(failed(&self.path))
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic while the lock was held has rolled its transaction back.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The column `index` of a row, read as JSON.
///
/// # Errors
/// A conversion failure when it is not JSON of that shape.
pub fn json<T: DeserializeOwned>(row: &Row<'_>, index: usize) -> Answer<T> {
    let text: String = row.get(index)?;
    serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error)))
}

fn failed(path: &Path) -> impl Fn(rusqlite::Error) -> Error {
    move |error| Error::Database { path: path.to_owned(), detail: error.to_string() }
}

fn configure(connection: &Connection) -> Answer<()> {
    connection.busy_timeout(BUSY)?;
    // The switch to WAL does not wait for others by itself, so two processes that open a new file at once may collide.
    let mut tries = 0;
    while let Err(error) = connection.pragma_update(None, "journal_mode", "wal") {
        tries += 1;
        if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) || tries > 200 {
            return Err(error);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)
}

fn migrate(connection: &mut Connection, migrations: &[&str]) -> Answer<u32> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    for (known, migration) in (1u32..).zip(migrations) {
        if known > version {
            transaction.execute_batch(migration)?;
            transaction.pragma_update(None, "user_version", known)?;
        }
    }
    transaction.commit()?;
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "CREATE TABLE a (x INTEGER NOT NULL) STRICT;";
    const SECOND: &str = "ALTER TABLE a ADD COLUMN y TEXT;";

    #[test]
    fn a_schema_is_migrated_once_and_a_newer_one_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        Database::open(&path, &[FIRST]).unwrap();
        let database = Database::open(&path, &[FIRST, SECOND]).unwrap();
        database.write(|tx| tx.execute("INSERT INTO a VALUES (1, 'one')", [])).unwrap();
        drop(Database::open(&path, &[FIRST, SECOND]).unwrap());
        let error = Database::open(&path, &[FIRST]).unwrap_err().to_string();
        assert!(error.contains("schema version 2 is newer"), "{error}");
    }

    #[test]
    fn a_failed_write_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("a.sqlite"), &[FIRST]).unwrap();
        let failed = database.write(|tx| {
            tx.execute("INSERT INTO a VALUES (1)", [])?;
            tx.execute("INSERT INTO nowhere VALUES (1)", [])
        });
        assert!(failed.is_err());
        assert_eq!(
            database.read(|c| c.query_row("SELECT count(*) FROM a", [], |row| row.get::<_, i64>(0))).unwrap(),
            0
        );
    }

    #[test]
    fn two_connections_may_open_and_write_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let database = Database::open(&path, &[FIRST]).unwrap();
                    for n in 0..20 {
                        database.write(|tx| tx.execute("INSERT INTO a VALUES (?1)", [n])).unwrap();
                    }
                });
            }
        });
        let database = Database::open(&path, &[FIRST]).unwrap();
        assert_eq!(database.read(|c| c.query_row("SELECT count(*) FROM a", [], |r| r.get::<_, i64>(0))).unwrap(), 80);
    }
}
