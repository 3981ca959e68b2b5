/* mail.c - serves /mail: the messages in the file of the demo's mail server, as they were sent.
 * Only the end of a long file is shown. */
#include "mail.h"

#include <stdio.h>

enum { SHOWN_BYTES = 64 * 1024 };

const char *mail_path;

/* Prints from `offset`; if that is inside the file, from the next line. */
static void print_from(FILE *file, long offset, char *memory, struct cairn_reply *reply)
{
    if (fseek(file, offset, SEEK_SET) != 0)
        return;
    if (offset > 0 && fgets(memory, SHOWN_BYTES, file))
        cairn_reply_print(reply, "[...]\n");
    memory[fread(memory, 1, SHOWN_BYTES, file)] = '\0';
    cairn_reply_print(reply, "%s", memory);
}

static void print_end(FILE *file, char *memory, struct cairn_reply *reply)
{
    if (fseek(file, 0, SEEK_END) != 0)
        return;
    long size = ftell(file);
    print_from(file, size > SHOWN_BYTES ? size - SHOWN_BYTES : 0, memory, reply);
}

void mail_show(struct cairn_request *request, struct cairn_reply *reply)
{
    FILE *file = *mail_path ? fopen(mail_path, "re") : NULL;
    reply->status = 200;
    reply->content_type = "text/plain; charset=utf-8";
    if (!file) {
        cairn_reply_print(reply, "No mail has been sent so far.\n");
        return;
    }
    print_end(file, cairn_request_memory(request, SHOWN_BYTES + 1), reply);
    (void)fclose(file);
}
