//! The batches of the store, and the answers of those under way.

use std::collections::HashSet;

use super::super::ids;
use super::super::objects::{Batch, BatchUsage, Counts, Status};
use super::files::insert_file;
use super::{Answered, Job, NewBatch, NewFile, Range, Store, after, text};
use crate::Result;
use crate::sqlite::{self, Answer, Connection, OptionalExtension, params};

impl Store {
    /// Records a batch, in the state `validating`.
    pub fn add_batch(&self, new: NewBatch) -> Result<Batch> {
        let created_at = self.clock.seconds();
        let metadata = serde_json::to_string(&new.metadata).expect("metadata are strings");
        let moment = self.moment();
        self.database.write(|tx| {
            let count = "SELECT count(*) FROM batches WHERE input_file_id = ?1";
            let before: i64 = tx.query_row(count, [&new.input_file_id], |row| row.get(0))?;
            let parts = [&new.input_file_id, &new.endpoint, &metadata, &moment, &before.to_string()];
            let batch = Batch {
                id: ids::mint("batch_", &parts.map(|part| part.as_bytes())),
                object: "batch".to_owned(),
                endpoint: new.endpoint,
                model: None,
                errors: None,
                input_file_id: new.input_file_id,
                completion_window: new.completion_window,
                status: Status::Validating,
                output_file_id: None,
                error_file_id: None,
                created_at,
                in_progress_at: None,
                expires_at: Some(created_at + new.seconds),
                finalizing_at: None,
                completed_at: None,
                failed_at: None,
                expired_at: None,
                cancelling_at: None,
                cancelled_at: None,
                request_counts: Counts::default(),
                usage: Some(BatchUsage::default()),
                metadata: new.metadata,
            };
            tx.execute(
                "INSERT INTO batches (id, status, input_file_id, output_seconds, object) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![batch.id, batch.status.name(), batch.input_file_id, new.output_seconds, text(&batch)],
            )?;
            Ok(batch)
        })
    }

    /// The batch `id`.
    pub fn batch(&self, id: &str) -> Result<Option<Batch>> {
        let select = "SELECT object FROM batches WHERE id = ?1";
        self.database.read(|db| db.query_row(select, [id], |row| sqlite::json(row, 0)).optional())
    }

    /// Batches, the newest first, and one more than asked for when there are more.
    pub fn batches(&self, range: &Range<'_>) -> Result<Vec<Batch>> {
        let select = format!(
            "SELECT object FROM batches WHERE {} ORDER BY seq DESC LIMIT ?4",
            after("batches", range.ascending)
        );
        // The first two places are of the other list.
        self.list(&select, params![0, 0, range.after, range.limit as i64 + 1])
    }

    /// The oldest batch in one of the states `among`.
    pub fn next(&self, among: &[Status]) -> Result<Option<Job>> {
        let names: Vec<_> = among.iter().map(|status| format!("'{}'", status.name())).collect();
        let select = format!(
            "SELECT seq, output_seconds, object FROM batches WHERE status IN ({}) ORDER BY seq LIMIT 1",
            names.join(", ")
        );
        self.database.read(|db| {
            let job = |row: &sqlite::Row<'_>| {
                Ok(Job { seq: row.get(0)?, output_seconds: row.get(1)?, batch: sqlite::json(row, 2)? })
            };
            db.query_row(&select, [], job).optional()
        })
    }

    /// Changes the batch `id` in one transaction and gives it as it is then.
    pub fn change(&self, id: &str, change: impl FnOnce(&mut Batch)) -> Result<Batch> {
        self.database.write(|tx| change_batch(tx, id, change))
    }

    /// The lines of a batch that are answered.
    pub fn answered(&self, seq: i64) -> Result<HashSet<u64>> {
        self.database.read(|db| {
            db.prepare("SELECT line FROM answers WHERE batch = ?1")?
                .query_map([seq], |row| row.get::<_, i64>(0).map(i64::cast_unsigned))?
                .collect()
        })
    }

    /// Records answers, then counts them, in one transaction; gives the batch as it is then.
    pub fn add_answers(&self, job: &Job, answers: &[Answered]) -> Result<Batch> {
        self.database.write(|tx| {
            let mut insert =
                tx.prepare_cached("INSERT INTO answers (batch, line, ok, text) VALUES (?1, ?2, ?3, ?4)")?;
            for answer in answers {
                insert.execute(params![job.seq, answer.line.cast_signed(), answer.ok, answer.text])?;
            }
            change_batch(tx, &job.batch.id, |batch| {
                let counts = &mut batch.request_counts;
                let usage = batch.usage.get_or_insert_default();
                for answer in answers {
                    *if answer.ok { &mut counts.completed } else { &mut counts.failed } += 1;
                    usage.input_tokens += answer.prompt_tokens;
                    usage.output_tokens += answer.completion_tokens;
                    usage.total_tokens += answer.prompt_tokens + answer.completion_tokens;
                }
            })
        })
    }

    /// Up to `limit` answers of one kind, in the order of their lines, from the line after `line`.
    pub fn answers_after(&self, seq: i64, ok: bool, line: u64, limit: usize) -> Result<Vec<(u64, String)>> {
        let select = "SELECT line, text FROM answers WHERE batch = ?1 AND ok = ?2 AND line > ?3 ORDER BY line LIMIT ?4";
        self.database.read(|db| {
            db.prepare_cached(select)?
                .query_map(params![seq, ok, line.cast_signed(), limit as i64], |row| {
                    Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?))
                })?
                .collect()
        })
    }

    /// Ends a batch: its result files, whose bytes are in place, are recorded, and its answers are let go.
    /// `no_errors` is the id of an error file that is not there.
    pub fn finish(
        &self,
        job: &Job,
        status: Status,
        output: Option<NewFile>,
        errors: Option<NewFile>,
        no_errors: Option<String>,
    ) -> Result<Batch> {
        let output = output.map(|new| self.file_object(output_id(&job.batch, "output"), new));
        let errors = errors.map(|new| self.file_object(output_id(&job.batch, "error"), new));
        let now = self.clock.seconds();
        self.database.write(|tx| {
            for file in output.iter().chain(&errors) {
                insert_file(tx, file, "")?;
            }
            tx.execute("DELETE FROM answers WHERE batch = ?1", [job.seq])?;
            change_batch(tx, &job.batch.id, |batch| {
                batch.enter(status, now);
                batch.output_file_id = output.map(|file| file.id);
                batch.error_file_id = errors.map(|file| file.id).or(no_errors);
            })
        })
    }
}

/// The id of a result file.
pub(in crate::serve) fn output_id(batch: &Batch, kind: &str) -> String {
    ids::mint("file-", &[batch.id.as_bytes(), kind.as_bytes()])
}

fn change_batch(db: &Connection, id: &str, change: impl FnOnce(&mut Batch)) -> Answer<Batch> {
    let select = "SELECT object FROM batches WHERE id = ?1";
    let mut batch: Batch = db.query_row(select, [id], |row| sqlite::json(row, 0))?;
    change(&mut batch);
    db.execute(
        "UPDATE batches SET status = ?2, object = ?3 WHERE id = ?1",
        params![id, batch.status.name(), text(&batch)],
    )?;
    Ok(batch)
}
