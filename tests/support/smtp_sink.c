/* smtp_sink.c - the server side of an SMTP dialogue. */
#include "smtp_sink.h"

#include "core/threads/lock.h"

#include "fixture.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LINE_MAX_BYTES = 2048, MESSAGE_MAX_BYTES = 1 << 20 };

/* ---- answers ---- */

/* Returns whether the sink misbehaves at this step, and with which answer. */
static bool misbehaves(struct smtp_sink *sink, enum smtp_step step, const char **ret_answer)
{
    cairn_lock(&sink->lock);
    bool here = sink->step == step;
    *ret_answer = sink->answer;
    if (here && sink->times > 0 && --sink->times == 0)
        sink->step = 0;
    cairn_unlock(&sink->lock);
    return here;
}

/* Answers one step. `*ret_went_well` is whether it was the usual answer. Returns false when the
 * dialogue is over. */
static bool answer(struct smtp_sink *sink, int socket, enum smtp_step step, const char *usual,
                   bool *ret_went_well)
{
    char line[LINE_MAX_BYTES];
    const char *other = NULL;
    bool here = misbehaves(sink, step, &other);
    *ret_went_well = !here;
    if (here && !other)
        server_rest(socket);
    if (here && (!other || !*other))
        return false;
    (void)snprintf(line, sizeof line, "%s\r\n", here ? other : usual);
    return server_send(socket, line);
}

/* ---- the message ---- */

/* Reads until the line that is a dot. Returns NULL at the end of the connection. */
static char *read_message(int socket, size_t *ret_bytes)
{
    char line[LINE_MAX_BYTES];
    size_t used = 0;
    char *text = calloc(1, MESSAGE_MAX_BYTES);
    if (!text)
        abort();
    while (server_read_line(socket, line, sizeof line)) {
        if (strcmp(line, ".") == 0) {
            *ret_bytes = used;
            return text;
        }
        const char *from = line[0] == '.' ? line + 1 : line;
        if (used + strlen(from) + 3 > MESSAGE_MAX_BYTES)
            break;
        used += (size_t)sprintf(text + used, "%s\r\n", from);
    }
    free(text);
    return NULL;
}

static void keep(struct smtp_sink *sink, const struct smtp_message *message)
{
    cairn_lock(&sink->lock);
    bool room = sink->count < SMTP_SINK_MAX;
    if (room)
        sink->messages[sink->count++] = *message;
    cairn_unlock(&sink->lock);
    if (!room)
        free(message->text);
}

static bool take_message(struct smtp_sink *sink, int socket, struct smtp_message *message)
{
    bool well = false;
    if (!answer(sink, socket, SMTP_DATA, "354 go ahead", &well))
        return false;
    if (!well)
        return true;
    message->text = read_message(socket, &message->bytes);
    if (!message->text)
        return false;
    /* A message is kept before it is acknowledged, as a mail server does; a refused one is not
     * kept. */
    cairn_lock(&sink->lock);
    bool refuses = sink->step == SMTP_MESSAGE && sink->answer && *sink->answer;
    cairn_unlock(&sink->lock);
    if (refuses)
        free(message->text);
    else
        keep(sink, message);
    message->text = NULL;
    return answer(sink, socket, SMTP_MESSAGE, "250 2.0.0 accepted", &well);
}

/* ---- the dialogue ---- */

/* Copies the address of "MAIL FROM:<a@b>". */
static void copy_address(const char *line, char ret[static SMTP_SINK_ADDRESS])
{
    const char *begin = strchr(line, '<');
    size_t length = begin ? strcspn(begin + 1, ">") : 0;
    (void)snprintf(ret, SMTP_SINK_ADDRESS, "%.*s", (int)length, begin ? begin + 1 : "");
}

static bool is_spared(struct smtp_sink *sink, const char *to)
{
    cairn_lock(&sink->lock);
    bool spared = sink->whose && !strstr(to, sink->whose);
    cairn_unlock(&sink->lock);
    return spared;
}

/* Returns false when the dialogue is over. */
static bool obey(struct smtp_sink *sink, int socket, const char *line, struct smtp_message *message)
{
    bool well = false;
    if (strncasecmp(line, "EHLO", 4) == 0 || strncasecmp(line, "HELO", 4) == 0)
        return answer(sink, socket, SMTP_HELLO, "250 sink", &well);
    if (strncasecmp(line, "MAIL FROM:", 10) == 0) {
        copy_address(line, message->from);
        return answer(sink, socket, SMTP_FROM, "250 2.1.0 ok", &well);
    }
    if (strncasecmp(line, "RCPT TO:", 8) == 0) {
        copy_address(line, message->to);
        if (is_spared(sink, message->to))
            return server_send(socket, "250 2.1.5 ok\r\n");
        return answer(sink, socket, SMTP_TO, "250 2.1.5 ok", &well);
    }
    if (strcasecmp(line, "DATA") == 0)
        return take_message(sink, socket, message);
    if (strcasecmp(line, "QUIT") == 0) {
        (void)answer(sink, socket, SMTP_QUIT, "221 2.0.0 bye", &well);
        return false;
    }
    return server_send(socket, "500 5.5.1 what?\r\n");
}

static void serve(struct server *server, int socket)
{
    struct smtp_sink *sink = server->context;
    struct smtp_message message = {.text = NULL};
    char line[LINE_MAX_BYTES];
    bool well = false;
    bool on = answer(sink, socket, SMTP_GREETING, "220 sink ESMTP", &well);
    while (on && server_read_line(socket, line, sizeof line))
        on = obey(sink, socket, line, &message);
}

/* ---- for tests ---- */

void smtp_sink_start(struct smtp_sink *ret)
{
    memset(ret, 0, sizeof *ret);
    assert_int_equal(pthread_mutex_init(&ret->lock, NULL), 0);
    server_start(&ret->server, serve, ret);
}

void smtp_sink_pause(struct smtp_sink *sink)
{
    server_stop(&sink->server);
}

void smtp_sink_restart(struct smtp_sink *sink)
{
    server_start_at(&sink->server, sink->server.port, serve, sink);
}

void smtp_sink_stop(struct smtp_sink *sink)
{
    server_stop(&sink->server);
    for (int i = 0; i < sink->count; i++)
        free(sink->messages[i].text);
    cairn_lock_destroy(&sink->lock);
}

void smtp_sink_misbehave(struct smtp_sink *sink, enum smtp_step step, const char *text, int times)
{
    cairn_lock(&sink->lock);
    sink->step = step;
    sink->answer = text;
    sink->times = times;
    cairn_unlock(&sink->lock);
}

int smtp_sink_count(struct smtp_sink *sink)
{
    cairn_lock(&sink->lock);
    int count = sink->count;
    cairn_unlock(&sink->lock);
    return count;
}

const struct smtp_message *smtp_sink_message(struct smtp_sink *sink, int index)
{
    if (index < 0 || index >= smtp_sink_count(sink))
        fail_msg("the sink has no message %d", index);
    return &sink->messages[index];
}

int smtp_sink_matches(struct smtp_sink *sink, const char *text)
{
    int found = 0;
    cairn_lock(&sink->lock);
    for (int i = 0; i < sink->count; i++)
        found += strstr(sink->messages[i].text, text) != NULL;
    cairn_unlock(&sink->lock);
    return found;
}

struct wanted {
    struct smtp_sink *sink;
    int count;
};

static bool has_come(void *context)
{
    const struct wanted *wanted = context;
    return smtp_sink_count(wanted->sink) >= wanted->count;
}

void smtp_sink_wait(struct smtp_sink *sink, int count, int timeout_ms)
{
    struct wanted wanted = {sink, count};
    fixture_wait(has_come, &wanted, timeout_ms, "mail to arrive");
}

void smtp_sink_misbehave_for(struct smtp_sink *sink, const char *whose, const char *text)
{
    smtp_sink_misbehave(sink, SMTP_TO, text, 0);
    cairn_lock(&sink->lock);
    sink->whose = whose;
    cairn_unlock(&sink->lock);
}
