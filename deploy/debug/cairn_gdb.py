"""cairn_gdb.py - shows Cairn's values in gdb: `source deploy/debug/cairn_gdb.py`, in gdb or in ~/.gdbinit.

Texts of ids, times, days, money and durations, arenas with what they occupy, buffers with their text,
lists with their items. A struct that CAIRN_STRUCT declared is shown as its JSON, by its own table of
fields, with the names of its enums:

    (gdb) print *event
    $1 = order_placed {"user_id": "0193a1c2-...", "lines": [{"sku": "tea", ...}], ...}
    (gdb) cairn-json order_state_record state       what a void pointer points to

It reads memory and calls nothing in the process, so a core will do. `print/r` shows a value as gdb does.
"""
import datetime
import json

import gdb

ITEMS_MAX = 200  # of a list; gdb's own limit is the same
DEPTH_MAX = 16  # of records in records: CAIRN_DEPTH_MAX
BLOCKS_MAX = 100_000  # of an arena: a list that was overwritten may be a circle
TEXT_MAX = 4096  # bytes that are shown of a text


# ---- values ----

def text(pointer, length=None):
    """Returns the text at a char pointer, or None for NULL."""
    if int(pointer) == 0:
        return None
    if length is None:
        shown = pointer.string("utf-8", "replace", TEXT_MAX)
        return shown.split("\0", 1)[0]
    return pointer.string("utf-8", "replace", min(int(length), TEXT_MAX))


def uuid(value):
    digits = "".join(f"{int(value['bytes'][i]):02x}" for i in range(16))
    if int(digits, 16) == 0:
        return None
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def time(value):
    """Cairn counts from the day before 0001-01-01; zero is none."""
    us = int(value["us"])
    if us == 0:
        return None
    try:
        moment = datetime.datetime(1, 1, 1) + datetime.timedelta(microseconds=us - 86_400_000_000)
    except OverflowError:
        return f"out of range: {us} us"
    return moment.isoformat(timespec="microseconds") + "Z"


def day(value):
    days = int(value["days"])
    if days == 0:
        return None
    try:
        return datetime.date.fromordinal(days).isoformat()
    except (ValueError, OverflowError):
        return f"out of range: day {days}"


def money(value):
    currency = text(value["currency"].address.cast(gdb.lookup_type("char").pointer()), 4).rstrip("\0")
    minor = int(value["minor"])
    return {"amount": minor, "currency": currency} if currency or minor else None


def duration(value):
    return f"{int(value['us']) / 1e6:.6f} s"


def decimal(units, scale):
    if scale == 0:
        return str(units)
    digits = f"{abs(units):0{scale + 1}}"
    return f"{'-' if units < 0 else ''}{digits[:-scale]}.{digits[-scale:]}"


# ---- records ----

def at(address, type_name):
    """The value of this type at an address."""
    return gdb.Value(address).cast(gdb.lookup_type(type_name).pointer()).dereference()


def kind_of(value):
    """INTEGER of CAIRN_KIND_INTEGER; "0" where there is none."""
    return str(value).replace("CAIRN_KIND_", "")


def number(address, size):
    return int(at(address, {1: "signed char", 2: "short", 4: "int", 8: "long"}[size]))


def enum_name(field, address):
    value = number(address, int(field["size"]))
    if value == 0:
        return None
    return text(field["names"][value]) if 0 < value < int(field["name_count"]) else f"unknown: {value}"


def listed(field, address, depth):
    """The items of a list or of a map."""
    values = at(address, "struct cairn_text_list")
    items, count = int(values["items"]), int(values["count"])
    kind = kind_of(field["item"])
    if int(field["record"]):
        size = int(field["record"]["size"])
        read = lambda place: record_at(field["record"], place, depth + 1)
    else:
        size = {"UUID": 16, "DAY": 4}.get(kind, 8)
        read = lambda place: scalar(field, kind, place)
    shown = [read(items + i * size) for i in range(min(count, ITEMS_MAX))]
    return shown if count <= ITEMS_MAX else shown + [f"and {count - ITEMS_MAX} more"]


def scalar(field, kind, address):
    read = {
        "INTEGER": lambda: number(address, 8),
        "BOOL": lambda: bool(at(address, "unsigned char")),
        "TEXT": lambda: text(at(address, "char").address.cast(
            gdb.lookup_type("char").pointer().pointer()).dereference()),
        "UUID": lambda: uuid(at(address, "struct cairn_uuid")),
        "TIME": lambda: time(at(address, "struct cairn_time")),
        "DAY": lambda: day(at(address, "struct cairn_day")),
        "MONEY": lambda: money(at(address, "struct cairn_money")),
        "DURATION": lambda: duration(at(address, "struct cairn_duration")),
        "DECIMAL": lambda: decimal(number(address, 8), int(field["scale"])),
        "ENUM": lambda: enum_name(field, address),
    }.get(kind)
    return read() if read else f"of unknown kind {kind}"


# The struct that holds each kind where zero is a value: OPTIONAL_INT(n) and so on.
WRAPPED = {"INTEGER": "struct cairn_optional_int", "BOOL": "struct cairn_optional_bool",
           "DECIMAL": "struct cairn_optional_decimal", "DURATION": "struct cairn_optional_duration"}


def member(field, address, depth):
    kind = kind_of(field["kind"])
    if bool(field["wrapped"]):
        holder = at(address, WRAPPED[kind])
        return scalar(field, kind, int(holder["value"].address)) if holder["is_set"] else None
    if kind == "NESTED":
        if bool(field["pointer"]):
            address = int(at(address, "unsigned long"))
        return record_at(field["record"], address, depth + 1) if address else None
    if kind == "TEXT_MAP":
        return {pair["key"]: pair["value"] for pair in listed(field, address, depth) if isinstance(pair, dict)}
    return listed(field, address, depth) if kind == "LIST" else scalar(field, kind, address)


def record_at(record, address, depth=0):
    """The struct at an address, by its table: `record` is a const struct cairn_record *."""
    if depth > DEPTH_MAX:
        return "…"
    shown = {}
    for i in range(int(record["count"])):
        field = record["fields"][i]
        try:
            shown[text(field["name"])] = member(field, address + int(field["offset"]), depth)
        except gdb.MemoryError:
            shown[text(field["name"])] = "cannot be read"
    return shown


def table_of(tag):
    """The address of a struct's table; None if the program has none."""
    try:
        found = gdb.parse_and_eval(f"&'{tag}_record'")
        return found if found.type.target().strip_typedefs().tag == "cairn_record" else None
    except (gdb.error, gdb.MemoryError):
        return None


# ---- printers ----

class Shown:
    """A value that is shown as one text."""

    def __init__(self, value, show):
        self.value, self.show = value, show

    def to_string(self):
        try:
            shown = self.show(self.value)
        except gdb.MemoryError:
            return "cannot be read"
        return "none" if shown is None else str(shown)


class Items:
    """A list with its items."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        return f"{int(self.value['count'])} items"

    def children(self):
        for i in range(min(int(self.value["count"]), ITEMS_MAX)):
            yield str(i), self.value["items"][i]

    def display_hint(self):
        return "array"


def show_arena(value):
    block, blocks, capacity = value["blocks"], 0, 0
    while int(block) and blocks < BLOCKS_MAX:
        blocks, capacity, block = blocks + 1, capacity + int(block["capacity"]), block["next"]
    if blocks == 0:
        return "empty arena"
    newest = int(value["blocks"]["capacity"])
    return f"arena of {capacity} bytes in {blocks} blocks, {int(value['used'])} of the newest's {newest} used"


def show_buffer(value):
    length = int(value["length"])
    return f"buffer of {length} bytes, {int(value['capacity'])} at most: {json.dumps(text(value['text'], length))}"


def show_money(value):
    shown = money(value)
    return shown and f"{shown['amount']} {shown['currency']} (minor units)"


def show_optional(value):
    return value["value"] if value["is_set"] else None


SHOWN = {"cairn_uuid": uuid, "cairn_time": time, "cairn_day": day, "cairn_money": show_money,
         "cairn_duration": duration, "cairn_arena": show_arena, "cairn_buffer": show_buffer}


def find_printer(value):
    kind = value.type.strip_typedefs()
    if kind.code != gdb.TYPE_CODE_STRUCT or not kind.tag:
        return None
    if kind.tag in SHOWN:
        return Shown(value, SHOWN[kind.tag])
    if kind.tag.startswith("cairn_optional_"):
        return Shown(value, show_optional)
    names = [f.name for f in kind.fields()]
    if kind.tag.endswith(("_list", "_map")) and names == ["items", "count"]:
        return Items(value)
    table = None if value.address is None else table_of(kind.tag)
    return table and Shown(value, lambda v: f"{kind.tag} {as_json(record_at(table, int(v.address)))}")


def as_json(shown):
    return json.dumps(shown, ensure_ascii=False)


class JsonCommand(gdb.Command):
    """cairn-json RECORD POINTER: the struct at a pointer as JSON, by its table: cairn-json order_record row"""

    def __init__(self):
        super().__init__("cairn-json", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if len(words) != 2:
            raise gdb.GdbError("usage: cairn-json RECORD POINTER")
        record, pointer = (gdb.parse_and_eval(word) for word in words)
        if record.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
            record = record.address
        print(as_json(record_at(record, int(pointer))))


gdb.pretty_printers.append(find_printer)
JsonCommand()
