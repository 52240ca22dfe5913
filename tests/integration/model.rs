//! The model test: random calls to the registry and to a plain model of it, and the two say the same everywhere: reads by
//! id, history, lists, export and feed. And many callers at once, with copies that follow meanwhile.

mod copy;
mod registry;

use crate::harness::{Answer, TestApp, organisation};
use copy::{Copy, State, assert_same};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use registry::{Call, Found, Registry, SCHEME, Who, email_of, name_of, text};
use samverkan::auth::actor::Role;
use samverkan::resources::Kind;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use uuid::Uuid;

const KINDS: [Kind; 3] = [Kind::Organisation, Kind::ContactPoint, Kind::Membership];
/// So many random registries are compared.
const CASES: u32 = 10;
/// After so many calls everything is compared.
const OFTEN: usize = 20;

/// Four numbers that make a call, whatever the registry holds.
type Dice = (u8, u8, u8, u8);

/// Which records there are to call about.
trait Known {
    /// A record of a kind, now and then one that is no more.
    fn pick(&self, kind: Kind, number: u8) -> Option<Uuid>;
    /// The version that a caller thinks it has.
    fn version(&self, id: Uuid) -> i64;
}

impl Known for Registry {
    fn pick(&self, kind: Kind, number: u8) -> Option<Uuid> {
        let live: Vec<Uuid> = self.live.iter().filter(|(_, record)| record.kind == kind).map(|(id, _)| *id).collect();
        let gone: Vec<Uuid> = self.departed.iter().filter(|(_, was)| was.0 == kind).map(|(id, _)| *id).collect();
        let from = if number % 16 == 15 && !gone.is_empty() { gone } else { live };
        (!from.is_empty()).then(|| from[usize::from(number) % from.len()])
    }

    fn version(&self, id: Uuid) -> i64 {
        Registry::version(self, id)
    }
}

/// The call that dice make; none where there is nothing to call about yet.
fn call(known: &impl Known, (what, one, two, three): Dice) -> Option<Call> {
    let organisations = |number| known.pick(Kind::Organisation, number);
    // One caller in sixteen holds an old version.
    let held = |id: Uuid| known.version(id) - i64::from(three % 16 == 15);
    let topic = ["folkhalsa", "integration"][usize::from(three) % 2];
    let visibility = ["public", "partners", "protected"][usize::from(three) % 3];
    Some(match what % 35 {
        0..=3 => {
            let mut body = organisation(&format!("Förening {one}"));
            if let Some(parent) = organisations(two).filter(|_| three % 3 == 0) {
                body["parentId"] = text(parent);
            }
            Call::Create(Kind::Organisation, body)
        }
        4..=5 => Call::Put((one % 6).to_string(), organisation(&format!("Nyckel {}", two % 8))),
        6..=7 => {
            let id = organisations(one)?;
            let patch = match two % 4 {
                0 => json!({"website": null}),
                1 => json!({"topics": [topic]}),
                _ => json!({"website": format!("https://f{three}.example.org")}),
            };
            Call::Patch(Kind::Organisation, id, held(id), patch)
        }
        // A rename shows in the documents of all that lies below and belongs.
        8..=9 => {
            let id = organisations(one)?;
            Call::Patch(Kind::Organisation, id, held(id), json!({"names": organisation(&format!("Ny {two}"))["names"]}))
        }
        10..=11 => {
            let id = organisations(one)?;
            let above = organisations(two).filter(|_| three % 5 != 0).map_or(Value::Null, text);
            Call::Patch(Kind::Organisation, id, held(id), json!({"parentId": above}))
        }
        12..=14 => {
            let id = organisations(one)?;
            Call::Delete(Kind::Organisation, id, held(id))
        }
        15..=16 => Call::Merge(organisations(one)?, organisations(two)?),
        17..=19 => {
            let mut body = json!({"ownerId": text(organisations(one)?), "ownerType": "organisation",
                "function": {"sv": format!("Växel {two}")}, "visibility": visibility});
            if two % 2 == 0 {
                body["person"] = person(three);
            }
            if two % 3 != 0 {
                body["channels"] = json!([{"kind": "email", "value": email_of(three)}]);
            }
            Call::Create(Kind::ContactPoint, body)
        }
        20..=23 => {
            let id = known.pick(Kind::ContactPoint, one)?;
            let patch = match two % 6 {
                0 => json!({"function": {"sv": format!("Kansli {three}")}}),
                4 => json!({"person": person(three)}),
                5 => {
                    json!({"channels": [{"kind": "email", "value": email_of(three)}, {"kind": "web", "value": "https://x.example.org/"}]})
                }
                1 => json!({"ownerId": text(organisations(three)?)}),
                _ => json!({"visibility": visibility}),
            };
            Call::Patch(Kind::ContactPoint, id, held(id), patch)
        }
        24 => {
            let id = known.pick(Kind::ContactPoint, one)?;
            Call::Delete(Kind::ContactPoint, id, held(id))
        }
        25..=28 => {
            let mut body = json!({"memberId": text(organisations(one)?), "inId": text(organisations(two)?),
                "inType": "organisation"});
            if let Some(point) = known.pick(Kind::ContactPoint, three).filter(|_| three % 2 == 0) {
                body["contactPointId"] = text(point);
            }
            Call::Create(Kind::Membership, body)
        }
        29..=30 => {
            let id = known.pick(Kind::Membership, one)?;
            let patch = match two % 3 {
                0 => json!({"role": "chair"}),
                1 => json!({"contactPointId": known.pick(Kind::ContactPoint, three).map_or(Value::Null, text)}),
                _ => json!({"contactPointId": null}),
            };
            Call::Patch(Kind::Membership, id, held(id), patch)
        }
        31 => {
            let id = known.pick(Kind::Membership, one)?;
            Call::Delete(Kind::Membership, id, held(id))
        }
        _ => Call::Erase(one % 4),
    })
}

/// One of a few persons, as a contact point names them.
fn person(number: u8) -> Value {
    json!({"name": name_of(number), "basis": "consent", "purpose": "Svarar", "recordedAt": "2026-11-01", "expiresAt": "2028-11-01"})
}

fn path(kind: Kind, id: Uuid) -> String {
    format!("/api/v1/{}/{id}", kind.plural())
}

/// Makes a call as a steward who sees what is protected.
fn send(app: &TestApp, token: &str, call: &Call) -> Answer {
    let request = |method: &str, path: &str| app.anyone(method, path).token(token);
    match call {
        Call::Create(kind, body) => request("POST", &format!("/api/v1/{}", kind.plural())).json(body),
        Call::Put(key, body) => request("PUT", &format!("/api/v1/organisations/{SCHEME}:{key}")).json(body),
        Call::Patch(kind, id, version, patch) => request("PATCH", &path(*kind, *id)).patch(&json!(version), patch),
        Call::Delete(kind, id, version) => {
            request("DELETE", &path(*kind, *id)).header("if-match", &format!("\"{version}\""))
        }
        Call::Merge(survivor, absorbed) => request("POST", &format!("{}/merges", path(Kind::Organisation, *survivor)))
            .json(&json!({"absorbedId": text(*absorbed), "reason": "samma"})),
        Call::Erase(person) => request("POST", "/api/v1/person-erasures")
            .json(&json!({"names": [name_of(*person)], "emails": [email_of(*person)]})),
    }
    .send()
}

/// Asserts that an answer is a record's canonical JSON, byte for byte, and its links.
#[track_caller]
fn assert_record(what: &str, answer: &str, canonical: &str) {
    let rest = answer.strip_prefix(canonical.strip_suffix('}').unwrap());
    assert!(rest.is_some_and(|rest| rest.starts_with(",\"_links\":")), "{what}\nis   {answer}\nmust {canonical}");
}

fn get(app: &TestApp, token: Option<&str>, path: &str) -> Answer {
    let request = app.anyone("GET", path);
    match token {
        Some(token) => request.token(token).send(),
        None => request.send(),
    }
}

/// Compares lists with what there is, page by page, as soon as they have the last change.
fn compare_lists(app: &TestApp, token: Option<&str>, truth: &State, sequence: i64) {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        items: Vec<&'a RawValue>,
        _meta: Value,
        _links: Value,
    }
    for kind in KINDS {
        let expected: BTreeMap<Uuid, &String> =
            truth.iter().filter(|(_, (name, _))| name == kind.name()).map(|(id, (_, json))| (*id, json)).collect();
        let mut listed = BTreeSet::new();
        let mut next = Some(format!("/api/v1/{}?limit=7&minChange={sequence}", kind.plural()));
        while let Some(path) = next {
            let answer = get(app, token, &path);
            assert_eq!(answer.status, 200, "{}", answer.text());
            let page: Page<'_> = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(page._meta["totalRecords"], expected.len(), "{path}");
            for item in page.items {
                let id = serde_json::from_str::<Value>(item.get()).unwrap()["id"].as_str().unwrap().parse().unwrap();
                assert!(listed.insert(id), "{id} stands twice");
                let Some(canonical) = expected.get(&id) else { panic!("{id} is shown") };
                assert_record("a list", item.get(), canonical);
            }
            next = page._links["next"]["href"].as_str().map(str::to_owned);
        }
        assert_eq!(listed.len(), expected.len(), "{}", kind.plural());
    }
}

/// A registry and its model.
struct Pair {
    app: TestApp,
    model: Registry,
    reader: String,
    writer: String,
    /// Copies that began at some moment.
    copies: Vec<(Who, Copy)>,
}

impl Pair {
    fn new() -> Pair {
        let app = TestApp::new();
        let (reader, writer) = (app.token(Role::Reader, None, false), app.token(Role::Administrator, None, true));
        Pair { app, model: Registry::new(), reader, writer, copies: Vec::new() }
    }

    fn get(&self, who: Who, path: &str) -> Answer {
        get(&self.app, self.token(who), path)
    }

    /// Lets both do a call and compares what came of it.
    fn step(&mut self, number: usize, dice: Dice) {
        let Some(call) = call(&self.model, dice) else { return };
        // Time goes on by a second with each call, so that every time that is told is one call's.
        let now = format!("2026-11-24T09:{:02}:{:02}Z", number / 60, number % 60);
        self.app.clock.set(now.parse().unwrap());
        self.model.now = now;
        let seen: BTreeMap<Who, BTreeSet<Uuid>> =
            [Who::Anyone, Who::Partner].map(|who| (who, self.model.open(who).into_keys().collect())).into();
        let answer = send(&self.app, &self.writer, &call);
        if let Call::Erase(person) = call {
            assert_eq!((answer.status, answer.header("withdrawal")), (200, None), "{answer:?}");
            for id in self.model.erase(person) {
                self.compare_record(id);
            }
            assert_eq!(self.app.app.db.head().unwrap().sequence, self.model.sequence, "{call:?}: {answer:?}");
            return;
        }
        let made = (answer.status == 201).then(|| answer.json()["id"].as_str().unwrap().parse().unwrap());
        let (status, id) = self.model.call(&call, made);
        assert_eq!(answer.status, status, "{call:?}: {}", answer.text());
        if status >= 400 {
            return;
        }
        let id = id.unwrap();
        assert_eq!(answer.json()["changeSequence"], self.model.sequence, "{call:?}");
        assert_eq!(answer.header("withdrawal"), None, "{call:?}");
        if let Found::Record(_, canonical) = self.model.find(self.kind(id), id, Who::Writer) {
            assert_record(&format!("{call:?}"), &answer.text(), &canonical);
        }
        self.compare_record(id);
        // What was withdrawn is in no list any more, without anybody waiting for it.
        for (who, before) in seen {
            let now = self.model.open(who);
            for gone in before.into_iter().filter(|id| !now.contains_key(id)) {
                let list = format!("/api/v1/{}?id={gone}", self.kind(gone).plural());
                assert_eq!(self.get(who, &list).json()["_meta"]["totalRecords"], 0, "{call:?} withdrew {gone}");
                self.compare_record(gone);
            }
        }
    }

    fn kind(&self, id: Uuid) -> Kind {
        self.model.live.get(&id).map_or_else(|| self.model.departed[&id].0, |record| record.kind)
    }

    /// Compares what everyone reads by a record's id.
    fn compare_record(&self, id: Uuid) {
        let kind = self.kind(id);
        for who in [Who::Anyone, Who::Partner, Who::Writer] {
            let what = format!("{} {id} to {who:?}", kind.name());
            let answer = self.get(who, &path(kind, id));
            let history = self.get(who, &format!("{}/history", path(kind, id)));
            let expected = match self.model.find(kind, id, who) {
                Found::Record(version, canonical) => {
                    assert_eq!(answer.status, 200, "{what}: {}", answer.text());
                    assert_eq!(answer.header("etag"), Some(format!("\"{version}\"").as_str()), "{what}");
                    assert_record(&what, &answer.text(), &canonical);
                    self.compare_history(&what, who, id, &history);
                    continue;
                }
                Found::Merged(into) => {
                    let location = answer.header("location").unwrap_or_default();
                    assert!(location.ends_with(&path(kind, into)), "{what}: {location}");
                    308
                }
                Found::Gone => 410,
                Found::Nothing => 404,
            };
            assert_eq!((answer.status, history.status), (expected, expected), "{what}: {}", answer.text());
        }
    }

    fn compare_history(&self, what: &str, who: Who, id: Uuid, history: &Answer) {
        assert_eq!(history.status, 200, "{what}");
        let told: Vec<String> = history.json()["items"].as_array().unwrap().iter().map(ToString::to_string).collect();
        let expected: Vec<String> = self
            .model
            .history(id, who)
            .into_iter()
            .map(|change| {
                let (version, operation, at, sequence) =
                    (change.version, change.operation, &change.at, change.sequence);
                let record = change.content.as_ref().unwrap();
                format!(
                    "{{\"version\":{version},\"operation\":\"{operation}\",\"at\":\"{at}\",\
                     \"changeSequence\":{sequence},\"record\":{record}}}"
                )
            })
            .collect();
        assert_eq!(told, expected, "{what}");
        // And the first of them is what stood at its moment.
        let Some(first) = self.model.history(id, who).pop() else { return };
        let then = self.get(who, &format!("{}/history?asOf={}", path(self.kind(id), id), first.at)).json();
        assert_eq!(then["items"].as_array().unwrap().len(), 1, "{what}");
        assert_eq!(then["items"][0]["version"], first.version, "{what}");
    }

    fn token(&self, who: Who) -> Option<&str> {
        match who {
            Who::Anyone => None,
            Who::Partner => Some(&self.reader),
            Who::Writer => Some(&self.writer),
        }
    }

    /// Compares the lists of what belongs to an organisation.
    fn compare_members(&self, who: Who) {
        for within in self.model.live.keys() {
            let members = self.model.members(*within);
            if !members.is_empty() {
                let list = self.get(who, &format!("/api/v1/organisations?memberOf={within}&limit=1"));
                assert_eq!(list.json()["_meta"]["totalRecords"], members.len(), "members of {within}");
            }
        }
    }

    /// Compares everything. Copies that began earlier are led on by pages of so many, and new ones begin.
    fn compare(&mut self, limit: usize) {
        for id in self.model.live.keys().chain(self.model.departed.keys()) {
            self.compare_record(*id);
        }
        for who in [Who::Anyone, Who::Partner] {
            let truth = self.model.open(who);
            compare_lists(&self.app, self.token(who), &truth, self.model.sequence);
            self.compare_members(who);
            for (_, copy) in self.copies.iter_mut().filter(|(whose, _)| *whose == who) {
                copy.follow(&self.app, limit);
                assert_eq!(copy.position, self.model.sequence);
                assert_same(&format!("a copy of {who:?}"), &copy.state, &truth);
            }
            let mut fresh = Copy::new(self.token(who));
            fresh.follow(&self.app, limit);
            assert_same(&format!("the feed to {who:?}"), &fresh.state, &truth);
            assert_eq!(fresh.told, self.model.told(who), "what was never shown to {who:?} leaves no trace");
            self.copies.push((who, fresh));
        }
        let exported = Copy::of_export(&self.app, &format!("?minChange={}", self.model.sequence));
        assert_eq!(exported.position, self.model.sequence);
        assert_same("the export", &exported.state, &self.model.open(Who::Anyone));
        self.copies.push((Who::Anyone, exported));
    }
}

#[test]
fn whatever_is_called_the_registry_says_what_its_model_says() {
    let config = Config { cases: CASES, max_shrink_iters: 40, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let dice = vec((any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>()), 40..60);
    runner
        .run(&dice, |all: Vec<Dice>| {
            // A registry of its own for each: what stops half-way leaves nothing to the next.
            let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| {
                let mut pair = Pair::new();
                for (number, dice) in all.iter().enumerate() {
                    pair.step(number, *dice);
                    if number % OFTEN == OFTEN - 1 {
                        pair.compare(1 + usize::from(dice.0) % 6);
                    }
                }
                pair.compare(100);
            }));
            outcome.map_err(|_| TestCaseError::fail("the registry and its model differ"))
        })
        .unwrap();
}

/// What several writers know of the records that they have made: what each is and the last version told.
#[derive(Default)]
struct Pool(Mutex<BTreeMap<Uuid, (Kind, i64)>>);

impl Pool {
    fn learn(&self, answer: &Answer, kind: Option<Kind>) {
        let record = answer.json();
        let id = record["id"].as_str().unwrap().parse().unwrap();
        let mut known = self.0.lock().unwrap();
        let kind = kind.unwrap_or_else(|| known[&id].0);
        known.insert(id, (kind, record["version"].as_i64().unwrap()));
    }
}

impl Known for Pool {
    fn pick(&self, kind: Kind, number: u8) -> Option<Uuid> {
        let known = self.0.lock().unwrap();
        let ids: Vec<Uuid> = known.iter().filter(|(_, known)| known.0 == kind).map(|(id, _)| *id).collect();
        // The youngest are called about most: there writers meet.
        let from = ids.len().saturating_sub(12);
        (!ids.is_empty()).then(|| ids[from + usize::from(number) % (ids.len() - from)])
    }

    fn version(&self, id: Uuid) -> i64 {
        self.0.lock().unwrap()[&id].1
    }
}

/// What someone reads by id of all that was ever made.
fn read_all(app: &TestApp, token: Option<&str>, pool: &Pool) -> State {
    let mut truth = State::new();
    for (id, (kind, _)) in &*pool.0.lock().unwrap() {
        let answer = get(app, token, &path(*kind, *id));
        match answer.status {
            200 => {
                let text = answer.text();
                let (record, _) = text.rsplit_once(",\"_links\":").unwrap();
                truth.insert(*id, (kind.name().to_owned(), format!("{record}}}")));
            }
            308 | 404 | 410 => {}
            _ => panic!("{answer:?}"),
        }
    }
    truth
}

#[test]
fn however_many_write_at_once_every_copy_ends_as_the_registry() {
    const WRITERS: usize = 4;
    const CHANGES: usize = 30;
    let app = TestApp::new();
    let (reader, writer) = (app.token(Role::Reader, None, false), app.token(Role::Administrator, None, true));
    let (pool, over, last) = (Pool::default(), AtomicBool::new(false), AtomicI64::new(0));
    let write = || {
        let (mut done, mut calls) = (0, 0);
        // How many calls come too late depends on how the writers meet: each goes on until it has made its changes.
        while done < CHANGES {
            calls += 1;
            assert!(calls < 50 * CHANGES, "only {done} of {calls} calls changed something");
            let [what, one, two, three] = rand::random::<[u8; 4]>();
            let Some(call) = call(&pool, (what, one, two, three)) else { continue };
            let answer = send(&app, &writer, &call);
            match answer.status {
                200 | 201 => {
                    let kind = match call {
                        Call::Create(kind, _) => Some(kind),
                        Call::Put(..) => Some(Kind::Organisation),
                        _ => None,
                    };
                    if !matches!(call, Call::Erase(_)) {
                        pool.learn(&answer, kind);
                        last.fetch_max(answer.json()["changeSequence"].as_i64().unwrap(), Ordering::AcqRel);
                        done += 1;
                    }
                }
                // Too late for what another has changed, taken away or come to need.
                409 | 410 | 412 | 422 => {}
                _ => panic!("{call:?}: {answer:?}"),
            }
        }
    };
    // Follows from the beginning as fast as it can.
    let follow = |token: Option<&str>| {
        let mut copy = Copy::new(token);
        let mut pages = 0;
        loop {
            let ending = over.load(Ordering::Acquire);
            let more = copy.step(&app, 1 + pages % 9);
            pages += 1;
            if ending && !more {
                return (copy, pages);
            }
        }
    };
    // Takes exports at any moment, new ones and old, and follows from there: a page now, the rest later.
    let export = || {
        let mut copies: Vec<Copy> = Vec::new();
        while !over.load(Ordering::Acquire) {
            let query = match copies.len() % 3 {
                0 => String::new(),
                _ => format!("?minChange={}", last.load(Ordering::Acquire)),
            };
            copies.push(Copy::of_export(&app, &query));
            let some = copies.len() / 2;
            copies[some].step(&app, 5);
        }
        copies
    };
    let mut copies = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS).map(|_| scope.spawn(write)).collect();
        let (public, partner) = (scope.spawn(|| follow(None)), scope.spawn(|| follow(Some(&reader))));
        let exported = scope.spawn(export);
        let outcomes: Vec<_> = writers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        // Whatever became of the writers, the readers end.
        over.store(true, Ordering::Release);
        let (public, partner) = (public.join().unwrap(), partner.join().unwrap());
        assert!(public.1.min(partner.1) > 20, "only {} and {} pages were read", public.1, partner.1);
        let mut copies = vec![(Who::Anyone, public.0), (Who::Partner, partner.0)];
        copies.extend(exported.join().unwrap().into_iter().map(|copy| (Who::Anyone, copy)));
        outcomes.into_iter().for_each(|outcome| outcome.unwrap());
        copies
    });
    let head = app.app.db.head().unwrap().sequence;
    for (who, token) in [(Who::Anyone, None), (Who::Partner, Some(reader.as_str()))] {
        let truth = read_all(&app, token, &pool);
        for (_, copy) in copies.iter_mut().filter(|(whose, _)| *whose == who) {
            copy.follow(&app, 50);
            assert_eq!(copy.position, head);
            assert_same(&format!("a copy of {who:?}"), &copy.state, &truth);
        }
        compare_lists(&app, token, &truth, head);
    }
    let exported = Copy::of_export(&app, &format!("?minChange={head}"));
    assert_same("the export", &exported.state, &read_all(&app, None, &pool));
    assert!(copies.len() > 4, "only {} copies were made", copies.len());
}
