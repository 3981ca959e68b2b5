/* egress.c - sends calls through the egress proxy, and explains its refusals. */
#include "outbound/target/egress.h"

#include <string.h>

static struct {
    const char *url;    /* "": none */
    const char *except; /* reached directly */
} egress = {"", ""};

/* Returns whether libcurl would find a host in the URL of a proxy. */
static bool is_proxy(const char *text)
{
    CURLU *url = curl_url();
    char *scheme = NULL;
    char *path = NULL;
    bool good = url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) &&
                curl_url_get(url, CURLUPART_PATH, &path, 0) == CURLUE_OK && strcmp(path, "/") == 0;
    curl_free(scheme);
    curl_free(path);
    curl_url_cleanup(url);
    return good;
}

int cairn_egress_set(const char *url, const char *except, struct cairn_error *error)
{
    if (url && *url && !is_proxy(url))
        return cairn_fail(error, CAIRN_CONFIG,
                          "the URL of the egress proxy is invalid: wanted one such as "
                          "http://egress:3128 (CAIRN_EGRESS_URL)");
    egress.url = url ? url : "";
    egress.except = except ? except : "";
    return 0;
}

void cairn_egress_apply(CURL *handle, const struct cairn_limits *limits)
{
    bool used = *egress.url && !limits->inside;
    (void)curl_easy_setopt(handle, CURLOPT_PROXY, used ? egress.url : "");
    (void)curl_easy_setopt(handle, CURLOPT_NOPROXY, used ? egress.except : "");
    (void)curl_easy_setopt(handle, CURLOPT_HTTPPROXYTUNNEL, used ? 1L : 0L);
    (void)curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

bool cairn_egress_failed(CURL *handle, const struct cairn_limits *limits, struct cairn_attempt *ret)
{
    long status = 0;
    (void)curl_easy_getinfo(handle, CURLINFO_HTTP_CONNECTCODE, &status);
    if (status == 0 || status / 100 == 2)
        return false;
    ret->failed = true;
    ret->again = status >= 500;
    ret->code =
        status >= 500
            ? cairn_fail(&ret->error, CAIRN_UNAVAILABLE,
                         "no request was sent to %s: the egress proxy does not reach it (%ld)",
                         limits->name, status)
            : cairn_fail(
                  &ret->error, CAIRN_UNAVAILABLE,
                  "no request was sent to %s: the egress proxy refuses it (%ld): its host and "
                  "port have to be on the proxy's list",
                  limits->name, status);
    return true;
}
