/* upcaster.h - converts events of older versions to the current struct.
 *
 * A stored event never changes, but its struct may: a member is added, renamed, retyped, removed.
 * Then the struct gets a new version. The old struct and its field table are kept under its name
 * with the version appended, and a pure function converts it to the new one:
 *
 *     struct order_placed_v1 {
 *         int64_t cents;
 *     };
 *     CAIRN_RECORD(order_placed_v1, CAIRN_FIELD(order_placed_v1, cents));
 *
 *     static void lift_placed_v1(struct order_placed *ret, const struct order_placed_v1 *old)
 *     {
 *         *ret = (struct order_placed){.total = old->cents, .currency = "EUR"};
 *     }
 *     CAIRN_UPCASTER(order_placed_v1, 1, order_placed, lift_placed_v1);
 *
 *     CAIRN_EVENT(order, ORDER_PLACED, order_placed, "OrderPlaced", 2,
 *                 .upcasters = {&order_placed_v1_upcaster})
 *
 * Deciders, facts, projections and processes see the newest struct only. With the next version,
 * order_placed becomes order_placed_v2, lift_placed_v1 now makes that one, and the row gets a
 * second upcaster. Each is written once, when both shapes are well known.
 *
 * A lift gets a zeroed `ret`; what it assigns may point into `old`. It must be able to lift every
 * event in the log: the result is checked against the current table, bounds included, and an event
 * that violates it cannot be read (CAIRN_UNREADABLE).
 *
 * The compiler catches: a lift between other structs than the upcaster names. The start of the
 * process and CAIRN_GOLDEN (test.h) catch: a version without an upcaster, or with two; one that
 * leads to another struct than the next one takes. CAIRN_GOLDEN also catches a struct that was
 * changed without a new version. */
#ifndef CAIRN_UPCASTER_H
#define CAIRN_UPCASTER_H

#include <cairn/record.h>

CAIRN_BEGIN_C

struct cairn_lift;

struct cairn_upcaster {
    int version; /* the version that it lifts, to the next one */
    const struct cairn_record *from;
    const struct cairn_record *to;
    void (*lift)(void *ret, const void *old, struct cairn_lift *lift);
};

/* Makes `OLD_upcaster`: version `version_` of an event is a struct `old_`, the next one a struct
 * `new_`, and function(struct new_ *ret, const struct old_ *old) lifts it. */
#define CAIRN_UPCASTER(old_, version_, new_, function)                                             \
    _Static_assert(__builtin_types_compatible_p(__typeof__(function),                              \
                                                void(struct new_ *, const struct old_ *)),         \
                   #function " is not void (struct " #new_ " *ret, const struct " #old_ " *old)"); \
    static void old_##_lift_(void *ret_, const void *was_, struct cairn_lift *lift_)               \
    {                                                                                              \
        (void)lift_;                                                                               \
        function((struct new_ *)ret_, (const struct old_ *)was_);                                  \
    }                                                                                              \
    CAIRN_UPCASTER_(old_, version_, new_)

/* The same, for function(ret, old, struct cairn_lift *lift), which can allocate text and lists. */
#define CAIRN_UPCASTER_MAKING(old_, version_, new_, function)                                      \
    _Static_assert(                                                                                \
        __builtin_types_compatible_p(                                                              \
            __typeof__(function), void(struct new_ *, const struct old_ *, struct cairn_lift *)),  \
        #function " is not void (struct " #new_ " *ret, const struct " #old_                       \
                  " *old, struct cairn_lift *lift)");                                              \
    static void old_##_lift_(void *ret_, const void *was_, struct cairn_lift *lift_)               \
    {                                                                                              \
        function((struct new_ *)ret_, (const struct old_ *)was_, lift_);                           \
    }                                                                                              \
    CAIRN_UPCASTER_(old_, version_, new_)

#define CAIRN_UPCASTER_(old_, version_, new_)                                                      \
    static const struct cairn_upcaster old_##_upcaster = {                                         \
        .version = (version_), .from = &old_##_record, .to = &new_##_record, .lift = old_##_lift_}

/* Formats text that lives as long as the event:
 *     ret->name = cairn_lift_text(lift, "%s %s", first, last); */
const char *cairn_lift_text(struct cairn_lift *lift, const char *format, ...) CAIRN_PRINTF(2, 3);
/* Returns zeroed items, likewise:
 *     struct order_line *items = CAIRN_LIFT_ITEMS(lift, struct order_line, old->lines.count); */
#define CAIRN_LIFT_ITEMS(lift, type, count)                                                        \
    ((type *)cairn_lift_items((lift), (count), sizeof(type), _Alignof(type)))
void *cairn_lift_items(struct cairn_lift *lift, size_t count, size_t size, size_t align);

CAIRN_END_C

#endif
