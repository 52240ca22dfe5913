//! The words that invented organisations are made of.

/// What an association does: its area, kind, topics and the words of its names.
pub(super) struct Activity {
    pub(super) weight: u32,
    pub(super) area: &'static str,
    pub(super) kind: &'static str,
    pub(super) topics: &'static [&'static str],
    /// What such an association is called in its name.
    pub(super) names: &'static [&'static str],
    /// What its description is about.
    pub(super) about: &'static [&'static str],
}

macro_rules! activities {
    ($($weight:literal $area:literal $kind:literal [$($topic:literal)*] [$($name:literal)*] [$($about:literal)*])*) => {
        /// All activities.
        pub(super) const ACTIVITIES: &[Activity] = &[$(Activity {
            weight: $weight, area: $area, kind: $kind, topics: &[$($topic),*], names: &[$($name),*], about: &[$($about),*],
        },)*];
    };
}

activities! {
    22 "1200" "sports-club" ["idrott" "fysisk-aktivitet" "barn-unga"]
        ["Idrottsförening" "Fotbollsklubb" "Ridklubb" "Skidklubb" "Simsällskap" "Gymnastikförening" "Orienteringsklubb"
         "Innebandyklubb" "Ishockeyklubb" "Handbollsklubb" "Tennisklubb" "Friidrottsklubb" "Judoklubb" "Bordtennisklubb" "IF" "IK" "BK" "SK" "GoIF" "AIK"]
        ["fotboll" "träningar" "matcher" "seriespel" "skidspår" "gymnastik" "ridlektioner" "simskola" "tävlingar" "motion"]
    8 "1100" "cultural-association" ["kultur" "musik" "scenkonst"]
        ["Teaterförening" "Konstförening" "Spelmanslag" "Kammarkör" "Musikförening" "Filmstudio" "Folkdanslag" "Manskör" "Kulturförening" "Fotoklubb"]
        ["teater" "konserter" "körsång" "utställningar" "folkmusik" "filmvisningar" "dans" "konst" "föreställningar"]
    7 "1100" "heritage-association" ["kulturmiljo" "museum-arkiv"]
        ["Hembygdsförening" "Hembygdsgille" "Släktforskarförening" "Fornminnesförening" "Arkivförening" "Slöjdförening"]
        ["hembygd" "hembygdsgården" "släktforskning" "byggnadsvård" "slöjd" "arkiv" "kulturarv" "museum"]
    6 "1300" "outdoor-organisation" ["friluftsliv" "fritid"]
        ["Båtklubb" "Scoutkår" "Friluftsförening" "Brukshundklubb" "Motorklubb" "Koloniträdgårdsförening" "Skoterklubb" "Schackklubb" "Kanotklubb"]
        ["vandringar" "båtar" "läger" "segling" "hundträning" "odling" "skoterleder" "paddling" "schack"]
    4 "1300" "hunting-and-fishing-association" ["jakt-viltvard" "fiske-vatten"]
        ["Fiskevårdsområdesförening" "Jaktvårdskrets" "Sportfiskeklubb" "Jaktklubb" "Viltvårdsförening"]
        ["jakt" "fiskekort" "viltvård" "älgjakt" "fiskevatten" "skytte"]
    9 "6100" "village-association" ["landsbygd" "regional-utveckling" "service-glesbygd"]
        ["Byalag" "Intresseförening" "Byaförening" "Utvecklingsgrupp" "Samhällsförening" "Byutvecklingsförening" "Vägsamfällighet"]
        ["bygden" "byns" "service" "lanthandel" "bredband" "vägar" "byadagar" "landsbygdsutveckling"]
    5 "6100" "community-hall-association" ["landsbygd" "kultur"]
        ["Bygdegårdsförening" "Folkets Husförening" "Ordenshusförening" "Bystugeförening" "Samlingslokalförening"]
        ["bygdegården" "samlingslokal" "uthyrning" "fester" "bio" "loppis" "danskvällar"]
    7 "12100" "pensioners-organisation" ["aldre" "folkhalsa"]
        ["Pensionärsförening" "PRO" "SPF Seniorerna" "RPG" "SKPF Pensionärerna"]
        ["seniorer" "pensionärer" "boule" "äldreomsorg" "månadsmöten" "gemenskap" "stavgång"]
    4 "3100" "patient-organisation" ["halso-sjukvard" "funktionsnedsattning"]
        ["Reumatikerförening" "Diabetesförening" "Hjärt-Lungförening" "Cancerförening" "Astma- och Allergiförening" "Neuroförbundet" "Parkinsonförening"]
        ["vård" "patienter" "rehabilitering" "egenvård" "sjukdom" "behandling" "anhöriga"]
    3 "7100" "rights-organisation" ["funktionsnedsattning" "manskliga-rattigheter"]
        ["Funktionsrättsförening" "Synskadades förening" "Hörselförening" "DHR-avdelning" "FUB" "Autismförening" "RFSL"]
        ["tillgänglighet" "rättigheter" "delaktighet" "hjälpmedel" "assistans" "påverkansarbete"]
    3 "4100" "shelter" ["vald-nara-relation" "jamstalldhet" "brottsoffer"]
        ["Kvinnojour" "Tjejjour" "Brottsofferjour" "Kvinno- och tjejjour" "Mansjour"]
        ["jourtelefon" "stödsamtal" "skyddat boende" "våldsutsatta" "chattjour" "vittnesstöd"]
    5 "4100" "humanitarian-organisation" ["volontarer" "integration" "socialt-foretagande"]
        ["Rödakorskrets" "Stadsmission" "Räddningsmission" "Majblommeförening" "Hjälpverksamhet" "Rädda Barnen-förening" "Frivilligcentral"]
        ["besöksgrupp" "språkcafé" "läxhjälp" "second hand" "matkassar" "insamling" "volontärer"]
    3 "civil-protection" "voluntary-defence-organisation" ["civil-beredskap" "transport" "radiosamband"]
        ["Lottakår" "Bilkår" "Hemvärnsförening" "Civilförsvarsförening" "Flygkår" "Sjöräddningsstation" "Radioamatörer" "Brandvärn"]
        ["beredskap" "krisberedskap" "krislägen" "totalförsvar" "utbildning" "samband" "resursgrupp" "räddning"]
    3 "5100" "environmental-organisation" ["naturvard-miljo" "agenda-2030"]
        ["Naturskyddsförening" "Ornitologiska förening" "Klimatgrupp" "Vattenråd" "Fältbiologer" "Biodlarförening" "Miljöförening"]
        ["naturvård" "fåglar" "klimat" "exkursioner" "miljö" "slåtter" "bin" "hållbarhet"]
    2 "5200" "association" ["djurskydd"]
        ["Djurskyddsförening" "Katthem" "Kattjour" "Hundhem"] ["djur" "hemlösa katter" "omplacering" "djurskydd"]
    6 "10100" "congregation" ["trossamfund" "integration"]
        ["Equmeniaförsamling" "Pingstförsamling" "Kyrkliga syförening" "Missionsförening" "Islamiska kulturförening" "Frälsningsarmékår" "EFS-förening"]
        ["gudstjänster" "församling" "andakt" "söndagsskola" "diakoni" "kyrkkaffe" "bön"]
    4 "2400" "study-association" ["folkbildning" "utbildning"]
        ["ABF-avdelning" "Föreläsningsförening" "Vuxenskoleavdelning" "Bildningsförening" "Folkhögskoleförening" "Bokcirkel"]
        ["studiecirklar" "föreläsningar" "kurser" "folkbildning" "bildning" "läsning"]
    4 "6300" "association" ["utbildning" "barn-unga" "foraldrastod"]
        ["Föräldraförening" "Föräldrakooperativ" "Hem och skola-förening" "Villaägareförening" "Hyresgästförening" "Trädgårdsförening"]
        ["föräldrar" "förskola" "skolan" "boende" "grannar" "trädgård" "familjedagar"]
    4 "7300" "political-party" ["demokrati"]
        ["Arbetarekommun" "Centeravdelning" "Vänsterförening" "Moderatförening" "Liberaler" "Miljöpartister" "Ungdomsförbund"]
        ["politik" "valrörelse" "kommunfullmäktige" "demokrati" "medlemsmöten" "ideologi"]
    4 "1300" "children-and-youth-organisation" ["barn-unga" "fritid"]
        ["Ungdomsförening" "4H-klubb" "Unga Örnar" "Fritidsgårdsförening" "Spelförening" "Ungdomsråd" "Elevkår" "Lekteater"]
        ["fritidsgård" "ungdomsgård" "spelkvällar" "lovaktiviteter" "sommarläger" "djurskötsel" "lek"]
    3 "7100" "ethnic-association" ["integration" "nationella-minoriteter" "asyl-migration"]
        ["Finska förening" "Syrianska förening" "Bosniska kulturförening" "Eritreanska förening" "Kurdiska kulturförening" "Sverigefinska förening" "Afghanska förening" "Somaliska förening" "Sameförening"]
        ["modersmål" "kultur" "integration" "traditioner" "samhällsinformation" "nyanlända" "språk"]
    3 "9100" "association" ["agenda-2030" "manskliga-rattigheter"]
        ["FN-förening" "Vänortsförening" "Afrikagrupp" "Emmausförening" "Amnestygrupp" "Fredsförening"]
        ["bistånd" "fred" "solidaritet" "biståndsprojekt" "vänort" "flyktingar"]
    3 "8100" "foundation" ["finansiering-bidrag"]
        ["Lionsklubb" "Rotaryklubb" "Stipendiestiftelse" "Hjälpfond" "Insamlingsstiftelse" "Soroptimistklubb"]
        ["stipendier" "insamlingar" "bidrag" "gåvor" "fonder" "välgörenhet"]
    3 "11100" "business-association" ["naringsliv" "turism"]
        ["Företagareförening" "Köpmannaförening" "LRF-avdelning" "Turistförening" "Hushållsgille" "Centrumförening"]
        ["företag" "handel" "besökare" "näringsliv" "lantbruk" "marknader" "turism"]
    3 "11300" "trade-union" ["arbetsmarknad"]
        ["Lärarförening" "Kommunalsektion" "Metallklubb" "Byggnadsavdelning" "Vårdförbundsklubb"]
        ["arbetsvillkor" "avtal" "medlemmar" "förhandlingar" "arbetsmiljö"]
    2 "3300" "association" ["psykisk-halsa"]
        ["Anhörigförening" "Attentionförening" "Suicidpreventiva" "RSMH" "Sorgegrupp" "Självhjälpsgrupp"]
        ["psykisk ohälsa" "ensamhet" "samtalsgrupper" "självhjälp" "återhämtning" "sorg"]
    2 "4300" "temperance-organisation" ["folkhalsa" "fritid"]
        ["IOGT-NTO-förening" "Länkförening" "Nykterhetsloge" "Verdandiavdelning" "Blå Bandet"]
        ["nykterhet" "alkoholfria" "kamratstöd" "beroende" "missbruk"]
}

/// First parts of invented places.
pub(super) const PLACE_FIRST: &str = "Alm Asp Berg Björk Boda Brunn Dal Ed Ek Elg En Fager Fisk Fjäll Fors Furu Gran Grav Gräs Grön Gull Hag Ham Hassel \
    Hav Hed Holm Hult Hög Is Kalv Klock Kors Kråk Kvarn Kyrk Lax Lid Lind Ljung Lo Lund Lång Löv Mal Mo Mur Mörk Nor Näs Ol Ren Rönn Sand \
    Sel Sjö Skog Sol Sten Stor Ström Stöd Sund Svan Svart Söder Tall Timmer Torp Träsk Tuna Ull Vall Vik Vit Väster Åker Ås Älg Ängs Öster";
/// Last parts of invented places.
pub(super) const PLACE_LAST: &str = "by backa berg berga boda bo bruk bäck böle dal eryd fors gärde hamn hult holm hem inge köping lunda mark mo måla näs red \
    rum ryd sele sjö skog sta stad storp strand sund torp träsk tuna vall vik viken åker ås ånger äng ö";
/// Words that tell associations of one place apart.
pub(super) const DISTINCT: &str = "Norra Södra Östra Västra Gamla Nya Fria Stora Lilla Enighet Kamraterna Framåt Hoppet Vänner Freja Heimdal Svea Viking Tor Norden";
/// Street names without their end.
pub(super) const STREETS: &str = "Storgatan Kyrkogatan Skolgatan Järnvägsgatan Nygatan Kungsgatan Strandvägen Bygatan Köpmangatan Ringvägen Idrottsvägen \
    Föreningsgatan Byavägen Trädgårdsgatan Hantverkaregatan Torggatan Parkvägen Sjövägen Industrigatan Hembygdsvägen";

/// The commonest words, most common first.
pub(super) const COMMON: &str = "och i att en som är på av för med den till inte har de ett om vi alla våra ska kan sig eller vid från under genom samt även \
    man oss mot där olika mellan över efter varje när så bland också nya många andra vår vill hos inom utan sina få tillsammans \
    föreningen medlemmar verksamhet verksamheten barn ungdomar arbetar stöd bygden kommunen lokala aktiviteter möten kultur idrott natur hjälp \
    gemenskap ideella ledare året erbjuder främja intresse skola hembygd människor utbildning samhälle samverkan projekt träffar kurser resor läger \
    musik teater historia miljö hälsa äldre kvinnor familjer integration språk motion friluftsliv hundar odling trädgård lokal styrelse årsmöte \
    insamling demokrati rättigheter anhöriga församling studiecirkel bibliotek konst hantverk dans jakt fiske båtar frivilliga volontärer loppis café \
    mötesplats fritid lek föräldrar jämställdhet fred djurskydd skog vatten klimat cykel bostad företagare forskning stipendier beredskap";

/// Stems and endings of the less common words; every stem takes every ending of its row.
pub(super) const FORMS: &[(&str, &str)] = &[
    // Nouns of the kind flicka, flickor.
    (
        "grupp resurs tävling vandring utställning förening samling träning övning berättelse rörelse satsning undersökning odling \
      segling kunskap vänskap egenskap marknad tradition station situation organisation generation information kommunikation produktion funktion \
      byggnad anläggning ledning behandling avdelning uppgift insats ansvarig åtgärd möjlighet trygghet säkerhet hemlighet frihet rättighet skyldighet \
      nyhet svårighet verklighet delaktighet tillgänglighet mångfald omsorg vardag helg kväll",
        " en er erna s ens ernas",
    ),
    (
        "bild bygd kyrka dans fest sång resa vän kurs match lag lek idé plan gård skog park väg älv sjö strand by stad båt häst hund katt fågel \
      fisk sten berg trädgård åker äng stuga lokal sal scen bok film kör orkester verkstad cykel buss spår led slinga backe stig bro damm kvarn \
      smedja lada loge affär butik mack brygga hamn fyr ö holme skär vik udde torp gruva hytta bruk såg flotte",
        " ar arna s arnas en ens",
    ),
    (
        "arbete möte stöd besök samtal minne äventyr problem behov beslut förslag bidrag avtal resultat program projekt nätverk centrum museum \
      bibliotek område distrikt förbund sällskap samfund landskap ledarskap medlemskap föräldraskap grannskap företag sammanhang evenemang \
      arrangemang engagemang ansvar förtroende intresse liv hem barn djur träd hus rum bord brev spel lopp läger",
        " et ets en s ens",
    ),
    (
        "arbeta samarbeta planera organisera samla hjälpa stötta vårda bevara utveckla förvalta sprida stärka öka minska bygga rusta renovera \
      spela träna tävla sjunga dansa måla snickra väva sticka odla plantera vandra cykla paddla rida simma åka leda utbilda informera påverka \
      granska diskutera debattera besöka bjuda ordna erbjuda delta skapa uppmuntra inspirera förebygga",
        " r nde s de t",
    ),
    (
        "svensk lokal regional nationell social kulturell ideell personlig gemensam frivillig aktiv öppen trygg levande hållbar tillgänglig \
      jämlik demokratisk ekonomisk historisk teknisk praktisk musikalisk konstnärlig ekologisk biologisk religiös politisk kommunal offentlig privat \
      ung gammal stor liten ny bred stark varm glad vacker rik bra särskild vanlig regelbunden årlig daglig",
        " a t are ast",
    ),
];

/// First parts of long compound words.
pub(super) const COMPOUND_FIRST: &str = "ungdoms barn kultur idrotts natur miljö hälso frilufts skol arbets samhälls bygde hembygds fritids sommar vinter höst \
    familje pensionärs kvinno medlems styrelse folk bild musik teater dans konst slöjd film bok språk studie forsknings skogs vatten fiske jakt \
    båt cykel skid hund häst trafik bostads närings lands stads by kyrko freds bistånds kris räddnings frivillig volontär stöd samtals integrations \
    demokrati klimat energi trädgårds mat hantverks";
/// Last parts of long compound words.
pub(super) const COMPOUND_LAST: &str = "verksamhet verksamheten arbete arbetet grupp gruppen grupper projekt projektet dagar dagen läger lägret kurs kurser \
    ledare ledarna förening föreningar råd rådet förbund förbundet plan planer frågor frågorna stöd stödet miljö miljön utveckling center centret hus \
    huset möte möten fest festen vecka veckan resa resor tävling tävlingar skola skolan program bidrag liv livet intresse nätverk nätverket";

/// First sentences of descriptions.
pub(super) const OPENINGS: &[&str] = &[
    "Vi är en ideell förening i {p} som samlar alla som tycker om {a}.",
    "{n} arbetar med {a} och {b} i {m} och håller öppet för nya medlemmar.",
    "Föreningen ordnar {a} i {p} med omnejd.",
    "Sedan många år driver vi {a} och {b} för alla åldrar i {p}.",
    "Hos oss i {p} kan barn, unga och äldre ta del av {a}.",
    "Målet är mer {a} och {b} i hela {m}.",
    "En mötesplats för {a} i {p}, öppen för alla.",
    "Vi vill stärka {a} och ge fler chansen till {b}.",
];
