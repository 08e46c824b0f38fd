"""Number words in the languages notices are written in (en, es, it, nl, de, fr, pt), folded: no case, no accents."""


def counted(words: str) -> tuple[tuple[int, str], ...]:
    """Alternatives are parted by a slash; the first stands for 1, and "_" for none."""
    return tuple((n, word) for n, group in enumerate(words.split(), 1) for word in group.split("/") if word != "_")


# Portuguese "um" is left out: in English chat it is a hesitation, not a choice.
CARDINALS = (
    counted("one two three four five six seven eight nine ten eleven twelve"),
    counted("uno/una/un dos tres cuatro cinco seis siete ocho nueve diez once doce"),
    counted("uno/una/un due tre quattro cinque sei sette otto nove dieci undici dodici"),
    counted("een twee drie vier vijf zes zeven acht negen tien elf twaalf"),
    counted("eins/eine/einen zwei/zwo drei vier funf/fuenf sechs sieben acht neun zehn elf zwolf/zwoelf"),
    counted("un/une deux trois quatre cinq six sept huit neuf dix onze douze"),
    counted("uma dois/duas tres quatro cinco seis sete oito nove dez onze doze"),
)

ORDINALS = (
    counted("first second third fourth fifth sixth seventh eighth ninth tenth"),
    counted("primero/primera/primer segundo/segunda tercero/tercera/tercer cuarto/cuarta quinto/quinta sexto/sexta"),
    counted("primo/prima secondo/seconda terzo/terza quarto/quarta quinto/quinta sesto/sesta"),
    counted("eerste tweede derde vierde vijfde zesde zevende achtste negende tiende"),
    counted("erste/ersten/erster/erstes zweite/zweiten/zweites dritte/dritten/drittes vierte/vierten/viertes"),
    counted(
        "_ _ _ _ funfte/funften/funftes sechste/sechsten siebte/siebten achte/achten neunte/neunten zehnte/zehnten"
    ),
    counted(
        "premier/premiere deuxieme/second/seconde troisieme quatrieme cinquieme sixieme septieme huitieme neuvieme"
    ),
    counted("_ _ _ _ _ _ septimo/septima octavo/octava noveno/novena decimo/decima"),
    counted("_ _ _ _ _ _ settimo/settima ottavo/ottava nono/nona decimo/decima"),
    counted("_ _ _ _ _ _ setimo/setima oitavo/oitava"),
    counted("primeiro/primeira segundo/segunda terceiro/terceira quarto/quarta quinto/quinta sexto/sexta"),
)

FILLING = (
    "a o lopzione loption"
    " option opcion opzione optie opcao number numero nummer the el la lo los il de het den die das der le"
    " answer respuesta risposta antwoord antwort reponse resposta"
    " please por favor per favore alsjeblieft bitte sil vous plait"
)
FILLERS = frozenset(FILLING.split())
"""Words around the number that say nothing: "option 2", "la segunda", "nummer drie"."""

BEFORE_DIGITS = frozenset({"no", "nr", "num"})
"""So do these, but only before digits: "no. 2" is a choice, "no one" is none."""

ARTICLES = frozenset({"la", "lopzione", "opzione"})
DOUBTFUL = frozenset({"prima"})
"""A number only after an article: alone it is "fine" in Dutch and in German."""

IDIOMS = frozenset({"a second", "a second please", "please a second", "the one", "the ones", "a one"})
"""Said of other things than of choices."""

DATE_WORDS = {
    word: days
    for days, words in (
        (-1, "yesterday ayer ieri gisteren gestern hier ontem"),
        (0, "today hoy oggi vandaag heute aujourdhui hoje"),
        (1, "tomorrow manana domani morgen demain amanha"),
    )
    for word in words.split()
}
"""Days from today."""

COMMANDS = {
    word: command
    for command, words in (
        ("back", "back/go back/atras/volver/volver atras/anterior/indietro/torna indietro/terug/ga terug"),
        ("back", "zuruck/zurueck/retour/precedent/voltar"),
        ("cancel", "cancel/stop/quit/cancelar/annulla/annulleren/annuleren/stoppen/abbrechen/stopp/annuler/arreter"),
        ("cancel", "cancela/parar/basta"),
        ("skip", "skip/none/saltar/omitir/salta/saltare/overslaan/sla over/uberspringen/ueberspringen/passer/ignorer"),
        ("skip", "pular/ninguno/nessuno/geen/keine/aucun/nenhum"),
    )
    for word in words.split("/")
}
"""What is said of a question rather than in answer to it."""
