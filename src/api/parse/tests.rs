use super::*;
use crate::api::cursor::Direction;
use crate::api::tables::{self, MEETINGS, ORGANISATIONS, SEARCH};
use crate::error::Place;
use crate::search::query::Position;
use crate::search::query::{Sort, SortBy, Start};
use crate::vocabulary::Vocabulary;
use proptest::prelude::*;

struct Known;

impl Resolve for Known {
    fn resolve(&self, _kinds: &[Kind], text: &str) -> Result<Option<Uuid>> {
        Ok(match parse_path_id(text)? {
            PathId::Uuid(id) => Some(id),
            PathId::Identifier { value, .. } if value == "org-samforma" => Some(Uuid::from_u128(1)),
            PathId::Identifier { value, .. } if value == "802412-3450" => Some(Uuid::from_u128(2)),
            PathId::Identifier { .. } => None,
        })
    }
}

fn read(table: &'static Table, query: &str) -> Result<ListRequest> {
    let key = CursorKey::new(b"test").unwrap();
    let context = Context { resolve: &Known, language: Language::Sv, cursors: Some(&key), scope: "" };
    parse(table, &Params::parse(query).unwrap(), &context)
}

fn wrong(table: &'static Table, query: &str) -> Vec<(String, &'static str)> {
    let Err(Error::Problem { errors, .. }) = read(table, query) else { panic!("{query} was taken") };
    let named = |error: FieldError| match error.place {
        Place::Parameter(name) => (name, error.code),
        other => panic!("{other:?}"),
    };
    errors.into_iter().map(named).collect()
}

fn filter<'a>(request: &'a ListRequest, name: &str) -> Vec<&'a [String]> {
    request.query.filters.iter().filter(|filter| filter.name == name).map(|filter| filter.any.as_slice()).collect()
}

#[test]
fn a_plain_list_shows_the_first_page_of_what_is_alive() {
    let request = read(&ORGANISATIONS, "").unwrap();
    assert_eq!((request.page, request.limit), (1, 20));
    assert_eq!(request.query.kinds, [Kind::Organisation]);
    assert_eq!(filter(&request, "status"), [["active", "dormant"]]);
    assert_eq!(request.query.start, Start::Offset(0));
    assert!(filter(&read(&ORGANISATIONS, "status=any").unwrap(), "status").is_empty());
    assert!(filter(&read(&MEETINGS, "").unwrap(), "status").is_empty());
}

#[test]
fn commas_are_alternatives_and_repetition_is_and() {
    let request = read(&ORGANISATIONS, "topic=integration,asyl-migration&topic=folkhalsa").unwrap();
    assert_eq!(filter(&request, "topic").len(), 2);
    assert_eq!(filter(&request, "topic")[0], ["integration", "asyl-migration"]);
}

#[test]
fn everything_wrong_is_told_at_once() {
    let told = wrong(
        &ORGANISATIONS,
        "topc=x&sector=publik&limit=0&page=-1&sort=nam&fields=nams&near=1&bbox=1,2&facets=x&topic=&q=a&q=b",
    );
    let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
    for name in ["topc", "sector", "limit", "page", "sort", "fields", "near", "bbox", "facets", "topic", "q"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
}

#[test]
fn an_unknown_value_comes_with_the_one_that_was_meant() {
    let Err(Error::Problem { errors, .. }) = read(&ORGANISATIONS, "topic=Folkh%C3%A4lsa") else { panic!() };
    assert!(errors[0].detail.en.contains("folkhalsa"), "{}", errors[0].detail.en);
    assert_eq!(errors[0].code, "unknown-value");
}

#[test]
fn a_municipality_is_named_by_code_or_name() {
    let by_code = read(&ORGANISATIONS, "municipality=2584").unwrap();
    let by_name = read(&ORGANISATIONS, "municipality=giron").unwrap();
    assert_eq!(by_code.query.areas, by_name.query.areas);
    assert_eq!(by_code.query.areas.len(), 1);
    let two = read(&ORGANISATIONS, "municipality=2584,Boden&municipality=25").unwrap();
    assert_eq!(two.query.areas.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(wrong(&ORGANISATIONS, "municipality=Atlantis"), [("municipality".to_owned(), "unknown-value")]);
}

#[test]
fn a_county_as_seat_means_its_municipalities() {
    let request = read(&ORGANISATIONS, "seatMunicipality=25").unwrap();
    assert_eq!(filter(&request, "seatMunicipality")[0].len(), 14);
}

#[test]
fn references_are_named_in_every_way() {
    let id = Uuid::from_u128(1).to_string();
    for text in ["demo:org-samforma", id.as_str()] {
        let request = read(&ORGANISATIONS, &format!("memberOf={text}")).unwrap();
        assert_eq!(filter(&request, "memberOf"), [std::slice::from_ref(&id)]);
    }
    let request = read(&ORGANISATIONS, "parent=SE-ON-802412-3450").unwrap();
    assert_eq!(filter(&request, "parent"), [[Uuid::from_u128(2).to_string()]]);
    assert_eq!(wrong(&ORGANISATIONS, "memberOf=demo:nobody,zz"), vec![("memberOf".to_owned(), "unknown-value"); 2]);
}

#[test]
fn a_personal_number_in_a_filter_is_never_echoed() {
    for query in ["memberOf=811218-9876", "id=19811218-9876", "topic=811218-9876", "municipality=8112189876"] {
        let error = read(&ORGANISATIONS, query).unwrap_err();
        assert!(!format!("{error:?}").contains("9876"), "{error:?}");
    }
}

#[test]
fn ids_are_taken_as_they_are_and_identifiers_looked_up() {
    let unknown = Uuid::from_u128(99);
    let request = read(&ORGANISATIONS, &format!("id={unknown},demo:org-samforma")).unwrap();
    assert_eq!(request.query.ids, [unknown, Uuid::from_u128(1)]);
    assert_eq!(read(&ORGANISATIONS, &format!("id={unknown}&id=demo:org-samforma")).unwrap().query.ids, [Uuid::nil()]);
    let many = vec![unknown.to_string(); 101].join(",");
    assert_eq!(wrong(&ORGANISATIONS, &format!("id={many}")), [("id".to_owned(), "too-many")]);
}

#[test]
fn search_asks_by_type() {
    assert!(read(&SEARCH, "").unwrap().query.kinds.is_empty());
    assert_eq!(read(&SEARCH, "type=forum,network").unwrap().query.kinds, [Kind::Forum, Kind::Network]);
    assert_eq!(read(&SEARCH, "type=forum&type=network").unwrap().query.ids, [Uuid::nil()]);
    assert_eq!(wrong(&SEARCH, "type=forums"), [("type".to_owned(), "unknown-value")]);
}

#[test]
fn the_order_is_read() {
    let request = read(&SEARCH, "q=x&near=65.5,22.1&sort=distance,-updatedAt").unwrap();
    assert_eq!(
        request.query.sort,
        [Sort { by: SortBy::Distance, descending: false }, Sort { by: SortBy::UpdatedAt, descending: true }]
    );
    assert!(read(&SEARCH, "sort=relevance").unwrap().query.sort.is_empty());
    assert_eq!(wrong(&SEARCH, "sort=distance"), [("sort".to_owned(), "needs-near")]);
    assert_eq!(wrong(&ORGANISATIONS, "sort=start"), [("sort".to_owned(), "unknown-value")]);
}

#[test]
fn places_have_bounds() {
    let request = read(&SEARCH, "near=65.5,22.1&radiusKm=10&bbox=20,60,25,70").unwrap();
    assert_eq!(request.query.near.unwrap().radius_km, Some(10.0));
    assert_eq!(request.query.bbox, Some([20.0, 60.0, 25.0, 70.0]));
    for query in [
        "near=91,0",
        "near=NaN,1",
        "near=inf,1",
        "radiusKm=5",
        "near=1,1&radiusKm=-1",
        "bbox=25,60,20,70",
        "bbox=1,2,3",
    ] {
        assert!(read(&SEARCH, query).is_err(), "{query}");
    }
}

#[test]
fn meetings_lie_between_moments() {
    let request = read(&MEETINGS, "from=2026-01-01&to=2026-12-31").unwrap();
    let (Some(from), Some(to)) = request.query.between else { panic!() };
    assert_eq!((to - from) / 86_400_000_000, 365);
    assert_eq!(wrong(&ORGANISATIONS, "from=2026-01-01"), [("from".to_owned(), "unknown-parameter")]);
}

#[test]
fn pages_reach_record_ten_thousand() {
    let deep = read(&ORGANISATIONS, "page=501").unwrap();
    assert_eq!(deep.query.start, Start::Offset(usize::MAX));
    assert_eq!(deep.check_depth(20_000).unwrap_err().code(), Code::PageTooDeep);
    assert!(deep.check_depth(10_000).is_ok());
    assert!(read(&ORGANISATIONS, "page=334&limit=30").unwrap().check_depth(9_995).is_ok());
    assert!(read(&ORGANISATIONS, "page=334&limit=30").unwrap().check_depth(10_001).is_err());
    assert!(read(&ORGANISATIONS, "page=500").unwrap().check_depth(20_000).is_ok());
    assert!(read(&ORGANISATIONS, "page=99999999999999999999999&limit=100").unwrap().check_depth(20_000).is_ok());
    let zero = read(&ORGANISATIONS, "page=0").unwrap();
    assert_eq!(zero.query.start, Start::Offset(usize::MAX));
    assert!(zero.check_depth(20_000).is_ok());
}

#[test]
fn a_cursor_belongs_to_its_query_and_excludes_a_page() {
    let key = CursorKey::new(b"test").unwrap();
    let first = read(&ORGANISATIONS, "topic=folkhalsa&limit=10").unwrap();
    let cursor = Cursor { position: Position { key: vec![7], tie: 9 }, direction: Direction::Forward, before: 20 };
    let text = key.seal(&cursor, first.fingerprint);
    let next = read(&ORGANISATIONS, &format!("topic=folkhalsa&limit=10&fields=names&cursor={text}")).unwrap();
    assert_eq!(next.query.start, Start::After(cursor.position));
    assert_eq!((next.page, next.before()), (3, 20));
    assert_eq!(wrong(&ORGANISATIONS, &format!("topic=integration&cursor={text}")), [("cursor".to_owned(), "cursor")]);
    assert_eq!(
        wrong(&ORGANISATIONS, &format!("topic=folkhalsa&page=2&cursor={text}")),
        [("page".to_owned(), "excluded")]
    );
    assert_eq!(wrong(&ORGANISATIONS, "cursor=abc"), [("cursor".to_owned(), "cursor")]);
}

#[test]
fn fields_facets_and_includes_are_the_tables() {
    let request =
        read(&ORGANISATIONS, "fields=id,names,names&facets=topic,municipality&include=contactPoints").unwrap();
    assert_eq!(request.fields, ["id", "names"]);
    assert_eq!(request.query.facets, ["topic", "municipality"]);
    assert_eq!(request.include[0].name, "contactPoints");
    assert!(read(&SEARCH, "fields=ownerId,title&highlight=true&explain=true").unwrap().query.highlight);
    assert_eq!(wrong(&SEARCH, "highlight=1"), [("highlight".to_owned(), "format")]);
    assert_eq!(wrong(&ORGANISATIONS, "highlight=true"), [("highlight".to_owned(), "unknown-parameter")]);
}

#[test]
fn every_example_of_every_table_is_taken() {
    for table in tables::ALL {
        for row in table.rows.iter().filter(|row| !row.parameter.is_empty()) {
            let value = if matches!(row.value, Type::Reference(_)) { "demo:org-samforma" } else { row.example };
            let query = format!("{}={value}", row.parameter);
            assert!(read(table, &query).is_ok(), "{}?{query}: {:?}", table.name, read(table, &query).err());
        }
        for facet in table.facets() {
            assert!(read(table, &format!("facets={facet}")).is_ok());
        }
    }
    assert!(Vocabulary::Topics.contains("integration"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_value_breaks_any_parameter(value in ".{0,40}", number: usize) {
        let table = tables::ALL[number % tables::ALL.len()];
        let names: Vec<&str> = table.parameters().collect();
        let name = names[number % names.len()];
        let mut query = format!("{name}=");
        crate::api::parameters::encode_into(&mut query, &value);
        if let Ok(params) = Params::parse(&query) {
            let key = CursorKey::new(b"test").unwrap();
            let context = Context { resolve: &Known, language: Language::En, cursors: Some(&key), scope: "" };
            let _ = parse(table, &params, &context);
        }
    }
}
