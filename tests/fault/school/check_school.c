/* check_school.c - checks the school's business rules, by going through the log event by event: no
 * course has more students than seats, no student more than five courses, every event is legal
 * where it stands and says what its request asked for, and every refusal is true of a state that
 * there was between request and answer. */
#include "../check/check.h"

#include <string.h>

enum { COURSES_OF_A_STUDENT = 5 };

struct course {
    int64_t capacity; /* 0: it is not defined */
    int64_t taken;
};

/* The log so far. */
struct school {
    struct cairn_arena *arena;
    struct cairn_map courses;  /* id -> struct course */
    struct cairn_map students; /* id -> int64_t, how many courses */
    struct cairn_map seats;    /* "course student" -> bool */
};

static void *entry(struct school *school, struct cairn_map *map, const char *key, size_t size)
{
    void **place = cairn_map_at(map, key);
    if (!*place) {
        *place = cairn_new(school->arena, char *, (size + sizeof(char *) - 1) / sizeof(char *));
        memset(*place, 0, size);
    }
    return *place;
}

static void open_school(struct school *ret, struct cairn_arena *arena)
{
    *ret = (struct school){arena, cairn_map(arena), cairn_map(arena), cairn_map(arena)};
}

static struct course *course_of(struct school *school, const json_t *data)
{
    return entry(school, &school->courses, member_text(data, "course_id"), sizeof(struct course));
}

static int64_t *courses_of(struct school *school, const json_t *data)
{
    return entry(school, &school->students, member_text(data, "student_id"), sizeof(int64_t));
}

static bool *seat_of(struct school *school, const json_t *data)
{
    return entry(school, &school->seats,
                 cairn_print(school->arena, "%s %s", member_text(data, "course_id"),
                             member_text(data, "student_id")),
                 sizeof(bool));
}

/* ---- the log alone ---- */

/* Applies an event. Returns what is illegal about it, or NULL; it is applied in any case. */
static const char *apply(struct school *school, const struct event *event)
{
    struct course *course = course_of(school, event->data);
    const char *wrong = NULL;
    if (strncmp(event->type, "Course", 6) == 0) {
        bool defines = strcmp(event->type, "CourseDefined") == 0;
        if (defines != (course->capacity == 0))
            wrong = defines ? "it is defined already" : "it is not defined";
        course->capacity = member_number(event->data, "capacity", 0);
        return wrong;
    }
    int64_t *courses = courses_of(school, event->data);
    bool *seat = seat_of(school, event->data);
    if (strcmp(event->type, "StudentSubscribed") == 0) {
        wrong = *seat ? "the student has a seat already" : NULL;
        *seat = true;
        course->taken++;
        ++*courses;
    } else if (strcmp(event->type, "StudentUnsubscribed") == 0) {
        wrong = *seat ? NULL : "the student has no seat";
        *seat = false;
        course->taken--;
        --*courses;
    } else {
        wrong = "there is no such type";
    }
    return course->capacity == 0 ? "there is no such course" : wrong;
}

/* Returns whether the members that the request shares with the event are equal. */
static bool says_what_was_asked(const struct event *event)
{
    const char *name;
    json_t *value;
    json_object_foreach(event->cause->body, name, value)
    {
        const json_t *said = json_object_get(event->data, name);
        if (said && !json_equal(said, value))
            return false;
    }
    return true;
}

/* Calls `check` after each event, with the state of its course and of its student. */
static void each_event(struct evidence *evidence, struct verdict *verdict,
                       void (*check)(const struct event *event, const struct course *course,
                                     int64_t courses, const char *wrong, struct verdict *verdict))
{
    struct school school;
    open_school(&school, &evidence->arena);
    for (size_t i = 0; i < evidence->event_count; i++) {
        const struct event *event = &evidence->events[i];
        const char *wrong = apply(&school, event);
        check(event, course_of(&school, event->data), *courses_of(&school, event->data), wrong,
              verdict);
    }
}

static void check_course(const struct event *event, const struct course *course, int64_t courses,
                         const char *wrong, struct verdict *verdict)
{
    (void)courses;
    (void)wrong;
    if (course->taken > course->capacity)
        verdict_add(verdict, "seats",
                    "at position %" PRId64 " (%s) the course %s has %" PRId64
                    " students and %" PRId64 " seats",
                    event->position, event->type, member_text(event->data, "course_id"),
                    course->taken, course->capacity);
}

void check_seats(struct evidence *evidence, struct verdict *verdict)
{
    each_event(evidence, verdict, check_course);
}

static void check_student(const struct event *event, const struct course *course, int64_t courses,
                          const char *wrong, struct verdict *verdict)
{
    (void)course;
    (void)wrong;
    if (courses > COURSES_OF_A_STUDENT)
        verdict_add(verdict, "courses",
                    "at position %" PRId64 " the student %s has %" PRId64 " courses",
                    event->position, member_text(event->data, "student_id"), courses);
}

void check_courses(struct evidence *evidence, struct verdict *verdict)
{
    each_event(evidence, verdict, check_student);
}

static void check_event(const struct event *event, const struct course *course, int64_t courses,
                        const char *wrong, struct verdict *verdict)
{
    (void)course;
    (void)courses;
    if (!wrong && event->cause && !says_what_was_asked(event))
        wrong = "it does not say what was asked for";
    if (wrong)
        verdict_add(verdict, "enrolments", "%s in %s at position %" PRId64 ": %s", event->type,
                    event->stream, event->position, wrong);
}

void check_enrolments(struct evidence *evidence, struct verdict *verdict)
{
    each_event(evidence, verdict, check_event);
}

/* ---- refusals ---- */

/* What a request may have been decided on: its course, its student, and whether these two are
 * together. */
struct moment {
    struct course course;
    int64_t courses;
    bool subscribed;
};

static void move_on(struct moment *moment, const struct event *event, const json_t *body)
{
    bool mine =
        json_equal(json_object_get(event->data, "course_id"), json_object_get(body, "course_id"));
    bool student =
        json_equal(json_object_get(event->data, "student_id"), json_object_get(body, "student_id"));
    int64_t step = strcmp(event->type, "StudentSubscribed") == 0     ? 1
                   : strcmp(event->type, "StudentUnsubscribed") == 0 ? -1
                                                                     : 0;
    if (mine && step == 0)
        moment->course.capacity = member_number(event->data, "capacity", 0);
    if (mine)
        moment->course.taken += step;
    if (student)
        moment->courses += step;
    if (mine && student && step)
        moment->subscribed = step > 0;
}

static bool is_so(const struct moment *moment, const char *code, const json_t *body)
{
    const struct course *course = &moment->course;
    return (strcmp(code, "course-defined") == 0 && course->capacity) ||
           (strcmp(code, "course-unknown") == 0 && !course->capacity) ||
           (strcmp(code, "seats-taken") == 0 &&
            member_number(body, "capacity", 0) < course->taken) ||
           (strcmp(code, "subscribed-already") == 0 && moment->subscribed) ||
           (strcmp(code, "not-subscribed") == 0 && !moment->subscribed) ||
           (strcmp(code, "course-full") == 0 && course->taken >= course->capacity) ||
           (strcmp(code, "too-many-courses") == 0 && moment->courses == COURSES_OF_A_STUDENT);
}

/* The log when the request was decided had at least the events that were known when it was sent,
 * and none that was asked for after it was answered. */
static bool was_so(const struct evidence *evidence, const struct request *request)
{
    struct moment moment = {.subscribed = false};
    if (strcmp(request->code, "conflict") == 0)
        return true; /* the request is repeated; a conflict cannot be disproved */
    bool found = request->known <= 0 && is_so(&moment, request->code, request->body);
    for (size_t i = 0; i < evidence->event_count && !found; i++) {
        const struct event *event = &evidence->events[i];
        if (event->position > request->known && event->cause && event->cause->sent >= request->done)
            break;
        move_on(&moment, event, request->body);
        found = event->position >= request->known && is_so(&moment, request->code, request->body);
    }
    return found;
}

void check_denials(struct evidence *evidence, struct verdict *verdict)
{
    for (size_t i = 0; i < evidence->request_count; i++) {
        const struct request *request = &evidence->requests[i];
        if (request->status >= 400 && request->status < 500 && !was_so(evidence, request))
            verdict_add(
                verdict, "denials", "%s %s was answered %s, which was true at no time (trace %s)",
                request->method, request->path, request->code, member_text(request->json, "trace"));
    }
}
