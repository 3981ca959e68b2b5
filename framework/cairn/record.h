/* record.h - field tables: a struct is declared once, and a table of its fields drives the rest.
 *
 * A record is a plain C struct and a constant table of its fields. The table serves JSON in both
 * directions, validation, JSON Schema and the columns of a read model:
 *
 *     struct order_line {
 *         const char *sku;
 *         int64_t quantity;
 *     };
 *     CAIRN_RECORD(order_line,
 *                  CAIRN_FIELD(order_line, sku, .max_bytes = 40),
 *                  CAIRN_FIELD(order_line, quantity, CAIRN_RANGE(1, 1000)));
 *
 * The JSON name is the member's name. The kind of a member follows from its C type:
 *
 *     C type                    kind       in JSON                      in PostgreSQL
 *     int64_t                   integer    42                           bigint
 *     bool                      bool       true                         boolean
 *     const char *              text       "UTF-8, no U+0000"           text
 *     struct cairn_uuid         uuid       "0193a1c2-…"                 uuid
 *     struct cairn_time         time       "2026-11-21T07:00:00.000000Z" timestamptz
 *     struct cairn_day          day        "2026-11-21"                 date
 *     struct cairn_money        money      {"amount":1,"currency":"EUR"} json
 *     an enum                   enum       "placed"         (CAIRN_ENUM_FIELD)    text
 *     another record            nested     {…}              (CAIRN_NESTED_FIELD)  json
 *     CAIRN_LIST(struct x)      list       [{…}, …]         (CAIRN_LIST_FIELD)    json
 *
 * Enums start at 1, so that a zeroed one is visibly unset.
 *
 * A command is decoded strictly: unknown fields, missing fields and values out of bounds are all
 * reported at once, by JSON pointer. A stored event is decoded leniently: unknown fields are
 * ignored and bounds are not checked again, so a rule may be tightened without making history
 * unreadable. An event is checked against its table before it is written.
 *
 * A field that is not `.optional` must be present. An optional one that is absent or null is zero
 * (NULL, false, 0, no items) and is written as null.
 *
 * Ownership: tables are constants. Text and lists that were decoded belong to the request or the
 * batch; a fold may assign them to a state or a row without copying: the engine finds every pointer
 * by the table and copies what has to live longer. Therefore a state's table must name every
 * member; a process whose tables omit one reports it and does not start. */
#ifndef CAIRN_RECORD_H
#define CAIRN_RECORD_H

#include <cairn/value.h>

CAIRN_BEGIN_C

enum cairn_kind {
    CAIRN_KIND_INTEGER = 1,
    CAIRN_KIND_BOOL,
    CAIRN_KIND_TEXT,
    CAIRN_KIND_UUID,
    CAIRN_KIND_TIME,
    CAIRN_KIND_DAY,
    CAIRN_KIND_MONEY,
    CAIRN_KIND_ENUM,
    CAIRN_KIND_NESTED,
    CAIRN_KIND_LIST,
};

/* The format of a text, besides its length. */
enum cairn_format {
    CAIRN_FORMAT_ANY = 0,
    CAIRN_FORMAT_EMAIL,    /* something@host.tld, the way browsers check it */
    CAIRN_FORMAT_CURRENCY, /* three capital letters, ISO 4217 */
    CAIRN_FORMAT_TOKEN,    /* letters, digits, and - _ . */
};

/* Default limits of fields that set none. */
enum {
    CAIRN_TEXT_MAX_BYTES = 1000,
    CAIRN_LIST_MAX_COUNT = 1000,
    CAIRN_DEPTH_MAX = 16,
    CAIRN_EVENT_MAX_BYTES = 1 << 20,
};
#define CAIRN_INTEGER_MAX INT64_C(9007199254740991) /* 2^53 - 1: exact in every JSON (RFC 7493) */

struct cairn_record;

struct cairn_field {
    const char *name;
    const char *of; /* the struct it is a member of, checked against the table's at start */
    enum cairn_kind kind;
    uint32_t offset;
    uint32_t size;
    bool optional;
    int64_t min, max;   /* integer: both zero means -2^53+1 to 2^53-1 */
    uint32_t min_bytes; /* text: 0 means 1 where the field is required */
    uint32_t max_bytes; /* text: 0 means CAIRN_TEXT_MAX_BYTES */
    uint32_t min_count; /* list */
    uint32_t max_count; /* list: 0 means CAIRN_LIST_MAX_COUNT */
    enum cairn_format format;
    const char *const *names;          /* enum: indexed by value, [0] unused */
    uint32_t name_count;               /* enum: entries in `names` */
    const struct cairn_record *record; /* nested record, or a list's items */
    const char *help;                  /* one line for the API's documentation */
    const char *example;               /* JSON text, likewise */
};

struct cairn_record {
    const char *name;
    uint32_t size;
    uint32_t align;
    const struct cairn_field *fields;
    uint32_t count;
};

/* A list of records: `struct order_lines CAIRN_LIST(struct order_line);` */
#define CAIRN_LIST(type)                                                                           \
    {                                                                                              \
        const type *items;                                                                         \
        size_t count;                                                                              \
    }

/* A record without fields: `struct capture_payment { CAIRN_NO_FIELDS; };` with
 * CAIRN_EMPTY_RECORD(capture_payment), and CAIRN_NOTHING in place of its members. */
#define CAIRN_NO_FIELDS char no_fields_
#define CAIRN_NOTHING 0

/* Makes tag_record visible to other files; placed beside the struct in a header. */
#define CAIRN_DECLARE(tag) extern const struct cairn_record tag##_record

#define CAIRN_RECORD(tag, ...)                                                                     \
    CAIRN_DECLARE(tag);                                                                            \
    static const struct cairn_field tag##_fields_[] = {__VA_ARGS__};                               \
    const struct cairn_record tag##_record = {                                                     \
        .name = #tag,                                                                              \
        .size = sizeof(struct tag),                                                                \
        .align = _Alignof(struct tag),                                                             \
        .fields = tag##_fields_,                                                                   \
        .count = sizeof tag##_fields_ / sizeof tag##_fields_[0],                                   \
    }

#define CAIRN_EMPTY_RECORD(tag)                                                                    \
    CAIRN_DECLARE(tag);                                                                            \
    const struct cairn_record tag##_record = {                                                     \
        .name = #tag, .size = sizeof(struct tag), .align = _Alignof(struct tag)}

#define CAIRN_RANGE(least, most) .min = (least), .max = (most)

/* A member whose kind follows from its C type; an unsupported type fails the build here. The
 * arguments after the member are designated initialisers of struct cairn_field: `.optional = true`,
 * `.max_bytes = 40`. */
#define CAIRN_FIELD(tag, ...) CAIRN_PLAIN_(tag, __VA_ARGS__, )

/* An enum: (tag, member, values, …) with
 * `static const char *const values[] = {[ORDER_PLACED] = "placed", …};` */
#define CAIRN_ENUM_FIELD(tag, member, ...) CAIRN_ENUM_(tag, member, __VA_ARGS__, )

/* A record inside the record: (tag, member, the inner record's tag, …). */
#define CAIRN_NESTED_FIELD(tag, member, ...) CAIRN_NESTED_(tag, member, __VA_ARGS__, )

/* A list of records: (tag, member, the item's tag, …). */
#define CAIRN_LIST_FIELD(tag, member, ...) CAIRN_ITEMS_(tag, member, __VA_ARGS__, )

/* The parts of the macros above. CAIRN_MUST_ is 0, or fails the build with `why`. */
#define CAIRN_MEMBER_(tag, member) (((struct tag *)0)->member)
#define CAIRN_MUST_(condition, why)                                                                \
    (0 * (int)sizeof(struct {                                                                      \
         _Static_assert(condition, why);                                                           \
         int unused;                                                                               \
     }))
#define CAIRN_SAME_TYPE_(expression, type)                                                         \
    CAIRN_MUST_(__builtin_types_compatible_p(__typeof__(expression), type),                        \
                "the member is not a " #type)
#define CAIRN_FIELD_(tag, member, kind_, ...)                                                      \
    {                                                                                              \
        .name = #member, .of = #tag, .kind = (enum cairn_kind)(kind_),                             \
        .offset = offsetof(struct tag, member), .size = sizeof(CAIRN_MEMBER_(tag, member)),        \
        __VA_ARGS__                                                                                \
    }
#define CAIRN_PLAIN_(tag, member, ...)                                                             \
    CAIRN_FIELD_(tag, member,                                                                      \
                 _Generic(CAIRN_MEMBER_(tag, member),                                              \
                     int64_t: CAIRN_KIND_INTEGER,                                                  \
                     bool: CAIRN_KIND_BOOL,                                                        \
                     const char *: CAIRN_KIND_TEXT,                                                \
                     struct cairn_uuid: CAIRN_KIND_UUID,                                           \
                     struct cairn_time: CAIRN_KIND_TIME,                                           \
                     struct cairn_day: CAIRN_KIND_DAY,                                             \
                     struct cairn_money: CAIRN_KIND_MONEY),                                        \
                 __VA_ARGS__)
#define CAIRN_ENUM_(tag, member, values, ...)                                                      \
    CAIRN_FIELD_(                                                                                  \
        tag, member,                                                                               \
        (int)CAIRN_KIND_ENUM + CAIRN_MUST_(sizeof(CAIRN_MEMBER_(tag, member)) == sizeof(int),      \
                                           "an enum is stored as an int"),                         \
        .names = (values), .name_count = sizeof(values) / sizeof((values)[0]), __VA_ARGS__)
#define CAIRN_NESTED_(tag, member, nested, ...)                                                    \
    CAIRN_FIELD_(tag, member,                                                                      \
                 (int)CAIRN_KIND_NESTED +                                                          \
                     CAIRN_SAME_TYPE_(CAIRN_MEMBER_(tag, member), struct nested),                  \
                 .record = &nested##_record, __VA_ARGS__)
#define CAIRN_ITEMS_(tag, member, item, ...)                                                       \
    CAIRN_FIELD_(tag, member,                                                                      \
                 (int)CAIRN_KIND_LIST +                                                            \
                     CAIRN_SAME_TYPE_(CAIRN_MEMBER_(tag, member.items), const struct item *),      \
                 .record = &item##_record, __VA_ARGS__)

CAIRN_END_C

#endif
