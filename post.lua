wrk.method="POST"; wrk.headers["Content-Type"]="application/json"
wrk.body='{"user_id":"01a1fdcb-4404-745a-9793-3685e1eac841","currency":"EUR","lines":[{"sku":"a","quantity":2,"unit_price":450}]}'
