/* requests.c - sends the requests of a test to its services, and compares the answers. */
#include "core/threads/clock.h"
#include "record/json_text.h"
#include "testkit/outside/loopback.h"
#include "testkit/serving/serving.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { WAIT_S = 30 };
#define EVENTUALLY_US CAIRN_SECONDS(20)

/* ---- one exchange ---- */

static const char *write_request(struct cairn_serving *self, const char *method, const char *path,
                                 const char *body)
{
    struct cairn_buffer out = cairn_buffer(&self->scenario->arena);
    bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    cairn_buffer_print(&out, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n",
                       method, path, cairn_host_port(self->host));
    if (reads && *self->position &&
        !cairn_loopback_header(self->headers, "Cairn-Position", out.arena))
        cairn_buffer_print(&out, "Cairn-Position: %s\r\nPrefer: wait=%d\r\n", self->position,
                           WAIT_S);
    if (body && !cairn_loopback_header(self->headers, "Content-Type", out.arena))
        cairn_buffer_text(&out, "Content-Type: application/json\r\n");
    if (body)
        cairn_buffer_print(&out, "Content-Length: %zu\r\n", strlen(body));
    cairn_buffer_print(&out, "%s\r\n%s", self->headers + 2, body ? body : "");
    return out.text;
}

static int exchange(struct cairn_serving *self, const char *method, const char *path,
                    const char *body, struct cairn_error *error)
{
    struct cairn_loopback_message message = {0};
    struct cairn_served *answer = &self->answer;
    const char *request = write_request(self, method, path, body);
    int status =
        cairn_loopback_ask(cairn_host_port(self->host), request, strcmp(method, "HEAD") != 0,
                           &self->scenario->arena, &message, error);
    if (status < 0)
        return status;
    answer->status = status;
    answer->head = message.head;
    answer->body = message.body;
    answer->body_bytes = message.body_bytes;
    return 0;
}

/* Keeps the position that the answer shows, so that later queries are not older. */
static void keep_position(struct cairn_serving *self)
{
    const char *position =
        cairn_loopback_header(self->answer.head, "Cairn-Position", &self->scenario->arena);
    if (position)
        (void)snprintf(self->position, sizeof self->position, "%s", position);
}

static bool send_request(struct cairn_here here, const char *method, const char *path,
                         const char *body)
{
    struct cairn_serving *self = here.scenario->self;
    struct cairn_error error = {0};
    self->headers = self->headers ? self->headers : "\r\n";
    int failed = exchange(self, method, path, body, &error);
    self->answer.asked = cairn_print(&here.scenario->arena, "%s %s", method, path);
    if (failed)
        cairn_scenario_fail(here, "%s: %s", self->answer.asked, error.message);
    else
        keep_position(self);
    return !failed;
}

/* ---- when ---- */

void cairn_scenario_when_request(struct cairn_here here, const char *method, const char *path,
                                 const char *body)
{
    struct cairn_serving *self = cairn_scenario_takes(here, "CAIRN_SERVING", "WHEN_REQUEST");
    if (!self)
        return;
    cairn_scenario_ask(here);
    if (*path != '/')
        cairn_scenario_fail(here, "the path \"%s\" does not begin with /", path);
    else if (cairn_serving_start(here))
        (void)send_request(here, method, path, body);
    self->headers = NULL;
}

void cairn_scenario_header(struct cairn_here here, const char *name, const char *value)
{
    struct cairn_serving *self = cairn_scenario_takes(here, "CAIRN_SERVING", "HEADER");
    if (!self)
        return;
    if (!*name || strpbrk(name, "\r\n: ") || strpbrk(value, "\r\n"))
        cairn_scenario_fail(here, "HEADER(\"%s\", …) is not a header", name);
    else
        self->headers = cairn_print(&here.scenario->arena, "%s%s: %s\r\n",
                                    self->headers ? self->headers : "\r\n", name, value);
}

/* ---- then ---- */

/* Returns the answer; NULL, having failed the test, if there is none. */
static struct cairn_served *answer_of(struct cairn_here here, const char *word)
{
    struct cairn_serving *self = cairn_scenario_was_asked(here, "CAIRN_SERVING", word);
    if (!self || self->answer.status) /* a request without an answer has failed the test */
        return self ? &self->answer : NULL;
    return NULL;
}

static const char *describe(struct cairn_here here, const struct cairn_served *answer)
{
    return cairn_print(&here.scenario->arena, "%s: %d %s", answer->asked, answer->status,
                       answer->body);
}

void cairn_scenario_then_status(struct cairn_here here, int status)
{
    struct cairn_served *answer = answer_of(here, "THEN_STATUS");
    if (!answer)
        return;
    answer->status_named = true;
    if (answer->status != status)
        cairn_scenario_fail(here, "the status differs\n  wanted: %d\n  seen:   %s", status,
                            describe(here, answer));
}

void cairn_scenario_then_header(struct cairn_here here, const char *name, const char *value)
{
    const struct cairn_served *answer = answer_of(here, "THEN_HEADER");
    if (!answer)
        return;
    const char *seen = cairn_loopback_header(answer->head, name, &here.scenario->arena);
    bool same = seen && value ? strcmp(seen, value) == 0 : seen == value;
    if (!same)
        cairn_scenario_fail(here, "the header %s differs\n  wanted: %s\n  seen:   %s", name,
                            value ? value : "nothing", seen ? seen : "nothing");
}

/* Finds the value at a pointer of the answer. */
static bool find(struct cairn_here here, const struct cairn_served *answer, const char *pointer,
                 const char **ret, const char **ret_text, struct cairn_error *error)
{
    return cairn_json_find(answer->body, answer->body_bytes, pointer, &here.scenario->arena, ret,
                           ret_text, error) == 0;
}

static bool is_value(const char *wanted, const char *json, const char *text)
{
    return strcmp(json, wanted) == 0 || (text && strcmp(text, wanted) == 0) ||
           (!text && cairn_json_same(json, wanted));
}

void cairn_scenario_then_body_has(struct cairn_here here, const char *pointer, const char *value)
{
    const struct cairn_served *answer = answer_of(here, "THEN_BODY_HAS");
    const char *json = NULL;
    const char *text = NULL;
    struct cairn_error error = {0};
    if (!answer)
        return;
    if (!find(here, answer, pointer, &json, &text, &error))
        cairn_scenario_fail(here, "%s\n  wanted: %s\n  seen:   %s", error.message, value,
                            describe(here, answer));
    else if (!is_value(value, json, text))
        cairn_scenario_fail(here, "the value at %s differs\n  wanted: %s\n  seen:   %s", pointer,
                            value, text ? text : json);
}

void cairn_scenario_then_body(struct cairn_here here, const char *json)
{
    const struct cairn_served *answer = answer_of(here, "THEN_BODY");
    if (answer && strcmp(answer->body, json) != 0 && !cairn_json_same(answer->body, json))
        cairn_scenario_fail(here, "the body differs\n  wanted: %s\n  seen:   %s", json,
                            answer->body);
}

const char *cairn_scenario_answer(struct cairn_here here, const char *pointer)
{
    const struct cairn_served *answer = answer_of(here, "ANSWER");
    const char *json = "";
    const char *text = NULL;
    struct cairn_error error = {0};
    if (answer && !find(here, answer, pointer, &json, &text, &error))
        cairn_scenario_fail(here, "%s\n  seen:   %s", error.message, describe(here, answer));
    return text ? text : json;
}

const char *cairn_scenario_location(struct cairn_here here)
{
    const struct cairn_served *answer = answer_of(here, "LOCATION");
    const char *location =
        answer ? cairn_loopback_header(answer->head, "Location", &here.scenario->arena) : NULL;
    if (answer && !location)
        cairn_scenario_fail(here, "the answer has no Location\n  seen:   %s",
                            describe(here, answer));
    return location ? location : "/";
}

const char *cairn_scenario_path(struct cairn_here here, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const char *path = cairn_print_va(&here.scenario->arena, format, list);
    va_end(list);
    return path;
}

/* ---- what comes later ---- */

/* Waits between two looks at what processes and reactors do meanwhile. */
static void pause_shortly(void)
{
    const struct timespec time = {.tv_nsec = 10000000};
    (void)nanosleep(&time, NULL);
}

void cairn_scenario_then_eventually(struct cairn_here here, const char *path, const char *pointer,
                                    const char *value)
{
    struct cairn_serving *self = cairn_scenario_takes(here, "CAIRN_SERVING", "THEN_EVENTUALLY");
    int64_t until_us = cairn_monotonic_us() + EVENTUALLY_US;
    const char *json = NULL;
    const char *text = NULL;
    if (!self)
        return;
    cairn_scenario_ask(here);
    if (!cairn_serving_start(here))
        return;
    for (;;) {
        struct cairn_error error = {0};
        if (!send_request(here, "GET", path, NULL))
            return;
        self->answer.status_named = true;
        if (self->answer.status == 200 &&
            find(here, &self->answer, pointer, &json, &text, &error) && is_value(value, json, text))
            return;
        if (cairn_monotonic_us() > until_us)
            break;
        pause_shortly();
    }
    cairn_scenario_fail(here, "after %d s still\n  wanted: %s at %s\n  seen:   %s",
                        (int)(EVENTUALLY_US / 1000000), value, pointer,
                        describe(here, &self->answer));
}
