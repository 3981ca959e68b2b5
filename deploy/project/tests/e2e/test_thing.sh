#!/bin/bash
# test_thing.sh - runs the thing service as a process, on an empty log, and talks to it over HTTP.
#
# The PostgreSQL and the Redis are private ones, started for this run, unless DATABASE_URL and
# REDIS_URL name others: those should have no events yet.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[[ ${DATABASE_URL:-} && ${REDIS_URL:-} ]] || exec cairn servers "$0"
# shellcheck source=tests/support/e2e.sh
source tests/support/e2e.sh thing

one_is_opened_closed_and_read() {
    request POST /things '{"title": "first"}'
    expect_status 201
    local path
    path=$(header Location)
    request POST "$path/close" '{"reason": "done"}'
    expect_status 200
    request POST "$path/close" '{"reason": "again"}'
    expect_status 422
    expect_body '"code":"thing-closed"'
    request GET "$path"
    expect_status 200
    expect_body '"closed":true,"closed_because":"done"'
    request GET '/things?closed=true'
    expect_body '"title":"first"'
}

invalid_requests_are_refused() {
    request POST /things '{"title": ""}'
    expect_status 400
    expect_body '"pointer":"/title"'
    request POST /things/01890000-0000-7000-8000-00000000dead/close '{"reason": "done"}'
    expect_status 404
}

one_that_stays_open_is_closed_by_its_timer() {
    restart CAIRN_THING_EXPIRY_S=1
    request POST /things '{"title": "forgotten"}'
    expect_status 201
    follow_until "$(header Location)" '"closed_because":"it was open for too long"'
}

run_tests one_is_opened_closed_and_read invalid_requests_are_refused \
    one_that_stays_open_is_closed_by_its_timer
