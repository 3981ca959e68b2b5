/* files.c - the index page, its script and its style. The page is complete without the script,
 * which only adds the readiness of the services. Addresses are those of the compose demo. */
#include "files.h"

const char web_page[] =
    "<!doctype html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>Cairn</title>\n"
    "<link rel=\"stylesheet\" href=\"/web.css\">\n"
    "<script src=\"/web.js\" defer></script>\n"
    "</head>\n"
    "<body>\n"
    "<header>\n"
    "<h1>Cairn</h1>\n"
    "<p>Each event is a stone laid on the pile: none is ever removed, and the pile shows the way that"
    " was walked.</p>\n"
    "</header>\n"
    "<main>\n"
    "<section>\n"
    "<h2>Services</h2>\n"
    "<table>\n"
    "<thead><tr><th>service</th><th>does</th><th>state</th><th>look</th></tr></thead>\n"
    "<tbody id=\"services\">\n"
#define SERVICE(name, does)                                                                        \
    "<tr data-service=\"" name "\"><th>" name "</th><td>" does                                     \
    "</td><td class=\"state\"></td><td>"                                                           \
    "<a href=\"/-/" name "/openapi.json\">OpenAPI</a> "                                            \
    "<a href=\"/-/" name "/metrics\">metrics</a> "                                                 \
    "<a href=\"/-/" name "/readyz\">ready?</a></td></tr>\n"
    SERVICE("user", "registers users")                                   /* */
    SERVICE("order", "accepts orders, and processes them to completion") /* */
    SERVICE("payment", "authorises, captures and refunds payments")      /* */
    SERVICE("acquirer", "a stand-in for the card company")               /* */
    SERVICE("notification", "sends the mail that a customer gets")       /* */
    SERVICE("projector", "replays the log into the read models")         /* */
    SERVICE("query", "answers from the read models")                     /* */
#undef SERVICE
    "</tbody>\n"
    "</table>\n"
    "</section>\n"
    "<section>\n"
    "<h2>To look at</h2>\n"
    "<ul>\n"
    "<li><a href=\"http://localhost:5050/\">pgAdmin</a>: the log itself, the read models, and"
    " queries worth running (docs/PGADMIN.md)</li>\n"
    "<li><a href=\"/mail\">Mail</a>: what customers are written, as it was sent</li>\n"
    "<li><a href=\"/-/acquirer/ledger\">The acquirer's ledger</a>: what the card company has "
    "done</li>\n"
    "<li><a href=\"/reports/sales\">/reports/sales</a>: what was sold, by day</li>\n"
    "</ul>\n"
    "</section>\n"
    "<section>\n"
    "<h2>To try</h2>\n"
    "<pre>curl -i localhost:8080/users \\\n"
    "  -H 'Content-Type: application/json' \\\n"
    "  -d '{\"email\":\"ada@example.com\",\"name\":\"Ada\"}'\n"
    "curl -i localhost:8080/users/ID \\\n"
    "  -H 'Cairn-Position: POSITION'</pre>\n"
    "<p>ID and POSITION are in the first answer: its <code>Location</code>, its"
    " <code>Cairn-Position</code>. The second one comes from a read model that has seen what you"
    " wrote, never from an older one.</p>\n"
    "</section>\n"
    "</main>\n"
    "</body>\n"
    "</html>\n";

const char web_script[] =
    "'use strict';\n"
    "async function look(row) {\n"
    "  const state = row.querySelector('.state');\n"
    "  let answer = null;\n"
    "  try {\n"
    "    answer = await fetch('/-/' + row.dataset.service + '/readyz', {cache: 'no-store'});\n"
    "  } catch (error) { /* the door itself is away */ }\n"
    "  const ready = answer !== null && answer.ok;\n"
    "  state.textContent = ready ? 'ready' : answer === null ? 'away' : 'not ready';\n"
    "  state.className = 'state ' + (ready ? 'good' : 'bad');\n"
    "}\n"
    "function lookAtAll() {\n"
    "  document.querySelectorAll('[data-service]').forEach(look);\n"
    "}\n"
    "lookAtAll();\n"
    "setInterval(lookAtAll, 5000);\n";

const char web_style[] =
    ":root { color-scheme: light dark; --quiet: #666; --good: #2a7f3f; --bad: #b3392f; }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "  :root { --quiet: #aaa; --good: #52b46b; --bad: #e2685d; }\n"
    "}\n"
    "body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 3rem auto;"
    " padding: 0 1rem; }\n"
    "h1 { margin: 0; font-size: 2.2rem; letter-spacing: .02em; }\n"
    "h2 { margin-top: 2.2rem; font-size: 1.1rem; }\n"
    "header p { margin: .3rem 0 0; color: var(--quiet); text-wrap: balance; }\n"
    "table { width: 100%; border-collapse: collapse; }\n"
    "th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid #8884;"
    " vertical-align: baseline; }\n"
    "thead th { color: var(--quiet); font-weight: normal; font-size: .85rem; }\n"
    "td a { margin-right: .6rem; white-space: nowrap; }\n"
    ".state { white-space: nowrap; min-width: 6rem; }\n"
    ".state::before { content: '\\25CF'; margin-right: .4rem; visibility: hidden; }\n"
    ".good::before { color: var(--good); visibility: visible; }\n"
    ".bad::before { color: var(--bad); visibility: visible; }\n"
    "pre { padding: .8rem 1rem; background: #8881; border-radius: .3rem; overflow-x: auto; }\n"
    "ul { padding-left: 1.2rem; }\n"
    "@media (max-width: 44rem) {\n"
    "  body { margin: 1.5rem auto; }\n"
    "  thead { display: none; }\n"
    "  tr { display: grid; grid-template-columns: 1fr auto; padding: .6rem 0;"
    " border-bottom: 1px solid #8884; }\n"
    "  th, td { border: 0; padding: .1rem 0; }\n"
    "  td { order: 2; grid-column: 1 / -1; }\n"
    "  td.state { order: 1; grid-column: 2; min-width: 0; }\n"
    "  td a { display: inline-block; padding: .3rem 0; }\n"
    "  pre { font-size: .72rem; }\n"
    "}\n";
