//! Ready-made records: one file per segment with the bytes that `stored` writes, the end of each and their count.
//!
//! The file is part of the segment, so tantivy keeps it as safe as its own: written before the commit that names it,
//! merged and removed with the segment.

use crate::search::fields::READY;
use std::any::Any;
use std::io::Write;
use std::sync::Arc;
use tantivy::directory::OwnedBytes;
use tantivy::index::SegmentComponent;
use tantivy::indexer::doc_id_mapping::{DocIdMapping, MappingType};
use tantivy::plugin::{PluginMergeContext, PluginWriter, PluginWriterContext, SegmentPlugin};
use tantivy::schema::document::ErasedDocument;
use tantivy::schema::{Field, FieldType, Schema, Value};
use tantivy::{DocId, Segment, SegmentReader, TantivyDocument, TantivyError};

const EXTENSION: &str = "ready";

/// The plugin that writes and merges the file.
#[derive(Debug)]
pub(crate) struct ReadyPlugin;

impl ReadyPlugin {
    /// The plugin as tantivy takes it.
    pub(crate) fn shared() -> Arc<dyn SegmentPlugin> {
        Arc::new(ReadyPlugin)
    }
}

fn component() -> SegmentComponent {
    SegmentComponent::Custom(EXTENSION.to_owned())
}

impl SegmentPlugin for ReadyPlugin {
    fn extensions(&self) -> &[&str] {
        &[EXTENSION]
    }

    fn create_writer(&self, context: &PluginWriterContext) -> tantivy::Result<Box<dyn PluginWriter>> {
        let field = context.segment.schema().fields().find_map(|(field, entry)| match entry.field_type() {
            FieldType::Custom(options) if options.type_name() == READY => Some(field),
            _ => None,
        });
        let field = field.ok_or_else(|| TantivyError::SchemaError("no field for ready-made records".to_owned()))?;
        Ok(Box::new(Writer { field, bytes: Vec::new(), ends: Vec::new() }))
    }

    fn merge(&self, context: PluginMergeContext) -> tantivy::Result<()> {
        if context.doc_id_mapping.mapping_type() == MappingType::Shuffled {
            return Err(TantivyError::InternalError("ready-made records cannot be reordered in a merge".to_owned()));
        }
        let mut file = context.target_segment.open_write(component())?;
        let mut ends: Vec<u64> = Vec::new();
        let mut end = 0_u64;
        for reader in context.readers {
            let ready = Ready::open(reader)?;
            for doc in reader.doc_ids_alive() {
                let bytes = ready.get(doc).ok_or_else(|| damaged("a record is missing"))?;
                file.write_all(bytes)?;
                end += bytes.len() as u64;
                ends.push(end);
            }
        }
        finish(file, &ends)
    }
}

fn finish(mut file: tantivy::directory::WritePtr, ends: &[u64]) -> tantivy::Result<()> {
    for end in ends {
        file.write_all(&end.to_le_bytes())?;
    }
    file.write_all(&(ends.len() as u64).to_le_bytes())?;
    tantivy::directory::TerminatingWrite::terminate(file)?;
    Ok(())
}

fn damaged(what: &str) -> TantivyError {
    TantivyError::InternalError(format!("the file of ready-made records is damaged: {what}"))
}

struct Writer {
    field: Field,
    bytes: Vec<u8>,
    ends: Vec<u64>,
}

impl PluginWriter for Writer {
    fn add_document(&mut self, doc: DocId, document: &dyn ErasedDocument, _schema: &Schema) -> tantivy::Result<()> {
        let document = document
            .as_any()
            .downcast_ref::<TantivyDocument>()
            .ok_or_else(|| TantivyError::InternalError("a document of an unknown type".to_owned()))?;
        if doc as usize != self.ends.len() {
            return Err(TantivyError::InternalError("documents came out of order".to_owned()));
        }
        if let Some(bytes) = document.get_first(self.field).and_then(|value| value.as_custom()) {
            self.bytes.extend_from_slice(bytes);
        }
        self.ends.push(self.bytes.len() as u64);
        Ok(())
    }

    fn serialize(self: Box<Self>, segment: &Segment, mapping: Option<&DocIdMapping>) -> tantivy::Result<()> {
        if mapping.is_some() {
            return Err(TantivyError::InternalError("ready-made records cannot be reordered".to_owned()));
        }
        let mut file = segment.open_write(component())?;
        file.write_all(&self.bytes)?;
        finish(file, &self.ends)
    }

    fn mem_usage(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * 8
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// The ready-made records of one segment.
#[derive(Clone)]
pub(crate) struct Ready {
    bytes: OwnedBytes,
    /// Where the table of ends begins; it holds `count` ends.
    table: usize,
    count: usize,
}

impl Ready {
    /// Opens the file of a segment and checks its outline.
    pub(crate) fn open(reader: &SegmentReader) -> tantivy::Result<Ready> {
        let bytes = reader.open_read(component())?.read_bytes()?;
        let count_at = bytes.len().checked_sub(8).ok_or_else(|| damaged("too short"))?;
        let count = read_u64(&bytes, count_at)
            .and_then(|count| usize::try_from(count).ok())
            .ok_or_else(|| damaged("no count"))?;
        let table = count
            .checked_mul(8)
            .and_then(|length| count_at.checked_sub(length))
            .ok_or_else(|| damaged("the count is too high"))?;
        if count != reader.max_doc() as usize {
            return Err(damaged("another number of records than the segment has"));
        }
        Ok(Ready { bytes, table, count })
    }

    /// A part of the bytes that `get` gave, kept without copying it.
    pub(crate) fn keep(&self, part: &[u8]) -> Option<Record> {
        let start = (part.as_ptr() as usize).checked_sub(self.bytes.as_slice().as_ptr() as usize)?;
        let end = start.checked_add(part.len()).filter(|end| *end <= self.table)?;
        Some(Record(self.bytes.slice(start..end)))
    }

    /// The bytes of a record.
    pub(crate) fn get(&self, doc: DocId) -> Option<&[u8]> {
        let doc = doc as usize;
        if doc >= self.count {
            return None;
        }
        let start = if doc == 0 { 0 } else { self.end(doc - 1)? };
        let end = self.end(doc)?;
        if end > self.table {
            return None;
        }
        self.bytes.as_slice().get(start..end)
    }

    fn end(&self, doc: usize) -> Option<usize> {
        read_u64(&self.bytes, self.table + doc * 8).and_then(|end| usize::try_from(end).ok())
    }
}

/// The canonical JSON of a record, where it lies in its file.
#[derive(Clone)]
pub struct Record(OwnedBytes);

impl std::ops::Deref for Record {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl From<Vec<u8>> for Record {
    fn from(bytes: Vec<u8>) -> Record {
        Record(OwnedBytes::new(bytes))
    }
}

impl PartialEq for Record {
    fn eq(&self, other: &Record) -> bool {
        **self == **other
    }
}

impl std::fmt::Debug for Record {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        String::from_utf8_lossy(self).fmt(formatter)
    }
}

fn read_u64(bytes: &OwnedBytes, at: usize) -> Option<u64> {
    let bytes: [u8; 8] = bytes.as_slice().get(at..at.checked_add(8)?)?.try_into().ok()?;
    Some(u64::from_le_bytes(bytes))
}
