/* record.h - structs whose fields are known to the framework.
 *
 * A struct is declared once, and the declaration also makes a constant table of its fields, which
 * drives JSON in both directions, validation, JSON Schema and the columns of a read model:
 *
 *     CAIRN_STRUCT(order_line, TEXT(sku, .max_bytes = 40), INT(quantity, CAIRN_RANGE(1, 1000)));
 *     CAIRN_STRUCT(order_placed, UUID(user_id), LIST(lines, order_line, .max_count = 100));
 *
 * makes `struct order_line`, `struct order_line_list` and `struct order_placed`, and their tables
 * `order_line_record` and `order_placed_record`. A header may contain it. The first argument of a
 * field is the member's name, which is also its name in JSON; the last ones are designated
 * initialisers of struct cairn_field.
 *
 *     field                     C type                    in JSON                 in PostgreSQL
 *     INT(n)                    int64_t                   42                      bigint
 *     BOOL(n)                   bool                      true                    boolean
 *     TEXT(n)                   const char *              "UTF-8, no U+0000"      text
 *     UUID(n)                   struct cairn_uuid         "0193a1c2-…"            uuid
 *     TIME(n)                   struct cairn_time         "2026-11-21T07:00:00.000000Z" timestamptz
 *     DAY(n)                    struct cairn_day          "2026-11-21"            date
 *     MONEY(n)                  struct cairn_money        {"amount":1,"currency":"EUR"} json
 *     DECIMAL(n, scale)         struct cairn_decimal      "12.50"                 numeric
 *     DURATION(n)               struct cairn_duration     "PT15M" (ISO 8601)      interval
 *     ENUM(n, e)                enum e                    "placed"                text
 *     RECORD(n, t)              struct t                  {…}                     json
 *     LIST(n, t)                struct t_list             [{…}, …]                json
 *     TEXTS(n)                  struct cairn_text_list    ["a", …]                json
 *     INTS(n), UUIDS(n), DAYS(n) struct cairn_int_list, …_uuid_list, …_day_list   json
 *     TEXT_MAP(n)               struct cairn_text_map     {"key":"value", …}      json
 *     OPTIONAL_INT(n)           struct cairn_optional_int 42 or null              bigint
 *     OPTIONAL_BOOL(n), OPTIONAL_DECIMAL(n, scale), OPTIONAL_DURATION(n)          likewise
 *     OPTIONAL_RECORD(n, t)     const struct t *          {…} or null             json
 *
 * An enum is declared by CAIRN_ENUM, with the names of its values in JSON. Its values start at 1,
 * so that a zeroed one is visibly unset. A writer of a later version may know more values: a reader
 * that sets `.fallback = VALUE` reads each name that it does not know, in stored data, as that one.
 *
 * A command is decoded strictly: unknown fields, missing fields and values out of bounds are all
 * reported at once, by JSON pointer. A stored event is decoded leniently: unknown fields are
 * ignored and bounds are not checked again, so a rule may be tightened without making history
 * unreadable. An event is checked against its table before it is written.
 *
 * A field that is not `.optional` must be present. An optional one that is absent or null is zero:
 * no text, uuid, time, day, money, enum or items. Where zero is a value, OPTIONAL_INT and the like
 * tell the two apart; `INT(n, .optional = true)` is read as 0 if it is absent.
 *
 * A field of an event with `.tag = "course"`, which is a uuid, an integer, a text or a list of
 * them, gives the event the tag "course:VALUE" (each item gives one): decisions can be made about
 * all events that have it (boundary.h), in whichever streams they are. A tag has at most 200 bytes.
 *
 * Ownership: tables are constants. Text and lists that were decoded belong to the request or the
 * batch; a fold may assign them to a state or a row without copying: the engine finds every pointer
 * by the table and copies what has to live longer. New text and longer lists are made with
 * memory.h.
 *
 * In C++ the declarations make the structs only. */
#ifndef CAIRN_RECORD_H
#define CAIRN_RECORD_H

#include <cairn/each.h>
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
    CAIRN_KIND_DECIMAL,
    CAIRN_KIND_DURATION,
    CAIRN_KIND_TEXT_MAP,
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
    enum cairn_kind kind;
    uint32_t offset;
    uint32_t size;
    bool optional;
    bool wrapped;       /* the member is a struct cairn_optional_… */
    bool pointer;       /* nested record: the member points to it, or is NULL */
    int64_t min, max;   /* integer, decimal (in units), money (in minor units), duration (us): both
                           zero means all from -2^53+1 to 2^53-1, from 0 for durations */
    uint32_t min_bytes; /* text: 0 means 1 where the field is required */
    uint32_t max_bytes; /* text: 0 means CAIRN_TEXT_MAX_BYTES; of lists and maps: of each text */
    uint32_t min_count; /* list, map */
    uint32_t max_count; /* list, map: 0 means CAIRN_LIST_MAX_COUNT */
    enum cairn_format format;
    int scale;                         /* decimal: digits after the point */
    enum cairn_kind item;              /* list: of its items, if they are no records */
    const char *const *names;          /* enum: indexed by value, [0] unused */
    uint32_t name_count;               /* enum: entries in `names` */
    int fallback;                      /* enum: for names in stored data that are not known */
    const struct cairn_record *record; /* nested record, or the items of a list or map */
    const char *tag;                   /* of an event: its value is a tag, see boundary.h */
    const char *help;                  /* one line for the API's documentation */
    const char *example;               /* JSON text, likewise */
};

struct cairn_record {
    const char *name;
    uint32_t size;
    uint32_t align;
    const struct cairn_field *fields;
    uint32_t count;
    const char *at; /* where it is declared: "orders.h:12"; or NULL */
};

/* The layout of every list: CAIRN_STRUCT(x, …) also makes `struct x_list CAIRN_LIST(struct x);`. */
#define CAIRN_LIST(type)                                                                           \
    {                                                                                              \
        const type *items;                                                                         \
        size_t count;                                                                              \
    }

struct cairn_text_list {
    const char *const *items;
    size_t count;
};
struct cairn_int_list CAIRN_LIST(int64_t);
struct cairn_uuid_list CAIRN_LIST(struct cairn_uuid);
struct cairn_day_list CAIRN_LIST(struct cairn_day);

/* Declares a struct and the table of its fields: CAIRN_STRUCT(tag, field, …), see above. There may
 * be none: CAIRN_STRUCT(capture_payment). */
#define CAIRN_STRUCT(...) CAIRN_STRUCT_EXPANDED_(CAIRN_FIRST_(__VA_ARGS__, ), __VA_ARGS__)

/* Declares an enum and the names of its values:
 *
 *     CAIRN_ENUM(order_status, (PLACED, "placed"), (PAID, "paid")); */
#define CAIRN_ENUM(tag, ...) CAIRN_ENUM_(tag, CAIRN_FIRST_(__VA_ARGS__, ), __VA_ARGS__)

/* The least and the most of a number, both allowed: INT(n, CAIRN_RANGE(1, 100)). Of money the minor
 * units are bounded, in any currency: MONEY(price, CAIRN_RANGE(1, 100000)). */
#define CAIRN_RANGE(least, most) .min = (least), .max = (most)
/* A currency's code: TEXT(currency, CAIRN_CURRENCY) */
#define CAIRN_CURRENCY .max_bytes = 3, .format = CAIRN_FORMAT_CURRENCY, .example = "\"EUR\""

/* ---- the parts of the macros above ---- */

#define CAIRN_MEMBER_(tag, field) CAIRN_MEMBER_##field
#define CAIRN_MEMBER_INT(...) int64_t CAIRN_FIRST_(__VA_ARGS__, );
#define CAIRN_MEMBER_BOOL(...) bool CAIRN_FIRST_(__VA_ARGS__, );
#define CAIRN_MEMBER_TEXT(...) const char *CAIRN_FIRST_(__VA_ARGS__, );
#define CAIRN_MEMBER_UUID(...) struct cairn_uuid CAIRN_FIRST_(__VA_ARGS__, );
#define CAIRN_MEMBER_TIME(...) struct cairn_time CAIRN_FIRST_(__VA_ARGS__, );
#define CAIRN_MEMBER_DAY(...) struct cairn_day CAIRN_FIRST_(__VA_ARGS__, );
#define CAIRN_MEMBER_MONEY(...) struct cairn_money CAIRN_FIRST_(__VA_ARGS__, );
#define CAIRN_MEMBER_DECIMAL(name, ...) struct cairn_decimal name;
#define CAIRN_MEMBER_DURATION(...) struct cairn_duration CAIRN_FIRST_(__VA_ARGS__, );
#define CAIRN_MEMBER_TEXTS(...) struct cairn_text_list CAIRN_FIRST_(__VA_ARGS__, );
#define CAIRN_MEMBER_INTS(...) struct cairn_int_list CAIRN_FIRST_(__VA_ARGS__, );
#define CAIRN_MEMBER_UUIDS(...) struct cairn_uuid_list CAIRN_FIRST_(__VA_ARGS__, );
#define CAIRN_MEMBER_DAYS(...) struct cairn_day_list CAIRN_FIRST_(__VA_ARGS__, );
#define CAIRN_MEMBER_TEXT_MAP(...) struct cairn_text_map CAIRN_FIRST_(__VA_ARGS__, );
#define CAIRN_MEMBER_OPTIONAL_INT(...) struct cairn_optional_int CAIRN_FIRST_(__VA_ARGS__, );
#define CAIRN_MEMBER_OPTIONAL_BOOL(...) struct cairn_optional_bool CAIRN_FIRST_(__VA_ARGS__, );
#define CAIRN_MEMBER_OPTIONAL_DECIMAL(name, ...) struct cairn_optional_decimal name;
#define CAIRN_MEMBER_OPTIONAL_DURATION(...)                                                        \
    struct cairn_optional_duration CAIRN_FIRST_(__VA_ARGS__, );
#define CAIRN_MEMBER_OPTIONAL_RECORD(name, ...) const struct CAIRN_FIRST_(__VA_ARGS__, ) * name;
#define CAIRN_MEMBER_ENUM(name, ...) enum CAIRN_FIRST_(__VA_ARGS__, ) name;
#define CAIRN_MEMBER_RECORD(name, ...) struct CAIRN_FIRST_(__VA_ARGS__, ) name;
#define CAIRN_MEMBER_LIST(name, ...) struct CAIRN_JOIN_(CAIRN_FIRST_(__VA_ARGS__, ), _list) name;

/* (what follows from the kind), the name, the author's initialisers */
#define CAIRN_TRAITS_INT(...) (.kind = CAIRN_KIND_INTEGER), __VA_ARGS__,
#define CAIRN_TRAITS_BOOL(...) (.kind = CAIRN_KIND_BOOL), __VA_ARGS__,
#define CAIRN_TRAITS_TEXT(...) (.kind = CAIRN_KIND_TEXT), __VA_ARGS__,
#define CAIRN_TRAITS_UUID(...) (.kind = CAIRN_KIND_UUID), __VA_ARGS__,
#define CAIRN_TRAITS_TIME(...) (.kind = CAIRN_KIND_TIME), __VA_ARGS__,
#define CAIRN_TRAITS_DAY(...) (.kind = CAIRN_KIND_DAY), __VA_ARGS__,
#define CAIRN_TRAITS_MONEY(...) (.kind = CAIRN_KIND_MONEY), __VA_ARGS__,
#define CAIRN_TRAITS_DECIMAL(name, ...) CAIRN_TRAITS_DECIMAL_(name, __VA_ARGS__, )
#define CAIRN_TRAITS_DECIMAL_(name, scale_, ...)                                                   \
    (.kind = CAIRN_KIND_DECIMAL, .scale = (scale_)), name, __VA_ARGS__
#define CAIRN_TRAITS_DURATION(...) (.kind = CAIRN_KIND_DURATION), __VA_ARGS__,
#define CAIRN_TRAITS_TEXTS(...) (.kind = CAIRN_KIND_LIST, .item = CAIRN_KIND_TEXT), __VA_ARGS__,
#define CAIRN_TRAITS_INTS(...) (.kind = CAIRN_KIND_LIST, .item = CAIRN_KIND_INTEGER), __VA_ARGS__,
#define CAIRN_TRAITS_UUIDS(...) (.kind = CAIRN_KIND_LIST, .item = CAIRN_KIND_UUID), __VA_ARGS__,
#define CAIRN_TRAITS_DAYS(...) (.kind = CAIRN_KIND_LIST, .item = CAIRN_KIND_DAY), __VA_ARGS__,
#define CAIRN_TRAITS_TEXT_MAP(...)                                                                 \
    (.kind = CAIRN_KIND_TEXT_MAP, .record = &cairn_text_pair_record), __VA_ARGS__,
#define CAIRN_TRAITS_OPTIONAL_INT(...)                                                             \
    (.kind = CAIRN_KIND_INTEGER, .optional = true, .wrapped = true), __VA_ARGS__,
#define CAIRN_TRAITS_OPTIONAL_BOOL(...)                                                            \
    (.kind = CAIRN_KIND_BOOL, .optional = true, .wrapped = true), __VA_ARGS__,
#define CAIRN_TRAITS_OPTIONAL_DECIMAL(name, ...) CAIRN_TRAITS_OPTIONAL_DECIMAL_(name, __VA_ARGS__, )
#define CAIRN_TRAITS_OPTIONAL_DECIMAL_(name, scale_, ...)                                          \
    (.kind = CAIRN_KIND_DECIMAL, .scale = (scale_), .optional = true, .wrapped = true), name,      \
        __VA_ARGS__
#define CAIRN_TRAITS_OPTIONAL_DURATION(...)                                                        \
    (.kind = CAIRN_KIND_DURATION, .optional = true, .wrapped = true), __VA_ARGS__,
#define CAIRN_TRAITS_OPTIONAL_RECORD(name, ...) CAIRN_TRAITS_OPTIONAL_RECORD_(name, __VA_ARGS__, )
#define CAIRN_TRAITS_OPTIONAL_RECORD_(name, tag, ...)                                              \
    (.kind = CAIRN_KIND_NESTED, .record = &tag##_record, .optional = true, .pointer = true), name, \
        __VA_ARGS__
#define CAIRN_TRAITS_ENUM(name, ...) CAIRN_TRAITS_ENUM_(name, __VA_ARGS__, )
#define CAIRN_TRAITS_ENUM_(name, tag, ...)                                                         \
    (.kind = CAIRN_KIND_ENUM, .names = tag##_names_,                                               \
     .name_count = sizeof tag##_names_ / sizeof tag##_names_[0]),                                  \
        name, __VA_ARGS__
#define CAIRN_TRAITS_RECORD(name, ...) CAIRN_TRAITS_RECORD_(name, __VA_ARGS__, )
#define CAIRN_TRAITS_RECORD_(name, tag, ...)                                                       \
    (.kind = CAIRN_KIND_NESTED, .record = &tag##_record), name, __VA_ARGS__
#define CAIRN_TRAITS_LIST(name, ...) CAIRN_TRAITS_LIST_(name, __VA_ARGS__, )
#define CAIRN_TRAITS_LIST_(name, tag, ...)                                                         \
    (.kind = CAIRN_KIND_LIST, .record = &tag##_record), name, __VA_ARGS__

#define CAIRN_ROW_(tag, field) CAIRN_ROW_OF_(tag, CAIRN_TRAITS_##field)
#define CAIRN_ROW_OF_(...) CAIRN_ROW_WITH_(__VA_ARGS__)
#define CAIRN_ROW_WITH_(tag, traits, member, ...)                                                  \
    {.name = #member,                                                                              \
     .offset = offsetof(struct tag, member),                                                       \
     .size = sizeof(((struct tag *)0)->member),                                                    \
     CAIRN_CALL_(CAIRN_ALL_, traits),                                                              \
     __VA_ARGS__},
#define CAIRN_ALL_(...) __VA_ARGS__

/* A struct of ISO C has at least one member. */
#define CAIRN_PLACEHOLDER_0 char no_fields_;
#define CAIRN_PLACEHOLDER_1

#define CAIRN_STRUCT_EXPANDED_(tag, ...) CAIRN_STRUCT_(tag, __VA_ARGS__)
#ifdef __cppcheck__ /* does not expand what CAIRN_EACH_ leaves to expand */
#define CAIRN_STRUCT_(tag, ...)                                                                    \
    struct tag;                                                                                    \
    struct tag##_list CAIRN_LIST(struct tag);                                                      \
    extern const struct cairn_record tag##_record
#define CAIRN_ENUM_(tag, ...) enum tag { tag##_first_ = 1 }
#else
#define CAIRN_STRUCT_(tag, ...)                                                                    \
    struct tag {                                                                                   \
        CAIRN_EACH_(CAIRN_MEMBER_, tag, __VA_ARGS__)                                               \
        CAIRN_JOIN_(CAIRN_PLACEHOLDER_, CAIRN_ANY_ITEMS_(__VA_ARGS__))                             \
    };                                                                                             \
    struct tag##_list CAIRN_LIST(struct tag) CAIRN_STRUCT_TABLE_(tag, __VA_ARGS__)

#define CAIRN_ENUM_(tag, first, ...)                                                               \
    enum tag {                                                                                     \
        CAIRN_CALL_(CAIRN_VALUE_OF_, first) = 1,                                                   \
        CAIRN_EACH_(CAIRN_VALUE_, tag, __VA_ARGS__)                                                \
    } CAIRN_ENUM_TABLE_(tag, first, __VA_ARGS__)
#endif
#define CAIRN_VALUE_(tag, item) CAIRN_CALL_(CAIRN_VALUE_OF_, item),
#define CAIRN_VALUE_OF_(value, name) value
#define CAIRN_NAME_(tag, item) CAIRN_CALL_(CAIRN_NAME_OF_, item),
#define CAIRN_NAME_OF_(value, name) name

#ifdef __cplusplus
#define CAIRN_STRUCT_TABLE_(tag, ...)
#define CAIRN_ENUM_TABLE_(tag, first, ...)
#else
#define CAIRN_STRUCT_TABLE_(tag, ...)                                                              \
    ;                                                                                              \
    CAIRN_UNUSED static const struct cairn_field tag##_fields_[] = {                               \
        CAIRN_EACH_(CAIRN_ROW_, tag, __VA_ARGS__){.name = NULL}};                                  \
    CAIRN_UNUSED static const struct cairn_record tag##_record = {                                 \
        .name = #tag,                                                                              \
        .size = sizeof(struct tag),                                                                \
        .align = _Alignof(struct tag),                                                             \
        .fields = tag##_fields_,                                                                   \
        .count = CAIRN_COUNT_(__VA_ARGS__),                                                        \
        .at = CAIRN_PLACE_,                                                                        \
    }
#define CAIRN_ENUM_TABLE_(tag, first, ...)                                                         \
    ;                                                                                              \
    CAIRN_UNUSED static const char *const tag##_names_[] = {                                       \
        NULL, CAIRN_CALL_(CAIRN_NAME_OF_, first), CAIRN_EACH_(CAIRN_NAME_, tag, __VA_ARGS__)}
#endif

/* A map of texts: its pairs, in the order in which they were written; each key occurs once.
 * CAIRN_FIND (memory.h) finds one: CAIRN_FIND(event->labels, key, "colour"). */
CAIRN_STRUCT(cairn_text_pair, TEXT(key), TEXT(value));
struct cairn_text_map CAIRN_LIST(struct cairn_text_pair);

/* A value of a struct, by its tag and its members: CAIRN_OF_(order_paid, .total = 900, ). */
#define CAIRN_OF_(tag, ...) (__extension__ & (const struct tag){__VA_ARGS__})

/* CAIRN_MUST_ is 0, or fails the build with `why`. */
#define CAIRN_MUST_(condition, why)                                                                \
    (0 * (int)sizeof(struct {                                                                      \
         _Static_assert(condition, why);                                                           \
         int unused;                                                                               \
     }))
#define CAIRN_SAME_TYPE_(expression, type)                                                         \
    CAIRN_MUST_(__builtin_types_compatible_p(__typeof__(expression), type),                        \
                "the member is not a " #type)

CAIRN_END_C

#endif
