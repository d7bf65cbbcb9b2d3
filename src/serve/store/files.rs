//! The files of the store.

use super::super::blobs::Received;
use super::super::ids;
use super::super::objects::FileObject;
use super::{NewFile, Range, Store, after, text};
use crate::Result;
use crate::sqlite::{self, Answer, OptionalExtension, Transaction, params};

impl Store {
    /// Records a file that has arrived. The same content under the same name gets another id each time.
    pub fn add_file(&self, new: NewFile, sha256: &str, received: Received) -> Result<FileObject> {
        let _one_at_a_time = self.filing.lock();
        let before: i64 = self.database.read(|db| {
            let of_that_content = "SELECT count(*) FROM files WHERE sha256 = ?1";
            db.query_row(of_that_content, [sha256], |row| row.get(0))
        })?;
        let parts = [sha256, &new.filename, &self.moment(), &before.to_string()];
        let id = ids::mint("file-", &parts.map(str::as_bytes));
        received.keep(&self.blobs.path(&id))?;
        let file = self.file_object(id, new);
        self.database.write(|tx| insert_file(tx, &file, sha256))?;
        Ok(file)
    }

    /// The file `id`, unless it was deleted or has expired.
    pub fn file(&self, id: &str) -> Result<Option<FileObject>> {
        let now = self.clock.seconds();
        let living = "SELECT object FROM files WHERE id = ?1 AND deleted = 0 AND coalesce(expires_at > ?2, 1)";
        self.database.read(|db| db.query_row(living, params![id, now], |row| sqlite::json(row, 0)).optional())
    }

    /// Files, and one more than asked for when there are more.
    pub fn files(&self, range: &Range<'_>) -> Result<Vec<FileObject>> {
        let now = self.clock.seconds();
        let order = if range.ascending { "ASC" } else { "DESC" };
        let select = format!(
            "SELECT object FROM files WHERE deleted = 0 AND coalesce(expires_at > ?1, 1)
                 AND (?2 IS NULL OR purpose = ?2) AND {} ORDER BY seq {order} LIMIT ?4",
            after("files", range.ascending)
        );
        self.list(&select, params![now, range.purpose, range.after, range.limit as i64 + 1])
    }

    /// Deletes the file `id`; `false` when there is none.
    pub fn delete_file(&self, id: &str) -> Result<bool> {
        let deleted = self.database.write(|tx| {
            tx.execute("UPDATE files SET deleted = 1 WHERE id = ?1 AND deleted = 0", [id]).map(|n| n > 0)
        })?;
        if deleted {
            self.blobs.remove(id)?;
        }
        Ok(deleted)
    }

    /// Whether a batch that has not ended reads the file `id`.
    pub fn is_being_read(&self, id: &str) -> Result<bool> {
        let reading = "SELECT 1 FROM batches WHERE input_file_id = ?1
                       AND status NOT IN ('failed', 'completed', 'expired', 'cancelled')";
        self.database.read(|db| db.prepare(reading)?.exists([id]))
    }
}

pub(super) fn insert_file(tx: &Transaction<'_>, file: &FileObject, sha256: &str) -> Answer<()> {
    tx.execute(
        "INSERT INTO files (id, sha256, purpose, expires_at, object) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![file.id, sha256, file.purpose, file.expires_at, text(file)],
    )
    .map(drop)
}
