/* file.h - static files that a service answers, from its own memory: the pages of a console.
 *
 *     extern const struct cairn_file console_files[];
 *     CAIRN_MAIN({.name = "console", .port = 8060, .operators = true, .files = console_files});
 *
 * Each file has one path, which is compared as a whole: no request reaches anything else. Answers
 * carry a Content-Security-Policy without inline scripts, which lets pages ask their own origin and
 * the issuer of tokens only. GET /sign-in.json tells pages how people sign in: `issuer`, `client`
 * (CAIRN_SIGN_IN_CLIENT) and `roles`, the JSON pointer of the claim; or {} where callers are not
 * authenticated. web/embed.sh makes the table of files that are compiled in. */
#ifndef CAIRN_FILE_H
#define CAIRN_FILE_H

#include <cairn/value.h>

CAIRN_BEGIN_C

/* Bytes from `start` up to `end`; NULL: there are none. */
struct cairn_bytes_range {
    const char *start;
    const char *end;
};

/* A file, for anyone, or a redirection. web/embed.sh writes this layout. */
struct cairn_file {
    const char *path;         /* "/console" */
    const char *content_type; /* NULL: it is a redirection, to `to` */
    const char *to;           /* a path */
    const char *etag;         /* with its quotes, weak: one for all encodings */
    struct cairn_bytes_range plain;
    struct cairn_bytes_range brotli, gzip; /* the same, compressed; or none */
    const char *immutable; /* not NULL: its name changes with its content, so that caches keep it */
};

CAIRN_END_C

#endif
