/* outbound_check.c - validates requests and mails before they are sent.
 *
 * A line break in a header, a path or an address starts a header, a request or a command of the
 * attacker's choice (CWE-93); one that is not CRLF in a mail may end the mail for one server and
 * not for the next. libcurl checks some of it; here all of it is checked, before anything is sent.
 */
#include "outbound/outbound_check.h"

#include <string.h>

enum {
    ADDRESS_MAX_BYTES = 254,
    LINE_MAX_BYTES = 998,
    VALUE_MAX_BYTES = 4096,
    PATH_MAX_BYTES = 8000
};

/* Visible ASCII only. */
static bool is_visible(const char *text)
{
    for (; *text; text++) {
        if (*text <= ' ' || *text > '~')
            return false;
    }
    return true;
}

/* A token of RFC 9110 section 5.6.2. */
static bool is_token(const char *text)
{
    return *text && is_visible(text) && !strpbrk(text, "\"(),/:;<=>?@[\\]{}");
}

/* A field value of RFC 9110 section 5.5, without tabs and the bytes that are obsolete (obs-text).
 */
static bool is_value(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || length > VALUE_MAX_BYTES || text[0] == ' ' || text[length - 1] == ' ')
        return false;
    for (; *text; text++) {
        if (*text < ' ' || *text > '~')
            return false;
    }
    return true;
}

/* ---- HTTP ---- */

static int check_value(const char *name, const char *value, struct cairn_error *error)
{
    if (!value || is_value(value))
        return 0;
    return cairn_fail(error, CAIRN_INVALID, "the header %s has a value that cannot be sent", name);
}

static int check_headers(const struct cairn_outbound_request *request, struct cairn_error *error)
{
    /* Only libcurl may set the headers that frame and route a message. */
    static const char *const framing[] = {"Host", "Content-Length", "Transfer-Encoding",
                                          "Connection"};
    for (int i = 0; i < CAIRN_OUTBOUND_HEADERS_MAX && request->headers[i].name; i++) {
        const char *name = request->headers[i].name;
        bool ours = false;
        for (size_t k = 0; k < sizeof framing / sizeof framing[0]; k++)
            ours = ours || strcasecmp(name, framing[k]) == 0;
        if (!is_token(name) || !request->headers[i].value || ours)
            return cairn_fail(error, CAIRN_INVALID, "header %d cannot be sent", i + 1);
        int failed = check_value(name, request->headers[i].value, error);
        if (failed)
            return failed;
    }
    return 0;
}

static bool is_path(const char *path)
{
    return path[0] == '/' && is_visible(path) && !strchr(path, '#') &&
           strlen(path) <= PATH_MAX_BYTES;
}

int cairn_outbound_check_request(const struct cairn_outbound_request *request,
                                 struct cairn_error *error)
{
    if (!request->method || !is_token(request->method) || strlen(request->method) > 20)
        return cairn_fail(error, CAIRN_INVALID, "the method of a call cannot be sent");
    if (request->path && !is_path(request->path))
        return cairn_fail(
            error, CAIRN_INVALID,
            "the path of a call has to begin with \"/\", to be percent-encoded, and to "
            "have at most %d bytes; NULL calls the target's URL itself",
            PATH_MAX_BYTES);
    int failed = check_value("Content-Type", request->content_type, error);
    if (!failed)
        failed = check_value("Idempotency-Key", request->idempotency_key, error);
    if (!failed)
        failed = check_value("traceparent", request->traceparent, error);
    return failed ? failed : check_headers(request, error);
}

/* ---- mail ---- */

/* A plain mailbox, as nearly all are: no quotes, no comments, no source route. */
static bool is_address(const char *text)
{
    if (!text || strlen(text) > ADDRESS_MAX_BYTES || !is_visible(text))
        return false;
    const char *at = strchr(text, '@');
    return at && at > text && at[1] && !strchr(at + 1, '@') && !strpbrk(text, "<>()[]\\,;:\"");
}

/* Checks that the message consists of 7 bit lines, each ended by CRLF. */
static int check_lines(const char *bytes, size_t count, struct cairn_error *error)
{
    size_t line = 0;
    for (size_t i = 0; i < count; i++) {
        char c = bytes[i];
        if (c == '\r' && i + 1 < count && bytes[i + 1] == '\n') {
            line = 0;
            i++;
        } else if (c == '\r' || c == '\n' || c == '\0' || (unsigned char)c > 127) {
            return cairn_fail(error, CAIRN_INVALID,
                              "byte %zu of the message is not of a 7 bit line that ends with CRLF",
                              i);
        } else if (++line > LINE_MAX_BYTES) {
            return cairn_fail(error, CAIRN_INVALID, "a line of the message is longer than %d bytes",
                              LINE_MAX_BYTES);
        }
    }
    return count && line == 0
               ? 0
               : cairn_fail(error, CAIRN_INVALID, "the message does not end with a line break");
}

int cairn_outbound_check_mail(const struct cairn_mail *mail, struct cairn_error *error)
{
    if (!is_address(mail->from))
        return cairn_fail(error, CAIRN_INVALID, "the sender is not an address");
    if (!is_address(mail->to))
        return cairn_fail(error, CAIRN_INVALID, "the recipient is not an address");
    return check_lines(mail->message, mail->message_bytes, error);
}
