import tomllib

from seatrial.spec.toml_lines import key_lines


def test_keys_of_plain_and_nested_tables_are_found_on_their_lines() -> None:
    lines = key_lines('a = 1\n\n[b]\nc = 2 # [not.a.table]\n  [b.d]\n  e = "x"\n')
    assert lines[("a",)] == 1
    assert lines[("b",)] == 3
    assert lines[("b", "c")] == 4
    assert lines[("b", "d")] == 5
    assert lines[("b", "d", "e")] == 6


def test_each_table_of_an_array_of_tables_has_its_own_lines() -> None:
    lines = key_lines("[[a.b]]\nx = 1\n[[a.b]]\nx = 2\n[a.b.c]\ny = 3\n")
    assert lines[("a", "b")] == 1
    assert lines[("a", "b", 0, "x")] == 2
    assert lines[("a", "b", 1)] == 3
    assert lines[("a", "b", 1, "x")] == 4
    assert lines[("a", "b", 1, "c", "y")] == 6


def test_elements_of_arrays_and_inline_tables_are_found_on_their_lines() -> None:
    lines = key_lines("a = [\n  1, # one ]\n  [2,\n   3],\n]\nb = { c.d = 4, 'e f' = [5] }\n")
    assert lines[("a", 0)] == 2
    assert lines[("a", 1)] == 3
    assert lines[("a", 1, 1)] == 4
    assert lines[("b", "c", "d")] == 6
    assert lines[("b", "e f", 0)] == 6


def test_quotes_brackets_and_line_ends_inside_strings_mislead_nothing() -> None:
    text = 'a = """\n[x]\n\\""" = "no" """\n\'b\' = \'\'\'it\'s [\n\'\'\'\n"c\\u0064" = "\\"]"\r\ne = 1'
    assert set(tomllib.loads(text)) == {"a", "b", "cd", "e"}
    lines = key_lines(text)
    assert set(lines) == {("a",), ("b",), ("cd",), ("e",)}
    assert (lines[("b",)], lines[("cd",)], lines[("e",)]) == (4, 6, 7)


def test_quotes_right_before_the_closing_quotes_belong_to_the_string() -> None:
    text = 'a = """x"""""\nb = \'\'\'y\'\'\'\'\nc = ""\nd = [1, """"""]\ne = 1\n'
    assert tomllib.loads(text) == {"a": 'x""', "b": "y'", "c": "", "d": [1, ""], "e": 1}
    assert [key_lines(text)[(name,)] for name in "abcde"] == [1, 2, 3, 4, 5]


def test_the_scanner_finds_exactly_the_paths_the_standard_parser_finds() -> None:
    text = """
title = "t"
[a]
b = [ {c = 1}, {c = [1, 2], d.e = "x"} ]
f.g.h = 1979-05-27T07:32:00Z
[[p.q]]
r = '''
]'''
[[p.q.s]]
t = -inf
[[p.q]]
[p.q.u]
"v.w" = { }
"""

    def paths(value: object, at: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        return {at} | {path for name, item in items for path in paths(item, (*at, name))}

    assert set(key_lines(text)) == paths(tomllib.loads(text)) - {()}
