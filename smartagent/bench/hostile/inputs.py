"""The hostile inputs. Each would leave a sign (`signs`) if anything executed it."""

from pathlib import Path
from typing import Any

FACTOR = 31_337  # of a product that no page has by itself
SECRET = "hostile-secret-7f3a"  # noqa: S105 the content of a file that nobody may read
MADE = "made"  # the file that a command would make
SQL_SETTING = "hostile.executed"
MEGABYTE = 1 << 20

_SET = f"set_config('{SQL_SETTING}', 'yes', false)"
_PRODUCT = f"{FACTOR}*{FACTOR}"
SQL = [
    f"'; SELECT {_SET}; --", f"' || {_SET} || '", f"' OR {_SET} = 'yes' --", f"'); SELECT {_SET}; --",
    f"1; SELECT {_SET}", f"1 OR {_SET} IS NOT NULL", f'"; SELECT {_SET}; --', f"\\'; SELECT {_SET}; --",
    f"%' AND {_SET} LIKE '%", f"$$; SELECT {_SET}; $$", f"(SELECT {_SET})", f"1) UNION SELECT {_SET} --",
    f"' UNION ALL SELECT {_SET}, NULL, NULL --", f"id, {_SET}", f"-id; SELECT {_SET}", f"E'\\047; SELECT {_SET} --",
    f"/**/OR/**/{_SET}=$$yes$$", f"\u02bc; SELECT {_SET}; --", "'; DROP TABLE automation_rules; --", "' OR '1'='1",
    "%%%", "%s %(x)s {0}", "_%\\",
]  # fmt: skip
HTML = [
    "<script>hostile()</script>", "<img src=hostile onerror=hostile()>", '"><script>hostile()</script>',
    "'><svg onload=hostile()>", '" onmouseover="hostile()', "' onfocus='hostile()' autofocus='", "javascript:hostile()",
    "JaVaScRiPt:hostile()", "java\tscript:hostile()", "data:text/html,<script>hostile()</script>",
    "</textarea><script>hostile()</script>", "</title><script>hostile()</script>",
    "</script><script>hostile()</script>", "<!--<script>hostile()</script>-->",
    "<iframe srcdoc='<script>hostile()</script>'>",
    "<a href=javascript:hostile()>x", "<form action=//hostile.example><input name=x>",
    "<style>@import '//hostile.example'</style>",
    "<x-data x-init=hostile()>", "`${hostile()}`", "&lt;script&gt;hostile()&lt;/script&gt;", "\\u003cscript>hostile()",
    "<math><mtext><script>hostile()</script>", "[x](javascript:hostile())", '![x](x"onerror="hostile())',
]  # fmt: skip
TEMPLATES = [
    f"{{{{{_PRODUCT}}}}}", f"{{{{ {_PRODUCT} }}}}", f"${{{_PRODUCT}}}", f"#{{{_PRODUCT}}}", f"<%= {_PRODUCT} %>",
    f"{{% widthratio {FACTOR} 1 {FACTOR} %}}", f"{{% set x = {_PRODUCT} %}}{{{{ x }}}}", "{% debug %}",
    "{% load log %}", "{{ settings.SECRET_KEY }}", "{{ request.user.password }}", "{{''.__class__.__mro__}}",
    "{% include '/etc/passwd' %}", "%(asctime)s {0.__class__}", "=cmd|' /C calc'!A0", f"={_PRODUCT}",
]  # fmt: skip
UNICODE = [
    "\u202egnp.exe", "\u2066\u2069\u200b\u200d", "\ufeffbom", "é\u0301\u0301\u0301", "Ω≈ç√∫", "１２３", "१२३", "٣",
    "ﬃ ﬁ", "İıſß", "\U0001f469\u200d\U0001f4bb" * 50, "\ufffe\uffff", "\U0010ffff", "\u2028\u2029", "ᐁ" * 300,
    "\u0300" * 200, "\x1b[2J\x07", "\x7f\x80\x9f", "a\u0000\u0301".replace("\u0000", "\u200c"), "𝕳𝖔𝖘𝖙𝖎𝖑𝖊",
    "ﷺ" * 100, "\t\v\f\x1c\x1d\x85\xa0",
]  # fmt: skip
UNSTORABLE = ["\ud800", "a\udfffb", "\udc00\ud800", "\ud83d", "\x00", "a\x00b", "\x00" * 100, "%00", "\\u0000"]
HEADERS = ["x\r\nX-Hostile: yes", "x\nX-Hostile: yes", "x%0d%0aX-Hostile: yes", "//hostile.example/",
           "https://hostile.example/", "\\\\hostile.example\\x",
           "a@hostile.example\r\nBcc: b@hostile.example"]  # fmt: skip
NUMBERS = ["1e1000000", "-0", "NaN", "Infinity", "9" * 5000, "0x7fffffffffffffff", "9999999999d", "1d" * 60,
           "0001-01-01T00:00:00+18:00", "9999-12-31T23:59:59-23:59", "FREQ=SECONDLY;COUNT=999999999",
           "(a+)+$" + "a" * 100]  # fmt: skip
LARGE = ["a" * MEGABYTE, "<" * MEGABYTE, "😀" * (MEGABYTE // 4), "[" * 100_000, '{"a":' * 50_000]


def hostile_texts(folder: Path) -> list[str]:
    """A hundred and more; some want to read or to write in `folder`, see `signs`."""
    secret, made = folder / "secret.txt", folder / MADE
    up = "../" * 12 + str(secret).lstrip("/")
    paths = [
        up, str(secret), f"file://{secret}", up.replace("../", "....//"), up.replace("/", "%2f"), f"{secret}\x00.png",
        up.replace("../", "..\\"), f"/static/{up}", "../../etc/passwd", "/proc/self/environ", "con", "~root", ".", "..",
    ]  # fmt: skip
    touch = f"touch {made}"
    commands = [
        f"; {touch}", f"$({touch})", f"`{touch}`", f"| {touch}", f"&& {touch}", f"\n{touch}\n",
        f"__import__('os').system('{touch}')", f"!!python/object/apply:os.system ['{touch}']",
        f"cos\nsystem\n(S'{touch}'\ntR.", f"x'; COPY (SELECT 1) TO PROGRAM '{touch}'; --", f"-o{made}",
        f"() {{ :; }}; {touch}",
    ]  # fmt: skip
    return [*SQL, *HTML, *TEMPLATES, *paths, *commands, *UNICODE, *UNSTORABLE, *HEADERS, *NUMBERS, *LARGE]


def deep_values() -> list[Any]:
    """JSON where a text is expected, some of it deep."""
    lists: Any = []
    objects: Any = {}
    for _ in range(400):
        lists, objects = [lists], {"a": objects}
    return [lists, objects, [None] * 1000, {"\x00": "\ud800"}, {"__proto__": {"x": 1}}, 10**400, True, None]
