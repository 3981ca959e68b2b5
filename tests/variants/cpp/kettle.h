/* kettle.h - what a service has in common in C and C++: structs of every kind of field, events and
 * commands. */
#ifndef KETTLE_H
#define KETTLE_H

#include <cairn/decider.h>

CAIRN_BEGIN_C

CAIRN_ENUM(heat, (COLD, "cold"), (HOT, "hot"));
CAIRN_STRUCT(sip, TEXT(guest), INT(grams));
CAIRN_STRUCT(nothing);
CAIRN_STRUCT(every_kind, INT(a), BOOL(b), TEXT(c, .max_bytes = 40), UUID(d), TIME(e), DAY(f),
             MONEY(g), DECIMAL(h, 2), DURATION(i), ENUM(j, heat), RECORD(k, sip),
             LIST(l, sip, .max_count = 3), TEXTS(m), INTS(n), UUIDS(o), DAYS(p), TEXT_MAP(q),
             OPTIONAL_INT(r), OPTIONAL_BOOL(s), OPTIONAL_DECIMAL(t, 2), OPTIONAL_DURATION(u),
             OPTIONAL_RECORD(v, sip));

CAIRN_STRUCT(tea_poured, LIST(sips, sip), ENUM(heat, heat), INTS(sizes), TEXT(said),
             UUID(guest_id));
CAIRN_STRUCT(pour_tea, LIST(sips, sip));
CAIRN_EVENTS(kettle, EVENT(tea_poured, "TeaPoured", 1));
CAIRN_COMMANDS(kettle, COMMAND(pour_tea, "POST /kettles"));

/* Returns the sizes of the structs, to compare what the two languages see. */
size_t kettle_size_in_c(void);
size_t kettle_size_in_cpp(void);
#define KETTLE_SIZE                                                                                \
    (1000 * sizeof(struct every_kind) + offsetof(struct every_kind, v) + sizeof(struct tea_poured))

/* Pours, in C++: the body of a decision. */
void pour(struct cairn_arena *arena, const struct pour_tea *command, struct tea_poured *ret);

CAIRN_END_C

#endif
