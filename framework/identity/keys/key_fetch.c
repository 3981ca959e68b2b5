/* key_fetch.c - reads keys from a file, or asks the issuer: its configuration, then its keys. */
#include "identity/keys/key_fetch.h"

#include "core/containers/arena.h"
#include "identity/keys/discovery.h"
#include "identity/watched_file.h"

#include <stdlib.h>
#include <string.h>

struct cairn_key_fetch {
    struct cairn_watched_file file; /* no path: the issuer is asked */
    char *keys_url;                 /* as the issuer says; NULL: not known yet */
    struct cairn_discovery discovery;
    struct cairn_target keys;
};

/* ---- the file ---- */

bool cairn_key_fetch_changed(const struct cairn_key_fetch *fetch)
{
    return fetch->file.path && cairn_watched_file_changed(&fetch->file);
}

static int read_file(struct cairn_key_fetch *fetch, struct cairn_jwks **ret,
                     struct cairn_error *error)
{
    char *text = NULL;
    size_t bytes = 0;
    int failed = cairn_watched_file_read(&fetch->file, "the file of keys", CAIRN_JWKS_MAX_BYTES,
                                         &text, &bytes, error);
    if (failed)
        return failed;
    failed = cairn_jwks_parse(text, bytes, ret, error);
    if (failed)
        cairn_error_context(error, "the file of keys %s", fetch->file.path);
    free(text);
    return failed;
}

/* ---- the issuer ---- */

/* Takes over the URL at which the issuer has its keys; it seldom changes. */
static void take_url(struct cairn_key_fetch *fetch, char *keys_url)
{
    if (fetch->keys_url && strcmp(fetch->keys_url, keys_url) == 0) {
        free(keys_url);
        return;
    }
    cairn_target_close(&fetch->keys);
    free(fetch->keys_url);
    fetch->keys_url = keys_url;
    fetch->keys.url = fetch->keys_url;
}

static int ask_issuer(struct cairn_key_fetch *fetch, struct cairn_jwks **ret,
                      struct cairn_error *error)
{
    struct cairn_outbound_response response = {0};
    char *keys_url = NULL;
    int failed = cairn_discovery_find(&fetch->discovery, "jwks_uri", &keys_url, error);
    if (failed)
        return failed;
    take_url(fetch, keys_url);
    failed = cairn_discovery_get(&fetch->keys, NULL, &response, error);
    if (!failed) {
        failed = cairn_jwks_parse(response.body, response.body_bytes, ret, error);
        if (failed)
            cairn_error_context(error, "the keys at %.200s", fetch->keys_url);
    }
    cairn_outbound_response_reset(&response);
    return failed;
}

int cairn_key_fetch_read(struct cairn_key_fetch *fetch, struct cairn_jwks **ret,
                         struct cairn_error *error)
{
    return fetch->file.path ? read_file(fetch, ret, error) : ask_issuer(fetch, ret, error);
}

/* ---- life ---- */

struct cairn_key_fetch *cairn_key_fetch_open(const char *issuer, const char *file)
{
    struct cairn_key_fetch *fetch = cairn_allocate(sizeof *fetch);
    fetch->file.path = file;
    cairn_discovery_init(&fetch->discovery, issuer, CAIRN_JWKS_MAX_BYTES);
    fetch->keys = fetch->discovery.target;
    fetch->keys.name = "issuer-keys";
    fetch->keys.url = NULL;
    return fetch;
}

void cairn_key_fetch_close(struct cairn_key_fetch *fetch)
{
    cairn_target_close(&fetch->keys);
    cairn_discovery_reset(&fetch->discovery);
    free(fetch->keys_url);
    free(fetch);
}
