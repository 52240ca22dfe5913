//! The words that invented organisations are made of.

use std::sync::OnceLock;

/// A field of activity and what organisations of it are called.
#[derive(Clone, Copy)]
pub(super) struct Activity {
    pub kind: &'static str,
    pub area: &'static str,
    pub topics: &'static [&'static str],
    pub names: &'static [&'static str],
}

pub(super) const ACTIVITIES: &[Activity] = &[
    Activity {
        kind: "association",
        area: "1100",
        topics: &["kultur", "musik"],
        names: &[
            "Teaterföreningen",
            "Konstföreningen",
            "Spelmanslaget",
            "Kammarkören",
            "Musikföreningen",
            "Filmstudion",
            "Folkdanslaget",
            "Bokcirkeln",
            "Släktforskarföreningen",
            "Manskören",
            "Fotoklubben",
        ],
    },
    Activity {
        kind: "heritage-association",
        area: "1100",
        topics: &["kulturmiljo", "kultur"],
        names: &["Hembygdsföreningen", "Hembygdsförening", "Hembygdsgille", "HF"],
    },
    Activity {
        kind: "sports-club",
        area: "1200",
        topics: &["idrott", "fysisk-aktivitet", "barn-unga"],
        names: &[
            "IF",
            "IK",
            "BK",
            "SK",
            "FK",
            "GF",
            "Idrottsförening",
            "Fotbollsklubb",
            "Ridklubb",
            "Skidklubb",
            "Simsällskap",
            "Tennisklubb",
            "Gymnastikförening",
            "Orienteringsklubb",
            "Innebandyklubb",
            "Ishockeyklubb",
            "Handbollsklubb",
            "Judoklubb",
            "Skytteförening",
        ],
    },
    Activity {
        kind: "association",
        area: "1300",
        topics: &["fritid", "friluftsliv"],
        names: &[
            "Båtklubb",
            "Fiskevårdsförening",
            "Brukshundklubb",
            "Motorklubb",
            "Jaktvårdsförening",
            "Koloniträdgårdsförening",
            "Schackklubb",
            "Scoutkår",
            "Friluftsfrämjandet",
            "Snöskoterklubb",
        ],
    },
    Activity {
        kind: "study-association",
        area: "2400",
        topics: &["folkbildning", "utbildning"],
        names: &["Bildningsförbundet", "Föreläsningsförening", "Studieförbundet", "Folkbildningsförening"],
    },
    Activity {
        kind: "patient-organisation",
        area: "3",
        topics: &["halso-sjukvard", "funktionsnedsattning"],
        names: &[
            "Hjärt-Lungförening",
            "Reumatikerförening",
            "Diabetesförening",
            "Cancerförening",
            "Attention",
            "Autismförening",
            "Synskadades",
            "Hörselskadades",
        ],
    },
    Activity {
        kind: "shelter",
        area: "4100",
        topics: &["vald-nara-relation", "jamstalldhet"],
        names: &["Kvinnojour", "Tjejjour", "Brottsofferjour"],
    },
    Activity {
        kind: "humanitarian-organisation",
        area: "4100",
        topics: &["integration", "asyl-migration", "volontarer"],
        names: &[
            "Röda",
            "Korset",
            "Rädda",
            "Barnen",
            "Stadsmission",
            "Majblommekommitté",
            "Internationella",
            "Föreningen",
        ],
    },
    Activity {
        kind: "voluntary-defence-organisation",
        area: "civil-protection",
        topics: &["civil-beredskap"],
        names: &["Lottakår", "Bilkår", "Civilförsvarsförening", "Försvarsutbildarna", "Brandvärn", "FRG"],
    },
    Activity {
        kind: "association",
        area: "5100",
        topics: &["naturvard-miljo", "djurskydd"],
        names: &[
            "Naturskyddsförening",
            "Ornitologiska",
            "Klubben",
            "Miljöförening",
            "Vattenvårdsförbund",
            "Djurskyddsförening",
        ],
    },
    Activity {
        kind: "village-association",
        area: "6100",
        topics: &["landsbygd", "service-glesbygd"],
        names: &[
            "Byalag",
            "Byaförening",
            "Intresseförening",
            "Bygdegårdsförening",
            "Utvecklingsgrupp",
            "Samhällsförening",
            "Vägförening",
        ],
    },
    Activity {
        kind: "association",
        area: "7100",
        topics: &["manskliga-rattigheter", "hbtqi"],
        names: &["Funktionsrätt", "RFSL", "Amnestygrupp", "Kvinnolobby"],
    },
    Activity {
        kind: "foundation",
        area: "8100",
        topics: &["finansiering-bidrag"],
        names: &["Insamlingsstiftelse", "Stipendiefond", "Hjälpfond", "Rotaryklubb", "Lionsklubb"],
    },
    Activity {
        kind: "congregation",
        area: "10",
        topics: &["trossamfund"],
        names: &[
            "Pingstförsamling",
            "Equmeniaförsamling",
            "Missionsförening",
            "Ortodoxa",
            "Församling",
            "Kyrkliga",
            "Syförening",
        ],
    },
    Activity {
        kind: "association",
        area: "12",
        topics: &["aldre"],
        names: &["PRO", "SPF", "Seniorerna", "Pensionärsförening", "RPG"],
    },
];

/// Beginnings of names of places.
#[rustfmt::skip]
pub(super) const LOCALITY_BEGINS: &[&str] = &[
    "Björk", "Ek", "Sten", "Lind", "Gran", "Tall", "Berg", "Lund", "Sjö", "Ås", "Hag", "Kvarn", "Löv", "Alm",
    "Ask", "Rönn", "Söder", "Norr", "Väster", "Öster", "Kyrk", "Hall", "Hög", "Back", "Häll", "Mal", "Myr", "Ung",
    "Fjäll", "Älv", "Ström", "Vik", "Varg", "Björn", "Kråk", "Hjort", "Säter", "Furu", "Ren", "Lapp", "Sav", "Jokk",
];
/// Ends of names of places.
#[rustfmt::skip]
pub(super) const LOCALITY_ENDS: &[&str] = &[
    "by", "torp", "sta", "köping", "hult", "näs", "vik", "ö", "fors", "bo", "rud", "löv", "inge", "tuna",
    "boda", "måla", "red", "åker", "holm", "hamn", "berg", "dal", "strand", "sund", "ås", "vallen", "mon", "träsk",
    "sele", "anger", "hed", "kulla", "tofta", "gården", "mark",
];
/// What tells organisations of one place apart.
#[rustfmt::skip]
pub(super) const DISTINCT: &[&str] = &[
    "Norra", "Södra", "Östra", "Västra", "Gamla", "Nya", "Unga", "Fria", "Stora", "Lilla", "Enighet", "Kamraterna", "Framåt", "Hoppet",
    "Vänner", "Solidaritet",
];
/// Sentences with gaps for words.
pub(super) const SENTENCES: &[&str] = &[
    "{name} samlar {word} och {word} i {place} kring {word} och {word}.",
    "Vi ordnar {word} och {word} för {word} varje år.",
    "Medlemmarna möts kring {word} i {word} och hjälper till med {word}.",
    "Föreningen arbetar för {word} och vill att fler i {place} ska få {word}.",
    "Verksamheten bygger på {word} och {word} utan vinstintresse.",
    "Hos oss finns {word} för den som söker {word} eller {word}.",
    "Tillsammans med andra i {place} driver vi {word} och {word}.",
];
/// Words for the gaps, the frequent ones first.
pub(super) fn words() -> &'static [&'static str] {
    static WORDS: OnceLock<Vec<&'static str>> = OnceLock::new();
    WORDS.get_or_init(|| include_str!("../../data/generate/words.txt").split_whitespace().collect())
}
