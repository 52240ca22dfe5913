//! Moments of rows. SQLite keeps them as text, and diesel's way of reading that tries one format after the other: for a
//! record that is looked up by its key it took as long as the look-up.

use super::AnyConnection;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::deserialize::{FromSql, FromSqlRow, Result};
use diesel::pg::Pg;
use diesel::sql_types::{Text, Timestamp};
use diesel::sqlite::Sqlite;

/// A moment in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromSqlRow)]
pub(crate) struct Moment(pub DateTime<Utc>);

impl FromSql<Timestamp, Sqlite> for Moment {
    fn from_sql(value: <Sqlite as diesel::backend::Backend>::RawValue<'_>) -> Result<Self> {
        let text = <String as FromSql<Text, Sqlite>>::from_sql(value)?;
        let moment = match read(text.as_bytes()) {
            Some(moment) => moment,
            None => NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f")?,
        };
        Ok(Moment(moment.and_utc()))
    }
}

impl FromSql<Timestamp, Pg> for Moment {
    fn from_sql(value: <Pg as diesel::backend::Backend>::RawValue<'_>) -> Result<Self> {
        <NaiveDateTime as FromSql<Timestamp, Pg>>::from_sql(value).map(|moment| Moment(moment.and_utc()))
    }
}

type Either = <AnyConnection as diesel::Connection>::Backend;

impl FromSql<Timestamp, Either> for Moment {
    fn from_sql(value: <Either as diesel::backend::Backend>::RawValue<'_>) -> Result<Self> {
        value.from_sql::<Moment, Timestamp>()
    }
}

/// Reads `2026-11-24 09:00:00` with up to nine digits of a second.
fn read(text: &[u8]) -> Option<NaiveDateTime> {
    let number = |from: usize, to: usize| {
        text.get(from..to)?
            .iter()
            .try_fold(0, |sum: u32, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
    };
    let marks = [(4, b'-'), (7, b'-'), (10, b' '), (13, b':'), (16, b':')];
    if marks.iter().any(|(at, mark)| text.get(*at) != Some(mark)) {
        return None;
    }
    let nanos = match text.get(19..)? {
        [] => 0,
        [b'.', rest @ ..] if (1..=9).contains(&rest.len()) => {
            number(20, text.len())? * 10_u32.pow(9 - u32::try_from(rest.len()).ok()?)
        }
        _ => return None,
    };
    let date = NaiveDate::from_ymd_opt(i32::try_from(number(0, 4)?).ok()?, number(5, 7)?, number(8, 10)?)?;
    date.and_hms_nano_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?, nanos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_read_is_what_was_written(seconds in -62_135_596_800_i64..=253_402_300_799, nanos in 0_u32..1_000_000_000) {
            for nanos in [nanos, nanos / 1_000 * 1_000, 0] {
                let moment = DateTime::from_timestamp(seconds, nanos).unwrap().naive_utc();
                let text = moment.format("%F %T%.f").to_string();
                prop_assert_eq!(read(text.as_bytes()), Some(moment), "{}", text);
            }
        }

        #[test]
        fn no_text_breaks_it(text in ".{0,30}") {
            read(text.as_bytes());
        }
    }

    #[test]
    fn what_is_no_such_moment_is_left_to_others() {
        for text in [
            "",
            "2026-11-24",
            "2026-11-24T09:00:00",
            "2026-13-24 09:00:00",
            "2026-11-24 09:00:00.",
            "2026-11-24 09:00:0x",
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }
}
