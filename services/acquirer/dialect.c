/* dialect.c - parses requests to the acquirer, and reads and writes amounts. */
#include "dialect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- amounts ---- */

/* The currencies it settles in, with their number of decimals. */
static const struct {
    int number;
    int decimals;
} currencies[] = {
    {978, 2}, /* EUR */ {840, 2}, /* USD */ {826, 2}, /* GBP */ {756, 2}, /* CHF */
    {752, 2}, /* SEK */ {578, 2}, /* NOK */ {208, 2}, /* DKK */ {985, 2}, /* PLN */
    {203, 2}, /* CZK */ {348, 2}, /* HUF */ {124, 2}, /* CAD */ {36, 2},  /* AUD */
    {392, 0}, /* JPY */ {410, 0}, /* KRW */ {352, 0}, /* ISK */ {152, 0}, /* CLP */
    {48, 3},  /* BHD */ {414, 3}, /* KWD */ {788, 3}, /* TND */ {400, 3}, /* JOD */
    {512, 3},                                                             /* OMR */
};

static int decimals_of(int currency)
{
    for (size_t i = 0; i < sizeof currencies / sizeof currencies[0]; i++) {
        if (currencies[i].number == currency)
            return currencies[i].decimals;
    }
    return -1;
}

bool acquirer_amount_write(struct acquirer_money money, char ret[static ACQUIRER_AMOUNT_SIZE])
{
    int decimals = decimals_of(money.currency);
    char digits[ACQUIRER_AMOUNT_SIZE];
    if (decimals < 0 || money.minor < 0)
        return false;
    /* At least one digit before the point. */
    size_t length = (size_t)snprintf(digits, sizeof digits, "%04" PRId64, money.minor);
    size_t whole = length - (size_t)decimals;
    const char *from = digits;
    while (whole > 1 && *from == '0') {
        from++;
        whole--;
    }
    memcpy(ret, from, whole);
    if (decimals > 0)
        ret[whole++] = '.';
    memcpy(ret + whole, digits + length - decimals, (size_t)decimals + 1);
    return true;
}

/* Accepts only what acquirer_amount_write() would write: one text per amount. */
bool acquirer_amount_read(const char *text, int currency, int64_t *ret)
{
    enum { DIGITS_MAX = 15 };
    struct acquirer_money money = {.currency = currency};
    char again[ACQUIRER_AMOUNT_SIZE];
    int digits = 0;
    for (const char *at = text; *at; at++) {
        if (*at == '.')
            continue;
        if (*at < '0' || *at > '9' || ++digits > DIGITS_MAX)
            return false;
        money.minor = money.minor * 10 + (*at - '0');
    }
    if (!acquirer_amount_write(money, again) || strcmp(again, text) != 0)
        return false;
    *ret = money.minor;
    return true;
}

/* ---- requests ---- */

static bool read_function(const char *text, enum acquirer_function *ret)
{
    static const struct {
        const char *text;
        enum acquirer_function function;
    } functions[] = {{"0100", ACQUIRER_AUTHORISE},
                     {"0220", ACQUIRER_CAPTURE},
                     {"0420", ACQUIRER_GIVE_BACK},
                     {"0600", ACQUIRER_INQUIRE}};
    for (size_t i = 0; text && i < sizeof functions / sizeof functions[0]; i++) {
        if (strcmp(text, functions[i].text) == 0) {
            *ret = functions[i].function;
            return true;
        }
    }
    return false;
}

/* Copies a text that consists of letters, digits and the characters in `more`. */
static bool read_word(const char *text, const char *more, char *ret, size_t size)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t length = text ? strlen(text) : 0;
    if (length == 0 || length >= size)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!strchr(plain, text[i]) && !strchr(more, text[i]))
            return false;
    }
    memcpy(ret, text, length + 1);
    return true;
}

static bool read_money(const struct cairn_form *form, struct acquirer_money *ret)
{
    const char *amount = cairn_form_get(form, "AMT");
    const char *currency = cairn_form_get(form, "CCY");
    if (!amount || !currency || strlen(currency) != 3 || strspn(currency, "0123456789") != 3)
        return false;
    ret->currency = (int)strtol(currency, NULL, 10);
    return acquirer_amount_read(amount, ret->currency, &ret->minor) && ret->minor > 0;
}

static bool knows_all_fields(const struct cairn_form *form)
{
    static const char *const names[] = {"FN", "MREF", "TOK", "AMT", "CCY"};
    size_t known = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        known += cairn_form_get(form, names[i]) != NULL;
    return known == form->count;
}

bool acquirer_request_read(struct acquirer_request *ret, const char *body, size_t bytes)
{
    struct cairn_form form;
    *ret = (struct acquirer_request){0};
    if (cairn_form_read(&form, body, bytes, NULL) < 0 || !knows_all_fields(&form) ||
        !read_function(cairn_form_get(&form, "FN"), &ret->function) ||
        !read_word(cairn_form_get(&form, "MREF"), "-", ret->reference, sizeof ret->reference))
        return false;
    bool authorises = ret->function == ACQUIRER_AUTHORISE;
    bool has_money = cairn_form_get(&form, "AMT") || cairn_form_get(&form, "CCY");
    if (authorises != (cairn_form_get(&form, "TOK") != NULL) || (authorises && !has_money) ||
        (has_money && ret->function == ACQUIRER_INQUIRE))
        return false;
    if (authorises && !read_word(cairn_form_get(&form, "TOK"), "-_.", ret->card, sizeof ret->card))
        return false;
    return !has_money || read_money(&form, &ret->money);
}

const char *acquirer_result_text(enum acquirer_result result)
{
    switch (result) {
#define ACQUIRER_RESULT_TEXT(code, number, text)                                                   \
    case ACQUIRER_##code:                                                                          \
        return text;
        ACQUIRER_RESULTS(ACQUIRER_RESULT_TEXT)
#undef ACQUIRER_RESULT_TEXT
    }
    return "?";
}
