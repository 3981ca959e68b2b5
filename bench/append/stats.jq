# stats.jq - medians, for the reports.

def median: sort | if length % 2 == 1 then .[(length - 1) / 2] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def median_of($key): map(.[$key] | values) | if length == 0 then null else median end;

# Of the measures of one thing.
def medians:
    {
        rate: median_of("rate"),
        rate_min: (map(.rate) | min),
        rate_max: (map(.rate) | max),
        p50_us: median_of("p50_us"),
        p99_us: median_of("p99_us"),
        p999_us: median_of("p999_us")
    };
