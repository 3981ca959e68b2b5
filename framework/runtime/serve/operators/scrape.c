/* scrape.c - answers /metrics: what the process has counted, and what the kernel has counted of it.
 *
 * Names and units of the latter are those that Prometheus' client libraries share
 * (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics); proc(5) has the
 * fields. What cannot be read is not shown. */
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "http/request/conditional.h"
#include "runtime/serve/health.h"

#include <cairn/version.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct cairn_metric build_info =
    CAIRN_GAUGE("cairn_build_info", "1; the labels say what runs.", "service,version");
static struct cairn_metric cpu_time =
    CAIRN_COUNTER_OF_TIME("process_cpu_seconds_total",
                          "Processor time spent, of the process and of the kernel for it.", NULL);
static struct cairn_metric start_time = CAIRN_GAUGE_OF_TIME(
    "process_start_time_seconds", "Start of the process, since the Unix epoch.", NULL);
static struct cairn_metric virtual_memory =
    CAIRN_GAUGE("process_virtual_memory_bytes", "Size of the address space.", NULL);
static struct cairn_metric resident_memory =
    CAIRN_GAUGE("process_resident_memory_bytes", "Memory that is held.", NULL);
static struct cairn_metric open_files =
    CAIRN_GAUGE("process_open_fds", "File descriptors that are open.", NULL);
static struct cairn_metric most_files =
    CAIRN_GAUGE("process_max_fds", "File descriptors that may be open.", NULL);

/* Fields of /proc/self/stat behind the name of the program, from 0; proc(5) counts from 3. */
enum {
    USER_TIME = 11,
    KERNEL_TIME = 12,
    START_TIME = 19,
    ADDRESS_SPACE = 20,
    RESIDENT = 21,
    FIELDS
};

/* Reads a file of proc(5), at most size - 1 bytes. Returns false if it cannot be read. */
static bool read_file(const char *path, char *ret, size_t size)
{
    FILE *file = fopen(path, "re");
    size_t bytes = file ? fread(ret, 1, size - 1, file) : 0;
    ret[bytes] = '\0';
    if (file)
        (void)fclose(file);
    return bytes > 0;
}

static int64_t ticks_us(int64_t ticks)
{
    return ticks * (CAIRN_SECONDS(1) / sysconf(_SC_CLK_TCK));
}

/* Time of day at which the machine started, in microseconds; 0 if it is not told. */
static int64_t boot_us(void)
{
    char text[8192];
    long long seconds;
    if (!read_file("/proc/stat", text, sizeof text))
        return 0;
    const char *at = strstr(text, "\nbtime ");
    return at && sscanf(at, " btime %lld", &seconds) == 1 ? CAIRN_SECONDS(seconds) : 0;
}

static void show_stat(void)
{
    char text[1024];
    long long fields[FIELDS] = {0};
    const char *at = read_file("/proc/self/stat", text, sizeof text) ? strrchr(text, ')') : NULL;
    int bytes;
    if (!at || strlen(at) < 3)
        return;
    at += 3; /* behind ") R": the state is the one field that is no number */
    for (int i = 1; i < FIELDS && sscanf(at, "%lld%n", &fields[i], &bytes) == 1; i++)
        at += bytes;
    cairn_metric_total(&cpu_time, "", ticks_us(fields[USER_TIME] + fields[KERNEL_TIME]));
    cairn_metric_set(&virtual_memory, "", fields[ADDRESS_SPACE]);
    cairn_metric_set(&resident_memory, "", fields[RESIDENT] * sysconf(_SC_PAGESIZE));
    int64_t boot = boot_us();
    if (boot)
        cairn_metric_set(&start_time, "", boot + ticks_us(fields[START_TIME]));
}

/* The directory of descriptors has `.`, `..` and the one that reads it, too. */
static void show_files(void)
{
    struct rlimit limit;
    DIR *directory = opendir("/proc/self/fd");
    int64_t count = -3;
    while (directory && readdir(directory))
        count++;
    if (directory) {
        (void)closedir(directory);
        cairn_metric_set(&open_files, "", count);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        cairn_metric_set(&most_files, "", (int64_t)limit.rlim_cur);
}

void cairn_health_metrics(const struct cairn_health *health, struct cairn_http_request *request,
                          struct cairn_http_response *response)
{
    static const char open_type[] = "application/openmetrics-text";
    const char *accept = cairn_http_header_list(request, "Accept");
    int weight = cairn_accept_quality(accept, open_type);
    bool open = weight > 0 && cairn_accept_names(accept, open_type) &&
                weight >= cairn_accept_quality(accept, "text/plain");
    struct cairn_buffer body = cairn_buffer(request->arena);
    const char *labels = cairn_print(request->arena, "%s,%s", health->service, CAIRN_VERSION);
    cairn_metric_set(&build_info, labels, 1);
    show_stat();
    show_files();
    cairn_metrics_write(open ? CAIRN_METRICS_OPEN : CAIRN_METRICS_TEXT, &body);
    response->status = 200;
    response->body = body.text;
    response->body_bytes = body.length;
    response->content_type = open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                  : "text/plain; version=0.0.4; charset=utf-8";
}
