//! The rules of order, one test each: every figure in `weights` stands in one of them, so that none can be changed by mistake.
//! Whoever comes later by the rule is created first, since the older of two equals leads.

use super::*;

/// Titles in their order.
fn ranked(documents: Vec<Document>, words: &str) -> Vec<String> {
    Registry::of(documents).titles(words)
}

/// How many are found where every word tells as much as another.
fn found_evenly(documents: Vec<Document>, words: &str) -> usize {
    let nothing = Registry::new().index.compute_statistics().expect("computes");
    let registry = Registry::of(documents);
    registry.index.set_statistics(1, &nothing).expect("is set");
    registry.titles(words).len()
}

/// Records of other words, so that those looked for are rare.
fn others(from: u64) -> Vec<Document> {
    (from..from + 40).map(|tie| organisation(tie, &format!("Ovidkommande {tie}"))).collect()
}

fn points(documents: Vec<Document>, words: &str) -> Vec<(String, f64)> {
    let answer = Registry::of(documents).find(&text(words));
    answer.hits.into_iter().map(|hit| (hit.title, f64::from(hit.score))).collect()
}

fn points_of(found: &[(String, f64)], title: &str) -> f64 {
    found.iter().find(|(other, _)| other == title).map(|(_, points)| *points).expect("is found")
}

/// The places where a word can stand, from what counts least to what counts most.
fn in_every_place() -> Vec<Document> {
    let mut related = organisation(2, "Verandan");
    related.related_names.push("Integration".to_owned());
    vec![
        related,
        organisation(3, "Trappan").says("om integration"),
        organisation(5, "Hallen").about("integration"),
        organisation(6, "Integrationsarbetet"),
        organisation(7, "Köket").alias("Integration"),
        organisation(8, "Integration"),
    ]
}

#[test]
fn names_before_other_names_before_parts_before_topics_before_texts_before_related_records() {
    assert_eq!(
        ranked(in_every_place(), "integration"),
        ["Integration", "Köket", "Integrationsarbetet", "Hallen", "Trappan", "Verandan"]
    );
}

#[test]
fn who_has_the_word_in_the_official_name_comes_before_who_has_it_in_another() {
    // Of several words, so that nobody has the whole of a name.
    let documents = vec![organisation(1, "Hallen i byn").alias("Kvinnojour norr"), organisation(2, "Kvinnojour norr")];
    assert_eq!(ranked(documents, "kvinnojour"), ["Kvinnojour norr", "Hallen i byn"]);
}

#[test]
fn what_places_count_stands_in_these_bounds() {
    let found = points(in_every_place(), "integration");
    let of = |title: &str| points_of(&found, title);
    // Shares of a full hit, without the signals of exact and whole names.
    assert!((25.0..=28.0).contains(&of("Verandan")), "{found:?}");
    assert!((33.0..=40.0).contains(&of("Trappan")), "{found:?}");
    assert!((55.0..=65.0).contains(&of("Hallen")), "{found:?}");
    assert!((80.0..=88.0).contains(&of("Integrationsarbetet")), "{found:?}");
    assert!((120.0..=140.0).contains(&of("Köket")), "{found:?}");
    assert!((135.0..=150.0).contains(&of("Integration")), "{found:?}");
}

#[test]
fn a_kind_counts_less_than_a_topic_and_more_than_a_text() {
    let youth = Vocabulary::TargetGroups.terms().iter().find(|term| term.label.texts().any(|(_, l)| l == "Ungdomar"));
    let youth = youth.or(Vocabulary::TargetGroups.terms().first()).expect("a group");
    let word = youth.label.texts().next().expect("a label").1.to_lowercase();
    let mut kind = organisation(2, "Farstun");
    kind.terms.push(youth.number);
    let found = points(vec![organisation(1, "Trappan").says(&word), kind], &word);
    let (text, kind) = (points_of(&found, "Trappan"), points_of(&found, "Farstun"));
    assert!(text < kind && (50.0..=56.0).contains(&kind), "{found:?}");
}

#[test]
fn a_named_area_counts_less_than_everything_said() {
    let found = points(vec![organisation(1, "Trappan").active_in("2580")], "luleå");
    assert!((20.0..=30.0).contains(&(points_of(&found, "Trappan") - 16.0)), "{found:?}");
}

#[test]
fn who_says_it_in_a_text_too_comes_before_who_only_has_the_topic() {
    let found = ranked(
        vec![
            organisation(1, "Ett").about("integration"),
            organisation(2, "Två").about("integration").says("integration"),
        ],
        "integration",
    );
    assert_eq!(found, ["Två", "Ett"]);
    let both = points(
        vec![
            organisation(1, "Ett").says("integration"),
            organisation(2, "Två").about("integration").says("integration"),
        ],
        "integration",
    );
    assert!((66.0..=68.0).contains(&points_of(&both, "Två")), "{both:?}");
}

#[test]
fn who_also_belongs_to_one_of_that_name_comes_first_of_two() {
    let mut both = organisation(2, "Två").says("integration");
    both.related_names.push("Integration".to_owned());
    let found = points(vec![organisation(1, "Ett").says("integration"), both], "integration");
    assert_eq!(found[0].0, "Två");
    assert!((1.5..=3.0).contains(&(found[0].1 - found[1].1)), "{found:?}");
}

#[test]
fn of_two_names_with_the_word_the_shorter_comes_first() {
    let names = [
        "Integration för alla som bor i våra byar",
        "Integration för alla i våra byar",
        "Integration för alla byar",
        "Integration byar",
    ];
    let documents = (1..).zip(names).map(|(tie, name)| organisation(tie, name)).collect();
    let found = points(documents, "integration");
    let titles: Vec<&str> = found.iter().map(|(title, _)| title.as_str()).collect();
    assert_eq!(titles, names.iter().rev().copied().collect::<Vec<_>>());
    for pair in found.windows(2) {
        assert!((1.0..=4.0).contains(&(pair[0].1 - pair[1].1)), "{found:?}");
    }
}

#[test]
fn a_label_counts_more_than_a_synonym_and_a_narrower_topic_less() {
    // Nothing of these words stands in the records: they are found by the numbers of their terms.
    let narrower = || organisation(1, "Smalt").about("fysisk-aktivitet");
    let label = points(vec![narrower()], "folkhälsa");
    let synonym = points(vec![narrower()], "levnadsvanor");
    assert!((36.0..=41.0).contains(&points_of(&label, "Smalt")), "{label:?}");
    assert!((31.0..=36.0).contains(&points_of(&synonym, "Smalt")), "{synonym:?}");
}

#[test]
fn a_narrower_term_that_is_no_topic_counts_less_than_a_narrower_topic() {
    let homeless = Vocabulary::TargetGroups.terms().iter().find(|term| term.label.sv.as_deref() == Some("Hemlösa"));
    let mut kitchen = organisation(1, "Soppköket");
    kitchen.terms.push(homeless.expect("a group").number);
    let found = points(vec![kitchen], "ekonomiskt utsatta");
    assert!((32.0..=35.0).contains(&points_of(&found, "Soppköket")), "{found:?}");
}

#[test]
fn an_abbreviation_comes_after_what_is_typed_and_before_what_is_only_a_part() {
    let found = points(
        vec![organisation(1, "Bodens idrottsförening"), organisation(2, "Bodens IF"), organisation(3, "IF")],
        "idrottsförening",
    );
    let (long, short) = (points_of(&found, "Bodens idrottsförening"), points_of(&found, "Bodens IF"));
    assert!(long > short && (65.0..=75.0).contains(&short), "{found:?}");
}

#[test]
fn a_compound_that_nobody_has_is_found_by_its_parts_with_some_of_its_worth() {
    let found = points(vec![organisation(1, "Kommunens båtplatser").says("kommunens båtar")], "båtplats");
    assert!(!found.is_empty());
    let found = points(vec![organisation(1, "Båten"), organisation(2, "Klubb för båt")], "båtklubb");
    let points = points_of(&found, "Klubb för båt");
    assert!((55.0..=62.0).contains(&points), "{found:?}");
}

#[test]
fn a_beginning_counts_less_than_the_word() {
    let found = points(vec![organisation(1, "Zebrafinken")], "zebraf");
    assert!((75.0..=85.0).contains(&points_of(&found, "Zebrafinken")), "{found:?}");
}

#[test]
fn a_word_of_an_old_system_counts_a_little_less_than_the_exact_one() {
    let found = points(vec![organisation(1, "Ranea bat"), organisation(2, "Råneå båt")], "råneå båt");
    let difference = points_of(&found, "Råneå båt") - points_of(&found, "Ranea bat");
    assert_eq!(found[0].0, "Råneå båt");
    assert!((8.0..=16.0).contains(&difference), "{found:?}");
}

#[test]
fn neighbours_that_are_one_word_find_it_nearly_as_if_it_was_typed() {
    let found = points(vec![organisation(1, "Zumbafabriken Norr")], "zumba fabriken");
    // Each half counts, the whole word in the name adds, and what has every word leads where few have.
    assert!((252.0..=258.0).contains(&points_of(&found, "Zumbafabriken Norr")), "{found:?}");
    let apart = points(vec![organisation(1, "Förening för hembygd")], "hembygds förening");
    assert!((75.0..=85.0).contains(&points_of(&apart, "Förening för hembygd")), "{apart:?}");
}

#[test]
fn the_exact_spelling_in_a_name_comes_before_the_same_letters_before_other_forms() {
    let found = points(
        vec![organisation(1, "Vagarna där"), organisation(2, "Vägen där"), organisation(3, "Vagen där")],
        "vagen",
    );
    let titles: Vec<&str> = found.iter().map(|(title, _)| title.as_str()).collect();
    assert_eq!(titles, ["Vagen där", "Vägen där", "Vagarna där"]);
    assert!((4.0..=6.0).contains(&(found[0].1 - found[1].1)), "{found:?}");
    assert!((5.0..=9.0).contains(&(found[1].1 - found[2].1)), "{found:?}");
}

#[test]
fn a_whole_name_comes_first_of_all_that_have_its_words_and_an_alias_after_it() {
    let found = points(
        vec![
            organisation(1, "Norra bron Norra bron"),
            organisation(2, "Sydbron").alias("Norra bron"),
            organisation(3, "Norra bron"),
        ],
        "norra bron",
    );
    let titles: Vec<&str> = found.iter().map(|(title, _)| title.as_str()).collect();
    assert_eq!(titles, ["Norra bron", "Sydbron", "Norra bron Norra bron"]);
    assert!((25.0..=35.0).contains(&(found[0].1 - found[2].1)), "{found:?}");
    assert!((15.0..=28.0).contains(&(found[1].1 - found[2].1)), "{found:?}");
}

#[test]
fn a_key_comes_before_everything() {
    let mut owner = organisation(9, "Annat");
    owner.keys.push("zebrafinken".to_owned());
    let mut documents = others(100);
    documents.extend([organisation(1, "Zebrafinken").about("integration").says("zebrafinken"), owner]);
    let found = points(documents, "zebrafinken");
    assert_eq!(found[0].0, "Annat");
    assert!(found[0].1 > 3.0 * found[1].1, "{found:?}");
}

#[test]
fn a_place_in_a_name_counts_more_than_lying_there_and_words_that_only_ask_part_equals() {
    let found = points(
        vec![
            organisation(1, "Dansen i byn").active_in("2580"),
            organisation(2, "Dansen i Luleå"),
            organisation(3, "Dansen på torget"),
        ],
        "dans i luleå",
    );
    let titles: Vec<&str> = found.iter().map(|(title, _)| title.as_str()).collect();
    assert_eq!(titles, ["Dansen i Luleå", "Dansen i byn", "Dansen på torget"]);
    let of = |title: &str| points_of(&found, title) - points_of(&found, "Dansen på torget");
    assert!((18.0..=28.0).contains(&of("Dansen i Luleå")) && (15.0..=21.0).contains(&of("Dansen i byn")), "{found:?}");
    let asked = points(vec![organisation(1, "Dansen på torget"), organisation(2, "Dansen i byn")], "dans i");
    assert_eq!(asked[0].0, "Dansen i byn");
    assert!((2.0..=4.0).contains(&(asked[0].1 - asked[1].1)), "{asked:?}");
}

#[test]
fn who_is_active_in_the_place_comes_before_its_county_before_the_country_before_elsewhere() {
    let place = |tie, name: &str, code: &str| organisation(tie, name).active_in(code);
    let documents = vec![
        place(1, "Dans borta", "0180"),
        place(2, "Dans hela", "SE"),
        place(3, "Dans länet", "25"),
        place(4, "Dans här", "2580"),
    ];
    let found = points(documents, "dans luleå");
    let titles: Vec<&str> = found.iter().map(|(title, _)| title.as_str()).collect();
    assert_eq!(titles, ["Dans här", "Dans länet", "Dans hela", "Dans borta"]);
    let steps: Vec<f64> = found.windows(2).map(|pair| pair[0].1 - pair[1].1).collect();
    for (step, expected) in steps.iter().zip([6.0, 6.0, 4.0]) {
        assert!((step - expected).abs() < 1.0, "{found:?}");
    }
    // A topic counts more than where it is.
    let found = ranked(vec![place(1, "Annat", "2580").says("dans"), place(2, "Dansen", "0180")], "dans luleå");
    assert_eq!(found, ["Dansen", "Annat"]);
}

#[test]
fn who_states_the_place_beside_its_county_is_there_too() {
    let both = organisation(2, "Dansen där").active_in("25").active_in("2580");
    assert_eq!(ranked(vec![organisation(1, "Dansen hela").active_in("25"), both], "dans luleå")[0], "Dansen där");
}

#[test]
fn active_comes_before_little_known_before_dormant_before_ended_and_a_better_place_before_all() {
    let resting = |tie, name: &str, rest| Document { rest, ..organisation(tie, name) };
    let found = points(
        vec![
            resting(1, "Dans ett", 3),
            resting(2, "Dans två", 2),
            resting(3, "Dans tre", 1),
            resting(4, "Dans fyra", 0),
            organisation(5, "Annat").about("dans"),
        ],
        "dans",
    );
    let titles: Vec<&str> = found.iter().map(|(title, _)| title.as_str()).collect();
    assert_eq!(titles, ["Dans fyra", "Dans tre", "Dans två", "Dans ett", "Annat"]);
    let steps: Vec<f64> = found.windows(2).map(|pair| pair[0].1 - pair[1].1).collect();
    for (step, expected) in steps.iter().zip([0.6, 2.4, 3.0]) {
        assert!((step - expected).abs() < 0.2, "{found:?}");
    }
}

#[test]
fn a_rarer_word_counts_more_and_every_word_comes_before_some() {
    let mut documents: Vec<Document> = (1..30).map(|tie| organisation(tie, "Vanligt")).collect();
    documents.push(organisation(50, "Zebrafinken"));
    let mut registry = Registry::of(documents);
    let bytes = registry.index.compute_statistics().expect("computes");
    registry.index.set_statistics(1, &bytes).expect("is set");
    assert_eq!(registry.titles("vanligt zebrafinken")[0], "Zebrafinken");
    registry.add(vec![organisation(60, "Något").says("vanligt om zebrafinken")]);
    assert_eq!(registry.titles("vanligt zebrafinken")[0], "Något");
}

#[test]
fn where_enough_have_every_word_others_stay_away() {
    let both = |tie| organisation(tie, "Annat").says("alfa och beta");
    let all = |tie| organisation(tie, "Annat").says("alfa, beta och gamma");
    let one = organisation(99, "Gamma");
    let total = |documents: Vec<Document>, words: &str| ranked(documents, words).len();
    // Two words: two records are enough. Three words: five.
    assert_eq!(total(vec![both(1), one.clone(), organisation(98, "Alfa")], "alfa beta"), 2);
    assert_eq!(total(vec![both(1), both(2), organisation(98, "Alfa")], "alfa beta"), 2);
    assert_eq!(total((1..=4).map(all).chain([one.clone()]).collect(), "alfa beta gamma"), 5);
    assert_eq!(total((1..=5).map(all).chain([one]).collect(), "alfa beta gamma"), 5);
}

#[test]
fn most_of_a_query_is_tried_before_little_of_it() {
    let says = |tie, words: &str| organisation(tie, "Annat").says(words);
    let words = "alfa beta gamma delta epsilon";
    // Four of five words, two, one: more than 60 %, more than 34, no less than 20.
    let mut four: Vec<Document> = (1..=5).map(|tie| says(tie, "alfa beta gamma delta")).collect();
    four.extend([says(6, "gamma delta epsilon"), says(7, "delta epsilon"), says(8, "epsilon")]);
    assert_eq!(found_evenly(four, words), 6);
    let mut two: Vec<Document> = (1..=5).map(|tie| says(tie, "alfa beta")).collect();
    two.extend([says(6, "gamma"), says(7, "delta"), says(8, "epsilon")]);
    assert_eq!(found_evenly(two, words), 5);
    let one = (1..).zip(words.split(' ')).map(|(tie, word)| says(tie, word)).collect();
    assert_eq!(found_evenly(one, words), 5);
    // Three of six words, two, one.
    let few = vec![says(1, "alfa beta gamma"), says(2, "delta epsilon"), says(3, "zeta")];
    assert_eq!(found_evenly(few, "alfa beta gamma delta epsilon zeta"), 2);
}
