/* transfer.c - options and errors that all transfers by libcurl share. */
#include "outbound/transfer.h"

#include "core/threads/clock.h"
#include "outbound/target/egress.h"

static long milliseconds(int64_t us)
{
    int64_t ms = (us + 999) / 1000;
    return ms < 1 ? 1L : ms > 86400000 ? 86400000L : (long)ms;
}

static void set_tls(CURL *handle, const struct cairn_limits *limits)
{
    (void)curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (limits->ca_file)
        (void)curl_easy_setopt(handle, CURLOPT_CAINFO, limits->ca_file);
    if (limits->cert_file) {
        (void)curl_easy_setopt(handle, CURLOPT_SSLCERT, limits->cert_file);
        (void)curl_easy_setopt(handle, CURLOPT_SSLKEY, limits->key_file);
    }
    if (limits->is_itself) { /* what is sent does not leave the machine */
        (void)curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
        (void)curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

/* libcurl calls it often, and at least once a second. */
static int is_abandoned(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const atomic_bool *abandoned = context;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(abandoned);
}

static void set_abandoning(CURL *handle, const struct cairn_limits *limits)
{
    void *abandoned = (void *)(uintptr_t)limits->abandoned; /* libcurl passes it on as not const */
    (void)curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, is_abandoned);
    (void)curl_easy_setopt(handle, CURLOPT_XFERINFODATA, abandoned);
}

bool cairn_transfer_prepare(CURL *handle, const struct cairn_limits *limits, int64_t deadline_us,
                            char text[static CURL_ERROR_SIZE])
{
    int64_t left_us = deadline_us - cairn_monotonic_us();
    if (left_us <= 0 || atomic_load(limits->abandoned))
        return false;
    text[0] = '\0';
    curl_easy_reset(handle);
    (void)curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, text);
    (void)curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR,
                           limits->mail ? "smtp,smtps" : "http,https");
    (void)curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    cairn_egress_apply(handle, limits);
    set_tls(handle, limits);
    set_abandoning(handle, limits);
    (void)curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, milliseconds(left_us));
    (void)curl_easy_setopt(
        handle, CURLOPT_CONNECTTIMEOUT_MS,
        milliseconds(left_us < limits->connect_us ? left_us : limits->connect_us));
#if LIBCURL_VERSION_NUM >= 0x075700
    /* Otherwise libcurl would wait, beyond the deadline, for its resolver thread if a name server
     * does not answer. */
    (void)curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
#endif
    return true;
}

bool cairn_transfer_found_nobody(CURLcode code)
{
    return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT ||
           code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION ||
           code == CURLE_OPERATION_TIMEDOUT;
}

const char *cairn_transfer_words(CURLcode code, const char *text)
{
    return *text ? text : curl_easy_strerror(code);
}
