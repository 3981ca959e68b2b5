// smtp.mjs - a real mail server, npm's smtp-server, for tests of STARTTLS.
//
//   node smtp.mjs PORT                 offers no encryption
//   node smtp.mjs PORT CERT KEY        offers STARTTLS, with this certificate
//
// It says in a line each that it listens, who is named as a sender, and that it took a message, with
// whether the connection was encrypted.
import { readFileSync } from 'node:fs';
import { SMTPServer } from 'smtp-server';

const [port, cert, key] = process.argv.slice(2);
const say = (what, session) => console.log(`${what} ${session.secure ? 'encrypted' : 'in the clear'}`);

const server = new SMTPServer({
    ...(cert ? { cert: readFileSync(cert), key: readFileSync(key) } : { hideSTARTTLS: true, disabledCommands: ['STARTTLS'] }),
    authOptional: true,
    onMailFrom(address, session, done) {
        say(`from ${address.address}`, session);
        done();
    },
    onData(stream, session, done) {
        let bytes = 0;
        stream.on('data', (part) => (bytes += part.length));
        stream.on('end', () => {
            say(`took ${bytes} bytes`, session);
            done();
        });
    },
});
server.on('error', (error) => console.log(`error ${error.message}`));
server.listen(Number(port), '127.0.0.1', () => console.log('listens'));
