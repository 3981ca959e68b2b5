// echo.mjs - a server behind the door under test. It answers what has reached it, as JSON.
//
//   X-Test-Drop: ID   no answer, the connection is closed; GET ?count=ID says how often that was so
//   X-Test-Hang: 1    an answer after five seconds
//
// At port 4180 it is the sign-in: it knows one session, whose token is "of-the-session".
import { createServer } from 'node:http';

const dropped = new Map();

function answer(request, response) {
    const { method, url, headers } = request;
    const count = new URL(url, 'http://echo').searchParams.get('count');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ method, url, headers, count: dropped.get(count) ?? 0 }));
}

createServer((request, response) => {
    const drop = request.headers['x-test-drop'];
    if (drop) {
        dropped.set(drop, (dropped.get(drop) ?? 0) + 1);
        request.socket.destroy();
    } else if (request.headers['x-test-hang']) {
        setTimeout(() => answer(request, response), 5000);
    } else {
        request.resume().on('end', () => answer(request, response));
    }
}).listen(8000);

createServer((request, response) => {
    if (request.headers.cookie?.includes('__Host-door=good'))
        response.setHeader('authorization', 'Bearer of-the-session').writeHead(202).end();
    else if (request.url === '/')
        response.writeHead(302, { location: 'http://127.0.0.1:8070/auth' }).end();
    else response.writeHead(401).end();
}).listen(4180);
