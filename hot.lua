wrk.method="PUT"; wrk.headers["Content-Type"]="application/json"
n=0
request=function() n=n+1; return wrk.format("PUT","/users/01a1fdcb-733a-7b49-a9db-479418b9ab26/email",nil,'{"email":"h'..n..math.random(1000000000)..'@example.com"}') end
