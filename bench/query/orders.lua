-- orders.lua: GET of an order, any of them, for wrk. ROWS of them; ETAG, where it is set, is what the
-- client has already; TOKEN says who it is. Between two requests of a connection are PAUSE_MS,
-- if it is set. Counts the answers by status: any other than EXPECTED spoils the measurement.
local rows = tonumber(os.getenv("ROWS"))
local etag = os.getenv("ETAG")
local pause = tonumber(os.getenv("PAUSE_MS") or "0")
local expected = tonumber(os.getenv("EXPECTED") or "200")
local token = os.getenv("TOKEN") or ""
local headers = etag and { ["If-None-Match"] = etag } or {}
if token ~= "" then
    headers.Authorization = "Bearer " .. token
end
local threads = {}
wrong = 0

function setup(thread)
    table.insert(threads, thread)
    thread:set("seed", #threads)
end

if pause > 0 then
    function delay()
        return pause
    end
end

function init()
    math.randomseed(seed)
end

function request()
    local path = string.format("/orders/01890000-0000-7000-8000-%012d", math.random(0, rows - 1))
    return wrk.format("GET", path, headers)
end

function response(status)
    if status ~= expected then
        wrong = wrong + 1
    end
end

function done(summary, latency)
    local total = 0
    for _, thread in ipairs(threads) do
        total = total + thread:get("wrong")
    end
    local errors = summary.errors
    io.stderr:write(string.format(
        '{"rate":%.1f,"p50_us":%d,"p99_us":%d,"p999_us":%d,"requests":%d,"wrong":%d}\n',
        summary.requests / summary.duration * 1e6, latency:percentile(50), latency:percentile(99),
        latency:percentile(99.9), summary.requests,
        total + errors.connect + errors.read + errors.write + errors.timeout))
end
