use super::*;
use crate::search::query::{Filter, SuggestionKind};

#[test]
fn inflected_forms_and_missing_marks_find_the_record() {
    let registry = Registry::of(vec![organisation(1, "Luleå hembygdsförening"), organisation(2, "Kalix bollklubb")]);
    for query in ["hembygdsföreningar", "hembygdsforening", "lulea hembygdsforening", "förening"] {
        assert_eq!(registry.titles(query), ["Luleå hembygdsförening"], "{query}");
    }
}

#[test]
fn name_comes_before_topic_before_text() {
    let registry = Registry::of(vec![
        organisation(1, "Norrskenet").says("Vi arbetar med integration och mycket annat"),
        organisation(2, "Öppna dörren").about("integration"),
        organisation(3, "Integration Norr"),
        organisation(4, "Något helt annat"),
    ]);
    assert_eq!(registry.titles("integration"), ["Integration Norr", "Öppna dörren", "Norrskenet"]);
}

#[test]
fn the_whole_name_comes_before_longer_names() {
    let registry = Registry::of(vec![
        organisation(1, "Röda Korset Boden ungdom"),
        organisation(2, "Svenska Röda Korset").alias("Röda Korset"),
        organisation(3, "Röda Korsets behandlingscenter för krigsskadade"),
    ]);
    assert_eq!(registry.titles("röda korset").first().map(String::as_str), Some("Svenska Röda Korset"));
    assert_eq!(registry.titles("röda korset").len(), 3);
}

#[test]
fn an_exact_spelling_comes_before_the_same_letters_without_marks() {
    let registry = Registry::of(vec![organisation(1, "Var vag"), organisation(2, "Vår väg")]);
    assert_eq!(registry.titles("vår väg"), ["Vår väg", "Var vag"]);
    assert_eq!(registry.titles("var vag"), ["Var vag", "Vår väg"]);
}

#[test]
fn a_misspelt_word_is_corrected_and_told() {
    let registry = Registry::of(vec![organisation(1, "Svenska Röda Korset"), organisation(2, "Bodens bollklubb")]);
    let answer = registry.find(&text("röda korsett"));
    assert_eq!(answer.hits.len(), 1);
    assert_eq!(answer.did_you_mean.as_deref(), Some("röda korset"));
    assert_eq!(registry.find(&text("röda korset")).did_you_mean, None);
    assert!(registry.titles("2581").is_empty());
}

#[test]
fn words_of_hidden_records_are_never_suggested_as_spellings() {
    let mut hidden = organisation(1, "Hemligheten");
    hidden.audience = Audience::Partners;
    let registry = Registry::of(vec![hidden, organisation(2, "Annat")]);
    let searcher = registry.index.searcher();
    let open = searcher.find(Audience::Public, &text("hemlighetem")).expect("answers");
    assert_eq!((open.total, open.did_you_mean), (0, None));
    let partners = searcher.find(Audience::Partners, &text("hemlighetem")).expect("answers");
    assert_eq!((partners.total, partners.did_you_mean.as_deref()), (1, Some("hemligheten")));
    for prefix in ["h", "heml", "hemligheten"] {
        let found = searcher.suggest(Audience::Public, prefix, &[], TextLanguage::Sv, 10).expect("suggests");
        assert!(found.is_empty(), "{found:?}");
        assert!(registry.titles(prefix).is_empty());
    }
}

#[test]
fn the_beginning_of_a_word_finds_names_while_typing() {
    let registry = Registry::of(vec![organisation(1, "Kalix hembygdsförening"), organisation(2, "Kalix bollklubb")]);
    assert_eq!(registry.titles("hemb"), ["Kalix hembygdsförening"]);
    assert_eq!(registry.titles("kalix bollk"), ["Kalix bollklubb"]);
}

#[test]
fn places_prefer_but_never_exclude() {
    let registry = Registry::of(vec![
        organisation(1, "Kvinnojourer i länet").active_in("25"),
        organisation(2, "Kvinnojouren Iris").active_in("2580"),
        organisation(3, "Kvinnojouren Lea").active_in("2514"),
        organisation(4, "Kvinnojouren Riks").active_in("SE"),
        organisation(5, "Luleå bollklubb").active_in("2580"),
    ]);
    assert_eq!(
        registry.titles("kvinnojour luleå"),
        ["Kvinnojouren Iris", "Kvinnojourer i länet", "Kvinnojouren Riks", "Kvinnojouren Lea"]
    );
}

#[test]
fn a_place_alone_finds_what_names_it_and_what_covers_it() {
    let registry = Registry::of(vec![
        organisation(1, "Luleå bollklubb").active_in("2580"),
        organisation(2, "Länets råd").active_in("25"),
        organisation(3, "Kalix bollklubb").active_in("2514"),
        organisation(4, "Aktiva").active_in("2580"),
    ]);
    assert_eq!(registry.titles("luleå"), ["Luleå bollklubb", "Aktiva", "Länets råd"]);
}

#[test]
fn active_comes_before_dormant() {
    let mut dormant = organisation(1, "Kalix bollklubb");
    dormant.rest = 2;
    let registry = Registry::of(vec![dormant, organisation(2, "Boden bollklubb")]);
    assert_eq!(registry.titles("bollklubb"), ["Boden bollklubb", "Kalix bollklubb"]);
}

#[test]
fn a_number_finds_its_record_first() {
    let mut owner = organisation(1, "Svenska Röda Korset");
    owner.keys.extend(["SE-ON:802405-3442".to_owned(), "802405-3442".to_owned()]);
    let registry = Registry::of(vec![organisation(2, "Om 802405-3442").says("8024053442"), owner]);
    for query in ["802405-3442", "8024053442", "se-on:802405-3442"] {
        let answer = registry.find(&text(query));
        assert_eq!(answer.hits[0].title, "Svenska Röda Korset", "{query}");
        assert_eq!(answer.hits[0].matched_on.first(), Some(&"key"));
    }
    assert!(registry.titles("802405-3443").is_empty());
}

#[test]
fn a_question_finds_what_has_most_of_its_words() {
    let registry = Registry::of(vec![
        organisation(1, "Ledningsgruppen").says("träffas två gånger om året"),
        organisation(2, "Bollklubben").says("tränar varje vecka"),
    ]);
    assert_eq!(registry.titles("brukar ledningsgruppen träffas digitalt"), ["Ledningsgruppen"]);
}

#[test]
fn a_word_that_lacks_its_space_is_taken_apart() {
    let registry = Registry::of(vec![organisation(1, "Svenska Röda Korset"), organisation(2, "Röda stugan")]);
    let answer = registry.find(&text("rödakorset"));
    assert_eq!(answer.did_you_mean.as_deref(), Some("röda korset"));
    assert_eq!(answer.hits[0].title, "Svenska Röda Korset");
}

#[test]
fn what_has_every_word_comes_before_what_has_some() {
    let registry = Registry::of(vec![
        organisation(1, "Zebrafinken"),
        organisation(2, "Något").says("zebrafinken och fjällvandraren"),
        organisation(3, "Fjällvandraren"),
    ]);
    assert_eq!(registry.titles("zebrafinken fjällvandraren").first().map(String::as_str), Some("Något"));
    let query = Query { explain: true, ..text("zebrafinken fjällvandraren") };
    for hit in registry.find(&query).hits {
        let explanation = hit.explanation.expect("explained");
        let parts = explanation["parts"].as_array().expect("parts");
        let sum: f64 = parts.iter().filter_map(|part| part["value"].as_f64()).sum();
        assert!((sum - f64::from(hit.score)).abs() < 0.01, "{explanation}");
    }
}

#[test]
fn a_hit_says_where_it_matched_and_why() {
    let registry = Registry::of(vec![
        organisation(1, "Integration & <Norr>").alias("Bron").says("Om bron & <tåg>").about("integration"),
        organisation(2, "Norrskenet").alias("Bron"),
    ]);
    let query = Query { explain: true, highlight: true, ..text("bron") };
    let answer = registry.find(&query);
    let hit = answer.hits.iter().find(|hit| hit.id == Uuid::from_u128(1)).expect("is found");
    assert_eq!(hit.matched_on, ["alias", "text"]);
    assert!(hit.highlights.contains(&("names", "<em>Bron</em>".to_owned())), "{:?}", hit.highlights);
    assert!(hit.highlights.contains(&("description", "Om <em>bron</em> &amp; &lt;tåg&gt;".to_owned())));
    for hit in &answer.hits {
        let explanation = hit.explanation.as_ref().expect("explained");
        let parts = explanation["parts"].as_array().expect("parts");
        let sum: f64 = parts.iter().filter_map(|part| part["value"].as_f64()).sum();
        assert!((sum - f64::from(hit.score)).abs() < 0.01, "{explanation}");
        assert!(hit.score > 0.0);
    }
}

#[test]
fn filters_hold_and_memberships_have_to_be_asked_for() {
    let registry = Registry::of(vec![
        organisation(1, "Ett").marked("level", "local"),
        organisation(2, "Två").marked("level", "regional"),
        organisation(3, "Tre").marked("level", "local").marked("sector", "public"),
        organisation(4, "Fyra").kind(Kind::Membership).marked("level", "local"),
    ]);
    let filter = |any: &[&str]| Filter { name: "level", any: any.iter().map(|value| (*value).to_owned()).collect() };
    let total = |filters: Vec<Filter>, kinds: Vec<Kind>| {
        registry.find(&Query { filters, kinds, limit: 10, ..Query::default() }).total
    };
    assert_eq!(total(vec![filter(&["local"])], vec![]), 2);
    assert_eq!(total(vec![filter(&["local", "regional"])], vec![]), 3);
    assert_eq!(total(vec![filter(&["local"]), Filter { name: "sector", any: vec!["public".to_owned()] }], vec![]), 1);
    assert_eq!(total(vec![filter(&["local"])], vec![Kind::Membership]), 1);
    assert_eq!(total(vec![filter(&["unknown"])], vec![]), 0);
    let ids = vec![Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(99)];
    assert_eq!(registry.find(&Query { ids, limit: 10, ..Query::default() }).total, 2);
}

#[test]
fn distance_and_box_and_time_restrict() {
    let place = |tie, name: &str, at| Document { location: Some(at), ..organisation(tie, name) };
    let registry = Registry::of(vec![
        place(1, "Luleå", (65.58, 22.15)),
        place(2, "Piteå", (65.32, 21.48)),
        place(3, "Malmö", (55.6, 13.0)),
        organisation(4, "Ingenstans"),
        Document { span: Some((10, 20)), ..organisation(5, "Möte").kind(Kind::Meeting) },
    ]);
    let near = |radius_km| Some(crate::search::query::Near { lat: 65.58, lon: 22.15, radius_km });
    let titles = |query: Query| -> Vec<String> {
        registry.find(&Query { limit: 10, ..query }).hits.into_iter().map(|hit| hit.title).collect()
    };
    let by_distance =
        vec![crate::search::query::Sort { by: crate::search::query::SortBy::Distance, descending: false }];
    assert_eq!(
        titles(Query { near: near(None), sort: by_distance.clone(), ..Query::default() }),
        ["Luleå", "Piteå", "Malmö", "Ingenstans", "Möte"]
    );
    assert_eq!(titles(Query { near: near(Some(100.0)), sort: by_distance, ..Query::default() }), ["Luleå", "Piteå"]);
    assert_eq!(titles(Query { bbox: Some([12.0, 55.0, 14.0, 56.0]), ..Query::default() }), ["Malmö"]);
    assert_eq!(titles(Query { between: (Some(20), Some(11)), ..Query::default() }), ["Möte"]);
    assert!(titles(Query { between: (Some(21), None), ..Query::default() }).is_empty());
    assert!(titles(Query { between: (None, Some(10)), ..Query::default() }).is_empty());
    assert_eq!(titles(Query { updated_after: Some(4_000_000), ..Query::default() }), ["Möte"]);
}

#[test]
fn suggestions_begin_with_names_and_name_topics() {
    let registry = Registry::of(vec![
        organisation(1, "Integration Norr"),
        organisation(2, "Föreningen Integration"),
        organisation(3, "Öppna dörren").about("integration").alias("Interna bron"),
    ]);
    let suggest = |text: &str| {
        registry.index.searcher().suggest(Audience::Public, text, &[], TextLanguage::Sv, 10).expect("suggests")
    };
    let titles = |text: &str| suggest(text).into_iter().map(|one| one.title).collect::<Vec<_>>();
    assert_eq!(titles("int"), ["Integration Norr", "Öppna dörren", "Integration", "Föreningen Integration"]);
    assert_eq!(suggest("int")[1].matched.as_deref(), Some("Interna bron"));
    assert!(matches!(suggest("int")[2].kind, SuggestionKind::Topic(_)));
    assert_eq!(titles("i").len(), 4);
    assert_eq!(titles("norr integ"), ["Integration Norr"]);
    assert!(titles("integrationen").is_empty());
    assert!(titles("  ").is_empty());
}

#[test]
fn no_text_can_do_harm() {
    let registry = Registry::of(vec![organisation(1, "Luleå hembygdsförening"), organisation(2, "Kalix bollklubb")]);
    let long = "förening luleå ".repeat(1_000);
    let one = "å".repeat(10_000);
    let odd =
        ["", " ", "\u{1}", "\u{2}12", "\u{3}luleå", "\u{4}l", "???", "\0", "å\u{308}\u{308}", "#", "=", &long, &one];
    for text in odd {
        for limit in [0, 1, usize::MAX] {
            let query =
                Query { text: Some(text.to_owned()), limit, highlight: true, explain: true, ..Query::default() };
            let query = Query { start: crate::search::query::Start::Offset(usize::MAX), ..query };
            registry.find(&query);
            let _ = registry.index.searcher().suggest(Audience::Public, text, &[], TextLanguage::Se, limit);
        }
    }
}

#[test]
fn just_as_much_of_the_meaning_as_is_needed_is_enough() {
    // Five words that tell as much: three of them are six tenths.
    let name = |tie| if tie <= 5 { "Alfa Beta Gamma" } else { "Delta Epsilon" };
    let registry = Registry::of((1..=10).map(|tie| organisation(tie, name(tie))).collect());
    assert_eq!(registry.find(&text("alfa beta gamma delta epsilon")).total, 5);
}

#[test]
fn what_lacks_a_word_does_not_have_them_all_where_its_segment_lacks_it_too() {
    let mut registry = Registry::of(vec![organisation(1, "Alfa Beta")]);
    registry.add(vec![organisation(2, "Gamma")]);
    assert_eq!(registry.index.searcher().segments(), 2);
    let answer = registry.find(&Query { explain: true, ..text("alfa beta gamma") });
    let hit = &answer.hits[0];
    assert_eq!(hit.title, "Alfa Beta");
    assert!(hit.score < 100.0, "{:?}", hit.explanation);
}

#[test]
fn a_record_found_by_its_key_alone_counts_no_word_that_it_has() {
    let mut owner = organisation(1, "Ägaren").says("Blå");
    owner.keys.push("802405-3442".to_owned());
    let other = |tie| organisation(tie, "Annan").says("Nummer 802405 3442");
    let registry = Registry::of(vec![owner, other(2), other(3)]);
    let answer = registry.find(&Query { explain: true, ..text("blå 802405-3442") });
    assert_eq!((answer.total, answer.hits[0].title.as_str(), answer.hits[0].score), (1, "Ägaren", 600.0));
    let explanation = answer.hits[0].explanation.as_ref().expect("an explanation");
    assert_eq!(explanation["parts"].as_array().map(Vec::len), Some(1), "{explanation}");
}

#[test]
fn a_correction_keeps_the_first_letter_where_it_can() {
    let registry =
        Registry::of(["Bosk", "Bosk", "Mosa"].iter().zip(1..).map(|(name, tie)| organisation(tie, name)).collect());
    assert_eq!(registry.find(&text("mosk")).did_you_mean.as_deref(), Some("mosa"));
    assert_eq!(registry.find(&text("losk")).did_you_mean.as_deref(), Some("bosk"));
}

#[test]
fn words_that_only_their_parts_are_known_of_stay_when_others_are_corrected() {
    let registry = Registry::of(vec![
        organisation(1, "Kultur och jour i Kalix"),
        organisation(2, "Kalix bollklubb"),
        organisation(3, "Integration i Boden"),
        organisation(4, "Öppna huset"),
    ]);
    let answer = registry.find(&text("kulturjour kalxi"));
    assert_eq!(answer.did_you_mean.as_deref(), Some("kulturjour kalix"));
    assert_eq!(answer.hits.iter().map(|hit| &*hit.title).collect::<Vec<_>>(), ["Kultur och jour i Kalix"]);
    // What is asked as it was corrected finds the same.
    assert_eq!(registry.titles("kulturjour kalix"), registry.titles("kulturjour kalxi"));
}

#[test]
fn one_correction_that_is_kept_is_not_taken_for_all() {
    let registry = Registry::of(vec![organisation(1, "Kvinnojour"), organisation(2, "Kvinajour")]);
    let view = registry.index.searcher().view;
    let typed = crate::search::text::words("kvinojour");
    let corrected = |wanted: usize| {
        let found = crate::search::correct::candidates(&view, Audience::Public, &typed[0], wanted).expect("corrects");
        found.iter().map(|(word, _)| word.clone()).collect::<Vec<_>>()
    };
    let first = corrected(1);
    assert_eq!(first.len(), 1);
    assert!(corrected(3).len() > 1, "{:?}", corrected(3));
    assert_eq!(corrected(1), first);
}
