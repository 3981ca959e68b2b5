/* message.c - formats messages to customers. */
#include "message.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LINE_MAX_BYTES = 73 }; /* with "=" and the line end: 76, RFC 2045 section 6.7 */

bool message_address_is_plain(const char *address)
{
    for (const char *at = address; *at; at++) {
        if (*at <= ' ' || *at > '~' || strchr("<>,;:\"\\()[]", *at))
            return false;
    }
    return strchr(address, '@') != NULL;
}

/* ---- quoted-printable ---- */

/* Writes one quoted character at `out`. Returns the number of bytes. */
static size_t quote(char c, bool ends_line, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    bool plain = (c > ' ' && c <= '~' && c != '=') || (c == ' ' && !ends_line);
    if (plain) {
        out[0] = c;
        return 1;
    }
    out[0] = '=';
    out[1] = digits[(unsigned char)c >> 4];
    out[2] = digits[(unsigned char)c & 15];
    return 3;
}

/* `ret` has room for four bytes per byte of the text, plus three. */
static void quote_text(const char *text, char *ret)
{
    size_t column = 0;
    char *out = ret;
    for (const char *at = text; *at; at++) {
        if (*at == '\n') {
            *out++ = '\r';
            *out++ = '\n';
            column = 0;
            continue;
        }
        if (column >= LINE_MAX_BYTES - 3) {
            memcpy(out, "=\r\n", 3);
            out += 3;
            column = 0;
        }
        size_t bytes = quote(*at, at[1] == '\n' || at[1] == '\0', out);
        out += bytes;
        column += bytes;
    }
    *out = '\0';
}

/* ---- the message ---- */

static void write_date(struct cairn_time at, char *ret, size_t size)
{
    time_t seconds = (time_t)(cairn_time_to_unix(at) / 1000000);
    struct tm tm;
    (void)gmtime_r(&seconds, &tm);
    (void)strftime(ret, size, "%a, %d %b %Y %H:%M:%S +0000", &tm);
}

const char *message_write(struct cairn_sql *sql, const struct message *message)
{
    char date[64];
    const char *domain = strrchr(message->from, '@');
    const char *text =
        cairn_sql_print(sql, "Dear %s,\n\n%s\n\nYour shop\n", message->name, message->text);
    char *body = cairn_sql_room(sql, 4 * strlen(text) + 4);
    quote_text(text, body);
    write_date(message->at, date, sizeof date);
    return cairn_sql_print(sql,
                           "From: <%s>\r\nTo: <%s>\r\nSubject: %s\r\nDate: %s\r\n"
                           "Message-ID: <%s@%s>\r\nMIME-Version: 1.0\r\n"
                           "Content-Type: text/plain; charset=utf-8\r\n"
                           "Content-Transfer-Encoding: quoted-printable\r\n\r\n%s",
                           message->from, message->email, message->subject, date, message->event_id,
                           domain ? domain + 1 : "localhost", body);
}

const char *message_money(struct cairn_sql *sql, int64_t minor, const char *currency)
{
    return cairn_sql_print(sql, "%" PRId64 ".%02d %s", minor / 100, (int)(minor % 100), currency);
}
