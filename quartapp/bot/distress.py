"""Whether somebody who writes is in need: by what they say outright, and by what they say of betting and of their life.

The second net needs none of the phrases of the first: who speaks of themselves, of betting, and of what it costs them.
"""

# ruff: noqa: E501 - a row of the table reads better whole

from __future__ import annotations

import re

_FLAGS = re.VERBOSE | re.IGNORECASE
_DISTRESS = re.compile(
    r"""
      \bsuicid(?!\w*\s+(?:squeeze|squad|pool))\w* | \bkill(?:ing)?\s+my\s?self\b | \bend(?:ing)?\s+(?:it\s+all|my\s+life)\b | \bself[ -]?harm\w* | \bhurt(?:ing)?\s+my\s?self\b
    | \b(?:want|wanna|going|better\s+off)\s+(?:to\s+)?(?:die|dead)\b | \bno\s+(?:reason|point)\s+(?:to|in)\s+liv\w+
    | \b(?:can'?t|can\s?not|unable\s+to|don'?t\s+know\s+how\s+to)\s+stop\s+(?:\w+\s+)?(?:bet\w*|gambl\w*|wager\w*|chas\w*|losing)
    | \baddict(?:ed|ion)?\b | \b(?:gambling|betting)\s+(?:problem|problems|disorder|debts?|is\s+ruining|has\s+ruined|ruined)\b | \bproblem\s+gambl\w*
    | \b(?:lost|losing|gambled|bet|blew|blown|spent)\s+(?:away\s+)?(?:all\s+)?(?:of\s+)?(?:my|our)\s+(?:life\s+|last\s+|whole\s+|entire\s+)?
      (?:savings?|rent|house|home|wages?|salary|paycheck|pay|family|mortgage|tuition|job|money|marriage|kids|children)\b
    | \b(?:lost|losing|gambled|blew|blown)\s+(?:away\s+)?(?:everything|it\s+all|so\s+much|too\s+much|thousands)\b
    | \bchas(?:e|ing)\s+(?:my\s+|the\s+)?loss(?:es)?\b | \b(?:win|get)\s+(?:it|my\s+(?:money|losses))\s+(?:all\s+)?back\b(?!.{0,30}\b(?:if|when|push\w*|void\w*|cancel\w*|postpon\w*|tie[ds]?)\b)
    | \b(?:borrow\w*|loans?|stole|stolen|steal\w*)\b.{0,30}\b(?:bet\w*|gambl\w*) | \b(?:bet\w*|gambl\w*)\b.{0,30}\b(?:borrow\w*|loan|stole|stolen)
    | \bin\s+(?:deep\s+)?debt\b | \bhelp\s+me\s+(?:stop|quit)\b | \b(?:hiding|hide|lying|lied)\b.{0,30}\b(?:gambl\w*|bet(?:s|ting)?|loss(?:es)?)
    | \b(?:point|use)\s+(?:of|in)\s+(?:living|life|going\s+on|being\s+alive)\b | \bjump\s+(?:off|from|in\s+front\s+of)\b | \boverdos\w* | \bcut(?:ting)?\s+my\s?(?:self|wrists?)\b | \bi\s+cut\s+myself\b
    | \b(?:can'?t|cannot)\s+do\s+this\s+any\s?more\b | \bbetter\s+off\s+(?:without\s+me|if\s+i)\b | \b(?:no\s?(?:body|\s?one)|nobody)\s+(?:would|will)\s+(?:miss|care\s+(?:about|if))\b | \bi\s+hate\s+(?:myself|my\s+life)\b
    | \b(?:i|i'?ve|have)\s+relaps\w+ | \brelapsed\s+(?:again|last|today|tonight) | \bi\s+(?:just\s+)?keep\s+(?:on\s+)?(?:gambl\w*|bett?ing|losing|chasing)\b | \b(?:quit|stop|give\s+up|cut\s+down)\s+(?:on\s+)?(?:gambl\w*|betting|my\s+bett?ing)\b | \bin\s+(?:so\s+much|massive|huge|serious|too\s+much|a\s+lot\s+of)?\s*debts?\b
    | \b(?:gambl\w*|bett?ing)\s+(?:is\s+|has\s+)?(?:destroy\w*|ruin\w*|wreck\w*|tak\w+\s+over|control\w*|out\s+of\s+control)\b | \b(?:owe|owing)\s+(?:my\s+|a\s+|the\s+)?(?:bookie|loan\s?shark|dealer)\b | \b(?:hate|ashamed\s+of|sick\s+of)\s+(?:\w+\s+){0,2}(?:bett?ing|gambl\w*)\b
    | \b(?:can'?t|cannot|afraid\s+to|scared\s+to|didn'?t|haven'?t)\s+(?:tell|told)\s+(?:my|anyone|anybody)\b | \bbet(?:ting)?\s+(?:addict\w*|compulsi\w*)\b | \bcompulsive\b
    | \bproblemas?\s+(?:con|de)\s+(?:el\s+juego|juego|las\s+apuestas|apuestas)\b | \b(?:desesperad[oa]|arruinad[oa]|endeudad[oa])\b | \bdejar\s+de\s+(?:apostar|jugar)\b
    | \bveux\s+(?:plus\s+vivre|mourir)\b | \bnicht\s+mehr\s+leben\b | \b(?:will|möchte)\s+sterben\b | \bmich\s+umbringen\b | \bspielsücht\w* | \bjoueur\s+compulsif\b | \bquero\s+morrer\b
    | \b(?:wish\s+i\s+(?:was|were)|rather\s+be)\s+dead\b | \blife\s+is(?:n'?t|\s+not)\s+worth\b | \b(?:nothing|no\s+reason)\s+(?:left\s+)?to\s+live\b | \b(?:about|of)\s+dying\b | \bgoing\s+to\s+hurt\s+(?:some\w*|him|her|them)\b
    | \b(?:gambl\w*|bett?ing)\s+(?:took|cost|has\s+taken|has\s+cost)\s+(?:me\s+)?(?:every\w*|my|all)\b | \bbroke\s+(?:because|from|due)\b | \b(?:talk|speak)\s+to\s+(?:some\w*|any\w*)\b.{0,25}\b(?:bet\w*|gambl\w*)
    | \b(?:someone|somebody|anyone|anybody)\s+(?:i\s+can\s+|to\s+)talk\s+to\b | ^\W*(?:please\s+)?help\s+me(?:\s+please)?\W*$ | \bcan'?t\s+(?:afford|sleep|eat|pay)\b.{0,40}\b(?:bet\w*|gambl\w*|loss\w*|lost) | \b(?:maxed|pawn\w*|sold|mortgag\w*)\b.{0,40}\b(?:bet\w*|gambl\w*)
    | \bvoices\b.{0,20}\b(?:tell|say)\w*\b | \blie\s+to\s+\w+\b.{0,25}\b(?:bet\w*|gambl\w*) | \b(?:needs?|no)\s+(?:food|money\s+for\s+food|diapers|medicine)\b.{0,30}\b(?:bet|gambl\w*)
    | \bkms\b | \bunalive\b | \b(?:don'?t|do\s+not)\s+(?:want\s+to|wanna)\s+(?:live|be\s+(?:here|alive)|wake\s+up|exist|go\s+on)\b | \b(?:can'?t|cannot)\s+(?:go\s+on|cope|take\s+(?:it|this)\s+any\s?more)\b
    | \b(?:husband|wife|partner|son|daughter|brother|sister|mother|father|mom|mum|dad|friend)\b.{0,40}\b(?:gambl\w+|bets?\s+(?:too\s+much|everything))\b
    | \b(?:quiero|voy\s+a|deseo)\s+(?:morir\w*|matarme|suicidarme)\b | \bme\s+(?:quiero|voy\s+a)\s+(?:morir|matar|suicidar)\b | \bno\s+quiero\s+(?:seguir\s+)?vivi\w+ | \bacabar\s+con\s+(?:mi\s+vida|todo)\b
    | \bno\s+(?:puedo|consigo|logro)\s+(?:dejar|parar)\s+de\s+(?:apostar|jugar|perder)\b | \blud[oó]p\w* | \badict[oa]s?\b | \badicci[oó]n\b
    | \b(?:perd[ií]|apost[eé]|gast[eé]|jugu[eé])\s+(?:todo|toda|mi|mis|el\s+alquiler|la\s+renta|los?\s+ahorros|demasiado)\b | \bayuda\s+(?:con|por)\s+(?:mis?\s+)?(?:el\s+juego|las\s+apuestas|apuestas|juego|mi\s+adicci[oó]n)\b
    | \bruin(?:ed|ing)\s+my\s+life\b | \b(?:i|i'?m|my\s+\w+|it)\b.{0,15}\bhopeless\b | \bdesperate\b | \bself[ -]exclu\w*\s+(?:myself|me)\b | \bneed\s+help\s+(?:with\s+)?(?:my\s+)?(?:gambl\w*|bet\w*)
    """,
    _FLAGS,
)
_LIFE = re.compile(
    r"""
      \b(?:done|finished|through|tired|sick|fed\s+up|over\s+it|had\s+enough)\s+(?:with|of)\s+(?:life|living|being\s+alive|everything|it\s+all|this\s+life|existing)\b
    | \b(?:no|any|a|see|find|left)\s+(?:reason|reasons|point|purpose|way)\b.{0,15}\b(?:to\s+|in\s+)?(?:live|living|go\s+on|going\s+on|keep\s+going|continue|carry\s+on|exist|forward|out)\b(?!\s+of\b)
    | \b(?:i\s+am|i'?m|feel|feeling)\s+(?:so\s+|completely\s+|totally\s+|just\s+)?(?:worthless|a\s+burden|hopeless|suicidal|trapped|empty\s+inside|numb\s+(?:inside|to)|like\s+(?:a\s+)?(?:failure|dying|nothing|ending))\b | \b(?:i|me)\b.{0,20}\bdisappear\b | \bgoodbye\s+(?:world|everyone|everybody)\b
    | \b(?:never|not|don'?t|won'?t)\s+(?:want\s+to\s+|wanna\s+)?wake\s+up\b | \bend(?:ing)?\s+(?:things|it|everything|my\s+own\s+life)\b(?!\s+(?:up|in|with|at|on|early)\b)(?=.*\b(?:i|my|me|life|can'?t|want)\b) | \b(?:take|taking|took)\s+my\s+(?:own\s+)?life\b | \boff\s+my\s?self\b | \b(?:hang|drown|shoot|poison)\w*\s+my\s?self\b
    | \bi(?:'?ll|\s+will|'?m\s+going\s+to|\s+want\s+to|\s+might|\s+could)\s+(?:just\s+)?(?:die|not\s+be\s+here|be\s+gone|be\s+dead)\b | \b(?:pills|noose|bridge|razor)\b.{0,30}\b(?:i|me|tonight|myself)\b | \bno\s+(?:future|hope)\b(?=.*\b(?:i|me|my)\b|$) | \bwish\s+i\s+(?:wasn'?t|weren'?t|had\s+never\s+been)\b
    | \bmy\s+life\s+(?:is|'s|has\s+been|feels)\s+(?:\w+\s+)?(?:over|ruined|pointless|meaningless|worthless|hell|nothing|falling) | \b(?:want|wish|need)\s+(?:it|this|everything|the\s+pain)\s+(?:all\s+)?(?:to\s+)?(?:stop|end|be\s+over|go\s+away)\b | \b(?:can'?t|cannot|don'?t\s+think\s+i\s+can|couldn'?t)\s+(?:keep|go|live|carry)\s+(?:on\b|doing\s+this|living|like\s+this|with\s+(?:this|myself))
    | \b(?:no\s?body|no\s?one)\s+(?:would|will|'d)\s+(?:even\s+)?(?:notice|care|miss|mind)\b | \bif\s+i\s+(?:was|were|am|died|die|disappeared)\s*(?:gone|dead|not\s+here)? (?:\W*$|\s+(?:tomorrow|tonight|today)) | \b(?:going\s+to|gonna|want\s+to|wanna|might|will|'ll)\s+end\s+(?:it|things)\b(?!\s+(?:with|up|in|by|on|for\s+the)) | \b(?:theres|there'?s|there\s+is)\s+nothing\s+left\b
    | \b(?:would|could|will)\s+kill\s+me\b | \b(?:took|take|taking|swallow\w*)\s+(?:\w+\s+){0,2}pills\b | \bready\s+to\s+(?:jump|die)\b | \bganas\s+de\s+(?:morir\w*|matarme|suicid\w*) | \bno\s+tiene\s+sentido\s+(?:seguir|vivir)\b | \bno\s+puedo\s+(?:parar|dejarlo|seguir)\b | \b(?:c[oó]mo\s+)?(?:parar|dejar)\s+de\s+(?:apostar|jugar|perder)\b
    | \bi\s+(?:need|have|want|must|should|gotta|got)\s+to\s+stop\b(?!\s+(?:a|the|this|that|getting|receiving|notif)) | \b(?:in\s+over|over)\s+my\s+head\b | \bin\s+too\s+deep\b | \bi\s+(?:just\s+)?keep\s+(?:on\s+)?(?:depositing|spending|betting|gambling|losing|chasing)\b
    | \b(?:gambling|betting)\s+(?:hole|hell|nightmare|habit|binge|spree)\b
    | \bwhat'?s\s+(?:even\s+)?the\s+point(?:\s+any\s?more|\s+of\s+(?:it\s+all|this|anything|trying))?\W*$ | \b(?:life|everything|it\s+all)\s+(?:feels|is|seems)\s+(?:so\s+|just\s+)?(?:pointless|meaningless|empty|hopeless|too\s+much|not\s+worth) | \brock\s+bottom\b | \bi(?:'?m|\s+am)\s+(?:so\s+|completely\s+|totally\s+)?(?:ruined|destroyed|done\s+for|a\s+mess)\b
    | \bbetter\s+if\s+i\b | \bcan'?t\s+face\b | \bor\s+i'?m\s+dead\b | \bcutting\s+(?:helps|myself)\b | \b(?:think\w*|want\w*|might|going|gonna|feel\w*)\b.{0,20}\b(?:driv\w+\s+(?:off|into)|jump\w*|step\w*\s+in\s+front)\b | \bkill(?:ing)?\s+(?:him|her|them)sel(?:f|ves)\b | \b(?:he|she|friend|brother|sister|husband|wife|son|daughter|dad|mom)\b.{0,20}\bwants?\s+to\s+die\b
    | \b(?:can'?t|cannot|couldn'?t)\s+(?:pay|afford|make)\s+(?:my\s+|the\s+|our\s+)?(?:rent|bills|mortgage|food|groceries)\b | \b(?:my|these|his|her|our|the)\s+(?:gambling\s+|betting\s+)?debts\b | \bout\s+of\s+(?:my\s+|this\s+)?debt\b | \bone\s+(?:more|last)\s+bet\b | \bcollectors?\b(?=.*\b(?:gambl\w*|bet\w*|my|me)\b)
    | \bno\s+quiero\s+seguir\b | \b(?:matarme|suicidarme|morirme)\b | \b(?:j'ai|tout)\s+(?:tout\s+)?perdu\b | \ben\s+finir\b | \baccro\b | \bperso\s+tutto\b | \bvoglio\s+morire\b | \bfarla\s+finita\b | \bperdi\s+tudo\b | \bviciad[oa]s?\b | \balles\s+verloren\b | \b(?:espos[oa]|marido|mujer|hij[oa]|padre|madre|novi[oa]|hermano)\b.{0,30}\b(?:apuesta|apostando|juega|jugando)\b
    | \bdon'?t\s+deserve\s+to\b | \bmake\s+it\s+(?:all\s+)?stop\b | \bout\s+of\s+(?:this|my)\s+life\b | \bhow\s+many\s+pills\W*$ | \btell\s+my\s+\w+\s+(?:that\s+)?i\s+(?:love|am\s+sorry|'?m\s+sorry) | \bshaking\b | \bfeel\s+alive\b | \b(?:about|of)\s+ending\s+it\b | \b(?:acabar|terminar)\s+con\s+todo\b | \bdeprimid[oa]\b | \bcu[aá]nto\s+debo\b(?!\s+(?:apostar|jugar|poner|meter|arriesgar)) | \bsick\s+to\s+my\s+stomach\b | \bjoint\s+account\b
    | \b(?:bet|put|lost|gambled)\s+everything\b.{0,40}\b(?:lost|gone)\b | \b(?:wasted|spent|blew|blown)\s+(?:my|the|our)\s+(?:\w+\s+)?(?:inheritance|savings|fund|money)\b | \blook\s+(?:my\s+)?(?:\w+\s+)?in\s+the\s+eyes?\b
    | \bmy\s+bet(?:s|ting)\b.{0,20}\bout\s+of\s+hand\b | \bbet\s+it\s+all\s+again\b | \bcan'?t\s+focus\b | \bbeen\s+clean\b | \bi\s+slipped\b | \bmy\s+life\s+back\b | \bdon'?t\s+want\s+to\s+feel\b | \bnot\s+(?:be|being)\s+(?:around|here)\s+any\s?more\b | \bdo\s+something\s+(?:stupid|bad|terrible|drastic|crazy)\b | \bsaid\s+goodbye\s+to\b | \blife\s+sucks\b | \bgames\s+i\s+don'?t\s+even\b | \bno\s+(?:paro|valgo)\b | \bno\s+vale\s+nada\b
    | \b(?:end|ending)\s+things\b | \blive\s+or\s+die\b | \bi\s+have\s+a\s+(?:gun|knife|plan|rope)\b | \b(?:stop|stopped|just)\s+exist\w*\b | \bmy\s+(?:\w+\s+)?life\s+(?:is|'s|was|became|has\s+become)\s+(?:\w+\s+){0,2}(?:mess|hell|disaster|joke|nightmare|misery)\b | \bhelp\b.{0,12}\bcan'?t\s+stop\b | ^\W*i\s+(?:really\s+|just\s+)?need\s+(?:some\s+)?help\W*$ | \bi(?:'?m|\s+am)\s+not\s+(?:ok|okay|alright|doing\s+well|safe)\b
    | \b(?:gave|giving|given|give)\s+up\s+on\s+(?:life|everything|myself|living)\b | \bmental\s+(?:health|breakdown)\b | \b(?:gambl\w+|bett?ing|debts?|losses)\b.{0,15}\bkilling\s+me\b | \ball\s+(?:of\s+)?my\s+(?:money|savings)\s+(?:is|are|'s|was|went)\s+(?:\w+\s+)?(?:gone|lost)\b | \bdon'?t\s+care\s+(?:if\s+i|about\s+(?:living|my\s+life|anything))\b | \brecogni[sz]e\s+myself\b
    | \b(?:lost|losing|lose|owe|owed|owing|blew|blown|down|gambled|wasted)\s+(?:\w+\s+){0,3}[$£€]?(?:\d[\d,.]*\s?(?:k|grand|thousand)|\d{4,}|\d{1,3},\d{3}|thousands|hundreds|a\s+fortune)\b | \bay[uú]d(?:ame|enme|eme)\b | \bno\s+puedo\s+dormir\b | \bme\s+arruin[eé]\b
    | \bquitar(?:me|se)\s+la\s+vida\b | \bdesaparecer\b | \bno\s+vale\s+la\s+pena\s+vivir\b | \bno\s+(?:puedo|aguanto|doy)\s+m[aá]s\b | \b(?:hart[oa]|cansad[oa])\s+de\s+(?:vivir|la\s+vida|todo)\b | \bno\s+quiero\s+estar\s+aqu[ií]\b | \bmejor\s+muert[oa]\b
    | \bi\s+have\s+a\s+(?:\w+\s+)?problem\b(?!\s+with\s+(?:the|your|this|my)\s+(?:site|app|page|account|login|bet|parlay)) | \b(?:can'?t|cannot)\s+control\s+(?:myself|my|it)\b | \bneed\s+(?:to\s+talk|someone|somebody|help\s+(?:now|please|badly))\b
    """,
    _FLAGS,
)
_SELF = re.compile(
    r"\b(?:his|her|he|she|i|i'?m|i'?ve|i'?d|i'?ll|im|ive|me|my|myself|we|our|yo|mi|mis|estoy|tengo|perd[ií]|apost[eé]|debo|gast[eé]|jugu[eé]|vend[ií])\b",
    re.IGNORECASE,
)
_BETTING = re.compile(
    r"\b(?:bet|bets|betting|gambl\w*|wager\w*|parlays?|casinos?|bookies?|sportsbooks?|losses|losing|lost|lose|down|blew|blown|drained|apost\w*|apuestas?|juego|jugar|jugando|perd\w+)\b",
    re.IGNORECASE,
)
_COST = re.compile(
    r"""
      \b(?:blew|blown|lost|gambled|spent|bet|burn(?:ed|t)|drained|threw)\s+(?:away\s+)?(?:all\s+(?:of\s+)?)?(?:the|my|our|his|her|their)\s+(?:\w+'?s?\s+){0,2}(?:rent|mortgage|funds?|savings?|tuition|grocer\w+|inheritance|pension|401k|retirement|(?:\w+\s+)?money|salary|paychecks?|wages|bonus|house|home|car|wedding|ring|business|allowance)\b
    | \bscared\b | \bterrified\b | \bfailure\b | \bhate\s+(?:who|what|myself|my|how)\b | \bfix\s+everything\b | \b(?:haven'?t|not)\s+eaten\b | \bhurt(?:ing|s)?\s+(?:my|me|everyone)\b | \bgambling\s+hole\b | \btoo\s+much\b(?=\W*$) | \bfor\s+good\b | \bplease\s+help\b | \bmuy\s+mal\b | \bmucho\s+dinero\b
    | \bbroke\b(?!\s+(?:down|even|the|a|his|their)\b) | \bowe[sd]?\b | \bgrand\b | \bmess\b | \bmental\w* | \bsle(?:ep|pt)\w* | \balone\b | \blonely\b | \b(?:lying|lied|lies)\b | \bworthless\b | \bstress\w* | \bsuffer\w* | \bstruggl\w* | \bspiral\w* | \bobsess\w* | \bcompuls\w* | \burges?\b | \bregret\w* | \bwast(?:ed|ing)\b | \bthreat\w* | \boverdraft\w* | \bpayday\b | \brepossess\w* | \bevict\w* | \bhomeless\b | \btears\b | \bsecret(?:ly)?\b
    | \bevery\s+(?:dollar|cent|penny|paycheck)\b | \bevery\s?day\b | \bcan'?t\s+help\b | \btrap\w* | \bhooked\b | \b(?:can'?t|couldn'?t|try\w*\s+to|tried\s+to|want\s+to|need\s+to)\s+(?:\w+\s+)?(?:quit|stop)\b | \bin\s+the\s+eyes?\b | \blost\s+control\b | \bcustody\b | \bconsequences\b | \bget\s+over\s+losing\b
    | \ball\s+(?:i|we)\s+(?:think|dream)\s+about\b | \b(?:tak\w+)\s+over\b | \bawake\b | \bpromised\b | \bworried\s+(?:about|sick)\b | \bnothing\s+left\b | \bdrinking\b | \bin\s+the\s+hole\b | \bmake\s+back\b | \bbut\s+i\s+(?:bet|gambled?|did\s+it|lost)\s+again\b | \bcrush\w*\b
    | \b(?:can'?t|cannot|couldn'?t|not|than\s+i\s+can|than\s+we\s+can)\s+afford\b | \b(?:can'?t|cannot|couldn'?t|won'?t\s+be\s+able\s+to|unable\s+to)\s+(?:pay|stop|quit|sleep|eat|control)\b | \brent\b | \bmortgage\b | \b(?:pay|paying|paid|my|our)\s+(?:the\s+)?bills\b | \bsavings?\b | \bpaychecks?\b | \bsalary\b | \bwages\b
    | \bdebts?\b | \bloans?\b | \bcredit\s+cards?\b | \bmaxed\b | \bbankrupt\w* | \bdivorc\w* | \b(?:wife|husband|girlfriend|boyfriend|partner|family|kids|children|parents|mom|mum|dad)\b.{0,30}\b(?:left|leave|leaving|know|knows|find|found|hate|hates|angry|lie|lied|lying|hide|hiding|tell|food|hungry)\b
    | \blost\s+my\s+(?:job|house|home|car|family|wife|husband)\b | \b(?:ruin|destroy|wreck)\w* | \bfall(?:ing|s)?\s+apart\b | \bout\s+of\s+control\b | \bcontrol\s+(?:my|myself|it)\b | \b(?:bet\w*|gambl\w*|los\w+|spen\w+)\s+(?:way\s+|far\s+)?(?:too\s+much|more\s+than)\b
    | \baddict\w* | \bashamed\b | \bguilt\w* | \bdepress\w* | \banxi\w* | \bpanic\w* | \bdesperat\w* | \bhopeless\b | \bcry(?:ing)?\b | \bpawn\w* | \bst(?:ole|eal)\w* | \bborrow\w*
    | \b(?:win|make|get|earn|need)\w*\s+(?:it|that|what|everything|all|some|this)\b.{0,30}\bback\b | \bwin(?:ning)?\s+back\b | \b(?:recover|make\s+up(?:\s+for)?|recoup)\s+(?:\w+\s+){0,2}loss(?:es)?\b
    | \b(?:get|getting|be|break|back\s+to)\s+even\b(?!\s+(?:at|odds|point)) | \bin\s+a\s+hole\b | \bdown\s+(?:bad|big|\$\d|\d[\d,.]*\s?k\b|\d{3,})
    | \bcasa\b | \bsueldo\b | \bsalario\b | \bahorros?\b | \bdeudas?\b | \b(?:perd\w+|apost\w+)\b.{0,20}\b(?:familia|espos[oa]|hijos|dinero|todo|trabajo)\b | \bcontrolar\w*\b | \bproblemas?\b(?=.*\b(?:juego|apuestas|apostar)\b)
    """,
    _FLAGS,
)
# Nobody asks about a game in this word.
_GAMBLING = re.compile(r"\bgambl\w*", re.IGNORECASE)
_OF_LAW = re.compile(
    r"\b(?:never|new\s+to|legal\w*|lawful\w*|allowed|age|old|tax\w*|laws?|licen[cs]\w*|state|country|responsibl\w*)\b",
    re.IGNORECASE,
)
_OF_BETS = re.compile(
    r"\b(?:what happens|rules?|settle\w*|refund\w*|push\w*|void\w*|cancel\w*|postpon\w*)\b", re.IGNORECASE
)


def is_distress(message: str) -> bool:
    """Return whether a message is a cry for help.

    >>> is_distress("i bet more than i can afford"), is_distress("im done with life"), is_distress("can I afford to miss the Chiefs game?")
    (True, True, False)
    """
    if _DISTRESS.search(message) or _LIFE.search(message):
        return True
    if _GAMBLING.search(message) and _SELF.search(message) and not _OF_LAW.search(message):
        return True
    if not (_SELF.search(message) and _BETTING.search(message)):
        return False
    return _COST.search(message) is not None and not _OF_BETS.search(message)


_ASKS = re.compile(
    r"^\W*(?:what|who|when|where|which|how|why|is|are|was|were|do|does|did|can|could|will|would|should|may|has|have|show|tell|give|explain|list|any)\b|\?\W*$",
    re.IGNORECASE,
)
_OF_THINGS = re.compile(
    r"\bmy\s+(?:team|side|club|boys|guys|squad|friend|buddy)\b|\bnever\s+(?:bet|gambled)(?:\s+before|\s+yet)?\W*$|\b(?:login|password|ticket|number|phone|link|page|track|slip|connection|signal|remote|stream|app|site|code|email|count)\b",
    re.IGNORECASE,
)
_CALLS = re.compile(r"\bwho\s+can\s+(?:i|we)\s+(?:call|talk|turn|speak)\b|\bin\s+trouble\b", re.IGNORECASE)


def is_troubled(message: str) -> bool:
    """Return whether somebody speaks about themselves and betting without a question: no document answers that.

    >>> is_troubled("no one knows how much ive lost"), is_troubled("can i stop a bet"), is_troubled("i lost my login")
    (True, False, False)
    """
    if not (_SELF.search(message) and _BETTING.search(message)) or _OF_THINGS.search(message):
        return False
    return _CALLS.search(message) is not None or not _ASKS.search(message)
