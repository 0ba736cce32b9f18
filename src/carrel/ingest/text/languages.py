"""Letters of languages by how common they are, to recognise legacy encodings by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """Characters beyond ASCII of a language, and the codecs that its texts may be in.

    ``frequent`` ones make most of a text; ``rare`` ones count ``rare_weight``, which is low for
    scripts of their own, where every byte is some letter and only their numbers distinguish texts.
    """

    codecs: tuple[str, ...]
    frequent: str
    rare: str = ""
    rare_weight: float = 0.8


_WESTERN = ("cp1252", "iso8859-15", "cp850", "mac-roman")
_CENTRAL = ("cp1250", "iso8859-2", "cp852")
_ROMANIAN = (*_CENTRAL, "iso8859-16")
_BALTIC = ("cp1257", "iso8859-13", "iso8859-4")
_CYRILLIC = ("cp1251", "koi8-u", "iso8859-5", "cp866", "mac-cyrillic")
_KANA = "のにはをたがでてとしれさいるなうすかもあこらくりっまけそえよおどせつちきんだー"
_KANJI = (
    "日一国人年大十二本中長出三時行見月分後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先"
    "名川千水半男西電校語土木聞食車何南万毎白天母火右読友左休父雨会同事自社発者地業方新場員立開手力問代明"
    "動京目通言理体田主題意不作用度強公持野以思家世多正安院心界教文元重近考画海売知道集別物使品計死特私始"
    "朝運終台広住真有口少町料工建空急止送切転研究着起店病質待試族銀早映親験英医仕去味写字答夜音注帰歌当議"
    "契約条件書報告記録期価格表示部要対合定的法関性市最内政経済実現全決加連取調相和数成化産利民"
)

# Of languages that fit equally well, the first one is taken, and the first of its codecs.
LANGUAGES = (
    Language(_WESTERN, "äöüß"),
    Language(_WESTERN, "éèàùçêôâëîïûœ", "ÿæ"),
    Language(_WESTERN, "áéíóúñ", "ü"),
    Language(_WESTERN, "ãçáéêõíóà", "âôúü"),
    Language(_WESTERN, "àèéìòù", "îó"),
    Language(_WESTERN, "åäöæøé", "üàèêòóô"),
    Language(_WESTERN, "áéíóúýðþæö"),
    Language(_WESTERN, "àèéíïóòúüç", "ëöáêôî"),
    Language(_CENTRAL, "ąćęłńóśźż"),
    Language(_CENTRAL, "áčďéěíňóřšťúůýž", "ľĺôŕäöü"),
    Language(_CENTRAL, "áéíóöőúüű"),
    Language(_CENTRAL, "čćđšž"),
    Language(_ROMANIAN, "ăâîşţ", "éöü"),
    Language(("iso8859-16",), "ăâîșț", "éöü"),
    Language(("cp1254", "iso8859-9", "cp857"), "ığşçöüİ", "âîû"),
    Language(_BALTIC, "āčēģīķļņšūž", "ōŗ"),
    Language(_BALTIC, "ąčęėįšųūž"),
    Language(_BALTIC, "õäöü", "šž"),
    Language(("cp1258",), "ăâđêôơư\u0300\u0301\u0303\u0309\u0323", "áàéèíóòúù"),
    Language(_CYRILLIC, "оеаинтсрвлк", "мдпуяыьгзбчйхжшюцщэфъё", 0.4),
    Language(_CYRILLIC, "оаниветрсік", "мдлпуяьгзбчйхжшюцщєїґф", 0.4),
    Language(_CYRILLIC, "аиоетнрсвлк", "мдпуяьгзбчйхжшюцщфъ", 0.4),
    Language(_CYRILLIC, "аиоенрсјтвк", "мдлпугзбчхжшцфљњћђџѓќѕ", 0.4),
    Language(("cp1253", "iso8859-7", "cp737"), "αοιετσνηυρπκμλςάέήίό", "ύώγδθβχφξζψϊϋΐΰ΄", 0.4),
    Language(("cp1255", "iso8859-8", "cp862"), "יוהלאתרבשמן", "םכעחדקטפגצזסךףץ", 0.4),
    Language(
        ("cp1256", "iso8859-6"), "اليمونرتبةعدسفهكقأ", "حجشطصخإذثىضزئءغظؤآ،؛؟پچژگکیےں\u064b", 0.4
    ),
    Language(
        ("cp874",),
        "านรกอเงมยลวดตสท่้ีิัะ็บปค",
        "หแจพชไใขโถซผธณศษภฟุูำื์ๆึฉญฐฏฎฑฒฆฌฝฬฮฤๅฯ๐๑๒๓๔๕๖๗๘๙ํ๊๋",
        0.3,
    ),
)

# The most frequent characters of scripts whose characters take two bytes.
WIDE = {
    "cp932": _KANA + _KANJI,
    "euc_jp": _KANA + _KANJI,
    "gb18030": (
        "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发"
        "后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开"
        "但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并"
        "物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先"
        "海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才"
        "结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书"
        "非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领"
        "共确传师观清今切院让识候带导争运测试营收入幅增请单票合同"
    ),
    "big5": (
        "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發"
        "後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開"
        "但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並"
        "物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常先"
        "海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安少報才"
        "結反受目太量再感建務做接必場件計管期市直資命山金指統區保至隊形社便空決治展馬科司五基書非則聽白"
        "界達光放強即像難且權思完設式色路記南品住告類求據程北邊該交規取格望覺術領共確傳師觀清今切院讓識"
        "測試營收入幅增請單票合同"
    ),
    "cp949": (
        "이다는을의에가고하지로은한기사도리자서인그를대어시나들정으일해수아과부전라여보상스것제있거게니장"
        "구주만면모습안년동우문적용말었관경성내공비신위국오원세무연선때러소회생치단중화명후조영방물실체학"
        "산당되개간교본재미할까며같와유했심없식발트계요차음더등표민통력입분강업따금행출매높녕테파임직약합"
        "작증감글"
    ),
}
