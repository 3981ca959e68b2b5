/* tail_reader.c - what a stream of the tail is given. */
#include "operations/tail/tail_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool fits(const struct cairn_tail_reader *reader, const struct cairn_tail_event *event)
{
    const char *category = reader->category;
    size_t bytes = category ? strlen(category) : 0;
    return (!reader->type || strcmp(reader->type, event->type) == 0) &&
           (!category ||
            (strncmp(event->stream, category, bytes) == 0 && event->stream[bytes] == '-'));
}

bool cairn_tail_reader_offer(struct cairn_tail_reader *reader, const struct cairn_tail_event *event)
{
    char id[40];
    struct cairn_live_stream *stream = &reader->stream;
    size_t bytes = stream->end - stream->begin;
    if (event->position <= reader->position)
        return true;
    (void)snprintf(id, sizeof id, "id: %" PRId64 "\ndata: ", event->position);
    if (fits(reader, event) &&
        !(cairn_live_add(stream, id) && cairn_live_add(stream, event->json) &&
          cairn_live_add(stream, "\n\n"))) {
        stream->end = stream->begin + bytes; /* without the part of it */
        return false;
    }
    reader->position = event->position;
    return true;
}

void cairn_tail_reader_catch_up(struct cairn_tail_reader *reader, int64_t head)
{
    char missed[120];
    int64_t floor = head > CAIRN_TAIL_BACK ? head - CAIRN_TAIL_BACK : 0;
    if (reader->position > head) { /* of another history, or a wish */
        reader->position = head;
        return;
    }
    if (reader->position >= floor)
        return;
    (void)snprintf(missed, sizeof missed,
                   "event: missed\ndata: {\"from\":%" PRId64 ",\"to\":%" PRId64 "}\n\n",
                   reader->position + 1, floor);
    if (cairn_live_add(&reader->stream, missed))
        reader->position = floor;
}

bool cairn_tail_reader_has_room(const struct cairn_tail_reader *reader)
{
    return reader->stream.end - reader->stream.begin < CAIRN_TAIL_BUFFER / 2;
}

void cairn_tail_reader_free(struct cairn_live_stream *stream)
{
    struct cairn_tail_reader *reader = (struct cairn_tail_reader *)stream;
    free(reader->type);
    free(reader->category);
    free(reader);
}
