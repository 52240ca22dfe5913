//! Parameters that every list has: place, time, order, shape and paging.

use super::{DEEPEST, DEFAULT_LIMIT, MOST, Reader, table_fields};
use crate::api::cursor::{Cursor, Fingerprint};
use crate::api::parameters::nearest;
use crate::api::table::{Table, sort_name};
use crate::api::values::{moment, numbers, whole};
use crate::error::Error;
use crate::search::query::{Near, Sort, SortBy, Start};

impl Reader<'_> {
    pub(super) fn place(&mut self) {
        if !self.table.located {
            return;
        }
        let radius = self.single("radiusKm");
        let radius_km =
            radius.as_deref().and_then(numbers::<1>).map(|[km]| km).filter(|km| *km > 0.0 && *km <= 20_100.0);
        if radius.is_some() && radius_km.is_none() {
            self.wrong("radiusKm", "range", "Kilometer, större än 0.", "Kilometres, more than 0.");
        }
        match self.single("near") {
            Some(text) => match numbers::<2>(&text) {
                Some([lat, lon]) if lat.abs() <= 90.0 && lon.abs() <= 180.0 => {
                    self.query.near = Some(Near { lat, lon, radius_km });
                }
                _ => self.wrong(
                    "near",
                    "format",
                    "Latitud,longitud i grader, till exempel 65.58,22.15.",
                    "Latitude,longitude in degrees, such as 65.58,22.15.",
                ),
            },
            None if radius.is_some() => {
                self.wrong("radiusKm", "needs-near", "Parametern behöver near.", "The parameter needs near.");
            }
            None => {}
        }
        let Some(text) = self.single("bbox") else { return };
        match numbers::<4>(&text) {
            Some([west, south, east, north])
                if west <= east
                    && south <= north
                    && west >= -180.0
                    && east <= 180.0
                    && south >= -90.0
                    && north <= 90.0 =>
            {
                self.query.bbox = Some([west, south, east, north]);
            }
            _ => self.wrong("bbox", "format", "Väst,syd,öst,nord i grader.", "West,south,east,north in degrees."),
        }
    }

    pub(super) fn times(&mut self) {
        self.query.updated_after = self.moment("updatedAfter", false);
        if self.table.timed {
            self.query.between = (self.moment("from", false), self.moment("to", true));
        }
    }

    /// A moment in microseconds since 1970.
    fn moment(&mut self, name: &'static str, end_of_day: bool) -> Option<i64> {
        let text = self.single(name)?;
        let found = moment(&text, end_of_day);
        if found.is_none() {
            self.wrong(
                name,
                "format",
                "Tid enligt RFC 3339, till exempel 2026-11-24T10:00:00Z, eller en dag.",
                "A time by RFC 3339, such as 2026-11-24T10:00:00Z, or a day.",
            );
        }
        found.map(|moment| moment.timestamp_micros())
    }

    pub(super) fn sort(&mut self) {
        let Some(text) = self.single("sort") else { return };
        let mut sort: Vec<Sort> = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, descending) = part.strip_prefix('-').map_or((part, false), |name| (name, true));
            let Some(by) = self.table.sorts.iter().copied().find(|by| sort_name(*by) == name) else {
                let near = nearest(name, self.table.sorts.iter().map(|by| sort_name(*by)));
                self.unknown_value("sort", part, near);
                continue;
            };
            if by == SortBy::Distance && self.query.near.is_none() {
                self.wrong("sort", "needs-near", "Avstånd behöver near.", "Distance needs near.");
            } else if by == SortBy::Relevance && descending {
                self.unknown_value("sort", part, Some("relevance"));
            } else if sort.iter().any(|other| other.by == by) {
                self.wrong("sort", "repeated", "Samma ordning står två gånger.", "The same order stands twice.");
            } else if by != SortBy::Relevance || self.typed.has_words() {
                // Without words all are as relevant: what comes next in the order decides.
                sort.push(Sort { by, descending });
            }
        }
        self.query.sort = sort;
    }

    pub(super) fn wrapped(&mut self) {
        if self.table.is_search() {
            self.query.highlight = self.flag("highlight");
            self.query.explain = self.flag("explain");
        }
    }

    fn flag(&mut self, name: &'static str) -> bool {
        match self.single(name).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                self.wrong(name, "format", "true eller false.", "true or false.");
                false
            }
        }
    }

    /// Names parted by commas, each one that the table knows.
    pub(super) fn names<T: PartialEq>(
        &mut self,
        parameter: &'static str,
        known: impl Fn(&'static Table, &str) -> Option<T>,
    ) -> Vec<T> {
        let mut names: Vec<T> = Vec::new();
        let Some(text) = self.single(parameter) else { return names };
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match known(self.table, part) {
                Some(name) if !names.contains(&name) => names.push(name),
                Some(_) => {}
                None => {
                    let near = match parameter {
                        "facets" => nearest(part, self.table.facets()),
                        "include" => nearest(part, self.table.includes.iter().map(|include| include.name)),
                        _ => nearest(part, table_fields(self.table)),
                    };
                    self.unknown_value(parameter, part, near);
                }
            }
        }
        names
    }

    pub(super) fn number(&mut self, name: &'static str, most: u64) -> Option<u64> {
        let text = self.single(name)?;
        let number = whole(&text).filter(|number| *number <= most);
        if number.is_none() {
            self.wrong(name, "range", "Ett helt tal, 0 eller mer.", "A whole number, 0 or more.");
        }
        number
    }

    /// Page, limit and cursor; sets where the query starts.
    pub(super) fn paging(&mut self, fingerprint: Fingerprint) -> (u64, usize, Option<Cursor>) {
        let limit = match self.single("limit") {
            None => DEFAULT_LIMIT,
            Some(text) => match whole(&text).and_then(|limit| usize::try_from(limit).ok()) {
                Some(limit @ 1..=MOST) => limit,
                _ => {
                    self.wrong(
                        "limit",
                        "range",
                        format!("Ett tal från 1 till {MOST}."),
                        format!("A number from 1 to {MOST}."),
                    );
                    DEFAULT_LIMIT
                }
            },
        };
        self.query.limit = limit;
        let page = self.number("page", u64::MAX);
        let Some(text) = self.single("cursor") else {
            let page = page.unwrap_or(1);
            let offset = page.saturating_sub(1).saturating_mul(limit as u64);
            let within = page > 0 && offset < DEEPEST;
            // Outside of what pages reach nothing is shown: the total alone decides what to answer.
            let offset = if within { usize::try_from(offset).unwrap_or(usize::MAX) } else { usize::MAX };
            self.query.start = Start::Offset(offset);
            return (page, limit, None);
        };
        if page.is_some() {
            self.wrong(
                "page",
                "excluded",
                "page och cursor utesluter varandra.",
                "page and cursor exclude each other.",
            );
        }
        match self.context.cursors.map(|cursors| cursors.open(&text, fingerprint)) {
            Some(Ok(cursor)) => {
                self.query.start = Start::After(cursor.position.clone());
                (cursor.before / limit as u64 + 1, limit, Some(cursor))
            }
            Some(Err(Error::Problem { errors, .. })) => {
                self.errors.extend(errors);
                (1, limit, None)
            }
            Some(Err(_)) | None => (1, limit, None),
        }
    }
}
