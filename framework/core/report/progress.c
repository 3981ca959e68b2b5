/* progress.c - shows the progress of long work: how much is done, the rate and the time left. */
#include "core/report/progress.h"

#include "core/threads/clock.h"

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
    int64_t now_us = cairn_monotonic_us();
    *progress = (struct cairn_progress){
        .label = label,
        .total = total,
        .begun_us = now_us,
        .phase_us = now_us,
        .columns = cairn_terminal_width(STDERR_FILENO),
    };
}

void cairn_progress_phase(struct cairn_progress *progress, const char *phase, int64_t done,
                          int64_t total)
{
    progress->phase = phase;
    progress->total = total;
    progress->first = done;
    progress->phase_us = cairn_monotonic_us();
}

int64_t cairn_progress_rate(const struct cairn_progress *progress, int64_t done)
{
    int64_t spent_ms = (cairn_monotonic_us() - progress->phase_us) / 1000;
    return spent_ms > 0 && done > progress->first ? (done - progress->first) * 1000 / spent_ms : 0;
}

int64_t cairn_progress_left_s(const struct cairn_progress *progress, int64_t done)
{
    int64_t rate = cairn_progress_rate(progress, done);
    int64_t left = progress->total - done;
    if (left <= 0)
        return 0;
    return rate > 0 ? (left + rate - 1) / rate : -1;
}

/* Returns whether to draw now, and records the time. */
static bool is_due(struct cairn_progress *progress)
{
    int64_t now_us = cairn_monotonic_us();
    if (progress->columns == 0 || now_us - progress->begun_us < PATIENCE_US ||
        now_us - progress->drawn_us < REDRAW_US)
        return false;
    progress->drawn_us = now_us;
    return true;
}

/* Prints the label and the phase: "verify", or "users g2 reading". */
static void print_head(const struct cairn_progress *progress, char *ret, size_t size)
{
    (void)snprintf(ret, size, "%s%s%s", progress->label, progress->phase ? " " : "",
                   progress->phase ? progress->phase : "");
}

static void draw(const struct cairn_progress *progress, int filled, int bar, const char *text)
{
    static const char full[] = "########################################";
    static const char rest[] = "........................................";
    char head[TEXT_SIZE];
    print_head(progress, head, sizeof head);
    if (bar < BAR_MIN)
        (void)fprintf(stderr, "\r%s %s\033[K", head, text);
    else
        (void)fprintf(stderr, "\r%s [%.*s%.*s] %s\033[K", head, filled, full, bar - filled, rest,
                      text);
    (void)fflush(stderr);
}

/* Prints percentage, done of total, rate and time left. */
static void print_measure(const struct cairn_progress *progress, int64_t done, char *ret,
                          size_t size)
{
    char left[40] = "";
    int64_t left_s = cairn_progress_left_s(progress, done);
    if (left_s >= 0)
        (void)snprintf(left, sizeof left, "  %" PRId64 ":%02" PRId64 " left", left_s / 60,
                       left_s % 60);
    (void)snprintf(ret, size, "%3" PRId64 "%%  %" PRId64 "/%" PRId64 "  %" PRId64 "/s%s",
                   done * 100 / progress->total, done, progress->total,
                   cairn_progress_rate(progress, done), left);
}

void cairn_progress_at(struct cairn_progress *progress, int64_t done)
{
    char text[TEXT_SIZE];
    char head[TEXT_SIZE];
    if (progress->total <= 0 || !is_due(progress))
        return;
    done = done < progress->total ? done : progress->total;
    print_measure(progress, done, text, sizeof text);
    print_head(progress, head, sizeof head);
    int bar = progress->columns - 5 - (int)(strlen(head) + strlen(text));
    bar = bar < BAR_MAX ? bar : BAR_MAX;
    draw(progress, (int)(done * (bar > 0 ? bar : 0) / progress->total), bar, text);
}

void cairn_progress_note(struct cairn_progress *progress, const char *what)
{
    progress->drawn_us = progress->drawn_us ? 1 : 0; /* a new part is drawn at once */
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
