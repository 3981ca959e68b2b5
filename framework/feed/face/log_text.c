/* log_text.c - writes events as CloudEvents. */
#include "feed/face/log_text.h"

#include "bus/cloudevent.h"

#include <string.h>

void cairn_log_write_event(const struct cairn_timeline *timeline,
                           const struct cairn_stored_event *event, struct cairn_buffer *out)
{
    static const struct cairn_publication whole = {.style = CAIRN_BUS_EVENT};
    struct cairn_trace trace;
    (void)cairn_trace_join_meta(event->meta, out->arena, &trace);
    cairn_cloudevent_write(&whole, timeline, event, NULL, NULL, &trace, out);
}

void cairn_log_write_batch(const struct cairn_timeline *timeline,
                           const struct cairn_stored_event *events, int64_t count,
                           struct cairn_buffer *out)
{
    cairn_buffer_char(out, '[');
    for (int64_t i = 0; i < count; i++) {
        cairn_buffer_text(out, i ? "," : "");
        cairn_log_write_event(timeline, &events[i], out);
    }
    cairn_buffer_char(out, ']');
}

/* An event that was appended in psql may have line breaks between its members; in JSON they are
 * white space there, and nowhere else. */
static void make_one_line(char *json)
{
    for (char *at = json; *(at += strcspn(at, "\r\n"));)
        *at = ' ';
}

void cairn_log_write_messages(const struct cairn_timeline *timeline,
                              const struct cairn_stored_event *events, int64_t count,
                              struct cairn_buffer *out)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    for (int64_t i = 0; i < count; i++) {
        cairn_uuid_format(events[i].event_id, id);
        cairn_buffer_print(out, "id: %s\ndata: ", id);
        size_t begin = out->length;
        cairn_log_write_event(timeline, &events[i], out);
        make_one_line(out->text + begin);
        cairn_buffer_text(out, "\n\n");
    }
}
