"""Institutions and places: what stands below or beside the names of authors."""

import re
from functools import lru_cache

from carrel.parsing.names import MARKS, is_name, parts_of

# Of a text in small letters.
_INSTITUTION = re.compile(
    r"universi|univ\.|institut|departamento|dipartimento|département|abteilung|fachbereich|lehrstuhl"
    r"|fakult|facultad|\bdepartment|\bdept\b|\bschool\b|\bcollege|laborato|\blabs?\b|\bcent(?:re|er|ro)\b"
    r"|facult|academy|academia"
    r"|akadem|hospital|\bclinic|research|technolog|ministry|\bcompany\b|\binc\b|\bltd\b|\bllc\b|gmbh"
    r"|\bcorp\b|corporation|foundation"
    r"|observator|polytech|politec|école|hochschule|\bdivision|\bgroup\b|\bsection of|engineering|\bscienc"
    r"|computing|computer"
    r"|informatics|\bsystems\b|\bavenue\b|\bstreet\b|\broad\b|\brd\b\.?$|\bdrive\b|\blane\b|\bcampus\b"
    r"|\bbuilding\b|p\.\s?o\.\s|postfach"
    r"|\bproject\b|\bprogram|\bsociety\b|\bassociation\b|\bcouncil\b|\bagency\b|\bcommission\b|\bbureau\b"
    r"|consortium|\bteam\b|\bbox\b"
    r"|microsoft|google|\bamazon\b|facebook|\bmeta\b|yahoo|\bibm\b|\bintel\b|nvidia|deepmind|openai"
    r"|\bhuawei (?:tech|noah|cloud|research)|tencent|alibaba|baidu"
    r"|inria\b|\bcnrs\b|\bsuny\b|\bmit\b|\bepfl\b|\beth\b|\bnasa\b|\bkaist\b|caltech|berkeley"
    r"|stanford|princeton|harvard"
    r"|大学|学院|研究|小组|团队|实验室|實驗室|大學|學院|公司|中心|医院|学校|[\u3400-\u9fff]{2}[省市]|系\b|部门|出版社|연구|대학|학교",
)
_ACRONYM = re.compile(r"\b(?:KU|TU|UC|UT|ETH|RWTH|LMU|CMU|NYU|UCLA|UCL|NUS|TUM|IIT|UNSW|HKUST|USC|UIUC)\b")
_COUNTRIES = (
    r"afghanistan|albania|algeria|argentina|armenia|australia|austria|azerbaijan|bangladesh|belarus|"
    r"belgium|bolivia|bosnia|brazil|brasil|bulgaria|cameroon|canada|chile|china|colombia|costa rica|"
    r"croatia|cuba|cyprus|czech republic|czechia|denmark|deutschland|ecuador|egypt|england|españa|"
    r"estonia|ethiopia|finland|france|germany|ghana|greece|hong kong|hungary|iceland|india|indonesia|"
    r"iran|iraq|ireland|israel|italia|italy|japan|jordan|kazakhstan|kenya|korea|kuwait|latvia|lebanon|"
    r"lithuania|luxembourg|macau|malaysia|mexico|méxico|morocco|nepal|netherlands|the netherlands|"
    r"new zealand|nigeria|northern ireland|norway|pakistan|peru|perú|philippines|poland|portugal|qatar|"
    r"romania|russia|russian federation|saudi arabia|schweiz|scotland|senegal|serbia|singapore|slovakia|"
    r"slovenia|south africa|south korea|spain|sri lanka|suisse|sweden|switzerland|taiwan|thailand|"
    r"tunisia|turkey|türkiye|uganda|ukraine|united arab emirates|united kingdom|uruguay|uzbekistan|"
    r"venezuela|vietnam|viet nam|wales|uae|alabama|alaska|alberta|arizona|arkansas|british columbia|"
    r"california|colorado|connecticut|delaware|florida|georgia tech|hawaii|illinois|indiana|iowa|kansas|"
    r"kentucky|louisiana|maryland|massachusetts|michigan|minnesota|mississippi|missouri|montana|"
    r"nebraska|nevada|new hampshire|new jersey|new mexico|new york|north carolina|north dakota|ohio|"
    r"oklahoma|ontario|oregon|pennsylvania|quebec|québec|rhode island|south carolina|south dakota|"
    r"tennessee|texas|utah|vermont|west virginia|wisconsin|wyoming|"
    r"r\.? ?o\.? ?c|u\.?k|u\.?s\.?a?|united states(?: of america)?|p\.? ?r\.? ?china|p\.? ?r\.? ?c"
    r"|washington(?:,? d\.?c)?"
)
_STATES = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MA MI MN MS MO MT NE NV NH NJ NM NY NC "
    "ND OH OK OR PA RI SC SD TN TX UT VT WA WV WI WY DC ON QC BC AB SK NSW ACT VIC UK USA"
)
_STATE_CODES = frozenset(_STATES.split())
_COUNTRY = re.compile(rf"(?:{_COUNTRIES})\.?", re.IGNORECASE)
# What is no family name as well: "Michael Jordan" is no place.
_ENDS_IN_COUNTRY = re.compile(
    r".*[\s,](?:u\.?s\.?a|u\.?k|united (?:kingdom|states|arab emirates)|canada|germany|switzerland|sweden"
    r"|japan|netherlands|china|italy"
    r"|spain|brazil|austria|belgium|denmark|finland|norway|australia|singapore|taiwan|hong kong|korea"
    r"|mexico|greece|turkey|russia"
    r"|portugal|pakistan|india|indonesia|new zealand|hungary|romania|bulgaria|california|massachusetts"
    r"|washington,? d\.?c)\.?",
    re.IGNORECASE,
)
_CITY_LIST = (
    "amsterdam athens atlanta austin barcelona beijing bengaluru bangalore berlin bonn boston brussels "
    "budapest cairo chicago copenhagen delhi dresden dublin edinburgh edmonton geneva glasgow hamburg "
    "heidelberg helsinki houston istanbul jerusalem karlsruhe kyoto lausanne leipzig leuven lisbon "
    "ljubljana london lyon madrid manchester melbourne milan milano montreal montréal moscow mumbai "
    "munich münchen nanjing oslo ottawa oxford palo paris philadelphia pittsburgh prague roma rome "
    "saarbrücken seattle seoul shanghai shenzhen stockholm stuttgart sydney tokyo toronto trento tübingen "
    "uppsala vancouver vienna waterloo wien zürich zurich "
    "北京 上海 天津 重庆 广州 深圳 南京 武汉 西安 成都 杭州 长沙 哈尔滨 沈阳 大连 济南 合肥 郑州 福州 厦门 "
    "昆明 兰州 南昌 长春 贵阳 南宁 太原 石家庄 苏州 青岛 无锡 宁波 中国 香港 澳门 台湾 台北 東京 京都 "
    "大阪 서울 대전"
)
_CITIES = frozenset(_CITY_LIST.split())
_LIST = 5  # parts: in so long a line two full names tell that it lists persons
_REMEMBERED = 512  # texts that were just asked about


@lru_cache(maxsize=_REMEMBERED)
def is_place(text: str) -> bool:
    """Whether a text names an institution, an address or a country rather than persons."""
    if _is_institution(text) and not _mostly_persons(text):
        return True
    parts = [part.strip(" .()") for part in re.split(r"[,;,–]", re.sub(r"\d+", "", MARKS.sub(" , ", text)))]
    parts = [part for part in parts if part]
    places = sum(_is_location(part, len(parts), text) for part in parts)
    persons = sum(map(is_name, parts)) - places
    return places > 0 and (places >= 0.5 * len(parts) or persons < (2 if len(parts) >= _LIST else 3))


def _is_institution(text: str) -> bool:
    return _INSTITUTION.search(text.lower()) is not None or (
        not text.isupper() and _ACRONYM.search(text) is not None
    )


def _mostly_persons(text: str) -> bool:
    """Whether a text is a list of persons, of whom one is called like an institution or names his own."""
    parts = parts_of(text)
    persons = [part for part in parts if is_name(part) and not _is_institution(part)]
    return len(persons) >= 3 and len(persons) >= 0.7 * len(parts)


def _is_location(part: str, parts: int, text: str) -> bool:
    words = part.split()
    if _COUNTRY.fullmatch(part) or (len(words) > 1 and _ENDS_IN_COUNTRY.fullmatch(part)):
        return True
    if words[-1] in _STATE_CODES and (parts > 1 or len(words) > 1) and not text.isupper():
        return True
    return part.lower() in _CITIES
