-- load.lua - what wrk asks for, at a rate that does not depend on the answers:
--
--   wrk -t 1 ... -s load.lua URL -- SCENARIO USERS RATE COUNT
--
--   orders   POST /orders, for one user after the other
--   emails   PUT /users/{id}/email, for one user after the other, each to an address of its own
--
-- RATE: requests a second, over all connections; 0: each connection sends its next request when the
-- previous one has been answered. COUNT: wrk ends after so many answers; 0: when its time is over.
-- Prints one JSON object: requests answered, how many failed, and latencies in microseconds, from the
-- moment that a request was sent.

local ffi = require("ffi")
ffi.cdef [[
    struct timespec { long seconds, nanoseconds; };
    int clock_gettime(int clock, struct timespec *now);
    int getpid(void);
    int kill(int pid, int signal);
]]

local user = "00000000-0000-4000-8000-%012d"
local order = '{"user_id":"' .. user .. '","currency":"EUR","lines":[' ..
    '{"sku":"tea-100","quantity":2,"unit_price":450},{"sku":"pot-1","quantity":1,"unit_price":2900}]}'
local json = { ["Content-Type"] = "application/json" }
local clock = ffi.new("struct timespec")
local scenario, users, rate, count
local number, delayed, answered, began = 0, 0, 0, nil

local function now_ms()
    ffi.C.clock_gettime(1, clock)
    return tonumber(clock.seconds) * 1000 + tonumber(clock.nanoseconds) / 1e6
end

function init(arguments)
    scenario, users = arguments[1], tonumber(arguments[2])
    rate, count = tonumber(arguments[3]), tonumber(arguments[4])
    if rate == 0 then
        delay = nil
    end
    if count == 0 then
        response = nil
    end
end

-- Spaces the requests evenly, whichever connection each goes over.
function delay()
    began = began or now_ms()
    delayed = delayed + 1
    return math.max(0, math.floor(began + delayed * 1000 / rate - now_ms()))
end

function request()
    number = number + 1
    if scenario == "orders" then
        return wrk.format("POST", "/orders", json, order:format(number % users))
    end
    return wrk.format("PUT", "/users/" .. user:format(number % users) .. "/email", json,
        ('{"email":"moves.%d@example.com"}'):format(number))
end

function response()
    answered = answered + 1
    if answered == count then -- wrk waits for its time to be over, or for SIGINT
        ffi.C.kill(ffi.C.getpid(), 2)
    end
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format('{"requests":%d,"failed":%d,"p50_us":%d,"p99_us":%d,"max_us":%d}\n',
        summary.requests,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout,
        latency:percentile(50), latency:percentile(99), latency.max))
end
