//! Import: everything is checked before anything is written, and what is written is written whole.

use crate::auth::actor::Actor;
use crate::db::{AnyConnection, Db, Tx};
use crate::error::{Error, FieldError, Message, Place, Result};
use crate::resources::Kind;
use crate::resources::input;
use crate::resources::resource::{ReferenceTo, Resource, Stored, with_kind};
use crate::resources::steps::{self, Effect, Known};
use crate::resources::values::Identifier;
use serde_json::Value;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use uuid::Uuid;

/// How to import.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Whether good lines are written although others are bad.
    pub keep_going: bool,
    /// Whether everything is done and then taken back.
    pub dry_run: bool,
}

/// What an import did.
#[derive(Debug, Default)]
pub struct Report {
    /// Records made.
    pub created: u64,
    /// Records changed.
    pub updated: u64,
    /// Records that were as the file says already.
    pub unchanged: u64,
    /// Bad lines, by number from 1, with every reason.
    pub rejected: Vec<(u64, Vec<FieldError>)>,
    /// Whether the good lines were written.
    pub written: bool,
}

/// Tells how far an import is: lines done of lines in all, and in which step.
pub type Progress<'a> = &'a mut dyn FnMut(Step, u64, u64);

/// A step of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Reading and checking.
    Check,
    /// Writing.
    Write,
}

/// A line that has passed every check of its own.
struct Line {
    number: u64,
    kind: Kind,
    id: Uuid,
    references: Vec<ReferenceTo>,
}

/// Imports NDJSON. The input is read twice: first to check all of it, then to write.
pub fn import(db: &Db, actor: &Actor, input: impl Read, options: Options, progress: Progress<'_>) -> Result<Report> {
    let mut file = spool(input)?;
    let mut report = Report::default();
    let mut lines = check_lines(db, &mut file, &mut report, progress)?;
    check_references(db, &mut lines, &mut report)?;
    if !report.rejected.is_empty() && !options.keep_going {
        report.rejected.sort_by_key(|(number, _)| *number);
        return Ok(report);
    }
    let refused = report.rejected.len();
    let work = |tx: &mut Tx<'_>| {
        // It may be done again from the beginning, when another write came between.
        (report.created, report.updated, report.unchanged) = (0, 0, 0);
        report.rejected.truncate(refused);
        tx.audit_as_one("imported");
        write_lines(tx, &mut file, &lines, options, &mut report, progress)
    };
    let outcome =
        if options.dry_run { db.rehearse(actor, work) } else { db.write(actor, work).map(|written| written.value) };
    report.rejected.sort_by_key(|(number, _)| *number);
    match outcome {
        Ok(()) => report.written = !options.dry_run,
        // A rule that only showed while writing: nothing was written, and the report says which line it was.
        Err(Error::Problem { .. }) if !report.rejected.is_empty() => {
            (report.created, report.updated, report.unchanged) = (0, 0, 0);
        }
        Err(error) => return Err(error),
    }
    Ok(report)
}

/// Keeps the input in an unnamed file, so that it can be read twice without being held in memory.
fn spool(mut input: impl Read) -> Result<File> {
    let mut file = tempfile::tempfile()?;
    std::io::copy(&mut input, &mut file)?;
    file.flush()?;
    Ok(file)
}

fn each_line(file: &mut File, mut work: impl FnMut(u64, &[u8]) -> Result<()>) -> Result<()> {
    file.rewind()?;
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        number += 1;
        let text = line.trim_ascii();
        let text = if number == 1 { text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text) } else { text };
        if !text.is_empty() {
            work(number, text)?;
        }
    }
}

fn check_lines(db: &Db, file: &mut File, report: &mut Report, progress: Progress<'_>) -> Result<Vec<Line>> {
    let mut total = 0;
    each_line(file, |_, _| {
        total += 1;
        Ok(())
    })?;
    let mut lines: Vec<Line> = Vec::new();
    let mut seen = Seen::default();
    db.read_at_once(|connection| {
        let mut done = 0;
        each_line(file, |number, text| {
            done += 1;
            progress(Step::Check, done, total);
            match check_line(connection, number, text, &mut seen) {
                Ok(Some(line)) => lines.push(line),
                Ok(None) => {}
                Err(Error::Problem { detail, errors, code }) => {
                    let errors = if errors.is_empty() {
                        vec![FieldError { place: Place::Line(number), code: code.name(), detail }]
                    } else {
                        errors
                    };
                    report.rejected.push((number, errors));
                }
                Err(error) => return Err(error),
            }
            Ok(())
        })
    })?;
    Ok(lines)
}

/// Ids and identifiers of earlier lines.
#[derive(Default)]
struct Seen {
    ids: HashMap<Uuid, u64>,
    identifiers: HashMap<(String, String), u64>,
}

fn check_line(connection: &mut AnyConnection, number: u64, text: &[u8], seen: &mut Seen) -> Result<Option<Line>> {
    let Some(Parsed { kind, id, value }) = parse_line(number, text)? else { return Ok(None) };
    with_kind!(kind, R => {
        let mut content = input::read::<R>(value)?;
        let identifiers = R::identifiers(&mut content).clone();
        let id = settle_id(connection, kind, id, &identifiers)?;
        seen.note(number, id, &identifiers)?;
        Ok(Some(Line { number, kind, id, references: R::references(&content) }))
    })
}

impl Seen {
    fn note(&mut self, number: u64, id: Uuid, identifiers: &[Identifier]) -> Result<()> {
        let duplicate = |pointer: String, first: u64| {
            Error::invalid(vec![FieldError::at(
                pointer,
                "duplicate",
                Message::new(format!("Står redan på rad {first}."), format!("Stands on line {first} already.")),
            )])
        };
        if let Some(first) = self.ids.insert(id, number) {
            return Err(duplicate("/id".to_owned(), first));
        }
        for (index, identifier) in identifiers.iter().enumerate() {
            let key = (identifier.scheme.clone(), identifier.value.clone());
            if let Some(first) = self.identifiers.insert(key, number) {
                return Err(duplicate(format!("/identifiers/{index}"), first));
            }
        }
        Ok(())
    }
}

struct Parsed {
    kind: Kind,
    id: Option<Uuid>,
    value: Value,
}

fn parse_line(number: u64, text: &[u8]) -> Result<Option<Parsed>> {
    let wrong = |pointer: &str, code: &'static str, sv: &'static str, en: &'static str| {
        Error::invalid(vec![FieldError::at(pointer, code, Message::fixed(sv, en))])
    };
    let value: Value = serde_json::from_slice(text)
        .map_err(|_| wrong("", "malformed", "Raden är inte giltig JSON.", "The line is not valid JSON."))?;
    let Value::Object(object) = &value else {
        return Err(wrong("", "type", "Raden är inget JSON-objekt.", "The line is no JSON object."));
    };
    if number == 1 && object.contains_key("meta") && !object.contains_key("type") {
        return Ok(None);
    }
    let kind =
        object.get("type").and_then(Value::as_str).and_then(Kind::from_name).ok_or_else(|| {
            wrong("/type", "unknown-value", "type saknas eller är okänd.", "type is missing or unknown.")
        })?;
    let id = match object.get("id") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => {
            Some(Uuid::parse_str(text).map_err(|_| wrong("/id", "format", "id är ingen UUID.", "id is no UUID."))?)
        }
        Some(_) => return Err(wrong("/id", "type", "id är ingen text.", "id is no text.")),
    };
    Ok(Some(Parsed { kind, id, value }))
}

/// The id to store a line under: its own, else that of the live record with one of its identifiers, else one made from
/// its first identifier, so that the same file always gives the same record.
fn settle_id(connection: &mut AnyConnection, kind: Kind, id: Option<Uuid>, identifiers: &[Identifier]) -> Result<Uuid> {
    if let Some(id) = id {
        return Ok(id);
    }
    if let Some(held) = steps::holder_of_any(connection, kind, identifiers)? {
        return Ok(held);
    }
    let first = identifiers.first().ok_or_else(|| {
        Error::invalid(vec![FieldError::at(
            "/identifiers",
            "no-identity",
            Message::fixed(
                "Raden behöver id eller minst en identifierare, annars skulle samma fil ge nya poster varje gång.",
                "The line needs id or at least one identifier; otherwise the same file would make new records each time.",
            ),
        )])
    })?;
    let name = format!("{}:{}", first.scheme, first.value);
    Ok(Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()))
}

/// References lead to records of the database or of good lines; a line that turns out bad takes those that need it along.
fn check_references(db: &Db, lines: &mut Vec<Line>, report: &mut Report) -> Result<()> {
    loop {
        let mut known = Known::expecting(lines.iter().map(|line| (line.id, line.kind)).collect());
        let mut bad = Vec::new();
        db.read_at_once(|connection| {
            for (index, line) in lines.iter().enumerate() {
                let errors = steps::unresolved(connection, line.id, &line.references, &mut known)?;
                if !errors.is_empty() {
                    bad.push(index);
                    report.rejected.push((line.number, errors));
                }
            }
            Ok(())
        })?;
        if bad.is_empty() {
            return Ok(());
        }
        for index in bad.into_iter().rev() {
            lines.swap_remove(index);
        }
        lines.sort_by_key(|line| line.number);
    }
}

fn write_lines(
    tx: &mut Tx<'_>,
    file: &mut File,
    lines: &[Line],
    options: Options,
    report: &mut Report,
    progress: Progress<'_>,
) -> Result<()> {
    let total = u64::try_from(lines.len()).unwrap_or(u64::MAX);
    let mut next = lines.iter().peekable();
    let mut done = 0;
    each_line(file, |number, text| {
        let Some(line) = next.next_if(|line| line.number == number) else { return Ok(()) };
        done += 1;
        progress(Step::Write, done, total);
        // Where one bad line undoes all, it need not be undone by itself.
        let outcome =
            if options.keep_going { tx.attempt(|tx| write_line(tx, line, text)) } else { write_line(tx, line, text) };
        match outcome {
            Ok(Effect::Created) => report.created += 1,
            Ok(Effect::Updated) => report.updated += 1,
            Ok(Effect::Unchanged) => report.unchanged += 1,
            Err(error) => {
                let Some(errors) = reasons(&error) else { return Err(error) };
                report.rejected.push((number, errors));
                if !options.keep_going {
                    return Err(error);
                }
            }
        }
        tx.number_if_many()
    })
}

/// What is wrong with a line; nothing where the fault is not the line's.
fn reasons(error: &Error) -> Option<Vec<FieldError>> {
    match error {
        Error::Problem { errors, .. } if !errors.is_empty() => Some(errors.clone()),
        Error::Problem { code, detail, .. } => Some(vec![FieldError::at("", code.name(), detail.clone())]),
        Error::Merged(_, into) => Some(vec![FieldError::at(
            "/id",
            "merged",
            Message::new(format!("Posten har gått upp i {into}."), format!("The record was merged into {into}.")),
        )]),
        Error::Gone(_) => {
            Some(vec![FieldError::at("/id", "gone", Message::fixed("Posten är borttagen.", "The record was deleted."))])
        }
        Error::Referenced(_) | Error::Clash(_) | Error::Lost(_) | Error::Internal(_) => None,
    }
}

fn write_line(tx: &mut Tx<'_>, line: &Line, text: &[u8]) -> Result<Effect> {
    let Some(Parsed { value, .. }) = parse_line(line.number, text)? else {
        return Err(Error::internal("a line changed while it was imported"));
    };
    with_kind!(line.kind, R => {
        let content = input::read_again::<R>(value)?;
        let outcome = match R::reveal(tx.connection(), line.id)? {
            Some(before) => {
                let before = if before.content == content { before } else { settled::<R>(tx, before)? };
                steps::replace_checked::<R>(tx, before, content)?
            }
            None => {
                steps::refuse_departed(tx.connection(), line.id)?;
                steps::insert_checked::<R>(tx, line.id, content)?
            }
        };
        Ok(outcome.effect)
    })
}

/// A record that is about to change, as it is once no other writer can change it.
fn settled<R: Resource>(tx: &mut Tx<'_>, before: Stored<R::Content>) -> Result<Stored<R::Content>> {
    R::lock(tx.connection(), before.row.id)?;
    R::reveal(tx.connection(), before.row.id)?
        .ok_or_else(|| Error::Clash("a record went while it was written".to_owned()))
}
