/* boundary.h - decisions about several things at once, each drawing its own boundary of
 * consistency.
 *
 * A decider's state is one stream. Where a rule spans several things, such as at most ten courses
 * for a student and a limited number of seats in each course, a boundary collects what the decision
 * needs from the events of both, by their tags:
 *
 *     CAIRN_STRUCT(student_subscribed, UUID(course_id, .tag = "course"),
 *                  UUID(student_id, .tag = "student"));
 *     CAIRN_EVENTS(enrolment, EVENT(student_subscribed, "StudentSubscribed", 1));
 *     CAIRN_STRUCT(subscribe_student, UUID(course_id), UUID(student_id));
 *     CAIRN_COMMANDS(enrolment, COMMAND(subscribe_student, "POST /enrolments"));
 *
 *     CAIRN_STRUCT(seats, INT(capacity), INT(taken));
 *     CAIRN_PART(seats, "course");
 *     CAIRN_LEARN_FROM(seats, course, course_defined)
 *     {
 *         self->capacity = event->capacity;
 *     }
 *     CAIRN_LEARN_FROM(seats, enrolment, student_subscribed)
 *     {
 *         self->taken++;
 *     }
 *
 *     CAIRN_BOUNDARY(enrolment, CAIRN_OVER(seats, course_id), CAIRN_OVER(student, student_id));
 *     CAIRN_DECIDE(enrolment, subscribe_student)
 *     {
 *         if (self->seats->taken >= self->seats->capacity)
 *             return cairn_refuse(error, "course-full", "all seats of the course are taken");
 *         CAIRN_EMIT(ret, student_subscribed, .course_id = command->course_id,
 *                    .student_id = command->student_id);
 *         return 0;
 *     }
 *
 * Invariants
 *  (1) An append is accepted only if, since its parts were read, no event has come that has the tag
 *      of one of them and is of a type that it learns from. Otherwise what is new is read, and the
 *      command is decided again.
 *  (2) A command is never refused because of a cached part alone.
 *
 * The events of a decision are a stream, NOUN-id. The command of a route without {id} begins one,
 * whose id is new; a NOUN_id in the body names it, unless the command has such a member for itself.
 * The command of a route with {id} appends to the one that the route names. Such a boundary has a
 * row for the stream's own events, and its commands are decided on them, too:
 *
 *     CAIRN_STRUCT(place, UUID(course_id), BOOL(ended));
 *     CAIRN_STREAM_PART(place);
 *     CAIRN_LEARN_FROM(place, enrolment, student_subscribed) { … }
 *
 *     CAIRN_BOUNDARY(enrolment, CAIRN_OVER_STREAM(place), CAIRN_OVER(seats, course_id));
 *
 * `self->place` is zeroed for a command that begins the stream. The append is accepted only if no
 * event has come to the stream, either; If-Match names its version.
 *
 * An event has the tags that its type had when it was written: a `.tag` that is added later is not
 * one of older events. */
#ifndef CAIRN_BOUNDARY_H
#define CAIRN_BOUNDARY_H

#include <cairn/decider.h>

CAIRN_BEGIN_C

/* A part of a boundary's state: the events with one tag, folded. */
struct cairn_part {
    const char *name;
    const char *tag; /* "course": of the fields that have `.tag = "course"`; NULL: of a stream */
    const struct cairn_record *state;
    const struct cairn_handlers *learns; /* struct cairn_learns, with their events */
    const char *at;                      /* where it is declared: "enrolment.c:12" */
};

/* Declares a part, after its struct. Boundaries of other files may use it as well, after
 * `extern const struct cairn_part seats_part;`. */
#define CAIRN_PART(part, tag_)                                                                     \
    static struct cairn_handlers part##_handlers_;                                                 \
    extern const struct cairn_part part##_part;                                                    \
    const struct cairn_part part##_part = {.name = #part,                                          \
                                           .tag = (tag_),                                          \
                                           .state = &part##_record,                                \
                                           .learns = &part##_handlers_,                            \
                                           .at = CAIRN_PLACE_}

/* Declares a part that is folded from the events of one stream, whatever their tags. */
#define CAIRN_STREAM_PART(part) CAIRN_PART(part, NULL)

/* Begins the function of a part for an event of a noun; its parameters are `self`, `event` and
 * `arena`, as those of CAIRN_EVOLVE. */
#define CAIRN_LEARN_FROM(part, noun, event_)                                                       \
    CAIRN_EVOLVE_CALL_(part, event_)                                                               \
    CAIRN_REGISTER_(cairn_learns, part, part##_learns_##event_##_, &noun##_events,                 \
                    &event_##_record, .evolve = part##_evolve_##event_##_call_)                    \
    CAIRN_EVOLVE_HEAD_(part, event_)

enum {
    CAIRN_OVERS_MAX = 8,
    CAIRN_PARTS_MAX = 64, /* of one command, a list member counted by its .max_count */
};

/* A row of a boundary: the part, and the member of its commands that has the tag's value.
 *
 *     CAIRN_OVER(seats, course_id)             `self->seats`, a pointer to the part's state
 *     CAIRN_OVER_AS(from, account, payer_id)   the same under another name, `self->from`: a part
 *                                              can have several rows
 *     CAIRN_OVER_EACH(seats, course_ids)       the member is a list: a state for each of its items,
 *                                              in their order, `self->seats.items[i]`
 *
 *     CAIRN_OVER_STREAM(place)                 no member: the events of the command's own stream
 *
 * Two rows, or two items, that name the same tag have equal states. */
struct cairn_over {
    const struct cairn_part *part;
    const char *member; /* NULL: of the stream */
    bool each;          /* the member is a list */
};

/* Makes `struct NOUN`, with the states of the parts, and `NOUN_decider`, which a service lists like
 * any other. It comes before the CAIRN_DECIDE of the noun's commands. */
#define CAIRN_BOUNDARY(noun, ...)                                                                  \
    struct noun {                                                                                  \
        CAIRN_EACH_(CAIRN_OVER_MEMBER_, noun, , __VA_ARGS__)                                       \
    };                                                                                             \
    _Static_assert(CAIRN_COUNT_(__VA_ARGS__) <= CAIRN_OVERS_MAX + 1,                               \
                   "a boundary has at most 8 parts");                                              \
    static const struct cairn_field noun##_fields_[] = {                                           \
        CAIRN_EACH_(CAIRN_OVER_FIELD_, noun, , __VA_ARGS__){.name = NULL}};                        \
    static const struct cairn_record noun##_record = {                                             \
        .name = #noun,                                                                             \
        .size = sizeof(struct noun),                                                               \
        .align = _Alignof(struct noun),                                                            \
        .fields = noun##_fields_,                                                                  \
        .count = sizeof noun##_fields_ / sizeof noun##_fields_[0] - 1,                             \
        .at = CAIRN_PLACE_,                                                                        \
    };                                                                                             \
    static const struct cairn_over noun##_overs_[] = {                                             \
        CAIRN_EACH_(CAIRN_OVER_ROW_, noun, , __VA_ARGS__){.part = NULL}};                          \
    CAIRN_KNOW_DECIDER_(noun)                                                                      \
    const struct cairn_decider noun##_decider = {.category = #noun,                                \
                                                 .state = &noun##_record,                          \
                                                 .events = &noun##_events,                         \
                                                 .commands = &noun##_commands,                     \
                                                 .decides = noun##_all_decides_,                   \
                                                 .overs = noun##_overs_,                           \
                                                 .at = CAIRN_PLACE_}

/* ---- the parts of the macros above ---- */

/* The arguments of a row: ONE or EACH, its name in the state, the part, the member as text. */
#define CAIRN_ARGUMENTS_CAIRN_OVER(part, member) ONE, part, part, #member
#define CAIRN_ARGUMENTS_CAIRN_OVER_AS(name, part, member) ONE, name, part, #member
#define CAIRN_ARGUMENTS_CAIRN_OVER_EACH(part, member) EACH, part, part, #member
#define CAIRN_ARGUMENTS_CAIRN_OVER_STREAM(part) ONE, part, part, NULL

#define CAIRN_OVER_MEMBER_(noun, over) CAIRN_OVER_MEMBER_OF_(CAIRN_ARGUMENTS_##over)
#define CAIRN_OVER_MEMBER_OF_(...) CAIRN_OVER_MEMBER_AS_(__VA_ARGS__)
#define CAIRN_OVER_MEMBER_AS_(how, name, part, member) CAIRN_OVER_MEMBER_##how##_(name, part)
#define CAIRN_OVER_MEMBER_ONE_(name, part) const struct part *name;
#define CAIRN_OVER_MEMBER_EACH_(name, part) struct part##_list name;

#define CAIRN_OVER_FIELD_(noun, over) CAIRN_OVER_FIELD_OF_(noun, CAIRN_ARGUMENTS_##over)
#define CAIRN_OVER_FIELD_OF_(...) CAIRN_OVER_FIELD_AS_(__VA_ARGS__)
#define CAIRN_OVER_FIELD_AS_(noun, how, name_, part, member)                                       \
    {.name = #name_,                                                                               \
     .offset = offsetof(struct noun, name_),                                                       \
     .size = sizeof(((struct noun *)0)->name_),                                                    \
     .record = &part##_record,                                                                     \
     CAIRN_OVER_KIND_##how##_},
#define CAIRN_OVER_KIND_ONE_ .kind = CAIRN_KIND_NESTED, .optional = true, .pointer = true
#define CAIRN_OVER_KIND_EACH_ .kind = CAIRN_KIND_LIST

#define CAIRN_OVER_ROW_(noun, over) CAIRN_OVER_ROW_OF_(CAIRN_ARGUMENTS_##over)
#define CAIRN_OVER_ROW_OF_(...) CAIRN_OVER_ROW_AS_(__VA_ARGS__)
#define CAIRN_OVER_ROW_AS_(how, name, part_, member_)                                              \
    {.part = &part_##_part, .member = (member_), .each = CAIRN_OVER_IS_##how##_},
#define CAIRN_OVER_IS_ONE_ false
#define CAIRN_OVER_IS_EACH_ true

CAIRN_END_C

#endif
