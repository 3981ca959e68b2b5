/* progress.c - how far a long piece of work has come, how fast it goes and what is left. */
#include "core/progress.h"

#include "core/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PATIENCE_US CAIRN_SECONDS(1) /* shorter work shows nothing */
#define REDRAW_US CAIRN_MILLISECONDS(100)

enum { BAR_MAX = 40, BAR_MIN = 6, TEXT_SIZE = 160 };

int cairn_terminal_width(int fd)
{
    struct winsize size = {0};
    if (!isatty(fd))
        return 0;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void cairn_progress_begin(struct cairn_progress *progress, const char *label, int64_t total)
{
    *progress = (struct cairn_progress){
        .label = label,
        .total = total,
        .begun_us = cairn_monotonic_us(),
        .columns = cairn_terminal_width(STDERR_FILENO),
    };
}

/* Is it time to draw? */
static bool is_due(struct cairn_progress *progress)
{
    int64_t now_us = cairn_monotonic_us();
    if (progress->columns == 0 || now_us - progress->begun_us < PATIENCE_US ||
        now_us - progress->drawn_us < REDRAW_US)
        return false;
    progress->drawn_us = now_us;
    return true;
}

static void draw(const struct cairn_progress *progress, int filled, int bar, const char *text)
{
    static const char full[] = "########################################";
    static const char rest[] = "........................................";
    if (bar < BAR_MIN)
        (void)fprintf(stderr, "\r%s %s\033[K", progress->label, text);
    else
        (void)fprintf(stderr, "\r%s [%.*s%.*s] %s\033[K", progress->label, filled, full,
                      bar - filled, rest, text);
    (void)fflush(stderr);
}

void cairn_progress_at(struct cairn_progress *progress, int64_t done)
{
    if (progress->total <= 0 || !is_due(progress))
        return;
    char text[TEXT_SIZE];
    int64_t spent_ms = (progress->drawn_us - progress->begun_us) / 1000;
    int64_t rate = done * 1000 / spent_ms;
    int64_t left_s = rate > 0 ? (progress->total - done + rate - 1) / rate : 0;
    (void)snprintf(
        text, sizeof text,
        "%3" PRId64 "%%  %" PRId64 "/%" PRId64 "  %" PRId64 "/s  %" PRId64 ":%02" PRId64 " left",
        done * 100 / progress->total, done, progress->total, rate, left_s / 60, left_s % 60);
    int bar = progress->columns - 5 - (int)(strlen(progress->label) + strlen(text));
    bar = bar < BAR_MAX ? bar : BAR_MAX;
    draw(progress, (int)(done * bar / progress->total), bar, text);
}

void cairn_progress_note(struct cairn_progress *progress, const char *what)
{
    progress->drawn_us = progress->drawn_us ? 1 : 0; /* a new part is shown at once */
    if (is_due(progress))
        draw(progress, 0, 0, what);
}

void cairn_progress_end(struct cairn_progress *progress)
{
    if (progress->drawn_us == 0)
        return;
    (void)fprintf(stderr, "\r\033[K");
    (void)fflush(stderr);
    progress->drawn_us = 0;
}
