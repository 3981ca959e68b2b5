/* route.h - from a method and a path to the row of the route table. */
#ifndef CAIRN_HTTP_ROUTE_H
#define CAIRN_HTTP_ROUTE_H

#include "http/http.h"

enum { CAIRN_SEGMENTS_MAX = 16 };

/* A path taken apart at its slashes, each segment decoded. One with too many segments matches
 * nothing. */
struct cairn_path {
    const char *segments[CAIRN_SEGMENTS_MAX];
    size_t count;
};

/* Undoes the percent-encoding of `length` bytes. NULL unless the outcome is UTF-8 without NUL. */
char *cairn_decode(struct cairn_arena *arena, const char *text, size_t length);

/* False if the path is not percent-encoded UTF-8. */
bool cairn_path_split(struct cairn_arena *arena, const char *text,
                      struct cairn_path *ret) CAIRN_CHECKED;

/* The route and the value of its {id}, or NULL. HEAD finds GET. Of two patterns that match, the
 * one without {id} wins. */
const struct cairn_http_route *cairn_route_find(const struct cairn_http_options *options,
                                                const char *method, const struct cairn_path *path,
                                                const char **ret_id);

/* The methods that there are for a path, for the header Allow: "GET, HEAD, POST"; NULL if the path
 * is unknown. Without a path: those of all routes. */
const char *cairn_route_allow(const struct cairn_http_options *options,
                              const struct cairn_path *path, struct cairn_arena *arena);

#endif
