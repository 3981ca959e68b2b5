-- load.lua - what wrk asks for:
--
--   wrk ... -s load.lua URL -- SCENARIO USERS TAG
--
--   orders   POST /orders, each for one of USERS users, by chance
--   keyed    the same, each with an Idempotency-Key of its own
--   hot      PUT /users/{id}/email, all on one user, each to another address
--
-- TAG makes addresses and keys other than those of every run before. A request is made as text once
-- and has its number filled in later, so that the load costs the machine little. Prints one JSON
-- object: requests answered, the seconds it took, what failed, and latencies in microseconds.

local user = "00000000-0000-4000-8000-%012d"
local order = '{"user_id":"' .. user .. '","currency":"EUR","lines":[' ..
    '{"sku":"tea-100","quantity":2,"unit_price":450},{"sku":"pot-1","quantity":1,"unit_price":2900}]}'
local hole = string.rep("9", 12) -- where a number of twelve digits goes
local before, between, after
local users, tag, scenario
local number = 0

-- Cuts a request at its holes: the number's, and, where there are two, a user's.
local function cut(text)
    local parts = {}
    for part in (text .. hole):gmatch("(.-)" .. hole) do
        parts[#parts + 1] = part
    end
    before, between, after = parts[1], parts[2], parts[3]
end

local function order_request(headers)
    local token = os.getenv("TOKEN") or ""
    headers["Content-Type"] = "application/json"
    if token ~= "" then
        headers.Authorization = "Bearer " .. token
    end
    return wrk.format("POST", "/orders", headers, (order:gsub("%%012d", hole)))
end

function init(arguments)
    scenario, users, tag = arguments[1], tonumber(arguments[2]), arguments[3]
    math.randomseed(os.time())
    if scenario == "orders" then
        cut(order_request({}))
    elseif scenario == "keyed" then
        cut(order_request({ ["Idempotency-Key"] = '"' .. tag .. "-" .. hole .. '"' }))
    else
        cut(wrk.format("PUT", "/users/" .. user:format(0) .. "/email",
            { ["Content-Type"] = "application/json" },
            '{"email":"moves.' .. tag .. "." .. hole .. '@example.com"}'))
    end
end

-- Headers come in any order, but always before the body.
function request()
    number = number + 1
    if scenario == "hot" then
        return before .. ("%012d"):format(number) .. between
    elseif scenario == "keyed" then
        return before .. ("%012d"):format(number) .. between ..
            ("%012d"):format(math.random(0, users - 1)) .. after
    end
    return before .. ("%012d"):format(math.random(0, users - 1)) .. between
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        '{"requests":%d,"seconds":%.6f,"failed":%d,"p50_us":%d,"p99_us":%d,"p999_us":%d}\n',
        summary.requests, summary.duration / 1e6,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout,
        latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
