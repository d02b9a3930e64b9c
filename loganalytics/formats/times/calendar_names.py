"""Names of months and weekdays, as the Unicode CLDR has them for twenty languages (copied from Babel 2.18)."""

from __future__ import annotations

_MONTHS = (
    "january jan januar jänner jän janvier janv enero ene janeiro gennaio gen januari января янв январь січня січ "
    "січень stycznia sty styczeń ledna led leden tammikuuta tammi tammikuu január ianuarie ian ocak oca gener",
    "february feb februar février févr febrero fevereiro fev febbraio februari февраля февр февраль лютого лют "
    "лютий lutego lut luty února úno únor helmikuuta helmi helmikuu február febr februarie şubat şub febrer",
    "march mar märz mär mars marzo março maart mrt марта мар март березня бер березень marca marzec března bře "
    "březen marts maaliskuuta maalis maaliskuu március márc martie mart març mrz",
    "april apr avril avr abril abr aprile апреля апр апрель квітня квіт квітень kwietnia kwi kwiecień dubna dub "
    "duben huhtikuuta huhti huhtikuu április ápr aprilie nisan nis",
    "may mai mayo maio maggio mag mei мая май травня трав травень maja maj května kvě květen toukokuuta touko "
    "toukokuu május máj mayıs maig",
    "june jun juni juin junio junho giugno giu июня июн июнь червня черв червень czerwca cze czerwiec června čvn "
    "červen kesäkuuta kesä kesäkuu június jún iunie iun haziran haz juny",
    "july jul juli juillet juil julio julho luglio lug июля июл июль липня лип липень lipca lip lipiec července "
    "čvc červenec heinäkuuta heinä heinäkuu július júl iulie iul temmuz tem juliol",
    "august aug août agosto ago augustus августа авг август серпня серп серпень sierpnia sie sierpień srpna srp "
    "srpen augusti elokuuta elo elokuu augusztus ağustos ağu agost aoû",
    "september sep sept septembre septiembre setembro set settembre сентября сент сентябрь вересня вер вересень "
    "września wrz wrzesień září zář syyskuuta syys syyskuu szeptember szept septembrie eylül eyl setembre",
    "october oct oktober okt octobre octubre outubro out ottobre ott октября окт октябрь жовтня жовт жовтень "
    "października paź październik října říj říjen lokakuuta loka lokakuu október octombrie ekim eki",
    "november nov novembre noviembre novembro ноября нояб ноябрь листопада лист листопад listopada lis listopad "
    "listopadu marraskuuta marras marraskuu noiembrie kasım kas ноя",
    "december dec dezember dez décembre déc diciembre dic dezembro dicembre декабря дек декабрь грудня груд "
    "грудень grudnia gru grudzień prosince pro prosinec desember des joulukuuta joulu joulukuu decembrie aralık "
    "ara desembre",
)
_CHINESE = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")  # as Java writes them
MONTH_NUMBERS = {
    **{name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()},
    **{f"{numeral}月": number for number, word in enumerate(_CHINESE, 1) for numeral in (word, number)},
}
"""The number of each name of a month, in small letters and without a dot."""

_WEEKDAYS = (
    "cmt cs csütörtök cum cuma cumartesi czw czwartek dc dg di dienstag dijous dilluns dim dimanche dimarts "
    "dimecres dinsdag dissabte diumenge divendres dj dl do dom domenica domingo donderdag donnerstag ds dt dum "
    "duminică dv fr fre fredag freitag fri friday gio giovedì hétfő jeu jeudi joi jue jueves ke kedd keskiviikko "
    "keskiviikkona la lauantai lauantaina lun lundi lunedì lunes luni lör lördag lør lørdag ma maanantai "
    "maanantaina maandag man mandag mar mardi martedì martes marți mer mercoledì mercredi mi mie miercuri "
    "mittwoch mié miércoles mo mon monday montag mån måndag ne neděle niedz niedziela ons onsdag paz pazar "
    "pazartesi pe per perjantai perjantaina perşembe piątek po pon pondělí poniedziałek pt pzt pá pátek péntek "
    "qua quarta-feira qui quinta-feira sa sab sabato sal salı sam samedi samstag sat saturday seg segunda-feira "
    "sex sexta-feira so sob sobota sonntag st středa su sun sunday sunnuntai sze szerda szo szombat sáb sábado "
    "sâm sâmbătă sön söndag søn søndag ter terça-feira thu thursday ti tiistai tiistaina tir tirs tirsdag tis "
    "tisdag to tor tors torsdag torstai torstaina tue tuesday vasárnap ven vendredi venerdì vie viernes vin "
    "vineri vr vrijdag wed wednesday wo woensdag wt wtorek za zaterdag zo zondag çar çarşamba út úterý čt čtvrtek "
    "śr środa воскресенье вс вт вторник вівторок нд неділя пʼятниця пн понедельник понеділок пт пятница сб середа "
    "ср среда суббота субота четвер четверг чт"
)
WEEKDAYS = tuple(_WEEKDAYS.split())
"""Names of weekdays, in small letters and without a dot."""
