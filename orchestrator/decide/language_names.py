"""What languages are called, by customers of many languages, in the forms they stand in after "in" and "speak".

Compared without accents and case; a form may be the start of longer ones only where a star stands.
"""

# By the language that is named: its names in English, Spanish, Italian, Dutch, German, French, Portuguese, Polish,
# Swedish (Danish, Norwegian), Turkish, Russian, Ukrainian, Greek, Czech, Romanian, Finnish, Arabic, and its own.
NAMES = {
    "ar": """arabic árabe arabo arabisch arabe arabsku arabski arabiska arabisk arapça арабском арабски арабською
        αραβικά arabsky arabă arabiaksi العربية عربي""",
    "ca": "catalan catalán català catalano catalaans katalanisch catalão katalońsku katalanska katalanca каталанском",
    "cs": """czech checo ceco tsjechisch tschechisch tchèque tcheco czesku czeski tjeckiska tjekkisk tsjekkisk çekçe
        чешском чешски чеською τσεχικά česky češtině čeština cehă tšekiksi التشيكية""",
    "da": """danish danés danese deens dänisch danois dinamarquês duńsku duński danska dansk danca датском датски
        данською δανικά dánsky daneză tanskaksi الدنماركية""",
    "de": """german alemán tedesco duits deutsch allemand alemão niemiecku niemiecki tyska tysk almanca немецком
        немецкий немецки німецькою γερμανικά německy němčině germană saksaksi الألمانية المانية""",
    "el": """greek griego greco grieks griechisch grec grego grecku grecki grekiska gresk græsk yunanca греческом
        гречески грецькою ελληνικά řecky greacă kreikaksi اليونانية""",
    "en": """english inglés inglese engels englisch anglais inglês angielsku angielski engelska engelsk ingilizce
        английском английский английски англійською англійська αγγλικά anglicky angličtině engleză englanniksi
        englantia الإنجليزية انجليزي""",
    "es": """spanish español castellano spagnolo spaans spanisch espagnol espanhol castelhano hiszpańsku hiszpański
        spanska spansk ispanyolca испанском испанский испански іспанською ισπανικά španělsky španělštině spaniolă
        espanjaksi espanjaa الإسبانية اسباني""",
    "fi": """finnish finés finlandés finlandese fins finnisch finnois finlandais finlandês fińsku fiński finska finsk
        fince финском фински фінською φινλανδικά finsky finlandeză suomeksi suomea الفنلندية""",
    "fr": """french francés francese frans französisch français francês francusku francuski franska fransk fransızca
        французском французский французски французькою γαλλικά francouzsky francouzštině franceză ranskaksi ranskaa
        الفرنسية فرنسي""",
    "it": """italian italiano italiaans italienisch italien włosku włoski italienska italiensk italyanca итальянском
        итальянский итальянски італійською ιταλικά italsky italštině italiană italiaksi italiaa الإيطالية ايطالي""",
    "ja": """japanese japonés giapponese japans japanisch japonais japonês japońsku japoński japanska japansk japonca
        японском японски японською ιαπωνικά japonsky japoneză japaniksi اليابانية""",
    "ko": """korean coreano koreaans koreanisch coréen koreańsku koreański koreanska koreansk korece корейском
        корейски корейською κορεατικά korejsky coreeană koreaksi الكورية""",
    "nl": """dutch holandés neerlandés olandese nederlands hollands niederländisch holländisch néerlandais hollandais
        holandês neerlandês niderlandzku niderlandzki holendersku nederländska holländska nederlandsk hollandsk
        felemenkçe hollandaca нидерландском голландском голландски нідерландською голландською ολλανδικά nizozemsky
        holandsky olandeză hollanniksi الهولندية""",
    "no": """norwegian noruego norvegese noors norwegisch norvégien norueguês norwesku norweski norska norsk norveççe
        норвежском норвежски норвезькою νορβηγικά norsky norvegiană norjaksi النرويجية""",
    "pl": """polish polaco polacco pools polnisch polonais polonês polsku polski polska polsk lehçe polonyaca польском
        польски польською πολωνικά polsky poloneză puolaksi البولندية""",
    "pt": """portuguese portugués portoghese portugees portugiesisch portugais português brasileiro brazilian
        portugalsku portugalski portugisiska portugisisk portekizce португальском португальски португальською
        πορτογαλικά portugalsky portugheză portugaliksi البرتغالية""",
    "ro": """romanian rumano rumeno roemeens rumänisch roumain romeno rumuńsku rumuński rumänska rumænsk rumensk
        rumence румынском румынски румунською ρουμανικά rumunsky română româna romaniaksi الرومانية""",
    "ru": """russian ruso russo russisch russe rosyjsku rosyjski ryska russisk rusça русском русский русски російською
        ρωσικά rusky ruštině rusă venäjäksi venäjää الروسية روسي""",
    "sv": """swedish sueco svedese zweeds schwedisch suédois szwedzku szwedzki svenska svensk isveççe шведском шведски
        шведською σουηδικά švédsky suedeză ruotsiksi ruotsia السويدية""",
    "tr": """turkish turco turks türkisch turc tureku turecku turecki turkiska tyrkisk türkçe турецком турецкий
        турецки турецькою τουρκικά turecky turcă turkiksi التركية تركي""",
    "uk": """ukrainian ucraniano ucraino oekraïens ukrainisch ukrainien ukraińsku ukraiński ukrainska ukrainsk
        ukraynaca украинском украинский украински українською українська українськи ουκρανικά ukrajinsky ucraineană
        ukrainaksi الأوكرانية""",
    "zh": """chinese mandarin chino cinese chinees chinesisch chinois chinês chińsku chiński kinesiska kinesisk çince
        китайском китайски китайською κινεζικά čínsky chineză kiinaksi الصينية""",
}

# What speakers call their own language: said alone ("Español?"), it is asked for.
OWN = {
    "ar": "العربية عربي",
    "ca": "català",
    "cs": "čeština česky",
    "da": "dansk",
    "de": "deutsch",
    "el": "ελληνικά",
    "en": "english",
    "es": "español castellano",
    "fi": "suomi suomeksi",
    "fr": "français",
    "it": "italiano",
    "ja": "日本語",
    "ko": "한국어",
    "nl": "nederlands",
    "no": "norsk",
    "pl": "polski",
    "pt": "português",
    "ro": "română",
    "ru": "русский по-русски",
    "sv": "svenska",
    "tr": "türkçe",
    "uk": "українська українською",
    "zh": "中文 汉语 普通话",
}

# Written without blanks, so these are found anywhere in what is said.
DENSE_NAMES = {
    "ar": "阿拉伯语|阿拉伯文|アラビア語|아랍어",
    "de": "德语|德文|ドイツ語|독일어",
    "en": "英语|英文|英語|영어",
    "es": "西班牙语|西班牙文|スペイン語|스페인어",
    "fr": "法语|法文|フランス語|프랑스어",
    "it": "意大利语|意大利文|イタリア語|이탈리아어",
    "ja": "日语|日文|日本語|일본어",
    "ko": "韩语|韩文|韓国語|한국어",
    "nl": "荷兰语|荷兰文|オランダ語|네덜란드어",
    "pl": "波兰语|波兰文|ポーランド語|폴란드어",
    "pt": "葡萄牙语|葡萄牙文|ポルトガル語|포르투갈어",
    "ru": "俄语|俄文|ロシア語|러시아어",
    "sv": "瑞典语|瑞典文|スウェーデン語|스웨덴어",
    "tr": "土耳其语|土耳其文|トルコ語|터키어",
    "uk": "乌克兰语|乌克兰文|ウクライナ語|우크라이나어",
    "zh": "中文|汉语|普通话|中国語|중국어",
}
