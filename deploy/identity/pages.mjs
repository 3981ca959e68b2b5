// pages.mjs - what a person sees of the provider: a page to choose who to be, and one to sign out.
// Neither asks for a password.
import { findPerson } from './people.mjs';

const names = ['ada', 'bob', 'clerk', 'finance', 'support', 'operator', 'reader'];
const bodyMax = 1000; // bytes

function page(title, content) {
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 28rem; margin: 3rem auto; padding: 0 1rem; }
button, input { font: inherit; padding: .4rem .8rem; margin: 0 .3rem .5rem 0; }
</style>
</head>
<body>
<h1>${title}</h1>
${content}
</body>
</html>
`;
}

const headers = {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
};

function show(response, status, text) {
    response.writeHead(status, headers).end(text);
}

const whoPage = page('Who are you?', `<p>The shop's demo believes it: there is no password.</p>
<form method="post">
${names.map((name) => `<button name="name" value="${name}">${name}</button>`).join('\n')}
</form>
<form method="post">
<label>Another customer: <input name="name" pattern="[a-z][a-z0-9._\\-]{0,60}" required autocomplete="username"></label>
<button>Sign in</button>
</form>`);

async function readForm(request) {
    let text = '';
    for await (const part of request) {
        text += part;
        if (text.length > bodyMax) return new URLSearchParams();
    }
    return new URLSearchParams(text);
}

// Whether the request is one of these pages.
export function isInteraction(request) {
    return /^\/interaction\/[\w-]+$/.test(request.url);
}

// Answers it: GET shows who there is, POST signs in and goes on where the person came from. The provider finds
// what it is about by its own cookie; one that has expired, or is another browser's, is refused.
export async function interact(provider, people, request, response) {
    try {
        await provider.interactionDetails(request, response);
    } catch {
        show(response, 400, page('Too late', '<p>Go back to the page that you wanted to see.</p>'));
        return;
    }
    if (request.method !== 'POST') {
        show(response, 200, whoPage);
        return;
    }
    const person = findPerson((await readForm(request)).get('name'));
    if (!person) {
        show(response, 400, page('Nobody', '<p>A name has a-z, 0-9, ., _ and -: go back.</p>'));
        return;
    }
    people.set(person.sub, person.roles);
    await provider.interactionFinished(request, response, { login: { accountId: person.sub } });
}

// The provider's page to sign out: `form` is its form, which the button sends.
export function signOutSource(ctx, form) {
    Object.entries(headers).forEach(([name, value]) => ctx.set(name, value));
    ctx.body = page('Sign out?', `${form}
<button form="op.logoutForm" name="logout" value="yes" type="submit" autofocus>Sign out</button>
<button form="op.logoutForm" type="submit">Stay</button>`);
}
