/* upcaster.h - converts events of older versions to the current struct.
 *
 * A stored event never changes, but its struct may: a member is added, renamed, retyped, removed.
 * Then the struct gets a new version. The old struct is kept under its name with the version
 * appended, and a pure function converts it to the new one. The list of events names the old
 * structs, oldest first:
 *
 *     CAIRN_EVENTS(order, EVENT(order_placed, "OrderPlaced", 2, order_placed_v1), …);
 *
 *     CAIRN_STRUCT(order_placed_v1, INT(cents));
 *     CAIRN_UPCAST(order_placed_v1, order_placed)
 *     {
 *         *ret = (struct order_placed){.total = old->cents, .currency = "EUR"};
 *     }
 *
 * Deciders, facts, projections and processes see the newest struct only. With the next version,
 * order_placed becomes order_placed_v2, the upcast of order_placed_v1 now makes that one, and the
 * list names both. Each is written once, when both shapes are well known.
 *
 * An upcast gets a zeroed `ret`, the `old` struct and an `arena` (memory.h); what it assigns may
 * point into `old`. It must be able to lift every event in the log: the result is checked against
 * the current table, bounds included, and an event that violates it cannot be read
 * (CAIRN_UNREADABLE).
 *
 * The compiler catches: an old struct that is listed and has no upcast (when linking). The start of
 * the process and CAIRN_GOLDEN (test.h) catch: a version without an old struct; an upcast that
 * leads to another struct than the next one takes. CAIRN_GOLDEN also catches a struct that was
 * changed without a new version. */
#ifndef CAIRN_UPCASTER_H
#define CAIRN_UPCASTER_H

#include <cairn/memory.h>
#include <cairn/record.h>

CAIRN_BEGIN_C

struct cairn_upcaster {
    const struct cairn_record *from;
    const struct cairn_record *to;
    void (*upcast)(void *ret, const void *old, struct cairn_arena *arena);
    const char *at; /* where it is defined: "orders.c:12" */
};

/* Begins the function that makes a struct `new_` of a struct `old_`; its parameters are `ret`,
 * `old` and `arena`. */
#define CAIRN_UPCAST(old_, new_)                                                                   \
    static void old_##_upcast_(struct new_ *ret, const struct old_ *old,                           \
                               struct cairn_arena *arena);                                         \
    static void old_##_upcaster_call_(void *ret, const void *old, struct cairn_arena *arena)       \
    {                                                                                              \
        old_##_upcast_((struct new_ *)ret, (const struct old_ *)old, arena);                       \
    }                                                                                              \
    extern const struct cairn_upcaster old_##_upcaster;                                            \
    const struct cairn_upcaster old_##_upcaster = {.from = &old_##_record,                         \
                                                   .to = &new_##_record,                           \
                                                   .upcast = old_##_upcaster_call_,                \
                                                   .at = CAIRN_PLACE_};                            \
    static void old_##_upcast_(CAIRN_UNUSED struct new_ *ret, CAIRN_UNUSED const struct old_ *old, \
                               CAIRN_UNUSED struct cairn_arena *arena)

CAIRN_END_C

#endif
