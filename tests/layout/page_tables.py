"""What the tables of the page arena-shm-layout(5) say, and whether the library's headers say the same."""

import re

MASK = (1 << 64) - 1
SIGNS = {r"\-": "-", r"\(lq": '"', r"\(rq": '"', r"\(aq": "'", r"\e": "\\"}


def plain(cell):
    cell = re.sub(r"\\f[A-Z]", "", cell)
    for sign, text in SIGNS.items():
        cell = cell.replace(sign, text)
    return cell.strip()


def rows_of(table):
    """The rows of what stands between .TS and .TE, the heading among them, as texts."""
    lines = table.strip("\n").split("\n")
    lines = lines[next(i for i, line in enumerate(lines) if line.endswith(".")) + 1 :]
    joined = re.sub(r"T\{\n(.*?)\nT\}", lambda block: block[1].replace("\n", " "), "\n".join(lines), flags=re.S)
    return [[plain(cell) for cell in line.split("\t")] for line in joined.split("\n") if line != "_"]


def tables_of(page):
    """[(what it is a table of, its rows without the heading)]; and complaints about tables that do not say what of."""
    tables, complaints = [], []
    for mark, text in re.findall(r'(?ms)^(\.\\" table: [^\n]*\n)?\.TS\n(.*?)^\.TE$', page):
        heading, *rows = rows_of(text)
        if mark:
            tables.append((mark.split("table: ")[1].strip(), rows))
        elif heading[:3] == ["Offset", "Length", "Name"] or heading[:2] in (["Name", "Value"], ["Value", "Name"]):
            complaints.append(f"a table that nothing is compared with: {heading}, {rows[0]}")
    return tables, complaints


def formulas_of(tables):
    """{"done(n)": what it is in Python}"""
    found = {row[0]: row[1] for what, rows in tables if what == "formulas" for row in rows}
    scope = {}
    for name, text in found.items():
        function, arguments = re.fullmatch(r"(\w+)\((.*)\)", name).groups()
        scope[function] = eval(f"lambda {arguments}: ({text.replace('/', '//')}) & {MASK}", scope)
    return {name: scope[name.split("(")[0]] for name in found}


def results_of(formula, samples):
    try:
        return [formula(*arguments) for arguments in samples]
    except NameError as error:  # of another formula, or an argument
        return str(error)


def compare_struct(name, rows, facts):
    size = next(fact[3] for fact in facts if fact[:2] == ["size", name])
    fields = {fact[2]: (fact[3], fact[4]) for fact in facts if fact[:2] == ["field", name]}
    end = 0
    for offset, length, field, *_ in rows:
        if int(offset) != end:
            yield f"{name}: {field} at {offset}, but the field before it ends at {end}"
        end = int(offset) + int(length)
        if field != "-" and fields.pop(field, None) != (int(offset), int(length)):
            yield f"{name}: {field} is not {length} bytes at {offset}, or not there"
    if end != size:
        yield f"{name}: ends at {end}, and has {size} bytes"
    for field in fields:
        yield f"{name}: {field} is missing"


def compare_names(what, told, real):
    for name in told.keys() | real.keys():
        if told.get(name) != real.get(name):
            yield f"{what} {name}: the page says {told.get(name)}, the headers {real.get(name)}"


def compare(page, facts, samples):
    """What is wrong. `facts`: what make_facts.py's program prints; samples(formula): the arguments of each call."""
    tables, complaints = tables_of(page)
    for kind, of in sorted({(fact[0], fact[1]) for fact in facts}):
        of_kind = [fact for fact in facts if fact[:2] == [kind, of]]
        title = {"size": f"struct {of}", "enumerator": f"enum {of}", "constant": "constants"}.get(kind)
        rows = [row for what, rows in tables if what == title for row in rows]
        if kind == "size":
            complaints += compare_struct(of, rows, facts)
        elif kind == "enumerator":
            told = {row[1]: int(row[0]) for row in rows}
            complaints += compare_names(of, told, {fact[2]: fact[3] for fact in of_kind})
        elif kind == "constant":
            told = {row[0]: eval(row[1]) for row in rows}
            complaints += compare_names("constant", told, {fact[2]: fact[3] for fact in of_kind})
        elif kind == "formula" and (formula := formulas_of(tables).get(of)):
            if results_of(formula, samples(of)) != [fact[3] for fact in of_kind]:
                complaints.append(f"{of} is not what the headers make of it")
        elif kind == "formula":
            complaints.append(f"{of} is missing")
    for what, rows in tables:
        known = any(what in (f"struct {fact[1]}", f"enum {fact[1]}", "constants", "formulas") for fact in facts)
        if not known:
            complaints.append(f"a table of {what}, which the headers have not")
    unknown = formulas_of(tables).keys() - {fact[1] for fact in facts}
    return complaints + [f"{name}, which is compared with nothing" for name in unknown]
