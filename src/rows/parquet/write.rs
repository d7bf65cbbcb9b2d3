//! Rows into a Parquet file, each column with the type that all its values have.

use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};
use serde_json::Value;

use super::broken;
use crate::Result;
use crate::files::Sink;
use crate::rows::Columns;

/// Rows of a row group, which is held in memory while it is written.
const GROUP_ROWS: usize = 8192;

/// What a column holds, as far as it has been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unknown,
    Bool,
    Int,
    Double,
    Text,
    Empty,
    Doubles,
    Texts,
    Json,
}

impl Kind {
    fn with(self, value: &Value) -> Self {
        let seen = match value {
            Value::Null => return self,
            Value::Bool(_) => Self::Bool,
            Value::Number(number) if number.as_i64().is_some() => Self::Int,
            Value::Number(_) => Self::Double,
            Value::String(_) => Self::Text,
            Value::Array(items) if items.is_empty() => Self::Empty,
            Value::Array(items) if items.iter().all(Value::is_number) => Self::Doubles,
            Value::Array(items) if items.iter().all(Value::is_string) => Self::Texts,
            Value::Array(_) | Value::Object(_) => Self::Json,
        };
        match (self, seen) {
            (Self::Unknown, seen) => seen,
            (kind, seen) if kind == seen => kind,
            (Self::Int, Self::Double) | (Self::Double, Self::Int) => Self::Double,
            (Self::Empty, list @ (Self::Doubles | Self::Texts))
            | (list @ (Self::Doubles | Self::Texts), Self::Empty) => list,
            _ => Self::Json,
        }
    }

    fn field(self, name: &str) -> Result<TypePtr, ParquetError> {
        let leaf = |name: &str, physical, logical| {
            Type::primitive_type_builder(name, physical)
                .with_repetition(Repetition::OPTIONAL)
                .with_logical_type(logical)
                .build()
                .map(Arc::new)
        };
        match self {
            Self::Bool => leaf(name, Physical::BOOLEAN, None),
            Self::Int => leaf(name, Physical::INT64, None),
            Self::Double => leaf(name, Physical::DOUBLE, None),
            Self::Unknown | Self::Text => leaf(name, Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Self::Json => leaf(name, Physical::BYTE_ARRAY, Some(LogicalType::Json)),
            Self::Empty | Self::Doubles | Self::Texts => {
                let element = match self {
                    Self::Doubles => leaf("element", Physical::DOUBLE, None)?,
                    _ => leaf("element", Physical::BYTE_ARRAY, Some(LogicalType::String))?,
                };
                let list = Type::group_type_builder("list")
                    .with_repetition(Repetition::REPEATED)
                    .with_fields(vec![element])
                    .build()?;
                let outer = Type::group_type_builder(name)
                    .with_repetition(Repetition::OPTIONAL)
                    .with_logical_type(Some(LogicalType::List))
                    .with_fields(vec![Arc::new(list)])
                    .build()?;
                Ok(Arc::new(outer))
            }
        }
    }
}

/// Writes rows, which are gone through twice: to learn what the columns hold, then to write them.
pub(in crate::rows) fn write<I: Iterator<Item = Result<Columns>>>(
    sink: Sink,
    path: &Path,
    names: &[String],
    mut rows: impl FnMut() -> Result<I>,
) -> Result<()> {
    let failed = |error: ParquetError| broken(path, 0, &error);
    let mut kinds = vec![Kind::Unknown; names.len()];
    for row in rows()? {
        let row = row?;
        for (kind, name) in kinds.iter_mut().zip(names) {
            *kind = row.get(name).map_or(*kind, |value| kind.with(value));
        }
    }
    let fields =
        kinds.iter().zip(names).map(|(kind, name)| kind.field(name)).collect::<Result<_, _>>().map_err(failed)?;
    let schema = Type::group_type_builder("rows").with_fields(fields).build().map_err(failed)?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = SerializedFileWriter::new(sink, Arc::new(schema), Arc::new(properties)).map_err(failed)?;
    let mut group: Vec<Columns> = Vec::with_capacity(GROUP_ROWS);
    for row in rows()? {
        group.push(row?);
        if group.len() == GROUP_ROWS {
            write_group(writer.next_row_group().map_err(failed)?, names, &kinds, &group).map_err(failed)?;
            group.clear();
        }
    }
    if !group.is_empty() {
        write_group(writer.next_row_group().map_err(failed)?, names, &kinds, &group).map_err(failed)?;
    }
    writer.into_inner().map_err(failed)?.finish(path)
}

fn write_group(
    mut group: SerializedRowGroupWriter<'_, Sink>,
    names: &[String],
    kinds: &[Kind],
    rows: &[Columns],
) -> Result<(), ParquetError> {
    for (name, kind) in names.iter().zip(kinds) {
        let cells: Vec<Option<&Value>> =
            rows.iter().map(|row| row.get(name).filter(|value| !value.is_null())).collect();
        let text = |value: &Value| value.as_str().map(ByteArray::from);
        match kind {
            Kind::Bool => put::<BoolType>(&mut group, &cells, Value::as_bool)?,
            Kind::Int => put::<Int64Type>(&mut group, &cells, Value::as_i64)?,
            Kind::Double => put::<DoubleType>(&mut group, &cells, Value::as_f64)?,
            Kind::Unknown | Kind::Text => put::<ByteArrayType>(&mut group, &cells, text)?,
            Kind::Json => {
                put::<ByteArrayType>(&mut group, &cells, |value| {
                    Some(ByteArray::from(value.to_string().into_bytes()))
                })?;
            }
            Kind::Doubles => put_lists::<DoubleType>(&mut group, &cells, Value::as_f64)?,
            Kind::Empty | Kind::Texts => put_lists::<ByteArrayType>(&mut group, &cells, text)?,
        }
    }
    group.close().map(drop)
}

fn put<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Sink>,
    cells: &[Option<&Value>],
    read: impl Fn(&Value) -> Option<T::T>,
) -> Result<(), ParquetError> {
    let values: Vec<Option<T::T>> = cells.iter().map(|cell| cell.and_then(&read)).collect();
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let values: Vec<T::T> = values.into_iter().flatten().collect();
    write_column::<T>(group, &values, &levels, None)
}

/// Definition levels: 0 for no list, 1 for an empty one, 3 for an element. Repetition levels: 1 inside a list.
fn put_lists<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Sink>,
    cells: &[Option<&Value>],
    read: impl Fn(&Value) -> Option<T::T>,
) -> Result<(), ParquetError> {
    let (mut values, mut defined, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
    for cell in cells {
        match cell.and_then(Value::as_array) {
            None => {
                defined.push(0);
                repeated.push(0);
            }
            Some(items) if items.is_empty() => {
                defined.push(1);
                repeated.push(0);
            }
            Some(items) => {
                for (index, value) in items.iter().filter_map(&read).enumerate() {
                    values.push(value);
                    defined.push(3);
                    repeated.push(i16::from(index > 0));
                }
            }
        }
    }
    write_column::<T>(group, &values, &defined, Some(&repeated))
}

fn write_column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Sink>,
    values: &[T::T],
    defined: &[i16],
    repeated: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let mut column =
        group.next_column()?.ok_or_else(|| ParquetError::General("the schema has fewer columns".to_owned()))?;
    column.typed::<T>().write_batch(values, Some(defined), repeated)?;
    column.close()
}
